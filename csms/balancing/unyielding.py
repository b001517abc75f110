"""Who does not do what was decided for it: the others make room for its worst case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from csms.balancing.ledger import Ledger, grid_w
from csms.balancing.loads import within
from csms.balancing.shares import Share
from csms.balancing.wishes import Wish
from csms.balancing.words import kw
from csms.domain.limit_facts import DISOBEDIENT
from csms.domain.limits import ConnectorLimits
from csms.domain.model import ConnectorKey

_REFUSALS_BELIEVED = 3
"""One refused raise may be an accident (a message that crossed another); a third one in a row is not."""


class Unyielding:
    """Judges the shares of one division."""

    def __init__(self, book: Ledger) -> None:
        self._book = book

    def found(self, wishes: Sequence[Wish], shares: Mapping[ConnectorKey, Share]) -> dict[ConnectorKey, Share]:
        """The shares of those who do not yield, with the reason why; everybody else makes room."""
        found: dict[ConnectorKey, Share] = {}
        for wish in wishes:
            limits = wish.facts.limits
            if limits is None or limits.obeys:
                continue
            instead = self._refused(wish, limits, shares[wish.key])
            if instead is not None:
                found[wish.key] = instead
        return found

    def _refused(self, wish: Wish, limits: ConnectorLimits, share: Share) -> Share | None:
        """What becomes of a share that its charger does not take; None if it does.

        A refused cut, or a draw above what was permitted: it is asked for its share again, and the others make room for
        its worst case at once. A raise refused repeatedly: the others get its share, and it is asked to confirm what it
        has; once it does, it is obeying.
        """
        failure = limits.failure(wish.facts.charge_point.limit_by)
        if limits.overdraw is None and failure is None:
            return None
        exposure = self._book.exposures[wish.key]
        held = kw(grid_w(exposure.worst))
        if limits.overdraw is not None and not within(exposure.worst, wish.shape.load(share.limit_w)):
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
