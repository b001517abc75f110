"""Our balancer as an algorithm of the simulator: State, allocation, ledger and plan as they ship, on its clock.

At every step the cars' meter values, starts and ends become events; then limits are planned, sent and confirmed at
once until nothing is left to send, with the waiting that settling and raise intervals ask for. Of a car the balancer
learns what a charger reports: that it is there, what it draws, that it stopped asking. Neither what it still needs nor
when it will leave.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from benchmarks.carpark.sessions import STEP_MIN, Session
from benchmarks.carpark.simulation import (
    MONDAY,
    TIMEZONE,
    Evse,
    Interface,
    Pilots,
    SessionInfo,
    breaker_a,
    car_park,
    evses,
)
from benchmarks.carpark.transformer import LINE_VOLTAGE_V, PAIRS, PHASE_VOLTAGE_V, transformer_limits
from csms.balancing.allocation import allocate
from csms.balancing.ledger import ledger
from csms.balancing.plan import Intent, Plan, plan
from csms.domain import events as ev
from csms.domain.grid import Circuit
from csms.domain.model import (
    BalancerSettings,
    Capabilities,
    ChargePointSettings,
    ConnectorKey,
    ConnectorStatus,
    Current,
    LimitPurpose,
    Moment,
    PowerSource,
    Proof,
    SiteSettings,
    SmartCharging,
)
from csms.domain.state import State

_STEP_S = STEP_MIN * 60
_SITE = "caltech"
_ANGLES = {30.0: "AB", -90.0: "BC", 150.0: "CA"}
_LINES = dict(PAIRS)


@dataclass(slots=True)
class _Plugged:
    """A running transaction and what its car will still draw."""

    session: Session
    key: ConnectorKey
    remaining_kwh: float
    full: bool = False


@dataclass(frozen=True, slots=True)
class CarPark:
    """The site as our limit tree has it: `breakers_a` are those of the pods, `ceiling_kw` is the transformer's."""

    evses: Sequence[Evse]
    breakers_a: Mapping[str, float]
    ceiling_kw: float

    def settings(self) -> SiteSettings:
        limits = transformer_limits(self.ceiling_kw)
        pairs = [Circuit(pair, None, limits.pair_w) for pair in _LINES]
        parents = {evse.pod: _ANGLES[evse.angle] for evse in self.evses if evse.pod is not None}
        pods = [Circuit(pod, parent, max_current_a=self.breakers_a[pod]) for pod, parent in parents.items()]
        return SiteSettings(
            _SITE,
            "Car park",
            TIMEZONE,
            grid_capacity_w=limits.site_w,
            voltage_v=PHASE_VOLTAGE_V,
            voltage_min_v=PHASE_VOLTAGE_V,
            grid_max_current_a=limits.line_a,
            circuits=(*pairs, *pods),
        )

    def charge_points(self) -> list[ChargePointSettings]:
        return [
            ChargePointSettings(
                evse.station_id,
                _SITE,
                max_power_w=round(evse.most_a * LINE_VOLTAGE_V),
                current=Current.AC,
                phases=2,
                phase_map=_LINES[_ANGLES[evse.angle]],
                circuit_id=evse.pod or _ANGLES[evse.angle],
            )
            for evse in self.evses
        ]

    def pod(self, name: str) -> list[str]:
        """Its stations."""
        return [evse.station_id for evse in self.evses if evse.pod == name]


def car_park_of(ceiling_kw: float) -> CarPark:
    """acnportal's car park with a transformer of so many kW."""
    network = car_park(ceiling_kw)
    found = evses(network)
    pods = dict.fromkeys(evse.pod for evse in found if evse.pod is not None)
    return CarPark(found, {pod: breaker_a(network, pod) for pod in pods}, ceiling_kw)


@dataclass(slots=True)
class OwnBalancer:
    """`told` is every limit of every session in watts, with the step at which it was sent."""

    car_park: CarPark
    config: SmartCharging
    sessions: Mapping[str, Session]
    settings: BalancerSettings = field(default_factory=BalancerSettings)
    told: dict[str, list[tuple[int, float]]] = field(default_factory=dict)
    _plugged: dict[str, _Plugged] = field(default_factory=dict)
    _ids: int = 0
    _step: int = -1
    _interface: Interface | None = None
    _now: Moment = field(init=False)
    _state: State = field(init=False)

    def __post_init__(self) -> None:
        self._state = State(self.car_park.settings())
        self._set_clock(-_STEP_S)
        self._apply(ev.SmartChargingConfigured(self._now, self.config))
        for evse, settings in zip(self.car_park.evses, self.car_park.charge_points(), strict=True):
            self._commission(settings, evse.step_a)
        self._come_to_rest()

    def register_interface(self, interface: Interface) -> None:
        self._interface = interface

    def schedule(self, active_sessions: list[SessionInfo]) -> Pilots:
        assert self._interface is not None
        self._step = self._interface.current_time
        wanting = {info.session_id: info for info in active_sessions}
        self._note_full(wanting)
        self._set_clock(self._step * _STEP_S)
        self._note_ends()
        self._note_draws(self._interface.last_actual_charging_rate)
        self._note_starts(wanting)
        self._come_to_rest()
        for plugged in self._plugged.values():
            self.told.setdefault(plugged.session.session_id, [(self._step, 0.0)])
        return {p.key.charge_point_id: [self._limit_w(p.key) // LINE_VOLTAGE_V] for p in self._plugged.values()}

    def _commission(self, settings: ChargePointSettings, step_a: float) -> None:
        charge_point_id = settings.charge_point_id
        known = Capabilities(rate_units=("A",), current_step_a=step_a, meter_interval_s=_STEP_S)
        self._apply(ev.ChargePointDeclared(self._now, settings))
        self._apply(ev.ChargePointConnected(self._now, charge_point_id, "c1", "ocpp1.6"))
        self._apply(ev.ChargePointReady(self._now, charge_point_id, "c1"))
        self._apply(ev.CapabilitiesLearned(self._now, charge_point_id, known))
        self._status(ConnectorKey(charge_point_id, 1), ConnectorStatus.AVAILABLE)

    def _note_full(self, wanting: Mapping[str, SessionInfo]) -> None:
        """Cars that became full in the step before, each at the moment it did."""
        filled = [p for name, p in self._plugged.items() if not p.full and name not in wanting]
        for seconds_s, plugged in sorted(((self._seconds_to_full(p), p) for p in filled), key=lambda it: it[0]):
            plugged.full = True
            self._set_clock((self._step - 1) * _STEP_S + seconds_s)
            self._status(plugged.key, ConnectorStatus.SUSPENDED_EV)
            self._meter(plugged.key, 0.0)

    def _seconds_to_full(self, plugged: _Plugged) -> float:
        power_kw = min(self._limit_w(plugged.key) / 1000, plugged.session.max_kw)
        return min(_STEP_S, plugged.remaining_kwh / power_kw * 3600) if power_kw else _STEP_S

    def _note_ends(self) -> None:
        for name, plugged in list(self._plugged.items()):
            if plugged.session.departure <= self._step:
                key = plugged.key
                self._apply(ev.TransactionEnded(self._now, *key, name, self._now.utc_s, "EVDisconnected"))
                self._status(key, ConnectorStatus.AVAILABLE)
                del self._plugged[name]

    def _note_draws(self, rates_a: Mapping[str, float]) -> None:
        for name, plugged in self._plugged.items():
            self._meter(plugged.key, rates_a.get(name, 0.0) * LINE_VOLTAGE_V)

    def _note_starts(self, wanting: Mapping[str, SessionInfo]) -> None:
        for name, info in wanting.items():
            if name in self._plugged:
                self._plugged[name].remaining_kwh = info.remaining_demand
                continue
            key = ConnectorKey(info.station_id, 1)
            self._plugged[name] = _Plugged(self.sessions[name], key, info.remaining_demand)
            self._status(key, ConnectorStatus.CHARGING)
            self._apply(ev.TransactionStarted(self._now, *key, name, self._next_id(), self._now.utc_s))

    def _come_to_rest(self) -> None:
        """Everyone obeys at once until nothing is left that happens before the next step."""
        until_s = self._now.steady_s + self.settings.call_timeout_s * 2
        while True:
            made = self._plan()
            for intent in made.intents:
                self._obey(intent)
            if made.intents:
                continue
            if made.wake_at_s is None or made.wake_at_s > until_s:
                return
            wake_at_s = max(made.wake_at_s, self._now.steady_s + 0.001)
            self._now = Moment(self._now.utc_s + wake_at_s - self._now.steady_s, wake_at_s)

    def _plan(self) -> Plan:
        snapshot = self._state.snapshot()
        book = ledger(snapshot, self._now, self.settings.settle_s)
        return plan(snapshot, allocate(snapshot, self._now, self.settings, book), book, self._now, self.settings)

    def _obey(self, intent: Intent) -> None:
        key, limit_id = intent.key, self._next_id()
        if intent.purpose is LimitPurpose.TRANSACTION and intent.transaction_id is not None:
            self.told.setdefault(intent.transaction_id, []).append((self._step, float(intent.limit_w)))
        self._apply(
            ev.LimitIssued(
                self._now,
                *key,
                limit_id,
                intent.purpose,
                intent.limit_w,
                "c1",
                intent.transaction_id,
                intent.cause,
                intent.lease_s,
                intent.then_w,
                intent.phases,
            )
        )
        self._apply(ev.LimitConfirmed(self._now, *key, limit_id))
        if intent.purpose is LimitPurpose.DEFAULT:
            self._apply(ev.DefaultProved(self._now, *key, Proof.SILENT))

    def _limit_w(self, key: ConnectorKey) -> int:
        limits = self._state.limits.get(key)
        in_force = limits and (limits.transaction or limits.default)
        return in_force.limit_w if in_force else 0

    def _status(self, key: ConnectorKey, status: ConnectorStatus) -> None:
        self._apply(ev.ConnectorStatusChanged(self._now, *key, status))

    def _meter(self, key: ConnectorKey, power_w: float) -> None:
        self._apply(ev.MeterValuesReceived(self._now, *key, self._now.utc_s, power_w=power_w, source=PowerSource.POWER))

    def _apply(self, event: ev.Event) -> None:
        self._state.apply(event)

    def _set_clock(self, seconds_s: float) -> None:
        """So long after the first step began. The steady clock begins a day earlier: it is never negative."""
        self._now = Moment(MONDAY.timestamp() + seconds_s, 86_400.0 + seconds_s)

    def _next_id(self) -> int:
        self._ids += 1
        return self._ids
