"""What of that which a charger acknowledged can be relied on: it is asked for its composite schedules."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Mapping

from csms.balancing.proofs import default_proofs, is_over_at_once, lease_proof, shows_default, shows_limit
from csms.domain import events as ev
from csms.domain.commands import Answer, ClearLimits, ReadSchedule
from csms.domain.limits import Limit
from csms.domain.model import ConnectorKey, LimitPurpose, Proof
from csms.domain.ports import ChargePointLink, Clock
from csms.domain.state import State
from csms.domain.ways import Place, outdated_standing_limit, over_at_once

_ASKED_AHEAD_S = 120
"""How far composite schedules are asked for, at least: long enough for every charger to call it a schedule."""


class Prover:
    """Asks the chargers of one site; `record` is the site's own, `state` is asked anew each time.

    `due` wants to be asked again after every decision; `decide` asks for one.
    """

    def __init__(
        self,
        state: Callable[[], State],
        record: Callable[[ev.Event], asyncio.Future[None]],
        *,
        clock: Clock,
        decide: Callable[[str], None],
    ) -> None:
        self._state = state
        self._record = record
        self._clock = clock
        self._decide = decide
        self._unproven: dict[str, None] = {}
        self._under_way: set[str] = set()
        self._proven_on: dict[str, str] = {}
        self._cleared_on: dict[str, str] = {}

    def forget(self, charge_point_id: str) -> None:
        for known in (self._unproven, self._proven_on, self._cleared_on):
            known.pop(charge_point_id, None)

    def due(self, links: Mapping[str, ChargePointLink]) -> Iterator[tuple[str, Coroutine[None, None, None]]]:
        """What is to be asked now of which charge points: of those whose default profiles have all been acknowledged,
        what they make of them; one question at a time."""
        state = self._state()
        for charge_point_id in list(self._unproven):
            link = links.get(charge_point_id)
            keys = [key for key in state.limits if key.charge_point_id == charge_point_id]
            if link is None:
                del self._unproven[charge_point_id]
            elif charge_point_id not in self._under_way and all(self._installed(state, key, link) for key in keys):
                del self._unproven[charge_point_id]
                self._under_way.add(charge_point_id)
                yield charge_point_id, self._ask_about_defaults(charge_point_id, link, keys)

    async def acknowledged(self, issued: ev.LimitIssued, link: ChargePointLink) -> None:
        """A limit has been; ask what else it takes to rely on it."""
        key = ConnectorKey(issued.charge_point_id, issued.connector_id)
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

    def _installed(self, state: State, key: ConnectorKey, link: ChargePointLink) -> bool:
        limits = state.limits[key]
        pending = any(limit.purpose is LimitPurpose.DEFAULT for limit in limits.outstanding)
        return not pending and limits.default is not None and limits.default.connection_id == link.connection_id

    async def _ask_about_defaults(self, charge_point_id: str, link: ChargePointLink, keys: list[ConnectorKey]) -> None:
        try:
            await self._prove_defaults(charge_point_id, link, keys)
        finally:
            self._under_way.discard(charge_point_id)
        if charge_point_id in self._unproven:
            self._decide(f"{charge_point_id} was told another default")

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
        if outcome.answer is Answer.ACCEPTED and is_over_at_once(outcome.schedule, limit, shape):
            self._do_without_leases(key)

    def _do_without_leases(self, key: ConnectorKey) -> None:
        """The session would not charge; it is told its limit again, in another way."""
        state = self._state()
        settings = state.settings.get(key.charge_point_id)
        if settings is None or key not in state.active:
            return
        learned = over_at_once(Place(state.site, settings, state.charge_points[key.charge_point_id]))
        if learned is not None:
            because = "its composite schedule shows a limit as over that has just begun"
            self._record(ev.WayLearned(self._clock.now(), key.charge_point_id, learned, because))
            self._record(ev.LimitRequested(self._clock.now(), *key, because))
