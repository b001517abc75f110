"""What happens at a site, recorded by hand: declarations, cars, readings, answers. Time is moved by hand."""

from __future__ import annotations

from dataclasses import dataclass, replace

from csms.domain import events as ev
from csms.domain.grid import TemporaryLimit
from csms.domain.model import (
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
from csms.domain.state import Row, State

START_S = 1_790_000_000.0


@dataclass
class Happenings:
    """A site of `capacity_kw`, and the state that its events make."""

    capacity_kw: float = 100.0
    voltage_v: float = 230.0
    timezone: str = "Europe/London"

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

    def confirm(self, issued: ev.LimitIssued) -> None:
        """It is acknowledged, and shown to be what is obeyed."""
        self.acknowledge(issued)
        key = ConnectorKey(issued.charge_point_id, issued.connector_id)
        self.apply(ev.LimitShown(self.now, *key, issued.limit_id, issued.purpose))

    def acknowledge(self, issued: ev.LimitIssued) -> None:
        self.apply(ev.LimitConfirmed(self.now, issued.charge_point_id, issued.connector_id, issued.limit_id))
        key = ConnectorKey(issued.charge_point_id, issued.connector_id)
        if issued.purpose is LimitPurpose.DEFAULT and self.state.limits[key].default_proof is None:
            self.apply(ev.DefaultProved(self.now, *key, Proof.SILENT))  # as of a charger that cannot be asked

    def reject(self, issued: ev.LimitIssued, status: str = "Rejected") -> None:
        self.apply(ev.LimitRejected(self.now, issued.charge_point_id, issued.connector_id, issued.limit_id, status))

    def no_answer(self, issued: ev.LimitIssued, cause: str = "Timeout") -> None:
        self.apply(ev.LimitUnanswered(self.now, issued.charge_point_id, issued.connector_id, issued.limit_id, cause))
