"""Our requests to one charge point: one on the wire, the others in line (part 4 section 4.1.1)."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from csms.charge_points.codec import JsonObject
from csms.domain.tallies import OcppTally

_QUIET_S = 0.05
"""So long nobody has had anything to say when it is quiet: what an answer leads to is decided sooner."""


class Sender(Protocol):
    def send(self, text: str) -> None:
        """Takes a frame; neither blocks nor raises."""


class CallFailed(Exception):
    """A call to the charge point brought no usable answer."""


class CallErrorAnswered(CallFailed):
    """The charge point answered with a CALLERROR."""

    def __init__(self, code: str, description: str, details: JsonObject) -> None:
        super().__init__(f"{code}: {description}")
        self.code = code
        self.description = description
        self.details = details

    @property
    def knows_no_such_request(self) -> bool:
        """Whether it has certainly done nothing about it, which is a clear answer (2.0.1 K01.FR.29)."""
        return self.code in {"NotImplemented", "NotSupported"}


class CallTimeout(CallFailed):
    """No answer in time; the charge point may have acted all the same."""


class ConnectionLost(CallFailed):
    """The connection ended first; whether the charge point saw the call is unknown."""


class QueueFull(CallFailed):
    """Too many calls are waiting already; this one was not sent."""


class AnswerInvalid(CallFailed):
    """The answer breaks its schema beyond repair; the charge point may have acted."""


@dataclass(slots=True, eq=False)
class Outgoing:
    message_id: str
    action: str
    frame: str
    outcome: asyncio.Future[JsonObject | CallFailed] = field(init=False)
    sent_s: float | None = None


class Calls:
    """Our requests: one on the wire, the others in line behind it (part 4 section 4.1.1).

    `tally` counts them, under the name of the protocol.
    """

    def __init__(
        self, sender: Sender, timeout_s: float, max_queued: int, tally: OcppTally | None = None, protocol: str = ""
    ) -> None:
        self._sender = sender
        self._tally = tally if tally is not None else OcppTally()
        self._protocol = protocol
        self._timeout_s = timeout_s
        self._max_queued = max_queued
        self._current: Outgoing | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._queue: deque[Outgoing] = deque()
        self._when_idle: list[Callable[[], None]] = []

    @property
    def idle(self) -> bool:
        """Whether a call would leave at once."""
        return self._current is None and not self._queue

    def when_idle(self, then: Callable[[], None]) -> None:
        """Call `then` once, as soon as no call is on the wire or in line: at the end of the connection, if not sooner;
        at once if there is none."""
        self._when_idle.append(then)
        self._tell_idle()

    async def quiet(self) -> None:
        """Wait until nobody has anything to say to the charge point."""
        while True:
            await asyncio.sleep(_QUIET_S)
            if self.idle:
                return
            idle = asyncio.Event()
            self.when_idle(idle.set)
            await idle.wait()

    async def run(self, call: Outgoing) -> JsonObject:
        if self._current is not None and len(self._queue) >= self._max_queued:
            self._tally.answered(self._protocol, call.action, QueueFull.__name__, None)
            raise QueueFull(f"{self._max_queued} calls are waiting")
        call.outcome = asyncio.get_running_loop().create_future()
        self._queue.append(call)
        self._tally.waiting += 1
        self._send_next()
        try:
            outcome = await call.outcome
        except asyncio.CancelledError:
            if call in self._queue:
                self._queue.remove(call)
            raise
        finally:
            self._tally.waiting -= 1
        if isinstance(outcome, CallFailed):
            raise outcome
        return outcome

    def action_of(self, message_id: str) -> str | None:
        """The action of the call on the wire, if that is its id."""
        current = self._current
        return current.action if current is not None and current.message_id == message_id else None

    def finish(self, message_id: str, outcome: JsonObject | CallFailed) -> bool:
        """Ends the call on the wire and sends the next; False if it has another id."""
        if self.action_of(message_id) is None:
            return False
        self._settle(outcome)
        self._send_next()
        self._tell_idle()
        return True

    def end(self) -> None:
        while self._current is not None or self._queue:
            self._current = self._current or self._queue.popleft()
            self._settle(ConnectionLost("the connection has ended"))
        self._tell_idle()

    def _send_next(self) -> None:
        while self._current is None and self._queue:
            call = self._queue.popleft()
            if call.outcome.cancelled():
                continue
            self._current = call
            self._sender.send(call.frame)
            loop = call.outcome.get_loop()
            call.sent_s = loop.time()
            self._timer = loop.call_later(self._timeout_s, self.finish, call.message_id, CallTimeout(call.action))

    def _tell_idle(self) -> None:
        if self._when_idle and self.idle:
            told, self._when_idle = self._when_idle, []
            for then in told:
                then()

    def _settle(self, outcome: JsonObject | CallFailed) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        current, self._current = self._current, None
        if current is None:
            return
        result = type(outcome).__name__ if isinstance(outcome, CallFailed) else "Answered"
        took_s = None if current.sent_s is None else current.outcome.get_loop().time() - current.sent_s
        self._tally.answered(self._protocol, current.action, result, took_s)
        if not current.outcome.done():
            current.outcome.set_result(outcome)
