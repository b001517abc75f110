"""Our strategies beside acnportal's algorithms, on real sessions: energy, fairness, calm and speed.

    python -m benchmarks.fairness [--sessions CSV] [--chart PNG] [--ceilings 20 30 40] [--only NAME ...]

The Caltech car park as acnportal models it (54 EVSEs between two lines, a three-phase transformer of 20, 30 and 40 kW),
week of 18 to 24 March 2019, 5-minute steps, everybody in the same simulator. Each line of the table is one algorithm
under one ceiling; `benchmarks.carpark.metrics` defines its columns. acnportal's algorithms know what every car still
needs, EDF and LLF also when it leaves, and the bound knows the whole week beforehand; ours know what chargers report.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from benchmarks.carpark.metrics import Outcome
from benchmarks.carpark.sessions import Session, SessionsUnreadable, read_sessions, week

DEFAULT_SESSIONS = Path(__file__).parents[2] / "shared" / "data" / "sessions_caltech_2019_03.csv"
FIRST_DAY = 18
CEILINGS_KW = (20.0, 30.0, 40.0)
EXTRA = ("acnportal", "scipy", "matplotlib")


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    try:
        sessions = week(read_sessions(options.sessions), FIRST_DAY)
    except SessionsUnreadable as error:
        return _fail(f"{error}; say where the sessions are with --sessions CSV")
    if not sessions:
        return _fail(f"{options.sessions}: none begins on day {FIRST_DAY} or in the week after; see --sessions CSV")
    missing = [name for name in EXTRA if find_spec(name) is None]
    if missing:
        return _fail(f"{', '.join(missing)} not installed: pip install -c constraints.txt -e '.[bench]'")
    print(f"{len(sessions)} sessions, {_requested_kwh(sessions):.0f} kWh requested", flush=True)
    _run(sessions, options)
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fairness", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--sessions", type=Path, default=DEFAULT_SESSIONS, metavar="CSV", help="real sessions")
    parser.add_argument("--chart", type=Path, metavar="PNG", help="also draw a picture")
    parser.add_argument("--ceilings", type=float, nargs="+", default=CEILINGS_KW, metavar="KW")
    parser.add_argument("--only", nargs="+", default=(), metavar="NAME", help="only the algorithms with these names")
    return parser.parse_args(arguments)


def _fail(reason: str) -> int:
    print(f"fairness: {reason}", file=sys.stderr)
    return 2


def _run(sessions: Sequence[Session], options: argparse.Namespace) -> None:
    from benchmarks.carpark import bound, chart, comparison  # noqa: PLC0415  # they need the extra, which may be missing

    outcomes: list[Outcome] = []
    bounds_kwh: dict[float, float] = {}
    for ceiling_kw in options.ceilings:
        most_kwh = bounds_kwh[ceiling_kw] = bound.most_kwh(ceiling_kw, sessions)
        print(f"\n{HEADING}\n{bound_line(ceiling_kw, most_kwh, _requested_kwh(sessions))}", flush=True)
        for outcome in comparison.outcomes(ceiling_kw, sessions, options.only):
            outcomes.append(outcome)
            print(line(outcome, most_kwh), flush=True)
    if options.chart is not None:
        chart.draw(options.chart, outcomes, bounds_kwh)


def _requested_kwh(sessions: Sequence[Session]) -> float:
    return sum(session.requested_kwh for session in sessions)


HEADING = (
    f"{'':24}{'kW':>4}{'% asked':>9}{'% bound':>9}{'Jain':>7}{'starved':>9}{'changes/h':>11}{'pauses/h':>10}{'ms':>7}"
)


def bound_line(ceiling_kw: float, bound_kwh: float, requested_kwh: float) -> str:
    return f"{'LP bound, offline':24}{ceiling_kw:4.0f}{100 * bound_kwh / requested_kwh:9.1f}{100:9.1f}"


def line(outcome: Outcome, bound_kwh: float) -> str:
    """A line of the table."""
    return (
        f"{outcome.name:24}{outcome.ceiling_kw:4.0f}"
        f"{100 * outcome.delivered_kwh / outcome.requested_kwh:9.1f}{100 * outcome.delivered_kwh / bound_kwh:9.1f}"
        f"{outcome.jain:7.2f}{outcome.starved:9d}{outcome.changes_per_hour:11.2f}{outcome.pauses_per_hour:10.2f}"
        f"{outcome.decision_ms:7.1f}"
    )


if __name__ == "__main__":
    sys.exit(main())
