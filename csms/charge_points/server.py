"""WebSockets in, charge points out: the shell around lifecycle and handshake."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Sequence
from typing import Any, cast

import structlog
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from csms.charge_points.connection import Transport
from csms.charge_points.direct import DirectConnection
from csms.charge_points.doors import Caller, Doors
from csms.charge_points.guard import Allowance, Limits, Recent
from csms.charge_points.handshake import choose
from csms.charge_points.handshake import identity as identity_of
from csms.charge_points.lifecycle import ChargePoints, LiveChargePoint, NotAdmitted
from csms.charge_points.sockets import DirectTransport, QueuedTransport, Socket, Throttle, probe_all
from csms.domain.ports import Directory

MAX_FRAME_BYTES = 1024 * 1024
PING_INTERVAL_S = 20.0
STOP_TIMEOUT_S = 5.0

_CLOSE_TIMEOUT_S = 3.0
_DEFAULTS = Limits()
_WINDOW_BITS = 12
_POLICY_VIOLATION = 1008
_SERVICE_RESTART = 1012


class OcppServer:
    """Listens for charge points."""

    def __init__(
        self,
        directory: Directory,
        charge_points: ChargePoints,
        *,
        direct: bool = True,
        limits: Limits = _DEFAULTS,
    ) -> None:
        self._directory = directory
        self._charge_points = charge_points
        self._direct = direct
        self._limits = limits
        self._doors = Doors(directory, limits)
        self._allowances: Recent[str, Allowance] = Recent()
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
        """Stop listening and close every connection; takes at most 5 s."""
        if self._server is None:
            return
        server, self._server = self._server, None
        if self._probing is not None:
            self._probing.cancel()
        self._doors.close()
        server.close(code=_SERVICE_RESTART, reason="the central system restarts")
        try:
            async with asyncio.timeout(STOP_TIMEOUT_S):
                await server.wait_closed()
        except TimeoutError:
            self._log.warning("ocpp.stop_incomplete")

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
        try:
            await socket.read(live.receive, self._throttle(live.charge_point_id, socket))
        finally:
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
