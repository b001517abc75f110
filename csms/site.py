"""One site at run time: it owns the state, records events, and runs its balancer. Nothing is shared between sites."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import structlog

from csms.balancing.allocation import Allocation, allocate
from csms.balancing.ledger import Ledger, ledger
from csms.balancing.plan import Intent, Plan, plan
from csms.balancing.report import site_allocation
from csms.domain import events as ev
from csms.domain.commands import Answer, Outcome, SetLimit
from csms.domain.electrical import limit_form
from csms.domain.history import MINUTE_S, Figures, HistoryBucket, MinuteRecord, Recorder
from csms.domain.model import BalancerSettings, ChargePointSettings, ConnectorLimits, Moment, SmartCharging, Transaction
from csms.domain.ports import ChargePointLink, Clock, Store
from csms.domain.reports import Rebalanced, SiteAllocation
from csms.domain.snapshot import Snapshot
from csms.domain.state import IllegalEvent, State

log = structlog.get_logger()

_COALESCE_S = 0.02
"""A burst of events (a whole car park reconnecting) is answered by one decision."""

_HISTORY_TICK_S = 0.5
"""With as much again in the store's write-behind, history on disk is at most a second old."""

_PROFILE_START_LEAD_S = 60.0
"""startSchedule lies this far in the past: a charger whose clock is a little behind must not wait for it."""


class Site:
    """A site: record what happens to it, ask what it decided, and let `run` keep its ceiling."""

    def __init__(self, state: State, *, store: Store, clock: Clock, settings: BalancerSettings) -> None:
        self._state = state
        self._store = store
        self._clock = clock
        self._settings = settings
        self._links: dict[str, ChargePointLink] = {}
        self._sending: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._snapshot: Snapshot | None = None
        self._decision: tuple[Snapshot, Allocation, Ledger] | None = None
        self._due_s: float | None = None
        self._recorder = Recorder()
        self._failure: BaseException | None = None
        self._wake.set()
        self.limits_sent = 0

    @property
    def site_id(self) -> str:
        return self._state.site.site_id

    def record(self, event: ev.Event, *, origin: str = "ocpp") -> asyncio.Future[None]:
        """Apply the event, then write it; the future is done when it is on disk."""
        rows = self._state.apply(event)
        self._snapshot = None
        if isinstance(event, ev.MeterValuesReceived):
            self._store.sample(self.site_id, event, rows)
            if any(isinstance(row, ConnectorLimits) for row in rows):  # the reading has ended a settling
                self._decision = None
                self._wake.set()
            return _done()
        self._decision = None
        if not isinstance(event, _QUIET):
            self._wake.set()
        return self._store.append(self.site_id, event, rows, origin=origin)

    def snapshot(self) -> Snapshot:
        """The state as it is, copied once per change."""
        if self._snapshot is None:
            self._snapshot = self._state.snapshot()
        return self._snapshot

    def settings(self, charge_point_id: str) -> ChargePointSettings | None:
        return self._state.settings.get(charge_point_id)

    def transactions(self, charge_point_id: str) -> list[Transaction]:
        return self._state.transactions(charge_point_id)

    def next_session_id(self) -> int:
        return self._store.next_id("session")

    def attach(self, charge_point_id: str, link: ChargePointLink) -> None:
        older = self._links.get(charge_point_id)
        self._links[charge_point_id] = link
        if older is not None:
            log.info("charge_point.replaced", site_id=self.site_id, charge_point_id=charge_point_id)
            older.close(1008, "another connection with the same identity")

    def detach(self, charge_point_id: str, link: ChargePointLink) -> None:
        if self._links.get(charge_point_id) is link:
            del self._links[charge_point_id]

    def disconnect_all(self, code: int, reason: str) -> None:
        for link in list(self._links.values()):
            link.close(code, reason)

    def allocation(self) -> SiteAllocation:
        """What is decided right now, whether the balancer's task has come to sending it or not."""
        snapshot, allocation, book = self._decided()
        # Readings decide nothing but the settling of cuts, so they may be newer than the decision.
        fresh = replace(snapshot, readings=self.snapshot().readings)
        return site_allocation(fresh, allocation, book, self._clock.now())

    async def configure(self, smart_charging: SmartCharging) -> SmartCharging:
        now = self._clock.now()
        stored = replace(smart_charging, updated_at_s=now.utc_s)
        await self.record(ev.SmartChargingConfigured(now, stored), origin="api")
        return stored

    async def rebalance(self, timeout_s: float) -> Rebalanced:
        """Say every running session its limit again; return when they have answered or `timeout_s` is over."""
        at = self._clock.now()
        until_s = asyncio.get_running_loop().time() + timeout_s
        await self._answered_by(until_s)  # a connector with a call under way cannot be told anything else
        self._decision = None
        self._send(self._plan(resend=True))
        await self._answered_by(until_s)
        return Rebalanced(at.utc_s, self.allocation())

    async def _answered_by(self, until_s: float) -> None:
        """Wait for the calls under way, but not longer than until then (time of the event loop)."""
        if self._sending:
            await asyncio.wait(self._sending, timeout=max(0.0, until_s - asyncio.get_running_loop().time()))

    async def history(self, from_s: float, to_s: float, granularity_s: int) -> list[HistoryBucket]:
        self._note_history()
        return await self._store.history(self.site_id, from_s, to_s, granularity_s)

    async def run(self) -> None:
        """Balance until cancelled. An exception that leaves here means that this site must be restarted."""
        self._recorder = Recorder(await self._current_minute())
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._balance())
                tasks.create_task(self._keep_history())
        finally:
            sending = list(self._sending)
            for task in sending:
                task.cancel()
            await asyncio.gather(*sending, return_exceptions=True)

    def restore(self, state: State) -> None:
        """Begin again from what the store holds, after `run` failed."""
        self._state = state
        self._snapshot = None
        self._failure = None
        self._decision = None
        self._wake.set()

    async def _balance(self) -> None:
        while True:
            await self._until_due()
            self._wake.clear()
            if self._failure is not None:
                raise self._failure
            await asyncio.sleep(_COALESCE_S)
            self._send(self._plan())

    async def _until_due(self) -> None:
        timeout_s = None if self._due_s is None else max(0.0, self._due_s - self._clock.now().steady_s)
        try:
            async with asyncio.timeout(timeout_s):
                await self._wake.wait()
        except TimeoutError:
            self._decision = None

    def _plan(self, *, resend: bool = False) -> Plan:
        now = self._clock.now()
        snapshot, allocation, book = self._decided()
        made = plan(snapshot, allocation, book, now, self._settings, resend=resend)
        change_s = allocation.next_change_s
        due = [made.wake_at_s, None if change_s is None else now.steady_s + change_s - now.utc_s]
        self._due_s = min((due_s for due_s in due if due_s is not None), default=None)
        return made

    def _decided(self) -> tuple[Snapshot, Allocation, Ledger]:
        now = self._clock.now()
        if self._decision is None or (self._due_s is not None and now.steady_s >= self._due_s):
            snapshot = self.snapshot()
            book = ledger(snapshot, now, self._settings.settle_s)
            self._decision = (snapshot, allocate(snapshot, now, self._settings, book), book)
        return self._decision

    def _send(self, made: Plan) -> None:
        """Intent first: a limit is in the state before the next decision looks, and on disk before it leaves."""
        for intent in made.intents:
            link = self._links.get(intent.key.charge_point_id)
            if link is not None:
                issued = self._issued(intent, link)
                task = asyncio.create_task(self._carry_out(intent, issued, link, self.record(issued)))
                self._sending.add(task)
                task.add_done_callback(self._sent)
        self._note_history()

    def _issued(self, intent: Intent, link: ChargePointLink) -> ev.LimitIssued:
        return ev.LimitIssued(
            at=self._clock.now(),
            charge_point_id=intent.key.charge_point_id,
            connector_id=intent.key.connector_id,
            limit_id=self._store.next_id("limit"),
            purpose=intent.purpose,
            limit_w=intent.limit_w,
            connection_id=link.connection_id,
            transaction_id=intent.transaction_id,
            cause=intent.cause,
        )

    async def _carry_out(
        self, intent: Intent, issued: ev.LimitIssued, link: ChargePointLink, durable: asyncio.Future[None]
    ) -> None:
        command = self._command(intent)
        await durable
        self.limits_sent += 1
        outcome = await link.send(command)
        answered = _answered(issued, outcome, self._clock.now())
        try:
            self.record(answered)
        except IllegalEvent:
            # The transaction ended while the call was under way, and its limits with it.
            log.info("limit.answered_late", charge_point_id=issued.charge_point_id, limit_id=issued.limit_id)
        if outcome.answer is not Answer.ACCEPTED:
            log.warning(
                "limit.not_confirmed",
                site_id=self.site_id,
                charge_point_id=issued.charge_point_id,
                connector_id=issued.connector_id,
                limit_w=issued.limit_w,
                answer=outcome.answer.value,
                detail=outcome.detail,
            )

    def _command(self, intent: Intent) -> SetLimit:
        now = self._clock.now()
        settings = self._state.settings[intent.key.charge_point_id]
        capabilities = self._state.charge_points[intent.key.charge_point_id].capabilities
        transaction = self._state.active.get(intent.key)
        started_at_s = transaction.started_at_s if transaction else None
        return SetLimit(
            connector_id=intent.key.connector_id,
            purpose=intent.purpose,
            limit_w=intent.limit_w,
            form=limit_form(self._state.site, settings, capabilities),
            profile_start_s=now.utc_s - _PROFILE_START_LEAD_S,
            transaction_id=intent.transaction_id,
            transaction_age_s=0.0 if started_at_s is None else max(0.0, now.utc_s - started_at_s),
        )

    def _sent(self, task: asyncio.Task[None]) -> None:
        self._sending.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failure = error
            self._wake.set()

    async def _keep_history(self) -> None:
        while True:
            self._note_history()
            await asyncio.sleep(_HISTORY_TICK_S)

    def _note_history(self) -> None:
        report = self.allocation()
        figures = Figures(report.allocated_w, report.actual_w, len(report.chargers))
        for record in self._recorder.advance(report.at_s, figures):
            self._store.record_minute(self.site_id, record)

    async def _current_minute(self) -> MinuteRecord | None:
        minute_start_s = int(self._clock.now().utc_s // MINUTE_S) * MINUTE_S
        return await self._store.current_minute(self.site_id, minute_start_s)


def _answered(
    issued: ev.LimitIssued, outcome: Outcome, at: Moment
) -> ev.LimitConfirmed | ev.LimitRejected | ev.LimitUnanswered:
    charge_point_id, connector_id, limit_id = issued.charge_point_id, issued.connector_id, issued.limit_id
    if outcome.answer is Answer.ACCEPTED:
        return ev.LimitConfirmed(at, charge_point_id, connector_id, limit_id)
    cause = f"{outcome.answer.value} {outcome.detail}".strip()
    if outcome.clear:
        return ev.LimitRejected(at, charge_point_id, connector_id, limit_id, cause)
    return ev.LimitUnanswered(at, charge_point_id, connector_id, limit_id, cause)


def _done() -> asyncio.Future[None]:
    future = asyncio.get_running_loop().create_future()
    future.set_result(None)
    return future


_QUIET = (ev.LimitIssued, ev.ChargePointFlapping, ev.ChargePointBooted, ev.SiteRestarted)
"""Events that change nothing a decision looks at."""
