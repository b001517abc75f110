"""What every endpoint has in common: keys and scopes, problems, methods, hostile bodies, the log."""

from __future__ import annotations

import asyncio
import contextlib
import io
import re
import zlib
from typing import Any

import orjson
import pytest
from api_fakes import ADMIN, CONTROL, READ, Api, Reply, running
from pydantic import BaseModel
from structlog.testing import capture_logs
from yarl import URL

from csms.api import malformed, server, webhooks
from csms.api.auth import SCOPES
from csms.api.routes import ROUTES
from csms.api.server import ApiServer
from csms.api.table import Call, NoBody, Query, Route

CONFIG = "/api/v1/smart-charging/sites/depot/config"
GOOD = b'{"max_power_kw":50,"strategy":"equal"}'
PROTECTED = [route for route in ROUTES if route.scope is not None]


def _path(route: Route, site_id: str = "depot", charge_point_id: str = "CP-1") -> str:
    path = route.path.replace("{site_id}", site_id).replace("{charge_point_id}", charge_point_id)
    path = re.sub(r"\{\w+\}", "nothing", path)
    return f"{path}?format=json" if route.streams else path


def _name(route: Route) -> str:
    return f"{route.method} {route.path}"


def _is_problem(reply: Reply, status: int) -> None:
    assert (reply.status, reply.headers["Content-Type"]) == (status, "application/problem+json")
    assert list(reply.json) == ["type", "title", "status", "detail", "errors", "request_id"]
    assert reply.json["status"] == status


@pytest.mark.parametrize("route", PROTECTED, ids=_name)
@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        "Bearer  ",
        "Bearer wrong",
        f"Basic {ADMIN}",
        f"{ADMIN}",
        f"Bearer {ADMIN} x",
        "Bearer \udcff\udcfe",
    ],
)
async def test_without_a_known_key_it_is_401_whatever_is_asked_for(route: Route, authorization: str) -> None:
    async with running() as api:
        for path in (
            _path(route),
            _path(route, "nowhere", "nothing"),
            _path(route).partition("?")[0] + "?colour=green",
        ):
            reply = await api.call(route.method, path, b"{", key=None, headers={"Authorization": authorization})
            _is_problem(reply, 401)
            assert reply.headers["WWW-Authenticate"].startswith('Bearer realm="csms"')


@pytest.mark.parametrize("route", PROTECTED, ids=_name)
@pytest.mark.parametrize(("key", "held"), [(READ, "read"), (CONTROL, "control"), (ADMIN, "admin")])
async def test_each_scope_includes_the_ones_before_it(route: Route, key: str, held: str) -> None:
    assert route.scope is not None
    async with running() as api:
        reply = await api.call(route.method, _path(route, "nowhere", "nothing"), b"{", key=key)
        if SCOPES.index(held) >= SCOPES.index(route.scope):
            assert reply.status in {200, 404, 415, 422}
        else:
            _is_problem(reply, 403)
            assert 'error="insufficient_scope"' in reply.headers["WWW-Authenticate"]


def test_reading_needs_the_scope_read_and_changing_the_scope_control() -> None:
    odd = {(route.method, route.path): route.scope for route in PROTECTED if route.scope != _usual(route)}
    assert odd == {
        ("GET", "/api/v1/id-tokens/export"): "control",  # everybody at once
        ("DELETE", "/api/v1/id-tokens/{id_token}/personal-data"): "admin",  # for good
        ("POST", "/api/v1/charge-points/{charge_point_id}/password"): "admin",  # who may connect
        ("POST", "/api/v1/charge-points/{charge_point_id}/security-profile"): "admin",
        ("GET", "/api/v1/api-keys"): "admin",
        ("POST", "/api/v1/api-keys"): "admin",
        ("DELETE", "/api/v1/api-keys/{key_name}"): "admin",
        ("GET", "/api/v1/audit"): "admin",
        **{(route.method, route.path): "admin" for route in webhooks.ROUTES},
        ("POST", "/api/v1/sites"): "admin",  # which fuses there are
        ("PUT", "/api/v1/sites/{site_id}"): "admin",
        ("DELETE", "/api/v1/sites/{site_id}"): "admin",
        ("POST", "/api/v1/sites/{site_id}/charge-points"): "admin",
        ("PUT", "/api/v1/charge-points/{charge_point_id}"): "admin",
        ("DELETE", "/api/v1/charge-points/{charge_point_id}"): "admin",
    }
    assert {route.path for route in ROUTES if route.scope is None} == {"/healthz", "/readyz"}


def _usual(route: Route) -> str:
    return "read" if route.method == "GET" else "control"


async def test_the_scheme_is_known_in_any_case() -> None:
    async with running() as api:
        reply = await api.get("/api/v1/sites", key=None, headers={"Authorization": f"bearer {READ}"})
        assert reply.status == 200


@pytest.mark.parametrize(
    "path", ["/dashboard", "/api/v1", "/api/v1/none", "/api/v1/sites/", "/api/v1/sites/a/b", "/%00"]
)
async def test_an_unknown_path_is_404(path: str) -> None:
    async with running() as api:
        _is_problem(await api.get(path), 404)


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [("DELETE", CONFIG, "GET,HEAD,OPTIONS,PUT"), ("GET", CONFIG.replace("config", "rebalance"), "OPTIONS,POST")],
)
async def test_another_method_is_405_with_the_ones_there_are(method: str, path: str, allow: str) -> None:
    async with running() as api:
        reply = await api.call(method, path)
        _is_problem(reply, 405)
        assert reply.headers["Allow"] == allow


async def test_options_answers_the_methods_without_a_key() -> None:
    async with running() as api:
        reply = await api.call("OPTIONS", CONFIG, key=None)
        assert (reply.status, reply.headers["Allow"], reply.content) == (204, "GET,HEAD,OPTIONS,PUT", b"")


async def test_head_answers_as_get_does_without_the_body() -> None:
    async with running() as api:
        got, head = await api.get("/api/v1/sites"), await api.call("HEAD", "/api/v1/sites")
        assert (head.status, head.content) == (200, b"")
        assert head.headers["Content-Length"] == str(len(got.content))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"nonsense",
        b"null",
        b"[]",
        b'"text"',
        b"\xff\xfe",
        b"\xef\xbb\xbf" + GOOD,
        b"[" * 500_000,
        b'{"max_power_kw":50,"strategy":"equal","schedule":' + b"[" * 500_000,
        b'{"max_power_kw":' + b"9" * 5000 + b',"strategy":"equal"}',
        b'{"max_power_kw":50,"strategy":"\\ud800"}',
        b'{"max_power_kw":50,"strategy":"equal","\\ud800":1}',
        b'{"max_power_kw":50,"strategy":"equal","priority_order":["\\u0000"]}',
        b'{"max_power_kw":50,"strategy":"equal","\\u0000":1}',
        b'{"max_power_kw":50,"strategy":"equal","priority_order":[' + b"0," * 500_000 + b"0]}",
    ],
    ids=range(16),
)
async def test_a_body_that_makes_no_sense_is_422_and_changes_nothing(body: bytes) -> None:
    async with running() as api:
        reply = await api.call("PUT", CONFIG, body)
        _is_problem(reply, 422)
        assert reply.json["errors"]
        assert api.depot.snapshot().smart_charging is None


async def test_what_was_sent_is_never_repeated() -> None:
    async with running() as api:
        body: dict[str, Any] = {"max_power_kw": "hunter2", "strategy": "hunter2", "priority_order": ["hunter2"]}
        body["schedule"] = [{"days": ["hunter2"], "start": "hunter2", "end": {"a": "hunter2"}, "max_power_kw": []}]
        assert b"hunter2" not in (await api.call("PUT", CONFIG, body)).content
        reply = await api.get("/api/v1/sessions?from=hunter2&status=hunter2&limit=hunter2&charge_point_id=hunter2%00")
        assert len(reply.fields) == 4
        assert b"hunter2" not in reply.content
        assert b"hunter2" not in (await api.get("/api/v1/sites/hunter2")).content


async def test_of_a_key_given_twice_in_json_the_last_one_holds() -> None:
    async with running() as api:
        reply = await api.call("PUT", CONFIG, b'{"max_power_kw":9,"max_power_kw":50,"strategy":"equal"}')
        assert reply.json["max_power_kw"] == 50.0


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ("Application/JSON", 200),
        ("application/merge-patch+json", 200),
        (None, 200),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=x", 415),
    ],
)
async def test_a_body_of_another_kind_is_415(content_type: str | None, status: int) -> None:
    async with running() as api:
        headers = {"Authorization": f"Bearer {ADMIN}"} | ({"Content-Type": content_type} if content_type else {})
        async with api.client.put(api.base + CONFIG, data=GOOD, headers=headers) as answer:
            assert answer.status == status


async def _chunks() -> Any:
    for _ in range(40):
        yield b" " * 65_536


@pytest.mark.parametrize("how", ["announced", "in chunks", "compressed"])
async def test_more_than_a_mebibyte_is_413(how: str) -> None:
    async with running() as api:
        data: Any = {
            "announced": io.BytesIO(b" " * 1_048_577),
            "in chunks": _chunks(),
            "compressed": zlib.compress(b" " * 9**8),
        }[how]
        headers = {"Authorization": f"Bearer {ADMIN}", "Content-Type": "application/json"}
        if how == "compressed":
            headers["Content-Encoding"] = "deflate"
        async with api.client.put(api.base + CONFIG, data=data, headers=headers) as answer:
            assert (answer.status, answer.content_type) == (413, "application/problem+json")


async def test_exactly_a_mebibyte_is_read() -> None:
    async with running() as api:
        assert (await api.call("PUT", CONFIG, GOOD.ljust(1_048_576))).status == 200


async def test_a_body_that_cannot_be_decompressed_is_400() -> None:
    async with running() as api:
        reply = await api.call("PUT", CONFIG, GOOD, headers={"Content-Encoding": "deflate"})
        assert reply.status == 400


async def test_a_failure_is_logged_once_and_tells_nobody_anything() -> None:
    async def fail(_call: Call[Query, NoBody]) -> BaseModel:
        raise RuntimeError("secret detail")

    async with running([Route("GET", "/fail", None, fail, BaseModel, "Fails")]) as api:
        with capture_logs() as logs:
            reply = await api.get("/fail")
        _is_problem(reply, 500)
        assert b"secret" not in reply.content
        assert [(entry["event"], entry["log_level"]) for entry in logs] == [
            ("api_request_failed", "error"),
            ("api_request", "info"),
        ]


async def test_a_request_is_logged_without_secrets() -> None:
    async with running() as api:
        with capture_logs() as logs:
            await api.get("/api/v1/sessions?charge_point_id=CP-1", key=READ)
            await api.get("/api/v1/sessions", key="wrong-key")
        first, second = logs
        assert (first["method"], first["path"], first["status"], first["api_key"], first["log_level"]) == (
            "GET",
            "/api/v1/sessions",
            200,
            "reader",
            "info",
        )
        assert (second["status"], second["api_key"]) == (401, None)
        assert not any(secret in str(logs) for secret in (READ, "wrong-key", "CP-1"))


async def test_answers_are_neither_cached_nor_sniffed() -> None:
    async with running() as api:
        for path in ("/api/v1/sites", "/api/v1/nothing"):
            headers = (await api.get(path)).headers
            assert (headers["Cache-Control"], headers["X-Content-Type-Options"]) == ("no-store", "nosniff")
            assert headers["Server"] == "csms"


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET / HTTP/1.1\r\nAuthorization key-admin\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nAuthorization: key-admin\x00\r\n\r\n", 400),
        (b"\x16\x03\x01key-admin\r\n\r\n", 400),
        (b"GET /" + b"key-admin" * 1000 + b" HTTP/1.1\r\n\r\n", 400),
        (b"GET /healthz HTTP/1.1\r\nHost: a\r\nExpect: key-admin\r\nConnection: close\r\n\r\n", 417),
    ],
)
async def test_what_is_not_http_is_a_problem_and_repeated_nowhere(
    request_bytes: bytes, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    async with running() as api:
        reader, writer = await asyncio.open_connection("127.0.0.1", URL(api.base).port)
        with capture_logs() as logs:
            writer.write(request_bytes)
            answer = await asyncio.wait_for(reader.read(), 10)
        writer.close()
        head, _, body = answer.partition(b"\r\n\r\n")
        assert head.split()[1] == str(status).encode()
        assert list(orjson.loads(body)) == ["type", "title", "status", "detail", "errors"]
        assert b"key-admin" not in answer
        assert "key-admin" not in str(logs) + caplog.text


async def test_a_client_may_wait_to_be_asked_for_the_body() -> None:
    async with running() as api:
        headers = {"Authorization": f"Bearer {ADMIN}", "Content-Type": "application/json"}
        async with api.client.put(api.base + CONFIG, data=GOOD, headers=headers, expect100=True) as answer:
            assert answer.status == 200


async def test_a_port_that_is_taken_is_an_error_that_leaves_nothing_behind() -> None:
    async with running() as api:
        second = ApiServer(
            api.sites,
            api.store,
            api.clock,
            [],
            traces=api.traces,
            estate=api.estate,
            id_tokens=api.tokens,
            local_lists=api.local_lists,
        )
        with pytest.raises(OSError, match="in use"):
            await second.start("127.0.0.1", URL(api.base).port or 0)
        await second.stop()
        assert await _listening(api) == 200


async def _listening(api: Api) -> int:
    return (await api.get("/healthz")).status


async def test_it_can_be_started_on_a_free_port_and_stopped() -> None:
    async with running() as one, running() as other:
        assert one.base != other.base
        assert (await _listening(one), await _listening(other)) == (200, 200)


@pytest.mark.parametrize("route", ROUTES, ids=_name)
def test_every_row_says_what_it_does_and_what_can_go_wrong(route: Route) -> None:
    assert route.summary
    assert (404 in route.errors) == ("{" in route.path)
    assert {401, 403} <= set(route.statuses) or route.scope is None


async def test_connections_that_say_nothing_end_and_are_never_more_than_so_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(server, "MAX_CONNECTIONS", 3)
    monkeypatch.setitem(malformed._OPTIONS, "keepalive_timeout", 0.5)
    async with running() as api:
        port = URL(api.base).port
        silent = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
        silent[0][1].write(b"GET / HTTP/1.1\r\nHost:")
        await asyncio.sleep(0.1)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        async with asyncio.timeout(5):
            with contextlib.suppress(ConnectionError):
                assert await reader.read() == b""
            for its_reader, _ in silent:
                assert await its_reader.read() == b""
        assert (await api.get("/healthz", key=None)).status == 200
        for _, each in [*silent, (reader, writer)]:
            each.close()
