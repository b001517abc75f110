"""Chargers that depart from the book in ways that were seen with real ones: each ends with the right limit in force,
and the ceiling kept, or with the alarm that says it cannot be controlled."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from support.system import HUNGRY, VERSIONS, JsonObject, System, eventually, running, site

from simulators.protocol import Version
from simulators.station import SimulatedChargePoint

CEILING_KW = 15
UNKNOWN_MAKE = "Nobody"


def ac(charge_point_id: str, **more: object) -> JsonObject:
    return {"charge_point_id": charge_point_id, "current": "AC", "phases": 3, "max_power_kw": 22.08, **more}


@pytest.fixture(autouse=True)
def quick_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """A refused limit is said again at once, not a second later and later."""
    monkeypatch.setattr("csms.balancing.plan._LONGEST_PATIENCE_S", 0.05)


async def obeyed(system: System, station: SimulatedChargePoint) -> bool:
    """Whether a charger has some power, has confirmed it, and permits and draws just that."""
    row = await system.row(station.spec.identity)
    view = station.connector(1)
    if row is None or not row["confirmed"] or row["allocated_kw"] <= 0:
        return False
    given_w = round(row["allocated_kw"] * 1000)
    return (
        bool(row["permitted_kw"] == row["allocated_kw"]) and round(view.permitted_w) == round(view.drawn_w) == given_w
    )


async def knobs(system: System, charge_point_id: str = "CP-1") -> dict[str, Any]:
    """Those that something is known of, and from where."""
    rows = (await system.charge_point(charge_point_id))["quirks"]["knobs"]
    return {
        row["name"]: (row["value"], row["source"]) for row in rows if row["source"] in ("quirk", "learned", "pinned")
    }


async def shares(system: System, odd: SimulatedChargePoint, other: SimulatedChargePoint, idle_w: float = 0.0) -> None:
    """Both rest, then charge under the ceiling, then rest again: with the right limits at the end, and never above."""
    await eventually(lambda: other.connector(1).permitted_w == 0, "the other rests")
    await eventually(lambda: abs(odd.connector(1).permitted_w - idle_w) < 1, "the odd one rests")
    await eventually(system.quiet, "no limit is under way")
    watch = system.watch()
    for station in (odd, other):
        station.plug_in(1, HUNGRY, "TAG")
    await eventually(lambda: obeyed(system, odd), lambda: system.said_of(odd))
    await eventually(lambda: obeyed(system, other), lambda: system.said_of(other))
    odd.stop_transaction(1)
    odd.unplug(1)
    await eventually(lambda: abs(odd.connector(1).permitted_w - idle_w) < 1, "the odd one rests again")
    assert watch.permitted_w <= CEILING_KW * 1000
    assert watch.drawn_w <= CEILING_KW * 1000


OBEDIENT: Mapping[str, Mapping[str, tuple[Any, str]]] = {
    "abb-boot-loop": {"max_stack_level": (0, "quirk"), "unasked": (["measurands"], "quirk")},
    "abb-stack-0": {"max_stack_level": (0, "quirk"), "unasked": (["measurands"], "quirk")},
    "abb-terra-not-6a": {
        "max_stack_level": (0, "quirk"),
        "unasked": (["measurands"], "quirk"),
        "lowest_default_a": (6.1, "quirk"),
    },
    "autel-finishing": {},
    "bare-events": {},
    "composite-decimals": {},
    "composite-endless": {},
    "composite-no-connector-0": {},
    "composite-no-schedule": {},
    "connectors-only": {},
    "evbox-no-max-profile": {},
    "go-e-forgets": {"keeps_profiles": (False, "quirk")},
    "grizzl-e-ignores": {},
    "huawei-watts": {"rate_units": (["W"], "quirk"), "takes_zero": (False, "quirk")},
    "necharge-steps": {"currents_a": ([6.0, 8.0, 10.0, 13.0, 16.0], "quirk")},
    "schneider-level-100": {"max_stack_level": (100, "quirk")},
    "timxon-default-only": {"relative_profiles": (True, "quirk"), "limit_by": ("default", "quirk")},
    "wallbox-relative": {"max_stack_level": (0, "quirk"), "relative_profiles": (True, "quirk")},
}


@pytest.mark.parametrize("protocol", VERSIONS)
@pytest.mark.parametrize("name", OBEDIENT)
async def test_a_make_that_is_known_is_told_its_limits_as_it_takes_them(
    tmp_path: Path, name: str, protocol: Version
) -> None:
    offline_kw = 4.14 if name == "abb-terra-not-6a" else 0
    idle_w = {"abb-terra-not-6a": 4_209.0, "huawei-watts": 4_140.0}.get(name, 0.0)
    park = site([ac("CP-1", offline_limit_kw=offline_kw), ac("CP-2")], capacity_kw=CEILING_KW)
    async with running(tmp_path, park) as system:
        odd = await system.behaves_like("CP-1", name, protocol)
        await shares(system, odd, await system.charger("CP-2", "1.6", odd.spec.hardware), idle_w)
        assert await knobs(system) == OBEDIENT[name]


LEARNED: Mapping[str, Mapping[str, Any]] = {
    "abb-stack-0": {"max_stack_level": 0},
    "connector-0-only": {"default_on_station": True},
    "default-profile-only": {"limit_by": "default"},
    "max-profile-only": {"limit_by": "station"},
    "no-number-phases": {"number_phases": False},
    "no-two-periods": {"leases": False},
    "says-amperes-takes-watts": {"rate_units": ["W"]},
    "timxon-default-only": {"limit_by": "default", "relative_profiles": True},
    "wallbox-relative": {"max_stack_level": 0, "relative_profiles": True},
}


@pytest.mark.parametrize("protocol", VERSIONS)
@pytest.mark.parametrize("name", LEARNED)
async def test_a_make_that_nobody_knows_teaches_how_it_takes_them(tmp_path: Path, name: str, protocol: Version) -> None:
    async with running(tmp_path, site([ac("CP-1"), ac("CP-2")], capacity_kw=CEILING_KW)) as system:
        odd = await system.behaves_like("CP-1", name, protocol, vendor=UNKNOWN_MAKE)
        await shares(system, odd, await system.charger("CP-2", "1.6", odd.spec.hardware))
        assert await knobs(system) == {knob: (value, "learned") for knob, value in LEARNED[name].items()}
