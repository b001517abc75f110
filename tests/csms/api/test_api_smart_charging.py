"""The documented smart-charging endpoints, field for field."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from api_fakes import ADMIN, CONTROL, HOUR_S, NOW_S, Api, busy_report, conflict, running

from csms.domain.history import HistoryBucket

SITE = "/api/v1/smart-charging/sites/depot"
BODY: dict[str, Any] = {"max_power_kw": 50, "strategy": "equal"}
WINDOW: dict[str, Any] = {"days": ["mon"], "start": "08:00", "end": "10:00", "max_power_kw": 20}


async def test_put_answers_the_stored_configuration_with_defaults_and_time() -> None:
    async with running() as api:
        reply = await api.call("PUT", f"{SITE}/config", BODY, key=CONTROL)
        assert reply.status == 200
        assert list(reply.json.items()) == [
            ("max_power_kw", 50.0),
            ("strategy", "equal"),
            ("min_power_per_charger_kw", 1.4),
            ("priority_weights", {}),
            ("priority_order", []),
            ("schedule", []),
            ("on_uncontrollable", "reserve"),
            ("updated_at", "2024-06-01T12:00:00.250Z"),
        ]
        assert b'"max_power_kw":50.0,' in reply.content


async def test_get_config_answers_what_put_stored() -> None:
    async with running() as api:
        window = {**WINDOW, "days": ["sun", "sat"], "start": "22:00", "end": "06:00"}
        window["charge_point_limits_kw"] = {"CP-1": 7.36}
        body = {"max_power_kw": 60.5, "strategy": "scheduled", "min_power_per_charger_kw": 4.2, "schedule": [window]}
        body["priority_order"], body["on_uncontrollable"] = ["CP-3", "CP-1"], "stop"
        put = await api.call("PUT", f"{SITE}/config", body)
        got = await api.get(f"{SITE}/config")
        assert got.json == put.json
        assert got.json["schedule"] == [{**window, "days": ["sat", "sun"]}]
        assert list(got.json["schedule"][0]) == ["days", "start", "end", "max_power_kw", "charge_point_limits_kw"]
        assert (got.json["priority_order"], got.json["on_uncontrollable"]) == (["CP-3", "CP-1"], "stop")


async def test_get_config_answers_the_weights_that_put_stored() -> None:
    async with running() as api:
        body = {"max_power_kw": 60, "strategy": "priority", "priority_weights": {"CP-1": 3, "CP-3": 100}}
        assert (await api.call("PUT", f"{SITE}/config", body)).status == 200
        assert (await api.get(f"{SITE}/config")).json["priority_weights"] == {"CP-1": 3, "CP-3": 100}


async def test_get_config_is_404_until_something_was_configured() -> None:
    async with running() as api:
        reply = await api.get(f"{SITE}/config")
        assert reply.status == 404
        assert "never configured" in reply.json["detail"]


async def test_put_replaces_the_whole_configuration() -> None:
    async with running() as api:
        await api.call("PUT", f"{SITE}/config", {**BODY, "priority_order": ["CP-1"], "schedule": [WINDOW]})
        reply = await api.call("PUT", f"{SITE}/config", BODY)
        assert reply.json["priority_order"] == reply.json["schedule"] == []


@pytest.mark.parametrize(
    ("change", "field", "rule"),
    [
        ({"max_power_kw": 0}, "max_power_kw", "must be greater than 0"),
        ({"max_power_kw": -5}, "max_power_kw", "must be greater than 0"),
        ({"max_power_kw": 100.001}, "max_power_kw", "must be at most the site's grid capacity"),
        ({"max_power_kw": "50"}, "max_power_kw", "must be a number"),
        ({"max_power_kw": True}, "max_power_kw", "must be a number"),
        ({"max_power_kw": None}, "max_power_kw", "must be a number"),
        ({"strategy": "fair"}, "strategy", "must be 'equal', 'priority', 'scheduled'"),
        ({"strategy": "priority"}, "priority_order", "is required when the strategy is priority"),
        ({"priority_weights": {"CP-1": 2}}, "priority_weights", "must be absent when the strategy is equal"),
        ({"on_uncontrollable": "ignore"}, "on_uncontrollable", "must be 'reserve' or 'stop'"),
        # CP-1 may draw 6 A per phase on both connectors while nobody decides: 4.2 kW on its grid of 0.1 A
        ({"max_power_kw": 8}, "max_power_kw", "must be at least 8.28 for the offline_limit_kw of all connectors"),
        ({"min_power_per_charger_kw": -0.1}, "min_power_per_charger_kw", "must be at least 0"),
        ({"min_power_per_charger_kw": 50.001}, "min_power_per_charger_kw", "must be at most max_power_kw"),
        ({"priority_order": ["CP-1", "CP-1"]}, "priority_order[1]", "must not be repeated"),
        ({"priority_order": ["CP-1", "CP-7"]}, "priority_order[1]", "must be a charge point of the site"),
        ({"priority_order": "CP-1"}, "priority_order", "must be a list"),
        ({"schedule": [{**WINDOW, "days": []}]}, "schedule[0].days", "must not be empty"),
        ({"schedule": [{**WINDOW, "start": "24:00"}]}, "schedule[0].start", "must be a time of day, HH:MM"),
        (
            {"schedule": [{**WINDOW, "max_power_kw": 101}]},
            "schedule[0].max_power_kw",
            "must be at most the site's grid",
        ),
        ({"schedule": [WINDOW, WINDOW]}, "schedule[1]", "must not overlap schedule[0]"),
        (
            {"schedule": [{**WINDOW, "charge_point_limits_kw": {"CP-7": 1}}]},
            "schedule[0].charge_point_limits_kw.CP-7",
            "must be a charge point of the site",
        ),
        ({"colour": "green"}, "colour", "is not a known field"),
    ],
)
async def test_put_names_the_field_and_changes_nothing(change: dict[str, Any], field: str, rule: str) -> None:
    async with running() as api:
        reply = await api.call("PUT", f"{SITE}/config", {**BODY, **change})
        assert reply.status == 422
        assert [name for name, _ in reply.fields] == [field]
        assert reply.fields[0][1].startswith(rule)
        assert api.depot.snapshot().smart_charging is None


async def test_put_lists_all_offending_fields_at_once() -> None:
    async with running() as api:
        body = {"max_power_kw": 500, "strategy": "?", "min_power_per_charger_kw": False, "x": 1, "schedule": [{}]}
        reply = await api.call("PUT", f"{SITE}/config", body)
        assert [name for name, _ in reply.fields] == [
            "max_power_kw",
            "strategy",
            "min_power_per_charger_kw",
            "schedule[0].days",
            "schedule[0].start",
            "schedule[0].end",
            "schedule[0].max_power_kw",
            "x",
        ]


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "9" * 400])
async def test_numbers_that_are_not_finite_are_refused_by_field(number: str) -> None:
    async with running() as api:
        reply = await api.call("PUT", f"{SITE}/config", f'{{"max_power_kw":{number},"strategy":"equal"}}'.encode())
        assert reply.status == 422
        assert reply.fields == [("max_power_kw", "must be a finite number")]


async def test_put_is_409_where_the_state_forbids_it() -> None:
    async with running() as api:
        api.depot.failure = conflict()
        reply = await api.call("PUT", f"{SITE}/config", BODY)
        assert reply.status == 409
        assert b"secret" not in reply.content


async def test_the_allocation_answered_is_that_of_now() -> None:
    async with running() as api:
        api.depot.report = busy_report()
        assert (await api.get(f"{SITE}/allocation")).json["total_permitted_kw"] == 33.0
        api.depot.report = replace(busy_report(), permitted_w=8_000)
        assert (await api.get(f"{SITE}/allocation")).json["total_permitted_kw"] == 8.0


async def test_allocation_has_the_documented_fields_in_order() -> None:
    async with running() as api:
        api.depot.report = busy_report()
        reply = await api.get(f"{SITE}/allocation")
        assert list(reply.json.items()) == [
            ("site_id", "depot"),
            ("strategy", "equal"),
            ("total_budget_kw", 50.0),
            ("total_allocated_kw", 29.36),
            ("timestamp", "2024-06-01T12:00:00.250Z"),
            ("chargers", reply.json["chargers"]),
            ("total_permitted_kw", 33.0),
            ("reserved_kw", 4.2),
            ("waiting", ["CP-2", "CP-9"]),
            ("not_commissioned", ["CP-3"]),
            ("circuits", reply.json["circuits"]),
            ("site_load_kw", 7.3),
            ("limit_source", "configured maximum"),
        ]
        first, second = reply.json["chargers"]
        assert list(first.items()) == [
            ("charge_point_id", "CP-1"),
            ("allocated_kw", 7.36),
            ("actual_kw", 7.001),
            ("status", "Charging"),
            ("confirmed", False),
            ("permitted_kw", 11.0),
            ("reason", "site budget"),
            ("waiting", False),
            ("expected_start", None),
            ("connectors", first["connectors"]),
        ]
        assert list(first["connectors"][0].items()) == [
            ("connector_id", 1),
            ("transaction_id", "77"),
            ("allocated_kw", 7.36),
            ("permitted_kw", 11.0),
            ("actual_kw", 7.001),
            ("confirmed", False),
            ("status", "Charging"),
        ]
        assert second["actual_kw"] is None
        assert second["connectors"] == []
        assert (second["waiting"], second["expected_start"]) == (True, "2024-06-01T12:10:00.250Z")
        grid, hall = reply.json["circuits"]
        assert list(grid.items()) == [
            ("circuit_id", "grid"),
            ("max_power_kw", 50.0),
            ("max_current_a", None),
            ("permitted_kw", 33.0),
            ("permitted_a", [48.0, 47.8, 47.8]),
        ]
        assert (hall["circuit_id"], hall["max_power_kw"], hall["max_current_a"]) == ("hall", None, 63.0)


async def test_history_covers_the_last_24_hours_in_quarters_by_default() -> None:
    async with running() as api:
        api.depot.buckets = [
            HistoryBucket(1_717_242_300, 25_000, 24_123, 3, 30_500, 26_000),
            HistoryBucket(1_717_243_200, 0, 0, 0),
        ]
        reply = await api.get(f"{SITE}/allocation/history")
        assert list(reply.json) == ["site_id", "granularity", "buckets"]
        assert (reply.json["site_id"], reply.json["granularity"]) == ("depot", "15min")
        assert [list(bucket.items()) for bucket in reply.json["buckets"]] == [
            [
                ("period_start", "2024-06-01T11:45:00Z"),
                ("total_allocated_kw", 25.0),
                ("total_actual_kw", 24.123),
                ("active_chargers", 3),
                ("total_budget_kw", 30.5),
                ("lowest_budget_kw", 26.0),
            ],
            [
                ("period_start", "2024-06-01T12:00:00Z"),
                ("total_allocated_kw", 0.0),
                ("total_actual_kw", 0.0),
                ("active_chargers", 0),
                ("total_budget_kw", None),  # recorded before the budget was
                ("lowest_budget_kw", None),
            ],
        ]
        assert api.depot.history_asked == [(NOW_S - 24 * HOUR_S, NOW_S, 900)]


@pytest.mark.parametrize(
    ("query", "asked"),
    [
        ("from=2024-06-01T00:00:00Z&to=2024-06-01T01:00:00Z&granularity=1min", (1_717_200_000, 1_717_203_600, 60)),
        ("from=2024-06-01T02:00:00%2B02:00&to=2024-06-01T01:00:00.5Z", (1_717_200_000, 1_717_203_600.5, 900)),
        ("from=2024-06-01T02:00:00+02:00&granularity=5min", (1_717_200_000, NOW_S, 300)),
        ("to=2024-06-01T01:00:00Z&granularity=1hour", (1_717_203_600 - 24 * HOUR_S, 1_717_203_600, 3600)),
        ("from=2024-01-01T00:00:00Z&to=2024-01-07T22:40:00Z&granularity=1min", (1_704_067_200, 1_704_667_200, 60)),
    ],
)
async def test_history_reads_times_with_their_zone(query: str, asked: tuple[float, float, int]) -> None:
    async with running() as api:
        reply = await api.get(f"{SITE}/allocation/history?{query}")
        assert reply.status == 200
        assert api.depot.history_asked == [asked]


async def test_history_of_no_time_is_an_empty_list() -> None:
    async with running() as api:
        api.depot.buckets = [HistoryBucket(0, 1, 1, 1)]
        reply = await api.get(f"{SITE}/allocation/history?from=2024-06-01T00:00:00Z&to=2024-06-01T00:00:00Z")
        assert reply.json["buckets"] == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("from=2024-06-01T00:00:01Z&to=2024-06-01T00:00:00Z", "from"),
        ("from=2025-01-01T00:00:00Z", "from"),  # to is now
        ("from=2024-06-01T00:00:00", "from"),
        ("from=2024-06-01", "from"),
        ("to=1717200000", "to"),
        ("to=2024-02-30T00:00:00Z", "to"),
        ("to=2024-06-01T00:00:00%2B99:99", "to"),
        ("to=", "to"),
        ("from=0000-01-01T00:00:00Z", "from"),
        ("granularity=2min", "granularity"),
        ("from=2024-01-01T00:00:00Z&to=2024-01-07T22:40:01Z&granularity=1min", "granularity"),
        ("from=2024-01-01T00:00:00Z&to=2024-01-07T22:41:00Z&granularity=1min", "granularity"),
        ("from=2024-01-01T00:00:59Z&to=2024-01-07T22:41:59Z&granularity=1min", "granularity"),
        ("from=0001-01-01T00:00:00%2B23:59&to=9999-12-31T23:59:59-23:59&granularity=1hour", "granularity"),
        ("until=2024-06-01T00:00:00Z", "until"),
        ("granularity=1min&granularity=1min", "granularity"),
        ("from_=2024-06-01T00:00:00Z", "from_"),
    ],
)
async def test_history_names_the_parameter_that_is_wrong(query: str, field: str) -> None:
    async with running() as api:
        reply = await api.get(f"{SITE}/allocation/history?{query}")
        assert reply.status == 422
        assert [name for name, _ in reply.fields] == [field]
        assert api.depot.history_asked == []


@pytest.mark.parametrize("body", [None, b"", {}])
async def test_rebalance_sends_every_limit_again_and_answers_the_new_allocation(body: object) -> None:
    async with running() as api:
        api.depot.report = busy_report()
        reply = await api.call("POST", f"{SITE}/rebalance", body, key=CONTROL)
        assert reply.status == 200
        assert list(reply.json) == ["site_id", "rebalanced_at", "chargers_updated", "new_allocation"]
        assert reply.json == {
            "site_id": "depot",
            "rebalanced_at": "2024-06-01T12:00:00.250Z",
            "chargers_updated": 2,
            "new_allocation": [
                {"charge_point_id": "CP-1", "allocated_kw": 7.36},
                {"charge_point_id": "CP-2", "allocated_kw": 22.0},
            ],
        }
        assert api.depot.rebalance_timeouts == [35.0]


@pytest.mark.parametrize(("body", "field"), [({"force": True}, "force"), ([], ""), (b"null", ""), (b"{", "")])
async def test_rebalance_takes_no_arguments(body: object, field: str) -> None:
    async with running() as api:
        reply = await api.call("POST", f"{SITE}/rebalance", body)
        assert reply.status == 422
        assert [name for name, _ in reply.fields] == [field]
        assert api.depot.rebalance_timeouts == []


async def test_rebalance_is_409_where_the_state_forbids_it() -> None:
    async with running() as api:
        api.depot.failure = conflict()
        assert (await api.call("POST", f"{SITE}/rebalance")).status == 409


async def _unknown_site(api: Api, method: str, path: str) -> int:
    body = BODY if method == "PUT" else None
    return (await api.call(method, f"/api/v1/smart-charging/sites/nowhere/{path}", body, key=ADMIN)).status


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "config"),
        ("GET", "config"),
        ("GET", "allocation"),
        ("GET", "allocation/history"),
        ("POST", "rebalance"),
    ],
)
async def test_an_unknown_site_is_404(method: str, path: str) -> None:
    async with running() as api:
        assert await _unknown_site(api, method, path) == 404


async def test_a_configuration_that_is_only_tried_is_checked_and_not_stored() -> None:
    async with running() as api:
        path, body = "/api/v1/smart-charging/sites/depot/config", {"max_power_kw": 50, "strategy": "equal"}
        reply = await api.call("PUT", f"{path}?dry_run=true", body)
        assert reply.status == 200
        assert (reply.json["strategy"], reply.json["total_budget_kw"], reply.json["chargers"]) == ("equal", 50.0, [])
        assert api.depot.snapshot().smart_charging is None
        refused = await api.call("PUT", f"{path}?dry_run=true", {**body, "max_power_kw": 1000})
        assert [field for field, _ in refused.fields] == ["max_power_kw"]
        assert (await api.call("PUT", f"{path}?dry_run=false", body)).json["updated_at"]
