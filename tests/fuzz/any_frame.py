"""`python tests/fuzz/any_frame.py --frames 100000 --seed 1`: may a charger send anything? Ends with 1 if it may not.

Runs of a hundred thousand frames, each with a seed and a new central system, so that one that fails is replayed by
itself. `--seconds` goes on until the time is over instead. Afterwards `python tests/fuzz/coverage.py` looks, guided by
the coverage of the code, for frames that no schema leads to.
"""

from __future__ import annotations

import argparse
import gc
import resource
import sys
import time
from pathlib import Path

from csms.garbage import look_seldom
from simulators.virtual_time import run

sys.path.insert(0, str(Path(__file__).parents[1] / "lib"))

from support.fuzz.house import Broken, House, Tally

_A_RUN = 100_000
_WARM_AFTER = 3
"""Runs after which every cache and every pool is full; from then on memory must stay where it is."""

_MOST_GROWTH_MB = 24.0
_SAID_EVERY_S = 30.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python tests/fuzz/any_frame.py", description=__doc__)
    parser.add_argument("--frames", type=int, default=100_000, help="how many frames")
    parser.add_argument("--seconds", type=float, default=0.0, help="how long, instead")
    parser.add_argument("--seed", type=int, default=1, help="the seed of the first run; the next has the next")
    parser.add_argument("--run", type=int, default=_A_RUN, help="how many frames one run has")
    given = parser.parse_args()
    look_seldom()  # as the central system does
    total, seed, began_s, said_s = Tally(), given.seed, time.monotonic(), 0.0
    memory_mb: list[float] = []
    while _goes_on(total, given.frames, given.seconds, began_s):
        frames = given.run if given.seconds else min(given.run, given.frames - total.frames)
        try:
            total.add(run(_run(seed, frames)))
            memory_mb.append(_resident_mb())
            _check(memory_mb)
        except Broken as broken:
            again = f"python tests/fuzz/any_frame.py --seed {seed} --frames {frames} --run {frames}"
            print(f"FAILED, seed {seed}: {broken}\nreplay: {again}")
            return 1
        seed += 1
        if time.monotonic() - began_s - said_s > _SAID_EVERY_S:
            said_s = time.monotonic() - began_s
            rate = total.frames / said_s
            print(f"{total.frames:>12,} frames, {rate:,.0f} per second, {memory_mb[-1]:,.1f} MB", flush=True)
    _print(total, time.monotonic() - began_s, memory_mb)
    return 0


def _goes_on(total: Tally, frames: int, seconds: float, began_s: float) -> bool:
    return time.monotonic() - began_s < seconds if seconds else total.frames < frames


async def _run(seed: int, frames: int) -> Tally:
    house = House(str(seed))
    try:
        return await house.run(frames)
    finally:
        await house.close()


def _check(memory_mb: list[float]) -> None:
    """Raises Broken if the process has grown since it was warm."""
    if len(memory_mb) > _WARM_AFTER and memory_mb[-1] > memory_mb[_WARM_AFTER - 1] + _MOST_GROWTH_MB:
        raise Broken(f"memory grows, in MB after each run: {[round(mb, 1) for mb in memory_mb[-50:]]}")


def _print(total: Tally, elapsed_s: float, memory_mb: list[float]) -> None:
    print(f"{'kind':<16}{'frames':>12}{'results':>12}{'errors':>12}{'no answer due':>16}")
    for kind, frames in total.kinds.most_common():
        results = total.answers[kind, "result"]
        answers = sum(count for (of, _), count in total.answers.items() if of == kind)
        print(f"{kind:<16}{frames:>12,}{results:>12,}{answers - results:>12,}{frames - answers:>16,}")
    print(f"{'all':<16}{total.frames:>12,}{total.by_answer()['result']:>12,}")
    for what, counted in (("answer", total.by_answer()), ("socket closed", total.closed), ("asked", total.asked)):
        for name, count in counted.most_common():
            print(f"{what:<16}{count:>12,}  {name}")
    print(f"{'connections':<16}{total.connections:>12,}")
    print(f"{'rate':<16}{total.frames / elapsed_s:>12,.0f}  frames per second, for {elapsed_s:,.0f} s")
    first, most, last = memory_mb[min(len(memory_mb), _WARM_AFTER) - 1], max(memory_mb), memory_mb[-1]
    print(f"{'memory':<16}{first:>12,.1f}  MB when warm, {most:,.1f} MB at its highest, {last:,.1f} MB at the end")


def _resident_mb() -> float:
    """Now, not at its highest, where the system tells."""
    gc.collect()
    status = Path("/proc/self/statm")
    if status.exists():
        return int(status.read_text().split()[1]) * resource.getpagesize() / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


if __name__ == "__main__":
    sys.exit(main())
