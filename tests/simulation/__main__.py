"""`python tests/simulation --site-hours 200 --seed 1`: does the ceiling hold? Ends with 1 if it did not."""

import argparse
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "lib"))

from support.carpark.play import Curves
from support.carpark.program import RUN_HOURS, be_quiet, replay, simulate
from support.carpark.tally import Tally


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python tests/simulation", description=__doc__)
    parser.add_argument("--site-hours", type=float, default=30.0, help="how much to simulate, in runs of a few hours")
    parser.add_argument("--seed", type=int, default=1, help="the seed of the first run; the next has the next")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    parser.add_argument("--run", type=int, help="replay the run of this seed alone")
    parser.add_argument("--hours", type=float, default=RUN_HOURS, help="how long that run is")
    parser.add_argument("--first", action="store_true", help="end with the first run in which it does not hold")
    parser.add_argument("--leave-out", type=int, nargs="*", default=[], metavar="SEED", help="runs that are left out")
    parser.add_argument("--trace", action="store_true", help="print every frame of that run")
    parser.add_argument("--chart", type=Path, help="write a picture of one run: that of --run, else of --seed")
    return parser.parse_args()


_TOLD_EVERY = 100
"""Runs after which one is told how far it is."""


class Progress:
    """Tells of each run in which it did not hold, and now and then how many there were."""

    def __init__(self) -> None:
        self._runs = 0

    def __call__(self, tally: Tally) -> None:
        self._runs += 1
        if not tally.held():
            text = f"{tally.avoidable():.3f} kWs and As avoidable, {len(tally.starved)} starved"
            print(f"seed {tally.seed}: {text}", flush=True)
        if self._runs % _TOLD_EVERY == 0:
            print(f"{self._runs} runs", file=sys.stderr, flush=True)


def main() -> int:
    given = arguments()
    be_quiet()
    began_s = time.perf_counter()
    curves = None if given.chart is None else Curves()
    if given.run is not None:
        total = replay(given.run, given.hours, trace=given.trace, curves=curves)
        print("\n".join([*total.notes, *total.starved]))
        total.failed += [] if total.held() else [given.run]
    else:
        total = simulate(
            given.site_hours,
            given.seed,
            given.jobs,
            progress=Progress(),
            without=given.leave_out,
            to_the_end=not given.first,
        )
        if curves is not None:
            replay(given.seed, given.hours, trace=False, curves=curves)
    print("\n".join(total.lines(given.hours, time.perf_counter() - began_s)))
    if given.chart is not None and curves is not None:
        from support.carpark.chart import draw_chart  # noqa: PLC0415  matplotlib is an extra

        seed = given.seed if given.run is None else given.run
        draw_chart(curves, given.chart, f"Site {seed}: power through the grid connection")
    return 0 if total.held() else 1


if __name__ == "__main__":
    sys.exit(main())
