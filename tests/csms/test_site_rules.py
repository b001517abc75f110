"""Whatever does not fit: the value that the error names fits, and a thousandth less does not."""

from __future__ import annotations

import copy
import re
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from csms.config import Config
from csms.validation import field_errors

Table = dict[str, Any]

POWERS = st.integers(1000, 60_000).map(lambda watts: watts / 1000)
CURRENTS = st.integers(1000, 100_000).map(lambda milliamperes: milliamperes / 1000)
KINDS: st.SearchStrategy[Table] = st.sampled_from(
    [
        {},
        {"current": "AC"},
        {"current": "AC", "phases": 1},
        {"current": "AC", "phases": 1, "phase": "L2"},
        {"current": "AC", "phases": 2, "phase_rotation": "TRS"},
        {"current": "AC", "phases": 3},
        {"current": "AC", "phases": 3, "phase_rotation": "STR"},
        {"current": "DC"},
        {"current": "DC", "grid_factor": 1.07},
    ]
)


@st.composite
def points(draw: st.DrawFn, number: int) -> Table:
    return {
        "charge_point_id": f"CP-{number}",
        "connectors": draw(st.integers(1, 3)),
        "offline_limit_kw": draw(st.just(0) | POWERS),
        "never_pause": draw(st.booleans()),
        "in_service": draw(st.sampled_from([True, True, True, False])),
        **draw(KINDS),
    }


@st.composite
def sites(draw: st.DrawFn) -> Table:
    """A grid connection, up to three circuits in any order, up to four charge points anywhere."""
    members = [draw(points(number)) for number in range(draw(st.integers(1, 4)))]
    places = [draw(st.integers(0, 3)) for _ in members]
    circuits = [
        {
            "circuit_id": f"C-{number}",
            "max_power_kw": draw(POWERS),
            "max_current_a": draw(CURRENTS),
            "parent": draw(st.sampled_from(["grid", *(f"C-{above}" for above in range(1, number))])),
            "charge_points": [
                p["charge_point_id"] for p, place in zip(members, places, strict=True) if place == number
            ],
        }
        for number in range(1, 4)
    ]
    return {
        "site_id": "a",
        "grid_capacity_kw": draw(POWERS),
        "grid_max_current_a": draw(CURRENTS),
        "voltage_v": 230.0,
        "voltage_min_v": draw(st.sampled_from([207.0, 218.513, 230.0])),
        "voltage_max_v": draw(st.sampled_from([230.0, 241.7, 253.0])),
        "site_load_max_kw": draw(st.just(0) | POWERS),
        "circuits": draw(st.permutations(circuits)),
        "charge_points": members,
    }


def errors(site: Table) -> dict[str, float]:
    """Fields that are too low, with the least value that would do."""
    try:
        Config.model_validate({"sites": [site]})
    except ValidationError as invalid:
        found = {error.field.removeprefix("sites[0]."): error.rule for error in field_errors(invalid)}
        return {field: float(re.findall(r"must be at least (\S+) for", rule)[0]) for field, rule in found.items()}
    return {}


def holder(site: Table, field: str) -> tuple[Table, str]:
    """The table of a field that an error names, and its name there."""
    place = re.match(r"circuits\[(\d+)\]\.(\w+)", field)
    return (site, field) if place is None else (site["circuits"][int(place[1])], place[2])


def changed(site: Table, field: str, value: float) -> Table:
    copied = copy.deepcopy(site)
    table, name = holder(copied, field)
    table[name] = value
    return copied


@settings(derandomize=True, max_examples=300, deadline=None)
@given(sites())
def test_what_an_error_asks_for_fits_and_hardly_less_does_not(site: Table) -> None:
    refused, fitted = errors(site), site
    # First for the offline limits, then for the floors above them; each time perhaps by a milliampere too little.
    for _ in range(4):
        for field, least in errors(fitted).items():
            fitted = changed(fitted, field, least)
    assert errors(fitted) == {}
    for field in refused:
        table, name = holder(fitted, field)
        less = round(table[name] - 0.003, 3)
        assert list(errors(changed(fitted, field, less))) == [field]
