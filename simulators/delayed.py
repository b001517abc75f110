"""Changes of the profile store that a charger has accepted and not carried out yet."""

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from simulators.profiles import ProfileStore

Outcome = TypeVar("Outcome")


class DelayedChanges:
    """A queue: a change never has its effect before an earlier one, even when it is due before."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[float, Callable[[ProfileStore], object]]] = deque()

    @property
    def next_s(self) -> float | None:
        """When the next one is due, or None."""
        return self._waiting[0][0] if self._waiting else None

    def add(self, store: ProfileStore, change: Callable[[ProfileStore], Outcome], due_s: float) -> Outcome:
        """Accept a change for later and return its outcome on the store as it will be after all those before.

        What happens in between may still thwart it.
        """
        ahead = replace(store, installed=list(store.installed))
        for _, earlier in self._waiting:
            earlier(ahead)
        self._waiting.append((due_s, change))
        return change(ahead)

    def carry_out(self, store: ProfileStore, at_s: float) -> None:
        """Have the effect of all that is due."""
        while self._waiting and self._waiting[0][0] <= at_s:
            self._waiting.popleft()[1](store)

    def forget(self) -> None:
        self._waiting.clear()
