"""Chargers that reject, fail or never answer: counted at their worst, while the others share the rest."""

from pathlib import Path

import pytest
from support.system import HUNGRY, JsonObject, System, change_behaviour, dc, eventually, running, site

from simulators.behaviour import BY_THE_BOOK, Behaviour
from simulators.protocol import Version
from simulators.station import SimulatedChargePoint

REJECTS = Behaviour(rejects_profiles=("TxProfile",))
REJECTS_ALL = Behaviour(rejects_profiles=("TxProfile", "TxDefaultProfile"))
SILENT = Behaviour(never_answers=("SetChargingProfile",))
OBEYS_SILENTLY = Behaviour(never_answers=("SetChargingProfile",), obeys_unanswered=True)
FAILS = Behaviour(call_error_for=("SetChargingProfile",))

CALL_TIMEOUT_S = 0.3
UNRULY: dict[str, Version] = {"CP-1": "1.6", "CP-2": "2.0.1"}
OBEYING: dict[str, Version] = {"CP-3": "1.6", "CP-4": "2.0.1"}


def four() -> JsonObject:
    return site([dc(name) for name in (*UNRULY, *OBEYING)], capacity_kw=80)


def permit(stations: list[SimulatedChargePoint], each_w: float) -> bool:
    return all(station.connector(1).permitted_w == each_w for station in stations)


@pytest.mark.parametrize(
    ("behaviour", "cause"),
    [(REJECTS, "Rejected"), (SILENT, "Timeout"), (OBEYS_SILENTLY, "Timeout"), (FAILS, "InternalError")],
    ids=["rejects", "silent", "obeys silently", "fails"],
)
async def test_a_charger_that_does_not_take_its_cut_keeps_its_room_until_it_obeys(
    tmp_path: Path, behaviour: Behaviour, cause: str
) -> None:
    """80 kW: two have 22 each and refuse less, so the others have 18 each; once they obey, all have 20."""
    async with running(tmp_path, four(), call_timeout_s=CALL_TIMEOUT_S) as system:
        stations = await system.chargers({**UNRULY, **OBEYING})
        unruly, obeying = stations[:2], stations[2:]
        for station in unruly:
            station.plug_in(1, HUNGRY, "TAG")
        await system.gives(dict.fromkeys(UNRULY, 22.0))
        watch = system.watch()
        for station in unruly:
            change_behaviour(station, behaviour)
        for station in obeying:
            station.plug_in(1, HUNGRY, "TAG")
        await eventually(lambda: permit(obeying, 18_000), "the rest is shared")
        allocation = await system.allocation()
        assert (allocation["total_permitted_kw"], allocation["reserved_kw"]) == (80.0, 44.0)
        for row in allocation["chargers"][:2]:
            assert (row["confirmed"], row["permitted_kw"]) == (False, 22.0)
            assert row["reason"].startswith("does not take its limit (")
            assert cause in row["reason"]
        for station in unruly:
            change_behaviour(station, BY_THE_BOOK)
        await system.gives(dict.fromkeys((*UNRULY, *OBEYING), 20.0))
    assert watch.permitted_w <= 80_000
    assert watch.drawn_w <= 80_000


@pytest.mark.parametrize("behaviour", [REJECTS_ALL, SILENT], ids=["rejects", "silent"])
async def test_a_charger_that_never_took_any_limit_is_counted_at_its_rating(
    tmp_path: Path, behaviour: Behaviour
) -> None:
    """44 of the 80 kW are kept for two of them, idle or charging; once they obey, idle they need none."""
    async with running(tmp_path, four(), call_timeout_s=CALL_TIMEOUT_S) as system:
        obeying = await system.chargers(OBEYING)
        unruly = [await system.charger(name, protocol, behaviour=behaviour) for name, protocol in UNRULY.items()]
        watch = system.watch()
        for station in obeying:
            station.plug_in(1, HUNGRY, "TAG")
        allocation = await system.gives(dict.fromkeys(OBEYING, 18.0))
        assert allocation["reserved_kw"] == 44.0
        for station in unruly:
            station.plug_in(1, HUNGRY, "TAG")
        await eventually(lambda: all(s.connector(1).drawn_w == 22_000 for s in unruly), "they draw what they like")
        await eventually(lambda: _rows(system, 4), "they are known to charge")
        await eventually(lambda: permit(obeying, 18_000), "the rest is shared")
        for station in unruly:
            station.unplug(1)
            change_behaviour(station, BY_THE_BOOK)
        await system.gives(dict.fromkeys(OBEYING, 22.0))
    assert watch.permitted_w <= 80_000
    assert watch.drawn_w <= 80_000


async def _rows(system: System, count: int) -> bool:
    return len((await system.allocation())["chargers"]) == count
