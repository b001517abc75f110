"""The calls a charge point still has to make, in order, and which of them outlive a lost connection."""

from collections import deque
from collections.abc import Iterable

from simulators.frames import Call


class Outbox:
    """A queue of own CALLs. `in_flight` is the one that was sent and not answered yet."""

    def __init__(self) -> None:
        self._waiting: deque[Call] = deque()
        self.in_flight: Call | None = None

    def add(self, calls: Iterable[Call]) -> None:
        self._waiting.extend(calls)

    def take(self) -> Call | None:
        """The next call to make."""
        return self._waiting.popleft() if self._waiting else None

    def take_triggered(self) -> Call | None:
        """The next call that the central system asked for; the others wait until it accepts us."""
        call = next((call for call in self._waiting if call.triggered), None)
        if call is not None:
            self._waiting.remove(call)
        return call

    def put_back(self, call: Call) -> None:
        """Make this call again, before all others."""
        self._waiting.appendleft(call)

    def connection_lost(self) -> list[Call]:
        """Keep what is about transactions, drop and return the rest."""
        calls = list(self._waiting)
        if self.in_flight is not None:
            calls.insert(0, self.in_flight)
            # Unanswered, so it is made again; ids of the old connection mean nothing on the next.
            self.in_flight.message_id, self.in_flight.attempts = "", 0
            self.in_flight = None
        self._waiting = deque(call for call in calls if call.transaction is not None)
        return [call for call in calls if call.transaction is None]

    def holds(self, action: str) -> bool:
        """Whether a call with this action is waiting or under way."""
        under_way = self.in_flight is not None and self.in_flight.action == action
        return under_way or any(call.action == action for call in self._waiting)

    @property
    def holds_transactions(self) -> bool:
        """Whether the central system has yet to hear of something about a transaction."""
        under_way = self.in_flight is not None and self.in_flight.transaction is not None
        return under_way or any(call.transaction is not None for call in self._waiting)

    @property
    def untold(self) -> int:
        """Of how many connectors the central system has yet to hear that a transaction has begun or ended."""
        calls = [*filter(None, [self.in_flight]), *self._waiting]
        return len({call.transaction.connector_id for call in calls if call.transaction is not None and _turns(call)})


def _turns(call: Call) -> bool:
    """Whether it tells that a transaction has begun or ended."""
    return call.action in ("StartTransaction", "StopTransaction") or call.payload.get("eventType") in (
        "Started",
        "Ended",
    )
