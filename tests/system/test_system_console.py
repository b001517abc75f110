"""The operators' commands as they are typed, against the running system."""

import json
from pathlib import Path

from support.program import Finished, csms
from support.system import HUNGRY, KEYS, System, dc, eventually, running, site

from csms.client import Client


async def typed(system: System, folder: Path, *words: str, key: str = KEYS["control"]) -> Finished:
    environment = {"CSMS_URL": system.http_url, "CSMS_KEY": key, "COLUMNS": "150"}
    return await csms(*words, cwd=folder, environment=environment)


async def metered(system: System) -> bool:
    row = await system.row("CP-1")
    return row is not None and row["actual_kw"] == 20


async def test_an_operator_sees_a_site_and_commands_a_charger(tmp_path: Path) -> None:
    async with running(tmp_path, site([dc("CP-1"), dc("CP-2")], name="Car park")) as system:
        (station,) = await system.chargers({"CP-1": "1.6"})
        station.plug_in(1, HUNGRY, "TAG")
        await system.configure(20)
        await system.gives({"CP-1": 20.0})
        await eventually(lambda: metered(system), "its draw is metered")
        status = await typed(system, tmp_path, "status")
        assert (status.code, status.err) == (0, "")
        [row] = [line for line in status.out.splitlines() if "Car park" in line]
        assert row.split() == ["park", "Car", "park", "20.00", "kW", "20.00", "kW", "20.00", "kW", "1/2", "1", "0", "0"]
        watched = await typed(system, tmp_path, "watch", "--looks", "2", "--every", "0.2")
        assert watched.out.count("budget 20.00 kW") == 4
        [running_session] = json.loads((await typed(system, tmp_path, "sessions", "--active", "--json")).out)
        assert running_session["charge_point_id"] == "CP-1"
        assert "CP-1:1" in (await typed(system, tmp_path, "sessions")).out
        alarms = await typed(system, tmp_path, "alarms")
        assert (alarms.code, alarms.out) == (0, "no alarms\n")
        asked = await typed(system, tmp_path, "command", "CP-1", "TriggerMessage", "requestedMessage=Heartbeat")
        assert asked.code == 0, asked.err
        assert asked.out.startswith("Accepted after ")
        assert system.told("CP-1", "TriggerMessage")[-1] == {"requestedMessage": "Heartbeat"}
        asked = await typed(system, tmp_path, "command", "CP-1", "trigger_message", "message=meter_values")
        assert asked.code == 0, asked.err
        assert system.told("CP-1", "TriggerMessage")[-1] == {"requestedMessage": "MeterValues"}
        refused = await typed(system, tmp_path, "command", "CP-1", "set_display_message", "text=hello")
        assert refused.code == 1
        outcome, why = refused.out.splitlines()
        assert outcome.startswith("NotSupported after ")
        assert "DisplayMessage" in why or "1.6" in why, why


async def test_errors_are_a_line_each_and_an_exit_code(tmp_path: Path) -> None:
    async with running(tmp_path, site([dc("CP-1")])) as system:
        await system.charger("CP-1")
        wrong = await typed(system, tmp_path, "status", key="wrong")
        assert (wrong.code, wrong.out) == (2, "")
        assert wrong.err == "error: 401 Unauthorized The API key is not known.\n"
        invalid = await typed(system, tmp_path, "command", "CP-1", "Reset", "type=Wrong")
        assert invalid.code == 2
        assert "\n  type: " in invalid.err
        offline = await typed(system, tmp_path, "command", "nobody", "Reset", "type=Soft")
        assert offline.err.startswith("error: 404 Not Found")


async def test_the_client_follows_what_happens(tmp_path: Path) -> None:
    async with running(tmp_path, site([dc("CP-1")])) as system, Client(system.http_url, KEYS["control"]) as client:
        events = client.events(types=("charge_point_connected",), after=0)
        await system.charger("CP-1")
        first = await anext(events)
        assert (first.type, first.charge_point_id) == ("charge_point_connected", "CP-1")
        await events.aclose()  # type: ignore[attr-defined]  # it is a generator
        assert [point.charge_point_id for point in await client.charge_points()] == ["CP-1"]
        stored = await client.configure("park", {"max_power_kw": 30, "strategy": "equal"})
        assert await client.config("park") == stored
        assert (await client.allocation("park")).total_budget_kw == 30
        assert (await client.rebalance("park"))["site_id"] == "park"
        await eventually(lambda: system.stations["CP-1"].connected)
        assert await client.history("park") is not None
