"""Asking chargers for readings that the balancer misses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from csms.domain.model import ConnectorKey

_ASKED_AGAIN_S = 60.0
_MOST_DOUBLINGS = 6


@dataclass(frozen=True, slots=True)
class _Asked:
    """Asked `times`, the last time at `at_s` (steady clock)."""

    at_s: float
    times: int

    @property
    def again_s(self) -> float:
        """Who does not tell is asked less and less often: each question keeps a limit waiting until it is answered."""
        return self.at_s + _ASKED_AGAIN_S * float(2 ** min(self.times - 1, _MOST_DOUBLINGS))


class Asking:
    """Asks, by `ask`, for each reading when it is due, and again as long as it is missed."""

    def __init__(self, ask: Callable[[ConnectorKey], None]) -> None:
        self._ask = ask
        self._asked: dict[ConnectorKey, _Asked] = {}

    def missed(self, readings: Mapping[ConnectorKey, float], now_s: float) -> float | None:
        """The readings missed at `now_s`, and from when on each tells; when the next one has to be asked for (all on
        the steady clock)."""
        self._asked = {key: asked for key, asked in self._asked.items() if key in readings}
        due_s: list[float] = []
        for key, tells_s in readings.items():
            asked = self._asked.get(key)
            at_s = tells_s if asked is None else max(tells_s, asked.again_s)
            if at_s <= now_s:
                asked = self._asked[key] = _Asked(now_s, 1 if asked is None else asked.times + 1)
                self._ask(key)
                at_s = asked.again_s
            due_s.append(at_s)
        return min(due_s, default=None)
