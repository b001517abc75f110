"""The doors: who may knock, and how long a refusal takes. The shell around handshake (who gets in) and guard."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable
from http import HTTPStatus
from typing import cast

import structlog
from websockets.asyncio.server import ServerConnection
from websockets.datastructures import Headers
from websockets.exceptions import InvalidHeader
from websockets.headers import parse_subprotocol
from websockets.http11 import Request, Response

from csms.charge_points.guard import FailedLogins, Handshakes, Limits, network_of
from csms.charge_points.handshake import OPEN_ENTRANCE, WITHOUT_PROOF, Refusal, decide
from csms.charge_points.securing import secured
from csms.charge_points.tls import subject
from csms.domain.ports import Directory
from csms.domain.suspicion import LOW_PROFILE, WRONG_LOGIN
from csms.domain.tallies import OcppTally


class Doors:
    """Everybody who connects passes here. `closing`: nobody gets in any more."""

    def __init__(self, directory: Directory, limits: Limits, tally: OcppTally | None = None) -> None:
        self.closing = False
        self._tally = tally if tally is not None else OcppTally()
        self.handshake_timeout_s = limits.handshake_timeout_s
        self._directory = directory
        self._handshakes: Handshakes[Caller] = Handshakes(limits.max_handshakes_per_address)
        # The library gives up on the whole handshake after its timeout, whoever is waiting in it.
        self._failed_logins = FailedLogins(min(limits.failed_login_delay_s, limits.handshake_timeout_s / 2))
        self._waiting = 0
        self._closed = asyncio.Event()
        self._log = structlog.get_logger()

    def close(self) -> None:
        """Wait no longer for those who have not said who they are, nor with answering those who said it wrongly."""
        self.closing = True
        self._closed.set()
        for caller in self._handshakes.all():
            caller.transport.abort()

    def knocked(self, caller: Caller) -> None:
        dawdler, first = self._handshakes.begun(caller.address, caller)
        if dawdler is not None:
            dawdler.transport.abort()
        if first:
            self._log.warning("ocpp.too_many_handshakes", address=caller.address)

    def left(self, caller: Caller) -> None:
        self._handshakes.ended(caller.address, caller)

    def process_request(self, caller: Caller, request: Request) -> Response | Awaitable[Response] | None:
        """As `websockets` asks it: None lets the caller in."""
        self.left(caller)
        if self.closing:
            self._tally.refused[HTTPStatus.SERVICE_UNAVAILABLE.value] += 1
            return caller.respond(HTTPStatus.SERVICE_UNAVAILABLE, "the central system restarts\n")
        authorization = next(iter(request.headers.get_all("Authorization")), None)
        certificate = subject(caller.transport.get_extra_info("ssl_object"))
        offered = _offered(request.headers)
        decision = decide(request.path, authorization, offered, self._directory, caller.entrance, certificate)
        if not isinstance(decision, Refusal):
            caller.entry = decision.entry
            self._failed_logins.succeeded(decision.charge_point_id)
            return None
        self._tally.refused[decision.status.value] += 1
        identity = decision.charge_point_id or ""
        if decision.status in _SUSPICIOUS:
            text = decision.reason if authorization or certificate else "no credentials"
            self._directory.suspect(identity, _SUSPICIOUS[decision.status], text, caller.address)
        if decision.status in _PROVEN:
            self._tell(caller, decision)
            return _refusal(caller, decision)
        delay = self._failed_logins.failed(caller.address, identity, caller.loop.time(), self._waiting)
        if delay.told:
            self._tell(caller, decision, failures=delay.failures)
        return self._refused_later(caller, decision, delay.seconds) if delay.seconds else _refusal(caller, decision)

    async def _refused_later(self, caller: Caller, refusal: Refusal, delay_s: float) -> Response:
        caller.hold()  # nothing that is sent meanwhile takes our memory
        self._waiting += 1
        try:
            async with asyncio.timeout(delay_s):
                await self._closed.wait()
        except TimeoutError:
            pass  # as it is meant
        finally:
            self._waiting -= 1
        caller.release()
        return _refusal(caller, refusal)

    def _tell(self, caller: Caller, refusal: Refusal, **more: int) -> None:
        self._log.info(
            "ocpp.refused",
            charge_point_id=refusal.charge_point_id,
            status=refusal.status.value,
            reason=refusal.reason,
            address=caller.address,
            **more,
        )


class Caller(ServerConnection):
    """A connection that knocks. `doors` is set before it does, and `tls` where it has to speak TLS first.

    Event loops tell of a TLS connection once its handshake is over. Here the socket is taken over before, so that
    whoever never gets that far counts too, and is known by its address.
    """

    doors: Doors
    tls: ssl.SSLContext | None = None
    _decrypted: list[bytes] | None = None
    """What was decrypted so far, while the handshake is not over; None: it is, or there is none."""

    entrance = OPEN_ENTRANCE
    entry = WITHOUT_PROOF
    address = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        peer = transport.get_extra_info("peername")
        self.address = network_of(peer[0]) if peer else ""
        if self.tls is None:
            super().connection_made(transport)
        else:
            self.transport = cast(asyncio.Transport, transport)
            self._decrypted = []
            self._securing = secured(self.transport, self, self.tls, self.doors.handshake_timeout_s)
            self._securing.add_done_callback(self._secured)
        self.doors.knocked(self)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._decrypted is None:
            super().connection_lost(exc)
        self.doors.left(self)

    def data_received(self, data: bytes) -> None:
        if self._decrypted is None:
            super().data_received(data)
        else:
            self._decrypted.append(data)  # it came with the end of the handshake

    def eof_received(self) -> None:
        if self._decrypted is None:
            super().eof_received()

    def _secured(self, securing: asyncio.Task[asyncio.Transport | None]) -> None:
        transport = None if securing.cancelled() else securing.result()
        del self._securing
        if transport is None or transport.is_closing():
            self.transport.abort()
            self.doors.left(self)
            return
        early, self._decrypted = b"".join(self._decrypted or ()), None
        super().connection_made(transport)
        if early:
            self.data_received(early)

    def hold(self) -> None:
        """Read nothing until `release`."""
        if not self.transport.is_closing():
            self.transport.pause_reading()

    def release(self) -> None:
        if not self.transport.is_closing():
            self.transport.resume_reading()


_PROVEN = (HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN)
"""Refusals of who has proved who it is, or need not."""

_SUSPICIOUS = {HTTPStatus.UNAUTHORIZED: WRONG_LOGIN, HTTPStatus.FORBIDDEN: LOW_PROFILE}


def _refusal(caller: ServerConnection, refusal: Refusal) -> Response:
    response = caller.respond(refusal.status, refusal.reason + "\n")
    if refusal.status is HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = 'Basic realm="OCPP", charset="UTF-8"'
    return response


def _offered(headers: Headers) -> list[str]:
    """The subprotocols offered; none where the header cannot be read (the library refuses it anyway)."""
    try:
        return [name for line in headers.get_all("Sec-WebSocket-Protocol") for name in parse_subprotocol(line)]
    except InvalidHeader:
        return []
