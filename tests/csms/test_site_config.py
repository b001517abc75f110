"""[[sites]]: circuits, phases, other loads, and whether what is promised fits; every error with its field."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from csms.config import Config, ConfigInvalid, load
from csms.domain.grid import Circuit
from csms.domain.model import SiteSettings

SITE = '[[sites]]\nsite_id = "a"\ngrid_capacity_kw = 100\n'
SMART = '[sites.smart_charging]\nmax_power_kw = 50\nstrategy = "equal"\n'


def point(identity: str, *lines: str) -> str:
    return "\n".join(["[[sites.charge_points]]", f'charge_point_id = "{identity}"', *lines, ""])


def circuit(identity: str, *lines: str, limit: str = "max_power_kw = 50") -> str:
    return "\n".join(["[[sites.circuits]]", f'circuit_id = "{identity}"', limit, *lines, ""])


def _load(tmp_path: Path, text: str) -> Config:
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    return load(path)


def _errors(tmp_path: Path, text: str) -> list[tuple[str, str]]:
    try:
        _load(tmp_path, text)
    except ConfigInvalid as invalid:
        return [(error.path.removeprefix("sites[0]."), error.rule) for error in invalid.errors]
    return []


def test_a_grid_connection_and_its_circuits_reach_the_domain(tmp_path: Path) -> None:
    text = (
        SITE
        + "grid_max_current_a = 160\nvoltage_v = 231\nvoltage_min_v = 210.5\nvoltage_max_v = 252.999\n"
        + "reserve_kw = 2.5\nsite_load_max_age_s = 90\nsite_load_max_kw = 30\nsite_load_max_current_a = 50.1234\n"
        + circuit("row", 'parent = "hall"', 'charge_points = ["CP-1"]', limit="max_current_a = 32.5")
        + circuit("hall", "max_current_a = 63", 'parent = "grid"', 'charge_points = ["CP-2"]')
        + point("CP-1")
        + point("CP-2")
        + point("CP-3")
    )
    site = _load(tmp_path, text).sites[0]
    assert site.settings() == SiteSettings(
        site_id="a",
        name="a",
        timezone="Europe/London",
        grid_capacity_w=100_000,
        voltage_v=231.0,
        voltage_min_v=210.5,
        voltage_max_v=252.999,
        grid_max_current_a=160.0,
        circuits=(Circuit("row", "hall", None, 32.5), Circuit("hall", None, 50_000, 63.0)),
        reserve_w=2500,
        site_load_max_age_s=90.0,
        site_load_max_w=30_000,
        site_load_max_current_a=50.123,
    )
    assert [settings.circuit_id for settings in site.charge_point_settings()] == ["row", "hall", None]


def test_nothing_but_the_capacity_bounds_a_site_that_declares_nothing_else(tmp_path: Path) -> None:
    site = _load(tmp_path, SITE).sites[0].settings()
    assert (site.circuits, site.grid_max_current_a, site.reserve_w, site.site_load_max_w) == ((), None, 0, None)
    assert (site.lowest_voltage_v, site.limit_voltage_v, site.site_load_max_age_s) == (207.0, 230.0, 60.0)


@pytest.mark.parametrize(
    ("lines", "phase_map"),
    [
        (["phases = 3"], (0, 1, 2)),
        (["phases = 3", 'phase_rotation = "RST"'], (0, 1, 2)),
        (["phases = 3", 'phase_rotation = "RTS"'], (0, 2, 1)),
        (["phases = 3", 'phase_rotation = "SRT"'], (1, 0, 2)),
        (["phases = 3", 'phase_rotation = "STR"'], (1, 2, 0)),
        (["phases = 3", 'phase_rotation = "TRS"'], (2, 0, 1)),
        (["phases = 3", 'phase_rotation = "TSR"'], (2, 1, 0)),
        (["phases = 2", 'phase_rotation = "TRS"'], (2, 0)),
        (["phases = 2"], None),
        (["phases = 1", 'phase = "L1"'], (0,)),
        (["phases = 1", 'phase = "L3"'], (2,)),
        (["phases = 1"], None),
        ([], None),
    ],
)
def test_conductors_are_mapped_to_the_phases_of_the_site(
    tmp_path: Path, lines: list[str], phase_map: tuple[int, ...] | None
) -> None:
    site = _load(tmp_path, SITE + point("CP-1", 'current = "AC"', *lines)).sites[0]
    assert site.charge_point_settings()[0].phase_map == phase_map


def test_losses_and_sessions_that_never_pause_reach_the_domain(tmp_path: Path) -> None:
    site = _load(tmp_path, SITE + point("CP-1", 'current = "DC"', "grid_factor = 1.0501", "never_pause = true")).sites[
        0
    ]
    settings = site.charge_point_settings()[0]
    assert (settings.grid_factor, settings.never_pause) == (1.05, True)


@pytest.mark.parametrize(
    ("lines", "field", "rule"),
    [
        (["phases = 1", 'phase_rotation = "RST"'], "phase_rotation", "needs phases to be 2 or 3"),
        (['phase_rotation = "RST"'], "phase_rotation", "needs phases to be 2 or 3"),
        (['current = "DC"', 'phase_rotation = "RST"'], "phase_rotation", "needs phases to be 2 or 3"),
        (
            ["phases = 3", 'phase_rotation = "RSR"'],
            "phase_rotation",
            "must be 'RST', 'RTS', 'SRT', 'STR', 'TRS' or 'TSR'",
        ),
        (["phases = 3", 'phase = "L1"'], "phase", "needs phases to be 1"),
        (['phase = "L1"'], "phase", "needs phases to be 1"),
        (["phases = 1", 'phase = "N"'], "phase", "must be 'L1', 'L2' or 'L3'"),
        (['current = "AC"', "grid_factor = 1.05"], "grid_factor", "must be absent unless current is DC"),
        (["grid_factor = 1.05"], "grid_factor", "must be absent unless current is DC"),
        (['current = "DC"', "grid_factor = 0.99"], "grid_factor", "must be at least 1"),
        (['current = "DC"', "grid_factor = 2.001"], "grid_factor", "must be at most 2"),
        (["never_pause = 1"], "never_pause", "must be true or false"),
    ],
)
def test_an_error_of_a_charge_points_wiring_is_named(tmp_path: Path, lines: list[str], field: str, rule: str) -> None:
    assert _errors(tmp_path, SITE + point("CP-1", *lines)) == [(f"charge_points[0].{field}", rule)]


@pytest.mark.parametrize(
    ("line", "field", "rule"),
    [
        ("grid_max_current_a = 0", "grid_max_current_a", "must be greater than 0"),
        ("grid_max_current_a = 100001", "grid_max_current_a", "must be at most 100000"),
        ("voltage_min_v = 230.1", "voltage_min_v", "must be at most voltage_v"),
        ("voltage_min_v = 99", "voltage_min_v", "must be at least 100"),
        ("reserve_kw = -1", "reserve_kw", "must be at least 0"),
        ("reserve_kw = 100.001", "reserve_kw", "must be at most grid_capacity_kw"),
        ("site_load_max_age_s = 0", "site_load_max_age_s", "must be at least 1"),
        ("site_load_max_kw = -1", "site_load_max_kw", "must be at least 0"),
        ("site_load_max_current_a = 16", "site_load_max_current_a", "needs site_load_max_kw"),
        ("circuits = 1", "circuits", "must be a list"),
        ("circuits = [{}]", "circuits[0].circuit_id", "is required"),
        (
            'circuits = [{circuit_id = "grid", max_power_kw = 1}]',
            "circuits[0].circuit_id",
            "must not be grid: that is the grid connection",
        ),
        (
            'circuits = [{circuit_id = "a/b", max_power_kw = 1}]',
            "circuits[0].circuit_id",
            "must be 1 to 64 letters, digits, or - _ . ~, not . first",
        ),
        (
            'circuits = [{circuit_id = "c"}]',
            "circuits[0].max_current_a",
            "is required where max_power_kw is absent",
        ),
        (
            'circuits = [{circuit_id = "c", max_power_kw = 0}]',
            "circuits[0].max_power_kw",
            "must be greater than 0",
        ),
        ('circuits = [{circuit_id = "c", max_power_kw = 1, fuse_a = 1}]', "circuits[0].fuse_a", "is not a known field"),
    ],
)
def test_an_error_of_a_site_or_a_circuit_is_named(tmp_path: Path, line: str, field: str, rule: str) -> None:
    assert (field, rule) in _errors(tmp_path, f"{SITE}{line}\n")


def test_everything_wrong_with_the_tree_is_told_at_once_and_beside_other_errors(tmp_path: Path) -> None:
    text = (
        SITE
        + "voltage_v = 1\n"
        + circuit("a", 'parent = "b"', 'charge_points = ["CP-1", "CP-9"]')
        + circuit("b", 'parent = "a"', 'charge_points = ["CP-1", "CP-2", "CP-2"]')
        + circuit("c", 'parent = "b"')
        + circuit("d", 'parent = "d"')
        + circuit("e", 'parent = "nowhere"')
        + circuit("a")
        + point("CP-1")
        + point("CP-2")
    )
    assert _errors(tmp_path, text) == [
        ("voltage_v", "must be at least 100"),
        ("circuits[5].circuit_id", "must be unique; sites[0].circuits[0] has it too"),
        ("circuits[0].parent", "must not lead back to the circuit itself"),
        ("circuits[1].parent", "must not lead back to the circuit itself"),
        ("circuits[3].parent", "must not lead back to the circuit itself"),
        ("circuits[4].parent", "must be a circuit of the site"),
        ("circuits[0].charge_points[1]", "must be a charge point of the site"),
        (
            "circuits[1].charge_points[0]",
            "must be on one circuit only; sites[0].circuits[0].charge_points[0] is the same",
        ),
        (
            "circuits[1].charge_points[2]",
            "must be on one circuit only; sites[0].circuits[1].charge_points[1] is the same",
        ),
    ]


@pytest.mark.parametrize("ring", [["a"], ["a", "b"], ["a", "b", "c"]])
def test_a_ring_of_circuits_is_found_at_each_of_them_but_not_at_what_hangs_on_it(
    tmp_path: Path, ring: list[str]
) -> None:
    above = [*ring[1:], ring[0]]
    text = SITE + circuit("side", 'parent = "a"') + "".join(map(_below, ring, above))
    rule = "must not lead back to the circuit itself"
    assert _errors(tmp_path, text) == [(f"circuits[{place}].parent", rule) for place in range(1, len(ring) + 1)]


def _below(name: str, parent: str) -> str:
    return circuit(name, f'parent = "{parent}"')


def test_two_sites_may_have_circuits_of_the_same_name(tmp_path: Path) -> None:
    text = SITE + circuit("hall") + SITE.replace('"a"', '"b"') + circuit("hall")
    assert _errors(tmp_path, text) == []


OFFLINE = "for the offline_limit_kw of all connectors"
FLOORS = "for the floors of what never pauses and the offline_limit_kw of the other connectors"
AC_11 = ('current = "AC"', "phases = 3", "max_power_kw = 22")
DC_50 = ('current = "DC"', "max_power_kw = 50")


@pytest.mark.parametrize(
    ("text", "errors"),
    [
        # a charger may draw its offline limit on every connector, whatever the others do
        (SITE + point("1", "connectors = 2", "offline_limit_kw = 50"), []),
        (
            SITE + point("1", "connectors = 2", "offline_limit_kw = 50.001"),
            [("grid_capacity_kw", f"must be at least 100.002 {OFFLINE}")],
        ),
        # its connectors together never more than its rated power
        (SITE + point("1", "connectors = 3", "max_power_kw = 40", "offline_limit_kw = 40"), []),
        # one that is switched off draws nothing
        (SITE + point("1", "in_service = false", "offline_limit_kw = 200"), []),
        # losses count
        (
            SITE + point("1", 'current = "DC"', "grid_factor = 1.1", "offline_limit_kw = 100"),
            [("grid_capacity_kw", f"must be at least 110 {OFFLINE}")],
        ),
        # what 6 A per phase do not fit into is 0
        (SITE + circuit("c", 'charge_points = ["1"]', limit="max_power_kw = 1") + point("1", *AC_11), []),
        (
            SITE
            + circuit("c", 'charge_points = ["1"]', limit="max_power_kw = 1")
            + point("1", *AC_11, "offline_limit_kw = 4.1"),
            [],
        ),
        # circuits, and the circuits above them
        (
            SITE
            + circuit("in", 'parent = "out"', 'charge_points = ["1"]', limit="max_current_a = 9.9")
            + circuit("out", 'charge_points = ["2"]', limit="max_power_kw = 13.7")
            + point("1", *AC_11, "offline_limit_kw = 6.9")
            + point("2", *AC_11, "offline_limit_kw = 6.9"),
            [
                ("circuits[1].max_power_kw", f"must be at least 13.8 {OFFLINE}"),
                ("circuits[0].max_current_a", f"must be at least 10 {OFFLINE}"),
            ],
        ),
        # phases are counted apart where they are known, on all three where not
        (
            SITE
            + "grid_max_current_a = 10\n"
            + point("1", 'current = "AC"', "phases = 1", 'phase = "L1"', "offline_limit_kw = 2.3")
            + point("2", 'current = "AC"', "phases = 1", 'phase = "L2"', "offline_limit_kw = 2.3"),
            [],
        ),
        (
            SITE
            + "grid_max_current_a = 10\n"
            + point("1", 'current = "AC"', "phases = 1", 'phase = "L1"', "offline_limit_kw = 2.3")
            + point("2", 'current = "AC"', "phases = 1", "offline_limit_kw = 2.3"),
            [("grid_max_current_a", f"must be at least 20 {OFFLINE}")],
        ),
        # a power draws the most current at the lowest voltage: 6.21 kW on 3 x 207 V are 10 A
        (SITE + "grid_max_current_a = 10\n" + point("1", *DC_50, "offline_limit_kw = 6.21"), []),
        (
            SITE + "grid_max_current_a = 10\n" + point("1", *DC_50, "offline_limit_kw = 6.9"),
            [("grid_max_current_a", f"must be at least 11.112 {OFFLINE}")],
        ),
        # the reserve and the most that the rest of the site draws are not for chargers
        (
            SITE + "reserve_kw = 10\nsite_load_max_kw = 60\n" + point("1", *DC_50, "offline_limit_kw = 30.001"),
            [("grid_capacity_kw", f"must be at least 100.001 {OFFLINE} beside reserve_kw and site_load_max_kw")],
        ),
        (
            SITE
            + "grid_max_current_a = 40\nsite_load_max_kw = 10\nsite_load_max_current_a = 30.5\n"
            + point("1", *AC_11, "offline_limit_kw = 6.9"),
            [("grid_max_current_a", f"must be at least 40.5 {OFFLINE} beside the site's other load")],
        ),
        # never_pause: every connector keeps 6 A per phase, or the least power of the configuration
        (
            SITE
            + circuit("c", 'charge_points = ["1", "2"]', limit="max_power_kw = 10")
            + point("1", *AC_11, "connectors = 2", "never_pause = true")
            + point("2", *DC_50, "offline_limit_kw = 2"),
            [("circuits[0].max_power_kw", f"must be at least 10.28 {FLOORS}")],
        ),
        (
            SITE
            + circuit("c", 'charge_points = ["1"]', limit="max_power_kw = 1.399")
            + point("1", *DC_50, "never_pause = true"),
            [("circuits[0].max_power_kw", f"must be at least 1.4 {FLOORS}")],
        ),
        (
            SITE + point("1", *AC_11[:2], "max_power_kw = 8", "connectors = 2", "never_pause = true"),
            [
                (
                    "charge_points[0].never_pause",
                    "needs a max_power_kw of at least 8.28 for the floors of all its connectors",
                )
            ],
        ),
    ],
)
def test_what_is_promised_must_fit_every_limit(tmp_path: Path, text: str, errors: list[tuple[str, str]]) -> None:
    assert _errors(tmp_path, text) == errors


@pytest.mark.parametrize(
    ("smart", "errors"),
    [
        ("max_power_kw = 8.28", []),
        ("max_power_kw = 8.279", [("max_power_kw", f"must be at least 8.28 {FLOORS}")]),
        ("max_power_kw = 4.139", [("max_power_kw", f"must be at least 4.14 {OFFLINE}")]),
        (
            "max_power_kw = 50\nmin_power_per_charger_kw = 9.6",
            [
                (
                    "min_power_per_charger_kw",
                    "must be so low that the floors of charge points that never pause fit the limits of the site",
                )
            ],
        ),
    ],
)
def test_the_budget_must_hold_what_is_promised(tmp_path: Path, smart: str, errors: list[tuple[str, str]]) -> None:
    text = (
        SITE
        + circuit("c", 'charge_points = ["1"]', limit="max_current_a = 13")
        + point("1", *AC_11, "never_pause = true")
        + point("2", *AC_11, "offline_limit_kw = 4.14")
        + f'[sites.smart_charging]\nstrategy = "equal"\n{smart}\n'
    )
    assert _errors(tmp_path, text) == [(f"smart_charging.{field}", rule) for field, rule in errors]


def test_a_circuit_too_small_for_6_a_is_to_blame_and_not_the_least_power(tmp_path: Path) -> None:
    text = (
        SITE
        + circuit("c", 'charge_points = ["1"]', limit="max_current_a = 5")
        + point("1", *AC_11, "never_pause = true")
        + SMART
    )
    assert _errors(tmp_path, text) == [("circuits[0].max_current_a", f"must be at least 6 {FLOORS}")]


def test_the_rules_of_the_whole_are_checked_once_its_parts_are_valid(tmp_path: Path) -> None:
    text = SITE + "voltage_v = 1\n" + point("1", "offline_limit_kw = 200") + SMART.replace("50", "150")
    assert _errors(tmp_path, text) == [
        ("voltage_v", "must be at least 100"),
        ("smart_charging.max_power_kw", "must be at most the site's grid capacity"),
    ]


def test_a_site_made_from_tables_is_checked_too() -> None:
    table: dict[str, Any] = {"site_id": "a", "grid_capacity_kw": 1, "charge_points": []}
    table["charge_points"] = [{"charge_point_id": "1", "offline_limit_kw": 2}]
    with pytest.raises(ValueError, match="must be at least 2 for the offline_limit_kw"):
        Config.model_validate({"sites": [table]})
