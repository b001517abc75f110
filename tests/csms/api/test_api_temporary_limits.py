"""Ceilings that somebody else sets for a time, field for field."""

from __future__ import annotations

from typing import Any

import pytest
from api_fakes import CONTROL, NOW_S, READ, Api, conflict, running

from csms.domain import events as ev
from csms.domain.grid import TemporaryLimit
from csms.domain.model import Moment

LIMIT = "/api/v1/smart-charging/sites/depot/limit"
SOON, LATER = "2024-06-01T13:00:00Z", "2024-06-01T14:00:00Z"
SOON_S, LATER_S = 1_717_246_800.0, 1_717_250_400.0


async def _put(api: Api, **body: Any) -> Any:
    reply = await api.call("PUT", LIMIT, {"max_power_kw": 10, **body}, key=CONTROL)
    assert reply.status == 200
    return reply.json


async def test_a_limit_without_times_holds_at_once_and_until_it_is_withdrawn() -> None:
    async with running() as api:
        assert list((await _put(api)).items()) == [
            ("source", "api"),
            ("max_power_kw", 10.0),
            ("valid_from", None),
            ("valid_until", None),
            ("in_force", True),
        ]
        assert api.depot.snapshot().temporary_limits == (TemporaryLimit("api", 10_000),)


async def test_a_limit_with_times_is_stored_and_answered_in_utc() -> None:
    async with running() as api:
        told = await _put(api, source="grid", valid_from="2024-06-01T15:00:00+02:00", valid_until=LATER)
        assert (told["valid_from"], told["valid_until"], told["in_force"]) == (SOON, LATER, False)
        assert api.depot.snapshot().temporary_limits == (TemporaryLimit("grid", 10_000, SOON_S, LATER_S),)


async def test_limits_that_overlap_all_stand_and_the_lowest_in_force_is_told() -> None:
    async with running() as api:
        await _put(api, source="grid", max_power_kw=20)
        await _put(api, source="manager", max_power_kw=12.345, valid_until=LATER)
        await _put(api, source="grid", max_power_kw=0, valid_from=SOON)
        told = (await api.get(LIMIT, key=READ)).json
        assert list(told) == ["limits", "max_power_kw"]
        assert [(row["source"], row["max_power_kw"], row["in_force"]) for row in told["limits"]] == [
            ("grid", 20.0, True),
            ("manager", 12.345, True),
            ("grid", 0.0, False),
        ]
        assert told["max_power_kw"] == 12.345


async def test_the_same_source_and_start_replaces() -> None:
    async with running() as api:
        await _put(api, max_power_kw=20)
        await _put(api, max_power_kw=30)
        told = (await api.get(LIMIT)).json
        assert [row["max_power_kw"] for row in told["limits"]] == [30.0]


async def test_limits_that_are_over_are_not_told() -> None:
    async with running() as api:
        past = TemporaryLimit("grid", 1000, None, NOW_S)
        api.depot.state.apply(ev.TemporaryLimitSet(Moment(NOW_S - 60, 0.0), past))
        assert (await api.get(LIMIT)).json == {"limits": [], "max_power_kw": None}


@pytest.mark.parametrize(
    ("query", "withdrawn", "left"),
    [("", 3, []), ("?source=grid", 2, ["manager"]), ("?source=nobody", 0, ["grid", "manager", "grid"])],
)
async def test_one_sources_limits_are_withdrawn_or_everybodys(query: str, withdrawn: int, left: list[str]) -> None:
    async with running() as api:
        await _put(api, source="grid")
        await _put(api, source="manager")
        await _put(api, source="grid", valid_from=SOON)
        reply = await api.call("DELETE", LIMIT + query, key=CONTROL)
        assert (reply.status, reply.json) == (200, {"withdrawn": withdrawn})
        assert [row["source"] for row in (await api.get(LIMIT)).json["limits"]] == left


@pytest.mark.parametrize(
    ("change", "errors"),
    [
        ({"max_power_kw": None}, [("max_power_kw", "must be a number")]),
        ({"max_power_kw": -1}, [("max_power_kw", "must be at least 0")]),
        ({"max_power_kw": "1"}, [("max_power_kw", "must be a number")]),
        ({"valid_until": "2024-06-01T12:00:00Z"}, [("valid_until", "must be in the future")]),
        ({"valid_until": "2024-06-01T12:00:00.250Z"}, [("valid_until", "must be in the future")]),
        ({"valid_from": LATER, "valid_until": SOON}, [("valid_until", "must be after valid_from")]),
        ({"valid_from": SOON, "valid_until": SOON}, [("valid_until", "must be after valid_from")]),
        (
            {"valid_from": 1_717_246_800},
            [("valid_from", "must be an RFC 3339 time with its zone, such as 2024-05-01T12:00:00Z")],
        ),
        ({"source": ""}, [("source", "must be an id")]),
        ({"source": 1}, [("source", "must be an id")]),
        ({"limit": 1}, [("limit", "is not a known field")]),
        ({"max_power_kw": -1, "source": "\n"}, [("max_power_kw", "must be at least 0"), ("source", "must be an id")]),
    ],
)
async def test_a_limit_that_breaks_a_rule_is_named_and_changes_nothing(
    change: dict[str, Any], errors: list[tuple[str, str]]
) -> None:
    async with running() as api:
        reply = await api.call("PUT", LIMIT, {"max_power_kw": 10, **change})
        assert (reply.status, reply.fields) == (422, errors)
        assert api.depot.snapshot().temporary_limits == ()


async def test_a_power_is_required() -> None:
    async with running() as api:
        assert (await api.call("PUT", LIMIT, {})).fields == [("max_power_kw", "is required")]


async def test_a_limit_that_began_in_the_past_and_lasts_is_in_force() -> None:
    async with running() as api:
        told = await _put(api, valid_from="2024-06-01T11:00:00Z", valid_until=SOON)
        assert told["in_force"] is True


async def test_a_hundred_limits_can_stand_and_be_replaced_but_no_more() -> None:
    async with running() as api:
        for number in range(100):
            await _put(api, source=f"source {number}")
        await _put(api, source="source 7", max_power_kw=7)
        reply = await api.call("PUT", LIMIT, {"max_power_kw": 10, "source": "one more"})
        assert reply.status == 422
        assert reply.fields == [("", "at most 100 limits can stand at a site; withdraw one first")]
        assert len(api.depot.snapshot().temporary_limits) == 100
        await api.call("DELETE", f"{LIMIT}?source=source%207")
        await _put(api, source="one more")


async def test_a_limit_is_409_where_the_state_forbids_it() -> None:
    async with running() as api:
        api.depot.failure = conflict()
        assert (await api.call("PUT", LIMIT, {"max_power_kw": 10})).status == 409


@pytest.mark.parametrize("method", ["PUT", "GET", "DELETE"])
async def test_limits_of_an_unknown_site_are_404(method: str) -> None:
    async with running() as api:
        body = {"max_power_kw": 10} if method == "PUT" else None
        assert (await api.call(method, LIMIT.replace("depot", "nowhere"), body)).status == 404


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
async def test_limits_are_changed_with_the_scope_control(method: str) -> None:
    async with running() as api:
        body = {"max_power_kw": 10} if method == "PUT" else None
        assert (await api.call(method, LIMIT, body, key=READ)).status == 403
