"""How it went, and what must never happen."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


class Broken(AssertionError):
    """Something happened that must never happen."""


@dataclass
class Tally:
    """`kinds` counts frames, `answers` pairs of the kind of a call and the answer to it, `closed` why sockets ended,
    `asked` how our own requests to hostile chargers ended."""

    frames: int = 0
    connections: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    answers: Counter[tuple[str, str]] = field(default_factory=Counter)
    closed: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)

    def by_answer(self) -> Counter[str]:
        found: Counter[str] = Counter()
        for (_, answer), count in self.answers.items():
            found[answer] += count
        return found

    def add(self, more: Tally) -> None:
        self.frames += more.frames
        self.connections += more.connections
        self.kinds += more.kinds
        self.answers += more.answers
        self.closed += more.closed
        self.asked += more.asked
