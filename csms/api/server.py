"""The REST server: the route table on aiohttp, with one log line and, at worst, one problem per request."""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import replace

import orjson
import structlog
from aiohttp import web
from aiohttp.typedefs import Middleware

from csms.api import audit, cors, docs_page, openapi, static
from csms.api.auth import ApiKey
from csms.api.feed import Feed
from csms.api.keyring import Keyring
from csms.api.malformed import Connection, TurnedAway, expect
from csms.api.problems import COMMON_HEADERS, Problem, of_http
from csms.api.requests import MAX_BODY_BYTES, read_body, read_query
from csms.api.routes import ROUTES
from csms.api.streams import download, stream
from csms.api.table import Answer, Call, Download, Route, Services, Stream
from csms.api.webhook_dispatch import Webhooks
from csms.api.webhook_sender import PUBLIC, Destinations
from csms.domain.authorization import IdTokenAccess
from csms.domain.failures import StoreFailed
from csms.domain.illegal import IllegalEvent
from csms.domain.local_list import ListDesk
from csms.domain.ports import Clock, Estate, Sites, Store, Traces
from csms.domain.tallies import ApiTally

MAX_CONNECTIONS = 500
"""Whoever opens more, with or without a key, must not take the files from the charge points of the same process."""

_SHUTDOWN_S = 5.0
_KEY_NAME = web.RequestKey("api_key_name", str)
_QUIET = frozenset({"/healthz", "/readyz", "/metrics"})
_REQUEST_ID = web.RequestKey("request_id", str)
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})

REQUEST_ID_HEADER = "X-Request-Id"
_SANE_ID = re.compile(r"[A-Za-z0-9._:+/=-]{1,100}")

log = structlog.get_logger(__name__)


class ApiServer:
    """Serves the REST interface. `keys` may be anything with name, sha256 and scopes, such as config's rows.

    `tally` counts requests, `scrape` is what /metrics answers, `listener_profiles` are the security profiles that some
    listener lets in, and `public` are paths that need no key.
    """

    def __init__(
        self,
        sites: Sites,
        store: Store,
        clock: Clock,
        keys: Sequence[ApiKey],
        routes: Sequence[Route] = ROUTES,
        *,
        traces: Traces,
        estate: Estate,
        id_tokens: IdTokenAccess,
        local_lists: ListDesk,
        tally: ApiTally | None = None,
        scrape: Callable[[], bytes] = bytes,
        listener_profiles: tuple[int, ...] = (0, 1),
        public: Collection[str] = (),
        max_requests_per_s: float = 1000,
        cors_origins: Collection[str] = (),
        destinations: Destinations = PUBLIC,
        version: str = "0",
        new_request_id: Callable[[], str] | None = None,
    ) -> None:
        self.feed = Feed(store, sites, clock)
        self._cors_origins, self._version = cors_origins, version
        self._keyring = Keyring(keys, store, clock, max_requests_per_s)
        self.webhooks = Webhooks(store, self.feed, clock, destinations)
        self._services = Services(
            sites,
            store,
            clock,
            self.feed,
            traces,
            estate,
            self._keyring,
            self.webhooks,
            id_tokens,
            local_lists,
            scrape=scrape,
            listener_profiles=listener_profiles,
        )
        self._numbers = itertools.count(1)
        self._new_request_id = new_request_id or (lambda: str(next(self._numbers)))
        self._tally = tally if tally is not None else ApiTally()
        routes = [replace(route, scope=None) if route.path in public else route for route in routes]
        self._runner = web.AppRunner(self._application(routes), shutdown_timeout=_SHUTDOWN_S)
        self._listener: asyncio.Server | None = None

    async def start(self, host: str, port: int) -> int:
        """Listen; returns the port, which is a free one if 0 was asked for. Raises OSError."""
        await self._keyring.load()
        await self._runner.setup()
        self._listener = await asyncio.get_running_loop().create_server(self._connection, host, port)
        await self.webhooks.start()
        bound: int = self._listener.sockets[0].getsockname()[1]
        return bound

    async def stop(self) -> None:
        """Stop listening; requests under way get a few seconds to finish."""
        if self._listener is not None:
            self._listener.close()
        await self.webhooks.stop()
        self.feed.close()
        under_way = list(self._services.under_way)
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
        await self._runner.cleanup()

    def _connection(self) -> Connection | TurnedAway:
        if self._runner.server is None:
            raise ConnectionError("the server is not running")
        if len(self._runner.server.connections) >= MAX_CONNECTIONS:
            return TurnedAway()
        return Connection(self._runner.server)

    def _application(self, routes: Sequence[Route]) -> web.Application:
        application = web.Application(client_max_size=MAX_BODY_BYTES, middlewares=[self._log(), _problems()])
        methods: dict[str, list[str]] = {}
        for route in routes:
            handler = self._handler(route)
            for method in _methods(route):
                application.router.add_route(method, route.path, handler, expect_handler=expect)
                methods.setdefault(route.path, []).append(method)
        static.add_routes(application.router)
        openapi.add_route(application.router, routes, self._version)
        docs_page.add_routes(application.router)
        application.on_response_prepare.append(cors.allowing(self._cors_origins))
        application.on_response_prepare.append(_name_request)
        for path, allowed in methods.items():
            application.router.add_route("OPTIONS", path, _options([*allowed, "OPTIONS"]))
        return application

    def _handler(self, route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            key = None
            if route.scope is not None:
                key = await self._keyring.admit(request.headers, route.scope, request.remote)
                request[_KEY_NAME] = key.name
            query = read_query(request, route.query)
            context = route.body_context(self._services, request.match_info) if route.body_context else None
            body = await read_body(request, route, context)
            try:
                call = Call(self._services, request.match_info, query, body, request.headers, key)
                answer = await route.handler(call)
            except IllegalEvent as conflict:
                raise Problem(409, "The state of the site does not allow this.") from conflict
            if request.method not in _SAFE and route.audited:
                await audit.note(self._services, request, key, _shown_path(request), request[_REQUEST_ID])
            if isinstance(answer, Stream):
                return await stream(request, answer)
            if isinstance(answer, Download):
                return download(answer)
            if not isinstance(answer, Answer):
                return web.Response(body=orjson.dumps(answer.model_dump()), content_type="application/json")
            return web.Response(body=answer.body(), headers={"Content-Type": answer.content_type, **answer.headers})

        return handle

    def _log(self) -> Middleware:
        """One line per request. The path is logged, never the query, a header or an id token: those may hold ids and
        keys."""

        @web.middleware
        async def logged(
            request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
        ) -> web.StreamResponse:
            request_id = request[_REQUEST_ID] = self._request_id(request)
            started_s = self._services.clock.now().steady_s
            response = await handler(request)
            for name, value in COMMON_HEADERS.items():
                response.headers.setdefault(name, value)
            elapsed_s = self._services.clock.now().steady_s - started_s
            whole = isinstance(response, web.Response)  # a stream takes as long as its reader wants it
            self._tally.answered(_method(request), _route(request), response.status, elapsed_s if whole else None)
            quiet = request.path in _QUIET or static.is_static(request.path)
            (log.debug if quiet else log.info)(
                "api_request",
                method=request.method,
                path=_shown_path(request),
                status=response.status,
                duration_ms=round(elapsed_s * 1000, 1),
                api_key=request.get(_KEY_NAME),
                request_id=request_id,
            )
            return response

        return logged

    def _request_id(self, request: web.Request) -> str:
        """Whoever asks may name the request, so that its own log and ours tell of the same thing."""
        said = request.headers.get(REQUEST_ID_HEADER, "")
        return said if _SANE_ID.fullmatch(said) else self._new_request_id()


def _problems() -> Middleware:
    @web.middleware
    async def answered(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        try:
            return await handler(request)
        except Problem as problem:
            return problem.response(request.get(_REQUEST_ID))
        except web.HTTPException as refused:
            return of_http(refused).response(request.get(_REQUEST_ID))
        except asyncio.CancelledError:
            raise
        except StoreFailed:  # the store has said why in the log
            return Problem(503, "The store does not take writes: what was asked for is not done.").response(
                request.get(_REQUEST_ID)
            )
        except Exception:  # a task's boundary: the reason is logged, and nobody outside learns it
            request_id = request.get(_REQUEST_ID)
            log.exception(
                "api_request_failed", method=_method(request), path=_shown_path(request), request_id=request_id
            )
            return Problem(500, "The server failed; the reason is in its log.").response(request_id)

    return answered


async def _name_request(request: web.Request, response: web.StreamResponse) -> None:
    if (request_id := request.get(_REQUEST_ID)) is not None:
        response.headers[REQUEST_ID_HEADER] = request_id


def _route(request: web.Request) -> str:
    """The path of the table's row, so that no caller can invent names; "unknown" for all that have none."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "unknown"


def _method(request: web.Request) -> str:
    return request.method if request.method in _METHODS else "other"


def _shown_path(request: web.Request) -> str:
    """The path as it may be logged: an id token stands for a person, also where the method or the rest is wrong."""
    resource = request.match_info.route.resource
    if resource is not None and "{id_token}" in resource.canonical:
        return resource.canonical
    if resource is None and "id-tokens" in request.path:
        return "/api/v1/id-tokens/***"
    return request.rel_url.raw_path


def _methods(route: Route) -> list[str]:
    """HEAD comes with GET (RFC 9110 section 9.3.2)."""
    return [route.method, "HEAD"] if route.method == "GET" else [route.method]


def _options(allowed: Sequence[str]) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def options(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=204, headers={"Allow": ",".join(sorted(allowed))})

    return options
