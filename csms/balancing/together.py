"""What a limit adds to what its charge point is counted at: its connectors together draw no more than its maximum."""

from __future__ import annotations

from functools import cached_property

from csms.balancing.ledger import Ledger, most_together
from csms.balancing.loads import beyond, lower, plus
from csms.domain.electrical import NO_LOAD, Load
from csms.domain.model import ConnectorKey
from csms.domain.snapshot import Snapshot


class Together:
    """Counts as the ledger does (see ledger.summed), and what has been taken since."""

    def __init__(self, snapshot: Snapshot, book: Ledger) -> None:
        self._snapshot = snapshot
        self._book = book

    def more(self, key: ConnectorKey, load: Load) -> Load:
        """What a connector would add if it may draw this."""
        worst = self._book.exposures[key].worst
        extra = beyond(load, worst)
        name = key.charge_point_id
        if self._book.charge_points[name] is worst or name not in self._most:
            return extra  # it is the only one that counts, or nobody knows a maximum
        held, most = self._held[name], self._most[name]
        return beyond(lower(plus(held, extra), most), lower(held, most))

    def take(self, key: ConnectorKey, load: Load) -> None:
        """It may draw this from now on."""
        name = key.charge_point_id
        if self._book.charge_points[name] is not self._book.exposures[key].worst:
            self._held[name] = plus(self._held[name], beyond(load, self._book.exposures[key].worst))

    @cached_property
    def _held(self) -> dict[str, Load]:
        """Per charge point, the sum of its connectors."""
        sums: dict[str, Load] = {}
        for key, exposure in self._book.exposures.items():
            sums[key.charge_point_id] = plus(sums.get(key.charge_point_id, NO_LOAD), exposure.worst)
        return sums

    @cached_property
    def _most(self) -> dict[str, Load]:
        return most_together(self._snapshot, self._snapshot.settings)
