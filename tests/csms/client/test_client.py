"""The client against the API's own server: what it reads, and what its errors say."""

import typing
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from pydantic import BaseModel

from csms.api.alarms import AlarmRow
from csms.api.allocation import AllocationAnswer, Bucket
from csms.api.charge_points import ChargePointAnswer
from csms.api.commands import CommandAnswer
from csms.api.local_list import LastSent, LocalListAnswer
from csms.api.local_list import Resending as ResendingAnswer
from csms.api.public_events import PublicEvent
from csms.api.sessions import SessionRow
from csms.api.sites import SiteRow
from csms.client import (
    Alarm,
    Allocation,
    ApiError,
    ChargePoint,
    Client,
    CommandResult,
    Event,
    FieldError,
    HistoryBucket,
    LastSentList,
    LocalList,
    Resending,
    Session,
    Site,
)

PAIRS: list[tuple[type[BaseModel], type[BaseModel]]] = [
    (Site, SiteRow),
    (Allocation, AllocationAnswer),
    (HistoryBucket, Bucket),
    (ChargePoint, ChargePointAnswer),
    (Session, SessionRow),
    (LocalList, LocalListAnswer),
    (LastSentList, LastSent),
    (Resending, ResendingAnswer),
    (Alarm, AlarmRow),
    (CommandResult, CommandAnswer),
    (Event, PublicEvent),
]


def models_in(annotation: Any) -> list[type[BaseModel]]:
    if typing.get_origin(annotation) is None:
        return [annotation] if isinstance(annotation, type) and issubclass(annotation, BaseModel) else []
    return [model for part in typing.get_args(annotation) for model in models_in(part)]


def missing(ours: type[BaseModel], theirs: type[BaseModel]) -> list[str]:
    """Fields the client reads that the API does not answer, or may answer with null where the client has none."""
    found = []
    for name, field in ours.model_fields.items():
        other = theirs.model_fields.get(name)
        if other is None or (type(None) in typing.get_args(other.annotation)) > (
            type(None) in typing.get_args(field.annotation)
        ):
            found.append(f"{ours.__name__}.{name}")
        elif (inner := models_in(field.annotation)) and (outer := models_in(other.annotation)):
            found += missing(inner[0], outer[0])
    return found


@pytest.mark.parametrize(("ours", "theirs"), PAIRS, ids=lambda model: model.__name__)
def test_every_field_the_client_reads_is_answered(ours: type[BaseModel], theirs: type[BaseModel]) -> None:
    assert missing(ours, theirs) == []


class Server:
    """Answers what it is told to, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, dict[str, str], Any]] = []
        self.answers: list[web.Response] = []

    async def handle(self, request: web.Request) -> web.StreamResponse:
        assert request.headers["Authorization"] == "Bearer key"
        body = await request.json() if request.can_read_body else None
        self.asked.append((request.method, request.raw_path.partition("?")[0], dict(request.query), body))
        return self.answers.pop(0)


@pytest.fixture
async def server() -> AsyncIterator[tuple[Server, Client]]:
    kept = Server()
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", kept.handle)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    async with Client(runner_url(runner), "key") as client:
        yield kept, client
    await runner.cleanup()


def runner_url(runner: web.AppRunner) -> str:
    return f"http://127.0.0.1:{runner.addresses[0][1]}/"


def alarm(number: int) -> dict[str, Any]:
    words = dict.fromkeys(("site_id", "kind", "subject", "text"), "x")
    figures = {"alarm_id": number, "excess_kw": 0, "excess_a": 0, "holders": []}
    return {**words, **figures, "raised_at": "2026-01-01T00:00:00Z", "cleared_at": None, "new_field": 1}


async def test_a_list_is_read_to_its_end(server: tuple[Server, Client]) -> None:
    kept, client = server
    pages = [[alarm(n) for n in range(3)], [alarm(3)]]
    kept.answers = [web.json_response({"items": page, "total": 4}) for page in pages]
    found = await client.alarms(standing=True)
    assert [row.alarm_id for row in found] == [0, 1, 2, 3]
    assert found[0].raised_at.isoformat() == "2026-01-01T00:00:00+00:00"
    assert [query for _, _, query, _ in kept.asked] == [
        {"limit": "1000", "standing": "true", "offset": "0"},
        {"limit": "1000", "standing": "true", "offset": "3"},
    ]


async def test_a_list_that_shrinks_while_it_is_read_ends(server: tuple[Server, Client]) -> None:
    kept, client = server
    kept.answers = [web.json_response({"items": [alarm(1)], "total": 9}), web.json_response({"items": [], "total": 9})]
    assert len(await client.alarms()) == 1


DONE = {"command_id": 1, "status": "Accepted", "response": {}, "error": None}


async def test_a_local_list_is_told_and_sent_anew(server: tuple[Server, Client]) -> None:
    kept, client = server
    at = "2026-01-01T00:00:00Z"
    sent = {"at": at, "version": 3, "full": True, "id_tokens": 2, "status": "Failed"}
    room = {"id_tokens": 500, "id_tokens_per_message": None, "bytes_per_message": None}
    told = {"charge_point_id": "A", "state": "refused", "version": 3, "has_version": 2, "id_tokens": None, "wanted": 2}
    kept.answers = [
        web.json_response({**told, "left_out": 0, "capacity": room, "last_sent": sent, "at": at}),
        web.json_response({"charge_point_id": "A", "asked_at": at}),
    ]
    found = await client.local_list("A")
    assert (found.has_version, found.capacity.id_tokens, found.last_sent and found.last_sent.status) == (
        2,
        500,
        "Failed",
    )
    assert (await client.resend_local_list("A")).asked_at == found.at
    path = "/api/v1/charge-points/A/local-list"
    assert [(method, asked) for method, asked, _, _ in kept.asked] == [("GET", path), ("POST", path)]


async def test_ids_are_data_and_not_addresses(server: tuple[Server, Client]) -> None:
    kept, client = server
    kept.answers = [web.json_response({**DONE, "response_time_ms": 3})]
    await client.ocpp("a/../b?c#d", "Reset", {"type": "Soft"})
    assert kept.asked == [("POST", "/api/v1/charge-points/a%2F..%2Fb%3Fc%23d/ocpp/Reset", {}, {"type": "Soft"})]


async def test_a_refusal_tells_the_status_the_title_and_the_fields(server: tuple[Server, Client]) -> None:
    kept, client = server
    errors = [{"field": "max_power_kw", "rule": "must be at most 50"}]
    body = {"title": "Unprocessable Content", "status": 422, "detail": "Nothing was changed.", "errors": errors}
    kept.answers = [web.json_response(body, status=422)]
    with pytest.raises(ApiError) as caught:
        await client.configure("park", {"max_power_kw": 99})
    assert (caught.value.status, caught.value.title) == (422, "Unprocessable Content")
    assert caught.value.errors == (FieldError("max_power_kw", "must be at most 50"),)
    assert str(caught.value) == "422 Unprocessable Content Nothing was changed."


STRANGE = [
    (web.Response(status=502, text="<html>bad gateway"), 502, "Bad Gateway"),
    (web.json_response(["no", "problem"], status=500), 500, "Internal Server Error"),
    (web.json_response({"errors": "none"}, status=404), 404, "Not Found"),
    (web.Response(text="hello"), None, "no answer"),
    (web.json_response({"items": [{"alarm_id": "x"}], "total": 1}), None, "unknown answer"),
]


@pytest.mark.parametrize(("answer", "status", "title"), STRANGE, ids=range(len(STRANGE)))
async def test_whatever_a_proxy_answers_is_one_error(
    server: tuple[Server, Client], answer: web.Response, status: int | None, title: str
) -> None:
    kept, client = server
    kept.answers = [answer]
    with pytest.raises(ApiError) as caught:
        await client.alarms()
    assert (caught.value.status, caught.value.title) == (status, title)


async def test_nobody_there_is_an_error_without_a_status() -> None:
    async with Client("http://127.0.0.1:1", "key") as client:
        with pytest.raises(ApiError) as caught:
            await client.sites()
    assert (caught.value.status, caught.value.title) == (None, "no answer")


async def test_the_stream_tells_events_and_its_end(server: tuple[Server, Client]) -> None:
    kept, client = server
    data = '{"event_id":7,"type":"a","at":"2026-01-01T00:00:00Z","site_id":"s","charge_point_id":null,"data":{"x":1}}'
    text = f"retry: 3000\n\n: heartbeat\nid: 6\n\nid: 7\nevent: a\ndata: {data}\n\n"
    kept.answers = [web.Response(text=text, content_type="text/event-stream")]
    seen = []
    stream = client.events(site_id="s", types=("a", "b"), after=5)
    seen.append(await anext(stream))
    with pytest.raises(ApiError, match="has ended"):
        await anext(stream)
    assert [(event.event_id, event.data) for event in seen] == [(7, {"x": 1})]
    assert kept.asked[0][2] == {"site_id": "s", "type": "a,b", "after": "5"}


async def test_a_client_must_be_opened() -> None:
    with pytest.raises(RuntimeError, match="context manager"):
        await Client("http://127.0.0.1:1", "key").sites()


def test_the_url_may_be_given_with_its_path() -> None:
    assert {Client(url, "")._base for url in ("http://a", "http://a/", "http://a/api/v1", "http://a/api/v1/")} == {
        "http://a/api/v1"
    }
