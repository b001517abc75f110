"""`python tests/exhaustive/every_state.py`: all states of the small worlds; ends with 1 if one breaks a promise."""

import argparse
import sys
import time
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "lib"))

from support.smallworld.search import Found, search
from support.smallworld.worlds import WORLDS


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python tests/exhaustive/every_state.py", description=__doc__)
    parser.add_argument("--world", choices=WORLDS, help="one of them; else all, one after the other")
    parser.add_argument("--chargers", type=int, help="how many, where not what the world says")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--most", type=int, help="stop after so many states")
    return parser.parse_args()


def tell(found: Found, frontier: int) -> None:
    print(f"  depth {found.depth}: {found.states} states, {frontier} of them new", flush=True)


def main() -> int:
    given, broken = arguments(), False
    for name in [given.world] if given.world else list(WORLDS):
        premises = WORLDS[name] if given.chargers is None else replace(WORLDS[name], chargers=given.chargers)
        began_s = time.perf_counter()
        found = search(premises, jobs=given.jobs, most=given.most, progress=tell)
        broken = broken or bool(found.violations)
        print(
            f"{name}: {found.states} states{'' if found.complete else ' (not all)'}, {found.transitions} transitions, "
            f"depth {found.depth}, {len(found.violations)} violations, {time.perf_counter() - began_s:.0f} s"
        )
        print("\n".join(sorted(found.violations, key=len)[:5]), flush=True)
    return int(broken)


if __name__ == "__main__":
    sys.exit(main())
