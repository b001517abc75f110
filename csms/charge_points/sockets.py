"""Sockets as a live charge point's transport, and the pings that notice a dead peer."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from math import inf
from typing import Protocol

import structlog
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from csms.charge_points.connection import Transport
from csms.charge_points.direct import DirectConnection, Meter
from csms.charge_points.guard import Allowance

Receive = Callable[[str | bytes], None]
"""Takes a frame; never raises."""

MAX_UNSENT_BYTES = 1024 * 1024
"""What may wait for a charge point that does not read; a charging profile has about one kilobyte."""

_MAX_UNSENT_FRAMES = 1000
_LAST_FRAMES_S = 1.0
_POLICY_VIOLATION = 1008
_PROBED_AT_ONCE = 100


class Socket(Transport, Protocol):
    """A live charge point's transport, as the server that owns it sees it."""

    async def read(self, receive: Receive, meter: Meter) -> None:
        """Hand over every message, no faster than the meter says, until the socket is closed."""
        ...

    def hold(self) -> None:
        """Read nothing until `leave`, where that can be had."""
        ...

    def leave(self, code: int, reason: str) -> None:
        """Close behind what was sent before."""
        ...


class Throttle:
    """Implements direct.Meter with an allowance, and says what comes of it: once when a charge point is slowed, once
    when it is closed because it never let up."""

    __slots__ = ("_allowance", "_charge_point_id", "_transport", "spend")

    def __init__(self, allowance: Allowance, charge_point_id: str, transport: Transport) -> None:
        self._allowance = allowance
        self._charge_point_id = charge_point_id
        self._transport = transport
        self.spend = allowance.spend

    def pause_s(self, now_s: float) -> float:
        pause = self._allowance.refill(now_s)
        if pause.flood:
            structlog.get_logger().warning("charge_point.flood", charge_point_id=self._charge_point_id)
            self._transport.close(_POLICY_VIOLATION, "too many messages")
            return inf
        if pause.begins:
            structlog.get_logger().info("charge_point.slowed", charge_point_id=self._charge_point_id)
        return pause.seconds


class _Closing:
    """Closes a socket once, without waiting for it."""

    def __init__(self, socket: ServerConnection) -> None:
        self._connection = socket
        self._closing: asyncio.Task[None] | None = None

    def close(self, code: int, reason: str) -> None:
        if self._closing is None:
            self._closing = asyncio.create_task(self._connection.close(code, reason))


class DirectTransport(_Closing):
    """Implements Socket: frames leave at once, or wait in the socket's own buffer."""

    def __init__(self, socket: DirectConnection) -> None:
        super().__init__(socket)
        self._socket = socket

    def send(self, text: str) -> None:
        if self._closing is not None:
            return
        if self._socket.unsent_bytes() > MAX_UNSENT_BYTES:
            self.close(_POLICY_VIOLATION, "frames are not read")
        else:
            self._socket.send_text(text)

    async def read(self, receive: Receive, meter: Meter) -> None:
        await self._socket.listen(receive, meter)

    def hold(self) -> None:
        self._socket.hold()

    def leave(self, code: int, reason: str) -> None:
        self.close(code, reason)
        self._socket.ignore()
        self._socket.release()


class QueuedTransport(_Closing):
    """Implements Socket with the library's public interface: a bounded queue in front of the socket, and
    one task that empties it."""

    def __init__(self, socket: ServerConnection) -> None:
        super().__init__(socket)
        self._socket = socket
        self._unsent: asyncio.Queue[str] = asyncio.Queue(_MAX_UNSENT_FRAMES)

    def send(self, text: str) -> None:
        if self._closing is not None:
            return
        try:
            self._unsent.put_nowait(text)
        except asyncio.QueueFull:
            self.close(_POLICY_VIOLATION, "frames are not read")

    async def read(self, receive: Receive, meter: Meter) -> None:
        writer = asyncio.create_task(self.write())
        try:
            async for frame in self._socket:
                receive(frame)
                if not meter.spend(1, len(frame)) and not await _patience(meter):
                    await self._socket.wait_closed()
                if self._unsent.qsize() > _MAX_UNSENT_FRAMES // 2:
                    await asyncio.sleep(0)  # thousands of frames can come in one piece: answers must get away meanwhile
        except ConnectionClosed:
            pass  # the peer vanished; the close code tells what is known
        finally:
            writer.cancel()

    def hold(self) -> None:
        """The library decides alone when it reads; what is not answered any more the charge point sends again."""

    def leave(self, code: int, reason: str) -> None:
        if self._closing is None:
            self._closing = asyncio.create_task(self._leave(code, reason))

    async def _leave(self, code: int, reason: str) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LAST_FRAMES_S):
                await self._unsent.join()
        await self._socket.close(code, reason)

    async def write(self) -> None:
        """Runs until the socket is closed."""
        try:
            while True:
                await self._socket.send(await self._unsent.get())
                self._unsent.task_done()
        except ConnectionClosed:
            return


async def _patience(meter: Meter) -> bool:
    """Wait until the meter lets us read on; False if it never will."""
    loop = asyncio.get_running_loop()
    while pause_s := meter.pause_s(loop.time()):
        if pause_s == inf:
            return False
        await asyncio.sleep(pause_s)
    return True


async def probe_all(sockets: Callable[[], Iterable[ServerConnection]], interval_s: float) -> None:
    """Ping every direct connection so often, for ever: one task for all of them instead of two for each."""
    while True:
        await asyncio.sleep(interval_s)
        direct = [socket for socket in sockets() if isinstance(socket, DirectConnection)]
        for number, socket in enumerate(direct, start=1):
            try:
                socket.probe()
            except Exception:  # noqa: BLE001  # a socket's boundary: the others are pinged, and this one next time
                structlog.get_logger().exception("ocpp.ping_failed")
            if number % _PROBED_AT_ONCE == 0:
                await asyncio.sleep(0)
