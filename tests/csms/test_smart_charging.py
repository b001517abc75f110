"""The smart-charging configuration: every rule at its field, kW and W both ways."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError

from csms.domain.electrical import shape
from csms.domain.grid import Circuit
from csms.domain.model import Capabilities, ChargePointSettings, Current, ScheduleWindow, SiteSettings, SmartCharging
from csms.site_rules import SiteRules, site_rules
from csms.smart_charging import SmartChargingConfig, from_domain, to_domain
from csms.validation import MAX_ERRORS, field_errors, field_path, kw, watts

BODY: dict[str, Any] = {"max_power_kw": 50, "strategy": "scheduled"}
SITE = SiteSettings("depot", "Depot", "Europe/London", 100_000)
IDS = ("CP-1", "CP-2")
POINTS = {cp_id: ChargePointSettings(cp_id, "depot") for cp_id in IDS}
REQUIRED = "is required when the strategy is priority, unless priority_weights are given"


def _window(days: str = "mon", start: str = "08:00", end: str = "10:00", **more: Any) -> dict[str, Any]:
    return {"days": days.split(), "start": start, "end": end, "max_power_kw": 20, **more}


def _errors(body: object, rules: SiteRules | None = None) -> list[tuple[str, str]]:
    try:
        SmartChargingConfig.model_validate(body, context=rules)
    except ValidationError as invalid:
        return [(error.field, error.rule) for error in field_errors(invalid)]
    return []


def _valid(**change: Any) -> SmartChargingConfig:
    return SmartChargingConfig.model_validate({**BODY, **change})


@pytest.mark.parametrize(
    ("change", "errors"),
    [
        ({"max_power_kw": 0.0004}, [("max_power_kw", "must be greater than 0")]),  # less than a watt
        ({"max_power_kw": 1_000_001}, [("max_power_kw", "must be at most 1000000")]),
        ({"max_power_kw": float("nan")}, [("max_power_kw", "must be a finite number")]),
        ({"max_power_kw": float("inf")}, [("max_power_kw", "must be a finite number")]),
        ({"max_power_kw": 10**400}, [("max_power_kw", "must be a number")]),  # no float holds it
        ({"max_power_kw": 1}, [("min_power_per_charger_kw", "must be at most max_power_kw")]),  # of its default
        ({"min_power_per_charger_kw": 50}, []),
        ({"min_power_per_charger_kw": 0}, []),
        ({"strategy": 1}, [("strategy", "must be a string")]),
        (
            {"strategy": "fair"},
            [("strategy", "must be 'equal', 'priority', 'scheduled' or 'first_come_first_served'")],
        ),
        ({"strategy": "priority"}, [("priority_order", REQUIRED)]),
        ({"strategy": "priority", "priority_order": [], "priority_weights": {}}, [("priority_order", REQUIRED)]),
        ({"strategy": "priority", "priority_order": ["A"]}, []),
        ({"strategy": "priority", "priority_weights": {"A": 1, "B": 100}}, []),
        (
            {"strategy": "priority", "priority_order": ["A"], "priority_weights": {"A": 1}},
            [("priority_order", "must be absent where priority_weights are given")],
        ),
        (
            {"strategy": "equal", "priority_weights": {"A": 1}},
            [("priority_weights", "must be absent when the strategy is equal")],
        ),
        (
            {"strategy": "priority", "priority_weights": {"A": 0, "B": 101, "C": 1.5, "D": True}},
            [
                ("priority_weights.A", "must be at least 1"),
                ("priority_weights.B", "must be at most 100"),
                ("priority_weights.C", "must be a whole number"),
                ("priority_weights.D", "must be a whole number"),
            ],
        ),
        ({"priority_weights": []}, [("priority_weights", "must be an object")]),
        ({"on_uncontrollable": "stop"}, []),
        ({"on_uncontrollable": "off"}, [("on_uncontrollable", "must be 'reserve' or 'stop'")]),
        (
            {"priority_order": ["A", "B", "A", "B"]},
            [("priority_order[2]", "must not be repeated"), ("priority_order[3]", "must not be repeated")],
        ),
        ({"priority_order": [1]}, [("priority_order[0]", "must be a string")]),
        ({"schedule": {}}, [("schedule", "must be a list")]),
        ({"schedule": [1]}, [("schedule[0]", "must be an object")]),
        (
            {"schedule": [_window("mon noday")]},
            [("schedule[0].days[1]", "must be 'mon', 'tue', 'wed', 'thu', 'fri', 'sat' or 'sun'")],
        ),
        ({"schedule": [_window("mon tue mon")]}, [("schedule[0].days[2]", "must not be repeated")]),
        ({"schedule": [_window(max_power_kw=0)]}, []),
        ({"schedule": [_window(max_power_kw=-1)]}, [("schedule[0].max_power_kw", "must be at least 0")]),
        (
            {"schedule": [_window(charge_point_limits_kw={"A": -1})]},
            [("schedule[0].charge_point_limits_kw.A", "must be at least 0")],
        ),
        ({"schedule": [_window(note="x")]}, [("schedule[0].note", "is not a known field")]),
        ({"schedule": [_window()] * 1001}, [("schedule", "must have at most 1000 entries")]),
    ],
)
def test_each_rule_is_reported_at_its_field(change: dict[str, Any], errors: list[tuple[str, str]]) -> None:
    assert _errors({**BODY, **change}) == errors


@pytest.mark.parametrize("required", ["max_power_kw", "strategy"])
def test_a_required_field_is_required(required: str) -> None:
    assert (required, "is required") in _errors({name: BODY[name] for name in BODY if name != required})


@pytest.mark.parametrize("time", ["8:00", "08:60", "24:01", "0800", "08:00:00", " 08:00", "08:00\n", "٠٨:٠٠", ""])
def test_a_time_of_day_is_two_digits_twice(time: str) -> None:
    assert _errors({**BODY, "schedule": [_window(start=time)]}) == [
        ("schedule[0].start", "must be a time of day, HH:MM")
    ]
    assert _errors({**BODY, "schedule": [_window(end=time)]}) == [
        ("schedule[0].end", "must be a time of day, HH:MM or 24:00")
    ]


def test_a_window_does_not_start_at_24_00() -> None:
    assert [field for field, _ in _errors({**BODY, "schedule": [_window(start="24:00")]})] == ["schedule[0].start"]


@pytest.mark.parametrize("time", ["00:00", "10:00"])
def test_a_window_that_ends_where_it_starts_is_ambiguous(time: str) -> None:
    assert [field for field, _ in _errors({**BODY, "schedule": [_window(start=time, end=time)]})] == ["schedule[0].end"]


@pytest.mark.parametrize(
    ("windows", "overlapping"),
    [
        ([_window(), _window(start="10:00", end="12:00")], {}),
        ([_window(), _window(start="09:59", end="12:00")], {1: 0}),
        ([_window(), _window("tue")], {}),
        ([_window("mon tue wed"), _window("wed")], {1: 0}),
        ([_window("mon", "22:00", "06:00"), _window("tue", "06:00", "08:00")], {}),
        ([_window("mon", "22:00", "06:00"), _window("tue", "05:59", "08:00")], {1: 0}),
        ([_window("sun", "22:00", "06:00"), _window("mon", "05:59", "08:00")], {1: 0}),
        ([_window("mon", "05:59", "08:00"), _window("sun", "22:00", "06:00")], {1: 0}),
        ([_window("sun", "22:00", "06:00"), _window("mon", "06:00", "08:00")], {}),
        ([_window("sun", "22:00", "00:00"), _window("mon", "00:00", "08:00")], {}),
        ([_window("sun", "22:00", "24:00"), _window("mon", "00:00", "24:00")], {}),
        ([_window("mon tue wed thu fri sat sun", "12:00", "11:59")], {}),
        ([_window("mon tue wed thu fri sat sun", "00:00", "24:00"), _window("sun", "23:59", "24:00")], {1: 0}),
        ([_window(), _window("tue"), _window(), _window("tue")], {2: 0, 3: 1}),
    ],
)
def test_windows_must_not_overlap_across_midnight_and_the_weeks_end_either(
    windows: list[dict[str, Any]], overlapping: dict[int, int]
) -> None:
    expected = [(f"schedule[{n}]", f"must not overlap schedule[{other}]") for n, other in overlapping.items()]
    assert _errors({**BODY, "schedule": windows}) == expected


def test_what_depends_on_the_site_is_reported_beside_everything_else() -> None:
    body = {"max_power_kw": 101, "strategy": "?", "priority_order": ["CP-1", "CP-9"]}
    assert [field for field, _ in _errors(body, SiteRules(100_000, frozenset(IDS)))] == [
        "max_power_kw",
        "strategy",
        "priority_order[1]",
    ]


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({}, []),
        ({"max_power_kw": 100}, []),
        ({"max_power_kw": 100.001}, ["max_power_kw"]),
        ({"priority_order": ["CP-2", "CP-1"]}, []),
        ({"priority_order": ["CP-2", "cp-1"]}, ["priority_order[1]"]),
        ({"strategy": "priority", "priority_weights": {"CP-2": 2, "CP-9": 3}}, ["priority_weights.CP-9"]),
        ({"schedule": [_window(max_power_kw=100)]}, []),
        ({"schedule": [_window(max_power_kw=100.001)]}, ["schedule[0].max_power_kw"]),
        (
            {"schedule": [_window(charge_point_limits_kw={"CP-1": 1, "CP-9": 1})]},
            ["schedule[0].charge_point_limits_kw.CP-9"],
        ),
    ],
)
def test_a_valid_configuration_may_still_not_fit_the_site(change: dict[str, Any], fields: list[str]) -> None:
    assert _errors({**BODY, **change}) == []
    assert [field for field, _ in _errors({**BODY, **change}, site_rules(SITE, POINTS))] == fields


NEVER_PAUSES = replace(POINTS["CP-1"], current=Current.AC, phases=3, max_power_w=22_000, never_pause=True)
OFFLINE = "for the offline_limit_kw of all connectors"
FLOORS = "for the floors of what never pauses and the offline_limit_kw of the other connectors"


@pytest.mark.parametrize(
    ("change", "errors"),
    [
        ({"strategy": "equal", "max_power_kw": 7.14}, []),
        ({"strategy": "equal", "max_power_kw": 7.139}, [("max_power_kw", f"must be at least 7.14 {FLOORS}")]),
        ({"strategy": "equal", "max_power_kw": 2.999}, [("max_power_kw", f"must be at least 3 {OFFLINE}")]),
        (
            {"min_power_per_charger_kw": 5, "max_power_kw": 8.001},
            [("max_power_kw", f"must be at least 8.037 {FLOORS}")],  # 5 kW is 7.3 A on its grid, so 5.037 kW
        ),
        # windows count where the strategy looks at them
        ({"schedule": [_window(max_power_kw=7.14)]}, []),
        (
            {"schedule": [_window(), _window("tue", max_power_kw=7.139), _window("wed", max_power_kw=0)]},
            [
                ("schedule[1].max_power_kw", f"must be at least 7.14 {FLOORS}"),
                ("schedule[2].max_power_kw", f"must be at least 3 {OFFLINE}"),
            ],
        ),
        ({"strategy": "equal", "schedule": [_window(max_power_kw=0)]}, []),
        # a window's cap may stop a session, but not one that never pauses
        ({"schedule": [_window(charge_point_limits_kw={"CP-1": 4.14, "CP-2": 0})]}, []),
        (
            {"schedule": [_window(charge_point_limits_kw={"CP-1": 4.139})]},
            [
                (
                    "schedule[0].charge_point_limits_kw.CP-1",
                    "must be at least 4.14 for a charge point that never pauses",
                )
            ],
        ),
        ({"strategy": "equal", "schedule": [_window(charge_point_limits_kw={"CP-1": 0})]}, []),
        # and the least power of a session must fit the circuit
        ({"strategy": "equal", "min_power_per_charger_kw": 13.8}, []),
        (
            {"strategy": "equal", "min_power_per_charger_kw": 13.801},
            [
                (
                    "min_power_per_charger_kw",
                    "must be so low that the floors of charge points that never pause fit the limits of the site",
                )
            ],
        ),
    ],
)
def test_every_ceiling_must_hold_what_is_promised(change: dict[str, Any], errors: list[tuple[str, str]]) -> None:
    site = replace(SITE, circuits=(Circuit("hall", None, None, 20.0),))
    points = {
        "CP-1": replace(NEVER_PAUSES, circuit_id="hall"),
        "CP-2": ChargePointSettings("CP-2", "depot", offline_limit_w=3000),
    }
    assert _errors({**BODY, **change}, site_rules(site, points)) == errors


def test_what_chargers_said_they_can_do_counts() -> None:
    # On whole amperes 5 kW are 8 A on each phase: 5.52 kW.
    capabilities = Capabilities(rate_units=("A",), current_step_a=1.0)
    shapes = {"CP-1": shape(SITE, NEVER_PAUSES, capabilities)}
    body = {"max_power_kw": 5.519, "strategy": "equal", "min_power_per_charger_kw": 5}
    assert _errors(body, site_rules(SITE, {"CP-1": NEVER_PAUSES})) == []
    assert _errors(body, site_rules(SITE, {"CP-1": NEVER_PAUSES}, shapes)) == [
        ("max_power_kw", f"must be at least 5.52 {FLOORS}")
    ]


def test_it_becomes_whole_watts_and_minutes() -> None:
    window = _window("sun mon", "22:30", "24:00", charge_point_limits_kw={"CP-1": 7.36})
    config = _valid(max_power_kw=25.0004, min_power_per_charger_kw=4.14, priority_order=["CP-2"], schedule=[window])
    assert to_domain(config, 12.5) == SmartCharging(
        max_power_w=25_000,
        strategy="scheduled",
        min_power_per_charger_w=4140,
        priority_order=("CP-2",),
        schedule=(ScheduleWindow((0, 6), 1350, 1440, 20_000, {"CP-1": 7360}),),
        on_uncontrollable="reserve",
        updated_at_s=12.5,
    )


def test_what_went_to_the_domain_comes_back_as_it_was() -> None:
    config = _valid(schedule=[_window("mon sun", "22:30", "06:00", charge_point_limits_kw={"CP-1": 7.36})])
    assert from_domain(to_domain(config, 0.0)) == config
    weighted = _valid(strategy="priority", priority_weights={"CP-2": 7}, on_uncontrollable="stop")
    assert to_domain(weighted, 0.0).priority_weights == {"CP-2": 7}
    assert from_domain(to_domain(weighted, 0.0)) == weighted


@pytest.mark.parametrize(
    ("power_kw", "power_w"),
    [(25, 25_000), (7.36, 7360), (0.1 + 0.2, 300), (1.0005, 1001), (1.0004, 1000), (0, 0), (999_999.999, 999_999_999)],
)
def test_kilowatts_become_the_nearest_watt(power_kw: float, power_w: int) -> None:
    assert watts(power_kw) == power_w


@pytest.mark.parametrize(
    ("power_w", "text"), [(25_000, "25.0"), (7360, "7.36"), (1, "0.001"), (999_999_999, "999999.999")]
)
def test_watts_become_kilowatts_of_at_most_three_decimals(power_w: int, text: str) -> None:
    assert repr(kw(power_w)) == text


def test_every_watt_up_to_a_hundred_kilowatts_survives_the_way_there_and_back() -> None:
    assert all(watts(kw(power_w)) == power_w for power_w in range(100_000))


def test_names_in_paths_are_printable_and_short() -> None:
    assert field_path(("a", 0, "x\x00\ud800" + "y" * 100)) == "a[0].x??" + "y" * 61


def test_a_flood_of_errors_is_one_error() -> None:
    assert _errors({**BODY, "priority_order": [0] * (MAX_ERRORS + 1)}) == [("", "more than 1000 rules are broken")]
