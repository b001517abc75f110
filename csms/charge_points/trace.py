"""The last messages of each charge point, as they went over the wire: for whoever looks for a fault.

Every message passes here, so nothing is read, copied or encoded: a frame is kept as it is, and understood when somebody
asks (api/messages.py).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice

from csms.domain.model import Moment
from csms.domain.ports import TracedMessage, TracedMessages

LARGEST_FRAME = 16_384
"""Of a longer frame only so many characters are kept."""

_Entry = tuple[float, bool, str | bytes, int]


@dataclass(frozen=True, slots=True)
class TraceLimits:
    """What is kept of each charge point at most; `characters` of all its messages together."""

    messages: int = 100
    characters: int = 65_536


class Trace:
    """Of one charge point, over all its connections."""

    __slots__ = ("_characters", "_entries", "_forgotten", "_most", "_most_characters", "_now")

    def __init__(self, now: Callable[[], Moment], limits: TraceLimits) -> None:
        self._now = now
        self._most = limits.messages
        self._most_characters = limits.characters
        self._entries: deque[_Entry] = deque()
        self._characters = 0
        self._forgotten = 0

    def note(self, frame: str | bytes, sent: bool) -> None:
        """Keep a frame that came, or was sent."""
        size = len(frame)
        if size > LARGEST_FRAME:
            frame = frame[:LARGEST_FRAME]
        self._entries.append((self._now().utc_s, sent, frame, size))
        self._characters += len(frame)
        if self._characters > self._most_characters or len(self._entries) > self._most:
            self._forget()

    def messages(self, after: int, limit: int) -> TracedMessages:
        """Those with numbers above `after`, oldest first; the last `limit` of them."""
        newest = self._forgotten + len(self._entries)
        if after > newest:  # a number of an earlier process
            after = 0
        first = max(after, self._forgotten, newest - limit)
        found = islice(self._entries, first - self._forgotten, None)
        items = tuple(TracedMessage(number, *_read(entry)) for number, entry in enumerate(found, first + 1))
        return TracedMessages(items, newest)

    def _forget(self) -> None:
        entries = self._entries
        while len(entries) > self._most or self._characters > self._most_characters:
            self._characters -= len(entries.popleft()[2])
            self._forgotten += 1


def _read(entry: _Entry) -> tuple[float, bool, str, int]:
    at_s, sent, frame, size = entry
    return at_s, sent, frame if isinstance(frame, str) else frame.decode("utf-8", "replace"), size
