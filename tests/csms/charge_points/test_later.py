"""Answers that come later: asked of others, awaited for a bounded time, and never left out."""

import asyncio
import json
from typing import Any

import pytest

from csms.charge_points import later
from csms.charge_points.codec import OCPP201, JsonObject, codec_for
from csms.charge_points.connection import Connection, Reply

FALLBACK = {"status": "Failed"}
ASK = {"ocspRequestData": {
    "hashAlgorithm": "SHA256", "issuerNameHash": "a", "issuerKeyHash": "b", "serialNumber": "1",
    "responderURL": "http://ocsp.example",
}}  # fmt: skip


class Asking:
    """A connection whose handler answers GetCertificateStatus with futures of ours."""

    def __init__(self) -> None:
        self.sent: list[Any] = []
        self.futures: list[asyncio.Future[JsonObject]] = []
        self.connection = Connection(
            charge_point_id="CP1",
            connection_id="C1",
            codec=codec_for(OCPP201),
            handlers={
                "GetCertificateStatus": self.handle,
                "Heartbeat": lambda _payload: Reply({"currentTime": "2026-01-01T00:00:00Z"}),
            },
            transport=self,
            call_timeout_s=30,
            new_message_id=lambda: "m",
        )

    def handle(self, _payload: JsonObject) -> Reply:
        self.futures.append(asyncio.get_running_loop().create_future())
        return Reply(FALLBACK, later=self.futures[-1])

    def send(self, text: str) -> None:
        self.sent.append(json.loads(text))

    def close(self, code: int, reason: str) -> None:
        self.sent.append((code, reason))

    def ask(self, message_id: str = "1") -> None:
        self.connection.receive(json.dumps([2, message_id, "GetCertificateStatus", ASK]))


async def settled() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


async def test_an_answer_leaves_when_it_is_known_and_others_overtake_it() -> None:
    charger = Asking()
    charger.ask()
    charger.connection.receive('[2, "2", "Heartbeat", {}]')
    charger.futures[0].set_result({"status": "Accepted", "ocspResult": "abc"})
    await settled()
    assert [frame[1] for frame in charger.sent] == ["2", "1"]
    assert charger.sent[1] == [3, "1", {"status": "Accepted", "ocspResult": "abc"}]


async def test_a_repetition_meanwhile_gets_the_same_answer_and_asks_nobody_again() -> None:
    charger = Asking()
    charger.ask()
    charger.ask()
    charger.futures[0].set_result({"status": "Accepted", "ocspResult": "abc"})
    await settled()
    assert len(charger.futures) == 1
    assert charger.sent == [[3, "1", {"status": "Accepted", "ocspResult": "abc"}]] * 2


@pytest.mark.parametrize("wrong", [{"status": "Perhaps"}, {}, {"status": "Accepted", "ocspResult": "x" * 6000}])
async def test_an_answer_of_others_that_breaks_the_schema_becomes_the_fallback(wrong: JsonObject) -> None:
    charger = Asking()
    charger.ask()
    charger.futures[0].set_result(wrong)
    await settled()
    assert charger.sent == [[3, "1", FALLBACK]]


async def test_a_failure_becomes_the_fallback() -> None:
    charger = Asking()
    charger.ask()
    charger.futures[0].set_exception(OSError("unreachable"))
    await settled()
    assert charger.sent == [[3, "1", FALLBACK]]


async def test_what_takes_too_long_is_given_up_and_answered_with_the_fallback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(later, "LATER_S", 0.01)
    charger = Asking()
    charger.ask()
    await asyncio.sleep(0.05)
    assert charger.futures[0].cancelled()
    assert charger.sent == [[3, "1", FALLBACK]]


async def test_when_the_connection_ends_nobody_is_asked_any_more_and_nothing_is_sent() -> None:
    charger = Asking()
    charger.ask()
    charger.connection.closed()
    await settled()
    assert charger.futures[0].cancelled()
    assert charger.sent == []


async def test_only_a_few_are_asked_for_at_once() -> None:
    charger = Asking()
    for number in range(10):
        charger.ask(str(number))
    await settled()
    assert [future.cancelled() for future in charger.futures] == [False] * 8 + [True] * 2
    assert [frame[1:] for frame in charger.sent] == [["8", FALLBACK], ["9", FALLBACK]]
