"""A connection that is two queues: what tests and simulations use in place of a socket."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from simulators.transport import TransportClosed

Delay = Callable[[str], float]
"""How many seconds a frame is under way; frames of one direction never overtake each other."""


Copies = Callable[[str], int]
"""How often a frame arrives: 1 as a rule, 0 when it is lost and the connection survives, 2 when it comes twice."""


@dataclass(frozen=True, slots=True)
class Link:
    """What becomes of the frames of one direction; without a delay they arrive at once."""

    delay: Delay | None = None
    copies: Copies | None = None


class MemoryPipe:
    """One end of a connection in memory; a `Transport`."""

    def __init__(self, link: Link) -> None:
        self._delay = link.delay
        self._copies = link.copies
        self._peer: MemoryPipe | None = None
        self._under_way: deque[str | None] = deque()
        self._arrived: deque[str] = deque()
        self._due = 0.0
        self._news = asyncio.Event()
        self._cut = False
        self._ended = False

    @classmethod
    def pair(
        cls, to_first: Link | Delay | None = None, to_second: Link | Delay | None = None
    ) -> tuple["MemoryPipe", "MemoryPipe"]:
        """Two connected ends; a link belongs to the direction towards the end it is named after."""
        first, second = cls(_link(to_second)), cls(_link(to_first))
        first._peer, second._peer = second, first
        return first, second

    async def send(self, text: str) -> None:
        """Send one frame to the other end; raises TransportClosed after either side has ended the connection."""
        if self._cut or self._peer is None:
            raise TransportClosed("the memory pipe is closed")
        for _ in range(1 if self._copies is None else self._copies(text)):
            self._dispatch(text, self._peer)

    async def receive(self) -> str:
        while not self._arrived:
            if self._ended or self._cut:
                raise TransportClosed("the memory pipe is closed")
            self._news.clear()
            await self._news.wait()
        return self._arrived.popleft()

    async def close(self) -> None:
        """End the connection; frames under way to the other end still arrive there, before the end does."""
        if self._cut or self._peer is None:
            return
        self._dispatch(None, self._peer)
        self._break()

    def cut(self) -> None:
        """Lose the connection at once in both directions, with everything under way."""
        for end in (self, self._peer):
            if end is not None:
                end._under_way.clear()
                end._break()

    @property
    def closed(self) -> bool:
        """Whether this end can no longer send."""
        return self._cut

    def _break(self) -> None:
        self._cut = True
        self._news.set()

    def _dispatch(self, item: str | None, peer: "MemoryPipe") -> None:
        if self._delay is None:
            peer._take(item)
            return
        loop = asyncio.get_running_loop()
        self._due = max(self._due, loop.time() + (self._delay(item) if item is not None else 0.0))
        self._under_way.append(item)
        # The timer takes the oldest frame, whichever it was set for: equal instants keep their order.
        loop.call_at(self._due, self._deliver, peer)

    def _deliver(self, peer: "MemoryPipe") -> None:
        if self._under_way:
            peer._take(self._under_way.popleft())

    def _take(self, item: str | None) -> None:
        if self._cut:
            return
        if item is None:
            self._ended = True
            self._cut = True
        else:
            self._arrived.append(item)
        self._news.set()


def _link(given: Link | Delay | None) -> Link:
    return given if isinstance(given, Link) else Link(delay=given)
