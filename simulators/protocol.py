"""What both versions have in common: the interface between the shell and a protocol, and a charge point's data."""

from dataclasses import dataclass
from typing import Literal, Protocol

from simulators.access import Access
from simulators.behaviour import Behaviour
from simulators.charge_point import ChargePoint
from simulators.frames import Answer, Call, JsonObject
from simulators.hardware import AC_THREE_PHASES, Hardware
from simulators.occurrences import Occurrence
from simulators.profiles import ProfileStore, StoreRules
from simulators.readings import BY_THE_TEXT, Readings
from simulators.remote_starts import RemoteStarts
from simulators.tokens import KnownTokens

Version = Literal["1.6", "2.0.1"]


@dataclass(frozen=True, slots=True)
class ChargePointSpec:
    """Which charge point to simulate. Its identity is the last segment of its address and its Basic auth user;
    `readings` is how it understands what the specification leaves open."""

    identity: str
    protocol: Version = "1.6"
    hardware: Hardware = AC_THREE_PHASES
    connectors: int = 1
    vendor: str = "Simulators"
    firmware: str = "1.0"
    readings: Readings = BY_THE_TEXT

    @property
    def subprotocol(self) -> str:
        return f"ocpp{self.protocol}"


def simulated_model(spec: ChargePointSpec, behaviour: Behaviour, now_s: float) -> ChargePoint:
    """The model of a charge point as it leaves the factory, or whoever had it before us."""
    rules = StoreRules(
        "replace" if spec.protocol == "1.6" else "reject",
        behaviour.takes_units or (spec.hardware.unit,),
        max_stack_level=behaviour.highest_stack_level,
        max_periods=behaviour.most_periods,
    )
    connectors = tuple(range(1, spec.connectors + 1))
    foreign = list(behaviour.foreign_profiles)
    profiles = ProfileStore(rules, connectors, spec.readings, foreign, divided=behaviour.divides_maximum)
    return ChargePoint(spec.hardware, spec.connectors, profiles, now_s=now_s, behaviour=behaviour)


@dataclass(frozen=True, slots=True)
class Registration:
    """The answer to a BootNotification: the interval is the heartbeat's, or the wait before the next attempt.

    `time_s` is the central system's time in epoch seconds, None where no answer came.
    """

    status: Literal["Accepted", "Pending", "Rejected"]
    interval_s: float
    time_s: float | None = None


class Adapter(Protocol):
    """One version of OCPP over the model. Pure: calls and answers in and out, time as an argument."""

    online: bool
    messages_waiting: bool
    model: ChargePoint
    tokens: KnownTokens
    access: Access
    remote_starts: RemoteStarts

    @property
    def heartbeat_interval_s(self) -> float:
        """0 for no heartbeats."""
        ...

    def boot(self, reason: str) -> Call:
        """BootNotification; `reason` is one of 2.0.1's BootReasons."""
        ...

    def registration(self, payload: JsonObject) -> Registration: ...

    def heartbeat(self) -> Call: ...

    def time(self, at_s: float) -> str:
        """An instant as the charge point's own clock shows it."""
        ...

    def status(self, connector_id: int, at_s: float) -> list[Call]:
        """StatusNotification of a connector, 0 being the charge point itself where the version has that."""
        ...

    def authorize(self, connector_id: int, id_token: str) -> Call: ...

    def lets_in(self, id_token: str, now_s: float) -> bool | None:
        """What it decides by itself, from its list, its cache and its settings; None: the central system is asked."""
        ...

    def new_transaction_id(self, now_s: float) -> str | None:
        """A wire id for a transaction begun now, or None where the central system gives it."""
        ...

    def car_arrived(self, connector_id: int, now_s: float) -> bool:
        """Begin what the central system asked to start here, if it is due; whether a transaction runs."""
        ...

    def calls_for(self, occurrence: Occurrence) -> list[Call]:
        """The messages that report what happened."""
        ...

    def payload_of(self, call: Call) -> JsonObject:
        """The payload to send now, with what was not known when the call was made."""
        ...

    def on_result(self, call: Call, payload: JsonObject, now_s: float) -> None:
        """The central system answered a call of ours."""
        ...

    def knows(self, action: str) -> bool:
        """Whether a CALL with this action is implemented."""
        ...

    def answer(self, action: str, payload: JsonObject, now_s: float) -> Answer:
        """Carry out a CALL of the central system."""
        ...
