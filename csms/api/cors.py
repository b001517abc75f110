"""Pages of other origins that may use the interface (Fetch standard, CORS protocol): none, unless they are named."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection

from aiohttp import web

_ASKED = "Authorization, Content-Type, If-Match, If-None-Match, Last-Event-ID, X-Request-Id"
_SHOWN = "ETag, Retry-After, X-Request-Id, Content-Disposition"
_METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE"
_REMEMBERED_S = 600

Signal = Callable[[web.Request, web.StreamResponse], Awaitable[None]]


def allowing(origins: Collection[str]) -> Signal:
    """To be called before each answer leaves. Keys come in a header, so that no cookie is ever meant."""
    allowed = frozenset(origins)

    async def prepare(request: web.Request, response: web.StreamResponse) -> None:
        origin = request.headers.get("Origin")
        if not allowed:
            return
        response.headers.add("Vary", "Origin")
        if origin not in allowed:
            return
        response.headers["Access-Control-Allow-Origin"] = origin
        if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
            response.headers["Access-Control-Allow-Methods"] = _METHODS
            response.headers["Access-Control-Allow-Headers"] = _ASKED
            response.headers["Access-Control-Max-Age"] = str(_REMEMBERED_S)
        else:
            response.headers["Access-Control-Expose-Headers"] = _SHOWN

    return prepare
