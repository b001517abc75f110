"""`python tests/exhaustive/every_state.py`: all states of the small worlds; ends with 1 if one breaks a promise."""

import argparse
import sys
import time
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).parents[1] / "lib"))

from support.smallworld.search import Found, search
from support.smallworld.site import Premises
from support.smallworld.together import Decisions, search_together
from support.smallworld.worlds import ALONE, SHARING

_LOOKED_AT_TWICE = 5_000


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python tests/exhaustive/every_state.py", description=__doc__)
    parser.add_argument("--world", choices=[*ALONE, *SHARING], help="one of them; else all, one after the other")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--most", type=int, help="of one charger alone, stop after so many states")
    return parser.parse_args()


def tell(found: Found, frontier: int) -> None:
    print(f"  depth {found.depth}: {found.states} states, {frontier} of them new", flush=True)


def alone(name: str, premises: Premises, given: argparse.Namespace) -> list[str]:
    found = search(premises, jobs=given.jobs, most=given.most, progress=tell)
    print(
        f"{name}: {found.states} states{'' if found.complete else ' (not all)'}, {found.transitions} transitions, "
        f"depth {found.depth}, {len(found.violations)} violations"
    )
    return found.violations


def sharing(name: str, premises: Premises, given: argparse.Namespace) -> list[str]:
    found = search_together(premises, jobs=given.jobs, progress=lambda text: print(f"  {text}", flush=True))
    print(
        f"{name}: {found.states} states, {found.transitions} transitions, {found.decisions} decisions, "
        f"{len(found.violations)} violations"
    )
    differ = Decisions(premises, found.life).disagreements(_LOOKED_AT_TWICE, Random(1))
    return found.violations + [f"not decided as others of its kind: {world}" for world in differ]


def main() -> int:
    given, broken = arguments(), False
    for name in [given.world] if given.world else [*ALONE, *SHARING]:
        began_s = time.perf_counter()
        violations = alone(name, ALONE[name], given) if name in ALONE else sharing(name, SHARING[name], given)
        broken = broken or bool(violations)
        print("\n".join([*sorted(violations, key=len)[:5], f"  {time.perf_counter() - began_s:.0f} s"]), flush=True)
    return int(broken)


if __name__ == "__main__":
    sys.exit(main())
