"""Chargers that reject, fail or never answer: counted at their worst, while the others share the rest."""

from pathlib import Path

import pytest
from support.system import HUNGRY, JsonObject, change_behaviour, dc, eventually, running, site

from simulators.behaviour import BY_THE_BOOK, Behaviour
from simulators.protocol import Version

REJECTS = Behaviour(rejects_profiles=("TxProfile",))
REJECTS_ALL = Behaviour(rejects_profiles=("TxProfile", "TxDefaultProfile"))
SILENT = Behaviour(never_answers=("SetChargingProfile",))
OBEYS_SILENTLY = Behaviour(never_answers=("SetChargingProfile",), obeys_unanswered=True)
FAILS = Behaviour(call_error_for=("SetChargingProfile",))

CALL_TIMEOUT_S = 0.4


def protocols(first: Version) -> dict[str, Version]:
    return {"CP-1": first, "CP-2": "1.6", "CP-3": "2.0.1"}


def three(capacity_kw: float = 58) -> JsonObject:
    return site([dc(name) for name in ("CP-1", "CP-2", "CP-3")], capacity_kw)


@pytest.mark.parametrize(
    ("protocol", "unruly", "cause"),
    [
        ("1.6", REJECTS, "Rejected"),
        ("2.0.1", REJECTS, "Rejected"),
        ("1.6", SILENT, "Timeout"),
        ("2.0.1", SILENT, "Timeout"),
        ("2.0.1", OBEYS_SILENTLY, "Timeout"),
        ("1.6", FAILS, "InternalError"),
    ],
    ids=["rejects 1.6", "rejects 2.0.1", "silent 1.6", "silent 2.0.1", "obeys silently", "fails"],
)
async def test_a_charger_that_does_not_take_its_cut_keeps_its_room_until_it_obeys(
    tmp_path: Path, protocol: Version, unruly: Behaviour, cause: str
) -> None:
    """58 kW: CP-1 has 22 and refuses less, so the others have 18 each; once it obeys, all have 19.333."""
    async with running(tmp_path, three(), call_timeout_s=CALL_TIMEOUT_S) as system:
        first, *others = await system.chargers(protocols(protocol))
        first.plug_in(1, HUNGRY, "TAG")
        await system.gives({"CP-1": 22.0})
        watch = system.watch()
        change_behaviour(first, unruly)
        for station in others:
            station.plug_in(1, HUNGRY, "TAG")
        await eventually(lambda: [s.connector(1).permitted_w for s in others] == [18_000, 18_000], "the rest is shared")
        allocation = await system.allocation()
        row = allocation["chargers"][0]
        assert (row["confirmed"], row["permitted_kw"]) == (False, 22.0)
        assert row["reason"].startswith("does not take its limit (")
        assert cause in row["reason"]
        assert (allocation["total_permitted_kw"], allocation["reserved_kw"]) == (58.0, 22.0)
        change_behaviour(first, BY_THE_BOOK)
        allocation = await system.gives({"CP-1": 19.333, "CP-2": 19.333, "CP-3": 19.333})
    assert allocation["total_allocated_kw"] == 57.999
    assert watch.permitted_w <= 58_000
    assert watch.drawn_w <= 58_000


@pytest.mark.parametrize(
    ("protocol", "unruly"),
    [("1.6", REJECTS_ALL), ("2.0.1", SILENT), ("2.0.1", FAILS)],
    ids=["rejects", "silent", "fails"],
)
async def test_a_charger_that_never_took_any_limit_is_counted_at_its_rating(
    tmp_path: Path, protocol: Version, unruly: Behaviour
) -> None:
    """22 of the 58 kW are kept for it, idle or charging; once it obeys, idle it needs none."""
    async with running(tmp_path, three(), call_timeout_s=CALL_TIMEOUT_S) as system:
        others = await system.chargers({"CP-2": "1.6", "CP-3": "2.0.1"})
        first = await system.charger("CP-1", protocol, behaviour=unruly)
        watch = system.watch()
        for station in others:
            station.plug_in(1, HUNGRY, "TAG")
        allocation = await system.gives({"CP-2": 18.0, "CP-3": 18.0})
        assert allocation["reserved_kw"] == 22.0
        first.plug_in(1, HUNGRY, "TAG")
        await eventually(lambda: first.connector(1).drawn_w == 22_000, "it draws what it likes")
        await eventually(lambda: [s.connector(1).permitted_w for s in others] == [18_000, 18_000], "the rest is shared")
        first.unplug(1)
        change_behaviour(first, BY_THE_BOOK)
        await system.gives({"CP-2": 22.0, "CP-3": 22.0})
    assert watch.permitted_w <= 58_000
    assert watch.drawn_w <= 58_000
