"""Id tokens from end to end: drivers at simulated chargers, and an operator who says who they are."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from support.system import HUNGRY, VERSIONS, System, configuration, dc, eventually, neighbours, serving, site

from simulators.protocol import Version

BOTH = pytest.mark.parametrize("protocol", VERSIONS)
TOKENS = [{"id_token": "Good"}, {"id_token": "Bad", "status": "Blocked"}]


@pytest.fixture
async def system(tmp_path: Path) -> AsyncIterator[System]:
    document = configuration(tmp_path, [site([dc("CP-1"), dc("CP-2")])])
    rules = {"unknown_id_tokens": "reject", "end_session_when_blocked": True, "local_lists": True}
    document |= {"authorization": rules, "id_tokens": TOKENS}
    async with serving(document) as ports, neighbours(*ports) as running:
        yield running


async def list_is_in_step(system: System) -> bool:
    status, body = await system.request("GET", "/api/v1/charge-points/CP-1/local-list")
    return status == 200 and body["state"] == "in_step"


@BOTH
async def test_a_driver_who_is_refused_does_not_charge(system: System, protocol: Version) -> None:
    station = await system.charger("CP-1", protocol)
    for token in ("BAD", "nobody"):
        station.plug_in(1, HUNGRY, token)
        await eventually(lambda: len(system.said("CP-1", "Authorize")) == 1, "it has asked")
        assert not station.connector(1).charging
        station.unplug(1)
        system.frames["CP-1"].clear()
    station.plug_in(1, HUNGRY, "GOOD")
    await eventually(lambda: station.connector(1).drawn_w > 0, "the good one charges")


@BOTH
async def test_a_driver_blocked_while_charging_is_stopped(system: System, protocol: Version) -> None:
    station = await system.charger("CP-1", protocol)
    station.plug_in(1, HUNGRY, "good")
    await eventually(lambda: station.connector(1).drawn_w > 0, "it charges")
    status, _ = await system.request("PATCH", "/api/v1/id-tokens/GOOD", {"status": "Blocked"})
    assert status == 200
    await eventually(lambda: not station.connector(1).charging, "it was stopped")
    (session,) = await system.sessions("CP-1")
    await eventually(lambda: _ended(system, "Remote"), "the session has ended")
    assert session["id_token"] == "good"


@BOTH
async def test_a_charger_that_is_offline_lets_in_whom_its_list_names(system: System, protocol: Version) -> None:
    station = await system.charger("CP-1", protocol)
    await eventually(lambda: list_is_in_step(system), "its list is in step")
    await system.lose("CP-1")
    station.plug_in(1, HUNGRY, "bad")
    assert not station.connector(1).charging
    station.unplug(1)
    station.plug_in(1, HUNGRY, "GOOD")
    assert station.connector(1).charging
    system.find("CP-1")
    await eventually(lambda: _known(system, "GOOD"), "its session is told afterwards")


@BOTH
async def test_a_start_from_offline_that_is_refused_is_ended_by_its_charger_and_kept(
    system: System, protocol: Version
) -> None:
    station = await system.charger("CP-1", protocol)
    await eventually(lambda: list_is_in_step(system), "its list is in step")
    await system.lose("CP-1")
    station.plug_in(1, HUNGRY, "NOBODY")  # unknown ones are let in while nobody can be asked
    assert station.connector(1).charging
    system.find("CP-1")
    await eventually(lambda: _ended(system, "DeAuthorized"), "it was told, and has ended it")
    assert not station.connector(1).charging
    (session,) = await system.sessions("CP-1")
    assert (session["id_token"], session["energy_kwh"]) == ("NOBODY", pytest.approx(0.0, abs=0.5))


@BOTH
async def test_what_an_operator_changes_reaches_the_list_of_a_charger(system: System, protocol: Version) -> None:
    await system.charger("CP-1", protocol)
    station = system.stations["CP-1"]
    await eventually(lambda: list_is_in_step(system), "its list is in step")
    status, _ = await system.request("POST", "/api/v1/id-tokens", {"id_token": "New"})
    assert status == 200
    await eventually(lambda: "new" in station.adapter.tokens.listed, "it was told")
    await system.request("DELETE", "/api/v1/id-tokens/new")
    await eventually(lambda: "new" not in station.adapter.tokens.listed, "it was told")
    assert {"good", "bad"} == set(station.adapter.tokens.listed)


async def _known(system: System, id_token: str) -> bool:
    return any(session["id_token"] == id_token for session in await system.sessions("CP-1"))


async def _ended(system: System, reason: str) -> bool:
    return [session["stop_reason"] for session in await system.sessions("CP-1")] == [reason]
