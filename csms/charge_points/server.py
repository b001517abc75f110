"""WebSockets in, charge points out: the shell around lifecycle and handshake."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
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
from csms.charge_points.handshake import OPEN_ENTRANCE, Entrance, choose
from csms.charge_points.handshake import identity as identity_of
from csms.charge_points.lifecycle import ChargePoints, LiveChargePoint, NotAdmitted
from csms.charge_points.sockets import DirectTransport, QueuedTransport, Socket, Throttle, probe_all
from csms.charge_points.tls import Tls
from csms.domain.ports import Directory
from csms.domain.suspicion import ANOTHER_ADDRESS
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
        self._servers: list[Server] = []
        self._tls: list[Tls] = []
        self._found_at: dict[str, tuple[Socket, str]] = {}
        self._probing: asyncio.Task[None] | None = None
        self._log = structlog.get_logger()

    async def start(self, host: str, port: int, entrance: Entrance = OPEN_ENTRANCE, tls: Tls | None = None) -> int:
        """Listen, and return the port bound (`port` 0: any free one); once for each listener."""
        server = await serve(
            self._serve,
            host,
            port,
            process_request=self._process_request,
            select_subprotocol=self._select_subprotocol,
            # called, and nothing else
            create_connection=cast(type[ServerConnection], functools.partial(self._connection, entrance, tls)),
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
        self._servers.append(server)
        if tls is not None:
            self._tls.append(tls)
        if self._direct and self._probing is None:
            self._probing = asyncio.create_task(probe_all(self._connections, PING_INTERVAL_S))
        bound: int = server.sockets[0].getsockname()[1]
        self._log.info(
            "ocpp.listening", host=host, port=bound, security_profile=entrance.security_profile, tls=tls is not None
        )
        return bound

    def reload_certificates(self, *, only_if_changed: bool = True) -> None:
        """New connections get what stands in the files now; what cannot be used is told once and changes nothing."""
        for tls in self._tls:
            tls.reload(only_if_changed=only_if_changed)

    async def stop(self) -> None:
        """Let nobody in any more and close every connection, many of them one after the other; takes at most 6 s.

        Whoever knocks meanwhile gets a 503 rather than a closed port, and comes back.
        """
        servers, self._servers = self._servers, []
        if not servers:
            return
        if self._probing is not None:
            self._probing.cancel()
        self._doors.closing = True
        try:
            async with asyncio.timeout(STOP_TIMEOUT_S):
                await self._say_goodbye()
                await self._close(servers)
        except TimeoutError:
            left = [connection for server in servers for connection in server.all_connections]
            self._log.warning("ocpp.stop_incomplete", connections=len(left))
            for connection in left:
                connection.transport.abort()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_ABORT_TIMEOUT_S):
                    await self._close(servers)

    async def _close(self, servers: Sequence[Server]) -> None:
        self._doors.close()
        for server in servers:
            server.close(code=_SERVICE_RESTART, reason=_GOODBYE)
        for server in servers:
            await server.wait_closed()

    def _connections(self) -> Iterator[ServerConnection]:
        for server in self._servers:
            yield from server.connections

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

    def _connection(
        self, entrance: Entrance, tls: Tls | None, *arguments: Any, **options: Any
    ) -> Caller:  # Any: the library's own
        connection = DirectConnection(*arguments, **options) if self._direct else Caller(*arguments, **options)
        connection.doors, connection.entrance, connection.tls = self._doors, entrance, tls
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
        self._find(live.charge_point_id, socket, cast(Caller, connection).address)
        try:
            await socket.read(live.receive, self._throttle(live.charge_point_id, socket))
        finally:
            self._sockets.discard(socket)
            self._tally.connections -= 1
            if self._found_at.get(live.charge_point_id, (None,))[0] is socket:
                del self._found_at[live.charge_point_id]
            live.closed(_end_of(connection))

    def _find(self, charge_point_id: str, socket: Socket, address: str) -> None:
        """A charge point that is connected, and comes again from elsewhere, may be two."""
        _, before = self._found_at.get(charge_point_id, (None, address))
        self._found_at[charge_point_id] = (socket, address)
        if address != before:
            text = f"connected from {address} while it was connected from {before}"
            self._directory.suspect(charge_point_id, ANOTHER_ADDRESS, text, address)

    def _throttle(self, charge_point_id: str, socket: Socket) -> Throttle:
        """One allowance for a charge point, however often it connects."""
        allowance = self._allowances.get(charge_point_id) or Allowance(self._limits, _now_s())
        self._allowances[charge_point_id] = allowance
        return Throttle(allowance, charge_point_id, socket)

    def _accept(self, socket: ServerConnection, transport: Transport) -> LiveChargePoint | None:
        entry = cast(Caller, socket).entry
        charge_point_id = identity_of(socket.request.path) if socket.request else None
        registration = self._directory.find(charge_point_id) if charge_point_id else None
        assumed = registration.settings.protocol if registration else None
        subprotocol = choose([socket.subprotocol] if socket.subprotocol else [], assumed)
        if charge_point_id is None or subprotocol is None:
            return None
        try:
            return self._charge_points.accept(charge_point_id, subprotocol, transport, entry)
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
