"""How long a division takes, and a whole decision, as a site grows; the division beside a linear program, by HiGHS.

    python -m benchmarks.allocation [--check] [--chart PNG] [--sizes 10 100 1000 10000] [--rounds 9]

Flat sites and trees of three levels with limits of power and of current per phase (see `benchmarks.division.sites`).
Both sides divide the same room among the same connectors in the same run, in turn. The linear program has it easier: it
is one program, not a sequence, is told who reaches its cap (see `benchmarks.division.linear_program`), and building it
is not counted, only solving it. That our shares are feasible and max-min fair, and that our lowest level is the
program's to the watt, is checked in every run; a wrong share ends it with status 1.

A decision is ledger, allocation and plan: after a car has left, and after the ceiling fell or rose by a tenth, so that
nearly every limit changes. It is made as a site makes it, with what is remembered of the one before: since then the
facts about every twentieth connector have changed. `cold` is the one after the ceiling fell with nothing remembered.

`--check` ends with status 1 if a ratio is missed: at 1,000 connectors the division at least 5 times faster than the
linear program; growth of division and decision close to linear. Milliseconds are told, and depend on the machine.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib.util import find_spec
from itertools import cycle, pairwise
from pathlib import Path

from benchmarks.division.problem import faults, problem_of
from benchmarks.division.sites import EVENTS, LAYOUTS, SETTINGS, Site, busy_site
from benchmarks.division.timing import Times, times
from csms.balancing.allocation import allocate
from csms.balancing.ledger import ledger
from csms.balancing.limits import fill
from csms.balancing.memory import Memory
from csms.balancing.plan import Plan, plan
from csms.domain.model import Moment
from csms.domain.snapshot import Snapshot
from csms.garbage import look_seldom

SIZES = (10, 100, 1_000, 10_000)
COMPARED_AT = 1_000
LEAST_RATIO = 5.0
MOST_GROWTH = 1.2
"""The exponent: 1 is linear; n log n is 1.15 from 100 to 10,000."""

GROWTH_FROM = 100
"""Below, what a decision costs anyway hides the growth."""

COLD_EVENT = "ceiling fell"
CHANGED_EVERY = 20
GOALS_MS = {"fill": 5.0, **dict.fromkeys(EVENTS, 20.0), "cold": 25.0}
"""At 1,000 connectors, on a machine of its own."""

COLUMNS = ("LP build", "LP", "fill", "ledger", "allocate", "plan", *EVENTS, "cold")


@dataclass(frozen=True, slots=True)
class Measured:
    """One site: times by column (see COLUMNS), and whether our answer was right."""

    layout: str
    connectors: int
    times: dict[str, Times]
    faults: tuple[str, ...]

    @property
    def ratio(self) -> float:
        return self.times["LP"].median_ms / self.times["fill"].median_ms


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    missing = [name for name in ("scipy", *(["matplotlib"] if options.chart else [])) if find_spec(name) is None]
    if missing:
        print(f"allocation: {', '.join(missing)} not installed: pip install -c constraints.txt -e '.[bench]'")
        return 2
    print("milliseconds of processor time, median and spread of the rounds\n")
    print(f"{'':6}{'connectors':>10}" + "".join(f"{name:>14}" for name in COLUMNS) + f"{'LP / fill':>11}")
    found: list[Measured] = []
    for layout in LAYOUTS:
        for connectors in options.sizes:
            found.append(measured(busy_site(layout, connectors), options.rounds))
            print(line(found[-1]), flush=True)
    print("\n".join(["", *growth_lines(found)]))
    if options.chart is not None:
        from benchmarks.division.chart import draw  # noqa: PLC0415  # matplotlib is only needed for the picture

        draw(options.chart, {layout: _points(found, layout) for layout in LAYOUTS})
    wrong = [f"{m.layout} {m.connectors}: {fault}" for m in found for fault in m.faults]
    missed = list(missed_goals(found))
    print("\n".join(["", *wrong, *missed]) if wrong or missed else "\nevery share right, every goal met")
    return 1 if wrong or (options.check and any(goal.startswith("missed") for goal in missed)) else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.allocation", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--check", action="store_true", help="end with status 1 if a ratio is missed")
    parser.add_argument("--chart", type=Path, metavar="PNG", help="also draw a picture")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, metavar="N", help="connectors (from 2 on)")
    parser.add_argument("--rounds", type=int, default=9, help="(default: %(default)s)")
    return parser.parse_args(arguments)


def measured(site: Site, rounds: int) -> Measured:
    from benchmarks.division import linear_program  # noqa: PLC0415  # it needs scipy, which may be missing

    problem = problem_of(site)
    filled = fill(problem.room, problem.members)
    program = linear_program.built(problem, filled)
    level_w = linear_program.solve(program).level_w
    snapshot = site.after["car left"]
    book = ledger(snapshot, site.now, SETTINGS.settle_s)
    allocation = allocate(snapshot, site.now, SETTINGS, book)
    calls: dict[str, Callable[[], object]] = {
        "LP build": partial(linear_program.built, problem, filled),
        "LP": partial(linear_program.solve, program),
        "fill": partial(fill, problem.room, problem.members),
        "ledger": partial(ledger, snapshot, site.now, SETTINGS.settle_s),
        "allocate": partial(allocate, snapshot, site.now, SETTINGS, book),
        "plan": partial(plan, snapshot, allocation, book, site.now, SETTINGS),
        **{event: as_usual(seen, site.now) for event, seen in site.after.items()},
        "cold": lambda: decide(site.after[COLD_EVENT], site.now, Memory()),
    }
    wrong = tuple(faults(problem, filled, allocation, level_w))
    return Measured(site.layout, site.connectors, times(calls, rounds), wrong)


def as_usual(snapshot: Snapshot, now: Moment) -> Callable[[], Plan]:
    """Decisions one after the other. The facts of two snapshots in turn are equal, but for every twentieth connector
    they are not the same: as if they had changed since the last decision."""
    anew = {
        key: limits if n % CHANGED_EVERY else replace(limits) for n, (key, limits) in enumerate(snapshot.limits.items())
    }
    seen = cycle((snapshot, replace(snapshot, limits=anew)))
    memory = Memory()
    decide(next(seen), now, memory)
    return lambda: decide(next(seen), now, memory)


def decide(snapshot: Snapshot, now: Moment, memory: Memory) -> Plan:
    book = ledger(snapshot, now, SETTINGS.settle_s, memory)
    return plan(snapshot, allocate(snapshot, now, SETTINGS, book, memory), book, now, SETTINGS)


def line(site: Measured) -> str:
    cells = "".join(f"{site.times[name]!s:>14}" for name in COLUMNS)
    return f"{site.layout:6}{site.connectors:10,}{cells}{site.ratio:10.1f}x"


def growth_lines(found: Sequence[Measured]) -> Iterator[str]:
    """From each size to the next: how many times longer it takes."""
    for before, after in _steps(found):
        factors = ", ".join(f"{name} x{_factor(before, after, name):.1f}" for name in ("LP", *GOALS_MS))
        yield f"{after.layout} {before.connectors:,} to {after.connectors:,}: {factors}"


def _points(found: Sequence[Measured], layout: str) -> list[tuple[int, dict[str, float]]]:
    return [(m.connectors, {name: m.times[name].median_ms for name in m.times}) for m in found if m.layout == layout]


def missed_goals(found: Sequence[Measured]) -> Iterator[str]:
    for site in found:
        if site.connectors == COMPARED_AT:
            where = f"{site.layout} {site.connectors:,}"
            if site.ratio < LEAST_RATIO:
                yield f"missed: {where}: fill is {site.ratio:.1f} times faster than the LP, not {LEAST_RATIO:g}"
            for name, goal_ms in GOALS_MS.items():
                if site.times[name].median_ms > goal_ms:
                    yield f"slow: {where}: {name} takes {site.times[name].median_ms:.1f} ms, not {goal_ms:g}"
    for layout in LAYOUTS:
        large = [site for site in found if site.layout == layout and site.connectors >= GROWTH_FROM]
        for name in GOALS_MS if len(large) > 1 else ():
            exponent = math.log(_factor(large[0], large[-1], name), large[-1].connectors / large[0].connectors)
            if exponent > MOST_GROWTH:
                where = f"{layout} {large[0].connectors:,} to {large[-1].connectors:,}"
                yield f"missed: {where}: {name} grows with the power {exponent:.2f}, not {MOST_GROWTH:g}"


def _steps(found: Sequence[Measured]) -> Iterator[tuple[Measured, Measured]]:
    return (pair for pair in pairwise(found) if pair[0].layout == pair[1].layout)


def _factor(before: Measured, after: Measured, name: str) -> float:
    return after.times[name].median_ms / before.times[name].median_ms


if __name__ == "__main__":
    look_seldom()  # as `csms serve` does
    sys.exit(main())
