"""`python tests/mutants/every_mutant.py`: every rule of the balancer broken in turn; is it noticed?

Noticed by the tests, and by the simulation: in the runs that the mutant names, else in as many as there is patience
for. Works on copies of what is committed, and first on one with nothing broken: what fails there is no proof, so those
tests and those runs of the simulation are left out, and named. What is known of a mutant is kept in the file of
`--results`, one JSON object a line, so that a broken-off run goes on where it was. Ends with 1 if a mutant survives the
tests or the simulation, but for those that no simulation can notice: they say why.
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

from support.carpark.draw_crowded import CROWDED_FROM
from support.carpark.draw_life import UNCLEAR_FROM
from support.mutations import MUTATIONS, Mutation

ROOT = Path(__file__).parents[2]
TESTS = [
    "tests/csms/balancing",
    "tests/csms/domain",
    "tests/exhaustive",
    "tests/csms/test_asking.py",
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
CAUGHT, SURVIVED, STUCK, GONE, UNSEEN = "caught", "SURVIVED", "caught (stuck)", "LINE IS GONE", "cannot be seen"
"""A mutant that never ends is noticed too; one whose line was rewritten must be written anew."""

RUN_HOURS = "1"
"""How long the runs are that mutants name."""

UNBROKEN = "nothing"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python tests/mutants/every_mutant.py", description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="*", default=[], help="mutants whose names contain one of these words")
    parser.add_argument("--by", nargs="*", choices=["tests", "simulation"], default=["tests", "simulation"])
    parser.add_argument("--site-hours", type=float, default=30.0, help="simulated for a mutant that names no runs")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2, help="mutants at a time")
    parser.add_argument("--timeout-s", type=float, default=900.0, help="for each mutant and way of catching it")
    parser.add_argument("--commit", default="HEAD", help="what is broken")
    parser.add_argument("--results", type=Path, default=ROOT / ".mutants.jsonl")
    return parser.parse_args()


def by_tests(without: list[str]) -> list[list[str]]:
    left_out = [f"--deselect={test}" for test in without]
    return [[sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *TESTS, *left_out]]


def by_simulation(given: argparse.Namespace, mutation: Mutation, without: list[str]) -> list[list[str]]:
    """The runs it names, or car parks of every sort."""
    begun = [sys.executable, "tests/simulation", "--jobs", "1"]
    if mutation.seeds:
        return [[*begun, *_run(seed)] for seed in mutation.seeds if str(seed) not in without]
    hours = ["--site-hours", f"{given.site_hours:g}", "--leave-out", *without, "--first"]
    return [[*begun, *hours, "--seed", str(sort + given.seed)] for sort in (CROWDED_FROM, UNCLEAR_FROM, 0)]


def _run(seed: int) -> list[str]:
    return ["--run", str(seed), "--hours", RUN_HOURS]


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
                result[way] = _noticed(mutation, given, way, unbroken, Path(folder))
                result[f"{way} s"] = round(time.perf_counter() - began_s)
    return result


def _noticed(mutation: Mutation, given: argparse.Namespace, way: str, unbroken: Row, folder: Path) -> str:
    """By one of the two ways, in a folder in which the rule is broken."""
    if way == "tests":
        tries = by_tests(unbroken["failing"])
    elif mutation.unseen:
        return UNSEEN
    else:
        tries = by_simulation(given, mutation, unbroken["seeds"])
    verdicts = (verdict(command, folder, given.timeout_s) for command in tries)
    return next((found for found in verdicts if found != SURVIVED), SURVIVED)


def fails_unbroken(given: argparse.Namespace, wanted: list[Mutation]) -> Row:
    """The tests that fail where nothing is broken, and the seeds with which the simulation does."""
    failing: list[str] = []
    seeds: list[str] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        committed(folder, given.commit)
        if "tests" in given.by:
            (command,) = by_tests([])
            lines = said([*(word for word in command if word != "-x"), "-rfE"], folder)
            failing = [line.split()[1] for line in lines if line.startswith(("FAILED tests", "ERROR tests"))]
        if "simulation" in given.by:
            seen = [mutation for mutation in wanted if not mutation.unseen]
            tries = {" ".join(c): c for mutation in seen for c in by_simulation(given, mutation, [])}
            whole = ([word for word in command if word != "--first"] for command in tries.values())
            lines = [line for command in whole for line in said(command, folder)]
            seeds = sorted({line.split()[-3] for line in lines if line.startswith("FAILED; replay")})
    return {"mutant": UNBROKEN, "failing": failing, "seeds": seeds}


def said(command: list[str], folder: Path) -> list[str]:
    done = subprocess.run(command, cwd=folder, env=environment(folder), check=False, capture_output=True, text=True)
    return done.stdout.splitlines()


def main() -> int:
    given = arguments()
    known: dict[str, Row] = {}
    if given.results.exists():
        known = {row["mutant"]: row for row in map(json.loads, given.results.read_text().splitlines())}
    wanted = [m for m in MUTATIONS if not given.only or any(word in m.name for word in given.only)]
    if UNBROKEN not in known:
        known[UNBROKEN] = fails_unbroken(given, wanted)
        with given.results.open("a") as results:
            results.write(json.dumps(known[UNBROKEN]) + "\n")
    unbroken = known[UNBROKEN]
    for broken in [*unbroken["failing"], *(f"simulation of seed {seed}" for seed in unbroken["seeds"])]:
        print(f"fails with nothing broken, so left out: {broken}")
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
