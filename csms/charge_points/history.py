"""What is remembered of a charge point from one connection to the next, while the process lives."""

from __future__ import annotations

from collections import deque

from csms.charge_points.session import EarlyStart
from csms.charge_points.trace import Trace
from csms.charge_points.v201.sequence import Sequence

FLAPPING_CONNECTIONS = 5
FLAPPING_WITHIN_S = 60.0


class History:
    """`broken_off` counts the times in a row that it was asked and the answers never came; the starts are those that
    were answered and have no connector yet, the sequences tell which messages of a transaction have come.
    """

    def __init__(self, trace: Trace | None) -> None:
        self.trace = trace
        self.broken_off = 0
        self.early_starts: dict[str, EarlyStart] = {}
        self.unplaced_starts: dict[str, int] = {}
        self.sequences: dict[str, Sequence] = {}
        self._connected_at_s: deque[float] = deque(maxlen=1000)
        self._reported_at_s: float | None = None

    def connected(self, steady_s: float) -> int | None:
        """Count a connection; how many there were lately if that is to be reported now, at most once a minute."""
        self._connected_at_s.append(steady_s)
        while self._connected_at_s[0] < steady_s - FLAPPING_WITHIN_S:
            self._connected_at_s.popleft()
        count = len(self._connected_at_s)
        reported = self._reported_at_s is not None and steady_s - self._reported_at_s < FLAPPING_WITHIN_S
        if count < FLAPPING_CONNECTIONS or reported:
            return None
        self._reported_at_s = steady_s
        return count
