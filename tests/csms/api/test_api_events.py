"""/api/v1/events: the stream, where it goes on, who follows what, and pages."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import orjson
import pytest
from api_fakes import NOW_S, READ, Api, running

from csms.api import events, feed, streams
from csms.api.public_events import KINDS, PAYLOADS, public
from csms.domain import events as ev
from csms.domain.capabilities import Knobs, Learned
from csms.domain.grid import OperatorLimit, TemporaryLimit
from csms.domain.model import LimitPurpose, Moment, PowerSource
from csms.domain.queries import StoredEvent
from csms.domain.snapshot import Snapshot

AT = Moment(NOW_S, 500.0)


@dataclass(frozen=True)
class Frame:
    """What a client sees of one event, or of a heartbeat (no data)."""

    id: str | None
    event: str | None
    data: Any


class Reader:
    """A client of a stream that reads as WHATWG HTML section 9.2.6 says."""

    def __init__(self, content: aiohttp.StreamReader) -> None:
        self._content = content

    async def block(self) -> dict[str, str]:
        found: dict[str, str] = {}
        async with asyncio.timeout(10):
            while line := (await self._content.readline()).decode().rstrip("\n"):
                name, _, value = line.partition(":")
                found[name] = value.removeprefix(" ")
        return found

    async def event(self) -> Frame:
        """The next one with data."""
        while "data" not in (found := await self.block()):
            pass
        return Frame(found.get("id"), found.get("event"), orjson.loads(found["data"]))


@asynccontextmanager
async def stream(api: Api, query: str = "", **headers: str) -> AsyncIterator[Reader]:
    sent = {"Authorization": f"Bearer {READ}", **headers}
    async with api.client.get(f"{api.base}/api/v1/events{query}", headers=sent) as answer:
        assert (answer.status, answer.content_type) == (200, "text/event-stream")
        reader = Reader(answer.content)
        assert await reader.block() == {"retry": "3000"}
        assert "id" in await reader.block()  # it follows from here on
        yield reader


async def _connect(api: Api, *charge_point_ids: str, site_id: str = "depot") -> None:
    for charge_point_id in charge_point_ids:
        await api.store.append(site_id, ev.ChargePointConnected(AT, charge_point_id, "c9", "ocpp1.6"), [])


async def test_an_event_reaches_a_stream_as_it_is_committed() -> None:
    async with running() as api, stream(api) as reader:
        await _connect(api, "CP-1")
        frame = await reader.event()
        assert frame == Frame(
            "1",
            "charge_point_connected",
            {
                "event_id": 1,
                "type": "charge_point_connected",
                "at": "2024-06-01T12:00:00.250Z",
                "site_id": "depot",
                "charge_point_id": "CP-1",
                "data": {"connection_id": "c9", "protocol": "ocpp1.6"},
            },
        )


@pytest.mark.parametrize(("query", "headers"), [("?after=2", {}), ("?after=0", {"Last-Event-ID": "2"})])
async def test_a_stream_goes_on_after_the_event_that_was_seen_last(query: str, headers: dict[str, str]) -> None:
    async with running() as api:
        await _connect(api, "a", "b", "c", "d")
        async with stream(api, query, **headers) as reader:
            await _connect(api, "e")
            seen = [(await reader.event()).data["charge_point_id"] for _ in range(3)]
            assert seen == ["c", "d", "e"]


async def test_without_a_place_it_begins_now() -> None:
    async with running() as api:
        await _connect(api, "a", "b")
        async with stream(api) as reader:
            await _connect(api, "c")
            assert (await reader.event()).id == "3"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?charge_point_id=b", ["b"]),
        ("?site_id=yard", ["y"]),
        ("?type=charge_point_disconnected,alarm_cleared", ["a"]),
        ("?type=charge_point_connected&site_id=depot", ["a", "b"]),
    ],
)
async def test_a_stream_has_what_was_asked_for_live_and_replayed(query: str, expected: list[str]) -> None:
    async with running() as api, stream(api, query) as live:
        await _connect(api, "a", "b")
        await _connect(api, "y", site_id="yard")
        await api.store.append("depot", ev.ChargePointDisconnected(AT, "a", "c9", "gone"), [])
        assert [(await live.event()).data["charge_point_id"] for _ in expected] == expected
        async with stream(api, f"{query}&after=0") as replayed:
            assert [(await replayed.event()).data["charge_point_id"] for _ in expected] == expected


async def test_a_follower_that_fell_behind_reads_on_from_the_store(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "KEPT", 4)
    monkeypatch.setattr(feed, "_READ", 7)
    async with running() as api, stream(api) as reader:
        for number in range(100):
            await _connect(api, f"cp-{number}")
        seen = [(await reader.event()).data["charge_point_id"] for _ in range(100)]
        assert seen == [f"cp-{number}" for number in range(100)]


async def test_something_is_sent_when_nothing_happens_and_it_says_where_to_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(events, "HEARTBEAT_S", 0.05)
    async with running() as api, stream(api, "?type=alarm_raised") as reader:
        await _connect(api, "a", "b", "c")
        async with asyncio.timeout(5):
            while await reader.block() != {"": "heartbeat", "id": "3"}:
                pass


async def test_a_running_session_is_told_of_once_per_reading_and_not_replayed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "SESSION_UPDATES_S", 0.02)
    async with running() as api, stream(api, "?after=0") as reader:
        first = await reader.event()
        assert (first.id, first.event) == (None, "session_updated")
        assert first.data["data"] == {
            "session_id": 7,
            "transaction_id": "77",
            "connector_id": 1,
            "power_kw": 7.36,
            "energy_kwh": 2.345,
        }
        await asyncio.sleep(0.1)
        later = Moment(NOW_S, 501.0)
        api.depot.state.apply(
            ev.MeterValuesReceived(later, "CP-1", 1, later.utc_s, "77", 5000.0, PowerSource.POWER, 3445.0)
        )
        second = await reader.event()
        assert (second.data["data"]["power_kw"], second.data["data"]["energy_kwh"]) == (5.0, 2.445)


async def test_a_site_that_cannot_be_looked_at_silences_no_other_and_not_itself_for_good(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(feed, "SESSION_UPDATES_S", 0.02)
    async with running() as api:
        sane, failures = api.depot.snapshot, 0

        def snapshot() -> Snapshot:
            nonlocal failures
            failures += 1
            if failures < 3:
                raise ArithmeticError("no figure")
            return sane()

        monkeypatch.setattr(api.depot, "snapshot", snapshot)
        async with stream(api, "?after=0") as reader:
            assert (await reader.event()).event == "session_updated"
        assert failures >= 3


async def test_a_reader_that_takes_nothing_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "SLOW_READER_S", 0.2)
    async with running() as api:
        for _ in range(40):
            await api.store.append("depot", ev.AlarmRaised(AT, 1, "overdraw", "grid", "x" * 500_000), [])
        request = f"GET /api/v1/events?after=0 HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {READ}\r\n\r\n"
        reader, writer = await asyncio.open_connection("127.0.0.1", int(api.base.rpartition(":")[2]), limit=1024)
        writer.write(request.encode())
        async with asyncio.timeout(10):
            for expected in (1, 0):
                while api.server.feed.followers != expected:
                    await asyncio.sleep(0.02)
        with contextlib.suppress(ConnectionError):
            while await reader.read(65_536):
                pass
        writer.close()
        assert (await api.get("/healthz")).status == 200


async def test_streams_end_when_the_server_stops() -> None:
    async with running() as api, stream(api) as reader:
        async with asyncio.timeout(3):
            await api.server.stop()
            assert await reader.block() == {}


async def test_there_are_only_so_many_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "MAX_STREAMS", 1)
    async with running() as api, stream(api):
        reply = await api.get("/api/v1/events")
        assert (reply.status, reply.headers["Retry-After"]) == (503, "60")
    async with running() as api, stream(api):
        pass


async def test_head_gets_the_headers_of_a_stream() -> None:
    async with running() as api:
        reply = await api.call("HEAD", "/api/v1/events")
        assert (reply.status, reply.headers["Content-Type"], reply.content) == (200, "text/event-stream", b"")


async def test_pages_go_backwards_from_the_newest_and_forwards_from_a_number() -> None:
    async with running() as api:
        await _connect(api, *"abcde")
        first = (await api.get("/api/v1/events?format=json&limit=2")).json
        assert [item["charge_point_id"] for item in first["items"]] == ["e", "d"]
        assert (first["reached"], first["complete"]) == (4, False)
        second = (await api.get("/api/v1/events?format=json&limit=3&before=4")).json
        assert [item["charge_point_id"] for item in second["items"]] == ["c", "b", "a"]
        onwards = (await api.get("/api/v1/events?format=json&after=3")).json
        assert [item["charge_point_id"] for item in onwards["items"]] == ["d", "e"]
        assert onwards["complete"]


@pytest.mark.parametrize(
    ("query", "headers", "field"),
    [
        ("?type=nothing", {}, "type"),
        ("?type=", {}, "type"),
        ("?after=-1", {}, "after"),
        ("?before=1", {}, "before"),
        ("?format=json&after=1&before=3", {}, "before"),
        ("?format=xml", {}, "format"),
        ("?limit=0&format=json", {}, "limit"),
        ("", {"Last-Event-ID": "x"}, "Last-Event-ID"),
    ],
)
async def test_a_wrong_question_is_422(query: str, headers: dict[str, str], field: str) -> None:
    async with running() as api:
        reply = await api.get(f"/api/v1/events{query}", headers=headers)
        assert reply.status == 422
        assert [name for name, _ in reply.fields] == [field]


RECORDED: list[ev.Event] = [
    ev.ChargePointBooted(AT, "a", "Maker", "One", "S", "1.0", "PowerUp"),
    ev.ChargePointFlapping(AT, "a", 10, 60.0),
    ev.TransactionStarted(AT, "a", 1, "77", 7, NOW_S, "SECRET-TAG"),
    ev.TransactionRefused(AT, "a", 1, "77", "Blocked"),
    ev.TransactionEnded(AT, "a", 1, "77", NOW_S, "Local"),
    ev.TransactionOrphaned(AT, "a", 1, "77", 7, NOW_S, "Local", "SECRET-TAG"),
    ev.DecisionMade(AT, 3, ("a starts",), "equal", 50_000, 11_000, 7000, 2000, 2),
    ev.LimitRejected(AT, "a", 1, 5, "Rejected"),
    ev.LimitUnanswered(AT, "a", 1, 5, "Timeout"),
    ev.AlarmRaised(AT, 1, "overdraw", "a", "too much", 100, 1.5, ("a",)),
    ev.TemporaryLimitSet(AT, TemporaryLimit("grid operator", 5000, None, None)),
    ev.TemporaryLimitsWithdrawn(AT, "grid operator"),
    ev.OperatorLimitSet(AT, "a", OperatorLimit(0, 7000)),
    ev.OperatorLimitCleared(AT, "a", 0),
    ev.ProgressReported(AT, "a", "firmware", "Downloading", 3),
    ev.SecurityEventReported(AT, "a", "TamperDetectionActivated", NOW_S),
    ev.SiteRestarted(AT, "secret"),
]


@pytest.mark.parametrize("event", RECORDED, ids=lambda event: type(event).__name__)
def test_a_recorded_event_is_told_with_the_fields_of_its_type_and_without_id_tokens(event: ev.Event) -> None:
    issued = ev.LimitIssued(AT, "a", 1, 5, LimitPurpose.TRANSACTION, 11_000, "c", "77")
    told = public(StoredEvent(1, "depot", event, issued=issued))
    assert list(told.data) == list(PAYLOADS[told.type].model_fields)
    assert "SECRET" not in str(told)


def test_an_operators_limit_is_a_configuration_that_changed() -> None:
    put = public(StoredEvent(1, "depot", ev.OperatorLimitSet(AT, "a", OperatorLimit(0, 7000))))
    gone = public(StoredEvent(2, "depot", ev.OperatorLimitCleared(AT, "a", 0)))
    assert (put.type, put.charge_point_id, put.data["what"]) == ("configuration_changed", "a", "power_limit")
    assert (put.data["removed"], gone.data["removed"]) == (False, True)


def test_what_a_charger_has_taught_is_told_and_so_is_what_is_pinned() -> None:
    learned = Learned(Knobs(relative_profiles=True, limit_by=LimitPurpose.DEFAULT), ("this",), ("that",))
    told = public(StoredEvent(1, "depot", ev.WayLearned(AT, "a", learned, "that: Rejected")))
    assert (told.type, told.charge_point_id) == ("way_learned", "a")
    assert told.data == {
        "knobs": {"relative_profiles": True, "limit_by": "default"},
        "worked": ["this"],
        "failed": ["that"],
        "given_up": False,
        "because": "that: Rejected",
    }
    pinned, free = (public(StoredEvent(2, "depot", ev.QuirksPinned(AT, "a", q))).data for q in (Knobs(), None))
    assert (pinned["what"], pinned["removed"], free["removed"]) == ("quirks", False, True)


def test_no_recorded_event_is_told_twice() -> None:
    assert len({kind.recorded for kind in KINDS}) == len(KINDS)


def test_an_answered_limit_says_which_limit_it_was() -> None:
    issued = ev.LimitIssued(AT, "a", 1, 5, LimitPurpose.TRANSACTION, 11_000, "c", "77")
    told = public(StoredEvent(1, "depot", ev.LimitConfirmed(AT, "a", 1, 5), issued=issued))
    assert (told.type, told.data["limit_kw"], told.data["purpose"]) == ("limit_confirmed", 11.0, "transaction")
    unknown = public(StoredEvent(1, "depot", ev.LimitConfirmed(AT, "a", 1, 5)))
    assert unknown.data["limit_kw"] is None
