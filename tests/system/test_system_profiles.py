"""Chargers that read charging profiles in their own way: what counts is what they have shown, and what is metered."""

from dataclasses import replace
from pathlib import Path

import pytest
from support.system import HUNGRY, VERSIONS, JsonObject, System, dc, eventually, running, site

from csms.config import Config
from csms.domain.model import BalancerSettings
from simulators.behaviour import Behaviour
from simulators.protocol import Version

HONOURS_ITS_DEFAULT = Behaviour(honours_only=("TxDefaultProfile",), takes_kinds=("Relative",))
TELLS_NO_SCHEDULE = Behaviour(composite_schedule="rejected")

LEASE_S = 3.0


def purposes(system: System, charge_point_id: str) -> set[str]:
    """Of the profiles a charger was sent."""
    told = system.told(charge_point_id, "SetChargingProfile")
    profiles = (payload.get("csChargingProfiles") or payload["chargingProfile"] for payload in told)
    return {profile["chargingProfilePurpose"] for profile in profiles}


@pytest.mark.parametrize("protocol", VERSIONS)
async def test_a_charger_that_honours_only_its_default_profile_is_balanced_by_it(
    tmp_path: Path, protocol: Version
) -> None:
    """30 kW: it has 22 alone and 15 beside another; what it gives back is free once it is metered, not before."""
    async with running(tmp_path, site([dc("CP-1"), dc("CP-2")], capacity_kw=30)) as system:
        odd = await system.charger("CP-1", protocol, behaviour=HONOURS_ITS_DEFAULT, vendor="Timxon")
        other = await system.charger("CP-2", "1.6")
        await eventually(lambda: odd.connector(1).permitted_w == other.connector(1).permitted_w == 0, "both pause")
        await eventually(system.quiet, "no limit is under way")
        assert (await system.charge_point("CP-1"))["capabilities"]["limit_by"] == "default"
        watch = system.watch()
        odd.plug_in(1, HUNGRY, "TAG")
        await system.gives({"CP-1": 22.0})
        other.plug_in(1, HUNGRY, "TAG")
        await system.gives({"CP-1": 15.0, "CP-2": 15.0})
        row = await system.row("CP-1")
        assert row is not None
        assert row["actual_kw"] == 15.0
        other.unplug(1)
        await system.gives({"CP-1": 22.0})
        odd.unplug(1)
        await eventually(lambda: odd.connector(1).status == "Available", "the car is gone")
        await eventually(lambda: _is_told(system, "CP-1", 0), "its default is one again")
        other.plug_in(1, HUNGRY, "TAG")
        await system.gives({"CP-2": 22.0})
        assert purposes(system, "CP-1") == {"TxDefaultProfile"}
    assert watch.permitted_w <= 30_000
    assert watch.drawn_w <= 30_000


async def _is_told(system: System, charge_point_id: str, default_kw: float) -> bool:
    limits: JsonObject = (await system.charge_point(charge_point_id))["connectors"][0]["limits"]
    return bool(limits["default_kw"] == default_kw and not limits["outstanding"])


@pytest.fixture
def short_leases(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leases of seconds instead of minutes, and clocks that are believed to the half second."""
    settings = Config.balancer_settings

    def shorter(config: Config) -> BalancerSettings:
        return replace(settings(config), lease_s=LEASE_S)

    monkeypatch.setattr(Config, "balancer_settings", shorter)
    monkeypatch.setattr("csms.balancing.ledger.LEASE_MARGIN_S", 0.5)


@pytest.mark.usefixtures("short_leases")
async def test_the_end_of_a_lease_is_believed_where_the_charger_has_shown_it(tmp_path: Path) -> None:
    """28 kW, 7 each; of three that are out of reach two have shown that they step down, so the last one has 21."""
    names = ("CP-1", "CP-2", "CP-3", "CP-4")
    async with running(tmp_path, site([dc(name) for name in names], capacity_kw=28)) as system:
        shows = [await system.charger("CP-1", "1.6"), await system.charger("CP-2", "2.0.1")]
        await system.charger("CP-3", "1.6", behaviour=TELLS_NO_SCHEDULE)
        last = await system.charger("CP-4", "2.0.1")
        await eventually(lambda: all(s.connector(1).permitted_w == 0 for s in system.stations.values()), "all pause")
        await eventually(system.quiet, "no limit is under way")
        watch = system.watch()
        for station in system.stations.values():
            station.plug_in(1, HUNGRY, "TAG")
        await system.gives(dict.fromkeys(names, 7.0))
        for name in ("CP-1", "CP-2"):
            await lease_shown_and_renewed(system, name)
        for name in ("CP-1", "CP-2", "CP-3"):
            await system.lose(name)
        assert last.connector(1).permitted_w == 7_000
        await eventually(lambda: last.connector(1).permitted_w == 21_000, "the last one has what is free")
        assert [station.connector(1).permitted_w for station in shows] == [0, 0]
        allocation = await system.allocation()
        permitted = {row["charge_point_id"]: row["permitted_kw"] for row in allocation["chargers"]}
        assert permitted == {"CP-1": 0.0, "CP-2": 0.0, "CP-3": 7.0, "CP-4": 21.0}
        for name in ("CP-1", "CP-2", "CP-3"):
            system.find(name)
        await system.gives(dict.fromkeys(names, 7.0))
    assert watch.permitted_w <= 28_000
    assert watch.drawn_w <= 28_000


async def lease_shown_and_renewed(system: System, charge_point_id: str) -> None:
    await eventually(lambda: asked_about_lease(system, charge_point_id), "it is asked what follows")
    await eventually(lambda: renewed(system, charge_point_id), "the lease is renewed")


def asked_about_lease(system: System, charge_point_id: str) -> bool:
    """Whether it was asked for a composite schedule that reaches past the lease."""
    return any(told["duration"] > 120 for told in system.told(charge_point_id, "GetCompositeSchedule"))


async def renewed(system: System, charge_point_id: str) -> bool:
    found = await system.get(f"/api/v1/smart-charging/sites/park/decisions?charge_point_id={charge_point_id}")
    limits = [row for decision in found["items"] for row in decision["limits"]]
    return any(row["renewal"] and row["limit_kw"] == 7.0 and row["answer"] == "Accepted" for row in limits)
