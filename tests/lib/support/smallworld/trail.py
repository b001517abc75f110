"""Which states were visited, and by which way each was reached first."""

from __future__ import annotations


class Trail:
    """States are numbered in the order in which they were found; of each only the hash of what tells it apart is kept
    (of a million states, two have the same by accident once in some 37 million searches)."""

    def __init__(self) -> None:
        self._numbers: dict[int, int] = {}
        self._came: list[tuple[int, str]] = []

    def __len__(self) -> int:
        return len(self._came)

    def reach(self, identity: int, before: int, what: str) -> tuple[int, bool]:
        """The state's number, and whether it is new: `what` led to it from the state `before`."""
        number = self._numbers.setdefault(identity, len(self._came))
        is_new = number == len(self._came)
        if is_new:
            self._came.append((before, what))
        return number, is_new

    def way(self, number: int) -> str:
        """All that happened until then."""
        words = []
        while number:
            number, what = self._came[number]
            words.append(what)
        return " / ".join(reversed(words))
