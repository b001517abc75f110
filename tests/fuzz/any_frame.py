"""`python tests/fuzz/any_frame.py --frames 100000 --seed 1`: may a charger send anything? Ends with 1 if it may not.

`--seconds` runs seed after seed until the time is over. Afterwards `python tests/fuzz/coverage.py` looks, guided by the
coverage of the code, for frames that no schema leads to.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections import Counter
from pathlib import Path

from simulators.virtual_time import run

sys.path.insert(0, str(Path(__file__).parents[1] / "lib"))

from support.fuzz.house import Broken, House, Tally

_A_RUN = 20_000


def main() -> int:
    parser = argparse.ArgumentParser(prog="python tests/fuzz/any_frame.py", description=__doc__)
    parser.add_argument("--frames", type=int, default=100_000, help="how many frames, in runs of some thousand")
    parser.add_argument("--seconds", type=float, default=0.0, help="how long, instead")
    parser.add_argument("--seed", type=int, default=1, help="the seed of the first run; the next has the next")
    given = parser.parse_args()
    total, seed, began_s = Tally(), given.seed, time.monotonic()
    first_mb = 0.0
    while _goes_on(total, given.frames, given.seconds, began_s):
        try:
            _add(total, run(_run(seed, _A_RUN)))
        except Broken as broken:
            print(
                f"FAILED, seed {seed}: {broken}\nreplay: python tests/fuzz/any_frame.py --frames {_A_RUN} --seed {seed}"
            )
            return 1
        first_mb = first_mb or _resident_mb()
        seed += 1
    elapsed_s = time.monotonic() - began_s
    print(f"frames          {total.frames:>12,}  ({total.frames / elapsed_s:,.0f} per second)")
    print(f"connections     {total.connections:>12,}")
    for answer, count in total.answers.most_common():
        print(f"answered        {count:>12,}  {answer}")
    for reason, count in total.closed.most_common(5):
        print(f"closed          {count:>12,}  {reason}")
    print(f"resident        {first_mb:>12,.1f}  MB after the first run, {_resident_mb():,.1f} MB at the end")
    return 0


def _goes_on(total: Tally, frames: int, seconds: float, began_s: float) -> bool:
    return time.monotonic() - began_s < seconds if seconds else total.frames < frames


async def _run(seed: int, frames: int) -> Tally:
    house = House(str(seed))
    try:
        return await house.run(frames)
    finally:
        await house.close()


def _add(total: Tally, more: Tally) -> None:
    total.frames += more.frames
    total.connections += more.connections
    total.answers += more.answers
    total.closed += Counter(more.closed)


def _resident_mb() -> float:
    """Now, not at its highest, where the system tells."""
    status = Path("/proc/self/statm")
    if status.exists():
        return int(status.read_text().split()[1]) * resource.getpagesize() / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


if __name__ == "__main__":
    sys.exit(main())
