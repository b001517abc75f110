"""One site at run time: it owns the state, records events, and runs its balancer. Nothing is shared between sites."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from math import inf

import structlog

from csms.balancing.alarms import alarm_events, troubles
from csms.balancing.allocation import allocate
from csms.balancing.budget import effective_config
from csms.balancing.compliance import judge
from csms.balancing.ledger import ledger
from csms.balancing.memory import Memory
from csms.balancing.plan import Plan, plan
from csms.balancing.remembered import Decision, Reports
from csms.balancing.report import site_allocation
from csms.balancing.unmetered import missed_readings
from csms.balancing.words import cause
from csms.commander import Commander
from csms.domain import events as ev
from csms.domain.alarms import Alarm
from csms.domain.authorization import token_key
from csms.domain.history import MINUTE_S, HistoryBucket, MinuteRecord, Recorder
from csms.domain.limits import ConnectorLimits
from csms.domain.model import (
    BalancerSettings,
    ChargePointSettings,
    ConnectorKey,
    MeterReading,
    SmartCharging,
    Transaction,
)
from csms.domain.ports import REMOVED, ChargePointLink, Clock, Store
from csms.domain.reports import Rebalanced, SiteAllocation
from csms.domain.snapshot import Snapshot
from csms.domain.state import Row, State
from csms.domain.tallies import SiteTally
from csms.promises import Promises
from csms.steering import Steering

log = structlog.get_logger()

_COALESCE_S = 0.02
"""A burst of events (a whole car park reconnecting) is answered by one decision; and by another not before as long has
passed as that one took, so that thousands of chargers leave half of the time to their messages."""

_HISTORY_TICK_S = 0.5
"""With as much again in the store's write-behind, history on disk is at most a second old."""

_QUIET_TICK_S = 15.0

_MOST_CAUSES = 20
"""Of a burst of events that lead to one decision, this many are named."""


class Site(Steering):
    """A site: record what happens to it, ask what it decided, and let `run` keep its ceiling."""

    def __init__(self, state: State, *, store: Store, clock: Clock, settings: BalancerSettings) -> None:
        self._state = state
        self._store = store
        self._clock = clock
        self._settings = settings
        self.tally = SiteTally()
        self._commander = Commander(
            state.site.site_id,
            lambda: self._state,
            self.record,
            store=store,
            clock=clock,
            decide=self._wake_up,
            on_failure=self._fail,
            tally=self.tally,
        )
        self._promises = Promises(self._fail)
        self._wake = asyncio.Event()
        self._charging = asyncio.Event()
        self._causes: dict[str, None] = {}
        self._snapshot: Snapshot | None = None
        self._decision: Decision | None = None
        self._memory = Memory()
        self._due_s: float | None = None
        self._recorder = Recorder()
        self._reports = Reports()
        self._failure: BaseException | None = None
        self._wake.set()

    @property
    def site_id(self) -> str:
        return self._state.site.site_id

    def record(self, event: ev.Event, *, origin: str = "ocpp") -> asyncio.Future[None]:
        """Apply the event, then write it; the future is done when it is on disk."""
        if isinstance(event, ev.MeterValuesReceived):
            return self._record_reading(event)
        rows = self._state.apply(event)
        self._snapshot = None
        self._decision = None
        if isinstance(event, ev.TransactionStarted):
            self._charging.set()
        if not isinstance(event, _QUIET):
            self._wake_up(cause(event))
        return self._promises.keep(event, self._store.append(self.site_id, event, rows, origin=origin))

    def promise(self, charge_point_id: str) -> asyncio.Future[None] | None:
        return self._promises.of(charge_point_id)

    async def leave(self, charge_point_id: str, timeout_s: float) -> bool:
        """Disconnect a charge point that is to be removed; False if it does not go in time."""
        if (link := self.link(charge_point_id)) is not None:
            link.close(1008, "the charge point was removed")
        return await self._commander.leave(charge_point_id, timeout_s)

    async def forget(self, charge_point_id: str) -> None:
        """Everything known of it goes; on disk when this returns. Raises IllegalEvent while it is there or charges."""
        settings = self._state.settings[charge_point_id]
        event = ev.ChargePointRemoved(self._clock.now(), charge_point_id)
        self._state.apply(event)
        self._snapshot = self._decision = None
        self._wake_up(cause(event))
        try:
            await self._store.forget_charge_point(self.site_id, charge_point_id)
            await self._store.append(self.site_id, event, [settings], origin=REMOVED)
        except Exception as error:
            self._fail(error)  # on disk it is still there
            raise

    def snapshot(self) -> Snapshot:
        """The state as it is, copied once per change."""
        if self._snapshot is None:
            self._snapshot = self._state.snapshot()
        return self._snapshot

    def view(self) -> Snapshot:
        return self._state.view()

    def alarms(self) -> list[Alarm]:
        """Those that stand."""
        return [alarm for alarm in self._state.alarms.values() if alarm.standing]

    def settings(self, charge_point_id: str) -> ChargePointSettings | None:
        return self._state.settings.get(charge_point_id)

    def transactions(self, charge_point_id: str) -> list[Transaction]:
        return self._state.transactions(charge_point_id)

    def next_session_id(self) -> int:
        return self._store.next_id("session")

    def attach(self, charge_point_id: str, link: ChargePointLink) -> None:
        older = self._commander.attach(charge_point_id, link)
        if older is not None:
            log.info("charge_point.replaced", site_id=self.site_id, charge_point_id=charge_point_id)
            older.close(1008, "another connection with the same identity")

    def detach(self, charge_point_id: str, link: ChargePointLink) -> None:
        self._commander.detach(charge_point_id, link)

    def sessions_of(self, key: str) -> list[int]:
        """The sessions that ended lately, and are remembered, of the token with this `token_key`."""
        ended = (transaction for remembered in self._state.ended.values() for transaction in remembered)
        return [t.session_id for t in ended if t.id_token is not None and token_key(t.id_token) == key]

    def end_session(self, key: ConnectorKey) -> None:
        """Ask the charger to end what runs there, its id token being refused; not more than once a minute."""
        self._commander.end_session(key, "session.ended_for_id_token")

    def link(self, charge_point_id: str) -> ChargePointLink | None:
        """The live charge point; None while it is not connected."""
        return self._commander.link(charge_point_id)

    def disconnect_all(self, code: int, reason: str) -> None:
        for link in self._commander.links():
            link.close(code, reason)

    def allocation(self) -> SiteAllocation:
        """What is decided right now, whether the balancer's task has come to sending it or not.

        The same report, until something has happened or a second has passed.
        """
        return self._reports.allocation(self._decided(), self.snapshot(), self._clock.now())

    def preview(self, smart_charging: SmartCharging) -> SiteAllocation:
        """What would be decided now if the site divided its power this way. Changes nothing."""
        now = self._clock.now()
        snapshot = replace(self.snapshot(), smart_charging=smart_charging)
        book = ledger(snapshot, now, self._settings.settle_s)
        return site_allocation(snapshot, allocate(snapshot, now, self._settings, book), book, now)

    async def rebalance(self, timeout_s: float) -> Rebalanced:
        """Say every running session its limit again; return when they have answered or `timeout_s` is over."""
        at = self._clock.now()
        loop = asyncio.get_running_loop()
        until_s = loop.time() + timeout_s
        under_way = True
        while under_way and loop.time() < until_s:  # a charger with a call under way cannot be told anything else
            self._decision = None
            self._causes["rebalance"] = None
            self._send(self._plan(resend_before_s=at.steady_s))
            under_way = await self._commander.answered(until_s - loop.time())
        return Rebalanced(at.utc_s, self.allocation())

    async def history(self, from_s: float, to_s: float, granularity_s: int) -> list[HistoryBucket]:
        self._note_history()
        return await self._store.history(self.site_id, from_s, to_s, granularity_s)

    async def run(self) -> None:
        """Balance until cancelled. An exception that leaves here means that this site must be restarted."""
        self._recorder = Recorder(await self._current_minute())
        self._causes = {"start of the central system": None}
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._balance())
                tasks.create_task(self._keep_history())
        finally:
            await self._commander.stop()

    def restore(self, state: State) -> None:
        """Begin again from what the store holds, after `run` failed."""
        self._state = state
        self._promises.begin_again()
        self._snapshot = None
        self._failure = None
        self._decision = None
        self._wake.set()

    def _record_reading(self, event: ev.MeterValuesReceived) -> asyncio.Future[None]:
        key = ConnectorKey(event.charge_point_id, event.connector_id)
        before = self._state.readings.get(key)
        rows = self._state.apply(event)
        self._snapshot = None
        self._reports.metered()
        self._store.sample(self.site_id, event, rows)
        reading = self._state.readings[key]
        was_low = before is not None and before.low_since is not None
        settled = any(isinstance(row, ConnectorLimits) for row in rows)
        if settled or was_low != (reading.low_since is not None):
            self._decision = None
            self._wake_up(f"reading of {event.charge_point_id}")
        if event.connector_id > 0:
            self._judge(key, reading, rows)
        return self._promises.nothing()

    def _judge(self, key: ConnectorKey, reading: MeterReading, rows: tuple[Row, ...]) -> None:
        """A reading that shows more than is permitted is a fact of its own."""
        if reading not in rows:
            return
        connector = self._state.connectors.get(key)
        judged = judge(
            self._state.shape(key.charge_point_id),
            self._state.charge_points[key.charge_point_id],
            self._state.limits.get(key) or ConnectorLimits(*key),
            reading,
            self._clock.now(),
            self._settings.settle_s,
            active=key in self._state.active,
            status=connector.status if connector is not None else None,
        )
        if judged is not None:
            self.record(judged)

    def _wake_up(self, why: str) -> None:
        if len(self._causes) < _MOST_CAUSES:
            self._causes[why] = None
        self._wake.set()

    def _fail(self, error: BaseException) -> None:
        self._failure = error
        self._wake.set()

    async def _balance(self) -> None:
        loop, took_s = asyncio.get_running_loop(), 0.0
        while True:
            await self._until_due()
            self._wake.clear()
            if self._failure is not None:
                raise self._failure
            await asyncio.sleep(max(_COALESCE_S, took_s))
            began_s = loop.time()
            self._send(self._plan())
            self._look_after()
            took_s = loop.time() - began_s
            self.tally.decisions.note(took_s)

    async def _until_due(self) -> None:
        timeout_s = None if self._due_s is None else max(0.0, self._due_s - self._clock.now().steady_s)
        try:
            async with asyncio.timeout(timeout_s):
                await self._wake.wait()
        except TimeoutError:
            self._decision = None

    def _plan(self, *, resend_before_s: float = -inf) -> Plan:
        now = self._clock.now()
        snapshot, allocation, book = self._decided()
        made = plan(snapshot, allocation, book, now, self._settings, resend_before_s=resend_before_s)
        change_s = allocation.next_change_s
        due = [made.wake_at_s, None if change_s is None else now.steady_s + change_s - now.utc_s]
        self._due_s = min((due_s for due_s in due if due_s is not None), default=None)
        return made

    def _decided(self) -> Decision:
        now = self._clock.now()
        if self._decision is None or (self._due_s is not None and now.steady_s >= self._due_s):
            snapshot = self.snapshot()
            book = ledger(snapshot, now, self._settings.settle_s, self._memory)
            self._decision = (snapshot, allocate(snapshot, now, self._settings, book, self._memory), book)
        return self._decision

    def _send(self, made: Plan) -> None:
        """Intent first: a limit is in the state before the next decision looks, and on disk before it leaves."""
        causes, self._causes = tuple(self._causes) or ("time",), {}
        if due := self._commander.due(made.intents):
            decision_id = self._store.next_id("decision")
            self.record(self._made_decision(decision_id, causes, len(due)))
            self._commander.send(due, decision_id)
        self._note_history()

    def _made_decision(self, decision_id: int, causes: tuple[str, ...], limits: int) -> ev.DecisionMade:
        snapshot, allocation, book = self._decided()
        now = self._clock.now()
        drawn_w = sum(snapshot.reading_power_w(key, now.steady_s) or 0.0 for key in snapshot.active)
        return ev.DecisionMade(
            at=now,
            decision_id=decision_id,
            causes=causes,
            strategy=allocation.strategy,
            budget_w=allocation.budget_w,
            permitted_w=book.total_w(),
            drawn_w=round(drawn_w),
            site_load_w=allocation.budget.load_w,
            limits=limits,
        )

    def _look_after(self) -> None:
        """What follows from a decision besides limits: alarms, promises to be checked, sessions to be ended."""
        snapshot, allocation, book = self._decided()
        if book.total_w() > allocation.budget_w:
            self.tally.over_budget += 1
        found = troubles(snapshot, allocation)
        for event in alarm_events(found, self._state.alarms, self._clock.now(), lambda: self._store.next_id("alarm")):
            self.record(event)
        self._commander.check_promises()
        ask_s = self._commander.ask_for_readings(missed_readings(snapshot))
        self._due_s = min((due_s for due_s in (self._due_s, ask_s) if due_s is not None), default=None)
        if effective_config(snapshot).on_uncontrollable == "stop":
            for key, share in allocation.shares.items():
                if share.refusing:
                    self._commander.end_session(key)

    async def _keep_history(self) -> None:
        while True:
            self._note_history()
            if self._state.active:
                await asyncio.sleep(_HISTORY_TICK_S)
            else:  # nothing can be lost until somebody charges
                self._charging.clear()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._charging.wait(), _QUIET_TICK_S)

    def _note_history(self) -> None:
        now = self._clock.now()
        figures = self._reports.figures(self._decided(), self._state.view(), now)
        for record in self._recorder.advance(now.utc_s, figures):
            self._store.record_minute(self.site_id, record)

    async def _current_minute(self) -> MinuteRecord | None:
        minute_start_s = int(self._clock.now().utc_s // MINUTE_S) * MINUTE_S
        return await self._store.current_minute(self.site_id, minute_start_s)


_QUIET = (
    ev.LimitIssued,
    ev.DecisionMade,
    ev.AlarmRaised,
    ev.AlarmCleared,
    ev.ChargePointFlapping,
    ev.SecurityAlert,
    ev.CertificateSigned,
    ev.PasswordOffered,
    ev.PasswordRefused,
    ev.SecurityProfileOffered,
    ev.SecurityProfileRefused,
    ev.CredentialsProved,
    ev.TransactionRefused,
    ev.IdTokenErased,
    ev.SiteRestarted,
    ev.ProgressReported,
    ev.SecurityEventReported,
)
"""Events that change nothing a decision looks at."""
