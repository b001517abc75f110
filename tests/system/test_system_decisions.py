"""What operators can look up afterwards: who was told what, when and why, what was answered, and what was wrong."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from support.system import HUNGRY, VERSIONS, JsonObject, System, change_behaviour, dc, eventually, running, site

from simulators.behaviour import BY_THE_BOOK, Behaviour
from simulators.protocol import Version

SITE = "/api/v1/smart-charging/sites/park"
TWO: dict[str, Version] = {"CP-1": "1.6", "CP-2": "2.0.1"}

REJECTS = Behaviour(rejects_profiles=("TxProfile",))
DRAWS_MORE = Behaviour(overdraw=0.5)


def both(protocol: Version) -> dict[str, Version]:
    """Two chargers, the second of the other version."""
    return {"CP-1": protocol, "CP-2": "2.0.1" if protocol == "1.6" else "1.6"}


async def metered(system: System, charge_point_id: str, actual_kw: float) -> None:
    async def is_metered() -> bool:
        row = await system.row(charge_point_id)
        return row is not None and row["actual_kw"] == actual_kw

    await eventually(is_metered, f"{charge_point_id} is metered at {actual_kw} kW")


async def limits_told(system: System, charge_point_id: str, limit_kw: float) -> list[tuple[JsonObject, JsonObject]]:
    """Decisions with the limits they sent to this charge point of this size, newest first."""
    decisions = (await system.get(f"{SITE}/decisions?charge_point_id={charge_point_id}"))["items"]
    return [
        (decision, row)
        for decision in decisions
        for row in decision["limits"]
        if (row["limit_kw"], row["purpose"]) == (limit_kw, "transaction")
    ]


async def test_a_cut_is_on_record_with_its_cause_its_answer_and_what_was_drawn(tmp_path: Path) -> None:
    """30 kW: the first has its 22 and is cut to 15 when the second one comes."""
    async with running(tmp_path, site([dc("CP-1"), dc("CP-2")], capacity_kw=30)) as system:
        first, second = await system.chargers(TWO)
        first.plug_in(1, HUNGRY, "TAG")
        await system.gives({"CP-1": 22.0})
        await metered(system, "CP-1", 22.0)
        second.plug_in(1, HUNGRY, "TAG")
        await system.gives({"CP-1": 15.0, "CP-2": 15.0})
        [(decision, cut)] = await limits_told(system, "CP-1", 15.0)
        [session] = await system.sessions("CP-1")
        assert "transaction started: CP-2 connector 1" in decision["causes"]
        assert (decision["strategy"], decision["total_budget_kw"]) == ("equal", 30.0)
        assert (decision["permitted_kw"], decision["actual_kw"], decision["site_load_kw"]) == (22.0, 22.0, 0.0)
        assert cut == {
            "charge_point_id": "CP-1",
            "connector_id": 1,
            "transaction_id": session["transaction_id"],
            "limit_kw": 15.0,
            "purpose": "transaction",
            "reason": "shares 30 kW equally with 1 other",
            "renewal": False,
            "sent_at": cut["sent_at"],
            "answer": "Accepted",
            "answered_at": cut["answered_at"],
            "detail": "",
            "actual_kw": 22.0,
        }
        assert decision["decided_at"] <= cut["sent_at"] <= cut["answered_at"]
        # The raise waits for the cut: it was sent after the answer, and another decision sent it.
        [(later, given)] = await limits_told(system, "CP-2", 15.0)
        assert cut["answered_at"] <= given["sent_at"]
        assert decision["decision_id"] < later["decision_id"]
        # In between the first was metered, which took a second.
        between = (datetime.fromisoformat(cut["sent_at"]) - timedelta(seconds=0.4)).isoformat().replace("+00:00", "Z")
        until, since = [await decided(system, f"{bound}={between}") for bound in ("to", "from")]
        assert (decision["decision_id"] in until, decision["decision_id"] in since) == (False, True)
        [(earlier, _)] = await limits_told(system, "CP-1", 22.0)
        assert (earlier["decision_id"] in until, earlier["decision_id"] in since) == (True, False)


async def decided(system: System, query: str) -> list[int]:
    """The ids of the decisions that are found."""
    return [row["decision_id"] for row in (await system.get(f"{SITE}/decisions?{query}"))["items"]]


@pytest.mark.parametrize("protocol", VERSIONS)
async def test_a_refused_cut_below_the_ceiling_is_an_alarm_until_it_is_taken(tmp_path: Path, protocol: Version) -> None:
    """Who refuses holds 20 kW; a ceiling of 15 kW leaves nothing for the other and is exceeded by 5."""
    async with running(tmp_path, site([dc("CP-1"), dc("CP-2")], capacity_kw=40)) as system:
        stations = await system.chargers(both(protocol))
        for station in stations:
            station.plug_in(1, HUNGRY, "TAG")
        await system.gives({"CP-1": 20.0, "CP-2": 20.0})
        change_behaviour(stations[0], REJECTS)
        await system.request("PUT", f"{SITE}/limit", {"max_power_kw": 15})
        await eventually(lambda: _alarmed(system, {"ceiling_exceeded", "limit_refused"}), "it is an alarm")
        assert stations[1].connector(1).permitted_w == 0
        raised = {alarm["kind"]: alarm for alarm in await system.alarms(standing=True)}
        exceeded, refused = raised["ceiling_exceeded"], raised["limit_refused"]
        assert (exceeded["subject"], exceeded["excess_kw"], exceeded["holders"]) == ("grid", 5.0, ["CP-1"])
        assert exceeded["text"] == "the grid connection may be exceeded by 5 kW, held by CP-1"
        assert (refused["subject"], refused["cleared_at"]) == ("CP-1", None)
        cuts = [limit for _, limit in await limits_told(system, "CP-1", 0.0) if limit["purpose"] == "transaction"]
        detail = "Rejected" if protocol == "1.6" else "Rejected UnsupportedRequest"
        assert (cuts[0]["answer"], cuts[0]["detail"]) == ("Rejected", detail)
        assert cuts[0]["reason"] == "a limit is exceeded: gives way until it is not"
        change_behaviour(stations[0], BY_THE_BOOK)
        await system.gives({"CP-1": 7.5, "CP-2": 7.5})
        await eventually(lambda: _alarmed(system, set()), "it is over")
        cleared = await system.alarms(standing=False)
    assert {alarm["alarm_id"] for alarm in cleared} == {exceeded["alarm_id"], refused["alarm_id"]}
    assert all(alarm["raised_at"] < alarm["cleared_at"] for alarm in cleared)


async def _alarmed(system: System, kinds: set[str]) -> bool:
    return {alarm["kind"] for alarm in await system.alarms(standing=True)} == kinds


@pytest.mark.parametrize("protocol", VERSIONS)
async def test_a_charger_that_draws_more_than_it_may_is_counted_and_trusted_again_when_it_complies(
    tmp_path: Path, protocol: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    """30 kW: it was given 15 and takes 22, its rating, so the other has the 8 that are left."""
    monkeypatch.setattr("csms.balancing.compliance._TRUSTED_AFTER_S", 0.5)
    monkeypatch.setattr("csms.balancing.plan._FORGOTTEN_S", 1.0)  # only a limit that was said again proves anything
    async with running(tmp_path, site([dc("CP-1"), dc("CP-2")], capacity_kw=30)) as system:
        stations = await system.chargers(both(protocol))
        for station in stations:
            station.plug_in(1, HUNGRY, "TAG")
        await system.gives({"CP-1": 15.0, "CP-2": 15.0})
        change_behaviour(stations[0], DRAWS_MORE)
        await eventually(lambda: stations[1].connector(1).drawn_w == 8_000, "the other makes room")
        await eventually(lambda: _exceeding(system), "it is an alarm")
        [alarm] = [alarm for alarm in await system.alarms() if alarm["kind"] == "limit_exceeded"]
        assert (alarm["subject"], alarm["text"]) == ("CP-1", "connector 1 draws 22 kW, more than it is permitted")
        row = await system.row("CP-1")
        assert row is not None
        assert (row["allocated_kw"], row["permitted_kw"], row["actual_kw"]) == (15.0, 22.0, 22.0)
        assert row["reason"] == "keeps drawing more than it is permitted (22 kW): 22 kW reserved"
        assert (await system.allocation())["total_permitted_kw"] == 30.0
        change_behaviour(stations[0], BY_THE_BOOK)
        await system.gives({"CP-1": 15.0, "CP-2": 15.0})
        await eventually(lambda: _alarmed(system, set()), "it is over")


async def _exceeding(system: System) -> bool:
    return "limit_exceeded" in {alarm["kind"] for alarm in await system.alarms(standing=True)}


@pytest.mark.parametrize("protocol", VERSIONS)
async def test_where_the_operator_says_so_a_charger_that_refuses_its_cut_loses_its_session(
    tmp_path: Path, protocol: Version
) -> None:
    """Its car stays; the other has the whole ceiling then."""
    async with running(tmp_path, site([dc("CP-1"), dc("CP-2")], capacity_kw=40)) as system:
        stations = await system.chargers(both(protocol))
        for station in stations:
            station.plug_in(1, HUNGRY, "TAG")
        await system.gives({"CP-1": 20.0, "CP-2": 20.0})
        change_behaviour(stations[0], REJECTS)
        await system.configure(22, on_uncontrollable="stop")
        await system.gives({"CP-2": 22.0})
        [ended] = await system.sessions("CP-1")
        assert (ended["status"], ended["stop_reason"]) == ("completed", "Remote")
        assert (stations[0].connector(1).charging, stations[0].connector(1).drawn_w) == (False, 0.0)
        assert [row["status"] for row in await system.sessions("CP-2")] == ["active"]
        asked = "RemoteStopTransaction" if protocol == "1.6" else "RequestStopTransaction"
        assert len(system.told("CP-1", asked)) == 1
