"""WebSockets in, charge points out: the shell around lifecycle and handshake."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, cast

import structlog
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from csms.charge_points.connection import Transport
from csms.charge_points.direct import DirectConnection
from csms.charge_points.doors import Caller, Doors
from csms.charge_points.guard import CLOSING_INTERVAL_S, Allowance, Limits, Recent, closed_at_a_time
from csms.charge_points.handshake import choose
from csms.charge_points.handshake import identity as identity_of
from csms.charge_points.lifecycle import ChargePoints, LiveChargePoint, NotAdmitted
from csms.charge_points.sockets import DirectTransport, QueuedTransport, Socket, Throttle, probe_all
from csms.domain.ports import Directory
from csms.domain.tallies import OcppTally

MAX_FRAME_BYTES = 1024 * 1024
PING_INTERVAL_S = 20.0
STOP_TIMEOUT_S = 5.0

_CLOSE_TIMEOUT_S = 3.0
_FLUSH_TIMEOUT_S = 2.0
_ABORT_TIMEOUT_S = 0.5
_DEFAULTS = Limits()
_WINDOW_BITS = 12
_POLICY_VIOLATION = 1008
_SERVICE_RESTART = 1012
_GOODBYE = "the central system restarts"


class OcppServer:
    """Listens for charge points. `flush` returns when everything that answers wait for is on disk; `tally` counts who
    comes and who is refused."""

    def __init__(
        self,
        directory: Directory,
        charge_points: ChargePoints,
        *,
        direct: bool = True,
        limits: Limits = _DEFAULTS,
        flush: Callable[[], Awaitable[None]] | None = None,
        tally: OcppTally | None = None,
    ) -> None:
        self._directory = directory
        self._charge_points = charge_points
        self._direct = direct
        self._limits = limits
        self._flush = flush
        self._tally = tally if tally is not None else OcppTally()
        self._doors = Doors(directory, limits, self._tally)
        self._allowances: Recent[str, Allowance] = Recent()
        self._sockets: set[Socket] = set()
        self._server: Server | None = None
        self._probing: asyncio.Task[None] | None = None
        self._log = structlog.get_logger()

    async def start(self, host: str, port: int) -> int:
        """Listen, and return the port bound (`port` 0: any free one)."""
        self._server = await serve(
            self._serve,
            host,
            port,
            process_request=self._process_request,
            select_subprotocol=self._select_subprotocol,
            create_connection=cast(type[ServerConnection], self._connection),  # called, and nothing else
            compression=None,
            extensions=[_deflate()],
            max_size=MAX_FRAME_BYTES,
            open_timeout=self._limits.handshake_timeout_s,
            ping_interval=None if self._direct else PING_INTERVAL_S,
            ping_timeout=PING_INTERVAL_S,
            close_timeout=_CLOSE_TIMEOUT_S,
            server_header=None,
            logger=_quiet_logger(),
        )
        if self._direct:
            server = self._server
            self._probing = asyncio.create_task(probe_all(lambda: server.connections, PING_INTERVAL_S))
        bound: int = self._server.sockets[0].getsockname()[1]
        self._log.info("ocpp.listening", host=host, port=bound)
        return bound

    async def stop(self) -> None:
        """Let nobody in any more and close every connection, many of them one after the other; takes at most 6 s.

        Whoever knocks meanwhile gets a 503 rather than a closed port, and comes back.
        """
        if self._server is None:
            return
        server, self._server = self._server, None
        if self._probing is not None:
            self._probing.cancel()
        self._doors.closing = True
        try:
            async with asyncio.timeout(STOP_TIMEOUT_S):
                await self._say_goodbye()
                self._doors.close()
                server.close(code=_SERVICE_RESTART, reason=_GOODBYE)
                await server.wait_closed()
        except TimeoutError:
            self._log.warning("ocpp.stop_incomplete", connections=len(server.all_connections))
            self._doors.close()
            server.close(code=_SERVICE_RESTART, reason=_GOODBYE)
            for connection in list(server.all_connections):
                connection.transport.abort()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_ABORT_TIMEOUT_S):
                    await server.wait_closed()

    async def _say_goodbye(self) -> None:
        """Close them a few at a time: nothing more is read, what was read is answered, then the close frame leaves."""
        remaining, begun_s = list(self._sockets), _now_s()
        size = closed_at_a_time(len(remaining), self._limits.stop_spread_s)
        for number in range(len(remaining)):
            await asyncio.sleep(max(0, begun_s + number * CLOSING_INTERVAL_S - _now_s()))
            late = _now_s() - begun_s > self._limits.stop_spread_s
            batch = remaining if late else remaining[:size]
            remaining = remaining[len(batch) :]
            for socket in batch:
                socket.hold()
            await self._settle()
            for socket in batch:
                socket.leave(_SERVICE_RESTART, _GOODBYE)
            if not remaining:
                return

    async def _settle(self) -> None:
        """Until what was promised to be on disk is there, and has been answered."""
        if self._flush is None:
            return
        try:
            async with asyncio.timeout(_FLUSH_TIMEOUT_S):
                await self._flush()
            await asyncio.sleep(0)  # answers leave in callbacks of what was flushed
        except Exception:  # noqa: BLE001  # whoever was promised something is not answered, and says it again
            self._log.exception("ocpp.flush_failed")
            self._flush = None

    def _connection(self, *arguments: Any, **options: Any) -> Caller:  # Any: the library's own
        connection = DirectConnection(*arguments, **options) if self._direct else Caller(*arguments, **options)
        connection.doors = self._doors
        return connection

    def _process_request(
        self, connection: ServerConnection, request: Request
    ) -> Response | Awaitable[Response | None] | None:
        return self._doors.process_request(cast(Caller, connection), request)

    def _select_subprotocol(self, _connection: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
        """Exactly one, and none to a charge point that offered none: it was assumed."""
        chosen = choose(offered, None)
        return Subprotocol(chosen) if chosen else None

    async def _serve(self, connection: ServerConnection) -> None:
        socket = _socket(connection)
        live = self._accept(connection, socket)
        if live is None:
            await connection.close(_POLICY_VIOLATION, "unknown charge point")
            return
        self._sockets.add(socket)
        self._tally.connected += 1
        self._tally.connections += 1
        try:
            await socket.read(live.receive, self._throttle(live.charge_point_id, socket))
        finally:
            self._sockets.discard(socket)
            self._tally.connections -= 1
            live.closed(_end_of(connection))

    def _throttle(self, charge_point_id: str, socket: Socket) -> Throttle:
        """One allowance for a charge point, however often it connects."""
        allowance = self._allowances.get(charge_point_id) or Allowance(self._limits, _now_s())
        self._allowances[charge_point_id] = allowance
        return Throttle(allowance, charge_point_id, socket)

    def _accept(self, socket: ServerConnection, transport: Transport) -> LiveChargePoint | None:
        charge_point_id = identity_of(socket.request.path) if socket.request else None
        registration = self._directory.find(charge_point_id) if charge_point_id else None
        assumed = registration.settings.protocol if registration else None
        subprotocol = choose([socket.subprotocol] if socket.subprotocol else [], assumed)
        if charge_point_id is None or subprotocol is None:
            return None
        try:
            return self._charge_points.accept(charge_point_id, subprotocol, transport)
        except NotAdmitted:
            return None  # removed while its handshake was under way


def _socket(connection: ServerConnection) -> Socket:
    return DirectTransport(connection) if isinstance(connection, DirectConnection) else QueuedTransport(connection)


def _deflate() -> ServerPerMessageDeflateFactory:
    """permessage-deflate (RFC 7692), which 2.0.1 asks for (part 4 section 3.3), for whoever offers it.

    Nothing is remembered from one message to the next on either side: an idle charge point costs no memory for it.
    """
    return ServerPerMessageDeflateFactory(
        server_no_context_takeover=True,
        client_no_context_takeover=True,
        server_max_window_bits=_WINDOW_BITS,
        client_max_window_bits=_WINDOW_BITS,
        compress_settings={"memLevel": 5},
    )


def _end_of(socket: ServerConnection) -> str:
    """Close code and reason in words for people; 1006 where there was no closing handshake."""
    received = socket.protocol.close_rcvd  # known before the TCP connection has ended, unlike the socket's code
    return "1006" if received is None else f"{received.code} {received.reason}".strip()


def _quiet_logger() -> logging.Logger:
    """The library logs a traceback for every scanner and every broken handshake; what matters we log ourselves."""
    return logging.Logger("csms.websockets", level=logging.CRITICAL + 1)


def _now_s() -> float:
    """The event loop's time, which simulations can turn."""
    return asyncio.get_running_loop().time()
