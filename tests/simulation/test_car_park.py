"""The shipped code on virtual time: hours of a car park in seconds, the same in every run of a seed."""

import asyncio
import logging
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from support.simulation import CarPark, Observed

from simulators.behaviour import BY_THE_BOOK, Behaviour
from simulators.virtual_time import run

CEILING_KW = 50.0


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Hours of a car park log more than anybody reads, and printing it takes longer than simulating it."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    yield
    structlog.reset_defaults()


REJECTS = Behaviour(rejects_profiles=("TxProfile",))
SILENT = Behaviour(never_answers=("SetChargingProfile",))
OBEYS_SILENTLY = Behaviour(never_answers=("SetChargingProfile",), obeys_unanswered=True)
SLOW = Behaviour(answer_delay_s=(0.0, 20.0))
FORGETFUL_STARTER = Behaviour(repeats_start_with_new_id=True)


async def play(
    folder: Path,
    seed: int,
    *,
    hours: float = 1.0,
    behaviours: tuple[Behaviour, ...] = (BY_THE_BOOK,) * 6,
    latency_s: tuple[float, float] = (0.02, 2.0),
    trouble: bool = False,
) -> Observed:
    """Commission a car park, then let cars come and go; with or without trouble."""
    park = CarPark(seed, CEILING_KW, folder / f"park-{seed}.db", behaviours, latency_s)
    await park.start_csms()
    for station in park.stations:
        await station.start()
    await commissioned(park)
    park.watching = True
    until_s = asyncio.get_running_loop().time() + hours * 3600
    tasks = [asyncio.create_task(park.visits(station, until_s)) for station in park.stations]
    if trouble:
        tasks.append(asyncio.create_task(make_trouble(park, until_s)))
    await asyncio.gather(*tasks)
    for station in park.stations:
        await station.stop()
    await park.stop_csms()
    return park.observed


async def commissioned(park: CarPark) -> None:
    """Until every charger that takes profiles obeys its default of 0; the others have had their chances."""
    for _ in range(60):
        await asyncio.sleep(10)
        if all(station.connector(1).permitted_w == 0 for station in park.stations):
            break
    await asyncio.sleep(60)


async def make_trouble(park: CarPark, until_s: float) -> None:
    """Chargers lose their connection or start again; now and then our own process is killed and comes back."""
    rng = random.Random(f"{park.seed} trouble")
    loop = asyncio.get_running_loop()
    while loop.time() < until_s:
        await asyncio.sleep(rng.uniform(20, 400))
        station, what = rng.choice(park.stations), rng.random()
        if what < 0.6:
            station.drop_connection(rng.uniform(1, 400))
        elif what < 0.8:
            station.reboot()
        else:
            await park.stop_csms()
            await asyncio.sleep(rng.uniform(0, 60))
            await park.start_csms()


def assert_held(observed: Observed) -> None:
    # A tenth of a watt: the observer multiplies amperes and volts as floats.
    assert observed.worst_drawn_w <= CEILING_KW * 1000 + 0.1
    assert observed.worst_permitted_w <= CEILING_KW * 1000 + 0.1
    assert observed.sessions > 5
    assert observed.energy_wh > 1000


@pytest.mark.parametrize("seed", [1, 2])
def test_the_ceiling_holds_while_cars_come_and_go(tmp_path: Path, seed: int) -> None:
    observed = run(play(tmp_path, seed))
    assert_held(observed)
    assert observed.worst_permitted_w > CEILING_KW * 1000 * 0.95  # and what there is is used
    assert observed.worst_reported_w <= CEILING_KW * 1000  # nor does the site ever say otherwise


@pytest.mark.parametrize(("seed", "latency_s"), [(4, (0.01, 0.5)), (5, (0.1, 5.0)), (8, (0.01, 0.5)), (6, (0.0, 40.0))])
def test_the_ceiling_holds_in_trouble(tmp_path: Path, seed: int, latency_s: tuple[float, float]) -> None:
    """With latencies up to beyond the call timeout: answers come late, or after their connection."""
    assert_held(run(play(tmp_path, seed, trouble=True, latency_s=latency_s)))


@pytest.mark.parametrize("seed", [7])
def test_the_ceiling_holds_with_chargers_that_answer_late_or_twice(tmp_path: Path, seed: int) -> None:
    behaviours = (SLOW, SLOW, BY_THE_BOOK, FORGETFUL_STARTER, SLOW, FORGETFUL_STARTER)
    assert_held(run(play(tmp_path, seed, behaviours=behaviours, trouble=True)))


@pytest.mark.parametrize("unruly", [REJECTS, SILENT, OBEYS_SILENTLY])
def test_a_charger_that_rejects_or_never_answers_is_counted_at_its_worst(tmp_path: Path, unruly: Behaviour) -> None:
    """The one-phase charger never confirms: the others share what its rated maximum leaves."""
    behaviours = (unruly, *(BY_THE_BOOK,) * 5)
    assert_held(run(play(tmp_path, 9, behaviours=behaviours, trouble=True)))


def test_a_seed_replays_frame_by_frame_under_any_hash_seed(tmp_path: Path) -> None:
    digests = set()
    for hash_seed in ("0", "1"):
        folder = tmp_path / hash_seed
        folder.mkdir()
        finished = subprocess.run(
            [sys.executable, __file__, str(folder)],
            env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(Path(__file__).parents[1] / "lib")},
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
        digests.add(finished.stdout.strip().splitlines()[-1])
    assert len(digests) == 1


if __name__ == "__main__":
    replayed = run(play(Path(sys.argv[1]), 42, hours=0.5, trouble=True))
    print(replayed.frames, replayed.digest)
