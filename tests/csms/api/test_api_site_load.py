"""What a site draws besides its chargers, as its meter tells it."""

from __future__ import annotations

from typing import Any

import pytest
from api_fakes import CONTROL, NOW_S, READ, Reply, running

from csms.domain.model import Moment, SiteLoad

LOAD = "/api/v1/smart-charging/sites/depot/site-load"
NOON, NOON_S = "2024-06-01T12:00:00Z", 1_717_243_200.0


async def test_a_reading_counts_from_now_on() -> None:
    async with running() as api:
        body = {"power_kw": 7.3604, "timestamp": NOON, "currents_a": [10, 11.5, 9.9996]}
        reply = await api.call("POST", LOAD, body, key=CONTROL)
        assert reply.status == 200
        assert list(reply.json.items()) == [
            ("accepted", True),
            ("power_kw", 7.36),
            ("timestamp", NOON),
            ("currents_a", [10.0, 11.5, 10.0]),
        ]
        arrival = Moment(NOW_S, api.clock.steady_s)
        assert api.depot.snapshot().site_load == SiteLoad(7360, NOON_S, arrival, (10.0, 11.5, 10.0))


async def test_a_reading_without_a_time_was_measured_now() -> None:
    async with running() as api:
        reply = await api.call("POST", LOAD, {"power_kw": 0})
        assert reply.json == {
            "accepted": True,
            "power_kw": 0.0,
            "timestamp": "2024-06-01T12:00:00.250Z",
            "currents_a": None,
        }


async def test_a_reading_older_than_the_last_is_ignored_and_the_last_is_told() -> None:
    async with running() as api:
        await api.call("POST", LOAD, {"power_kw": 5, "timestamp": NOON, "currents_a": [1, 2, 3]})
        reply = await api.call("POST", LOAD, {"power_kw": 9, "timestamp": "2024-06-01T11:59:59.999Z"})
        assert reply.status == 200
        assert reply.json == {"accepted": False, "power_kw": 5.0, "timestamp": NOON, "currents_a": [1.0, 2.0, 3.0]}
        assert (await api.call("POST", LOAD, {"power_kw": 9, "timestamp": NOON})).json["accepted"] is True


async def test_what_a_site_feeds_in_leaves_its_chargers_no_more_than_the_grid_gives() -> None:
    async with running() as api:
        reply = await api.call("POST", LOAD, {"power_kw": -4.5, "currents_a": [-6.5, 0, 2]})
        assert (reply.json["power_kw"], reply.json["currents_a"]) == (0.0, [0.0, 0.0, 2.0])


async def test_a_meters_clock_may_be_a_minute_ahead() -> None:
    async with running() as api:
        ahead = await api.call("POST", LOAD, {"power_kw": 1, "timestamp": "2024-06-01T12:01:00.250Z"})
        assert ahead.json["accepted"] is True
        further = await api.call("POST", LOAD, {"power_kw": 1, "timestamp": "2024-06-01T12:01:00.251Z"})
        assert further.fields == [("timestamp", "must be at most a minute in the future")]


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, [("power_kw", "is required")]),
        ({"power_kw": "7"}, [("power_kw", "must be a number")]),
        ({"power_kw": 1_000_001}, [("power_kw", "must be at most 1000000")]),
        ({"power_kw": -1_000_001}, [("power_kw", "must be at least -1000000")]),
        ({"power_kw": 1, "currents_a": [1, 2]}, [("currents_a", "must have three entries: L1, L2 and L3")]),
        ({"power_kw": 1, "currents_a": [1, 2, 3, 4]}, [("currents_a", "must have three entries: L1, L2 and L3")]),
        ({"power_kw": 1, "currents_a": [1, None, 3]}, [("currents_a[1]", "must be a number")]),
        ({"power_kw": 1, "currents_a": 5}, [("currents_a", "must be a list")]),
        ({"power_kw": 1, "timestamp": "2024-02-30T00:00:00Z"}, [("timestamp", "must be a time that exists")]),
        ({"power_kw": 1, "load": 1}, [("load", "is not a known field")]),
    ],
)
async def test_a_reading_that_breaks_a_rule_is_named_and_does_not_count(
    body: dict[str, Any], errors: list[tuple[str, str]]
) -> None:
    async with running() as api:
        reply = await api.call("POST", LOAD, body)
        assert (reply.status, reply.fields) == (422, errors)
        assert api.depot.snapshot().site_load is None


async def test_numbers_that_are_not_finite_are_refused() -> None:
    async with running() as api:
        reply: Reply = await api.call("POST", LOAD, b'{"power_kw":NaN}')
        assert reply.fields == [("power_kw", "must be a finite number")]


async def test_the_load_of_an_unknown_site_is_404() -> None:
    async with running() as api:
        assert (await api.call("POST", LOAD.replace("depot", "nowhere"), {"power_kw": 1})).status == 404


async def test_a_load_is_told_with_the_scope_control() -> None:
    async with running() as api:
        assert (await api.call("POST", LOAD, {"power_kw": 1}, key=READ)).status == 403
