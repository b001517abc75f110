"""Requests that are not HTTP: answered as problems too. aiohttp's own answers and log lines quote what was sent,
and a header that cannot be parsed may hold a key."""

from __future__ import annotations

import asyncio
from typing import Any

import structlog
from aiohttp import HttpVersion11, web

from csms.api.problems import Problem

log = structlog.get_logger(__name__)

IDLE_S = 180.0
"""A connection without a whole request for so long is closed: longer than what usual proxies keep one open unused."""

# allowed, though aiohttp's annotation does not say so
_OPTIONS: dict[str, Any] = {"access_log": None, "keepalive_timeout": IDLE_S}


class TurnedAway(asyncio.Protocol):
    """A connection for which there is no room."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()


class Connection(web.RequestHandler):
    """One client's connection."""

    __slots__ = ()

    def __init__(self, server: web.Server) -> None:
        super().__init__(server, loop=asyncio.get_running_loop(), **_OPTIONS)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # quotes what was sent, so it is not passed on
    ) -> web.StreamResponse:
        if status >= 500:
            log.error("api_connection_failed", exc_info=exc)
        else:
            log.info("api_request_malformed", status=status, remote=request.remote)
        if request.writer.output_size > 0:
            raise ConnectionError("an answer is under way; there is no room for another")
        problem = Problem(status, "The server failed." if status >= 500 else "The request is not valid HTTP.")
        response = problem.response()
        response.force_close()
        return response


async def expect(request: web.Request) -> web.StreamResponse | None:
    """RFC 9110 section 10.1.1: 100-continue is the only expectation there is."""
    if request.version < HttpVersion11:
        return None  # must be ignored there
    if request.headers.get("Expect", "").lower() != "100-continue":
        return Problem(417, "Only 100-continue can be expected.").response()
    await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    # As in aiohttp's own handler: the interim answer does not count as the beginning of the answer.
    request.writer.output_size = 0
    return None
