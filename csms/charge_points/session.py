"""What a message handler gets: one charge point on one connection, its site, and the time."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence as Several
from dataclasses import dataclass, field

import structlog

from csms.charge_points.connection import Reply
from csms.charge_points.metering import Reading, SampleSet, Wiring, reading, reading_is_current
from csms.charge_points.metering_quirks import as_meant
from csms.charge_points.parts import Report
from csms.charge_points.profile_reports import ProfileReports
from csms.charge_points.schemas import JsonObject
from csms.charge_points.times import Pace
from csms.charge_points.v201.sequence import Sequence
from csms.domain import events as ev
from csms.domain.authorization import Asked, Authorization, Decision, Everybody, InUse, Purpose
from csms.domain.certificates import Certificates, NoCertificates
from csms.domain.illegal import IllegalEvent
from csms.domain.model import (
    MAX_CONNECTORS,
    ChargePointSettings,
    ConnectorKey,
    ConnectorStatus,
    MeterReading,
    Moment,
    PowerSource,
    Transaction,
)
from csms.domain.ports import Archive, SiteRecorder
from csms.domain.records import Told
from csms.domain.requests import Payload
from csms.domain.snapshot import Snapshot, meter_interval_s
from csms.domain.told import ToldKind
from csms.domain.withheld import is_withheld

_REMEMBERED_STARTS = 16
_LATE_S = 60.0
_SAMPLES_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class EarlyStart:
    """A 2.0.1 transaction that began before its EVSE was known (E01: the driver presents a token first)."""

    started_at_s: float
    id_token: str | None


@dataclass(slots=True)
class Session:
    """Handlers record facts here and answer; they never send.

    An answer that promises waits for everything that was recorded of the charge point, over whatever connection: one
    that repeats a promise promises the same. `deliver` sends a request of ours in its own time, for what has to follow
    an answer.
    """

    charge_point_id: str
    protocol: str
    site: SiteRecorder
    now: Callable[[], Moment]
    heartbeat_interval_s: int
    log: structlog.stdlib.BoundLogger
    archive: Archive
    on_booted: Callable[[], None] = lambda: None
    on_status: Callable[[int], None] = lambda _connector_id: None
    on_transaction: Callable[[str], None] = lambda _transaction_id: None
    on_list_size: Callable[[int], None] = lambda _most: None
    asked_for: set[str] = field(default_factory=set)
    early_starts: dict[str, EarlyStart] = field(default_factory=dict)
    unplaced_starts: dict[str, int] = field(default_factory=dict)
    sequences: dict[str, Sequence] = field(default_factory=dict)
    connector_states: dict[int, dict[int, str]] = field(default_factory=dict)
    paces: dict[int, Pace] = field(default_factory=dict)
    profile_reports: ProfileReports = field(default_factory=ProfileReports)
    reports: dict[str, Report] = field(default_factory=dict)
    progress: dict[str, JsonObject] = field(default_factory=dict)
    alarmed: set[str] = field(default_factory=set)
    authorization: Authorization = field(default_factory=Everybody)
    certificates: Certificates = field(default_factory=NoCertificates)
    deliver: Callable[[str, Payload], None] = lambda _action, _payload: None

    def record(self, event: ev.ChargePointEvent | ev.AlarmRaised) -> bool:
        """Record an event; False, with a log line, if it contradicts what is known: the charger is answered all
        the same, because refusing a message only makes it come again."""
        try:
            self.site.record(event)
        except IllegalEvent as illegal:
            self.log.warning("ocpp.event_refused", event_type=type(event).__name__, reason=str(illegal))
            return False
        if isinstance(event, ev.TransactionStarted | ev.TransactionAuthorized):
            self.authorization.noted(self.site.site_id, event)
        return True

    def promised(self, payload: JsonObject, sent: Callable[[], None] | None = None) -> Reply:
        """An answer that leaves once all that was recorded of the charge point is on disk; `sent` is called when it has
        left."""
        return Reply(payload, durable=self.site.promise(self.charge_point_id), sent=sent)

    def decide(
        self,
        id_token: str,
        purpose: Purpose,
        *,
        kind: str | None = None,
        connector_id: int | None = None,
        transaction_id: str | None = None,
    ) -> Decision:
        """May this token charge here, now? `kind` is its type in 2.0.1's words."""
        return self.authorization.decide(
            Asked(
                id_token,
                self.site.site_id,
                self.charge_point_id,
                connector_id,
                self.settings().current,
                purpose,
                transaction_id,
                kind,
            )
        )

    def refusal(self, decision: Decision, transaction_id: str) -> Callable[[], None] | None:
        """What follows once a charger has been told that its running transaction is refused; None where it is not.

        The transaction runs on until the charger ends it (StopTransactionOnInvalidId is the charger's affair).
        """
        running = next((t for t in self.transactions() if t.active and t.transaction_id == transaction_id), None)
        if decision.accepted or running is None:
            return None
        self.record(ev.TransactionRefused(self.now(), *running.key, transaction_id, decision.status.value))
        transaction = InUse(self.site.site_id, running.key, transaction_id)
        return lambda: self.authorization.refused(transaction)

    def keep(self, kind: ToldKind, value: JsonObject, name: str | None = None) -> None:
        """Keep what was told, in place of what was told under this name before; without a name, beside all else."""
        number = name if name is not None else f"{self.archive.next_id('told'):012}"
        self.archive.keep(Told(self.charge_point_id, kind, number, self.now().utc_s, value))

    def settings(self) -> ChargePointSettings:
        return self.site.view().settings[self.charge_point_id]

    def transactions(self) -> list[Transaction]:
        """This charge point's, running ones first, then the last that ended, newest first."""
        return self.site.transactions(self.charge_point_id)

    def running(self, connector_id: int) -> Transaction | None:
        return next((t for t in self.transactions() if t.active and t.connector_id == connector_id), None)

    def status(self, connector_id: int) -> ConnectorStatus | None:
        connector = self.site.view().connectors.get(ConnectorKey(self.charge_point_id, connector_id))
        return connector.status if connector else None

    def is_before(self, at_s: float, running: Transaction) -> bool:
        """Whether what happened at this time comes from a queue, from before the running transaction began.

        What has just happened does not, nor does a start in the future prove anything: few clocks agree.
        """
        now_s = self.now().utc_s
        return at_s < (running.started_at_s or 0.0) <= now_s and at_s < now_s - _LATE_S

    def remember_start(self, transaction_id: str, start: EarlyStart) -> None:
        self.early_starts.setdefault(transaction_id, start)
        if len(self.early_starts) > _REMEMBERED_STARTS:
            del self.early_starts[next(iter(self.early_starts))]

    def remember_unplaced(self, start_key: str, session_id: int) -> None:
        """A 1.6 start that was given an id and no place: repeated, it gets the same."""
        self.unplaced_starts[start_key] = session_id
        if len(self.unplaced_starts) > _REMEMBERED_STARTS:
            del self.unplaced_starts[next(iter(self.unplaced_starts))]

    def place(self, connector_id: int | None) -> int | None:
        """The connector a transaction runs on; None if that cannot be told.

        Where a charger names none (connector 0, a missing evse) it is the one connector it has; of several, one
        without a running transaction, the first that looks occupied before any other.
        """
        if connector_id is not None and 1 <= connector_id <= MAX_CONNECTORS:
            return connector_id
        snapshot = self.site.view()
        connectors = snapshot.connector_ids(self.charge_point_id)
        if len(connectors) == 1:
            return connectors[0]
        free = [n for n in connectors if ConnectorKey(self.charge_point_id, n) not in snapshot.active]
        occupied = [n for n in free if self._status_in(snapshot, n) in _OCCUPIED]
        return next(iter(occupied or free), None)

    def as_meant(self, sets: list[SampleSet]) -> list[SampleSet]:
        """What the charger means by the samples it sent."""
        known = self.site.view().charge_points[self.charge_point_id].capabilities
        return as_meant(sets, known, self.settings())

    def record_meter_values(self, connector_id: int, transaction_id: str | None, sets: Several[SampleSet]) -> None:
        """Record what a message with meter values says, if it says anything about power or energy."""
        if not 0 <= connector_id <= MAX_CONNECTORS:  # a pace for every number that a charger makes up fills the memory
            return
        snapshot = self.site.view()
        settings = snapshot.settings[self.charge_point_id]
        found = reading(sets, Wiring(snapshot.site.voltage_v, settings.phases, settings.current))
        key = ConnectorKey(self.charge_point_id, connector_id)
        event = self._meter_event(snapshot, key, transaction_id, found)
        if event is not None and self.record(event) and event.power_w is not None:
            self._ask_for_limit(key)

    def _ask_for_limit(self, key: ConnectorKey) -> None:
        """For a charger that withholds what its session may draw, and cannot ask."""
        snapshot = self.site.view()
        limits, reading = snapshot.limits.get(key), snapshot.readings.get(key)
        if limits is None or reading is None or key not in snapshot.active:
            return
        if is_withheld(limits, reading, self._status_in(snapshot, key.connector_id), self.now()):
            self.record(ev.LimitRequested(self.now(), *key, "nothing is drawn though it is permitted"))

    def record_samples(self, transaction: Transaction, sets: Several[SampleSet]) -> None:
        """Record what a message tells of a whole transaction, one value after the other; of very many the last."""
        for sample_set in sorted(sets, key=lambda taken: taken.at_s)[-_SAMPLES_AT_ONCE:]:
            self.record_meter_values(transaction.connector_id, transaction.transaction_id, [sample_set])

    def _meter_event(
        self, snapshot: Snapshot, key: ConnectorKey, transaction_id: str | None, found: Reading
    ) -> ev.MeterValuesReceived | None:
        at = self.now()
        interval_s = meter_interval_s(snapshot.charge_points[self.charge_point_id])
        times_s = [t for t in (found.power_at_s, found.energy_at_s) if t is not None]
        if not times_s or _is_late(max(times_s), snapshot.readings.get(key), at.utc_s):
            return None
        power_w: float | None = None
        source: PowerSource | None = None
        currents_a: tuple[float, ...] | None = None
        if found.power_at_s is not None:
            in_step = self.paces.setdefault(key.connector_id, Pace()).is_kept(found.power_at_s, at)
            if in_step or reading_is_current(found.power_at_s, at.utc_s, interval_s):
                power_w, source, currents_a = found.power_w, found.source, found.currents_a
        energy_wh = found.energy_wh if _belongs(snapshot.active.get(key), transaction_id) else None
        if power_w is None and energy_wh is None:
            return None
        return ev.MeterValuesReceived(
            at,
            *key,
            max(times_s),
            transaction_id,
            power_w=power_w,
            source=source,
            energy_wh=energy_wh,
            currents_a=currents_a,
        )

    def _status_in(self, snapshot: Snapshot, connector_id: int) -> ConnectorStatus | None:
        connector = snapshot.connectors.get(ConnectorKey(self.charge_point_id, connector_id))
        return connector.status if connector else None


Handler = Callable[[Session, JsonObject], Reply]

_OCCUPIED = frozenset(
    {
        ConnectorStatus.PREPARING,
        ConnectorStatus.CHARGING,
        ConnectorStatus.SUSPENDED_EV,
        ConnectorStatus.SUSPENDED_EVSE,
    }
)


def _is_late(measured_at_s: float, last: MeterReading | None, now_s: float) -> bool:
    """Whether a newer value is known already. A clock that was set back must not silence a charger: a last value
    from the future proves nothing."""
    return last is not None and measured_at_s < last.measured_at_s <= now_s


def _belongs(running: Transaction | None, transaction_id: str | None) -> bool:
    """Energy of an ended transaction must not be added to the one that runs now."""
    return running is None or transaction_id is None or running.transaction_id == transaction_id
