"""Who does not do, or not in time, what was decided for it: the others make room for its worst case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from csms.balancing.ledger import Ledger, grid_w
from csms.balancing.shares import Share
from csms.balancing.tree import Tree
from csms.balancing.wishes import Wish, governs
from csms.balancing.words import kw
from csms.domain.electrical import Load
from csms.domain.limit_facts import DISOBEDIENT
from csms.domain.limits import ConnectorLimits
from csms.domain.model import ConnectorKey, Moment
from csms.domain.snapshot import Snapshot

_REFUSALS_BELIEVED = 3
"""One refused raise may be an accident (a message that crossed another); a third one in a row is not."""

_PROMPT_S = 1.0
"""Who answers within this time answers at once: nobody is cut for its sake."""


class Unyielding:
    """Judges the shares of one division."""

    def __init__(self, snapshot: Snapshot, book: Ledger, tree: Tree, now: Moment) -> None:
        self._snapshot = snapshot
        self._book = book
        self._tree = tree
        self._now = now
        room = tree.room(tree.loads(book.charge_points))
        self._exceeded = {row for row, left in enumerate(room) if left < 0}

    def found(self, wishes: Sequence[Wish], shares: Mapping[ConnectorKey, Share]) -> dict[ConnectorKey, Share]:
        """The shares of those who do not yield, with the reason why; everybody else makes room."""
        found = {wish.key: self._refused(wish, shares[wish.key]) for wish in wishes}
        if self._exceeded:
            found = {wish.key: found[wish.key] or self._late(wish, shares[wish.key]) for wish in wishes}
        return {key: share for key, share in found.items() if share is not None}

    def looks_again_s(self, wishes: Sequence[Wish], shares: Mapping[ConnectorKey, Share]) -> float | None:
        """When (steady clock) an answer that is under way begins to be late."""
        if not self._exceeded:
            return None
        late_s = (self._answer_due_s(wish.key) for wish in wishes if self._must_follow(wish, shares[wish.key]))
        return min((due_s for due_s in late_s if due_s is not None), default=None)

    def _late(self, wish: Wish, share: Share) -> Share | None:
        """A limit is exceeded, and this charger is slow to follow: by its answer under way, or by its last one."""
        if not self._must_follow(wish, share):
            return None
        limits = self._snapshot.limits.get(wish.key)
        due_s = self._answer_due_s(wish.key)
        if limits is None:
            return None
        if (due_s is None or due_s > self._now.steady_s) and not _was_late(limits):
            return None
        held = kw(grid_w(self._book.exposures[wish.key].worst))
        return replace(share, awaited=True, reason=f"has not followed yet: {held} reserved")

    def _must_follow(self, wish: Wish, share: Share) -> bool:
        """Whether it may still be drawing more than its share where a limit is exceeded."""
        if self._book.exposures[wish.key].lasting_w <= max(share.limit_w, wish.reserved_w):
            return False
        node = self._tree.places[wish.key.charge_point_id]
        return any(row in self._exceeded for row, _ in self._tree.paths[node])

    def _answer_due_s(self, key: ConnectorKey) -> float | None:
        limits = self._snapshot.limits.get(key)
        under_way = [limit.issued_at.steady_s for limit in limits.outstanding if limit.awaited] if limits else []
        return min(under_way) + _PROMPT_S if under_way else None

    def _refused(self, wish: Wish, share: Share) -> Share | None:
        """What becomes of a share that its charger does not take; None if it does.

        A refused cut, or a draw above what was permitted: it is asked for its share again, and the others make room for
        its worst case at once. A raise refused repeatedly: the others get its share, and it is asked to confirm what it
        has; once it does, it is obeying.
        """
        limits = self._snapshot.limits.get(wish.key)
        if limits is None:
            return None
        failure = limits.failure(governs(self._snapshot, wish.key))
        if limits.overdraw is None and failure is None:
            return None
        exposure = self._book.exposures[wish.key]
        held = kw(grid_w(exposure.worst))
        if limits.overdraw is not None and _above(exposure.worst, wish.shape.load(share.limit_w)):
            often = "keeps drawing" if limits.overdraw.count >= DISOBEDIENT else "draws"
            reason = f"{often} more than it is permitted ({kw(round(limits.overdraw.power_w))}): {held} reserved"
            return replace(share, refusing=True, reason=reason)
        if failure is None:
            return None
        reason = f"does not take its limit ({failure.cause}): {held} reserved"
        if exposure.worst_w > max(share.limit_w, exposure.fallback_w):
            return replace(share, refusing=True, reason=reason)
        if share.limit_w > exposure.lasting_w and failure.count >= _REFUSALS_BELIEVED:
            return replace(share, limit_w=exposure.lasting_w, refusing=True, reason=reason)
        return None


def _was_late(limits: ConnectorLimits) -> bool:
    answered = [limit for limit in (limits.default, limits.transaction) if limit is not None]
    if limits.confirmed_at is None or not answered:
        return False
    newest = max(answered, key=lambda limit: limit.limit_id)
    return limits.confirmed_at.steady_s - newest.issued_at.steady_s > 2 * _PROMPT_S


def _above(one: Load, other: Load) -> bool:
    return any(a > b for a, b in zip(one, other, strict=True))
