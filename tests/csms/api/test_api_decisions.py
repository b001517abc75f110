"""Decisions and alarms over REST, read from a real store: exact fields, filters, pages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from api_fakes import KEYS, NOW_S, Api, FakeClock, FakeSite, FakeSites, FakeStore

from csms.api.server import ApiServer
from csms.domain import events as ev
from csms.domain.alarms import Alarm
from csms.domain.model import LimitPurpose, Moment, PowerSource, SiteSettings
from csms.domain.state import State
from csms.store import SyncStore

DECISIONS = "/api/v1/smart-charging/sites/depot/decisions"
ALARMS = "/api/v1/alarms"
HOUR_S = 3600.0


@asynccontextmanager
async def recorded(*events: ev.Event, alarms: tuple[tuple[str, Alarm], ...] = ()) -> AsyncIterator[Api]:
    """A site "depot" of which the store holds these events; alarms of any site."""
    clock, store = FakeClock(), SyncStore.open()
    site = FakeSite(State(SiteSettings("depot", "Depot", "Europe/London", 100_000)), clock)
    api = Api(FakeSites(site), FakeStore(), clock)
    for event in events:
        if isinstance(event, ev.MeterValuesReceived):
            store.sample("depot", event, [])
        else:
            await store.append("depot", event, [])
    for site_id, alarm in alarms:
        raised = ev.AlarmRaised(at(0.0), alarm.alarm_id, alarm.kind, alarm.subject, alarm.text)
        await store.append(site_id, raised, [alarm])
    server = ApiServer(
        api.sites,
        store,
        clock,
        KEYS,
        traces=api.traces,
        estate=api.estate,
        id_tokens=api.tokens,
        local_lists=api.local_lists,
    )
    api.base = f"http://127.0.0.1:{await server.start('127.0.0.1', 0)}"
    try:
        async with aiohttp.ClientSession() as api.client:
            yield api
    finally:
        await server.stop()
        await store.close()


def at(seconds: float) -> Moment:
    return Moment(NOW_S + seconds, 500.0 + seconds)


def decided(decision_id: int, seconds: float, *limits: tuple[int, str]) -> list[ev.Event]:
    """A decision, and the limits (limit_id, charge_point_id) that it sent."""
    causes = ("a session began", "room was freed")
    when = at(seconds)
    made = ev.DecisionMade(when, decision_id, causes, "equal", 50_000, 42_005, 30_300, 10_000, len(limits))
    return [made, *(issued(limit_id, cp_id, when, decision_id) for limit_id, cp_id in limits)]


def issued(limit_id: int, charge_point_id: str, when: Moment, decision_id: int | None) -> ev.LimitIssued:
    return ev.LimitIssued(
        when,
        charge_point_id,
        1,
        limit_id,
        LimitPurpose.TRANSACTION,
        11_000,
        "c1",
        "77",
        "site budget",
        decision_id=decision_id,
    )


def told(page: Any) -> list[tuple[int | None, list[str]]]:
    return [(item["decision_id"], [limit["charge_point_id"] for limit in item["limits"]]) for item in page["items"]]


async def test_a_decision_is_told_with_its_limits_and_their_answers_in_order() -> None:
    metered = ev.MeterValuesReceived(at(-70.0), "CP-1", 1, NOW_S - 70.0, "77", 7360.4, PowerSource.POWER)
    rejected = ev.LimitRejected(at(-58.0), "CP-1", 1, 1, "Rejected")
    async with recorded(metered, *decided(9, -60.0, (1, "CP-1"), (2, "CP-2")), rejected) as api:
        page = (await api.get(DECISIONS)).json
        assert (list(page), page["total"], page["limit"]) == (["items", "total", "limit", "offset"], 1, 100)
        (decision,) = page["items"]
        first, second = decision["limits"]
        assert list(decision.items()) == [
            ("decision_id", 9),
            ("decided_at", "2024-06-01T11:59:00.250Z"),
            ("causes", ["a session began", "room was freed"]),
            ("strategy", "equal"),
            ("total_budget_kw", 50.0),
            ("permitted_kw", 42.005),
            ("actual_kw", 30.3),
            ("site_load_kw", 10.0),
            ("limits", [first, second]),
        ]
        assert list(first.items()) == [
            ("charge_point_id", "CP-1"),
            ("connector_id", 1),
            ("transaction_id", "77"),
            ("limit_kw", 11.0),
            ("purpose", "transaction"),
            ("reason", "site budget"),
            ("renewal", False),
            ("sent_at", "2024-06-01T11:59:00.250Z"),
            ("answer", "Rejected"),
            ("answered_at", "2024-06-01T11:59:02.250Z"),
            ("detail", "Rejected"),
            ("actual_kw", 7.36),
        ]
        assert (second["charge_point_id"], second["answer"], second["answered_at"], second["actual_kw"]) == (
            "CP-2",
            None,
            None,
            None,
        )


async def test_limits_from_before_decisions_were_kept_say_what_is_known_of_them() -> None:
    async with recorded(issued(1, "CP-1", at(-60.0), None)) as api:
        (decision,) = (await api.get(DECISIONS)).json["items"]
        assert decision.pop("limits")[0]["reason"] == "site budget"
        assert decision == {
            "decision_id": None,
            "decided_at": "2024-06-01T11:59:00.250Z",
            "causes": [],
            "strategy": None,
            "total_budget_kw": None,
            "permitted_kw": None,
            "actual_kw": None,
            "site_load_kw": None,
        }


@pytest.mark.parametrize(
    ("query", "expected", "total"),
    [
        # By default the last 24 hours, this very moment included.
        ("", [(4, ["CP-1"]), (3, ["CP-2"]), (2, ["CP-1", "CP-2"])], 3),
        ("?limit=1", [(4, ["CP-1"])], 3),
        ("?limit=1&offset=2", [(2, ["CP-1", "CP-2"])], 3),
        ("?charge_point_id=CP-2", [(3, ["CP-2"]), (2, ["CP-2"])], 2),
        ("?charge_point_id=CP-9", [], 0),
        ("?from=2024-05-31T00:00:00Z", [(4, ["CP-1"]), (3, ["CP-2"]), (2, ["CP-1", "CP-2"]), (1, ["CP-1"])], 4),
        # 24 hours before `to`; `to` is not included.
        ("?to=2024-06-01T11:00:00.250Z", [(2, ["CP-1", "CP-2"]), (1, ["CP-1"])], 2),
        ("?from=2024-06-01T11:00:00.250Z&to=2024-06-01T12:00:00.250Z", [(3, ["CP-2"])], 1),
    ],
)
async def test_decisions_are_filtered_and_paged(query: str, expected: list[tuple[int, list[str]]], total: int) -> None:
    events = [
        *decided(1, -24.5 * HOUR_S, (1, "CP-1")),
        *decided(2, -2 * HOUR_S, (2, "CP-1"), (3, "CP-2")),
        *decided(3, -HOUR_S, (4, "CP-2")),
        *decided(4, 0.0, (5, "CP-1")),
    ]
    async with recorded(*events) as api:
        page = (await api.get(DECISIONS + query)).json
        assert (told(page), page["total"]) == (expected, total)


async def test_an_alarm_is_told_with_everything_known_of_it() -> None:
    alarm = Alarm(3, "over_limit", "feeder", "2.5 kW too much", NOW_S - 60.0, None, 2_500, 3.25, ("CP-1", "CP-2"))
    async with recorded(alarms=(("depot", alarm),)) as api:
        page = (await api.get(ALARMS)).json
        assert list(page) == ["items", "total", "limit", "offset"]
        assert list(page["items"][0].items()) == [
            ("alarm_id", 3),
            ("site_id", "depot"),
            ("kind", "over_limit"),
            ("subject", "feeder"),
            ("text", "2.5 kW too much"),
            ("excess_kw", 2.5),
            ("excess_a", 3.25),
            ("holders", ["CP-1", "CP-2"]),
            ("raised_at", "2024-06-01T11:59:00.250Z"),
            ("cleared_at", None),
        ]


@pytest.mark.parametrize(
    ("query", "ids", "total"),
    [
        ("", [3, 2, 1], 3),
        ("?site_id=depot", [3, 1], 2),
        ("?site_id=nowhere", [], 0),  # a site that is gone from the file keeps its record
        ("?standing=true", [3, 2], 2),
        ("?standing=false", [1], 1),
        ("?limit=1&offset=1", [2], 3),
        ("?from=2024-06-01T11:00:00.250Z", [3, 2], 2),
        ("?to=2024-06-01T11:00:00.250Z", [1], 1),
    ],
)
async def test_alarms_of_all_sites_are_filtered_and_paged(query: str, ids: list[int], total: int) -> None:
    alarms = (
        ("depot", Alarm(1, "over_limit", "feeder", "too much", NOW_S - 2 * HOUR_S, NOW_S - 1.5 * HOUR_S)),
        ("yard", Alarm(2, "over_limit", "grid", "too much", NOW_S - HOUR_S)),
        ("depot", Alarm(3, "over_limit", "feeder", "too much", NOW_S)),
    )
    async with recorded(alarms=alarms) as api:
        page = (await api.get(ALARMS + query)).json
        assert ([item["alarm_id"] for item in page["items"]], page["total"]) == (ids, total)
        if query == "?standing=false":
            assert page["items"][0]["cleared_at"] == "2024-06-01T10:30:00.250Z"


@pytest.mark.parametrize(
    ("path", "status", "fields"),
    [
        ("/api/v1/smart-charging/sites/nowhere/decisions", 404, []),
        (f"{DECISIONS}?from=2024-06-02T00:00:00Z&to=2024-06-01T00:00:00Z", 422, ["from"]),
        (f"{DECISIONS}?to=yesterday", 422, ["to"]),
        (f"{DECISIONS}?limit=0", 422, ["limit"]),
        (f"{DECISIONS}?charge_point_id=", 422, ["charge_point_id"]),
        (f"{DECISIONS}?site_id=depot", 422, ["site_id"]),
        (f"{ALARMS}?from=2024-06-02T00:00:00Z&to=2024-06-01T00:00:00Z", 422, ["from"]),
        (f"{ALARMS}?standing=maybe", 422, ["standing"]),
        (f"{ALARMS}?from=2024-06-01&offset=-1", 422, ["offset", "from"]),
    ],
)
async def test_what_cannot_be_answered_names_the_field(path: str, status: int, fields: list[str]) -> None:
    async with recorded() as api:
        reply = await api.get(path)
        assert (reply.status, [field for field, _ in reply.fields]) == (status, fields)


@pytest.mark.parametrize("path", [DECISIONS, ALARMS])
async def test_reading_needs_a_key(path: str) -> None:
    async with recorded() as api:
        assert (await api.get(path, key=None)).status == 401
