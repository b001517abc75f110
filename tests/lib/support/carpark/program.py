"""Many independent runs, spread over processes, summed up; or one of them again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import structlog

from support.carpark.play import Curves, play
from support.carpark.tally import Tally

RUN_HOURS = 3.0


def be_quiet() -> None:
    """Hours of a car park log more than anybody reads, and writing it takes longer than simulating it."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


def simulate(
    site_hours: float,
    seed: int,
    jobs: int,
    *,
    progress: Callable[[Tally], None],
    without: Collection[int] = (),
    to_the_end: bool = True,
) -> Tally:
    """Runs of RUN_HOURS each, with the seeds from `seed` on; `progress` hears of each as it ends, in order. If not
    `to_the_end`, the first in which something did not hold is the last."""
    total = Tally(seed)
    runs = max(1, round(site_hours / RUN_HOURS))
    for tally in _tallies([run for run in range(seed, seed + runs) if run not in without], jobs):
        total.add(tally)
        progress(tally)
        if not (to_the_end or total.held()):
            break
    return total


def replay(seed: int, hours: float, *, trace: bool, curves: Curves | None = None) -> Tally:
    """One run again; with `trace` every frame is printed with its time."""

    def show(number: int, way: str, text: str) -> None:
        print(f"{asyncio.get_running_loop().time():10.3f} CP-{number + 1} {way} {text}")

    return play(seed, hours, on_frame=show if trace else None, curves=curves)


def _tallies(seeds: Sequence[int], jobs: int) -> Iterator[Tally]:
    if jobs <= 1:
        be_quiet()
        yield from (play(seed, RUN_HOURS) for seed in seeds)
        return
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=be_quiet) as pool:
        yield from pool.map(_play_one, seeds)


def _play_one(seed: int) -> Tally:
    return play(seed, RUN_HOURS)
