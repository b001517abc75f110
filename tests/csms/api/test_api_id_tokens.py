"""/api/v1/id-tokens: what operators say of tokens, and what comes of it at once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import structlog
from api_fakes import ADMIN, CONTROL, NOW_S, READ, Api, Reply, running
from test_api_commands import with_link

from csms.domain import events as ev
from csms.domain.authorization import Status
from csms.domain.commands import Answer
from csms.domain.local_list import Capacity, Held, ListAnswer, ListState, Sent, Standing
from csms.domain.model import ConnectorKey, Moment
from csms.domain.requests import RawOutcome

PATH = "/api/v1/id-tokens"
NOW = "2024-06-01T12:00:00.250Z"
PLAIN: dict[str, Any] = {
    "id_token": "Tag-1",
    "group_id": None,
    "status": "Accepted",
    "type": None,
    "valid_from": None,
    "expires_at": None,
    "sites": [],
    "charge_points": [],
    "current": None,
    "one_at_a_time": False,
    "priority": 0,
    "end_session_when_blocked": None,
    "note": "",
    "origin": "api",
    "created_at": NOW,
    "updated_at": NOW,
    "running_sessions": 1,
}


async def create(api: Api, name: str = "Tag-1", **more: Any) -> Reply:
    reply = await api.call("POST", PATH, {"id_token": name, **more}, key=CONTROL)
    assert reply.status == 200, reply.content
    return reply


async def csv(api: Api, text: str | bytes, **headers: str) -> Reply:
    content = text if isinstance(text, bytes) else text.encode()
    return await api.call("POST", f"{PATH}/import", content, headers={"Content-Type": "text/csv", **headers})


async def test_a_token_is_created_read_and_listed_however_it_is_spelled() -> None:
    async with running() as api:
        api.tokens.noted("depot", _started("tag-1"))
        assert (await create(api)).json == PLAIN
        assert (await api.get(f"{PATH}/TAG-1", key=READ)).json == PLAIN
        assert (await api.get(PATH)).json == {"items": [PLAIN], "total": 1, "limit": 100, "offset": 0}


async def test_everything_that_was_said_comes_back() -> None:
    said: dict[str, Any] = {
        "group_id": "FAMILY",
        "status": "NoCredit",
        "type": "eMAID",
        "valid_from": "2024-01-01T00:00:00Z",
        "expires_at": "2030-01-01T01:00:00+01:00",
        "sites": ["depot"],
        "charge_points": ["CP-1:2", "Elsewhere"],
        "current": "DC",
        "one_at_a_time": True,
        "priority": 9,
        "end_session_when_blocked": True,
        "note": "flat 12",
    }
    async with running() as api:
        answer = (await create(api, **said)).json
        assert {name: answer[name] for name in said} == {**said, "expires_at": "2030-01-01T00:00:00Z"}


async def test_a_token_that_is_there_is_not_created_again() -> None:
    async with running() as api:
        await create(api)
        reply = await api.call("POST", PATH, {"id_token": "TAG-1", "note": "other"})
        assert (reply.status, reply.json["detail"]) == (409, "There is such an id token already.")
        assert (await api.get(f"{PATH}/Tag-1")).json["note"] == ""


async def test_lists_are_filtered_and_paged() -> None:
    async with running() as api:
        for name, group, status in (("C", "G", "Blocked"), ("A", "G", "Accepted"), ("B", "H", "Blocked")):
            await create(api, name, group_id=group, status=status)
        for query, expected in (("group_id=G", "AC"), ("status=Blocked", "BC"), ("limit=1&offset=1", "B")):
            reply = (await api.get(f"{PATH}?{query}")).json
            assert "".join(item["id_token"] for item in reply["items"]) == expected, query
        assert reply["total"] == 3


async def test_a_change_says_only_what_changes() -> None:
    async with running() as api:
        await create(api, note="flat 12", sites=["depot"], expires_at="2030-01-01T00:00:00Z")
        api.clock.steady_s += 1
        changes = {"status": "Blocked", "expires_at": None}
        reply = await api.call("PATCH", f"{PATH}/tag-1", changes, key=CONTROL)
        kept = {"note": "flat 12", "sites": ["depot"], "running_sessions": 0}
        assert reply.json == {**PLAIN, **changes, **kept}
        later = await api.call("PATCH", f"{PATH}/tag-1", {"valid_from": "2024-06-01T00:00:00.5Z"})
        assert (later.json["valid_from"], later.json["status"]) == ("2024-06-01T00:00:00.500Z", "Blocked")


async def test_a_change_is_checked_against_what_was_said_before() -> None:
    async with running() as api:
        await create(api, expires_at="2030-01-01T00:00:00Z")
        reply = await api.call("PATCH", f"{PATH}/Tag-1", {"valid_from": "2031-01-01T00:00:00Z"})
        assert (reply.status, reply.fields) == (422, [("expires_at", "must be after valid_from")])
        assert (await api.get(f"{PATH}/Tag-1")).json["valid_from"] is None


@pytest.mark.parametrize(
    ("body", "field", "rule"),
    [
        ({}, "id_token", "is required"),
        ({"id_token": ""}, "id_token", "must not be empty"),
        ({"id_token": "x" * 37}, "id_token", "must have at most 36 characters"),
        ({"id_token": " x"}, "id_token", "must be without outer spaces and controls"),
        ({"id_token": "x", "type": "NoAuthorization"}, "type", None),
        ({"id_token": "x", "status": "Expired"}, "status", None),
        ({"id_token": "x", "priority": 10}, "priority", "must be at most 9"),
        ({"id_token": "x", "charge_points": ["CP-1:0"]}, "charge_points[0]", None),
        ({"id_token": "x", "sites": ["a", "a"]}, "sites[1]", "must not be repeated"),
        ({"id_token": "x", "expires_at": "2030-01-01"}, "expires_at", None),
        ({"id_token": "x", "colour": 1}, "colour", "is not a known field"),
    ],
)
async def test_bad_input_names_the_field_and_creates_nothing(
    body: dict[str, object], field: str, rule: str | None
) -> None:
    async with running() as api:
        reply = await api.call("POST", PATH, body)
        assert reply.status == 422
        assert [name for name, _ in reply.fields] == [field]
        assert rule in (None, reply.fields[0][1])
        assert (await api.get(PATH)).json["total"] == 0


async def test_a_deleted_token_is_gone() -> None:
    async with running() as api:
        await create(api)
        assert (await api.call("DELETE", f"{PATH}/TAG-1")).json == {"removed": "Tag-1"}
        for method in ("GET", "DELETE"):
            assert (await api.call(method, f"{PATH}/TAG-1")).status == 404
        assert (await api.call("PATCH", f"{PATH}/TAG-1", {})).status == 404


async def test_a_token_may_have_any_characters() -> None:
    async with running() as api:
        await create(api, "a/b?c d%ü")
        assert (await api.get(f"{PATH}/a%2Fb%3Fc%20d%25%C3%BC")).json["id_token"] == "a/b?c d%ü"


async def test_a_blocked_token_ends_its_session_at_once_where_asked_for() -> None:
    async with running() as api:
        api.tokens.noted("depot", _started("TAG-1"))
        await create(api, "TAG-1", end_session_when_blocked=True)
        api.tokens.refusals.look()
        assert api.depot.asked_to_end == []
        await api.call("PATCH", f"{PATH}/TAG-1", {"status": "Blocked"})
        api.tokens.refusals.look()
        assert api.depot.asked_to_end == [ConnectorKey("CP-1", 1)]


async def test_an_export_is_an_import() -> None:
    async with running() as api:
        await create(api, "A", note="one, two", charge_points=["CP-1", "CP-2:1"])
        await create(api, "B", expires_at="2030-01-01T00:00:00Z")
        exported = await api.get(f"{PATH}/export", key=CONTROL)
        assert exported.headers["Content-Type"] == "text/csv; charset=utf-8"
        for name in "AB":
            await api.call("DELETE", f"{PATH}/{name}")
        assert (await csv(api, exported.content)).json == {"created": 2, "changed": 0}
        assert (await api.get(f"{PATH}/export")).content == exported.content
        assert (await csv(api, "id_token,status\na,Blocked\nC,Accepted\n")).json == {"created": 1, "changed": 1}
        assert (await api.get(f"{PATH}/A")).json["note"] == "one, two"


async def test_an_import_is_taken_whole_or_not_at_all() -> None:
    async with running() as api:
        reply = await csv(api, "id_token,status\nA,Accepted\nB,Gone\n")
        assert reply.status == 422
        assert [field for field, _ in reply.fields] == ["line[3].status"]
        assert (await api.get(PATH)).json["total"] == 0


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (b"id_token\nA\n", {"Content-Type": "application/json"}, 415),
        (b"id_token\n\xff\n", {}, 422),
        (b"id_token\n" + b"x" * (8 * 2**20), {}, 413),
        (b"id_token\n" + b"".join(b"T-%d,\n" % n for n in range(2000)), {}, 422),
    ],
    ids=["no CSV", "no UTF-8", "too large", "many errors"],
)
async def test_what_is_no_import_is_refused(content: bytes, headers: dict[str, str], status: int) -> None:
    async with running() as api:
        reply = await csv(api, content, **headers)
        assert reply.status == status
        assert len(reply.json["errors"]) <= 1000
        assert (await api.get(PATH)).json["total"] == 0


async def test_an_import_may_be_larger_than_other_bodies() -> None:
    async with running() as api:
        text = "id_token,note\n" + "".join(f"T-{n},{'x' * 150}\n" for n in range(9000))
        assert (await csv(api, text)).json == {"created": 9000, "changed": 0}


async def test_personal_data_is_erased_from_sessions() -> None:
    async with running() as api:
        await create(api, "TAG-1")
        api.depot.state.apply(ev.TransactionEnded(api.clock.now(), "CP-1", 1, "77", api.clock.now().utc_s, "Local"))
        reply = await api.call("DELETE", f"{PATH}/tag-1/personal-data", key=ADMIN)
        assert reply.json == {"sessions": 1, "records": 0}
        (ended,) = api.depot.state.ended["CP-1"]
        assert ended.id_token == "erased-12345678-0000-4000-8000-00000"
        assert api.depot.events == [
            (ev.IdTokenErased(api.clock.now(), (7,), "erased-12345678-0000-4000-8000-00000"), "api")
        ]
        assert (await api.get(f"{PATH}/TAG-1")).status == 404


async def test_personal_data_of_a_running_session_is_not_erased() -> None:
    async with running() as api:
        api.tokens.noted("depot", _started("TAG-1"))
        reply = await api.call("DELETE", f"{PATH}/TAG-1/personal-data")
        assert (reply.status, reply.json["detail"]) == (409, "A session of this id token is running; end it first.")


@pytest.mark.parametrize(
    ("method", "path", "needed"),
    [
        ("POST", "", "control"),
        ("GET", "/export", "control"),
        ("POST", "/import", "control"),
        ("PATCH", "/x", "control"),
        ("DELETE", "/x", "control"),
        ("DELETE", "/x/personal-data", "admin"),
    ],
)
async def test_keys_need_their_scope(method: str, path: str, needed: str) -> None:
    async with running() as api:
        lesser = {"control": READ, "admin": CONTROL}[needed]
        assert (await api.call(method, f"{PATH}{path}", key=lesser)).status == 403


async def test_no_log_line_names_a_token() -> None:
    async with running() as api:
        with structlog.testing.capture_logs() as logged:
            await create(api, "SECRET-1")
            await api.get(f"{PATH}/SECRET-1")
            await api.get(f"{PATH}/SECRET-2")
            await api.call("DELETE", f"{PATH}/SECRET-1/personal-data")
            assert (await api.call("PUT", f"{PATH}/SECRET-1", {})).status == 405
            assert (await api.get(f"{PATH}/SECRET-1/sessions")).status == 404
            assert (await api.get("/api/v1/id%2Dtokens/SECRET-1/sessions")).status == 404
        assert logged
        assert "SECRET" not in str(logged)
        assert f"{PATH}/{{id_token}}" in [line.get("path") for line in logged]


def _started(id_token: str) -> ev.TransactionStarted:
    """What made the running session of the depot."""
    return ev.TransactionStarted(Moment(0.0, 0.0), "CP-1", 1, "77", 7, 0.0, id_token)


def test_every_status_an_operator_may_give_is_one_of_the_answers() -> None:
    assert {"Accepted", "Blocked", "Invalid", "NoCredit"} <= {status.value for status in Status}


async def test_a_charge_points_local_list_is_shown() -> None:
    path = "/api/v1/charge-points/CP-1/local-list"
    async with running() as api:
        assert (await api.get(path)).status == 404
        assert (await api.get(path.replace("CP-1", "nowhere"))).status == 404
        for entries, shown in (({"A": "f"}, ["A"]), (None, None)):
            api.local_lists.keep("CP-1", Standing(ListState.BEHIND, Held(7, entries), 5, 2))
            assert (await api.get(path, key=READ)).json == {
                "charge_point_id": "CP-1",
                "state": "behind",
                "version": 7,
                "has_version": None,
                "id_tokens": shown,
                "wanted": 5,
                "left_out": 2,
                "capacity": {"id_tokens": None, "id_tokens_per_message": None, "bytes_per_message": None},
                "last_sent": None,
                "at": NOW,
            }
        sent = Sent(NOW_S, 8, True, 3, ListAnswer.FAILED)
        api.local_lists.keep("CP-1", Standing(ListState.REFUSED, Held(8), 5, 2, 7, Capacity(20, 500, 16_384), sent))
        shown_now = (await api.get(path, key=READ)).json
        assert (shown_now["version"], shown_now["has_version"]) == (8, 7)
        assert shown_now["capacity"] == {"id_tokens": 500, "id_tokens_per_message": 20, "bytes_per_message": 16_384}
        assert shown_now["last_sent"] == {"at": NOW, "version": 8, "full": True, "id_tokens": 3, "status": "Failed"}


async def test_a_local_list_is_sent_anew_to_one_that_is_there_and_is_sent_one() -> None:
    path, told = "/api/v1/charge-points/{}/local-list", list[str]()
    async with running() as api:
        with_link(api, RawOutcome(Answer.ACCEPTED))
        assert (await api.call("POST", path.format("nowhere"), key=CONTROL)).status == 404
        assert (await api.call("POST", path.format("CP-1"), key=READ)).status == 403
        assert (await api.call("POST", path.format("CP-2"), key=CONTROL)).json["detail"].endswith("is not connected.")
        early = await api.call("POST", path.format("CP-1"), key=CONTROL)
        assert (early.status, "has not been asked" in early.json["detail"]) == (409, True)
        api.local_lists.on_resend("CP-1", lambda: told.append("CP-1"))
        reply = await api.call("POST", path.format("CP-1"), key=CONTROL)
        assert (reply.status, reply.json) == (200, {"charge_point_id": "CP-1", "asked_at": NOW})
        settings = api.depot.state.settings["CP-1"]
        api.depot.state.apply(ev.ChargePointDeclared(api.clock.now(), replace(settings, local_list=False)))
        reply = await api.call("POST", path.format("CP-1"), key=CONTROL)
        assert (reply.status, "is sent no local list" in reply.json["detail"]) == (409, True)
        assert told == ["CP-1"]
