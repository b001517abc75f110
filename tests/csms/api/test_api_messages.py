"""/api/v1/charge-points/{id}/messages: the trace as it is shown, and what of it is not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from api_fakes import ADMIN, NOW_S, READ, Api, running

from csms.domain.ports import TracedMessage

PATH = "/api/v1/charge-points/CP-1/messages"


def _say(api: Api, *frames: Any, sent: bool = False) -> None:
    for frame in frames:
        text = frame if isinstance(frame, str) else json.dumps(frame)
        number = len(api.traces.kept) + 1
        api.traces.kept.append(TracedMessage(number, NOW_S, sent, text, len(text)))


async def test_messages_are_shown_with_what_they_answer() -> None:
    async with running() as api:
        _say(api, [2, "a", "Heartbeat", {}])
        _say(api, [3, "a", {"currentTime": "now"}], sent=True)
        _say(api, [2, "a", "Reset", {"type": "Soft"}], sent=True)
        _say(api, [4, "a", "NotSupported", "cannot", {"why": "x"}])
        _say(api, [3, "unknown", {"status": "Accepted"}])
        answer = (await api.get(PATH, key=READ)).json
        rows = answer["items"]
        assert [(r["number"], r["direction"], r["kind"], r["action"], r["payload"]) for r in rows] == [
            (1, "in", "call", "Heartbeat", {}),
            (2, "out", "result", "Heartbeat", {"currentTime": "now"}),
            (3, "out", "call", "Reset", {"type": "Soft"}),
            (4, "in", "error", "Reset", {"why": "x"}),
            (5, "in", "result", None, {"status": "Accepted"}),
        ]
        assert (rows[3]["error_code"], rows[3]["error_description"]) == ("NotSupported", "cannot")
        assert (answer["newest"], answer["missed"]) == (5, False)
        assert (await api.get(f"{PATH}?after=4")).json["items"] == rows[4:]
        assert [row["number"] for row in (await api.get(f"{PATH}?action=Reset")).json["items"]] == [3, 4]
        last = (await api.get(f"{PATH}?limit=2")).json
        assert ([row["action"] for row in last["items"]], last["missed"]) == (["Reset", None], True)


async def test_who_comes_too_late_is_told_that_something_is_missing() -> None:
    async with running() as api:
        _say(api, *([2, str(n), "Heartbeat", {}] for n in range(5)))
        del api.traces.kept[:3]
        assert (await api.get(f"{PATH}?after=1")).json["missed"]
        assert not (await api.get(f"{PATH}?after=3")).json["missed"]
        assert (await api.get(f"{PATH}?after=99")).json["missed"]
        assert not (await api.get(f"{PATH}?after=5")).json["missed"]


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "nonsense",
        "null",
        "{}",
        "[]",
        "[2]",
        '[true,"a","b",{}]',
        '[9,"a","b",{}]',
        '[2,{"a":1},["b"],null]',
        '[2,"a","b",' + "[" * 100_000,
        '[2,"a","b",' + "[" * 300 + "]" * 300 + "]",
        '[2,"a","b",' + "[" * 900 + "]" * 900 + "]",
        '[3,"a"',
        '[4,"a",1,2,3]',
        '[2,"\ud800","b",{}]'.encode("utf-8", "replace").decode(),
    ],
)
async def test_a_frame_that_makes_no_sense_is_shown_as_that(frame: str) -> None:
    async with running() as api:
        _say(api, frame)
        reply = await api.get(PATH)
        assert reply.status == 200
        assert reply.json["items"][0]["size"] == len(frame)


async def test_of_a_frame_that_is_not_all_there_its_action_is_known_and_nothing_else_shown() -> None:
    async with running() as api:
        _say(api, '[2,"m1","DataTransfer",{"data":"' + "SECRET" * 10)
        (row,) = (await api.get(PATH)).json["items"]
        assert (row["kind"], row["action"], row["message_id"], row["payload"]) == ("call", "DataTransfer", "m1", None)


async def test_the_trace_can_be_saved_as_lines() -> None:
    async with running() as api:
        _say(api, [2, "a", "Heartbeat", {}], [2, "b", "Heartbeat", {}])
        reply = await api.get(f"{PATH}?format=jsonl")
        assert reply.headers["Content-Disposition"] == 'attachment; filename="CP-1-messages.jsonl"'
        assert reply.headers["Content-Type"] == "application/jsonl"
        assert [json.loads(line)["message_id"] for line in reply.content.splitlines()] == ["a", "b"]


async def test_passwords_are_shown_to_nobody() -> None:
    async with running() as api:
        _say(api, [2, "a", "ChangeConfiguration", {"key": "AuthorizationKey", "value": "S3CRET"}], sent=True)
        _say(api, [4, "a", "InternalError", "ftp://me:S3CRET@host", {"password": "S3CRET"}])
        assert b"S3CRET" not in (await api.get(PATH, key=ADMIN)).content


async def test_id_tokens_and_vendors_texts_are_shown_to_administrators_alone() -> None:
    payload = {"idTag": "TAG", "connectorId": 1, "customData": {"vendorId": "v", "owner": "NAME"}}
    async with running() as api:
        _say(api, [2, "a", "Anything", payload])
        assert (await api.get(PATH, key=READ)).json["items"][0]["payload"] == {
            "idTag": "***", "connectorId": 1, "customData": {"vendorId": "v", "owner": "***"},
        }  # fmt: skip
        assert (await api.get(PATH, key=ADMIN)).json["items"][0]["payload"] == payload
