"""What we ask of a charge point, in no protocol's words, and how it answered."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from csms.domain.electrical import LimitForm
from csms.domain.model import LimitPurpose


@dataclass(frozen=True, slots=True)
class SetLimit:
    """Permit a connector `limit_w` (0: pause). A TRANSACTION limit belongs to `transaction_id`.

    `lease_s` after now the limit steps down to `then_w`; None: it holds until it is replaced. `phases` is numberPhases
    where that is less than the form's. `profile_start_s` (UTC) lies in the past, `started_ago_s` before now, so that
    the limit holds at once even if the charger's clock is behind.
    """

    connector_id: int
    purpose: LimitPurpose
    limit_w: int
    form: LimitForm
    profile_start_s: float
    transaction_id: str | None = None
    started_ago_s: float = 60.0
    lease_s: float | None = None
    then_w: int = 0
    phases: int | None = None


@dataclass(frozen=True, slots=True)
class ClearLimits:
    """Remove every charging profile of one purpose from a connector (None: from all of them)."""

    purpose: LimitPurpose
    connector_id: int | None = None


@dataclass(frozen=True, slots=True)
class ReadSchedule:
    """What does the connector obey for the next `duration_s` seconds? (GetCompositeSchedule)"""

    connector_id: int
    duration_s: int
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class StopSession:
    """End this transaction (RemoteStopTransaction, RequestStopTransaction)."""

    connector_id: int
    transaction_id: str


@dataclass(frozen=True, slots=True)
class Trigger:
    """Send this message now: "StatusNotification", "MeterValues", "BootNotification", "Heartbeat"."""

    message: str
    connector_id: int | None = None


Command = SetLimit | ClearLimits | ReadSchedule | StopSession | Trigger


class Answer(StrEnum):
    """How a command ended. Only ACCEPTED and the refusals are clear answers."""

    ACCEPTED = "Accepted"
    REJECTED = "Rejected"
    NOT_SUPPORTED = "NotSupported"
    CALL_ERROR = "CallError"
    TIMEOUT = "Timeout"
    DISCONNECTED = "Disconnected"
    NOT_SENT = "NotSent"


@dataclass(frozen=True, slots=True)
class ScheduleLimit:
    """A limit of a composite schedule, in its own unit, from `start_s` after its beginning (about now) on."""

    unit: str
    limit: float
    phases: int | None = None
    start_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """`detail` is the charger's own word where it says more than the answer.

    `schedule` is what ReadSchedule was told, in the order of time; empty where the answer had none.
    """

    answer: Answer
    detail: str = ""
    schedule: tuple[ScheduleLimit, ...] = ()

    @property
    def clear(self) -> bool:
        """Whether we know that the command took effect, or that it did not."""
        return self.answer in _CLEAR


_CLEAR = frozenset({Answer.ACCEPTED, Answer.REJECTED, Answer.NOT_SUPPORTED, Answer.NOT_SENT})
