"""What a site's decisions become: limits sent, answers recorded, promises checked. The balancer's hands.

Everything sent is in the state before the next decision looks, and on disk before it leaves.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import Callable, Coroutine, Iterable, Mapping

import structlog

from csms.asking import Asking
from csms.balancing.plan import Intent
from csms.domain import events as ev
from csms.domain.commands import Answer, Command, Outcome, SetLimit, StopSession, Trigger
from csms.domain.illegal import IllegalEvent
from csms.domain.model import ConnectorKey, LimitPurpose, Moment
from csms.domain.ports import ChargePointLink, Clock, Store
from csms.domain.state import State
from csms.domain.tallies import SiteTally
from csms.domain.ways import Place, refused, said, taken
from csms.proving import Prover

log = structlog.get_logger()

_PROFILE_STARTED_AGO_S = 60.0
"""startSchedule lies this far in the past: a charger whose clock is a little behind must not wait for it."""

_STOP_AGAIN_S = 60.0
_LEFT_LOOKED_AT_EVERY_S = 0.02


class Commander:
    """Carries out intents for one site; `record` is the site's own, `state` is asked anew each time.

    A charger takes one CALL at a time (OCPP-J 4.1.1). What waited behind another would be stale when it left, so a
    limit leaves at once or not at all: it is decided anew when the charger has answered, for which `decide` asks.
    """

    def __init__(
        self,
        site_id: str,
        state: Callable[[], State],
        record: Callable[[ev.Event], asyncio.Future[None]],
        *,
        store: Store,
        clock: Clock,
        decide: Callable[[str], None],
        on_failure: Callable[[BaseException], None],
        tally: SiteTally,
    ) -> None:
        self._tally = tally
        self._site_id = site_id
        self._state = state
        self._record = record
        self._store = store
        self._clock = clock
        self._decide = decide
        self._on_failure = on_failure
        self._links: dict[str, ChargePointLink] = {}
        self._tasks: dict[asyncio.Task[None], str] = {}
        self._leaving: set[str] = set()
        self._held_back: set[str] = set()
        self._freed = asyncio.Event()
        self._stopped_at_s: dict[str, float] = {}
        self._asking = Asking(self._ask_for_reading)
        self._prover = Prover(state, record, clock=clock, decide=decide)

    def attach(self, charge_point_id: str, link: ChargePointLink) -> ChargePointLink | None:
        """The charge point's link from now on; the one it replaces."""
        older = self._links.get(charge_point_id)
        self._links[charge_point_id] = link
        return older

    def detach(self, charge_point_id: str, link: ChargePointLink) -> None:
        if self._links.get(charge_point_id) is link:
            del self._links[charge_point_id]

    async def leave(self, charge_point_id: str, timeout_s: float) -> bool:
        """Wait until it is not connected and nothing is being told to it any more; False if that takes too long."""
        until_s = asyncio.get_running_loop().time() + timeout_s
        while charge_point_id in self._links or charge_point_id in self._tasks.values():
            if asyncio.get_running_loop().time() > until_s:
                return False
            await asyncio.sleep(_LEFT_LOOKED_AT_EVERY_S)
        self._prover.forget(charge_point_id)
        return True

    def link(self, charge_point_id: str) -> ChargePointLink | None:
        return self._links.get(charge_point_id)

    def links(self) -> list[ChargePointLink]:
        return list(self._links.values())

    async def answered(self, timeout_s: float) -> bool:
        """Wait until a charger that is being told something has answered, but not longer; False if none is."""
        if not self._leaving and not self._held_back:
            return False
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._freed.wait(), max(0.0, timeout_s))
        return True

    async def stop(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def due(self, intents: Iterable[Intent]) -> list[Intent]:
        """Those that can leave at once: the first for each charge point that has no call under way."""
        first: dict[str, Intent] = {}
        for intent in intents:
            charge_point_id = intent.key.charge_point_id
            link = self._links.get(charge_point_id)
            if link is None:
                continue
            if charge_point_id not in self._leaving and charge_point_id not in first and link.idle:
                first[charge_point_id] = intent
            elif charge_point_id not in self._held_back:
                self._held_back.add(charge_point_id)
                if not link.idle:
                    link.when_idle(functools.partial(self._free, charge_point_id))
        return list(first.values())

    def send(self, due: Iterable[Intent], decision_id: int | None) -> None:
        for intent in due:
            link = self._links[intent.key.charge_point_id]
            self._leaving.add(intent.key.charge_point_id)
            issued = self._issued(intent, link, decision_id)
            self._start(issued.charge_point_id, self._carry_out(issued, link, self._record(issued)))

    def check_promises(self) -> None:
        """Ask chargers whose default profiles have all been acknowledged what they make of them."""
        for charge_point_id, work in self._prover.due(self._links):
            self._start(charge_point_id, work)

    def ask_for_readings(self, missed: Mapping[ConnectorKey, float]) -> float | None:
        """Readings that are missed, each from its time on; when to look again (all on the steady clock)."""
        return self._asking.missed(missed, self._clock.now().steady_s)

    def _ask_for_reading(self, key: ConnectorKey) -> None:
        link = self._links.get(key.charge_point_id)
        if link is not None:
            self._start(key.charge_point_id, _tell(link, Trigger("MeterValues", key.connector_id)))

    def end_session(self, key: ConnectorKey, why: str = "session.ended_by_balancer") -> None:
        """Ask a charger to end the session, by default since it does not take its limits; not more than once a
        minute."""
        transaction, link = self._state().active.get(key), self._links.get(key.charge_point_id)
        now_s = self._clock.now().steady_s
        if transaction is None or link is None:
            return
        name = f"{key.charge_point_id} {transaction.transaction_id}"
        if now_s - self._stopped_at_s.get(name, -_STOP_AGAIN_S) >= _STOP_AGAIN_S:
            self._stopped_at_s = {n: at_s for n, at_s in self._stopped_at_s.items() if now_s - at_s < _STOP_AGAIN_S}
            self._stopped_at_s[name] = now_s
            log.warning(why, site_id=self._site_id, charge_point_id=key.charge_point_id)
            self._start(key.charge_point_id, _tell(link, StopSession(key.connector_id, transaction.transaction_id)))

    def _issued(self, intent: Intent, link: ChargePointLink, decision_id: int | None) -> ev.LimitIssued:
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
            lease_s=intent.lease_s,
            then_w=intent.then_w,
            phases=intent.phases,
            decision_id=decision_id,
            renewal=intent.renewal,
        )

    async def _carry_out(self, issued: ev.LimitIssued, link: ChargePointLink, durable: asyncio.Future[None]) -> None:
        command = self._command(issued)
        try:
            await durable
            self._tally.limits_sent += 1
            outcome = await link.send(command)
            confirmed = self._note(issued, outcome)
            self._learn(issued, command, outcome)
        finally:
            self._leaving.discard(issued.charge_point_id)
            self._free(issued.charge_point_id)
        if confirmed:
            await self._prover.acknowledged(issued, link)

    def _note(self, issued: ev.LimitIssued, outcome: Outcome) -> bool:
        """Record the answer; whether it confirms the limit."""
        answered = _answered(issued, outcome, self._clock.now())
        self._tally.limits[type(answered).__name__.removeprefix("Limit")] += 1
        try:
            self._record(answered)
        except IllegalEvent:
            # The transaction ended while the call was under way, its limits with it: the answer is kept on record.
            self._store.append(self._site_id, answered, ())
            log.info("limit.answered_late", charge_point_id=issued.charge_point_id, limit_id=issued.limit_id)
            return False
        if outcome.answer is Answer.ACCEPTED:
            return True
        log.warning(
            "limit.not_confirmed",
            site_id=self._site_id,
            charge_point_id=issued.charge_point_id,
            connector_id=issued.connector_id,
            limit_w=issued.limit_w,
            answer=outcome.answer.value,
            detail=outcome.detail,
        )
        return False

    def _learn(self, issued: ev.LimitIssued, command: SetLimit, outcome: Outcome) -> None:
        """What the answer teaches of how this charger wants its limits said; the next one is said so."""
        state, charge_point_id = self._state(), issued.charge_point_id
        settings = state.settings.get(charge_point_id)
        limits = state.limits.get(ConnectorKey(charge_point_id, issued.connector_id))
        if settings is None or limits is None:
            return
        place = Place(state.site, settings, state.charge_points[charge_point_id])
        failure = limits.failure(issued.purpose)
        if outcome.answer is Answer.ACCEPTED:
            learned = taken(command, place)
        else:
            learned = refused(command, outcome, failure.count if failure is not None else 0, place)
        if learned is not None:
            because = f"{said(command)}: {outcome.answer.value} {outcome.detail}".strip()
            if outcome.answer is not Answer.ACCEPTED:
                knobs = {name: str(value) for name, value in learned.knobs.said()}
                log.info("limit.way_changed", charge_point_id=charge_point_id, because=because, knobs=knobs)
            self._record(ev.WayLearned(self._clock.now(), charge_point_id, learned, because))

    def _free(self, charge_point_id: str) -> None:
        self._freed.set()
        self._freed = asyncio.Event()
        if charge_point_id in self._held_back:
            self._held_back.discard(charge_point_id)
            self._decide(f"{charge_point_id} has answered")

    def _command(self, issued: ev.LimitIssued) -> SetLimit:
        """A default profile starts in 1970, so that a charger that has lost its clock still has it in force."""
        by_default = issued.purpose is LimitPurpose.DEFAULT
        return SetLimit(
            connector_id=issued.connector_id,
            purpose=issued.purpose,
            limit_w=issued.limit_w,
            form=self._state().shape(issued.charge_point_id).on(issued.phases).form,
            profile_start_s=0.0 if by_default else issued.at.utc_s - _PROFILE_STARTED_AGO_S,
            transaction_id=None if by_default else issued.transaction_id,
            started_ago_s=_PROFILE_STARTED_AGO_S,
            lease_s=issued.lease_s,
            then_w=issued.then_w,
            phases=issued.phases,
        )

    def _start(self, charge_point_id: str, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks[task] = charge_point_id
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.pop(task, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._on_failure(error)


async def _tell(link: ChargePointLink, command: Command) -> None:
    await link.send(command)


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
