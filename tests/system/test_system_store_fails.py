"""A disk that is full for a while: nothing is acknowledged that is not on it, and afterwards nothing is missing."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from support.bare_charger import charger
from support.program import csms
from support.system import (
    KEYS,
    PATIENCE_S,
    JsonObject,
    System,
    configuration,
    dc,
    eventually,
    impatience,
    neighbours,
    serving,
    site,
)
from websockets.exceptions import WebSocketException

from csms.domain.failures import StoreFailed
from csms.store.database import Database

BEGAN = {"connectorId": 1, "idTag": "TAG", "meterStart": 0, "timestamp": "2026-11-30T08:00:00Z"}


NOT_DONE = "The store does not take writes: what was asked for is not done."


class Disk:
    """What the database is on. `full`: every write fails; reads do not."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.full = False
        write = Database.write

        def may_write(database: Database, change: Any) -> Any:
            if self.full:
                raise StoreFailed("database or disk is full")
            return write(database, change)

        patch.setattr(Database, "write", may_write)
        patch.setattr("csms.estate._FIRST_RESTART_DELAY_S", 0.05)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch)


async def answered(system: System, action: str, payload: object, within_s: float) -> JsonObject | None:
    """Said again and again, over new connections, as chargers do; None: nobody answered."""
    loop = asyncio.get_running_loop()
    until_s = loop.time() + within_s
    while loop.time() < until_s:
        try:
            async with asyncio.timeout(1), charger(system.ws_url, "1.6", None) as connected:
                frame = await connected.call(action, payload)
                assert frame[0] == 3, frame
                found: JsonObject = frame[2]
                return found
        except (WebSocketException, OSError, TimeoutError):
            await asyncio.sleep(0.05)
    return None


async def sure(system: System, action: str, payload: object) -> JsonObject:
    found = await answered(system, action, payload, PATIENCE_S)
    assert found is not None
    return found


async def ready(system: System) -> bool:
    return (await system.request("GET", "/readyz", key=None))[0] == 200


def starts_and_stops(tmp_path: Path) -> JsonObject:
    return configuration(tmp_path, [site([dc("CP-1")])])


async def test_a_stop_that_could_not_be_stored_is_not_acknowledged_and_counts_when_it_comes_again(
    tmp_path: Path, disk: Disk
) -> None:
    document = starts_and_stops(tmp_path)
    with impatience():
        async with serving(document) as ports, neighbours(*ports) as system:
            number = (await sure(system, "StartTransaction", BEGAN))["transactionId"]
            end = {"transactionId": number, "meterStop": 5000, "timestamp": "2026-11-30T09:00:00Z"}
            disk.full = True
            assert await answered(system, "StopTransaction", end, 3) is None
            assert not await ready(system)
            disk.full = False
            assert await sure(system, "StopTransaction", end) == {}
            await eventually(lambda: ready(system), "it is ready again")
        async with serving(document) as ports, neighbours(*ports) as system:
            (session,) = await system.sessions("CP-1")
            assert (session["status"], session["stop_reason"], session["energy_kwh"]) == ("completed", "Local", 5.0)


async def test_a_start_that_could_not_be_stored_is_one_session_when_it_comes_again(tmp_path: Path, disk: Disk) -> None:
    document = starts_and_stops(tmp_path)
    with impatience():
        async with serving(document) as ports, neighbours(*ports) as system:
            disk.full = True
            await eventually(lambda: _fails_to_start(system), "nobody is told a transactionId")
            disk.full = False
            number = (await sure(system, "StartTransaction", BEGAN))["transactionId"]
            assert (await sure(system, "StartTransaction", BEGAN))["transactionId"] == number
        async with serving(document) as ports, neighbours(*ports) as system:
            (session,) = await system.sessions("CP-1")
            assert (session["transaction_id"], session["status"]) == (str(number), "active")


async def _fails_to_start(system: System) -> bool:
    return await answered(system, "StartTransaction", BEGAN, 2) is None


async def test_the_command_line_says_so(tmp_path: Path, disk: Disk) -> None:
    async with serving(starts_and_stops(tmp_path)) as ports, neighbours(*ports) as system:
        reach = ("--url", system.http_url, "--key", KEYS["admin"])
        disk.full = True
        assert (await system.request("POST", "/api/v1/id-tokens", {"id_token": "A"}, key=KEYS["admin"]))[0] == 503
        alarms = await csms("alarms", *reach, cwd=tmp_path)
        assert (alarms.code, alarms.out) == (1, "not ready: The store does not take writes.\n")
        status = await csms("status", *reach, cwd=tmp_path)
        assert (status.code, status.out.splitlines()[-1]) == (0, "not ready: The store does not take writes.")


async def test_what_an_operator_could_not_store_is_refused_and_has_not_changed_anything(
    tmp_path: Path, disk: Disk
) -> None:
    async with serving(starts_and_stops(tmp_path)) as ports, neighbours(*ports) as system:
        await system.configure(20)
        config = "/api/v1/smart-charging/sites/park/config"
        disk.full = True
        changes: list[tuple[str, str, object]] = [
            ("PUT", config, {"max_power_kw": 10, "strategy": "equal"}),
            ("POST", "/api/v1/sites", site([dc("N-1")], 30, "new")),
            ("DELETE", "/api/v1/charge-points/CP-1", None),
            ("POST", "/api/v1/id-tokens", {"id_token": "ABC"}),
            ("POST", "/api/v1/webhooks", {"url": "https://example.org/x"}),
            ("POST", "/api/v1/api-keys", {"name": "another", "scopes": ["read"]}),
        ]
        for method, path, body in changes:
            status, problem = await system.request(method, path, body, key=KEYS["admin"])
            assert (status, problem["detail"]) == (503, NOT_DONE), path
        disk.full = False
        await eventually(lambda: ready(system), "it is ready again")
        assert (await system.get(config))["max_power_kw"] == 20
        assert [row["site_id"] for row in (await system.get("/api/v1/sites"))["items"]] == ["park"]
        assert (await system.get("/api/v1/sites/park"))["charge_point_ids"] == ["CP-1"]
        for path in ("id-tokens", "webhooks", "api-keys"):
            _, listed = await system.request("GET", f"/api/v1/{path}", key=KEYS["admin"])
            assert listed["total"] == (3 if path == "api-keys" else 0), path
        for method, path, body in changes:
            assert (await system.request(method, path, body, key=KEYS["admin"]))[0] == 200, path
