"""`python tests/mutants/every_mutant.py`: every rule of the balancer broken in turn; is it noticed?

Noticed by the tests, and by the simulation. Works on copies of what is committed, and first on one with nothing broken:
what fails there is no proof, so those tests and those runs of the simulation are left out, and named. What is known of
a mutant is kept in the file of `--results`, one JSON object a line, so that a broken-off run goes on where it was. Ends
with 1 if a mutant survives the tests or the simulation.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "lib"))

from support.carpark.draw_life import UNCLEAR_FROM
from support.mutations import MUTATIONS, Mutation

ROOT = Path(__file__).parents[2]
TESTS = [
    "tests/csms/balancing",
    "tests/csms/domain",
    "tests/exhaustive",
    "tests/csms/test_site.py",
    "tests/csms/test_commander.py",
]
Row = dict[str, Any]
"""What is known of a mutant: JSON."""

CONFTEST = """from hypothesis import HealthCheck, Phase, settings
settings.register_profile(
    "mutants", phases=(Phase.explicit, Phase.generate), derandomize=True, database=None,
    suppress_health_check=list(HealthCheck),  # a busy machine is no proof
)
settings.load_profile("mutants")
"""
CAUGHT, SURVIVED, STUCK, GONE = "caught", "SURVIVED", "caught (stuck)", "LINE IS GONE"
"""A mutant that never ends is noticed too; one whose line was rewritten must be written anew."""

UNBROKEN = "nothing"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python tests/mutants/every_mutant.py", description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="*", default=[], help="mutants whose names contain one of these words")
    parser.add_argument("--by", nargs="*", choices=["tests", "simulation"], default=["tests", "simulation"])
    parser.add_argument("--site-hours", type=float, default=30.0, help="simulated for each mutant")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2, help="mutants at a time")
    parser.add_argument("--timeout-s", type=float, default=900.0, help="for each mutant and way of catching it")
    parser.add_argument("--commit", default="HEAD", help="what is broken")
    parser.add_argument("--results", type=Path, default=ROOT / ".mutants.jsonl")
    return parser.parse_args()


def commands(given: argparse.Namespace, without: list[str], seeds: list[str]) -> dict[str, list[list[str]]]:
    """One way of noticing is the tests, the other is car parks of either sort."""
    left_out = [f"--deselect={test}" for test in without]
    begun = [sys.executable, "tests/simulation", "--site-hours", f"{given.site_hours:g}", "--jobs", "1"]
    return {
        "tests": [[sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *TESTS, *left_out]],
        "simulation": [
            [*begun, "--seed", str(seed), "--leave-out", *seeds, "--first"]
            for seed in (UNCLEAR_FROM + given.seed, given.seed)
        ],
    }


def committed(folder: Path, commit: str) -> None:
    """A copy of what is committed; Hypothesis does not look for the smallest example there."""
    archive = subprocess.run(["git", "archive", commit], cwd=ROOT, check=True, capture_output=True).stdout  # noqa: S607
    subprocess.run(["tar", "-x", "-C", str(folder)], input=archive, check=True)  # noqa: S607
    (folder / "conftest.py").write_text(CONFTEST)


def break_rule(mutation: Mutation, folder: Path) -> bool:
    """Whether the line that is to be broken stands there, once."""
    path = folder / mutation.path
    source = path.read_text()
    if source.count(mutation.old) != 1:
        return False
    path.write_text(source.replace(mutation.old, mutation.new))
    return True


def environment(folder: Path) -> dict[str, str]:
    """The copy comes before what is installed."""
    return {**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{folder / 'tests' / 'lib'}"}


def verdict(command: list[str], folder: Path, timeout_s: float) -> str:
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment(folder),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        return SURVIVED if process.wait(timeout_s) == 0 else CAUGHT
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return STUCK


def tried(mutation: Mutation, given: argparse.Namespace, known: Row, unbroken: Row) -> Row:
    """What is known of this mutant, after finding out what was not."""
    result: Row = {"mutant": mutation.name, **known}
    with tempfile.TemporaryDirectory() as folder:
        committed(Path(folder), given.commit)
        if not break_rule(mutation, Path(folder)):
            return {"mutant": mutation.name, **dict.fromkeys(given.by, GONE)}
        for way in given.by:
            if way not in known:
                began_s = time.perf_counter()
                tries = commands(given, unbroken["failing"], unbroken["seeds"])[way]
                verdicts = (verdict(command, Path(folder), given.timeout_s) for command in tries)
                result[way] = next((found for found in verdicts if found != SURVIVED), SURVIVED)
                result[f"{way} s"] = round(time.perf_counter() - began_s)
    return result


def fails_unbroken(given: argparse.Namespace) -> Row:
    """The tests that fail where nothing is broken, and the seeds with which the simulation does."""
    with tempfile.TemporaryDirectory() as folder:
        committed(Path(folder), given.commit)
        told: dict[str, list[str]] = {}
        for way in given.by:
            for command in commands(given, [], [])[way]:
                whole = [word for word in command if word not in ("-x", "--first")]
                told[way] = [*told.get(way, []), *said([*whole, *(["-rfE"] if way == "tests" else [])], Path(folder))]
        return {
            "mutant": UNBROKEN,
            "failing": [
                line.split()[1] for line in told.get("tests", []) if line.startswith(("FAILED tests", "ERROR tests"))
            ],
            "seeds": [line.split()[-3] for line in told.get("simulation", []) if line.startswith("FAILED; replay")],
        }


def said(command: list[str], folder: Path) -> list[str]:
    done = subprocess.run(command, cwd=folder, env=environment(folder), check=False, capture_output=True, text=True)
    return done.stdout.splitlines()


def main() -> int:
    given = arguments()
    known: dict[str, Row] = {}
    if given.results.exists():
        known = {row["mutant"]: row for row in map(json.loads, given.results.read_text().splitlines())}
    if UNBROKEN not in known:
        known[UNBROKEN] = fails_unbroken(given)
        with given.results.open("a") as results:
            results.write(json.dumps(known[UNBROKEN]) + "\n")
    unbroken = known[UNBROKEN]
    for broken in [*unbroken["failing"], *(f"simulation of seed {seed}" for seed in unbroken["seeds"])]:
        print(f"fails with nothing broken, so left out: {broken}")
    wanted = [m for m in MUTATIONS if not given.only or any(word in m.name for word in given.only)]
    print(f"{'mutant':56} {'tests':>16} {'s':>5} {'simulation':>16} {'s':>5}", flush=True)
    with ThreadPoolExecutor(given.jobs) as pool:
        survivors = 0
        for row in pool.map(lambda m: tried(m, given, known.get(m.name, {}), unbroken), wanted):
            with given.results.open("a") as results:
                results.write(json.dumps(row) + "\n")
            cells = [row.get(column, "-") for column in ("tests", "tests s", "simulation", "simulation s")]
            print(f"{row['mutant']!s:56} {cells[0]!s:>16} {cells[1]!s:>5} {cells[2]!s:>16} {cells[3]!s:>5}", flush=True)
            survivors += any(row.get(way) in (SURVIVED, GONE) for way in given.by)
    print(f"{len(wanted)} mutants, {survivors} of them survived")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
