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
from csms.balancing.proofs import default_proofs, lease_proof, shows_default, shows_limit
from csms.domain import events as ev
from csms.domain.commands import Answer, ClearLimits, Command, Outcome, ReadSchedule, SetLimit, StopSession, Trigger
from csms.domain.illegal import IllegalEvent
from csms.domain.limits import Limit
from csms.domain.model import ConnectorKey, LimitPurpose, Moment, Proof
from csms.domain.ports import ChargePointLink, Clock, Store
from csms.domain.state import State
from csms.domain.tallies import SiteTally
from csms.domain.ways import Place, outdated_standing_limit, refused, said, taken

log = structlog.get_logger()

_PROFILE_STARTED_AGO_S = 60.0
"""startSchedule lies this far in the past: a charger whose clock is a little behind must not wait for it."""

_ASKED_AHEAD_S = 120
"""How far composite schedules are asked for, at least: long enough for every charger to call it a schedule."""

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
        self._unproven: dict[str, None] = {}
        self._proven_on: dict[str, str] = {}
        self._cleared_on: dict[str, str] = {}
        self._stopped_at_s: dict[str, float] = {}
        self._asking = Asking(self._ask_for_reading)

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
        for known in (self._unproven, self._proven_on, self._cleared_on):
            known.pop(charge_point_id, None)
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
        state = self._state()
        for charge_point_id in list(self._unproven):
            link = self._links.get(charge_point_id)
            keys = [key for key in state.limits if key.charge_point_id == charge_point_id]
            if link is None:
                del self._unproven[charge_point_id]
            elif all(self._installed(state, key, link) for key in keys):
                del self._unproven[charge_point_id]
                self._start(charge_point_id, self._prove_defaults(charge_point_id, link, keys))

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

    def _installed(self, state: State, key: ConnectorKey, link: ChargePointLink) -> bool:
        limits = state.limits[key]
        pending = any(limit.purpose is LimitPurpose.DEFAULT for limit in limits.outstanding)
        return not pending and limits.default is not None and limits.default.connection_id == link.connection_id

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
            await self._follow_up(ConnectorKey(issued.charge_point_id, issued.connector_id), issued, link)

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

    async def _follow_up(self, key: ConnectorKey, issued: ev.LimitIssued, link: ChargePointLink) -> None:
        limits = self._state().limits[key]
        if any(o.purpose is issued.purpose and o.limit_id < issued.limit_id for o in limits.outstanding):
            await self._make_sure(key, issued, link)
        if issued.purpose is LimitPurpose.DEFAULT:
            await self._clear_other_standing_limit(key, link)
            new = self._proven_on.get(key.charge_point_id) != link.connection_id
            if new or limits.default_proof in (None, Proof.DISPROVED):
                self._unproven[key.charge_point_id] = None
            return
        unknown = self._state().charge_points[key.charge_point_id].lease_proof is None
        if unknown and limits.transaction is not None and limits.transaction.lease_s is not None:
            await self._prove_lease(key, limits.transaction, link)

    async def _clear_other_standing_limit(self, key: ConnectorKey, link: ChargePointLink) -> None:
        """The lowest limit counts: what was written in another way before, if it was, would hold for good. Once on each
        connection, and after the limit that now stands."""
        charge_point = self._state().charge_points.get(key.charge_point_id)
        if charge_point is None or self._cleared_on.get(key.charge_point_id) == link.connection_id:
            return
        other = outdated_standing_limit(charge_point)
        if other is not None:
            self._cleared_on[key.charge_point_id] = link.connection_id
            await link.send(ClearLimits(other, None if other is LimitPurpose.STATION else key.connector_id))

    async def _make_sure(self, key: ConnectorKey, issued: ev.LimitIssued, link: ChargePointLink) -> None:
        """Something else was sent on an earlier connection, and nobody knows whether it arrived: ask what is obeyed.

        While a transaction runs, a composite schedule tells only of the profiles that govern it.
        """
        governing = self._state().charge_points[key.charge_point_id].limit_by
        if key in self._state().active and issued.purpose is not governing:
            return
        outcome = await link.send(ReadSchedule(key.connector_id, _ASKED_AHEAD_S))
        in_force = self._state().limits[key].confirmed(issued.purpose)
        if outcome.answer in (Answer.TIMEOUT, Answer.DISCONNECTED) or in_force is None:
            return
        shape = self._state().shape(key.charge_point_id)
        if in_force.limit_id == issued.limit_id and shows_limit(outcome.schedule, in_force, shape):
            self._record(ev.LimitShown(self._clock.now(), *key, issued.limit_id, issued.purpose))

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

    async def _prove_defaults(self, charge_point_id: str, link: ChargePointLink, keys: list[ConnectorKey]) -> None:
        shown: dict[ConnectorKey, bool | None] = {}
        asked_for = {key: self._state().limits[key].default for key in keys}
        for key, default in asked_for.items():
            outcome = await link.send(ReadSchedule(key.connector_id, _ASKED_AHEAD_S))
            if outcome.answer in (Answer.TIMEOUT, Answer.DISCONNECTED):
                break  # one that leaves this question open will leave the others open too
            shown[key] = None
            if default is not None and outcome.answer is Answer.ACCEPTED and self._default_governs(key):
                shown[key] = shows_default(outcome.schedule, default, self._state().shape(charge_point_id))
        if any(self._default_changes(key, default) for key, default in asked_for.items()):
            self._unproven[charge_point_id] = None  # what one connector was told may have cost another its default
            self._decide(f"{charge_point_id} was told another default")
            return
        self._proven_on[charge_point_id] = link.connection_id
        known = {key: self._state().limits[key] for key in keys}
        proofs = default_proofs(
            {key: shown.get(key) for key in keys},
            {key: limits.default_proof for key, limits in known.items()},
            {key: limits.default.limit_id for key, limits in known.items() if limits.default is not None},
            lost=any(limits.default_lost for limits in known.values()),
        )
        for key, proof in proofs.items():
            detail = "its composite schedule does not show its default profile" if proof is Proof.DISPROVED else ""
            self._record(ev.DefaultProved(self._clock.now(), *key, proof, detail))

    def _default_governs(self, key: ConnectorKey) -> bool:
        """Whether a composite schedule tells of the default profile: not once a session has got a limit of its own."""
        limits = self._state().limits[key]
        own = any(limit.purpose is LimitPurpose.TRANSACTION for limit in limits.outstanding)
        return key not in self._state().active or (limits.transaction is None and not own)

    def _default_changes(self, key: ConnectorKey, asked_for: Limit | None) -> bool:
        limits = self._state().limits[key]
        return limits.default is not asked_for or any(o.purpose is LimitPurpose.DEFAULT for o in limits.outstanding)

    async def _prove_lease(self, key: ConnectorKey, limit: Limit, link: ChargePointLink) -> None:
        ahead_s = int((limit.lease_s or 0.0) + _ASKED_AHEAD_S)
        outcome = await link.send(ReadSchedule(key.connector_id, ahead_s))
        if outcome.answer in (Answer.TIMEOUT, Answer.DISCONNECTED):
            return
        now, charge_point_id = self._clock.now(), key.charge_point_id
        state = self._state()
        in_force = state.limits[key].transaction
        if in_force is None or in_force.limit_id != limit.limit_id:
            return  # it was overtaken: what was told may belong to another limit
        age_s = now.steady_s - limit.issued_at.steady_s
        shape = state.shape(charge_point_id)
        proof = (
            lease_proof(outcome.schedule, limit, age_s, shape) if outcome.answer is Answer.ACCEPTED else Proof.SILENT
        )
        self._record(ev.LeaseProved(now, charge_point_id, proof))

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
