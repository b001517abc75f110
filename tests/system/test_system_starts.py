"""Sessions that begin in their charger's own way: late, at 0, within a fixed part of its maximum. Nobody starves."""

from dataclasses import replace
from pathlib import Path

import pytest
from support.system import HUNGRY, VERSIONS, JsonObject, System, eventually, running, site

from simulators.behaviours import BEHAVIOURS
from simulators.hardware import AC_THREE_PHASES
from simulators.protocol import Version
from simulators.station import SimulatedChargePoint

LATE = replace(BEHAVIOURS["remote-start-late"].behaviour, remote_start_after_s=(1.5, 1.5))
AT_ZERO = BEHAVIOURS["begins-at-0"].behaviour


def ac(charge_point_id: str, **more: object) -> JsonObject:
    return {"charge_point_id": charge_point_id, "current": "AC", "phases": 3, "max_power_kw": 22.08, **more}


async def remote_start(system: System, charge_point_id: str, id_token: str) -> JsonObject:
    body = {"command": "start_session", "id_token": id_token, "connector_id": 1}
    status, told = await system.request("POST", f"/api/v1/charge-points/{charge_point_id}/commands", body)
    assert status == 200, told
    return told


async def both(system: System, odd: SimulatedChargePoint, idle_w: float = 0.0) -> SimulatedChargePoint:
    """A charger by the book beside the odd one; both rest."""
    other = await system.charger("CP-2", "1.6", AC_THREE_PHASES)
    await eventually(lambda: other.connector(1).permitted_w == idle_w, "it rests")
    await eventually(system.quiet, "no limit is under way")
    return other


@pytest.mark.parametrize("protocol", VERSIONS)
async def test_a_remote_start_that_acts_late_is_one_session_with_its_share(tmp_path: Path, protocol: Version) -> None:
    """15 kW: the other has all of it while the car waits, and half once the session runs."""
    async with running(tmp_path, site([ac("CP-1"), ac("CP-2")], capacity_kw=15)) as system:
        odd = await system.charger("CP-1", protocol, AC_THREE_PHASES, behaviour=LATE)
        other = await both(system, odd)
        watch = system.watch()
        odd.plug_in(1, HUNGRY)
        other.plug_in(1, HUNGRY, "TAG")
        await eventually(lambda: other.connector(1).drawn_w > 14_000, "the other has all")
        assert (await remote_start(system, "CP-1", "LATE"))["status"] == "Accepted"
        assert not odd.connector(1).charging
        assert await system.sessions("CP-1") == []
        await eventually(lambda: odd.connector(1).drawn_w > 7_000, lambda: system.said_of(odd))
        (session,) = await system.sessions("CP-1")
        assert session["id_token"] == "LATE"
        assert session["ended_at"] is None
        assert session["remote_start_id"] == (1 if protocol == "2.0.1" else None)  # 1.6 cannot say
    assert watch.permitted_w <= 15_000


@pytest.mark.parametrize("protocol", VERSIONS)
async def test_a_second_remote_start_that_acts_after_the_end_is_a_session_of_its_own(
    tmp_path: Path, protocol: Version
) -> None:
    async with running(tmp_path, site([ac("CP-1"), ac("CP-2")], capacity_kw=15)) as system:
        odd = await system.charger("CP-1", protocol, AC_THREE_PHASES, behaviour=LATE)
        other = await both(system, odd)
        watch = system.watch()
        for station in (odd, other):
            station.plug_in(1, HUNGRY, "TAG")
        await eventually(lambda: odd.connector(1).drawn_w > 7_000, "it charges")
        assert (await remote_start(system, "CP-1", "LATE"))["status"] == "Accepted"
        assert [one["id_token"] for one in await system.sessions("CP-1")] == ["TAG"]
        odd.stop_transaction(1)
        await eventually(lambda: other.connector(1).drawn_w > 14_000, "the other has all")
        await eventually(lambda: odd.connector(1).drawn_w > 7_000, lambda: system.said_of(odd))
        second, first = await system.sessions("CP-1")
        assert (first["id_token"], second["id_token"]) == ("TAG", "LATE")
        assert first["ended_at"] is not None
        assert second["ended_at"] is None
        assert second["remote_start_id"] == (1 if protocol == "2.0.1" else None)
    assert watch.permitted_w <= 15_000


@pytest.mark.parametrize("protocol", VERSIONS)
@pytest.mark.parametrize(("limit_by", "offline_kw"), [("transaction", 0), ("transaction", 4.14), ("default", 4.14)])
async def test_a_charger_that_begins_every_session_at_0_is_told_its_share(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, protocol: Version, limit_by: str, offline_kw: float
) -> None:
    """8.28 kW are two floors: its share may be just what it was told to fall back to, long before the session."""
    monkeypatch.setattr("csms.domain.withheld.AFTER_S", 0.5)
    park = site(
        [
            ac("CP-1", offline_limit_kw=offline_kw, quirks={"limit_by": limit_by}),
            ac("CP-2", offline_limit_kw=offline_kw),
        ],
        capacity_kw=8.28,
    )
    async with running(tmp_path, park) as system:
        odd = await system.charger("CP-1", protocol, AC_THREE_PHASES, behaviour=AT_ZERO)
        other = await both(system, odd, offline_kw * 1000)
        watch = system.watch()
        for _ in range(2):
            for station in (odd, other):
                station.plug_in(1, HUNGRY, "TAG")
            await eventually(lambda: odd.connector(1).drawn_w == 4_140, lambda: system.said_of(odd))
            await eventually(lambda: other.connector(1).drawn_w == 4_140, lambda: system.said_of(other))
            for station in (odd, other):
                station.unplug(1)
    assert watch.permitted_w <= 8_280
    assert watch.drawn_w <= 8_280


@pytest.mark.parametrize("protocol", VERSIONS)
async def test_what_a_connector_cannot_use_of_a_divided_maximum_is_lent_to_others(
    tmp_path: Path, protocol: Version
) -> None:
    """33.12 kW, 16.56 each: one of two connectors draws 11.04 at most, and the other charger has what it leaves."""
    park = site([ac("CP-1", connectors=2), ac("CP-2")], capacity_kw=33.12)
    async with running(tmp_path, park, balancer={"reclaim_after_s": 1}) as system:
        odd = await system.behaves_like("CP-1", "divides-maximum", protocol)
        other = await both(system, odd)
        await eventually(lambda: odd.permitted().power_w == 0, "both its connectors rest")
        watch = system.watch()
        for station in (odd, other):
            station.plug_in(1, HUNGRY, "TAG")
        await eventually(lambda: odd.connector(1).drawn_w == 11_040, lambda: system.said_of(odd))
        await eventually(lambda: other.connector(1).drawn_w > 20_000, lambda: system.said_of(other))
        odd.plug_in(2, HUNGRY, "TAG")
        await eventually(lambda: drawn(odd) == [8_280, 8_280], lambda: system.said_of(odd))
        await eventually(lambda: other.connector(1).drawn_w == 16_560, lambda: system.said_of(other))
        other.unplug(1)
        await eventually(lambda: drawn(odd) == [11_040, 11_040], lambda: system.said_of(odd))
    assert watch.permitted_w <= 33_120
    assert watch.drawn_w <= 33_120


def drawn(station: SimulatedChargePoint) -> list[int]:
    return [round(station.connector(number).drawn_w) for number in (1, 2)]
