"""A site without I/O: facts are recorded by hand, time is moved by hand, decisions are values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from csms.balancing.alarms import Trouble, troubles
from csms.balancing.allocation import Allocation, allocate
from csms.balancing.compliance import judge
from csms.balancing.ledger import Ledger, ledger
from csms.balancing.plan import Intent, Plan, plan
from csms.balancing.report import site_allocation
from csms.balancing.shares import Share
from csms.domain import events as ev
from csms.domain.electrical import Load, voltages
from csms.domain.grid import TemporaryLimit
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
    SiteLoad,
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

    def site(self, **changes: object) -> None:
        """The site is declared anew, with these settings changed."""
        changed = replace(self.state.site, **changes)  # type: ignore[arg-type]  # passed on as they are
        self.apply(ev.SiteDeclared(self.now, changed))

    def declare(
        self,
        charge_point_id: str,
        max_kw: float | None = 22.0,
        *,
        current: Current | None = None,
        phases: int | None = None,
        connectors: int = 1,
        offline_kw: float = 0.0,
        **more: object,
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
                    **more,  # type: ignore[arg-type]  # passed on as they are
                ),
            )
        )

    def connect(
        self,
        charge_point_id: str,
        *,
        units: tuple[str, ...] | None = None,
        connection: str = "c1",
        **capabilities: object,
    ) -> None:
        """Connected, ready and with its capabilities known."""
        known = Capabilities(rate_units=units, **capabilities)  # type: ignore[arg-type]  # passed on as they are
        self.apply(ev.ChargePointConnected(self.now, charge_point_id, connection, "ocpp1.6"))
        self.apply(ev.ChargePointReady(self.now, charge_point_id, connection))
        self.apply(ev.CapabilitiesLearned(self.now, charge_point_id, known))

    def disconnect(self, charge_point_id: str, connection: str = "c1") -> None:
        self.apply(ev.ChargePointDisconnected(self.now, charge_point_id, connection))

    def charger(
        self,
        charge_point_id: str,
        max_kw: float | None = 22.0,
        *,
        can: Mapping[str, object] | None = None,
        **declared: object,
    ) -> None:
        """A declared, connected, idle charger that has confirmed its default profile on every connector.

        `can` are its capabilities.
        """
        self.declare(charge_point_id, max_kw, **declared)  # type: ignore[arg-type]  # passed on as they are
        self.connect(charge_point_id, **(can or {}))  # type: ignore[arg-type]  # as above
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

    def draw(
        self,
        charge_point_id: str,
        power_w: float,
        connector_id: int = 1,
        *,
        currents_a: tuple[float, float, float] | None = None,
        age_s: float = 0.0,
        source: PowerSource = PowerSource.POWER,
    ) -> None:
        """A reading arrives that was taken `age_s` ago; `currents_a` on the charger's own conductors."""
        self.apply(
            ev.MeterValuesReceived(
                self.now,
                charge_point_id,
                connector_id,
                self.now.utc_s - age_s,
                power_w=power_w,
                source=source,
                currents_a=currents_a,
            )
        )

    def judge(self, charge_point_id: str, connector_id: int = 1) -> ev.LimitExceeded | ev.LimitObeyed | None:
        """What the last reading says of the connector's obedience is recorded, as the site does."""
        key = ConnectorKey(charge_point_id, connector_id)
        shape, charge_point = self.state.shape(charge_point_id), self.state.charge_points[charge_point_id]
        limits, reading, active = self.state.limits[key], self.state.readings[key], key in self.state.active
        found = judge(shape, charge_point, limits, reading, self.now, self.settings.settle_s, active=active)
        if found is not None:
            self.apply(found)
        return found

    def limit(
        self, source: str, max_kw: float, *, begins_in_s: float | None = None, ends_in_s: float | None = None
    ) -> None:
        """A temporary limit, its times counted from now."""
        from_s, until_s = (None if s is None else self.now.utc_s + s for s in (begins_in_s, ends_in_s))
        self.apply(ev.TemporaryLimitSet(self.now, TemporaryLimit(source, round(max_kw * 1000), from_s, until_s)))

    def load(self, power_kw: float, *, currents_a: tuple[float, ...] | None = None, age_s: float = 0.0) -> None:
        """The site tells what it draws besides its chargers, as measured `age_s` ago by the meter's clock."""
        told = SiteLoad(round(power_kw * 1000), self.now.utc_s - age_s, self.now, currents_a)
        self.apply(ev.SiteLoadReported(self.now, told))

    def promise_lease(self, charge_point_id: str, proof: Proof = Proof.SHOWN) -> None:
        self.apply(ev.LeaseProved(self.now, charge_point_id, proof))

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
        rows += [*state.temporary_limits.values(), *state.alarms.values()]
        rows += [row for row in (state.smart_charging, state.site_load) if row is not None]
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

    def troubles(self) -> list[Trouble]:
        return troubles(self.state.snapshot(), self.allocation())

    def answer_all(self) -> None:
        """Everyone confirms what is sent now."""
        for intent in self.plan().intents:
            self.confirm(self.issue(intent))

    def run(self, seconds: float) -> None:
        """Everyone obeys for so long, however often the plan wakes up meanwhile."""
        end_s = self.now.steady_s + seconds
        while self.now.steady_s < end_s:
            self.answer_all()
            wake_at_s, change_s = self.plan().wake_at_s, self.allocation().next_change_s
            wakes_s = [end_s, *([] if wake_at_s is None else [wake_at_s])]
            wakes_s += [] if change_s is None else [self.now.steady_s + change_s - self.now.utc_s]
            self.wait(min(end_s - self.now.steady_s, max(0.01, min(wakes_s) - self.now.steady_s)))

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

    def share(self, charge_point_id: str, connector_id: int = 1) -> Share:
        return self.allocation().shares[ConnectorKey(charge_point_id, connector_id)]

    def amperes(self, load: Load) -> tuple[float, ...]:
        """A load's currents on L1, L2 and L3."""
        per_ampere = voltages(self.state.site).quanta_per_ma * 1000
        return tuple(round(quanta / per_ampere, 3) for quanta in load[1:])

    def worst_a(self, charge_point_id: str) -> tuple[float, ...]:
        """What a charge point may draw at worst on the site's L1, L2 and L3."""
        return self.amperes(self.book().charge_points[charge_point_id])
