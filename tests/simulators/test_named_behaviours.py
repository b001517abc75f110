"""Each named behaviour does what its line says; its switches one by one, on the wire of both versions."""

from pathlib import Path
from typing import Any

import pytest

import simulators
from simulators.behaviour import BY_THE_BOOK, Behaviour, Metering
from simulators.behaviours import BEHAVIOURS
from simulators.demands import demands_otherwise, stuck_at_zero
from simulators.fleet import fleet_specs
from simulators.hardware import AC_THREE_PHASES
from simulators.meter import CURRENT, ENERGY, POWER, Sample
from simulators.metering_flaws import as_metered
from simulators.misconduct import restarts, verdict
from simulators.profiles import Installed, ProfileStore, StoreRules
from simulators.v16_profiles import read_profile


def profile(purpose: str = "TxDefaultProfile", unit: str = "A", limit: float = 10.0, **more: Any) -> dict[str, Any]:
    period = {"startPeriod": 0, "limit": limit, "numberPhases": 3}
    schedule = {"chargingRateUnit": unit, "startSchedule": "2026-05-04T08:00:00Z", "chargingSchedulePeriod": [period]}
    return {
        "chargingProfileId": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": "Absolute",
        "chargingSchedule": schedule,
    } | more


def with_schedule(**changes: Any) -> dict[str, Any]:
    changed = profile()["chargingSchedule"] | changes
    return profile(chargingSchedule={name: value for name, value in changed.items() if value is not None})


TWO = [{"startPeriod": 0, "limit": 10}, {"startPeriod": 60, "limit": 0}]


@pytest.mark.parametrize(
    ("behaviour", "refused", "taken"),
    [
        (Behaviour(refuses_units=("A",)), profile(), profile(unit="W")),
        (Behaviour(refuses_levels_above=0), profile(stackLevel=1), profile()),
        (Behaviour(refuses_periods_above=1), with_schedule(chargingSchedulePeriod=TWO), profile()),
        (Behaviour(refuses_number_phases=True), profile(), with_schedule(chargingSchedulePeriod=TWO)),
        (Behaviour(takes_currents_a=(6.0, 10.0)), profile(limit=9.7), profile(limit=10.0)),
        (Behaviour(takes_currents_a=(6.0, 10.0)), profile(limit=8), profile(limit=0)),
        (Behaviour(takes_currents_a=(6.0, 10.0)), profile(limit=8), profile(unit="W", limit=5000)),
        (Behaviour(takes_whole_amperes=True), profile(limit=6.1), profile(limit=7)),
        (Behaviour(refuses_defaults_a=(6.0,)), profile(limit=6), profile(limit=6.1)),
        (Behaviour(refuses_defaults_a=(6.0,)), profile(limit=6.0), profile("TxProfile", limit=6)),
        (Behaviour(needs_transaction_id=True), profile("TxProfile"), profile("TxProfile", transactionId=7)),
        (Behaviour(needs_transaction_id=True), profile("TxProfile"), profile()),
        (Behaviour(needs_start_schedule=True), with_schedule(startSchedule=None), profile()),
        (
            Behaviour(needs_start_schedule=True),
            with_schedule(startSchedule=None),
            with_schedule(startSchedule=None) | {"chargingProfileKind": "Relative"},
        ),
    ],
)
def test_a_profile_is_refused_for_how_it_is_written(
    behaviour: Behaviour, refused: dict[str, Any], taken: dict[str, Any]
) -> None:
    for in_201 in (False, True):
        asked = [one | ({"chargingSchedule": [one["chargingSchedule"]]} if in_201 else {}) for one in (refused, taken)]
        assert [demands_otherwise(behaviour, one) for one in asked] == [True, False]
    assert (verdict(behaviour, 1, refused), verdict(behaviour, 1, taken)) == ("reject", "take")
    assert not demands_otherwise(BY_THE_BOOK, refused)


def test_a_purpose_may_be_not_supported() -> None:
    assert verdict(Behaviour(not_supported=("TxProfile",)), 1, profile("TxProfile")) == "not supported"


@pytest.mark.parametrize(("limit", "sticks"), [(0, True), (10, False)])
def test_a_limit_of_0_may_stay_for_good(limit: float, sticks: bool) -> None:
    store = ProfileStore(StoreRules("replace", ("A",)), (1,))
    store.install(1, read_profile(profile(limit=limit)), {}, 0.0)
    new = Installed(1, read_profile(profile(limit=16)), 1.0)
    assert stuck_at_zero(Behaviour(zero_sticks=True), store, new) is sticks
    assert not stuck_at_zero(BY_THE_BOOK, store, new)


@pytest.mark.parametrize(("names", "how"), [(["a", "AuthorizationKey"], "HardReset"), (["a"], None)])
def test_a_key_may_make_it_restart(names: list[str], how: str | None) -> None:
    assert restarts(Behaviour(restarts_when_asked=("AuthorizationKey",)), names) == how


METERED = [
    Sample(ENERGY, 90.0, "Wh"),
    Sample(POWER, 6900.0, "W"),
    *(Sample(CURRENT, 10.0, "A", phase) for phase in ("L1", "L2", "L3")),
]


@pytest.mark.parametrize(
    ("metering", "expected"),
    [
        ("by the book", METERED),
        ("energy alone", METERED[:1]),
        ("kWh as Wh", [Sample(ENERGY, 0.09, "Wh"), *METERED[1:]]),
        ("Wh as kWh", [Sample(ENERGY, 90.0, "kWh"), *METERED[1:]]),
        ("0 W", [METERED[0], Sample(POWER, 0.0, "W"), *METERED[2:]]),
        ("L1-N", [*METERED[:2], *(Sample(CURRENT, 10.0, "A", f"L{n}-N") for n in (1, 2, 3))]),
        ("power per phase", [METERED[0], *(Sample(POWER, 2300.0, "W", f"L{n}") for n in (1, 2, 3)), *METERED[2:]]),
        ("power twice", [*METERED[:2], *(Sample(POWER, 2300.0, "W", f"L{n}") for n in (1, 2, 3)), *METERED[2:]]),
        ("energy per phase", [*(Sample(ENERGY, 30.0, "Wh", f"L{n}") for n in (1, 2, 3)), *METERED[1:]]),
        ("register resets", [Sample(ENERGY, 40.0, "Wh"), *METERED[1:]]),
        ("current of all phases", [METERED[0], Sample(CURRENT, 30.0, "A")]),
    ],
)
def test_what_a_meter_says_instead(metering: Metering, expected: list[Sample]) -> None:
    assert as_metered(METERED, metering) == expected


def test_every_way_of_metering_has_a_test() -> None:
    named = {one.behaviour.metering for one in BEHAVIOURS.values()} - {"by the book"}
    assert named == set(Metering.__args__) - {"by the book"}  # type: ignore[attr-defined]  # of a Literal


@pytest.mark.parametrize("name", BEHAVIOURS)
def test_each_named_behaviour_says_in_a_line_what_is_odd_and_is(name: str) -> None:
    named = BEHAVIOURS[name]
    assert named.behaviour != BY_THE_BOOK
    assert "\n" not in named.does
    assert named.does


def test_every_name_stands_in_the_readme() -> None:
    readme = (Path(simulators.__file__).parent / "README.md").read_text()
    assert [name for name, named in BEHAVIOURS.items() if f"| `{name}` | {named.does} |" not in readme] == []


def test_the_names_stand_in_order() -> None:
    assert list(BEHAVIOURS) == sorted(BEHAVIOURS)


def test_a_fleet_calls_itself_as_the_make_does() -> None:
    specs = fleet_specs(2, "1.6", named=BEHAVIOURS["abb-terra-not-6a"])
    assert {(spec.vendor, spec.hardware.model) for spec in specs} == {("ABB", "Terra AC")}
    assert BEHAVIOURS["go-e-forgets"].built_on(AC_THREE_PHASES) == AC_THREE_PHASES
