"""A site without I/O: facts are recorded by hand, time is moved by hand, decisions are values."""

from __future__ import annotations

from dataclasses import dataclass, field

from csms.balancing.allocation import Allocation, allocate
from csms.balancing.ledger import Ledger, ledger
from csms.balancing.plan import Intent, Plan, plan
from csms.balancing.report import site_allocation
from csms.domain import events as ev
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
from csms.domain.reports import SiteAllocation
from csms.domain.state import Row, State

START_S = 1_790_000_000.0


@dataclass
class World:
    """A site of `capacity_kw`; by default chargers are limited in watts, known, and idle at a default of 0."""

    capacity_kw: float = 100.0
    voltage_v: float = 230.0
    timezone: str = "Europe/London"
    settings: BalancerSettings = field(default_factory=BalancerSettings)

    def __post_init__(self) -> None:
        self.state = State(SiteSettings("site", "Site", self.timezone, round(self.capacity_kw * 1000), self.voltage_v))
        self.now = Moment(START_S, 1000.0)
        self._ids = 0

    def wait(self, seconds: float) -> None:
        self.now = Moment(self.now.utc_s + seconds, self.now.steady_s + seconds)

    def next_id(self) -> int:
        self._ids += 1
        return self._ids

    def apply(self, event: ev.Event) -> tuple[Row, ...]:
        return self.state.apply(event)

    def declare(
        self,
        charge_point_id: str,
        max_kw: float | None = 22.0,
        *,
        current: Current | None = None,
        phases: int | None = None,
        connectors: int = 1,
        offline_kw: float = 0.0,
        in_service: bool = True,
    ) -> None:
        self.apply(
            ev.ChargePointDeclared(
                self.now,
                ChargePointSettings(
                    charge_point_id,
                    "site",
                    connectors=connectors,
                    max_power_w=None if max_kw is None else round(max_kw * 1000),
                    current=current,
                    phases=phases,
                    offline_limit_w=round(offline_kw * 1000),
                    in_service=in_service,
                ),
            )
        )

    def connect(self, charge_point_id: str, *, units: tuple[str, ...] | None = None, connection: str = "c1") -> None:
        """Connected, ready and with its capabilities known."""
        self.apply(ev.ChargePointConnected(self.now, charge_point_id, connection, "ocpp1.6"))
        self.apply(ev.ChargePointReady(self.now, charge_point_id, connection))
        self.apply(ev.CapabilitiesLearned(self.now, charge_point_id, Capabilities(rate_units=units)))

    def disconnect(self, charge_point_id: str, connection: str = "c1") -> None:
        self.apply(ev.ChargePointDisconnected(self.now, charge_point_id, connection))

    def charger(self, charge_point_id: str, max_kw: float | None = 22.0, **declared: object) -> None:
        """A declared, connected, idle charger that has confirmed its default profile on every connector."""
        self.declare(charge_point_id, max_kw, **declared)  # type: ignore[arg-type]  # passed on as they are
        self.connect(charge_point_id)
        for key in self.state.snapshot().connector_keys():
            if key.charge_point_id == charge_point_id:
                self.status(charge_point_id, ConnectorStatus.AVAILABLE, key.connector_id)
        for intent in self.plan().intents:
            if intent.key.charge_point_id == charge_point_id:
                self.confirm(self.issue(intent))

    def status(self, charge_point_id: str, status: ConnectorStatus, connector_id: int = 1) -> None:
        self.apply(ev.ConnectorStatusChanged(self.now, charge_point_id, connector_id, status))

    def start(self, charge_point_id: str, connector_id: int = 1) -> str:
        """A car starts; its transaction id. Starts never carry the same instant."""
        self.wait(0.001)
        self.status(charge_point_id, ConnectorStatus.CHARGING, connector_id)
        session_id = self.next_id()
        self.apply(
            ev.TransactionStarted(
                self.now, charge_point_id, connector_id, str(session_id), session_id, self.now.utc_s, "tag"
            )
        )
        return str(session_id)

    def stop(self, charge_point_id: str, transaction_id: str, connector_id: int = 1) -> None:
        self.apply(
            ev.TransactionEnded(self.now, charge_point_id, connector_id, transaction_id, self.now.utc_s, "Local")
        )

    def draw(self, charge_point_id: str, power_w: float, connector_id: int = 1) -> None:
        self.apply(
            ev.MeterValuesReceived(
                self.now,
                charge_point_id,
                connector_id,
                self.now.utc_s,
                power_w=power_w,
                source=PowerSource.POWER,
            )
        )

    def configure(self, max_kw: float, strategy: str = "equal", *, floor_kw: float = 1.4, **more: object) -> None:
        config = SmartCharging(
            round(max_kw * 1000),
            strategy,
            round(floor_kw * 1000),
            **more,  # type: ignore[arg-type]  # passed on as they are
        )
        self.apply(ev.SmartChargingConfigured(self.now, config))

    def restart(self) -> None:
        """Our process starts again from what the store holds."""
        state = self.state
        rows: list[Row] = [state.site, *state.settings.values(), *state.charge_points.values()]
        rows += [*state.connectors.values(), *state.active.values(), *state.limits.values(), *state.readings.values()]
        if state.smart_charging is not None:
            rows.append(state.smart_charging)
        self.state = State.restored(rows)

    def issue(self, intent: Intent) -> ev.LimitIssued:
        charge_point = self.state.charge_points[intent.key.charge_point_id]
        event = ev.LimitIssued(
            self.now,
            intent.key.charge_point_id,
            intent.key.connector_id,
            self.next_id(),
            intent.purpose,
            intent.limit_w,
            charge_point.connection_id or "",
            intent.transaction_id,
            intent.cause,
            intent.lease_s,
            intent.then_w,
            intent.phases,
            renewal=intent.renewal,
        )
        self.apply(event)
        return event

    def confirm(self, issued: ev.LimitIssued) -> None:
        self.apply(ev.LimitConfirmed(self.now, issued.charge_point_id, issued.connector_id, issued.limit_id))
        key = ConnectorKey(issued.charge_point_id, issued.connector_id)
        if issued.purpose is LimitPurpose.DEFAULT and self.state.limits[key].default_proof is None:
            self.apply(ev.DefaultProved(self.now, *key, Proof.SILENT))  # as of a charger that cannot be asked
        self.apply(ev.LimitShown(self.now, *key, issued.limit_id, issued.purpose))

    def reject(self, issued: ev.LimitIssued, status: str = "Rejected") -> None:
        self.apply(ev.LimitRejected(self.now, issued.charge_point_id, issued.connector_id, issued.limit_id, status))

    def no_answer(self, issued: ev.LimitIssued, cause: str = "Timeout") -> None:
        self.apply(ev.LimitUnanswered(self.now, issued.charge_point_id, issued.connector_id, issued.limit_id, cause))

    def book(self) -> Ledger:
        return ledger(self.state.snapshot(), self.now, self.settings.settle_s)

    def allocation(self) -> Allocation:
        return allocate(self.state.snapshot(), self.now, self.settings)

    def plan(self, *, resend: bool = False) -> Plan:
        snapshot = self.state.snapshot()
        return plan(snapshot, self.allocation(), self.book(), self.now, self.settings, resend=resend)

    def report(self) -> SiteAllocation:
        return site_allocation(self.state.snapshot(), self.allocation(), self.book(), self.now)

    def settle(self) -> None:
        """Everyone obeys until there is nothing left to send."""
        for _ in range(50):
            made = self.plan()
            for intent in made.intents:
                self.confirm(self.issue(intent))
            if not made.intents:
                if made.wake_at_s is None or made.wake_at_s - self.now.steady_s > self.settings.call_timeout_s * 2:
                    return  # what is left are turns and leases
                self.wait(max(0.001, made.wake_at_s - self.now.steady_s))
        raise AssertionError("the site did not come to rest")

    def shares_kw(self) -> dict[str, float]:
        """What is decided, per charge point."""
        shares: dict[str, int] = {}
        for key, share in self.allocation().shares.items():
            shares[key.charge_point_id] = shares.get(key.charge_point_id, 0) + share.limit_w
        return {charge_point_id: power_w / 1000 for charge_point_id, power_w in shares.items()}

    def worst_kw(self, charge_point_id: str, connector_id: int = 1) -> float:
        return self.book().worst_w(ConnectorKey(charge_point_id, connector_id)) / 1000

    def sent_kw(self) -> dict[str, float]:
        """The transaction limits the plan would send now, per charge point."""
        return {
            intent.key.charge_point_id: intent.limit_w / 1000
            for intent in self.plan().intents
            if intent.purpose is LimitPurpose.TRANSACTION
        }
