"""The REST interface of the running system: what it refuses changes nothing; what it tells was so."""

import asyncio
import io
from pathlib import Path

import pytest
from support.system import HUNGRY, KEYS, JsonObject, System, dc, eventually, running, site

from simulators.protocol import Version

SITE = "/api/v1/smart-charging/sites/park"
CONFIG = f"{SITE}/config"
HISTORY = f"{SITE}/allocation/history"
GOOD = {"max_power_kw": 30, "strategy": "equal"}


async def refused(system: System, method: str, path: str, content: str | None, key: str | None) -> JsonObject:
    """The problem, which must be one by the book."""
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
    async with system.http.request(method, system.http_url + path, data=_stream(content), headers=headers) as answer:
        problem: JsonObject = await answer.json(content_type="application/problem+json")
        assert problem["status"] == answer.status
        assert "Traceback" not in str(problem)
        return problem


def _stream(content: str | None) -> io.BytesIO | None:
    return None if content is None else io.BytesIO(content.encode())


ACCESS = [
    ("GET", CONFIG, None, 401),
    ("GET", CONFIG, "nobody-has-this-key", 401),
    ("PUT", CONFIG, None, 401),
    ("PUT", CONFIG, KEYS["read"], 403),
    ("POST", f"{SITE}/rebalance", KEYS["read"], 403),
]


@pytest.mark.parametrize(("method", "path", "key", "status"), ACCESS)
async def test_who_may_not_is_refused_and_changes_nothing(
    tmp_path: Path, method: str, path: str, key: str | None, status: int
) -> None:
    async with running(tmp_path, site([dc("CP-1")])) as system:
        stored = await system.configure(50)
        body = '{"max_power_kw": 30, "strategy": "equal"}' if method == "PUT" else None
        assert (await refused(system, method, path, body, key))["status"] == status
        assert await system.get(CONFIG) == stored


async def test_each_scope_includes_the_ones_before_it(tmp_path: Path) -> None:
    async with running(tmp_path, site([dc("CP-1")])) as system:
        for scope in ("control", "admin"):
            assert (await system.request("PUT", CONFIG, GOOD, key=KEYS[scope]))[0] == 200
        for scope in KEYS:
            assert (await system.request("GET", CONFIG, key=KEYS[scope]))[0] == 200
        for path in ("/healthz", "/readyz"):
            assert (await system.request("GET", path, key=None))[0] == 200


MISSING = [
    ("GET", "/api/v1/smart-charging/sites/nowhere/config", 404),
    ("PUT", "/api/v1/smart-charging/sites/nowhere/config", 404),
    ("POST", "/api/v1/smart-charging/sites/nowhere/rebalance", 404),
    ("GET", "/api/v1/smart-charging/sites/nowhere/allocation", 404),
    ("GET", "/api/v1/smart-charging/sites/nowhere/allocation/history", 404),
    ("GET", "/api/v1/sites/nowhere", 404),
    ("GET", "/api/v1/charge-points/nobody", 404),
    ("GET", "/api/v1/nothing", 404),
    ("GET", CONFIG, 404),
    ("DELETE", CONFIG, 405),
]


async def test_what_does_not_exist_is_not_found(tmp_path: Path) -> None:
    async with running(tmp_path, site([dc("CP-1")])) as system:
        for method, path, status in MISSING:
            body = '{"max_power_kw": 30, "strategy": "equal"}' if method == "PUT" else None
            problem = await refused(system, method, path, body, KEYS["control"])
            assert (path, problem["status"]) == (path, status)


BAD_BODIES = [
    ("", ""),
    ("{", ""),
    ("[]", ""),
    ("null", ""),
    ('{"strategy": "equal"}', "max_power_kw"),
    ('{"max_power_kw": 30}', "strategy"),
    ('{"max_power_kw": NaN, "strategy": "equal"}', "max_power_kw"),
    ('{"max_power_kw": Infinity, "strategy": "equal"}', "max_power_kw"),
    ('{"max_power_kw": 1e999, "strategy": "equal"}', "max_power_kw"),
    ('{"max_power_kw": "30", "strategy": "equal"}', "max_power_kw"),
    ('{"max_power_kw": true, "strategy": "equal"}', "max_power_kw"),
    ('{"max_power_kw": 0, "strategy": "equal"}', "max_power_kw"),
    ('{"max_power_kw": -1, "strategy": "equal"}', "max_power_kw"),
    ('{"max_power_kw": 100.001, "strategy": "equal"}', "max_power_kw"),
    ('{"max_power_kw": 30, "strategy": "fair"}', "strategy"),
    ('{"max_power_kw": 30, "strategy": "equal", "surprise-XYZZY": 1}', "surprise"),
    ('{"max_power_kw": 30, "strategy": "equal", "min_power_per_charger_kw": 31}', "min_power_per_charger_kw"),
    ('{"max_power_kw": 30, "strategy": "priority"}', "priority_order"),
    ('{"max_power_kw": 30, "strategy": "priority", "priority_order": ["CP-1", "CP-1"]}', "priority_order"),
    ('{"max_power_kw": 30, "strategy": "priority", "priority_order": ["XYZZY"]}', "priority_order"),
    (
        '{"max_power_kw": 30, "strategy": "scheduled", "schedule":'
        ' [{"days": ["mon"], "start": "25:00", "end": "08:00", "max_power_kw": 5}]}',
        "schedule[0].start",
    ),
    (
        '{"max_power_kw": 30, "strategy": "scheduled", "schedule":'
        ' [{"days": ["mon"], "start": "06:00", "end": "08:00", "max_power_kw": 5},'
        ' {"days": ["mon"], "start": "07:00", "end": "09:00", "max_power_kw": 5}]}',
        "schedule",
    ),
]


async def test_a_bad_configuration_is_refused_with_its_field_and_changes_nothing(tmp_path: Path) -> None:
    async with running(tmp_path, site([dc("CP-1")])) as system:
        [station] = await system.chargers({"CP-1": "1.6"})
        station.plug_in(1, HUNGRY, "TAG")
        stored = await system.configure(20)
        await system.gives({"CP-1": 20.0})
        for content, field in BAD_BODIES:
            problem = await refused(system, "PUT", CONFIG, content, KEYS["control"])
            assert (content, problem["status"]) == (content, 422)
            fields = [error["field"] for error in problem["errors"]]
            assert any(name.startswith(field) for name in fields), (content, fields)
            assert "XYZZY" not in str([error["rule"] for error in problem["errors"]])
        assert await system.get(CONFIG) == stored
        await system.gives({"CP-1": 20.0})


async def test_a_body_that_is_too_large_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    async with running(tmp_path, site([dc("CP-1")])) as system:
        stored = await system.configure(20)
        problem = await refused(system, "PUT", CONFIG, " " * (1024 * 1024 + 1), KEYS["control"])
        assert problem["status"] == 413
        assert await system.get(CONFIG) == stored


BAD_QUERIES = [
    (HISTORY, "granularity=2min", "granularity"),
    (HISTORY, "from=yesterday", "from"),
    (HISTORY, "from=2026-02-30T00:00:00Z", "from"),
    (HISTORY, "from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", "from"),
    (HISTORY, "from=2026-01-01T00:00:00Z&to=2026-12-31T00:00:00Z&granularity=1min", ""),
    (HISTORY, "surprise=1", "surprise"),
    ("/api/v1/sessions", "status=lost", "status"),
    ("/api/v1/sessions", "from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", "from"),
    ("/api/v1/sessions", "limit=-1", "limit"),
    ("/api/v1/charge-points", "offset=x", "offset"),
]


async def test_a_bad_query_is_refused_with_its_parameter(tmp_path: Path) -> None:
    async with running(tmp_path, site([dc("CP-1")])) as system:
        for path, query, field in BAD_QUERIES:
            problem = await refused(system, "GET", f"{path}?{query}", None, KEYS["read"])
            assert (query, problem["status"]) == (query, 422)
            assert any(error["field"].startswith(field) for error in problem["errors"]), (query, problem)


async def test_history_tells_what_was_given_and_drawn(tmp_path: Path) -> None:
    async with running(tmp_path, site([dc("CP-1"), dc("CP-2")], capacity_kw=20)) as system:
        for station in await system.chargers({"CP-1": "1.6", "CP-2": "2.0.1"}):
            station.plug_in(1, HUNGRY, "TAG")
        await system.gives({"CP-1": 10.0, "CP-2": 10.0})
        await eventually(lambda: _metered(system), "both are metered")
        await asyncio.sleep(1)
        history = await system.get(f"{HISTORY}?granularity=1min")
    assert set(history) == {"site_id", "granularity", "buckets"}
    assert (history["site_id"], history["granularity"]) == ("park", "1min")
    assert history["buckets"]
    bucket = history["buckets"][-1]
    figures = {"total_allocated_kw", "total_actual_kw", "total_budget_kw", "lowest_budget_kw"}
    assert set(bucket) == {"period_start", "active_chargers"} | figures
    assert (bucket["total_budget_kw"], bucket["lowest_budget_kw"]) == (20.0, 20.0)
    assert bucket["period_start"].endswith(":00Z")
    assert 0 < bucket["total_actual_kw"] <= bucket["total_allocated_kw"] <= 20
    assert bucket["active_chargers"] == 2


async def _metered(system: System) -> bool:
    return [row["actual_kw"] for row in (await system.allocation())["chargers"]] == [10.0, 10.0]


async def test_a_rebalance_tells_every_active_charger_its_limit_again(tmp_path: Path) -> None:
    names: dict[str, Version] = {"CP-1": "1.6", "CP-2": "2.0.1", "CP-3": "1.6"}
    async with running(tmp_path, site([dc(name) for name in names], capacity_kw=30)) as system:
        first, second, _ = await system.chargers(names)
        for station in (first, second):
            station.plug_in(1, HUNGRY, "TAG")
        allocation = await system.gives({"CP-1": 15.0, "CP-2": 15.0})
        told = {name: len(system.told(name, "SetChargingProfile")) for name in names}
        status, answer = await system.request("POST", f"{SITE}/rebalance")
        again = {name: len(system.told(name, "SetChargingProfile")) - told[name] for name in names}
        await system.gives({"CP-1": 15.0, "CP-2": 15.0})
    assert status == 200
    assert set(answer) == {"site_id", "rebalanced_at", "chargers_updated", "new_allocation"}
    assert (answer["site_id"], answer["chargers_updated"]) == ("park", len(allocation["chargers"]))
    assert answer["new_allocation"] == [{"charge_point_id": name, "allocated_kw": 15.0} for name in ("CP-1", "CP-2")]
    assert again == {"CP-1": 1, "CP-2": 1, "CP-3": 0}


ALLOCATION = {
    "site_id",
    "strategy",
    "total_budget_kw",
    "total_allocated_kw",
    "timestamp",
    "chargers",
    "total_permitted_kw",
    "reserved_kw",
    "waiting",
    "not_commissioned",
    "circuits",
    "site_load_kw",
    "limit_source",
}
CHARGER = {
    "charge_point_id",
    "allocated_kw",
    "actual_kw",
    "status",
    "confirmed",
    "permitted_kw",
    "reason",
    "connectors",
    "waiting",
    "expected_start",
}


async def test_an_allocation_has_exactly_its_documented_fields(tmp_path: Path) -> None:
    """Totals are the exact sums of rows of a third each; who was never heard of is named."""
    names: dict[str, Version] = {"CP-1": "1.6", "CP-2": "2.0.1", "CP-3": "1.6"}
    points = [dc(name) for name in (*names, "CP-4")]
    async with running(tmp_path, site(points, capacity_kw=10)) as system:
        for station in await system.chargers(names):
            station.plug_in(1, HUNGRY, "TAG")
        allocation = await system.gives(dict.fromkeys(names, 3.333))
    assert set(allocation) == ALLOCATION
    assert all(set(row) == CHARGER for row in allocation["chargers"])
    assert (allocation["total_allocated_kw"], allocation["total_permitted_kw"]) == (9.999, 9.999)
    assert allocation["not_commissioned"] == ["CP-4"]
    assert [row["status"] for row in allocation["chargers"]] == ["Charging"] * 3
