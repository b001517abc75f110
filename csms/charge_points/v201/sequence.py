"""Which messages of a transaction have come, by their seqNo (E01.FR.07): pure, and of bounded size."""

from __future__ import annotations

_AHEAD_AT_MOST = 1000


class Sequence:
    """The numbers seen of a sequence that begins at `first` and rises by one.

    A charger that sends every message with the same number never has a gap.
    """

    def __init__(self, first: int = 0) -> None:
        self._next = first
        self._ahead: set[int] = set()
        self._lost = 0
        self.highest = first - 1

    def add(self, number: int) -> None:
        if number >= self._next:
            self._ahead.add(number)
            self.highest = max(self.highest, number)
        while self._next in self._ahead:
            self._ahead.discard(self._next)
            self._next += 1
        if len(self._ahead) > _AHEAD_AT_MOST:  # what is missing of so many will not come any more
            self._lost = self.missing
            self._ahead.clear()
            self._next = self.highest + 1

    @property
    def missing(self) -> int:
        """How many below the highest have not come."""
        return self._lost + self.highest + 1 - self._next - len(self._ahead)


def sequence_of(sequences: dict[str, Sequence], transaction_id: str, first: int, at_most: int) -> Sequence:
    """The sequence of a transaction, begun at `first`. Of too many the one begun longest ago is forgotten."""
    found = sequences.get(transaction_id)
    if found is None:
        found = sequences[transaction_id] = Sequence(first)
        if len(sequences) > at_most:
            del sequences[next(iter(sequences))]
    return found
