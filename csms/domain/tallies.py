"""What is counted while the system runs, for whoever watches it: plain numbers, added to where things happen.

Nothing here takes part in a decision, and nothing survives the process. The message path adds to a dictionary and no
more; what can be read off the state is not counted at all.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

_FAST_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
_SLOW_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_ROWS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)

UNKNOWN_ACTION = "unknown"
"""Stands for every action that is not answered: what a stranger invents must not become a name that is kept."""


class Distribution:
    """How often a value was at most each bound, and their sum."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = tuple(bounds)
        self.counts = [0] * (len(self.bounds) + 1)
        self.total = 0.0

    def note(self, value: float) -> None:
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value


def _fast() -> Distribution:
    return Distribution(_FAST_S)


@dataclass(slots=True)
class OcppTally:
    """The traffic with charge points.

    `received` and `sent` count requests by protocol and what became of them, and by action; `answer_times` are those
    of charge points, in seconds, by action. `waiting` requests of ours have not been answered yet, most of them because
    they have not been sent. `refused` counts handshakes by HTTP status.
    """

    received: dict[tuple[str, str], dict[str, int]] = field(default_factory=dict)
    sent: dict[tuple[str, str], dict[str, int]] = field(default_factory=dict)
    answer_times: dict[str, Distribution] = field(default_factory=dict)
    undecodable: int = 0
    waiting: int = 0
    connections: int = 0
    connected: int = 0
    refused: Counter[int] = field(default_factory=Counter)

    def answered_of(self, protocol: str, actions: Iterable[str]) -> dict[str, int]:
        """The requests of a protocol that were answered as they should be, by action, each of which is there: who
        counts adds 1 and does nothing else."""
        counts = self.received.setdefault((protocol, "Answered"), {})
        for action in actions:
            counts.setdefault(action, 0)
        return counts

    def refuse(self, protocol: str, action: str, result: str) -> None:
        """A request was answered with an error, or not at all."""
        _add(self.received, protocol, action, result)

    def answered(self, protocol: str, action: str, result: str, took_s: float | None) -> None:
        """A request of ours has come to its end; `took_s` None: it was never sent."""
        _add(self.sent, protocol, action, result)
        if took_s is not None:
            times = self.answer_times.get(action)
            if times is None:
                times = self.answer_times[action] = Distribution(_SLOW_S)
            times.note(took_s)


def _add(requests: dict[tuple[str, str], dict[str, int]], protocol: str, action: str, result: str) -> None:
    counts = requests.setdefault((protocol, result), {})
    counts[action] = counts.get(action, 0) + 1


@dataclass(slots=True)
class ApiTally:
    """Requests to the API by method, route and status; how long they took, in seconds, by method and route."""

    requests: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    times: dict[tuple[str, str], Distribution] = field(default_factory=dict)

    def answered(self, method: str, route: str, status: int, took_s: float | None) -> None:
        """`took_s` None: that says nothing of us."""
        self.requests[method, route, status] += 1
        if took_s is None:
            return
        times = self.times.get((method, route))
        if times is None:
            times = self.times[method, route] = Distribution(_SLOW_S)
        times.note(took_s)


@dataclass(slots=True)
class SiteTally:
    """A site's decisions: how long each took in seconds, how many found more permitted than the budget, how many limits
    left, and what became of those (`limits`)."""

    decisions: Distribution = field(default_factory=_fast)
    over_budget: int = 0
    limits_sent: int = 0
    limits: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class StoreTally:
    """Commits: how long each took in seconds, how many rows it wrote, and how many failed."""

    times: Distribution = field(default_factory=_fast)
    rows: Distribution = field(default_factory=lambda: Distribution(_ROWS))
    failed: int = 0


@dataclass(frozen=True, slots=True)
class StoreFigures:
    """A store at this moment: what waits to be written, for somebody (`urgent`) and for nobody (`behind`), and the
    sizes of its files in bytes by what they hold."""

    tally: StoreTally
    urgent: int
    behind: int
    file_bytes: dict[str, int]


Answered = Callable[[str, str, float | None], None]
"""Called with the action of a request of ours, what became of it, and how long that took."""
