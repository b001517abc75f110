"""`python tests/exhaustive/every_state.py`: all states of the small worlds.

Ends with 1 if one breaks a promise, or if a world was not visited to its end.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1] / "lib"))

from support.smallworld.search import search
from support.smallworld.together import Decisions, search_together
from support.smallworld.worlds import ALONE, SHARING

_LOOKED_AT_TWICE = 5_000
_SHOWN = 5


class Visited(NamedTuple):
    """What was found in a world, in so many seconds of processor time."""

    world: str
    states: int
    transitions: int
    seconds: float
    complete: bool
    violations: list[str]

    def __str__(self) -> str:
        row = f"{self.world:<32} {self.states:>12,} {self.transitions:>14,} {self.seconds:>8.0f} "
        return f"{row}{len(self.violations):>11}{'' if self.complete else '  NOT VISITED TO ITS END'}"


HEADING = f"{'world':<32} {'states':>12} {'transitions':>14} {'seconds':>8} {'violations':>11}"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python tests/exhaustive/every_state.py", description=__doc__)
    parser.add_argument("--world", choices=[*SHARING, *ALONE], help="one of them; else all")
    parser.add_argument("--jobs", type=int, default=2, help="so many worlds at a time")
    parser.add_argument("--most", type=int, help="of each world, stop after so many states, or decisions")
    parser.add_argument("--verbose", action="store_true", help="say how far each world is")
    return parser.parse_args()


def visit(world: str, *, most: int | None, verbose: bool) -> Visited:
    began_s = time.process_time()

    def progress(text: str) -> None:
        if verbose:
            print(f"  {world}: {text}", flush=True)

    states, transitions, complete, violations = (alone if world in ALONE else sharing)(world, most, progress)
    return Visited(world, states, transitions, time.process_time() - began_s, complete, violations)


def alone(world: str, most: int | None, progress: Callable[[str], None]) -> tuple[int, int, bool, list[str]]:
    found = search(ALONE[world], most=most, progress=progress)
    return found.states, found.transitions, found.complete, found.violations


def sharing(world: str, most: int | None, progress: Callable[[str], None]) -> tuple[int, int, bool, list[str]]:
    found = search_together(SHARING[world], most=most, progress=progress)
    differ = Decisions(SHARING[world], found.life).disagreements(_LOOKED_AT_TWICE, Random(1))
    violations = found.violations + [f"not decided as others of its kind: {chargers}" for chargers in differ]
    return found.states, found.transitions, found.complete, violations


def visited(worlds: list[str], given: argparse.Namespace) -> Iterator[Visited]:
    """In whichever order they end; the largest begin first."""
    with get_context("spawn").Pool(min(given.jobs, len(worlds))) as pool:
        yield from pool.imap_unordered(partial(visit, most=given.most, verbose=given.verbose), worlds)


def main() -> int:
    given = arguments()
    worlds = [given.world] if given.world else [*SHARING, *ALONE]
    began_s, found = time.perf_counter(), []
    print(HEADING, flush=True)
    for one in visited(worlds, given):
        found.append(one)
        print("\n".join([str(one), *sorted(one.violations, key=len)[:_SHOWN]]), flush=True)
    violations = [violation for one in found for violation in one.violations]
    complete, busy_s = all(one.complete for one in found), sum(one.seconds for one in found)
    states, transitions = sum(one.states for one in found), sum(one.transitions for one in found)
    print(Visited(f"all {len(found)}", states, transitions, busy_s, complete, violations))
    print(f"in {time.perf_counter() - began_s:.0f} s")
    return int(bool(violations) or not complete)


if __name__ == "__main__":
    sys.exit(main())
