"""The numbers on the page about balancing are what the code says: each table is made again and compared."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.world import START_S, World

from csms.domain import freshness
from csms.domain.electrical import shape, voltages
from csms.domain.grid import Circuit
from csms.domain.model import (
    Capabilities,
    ChargePointSettings,
    ConnectorKey,
    Current,
    MeterReading,
    Moment,
    Proof,
    ScheduleWindow,
    SiteSettings,
)

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "explanation" / "balancing.md"
NAMES = ("CP-1", "CP-2", "CP-3", "CP-4")


def table(first_cell: str, nth: int = 0) -> list[list[str]]:
    """The rows of the `nth` table of the page whose header begins with this cell."""
    tables = re.findall(
        rf"^\| ?{re.escape(first_cell)} ?\|.*\n\|[-|]+\|\n((?:\|.*\n)+)", PAGE.read_text(), re.MULTILINE
    )
    rows: str = tables[nth]
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows.splitlines()]


def kw(power_w: float) -> str:
    return f"{power_w / 1000:.3f}".rstrip("0").rstrip(".") + " kW"


def rows_of(world: World) -> list[list[str]]:
    return [[row.charge_point_id, kw(row.allocated_w), f"`{row.reason}`"] for row in world.report().chargers]


def four(max_kw: float, strategy: str, *, order: tuple[str, ...] = NAMES, floor_kw: float, **more: object) -> World:
    world = World(100)
    for name in NAMES:
        world.charger(name, 22)
    world.configure(max_kw, strategy, floor_kw=floor_kw, **more)
    for name in order:
        world.start(name)
    world.settle()
    return world


def at(world: World, seconds: float) -> None:
    """So many seconds after the world began, to the microsecond."""
    world.now = Moment(START_S + seconds, 1000.0 + seconds)


def test_the_table_of_lent_phases() -> None:
    found = []
    for name, switches in (("A cannot keep to one phase", False), ("A can", True)):
        world = World(100)
        world.site(grid_max_current_a=32.0)
        for charge_point_id, phase_map in (("A", (0, 1, 2)), ("B", (1,)), ("C", (2,))):
            phases = len(phase_map)
            declared = {"current": Current.AC, "phases": phases, "phase_map": phase_map}
            world.charger(charge_point_id, 7.36 * phases, can={"switches_phases": switches}, **declared)
            world.start(charge_point_id)
        world.settle()
        world.wait(10)
        world.draw("A", 1_840, currents_a=(8.0, 0.0, 0.0))
        world.settle()
        told_a = [told(world, charge_point_id) for charge_point_id in "ABC"]
        assert told_a[1] == told_a[2]
        words = "three phases" if told_a[0][1] == 3 else "one phase"
        found.append([name, f"{told_a[0][0]:g} A on {words}", f"{told_a[1][0]:g} A each", kw(told_a[0][0] * 230)])
    assert table("") == found


def told(world: World, charge_point_id: str) -> tuple[float, int]:
    """The amperes that a session was told last, and on how many phases."""
    limit = world.state.limits[ConnectorKey(charge_point_id, 1)].transaction
    assert limit
    form = world.state.shape(charge_point_id).on(limit.phases).form
    return float(form.current_a(limit.limit_w)), form.phases


@pytest.mark.parametrize(
    ("row", "settings", "units", "limit_w", "voltage_max_v"),
    [
        (0, {"current": Current.AC, "phases": 3}, ("A",), 11_000, 230.0),
        (1, {"current": Current.AC, "phases": 3}, ("A",), 11_000, 253.0),
        (2, {"current": Current.AC, "phases": 3}, ("W",), 11_000, 230.0),
        (3, {"current": Current.AC, "phases": 3}, ("W",), 11_000, 253.0),
        (4, {"current": Current.DC, "grid_factor": 1.05}, ("W",), 50_000, 253.0),
    ],
)
def test_the_table_of_voltages(
    row: int, settings: dict[str, object], units: tuple[str, ...], limit_w: int, voltage_max_v: float
) -> None:
    site = SiteSettings("site", "Site", "Europe/London", 100_000, 230.0, voltage_max_v)
    declared = ChargePointSettings("x", "site", max_power_w=60_000, **settings)  # type: ignore[arg-type]
    made = shape(site, declared, Capabilities(rate_units=units))
    told_w = made.form.floor_w(limit_w)
    power_mw, current, *_ = made.load(told_w)
    told = f"{made.form.current_a(told_w):.1f} A" if made.form.unit == "A" else f"{told_w} W"
    current_a = current / (voltages(site).quanta_per_ma * 1000)
    expected = [f"{voltage_max_v:g}", told, kw(power_mw / 1000), f"{round(current_a, 3):g} A"]
    share, _, *rest = table("share")[row]
    assert (share, rest) == (kw(limit_w), expected)


def test_the_table_of_leases() -> None:
    ages_s = {"14 min 59 s": 899, "16 min 5 s": 965, "16 min 6 s": 966, "a day": 86_400}
    found = []
    for words, age_s in ages_s.items():
        counts = []
        for proof in (Proof.SHOWN, Proof.SILENT):
            world = World(22)
            world.charger("A", 22, can={"max_periods": 2})
            world.start("A")
            world.settle()
            world.promise_lease("A", proof)
            limit = world.state.limits[ConnectorKey("A", 1)].transaction
            assert limit
            world.disconnect("A")
            world.now = Moment(world.now.utc_s, limit.issued_at.steady_s + age_s)
            counts.append(f"{world.worst_kw('A'):g} kW")
        found.append([words, *counts])
    assert table("since it was issued") == found


@pytest.mark.parametrize("first_cell", ["arrives at", "a clock an hour behind: arrives at"])
def test_the_tables_of_the_age_of_readings(first_cell: str) -> None:
    before: MeterReading | None = None
    for arrival, measured, told in table(first_cell):
        arrival_s, measured_s = (int(re.match(r"-?\d+", cell)[0]) for cell in (arrival, measured))  # type: ignore[index]
        at = Moment(START_S + arrival_s, arrival_s)
        age = freshness.age(at, START_S + measured_s, before)
        before = MeterReading("x", 1, at, START_S + measured_s, **age._asdict())
        assert told == ("not known" if before.age_s is None else f"{before.age_s:g} s")


def test_the_table_of_overdraw() -> None:
    world = World(20)
    for name in "AB":
        world.charger(name, 22, current=Current.DC)
        world.start(name)
    world.settle()
    world.wait(100)
    began_s, found = world.now.steady_s, []
    for words, after_s, drawn_w in (
        ("0 s", 0, 10_345),
        ("10 s", 10, 12_000),
        ("20 s", 20, 12_000),
        ("5 min", 300, 10_000),
        ("10 min 20 s", 620, 10_000),
    ):
        world.wait(began_s + after_s - world.now.steady_s)
        world.draw("A", drawn_w)
        world.judge("A")
        found.append([words, kw(drawn_w), kw(world.worst_kw("A") * 1000), kw(world.shares_kw()["B"] * 1000)])
        world.answer_all()
    assert table("at") == found


def test_the_table_of_three_phases() -> None:
    world = World(40)
    world.site(circuits=(Circuit("garage", None, None, 32.0),))
    for name, phase_map, circuit_id in (
        ("A", (0, 1, 2), "garage"),
        ("B", (0,), "garage"),
        ("C", (0,), "garage"),
        ("D", (1,), "garage"),
        ("E", (0, 1, 2), None),
    ):
        phases = len(phase_map)
        rated_kw = 7.36 * phases
        world.charger(name, rated_kw, current=Current.AC, phases=phases, phase_map=phase_map, circuit_id=circuit_id)
        world.start(name)
    world.settle()
    found = [
        [name, power, f"{world.state.shape(name).form.current_a(world.share(name).limit_w):g} A", reason]
        for name, power, reason in rows_of(world)
    ]
    assert table("charger") == found
    grid, garage = world.report().circuits
    assert (grid.permitted_w, garage.permitted_a) == (38_180, (32.0, 32.0, 6.0))


def test_the_table_of_equal_shares() -> None:
    for row, (budget_kw, rated_kw) in zip(table("budget")[-3:], [(100, 50), (100, 22), (60, 22)], strict=True):
        world = World(200)
        world.configure(budget_kw)
        for name in "1234":
            world.charger(name, rated_kw)
            world.start(name)
        world.settle()
        assert row[:2] == [f"{budget_kw} kW", f"4 of {rated_kw} kW"]
        assert {tuple(cells) for _, *cells in rows_of(world)} == {tuple(row[2:])}


def test_what_a_small_charger_cannot_use() -> None:
    world = World(40)
    for name, rated_kw in (("1", 22), ("2", 22), ("3", 7.4)):
        world.charger(name, rated_kw)
        world.start(name)
    world.settle()
    assert world.shares_kw() == {"1": 16.3, "2": 16.3, "3": 7.4}


@pytest.mark.parametrize(
    ("nth", "world"),
    [
        (1, lambda: four(40, "priority", floor_kw=5, priority_order=("CP-3", "CP-1"))),
        (2, lambda: four(40, "priority", floor_kw=1.4, priority_weights={"CP-3": 3})),
        (3, lambda: four(40, "first_come_first_served", order=("CP-3", "CP-1", "CP-4", "CP-2"), floor_kw=5)),
    ],
    ids=["ranks", "weights", "first come first served"],
)
def test_the_tables_of_strategies(nth: int, world: Callable[[], World]) -> None:
    assert table("charger", nth) == rows_of(world())


def test_who_waits_where_who_came_first_is_served() -> None:
    world = four(12, "first_come_first_served", order=("CP-3", "CP-1", "CP-4", "CP-2"), floor_kw=5)
    assert world.shares_kw() == {"CP-3": 7, "CP-1": 5, "CP-4": 0, "CP-2": 0}


def test_the_table_of_a_time_window() -> None:
    window = ScheduleWindow(tuple(range(5)), 17 * 60, 20 * 60 + 30, 20_000, {"CP-3": 3_000})
    world = four(45, "scheduled", floor_kw=1.4, schedule=(window,))
    found = []
    for time, *_ in table("time"):
        wanted = datetime.fromisoformat(f"2026-11-23T{time}").replace(tzinfo=UTC)  # a Monday; London keeps UTC
        world.wait(wanted.timestamp() - world.now.utc_s)
        shares = world.shares_kw()
        found.append(
            [time, f"{world.report().budget_w / 1000:g}", kw(shares["CP-3"] * 1000), kw(shares["CP-1"] * 1000)]
        )
    assert table("time") == found


def test_the_table_of_turns() -> None:
    """Looked at every three seconds; a change takes the seconds that its cut needs, so times are told by the minute."""
    world = World(7)
    for name in "AB":
        world.charger(name, 11.04, current=Current.AC, phases=3)
    found: list[list[str]] = []
    for second in range(0, 3700, 3):
        at(world, second)
        if second in (0, 300):
            world.start("A" if second == 0 else "B")
            at(world, second)
        world.answer_all()
        report = world.report()
        shares = [kw(row.allocated_w) for row in report.chargers] + ["-"]
        starts = [row.expected_start_s for row in report.chargers if row.expected_start_s is not None]
        settled = all(row.confirmed for row in report.chargers)
        if settled and (not found or found[-1][1:3] != shares[:2]):
            starting = _hmm(starts[0] - START_S) if starts else "-"
            found.append([_hmm(second), *shares[:2], starting])
    assert table("from (h:mm)") == found


def _hmm(seconds: float) -> str:
    return f"{int(seconds // 3600)}:{int(seconds % 3600 // 60):02d}"


def test_the_table_of_reclaim() -> None:
    world = World(44)
    world.configure(33)
    for name in "ABC":
        world.charger(name, 22, current=Current.DC)
        world.start(name)
    world.settle()
    world.wait(10)
    began_s, found, reasons = world.now.steady_s, [], []
    for second in range(220):
        world.wait(began_s + second - world.now.steady_s)
        for name in "ABC" if second % 5 == 0 else "":
            limit = world.state.limits[ConnectorKey(name, 1)].transaction
            assert limit
            wanted_w = 4_000 if second < 200 else 22_000
            world.draw(name, min(wanted_w, limit.limit_w) if name == "A" else limit.limit_w)
        world.answer_all()
        if second in (0, 60, 200):
            found.append([f"{second} s", *(kw(world.shares_kw()[name] * 1000) for name in "ABC")])
            reasons.append(f"`{world.share('A').reason}`")
    told = table("at", 1)
    assert [row[:4] for row in told] == found
    assert told[1][4] == reasons[1]
    assert world.share("A").reason == "shares 33 kW equally with 2 others"


def test_the_table_of_a_temporary_limit() -> None:
    world = four(45, "equal", floor_kw=1.4)
    ten = datetime(2026, 11, 23, 10, tzinfo=UTC).timestamp()
    world.wait(ten - 600 - world.now.utc_s)
    world.limit("grid operator", 20, begins_in_s=600, ends_in_s=1200)
    found = []
    for time, *_ in table("time", 1):
        hour, minute, second = map(int, time.split(":"))
        world.wait(datetime(2026, 11, 23, hour, minute, second, tzinfo=UTC).timestamp() - world.now.utc_s)
        (share_kw,) = set(world.shares_kw().values())
        found.append([time, f"{world.report().budget_w / 1000:g}", kw(share_kw * 1000)])
    assert table("time", 1) == found


def test_the_table_of_site_load() -> None:
    found = []
    for words, age_s in (("none yet", None), ("30 kW, just now", 0), ("30 kW, 59 s old", 59), ("30 kW, 60 s old", 60)):
        world = World(100)
        world.site(reserve_w=5_000, site_load_max_w=60_000)
        if age_s is not None:
            world.load(30)
            world.wait(age_s)
        report = world.report()
        found.append([words, f"{report.budget_w / 1000:g}", f"`{report.budget_reason}`"])
    assert table("last reading") == found


def test_the_table_of_a_waiting_raise() -> None:
    world = World(60)
    for name in "1234":
        world.charger(name, 22)
    for name in "123":
        world.start(name)
    world.settle()
    world.wait(20)
    found: list[list[str]] = []

    def look() -> None:
        counted = [f"{world.worst_kw(name):g}" for name in "1234"]
        found.append([", ".join(counted[:3]), counted[3], f"{world.book().total_w() / 1000:g}"])

    world.start("4")
    cuts = [world.issue(intent) for intent in world.plan().intents]
    look()
    for cut in cuts:
        world.confirm(cut)
    look()
    world.wait(1)
    world.draw("1", 15_000)
    world.draw("2", 14_000)
    assert world.sent_kw() == {}
    look()
    world.wait(5)
    assert world.sent_kw() == {"4": 15.0}
    world.answer_all()
    look()
    assert [row[1:] for row in table("moment")] == found


def test_every_test_that_the_page_names_exists() -> None:
    named = set(re.findall(r"`(test_\w+)`", PAGE.read_text()))
    defined = {
        name for path in (ROOT / "tests").rglob("test_*.py") for name in re.findall(r"def (test_\w+)", path.read_text())
    }
    assert named
    assert named <= defined
