"""The shipped code on virtual time: hours of a car park in seconds, the same in every run of a seed."""

import asyncio
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from support.simulation import CarPark, Observed

from simulators.behaviour import BY_THE_BOOK, Behaviour
from simulators.virtual_time import run

CEILING_KW = 50.0
COMMISSIONING_S = 300.0

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
    drops: bool = False,
    crashes: int = 0,
) -> Observed:
    """Commission a car park, then let cars come and go; with or without lost connections and crashes of ours."""
    park = CarPark(seed, CEILING_KW, folder / f"park-{seed}.db", behaviours)
    await park.start_csms()
    for station in park.stations:
        await station.start()
    await asyncio.sleep(COMMISSIONING_S)
    park.watching = True
    loop = asyncio.get_running_loop()
    until_s = loop.time() + hours * 3600
    tasks = [asyncio.create_task(park.visits(station, until_s)) for station in park.stations]
    if drops:
        tasks.append(asyncio.create_task(lose_connections(park, until_s)))
    for _ in range(crashes):
        await asyncio.sleep(hours * 3600 / (crashes + 1))
        await park.stop_csms()
        await asyncio.sleep(20)
        await park.start_csms()
    await asyncio.gather(*tasks)
    for station in park.stations:
        await station.stop()
    await park.stop_csms()
    return park.observed


async def lose_connections(park: CarPark, until_s: float) -> None:
    rng = random.Random(f"{park.seed} drops")
    loop = asyncio.get_running_loop()
    while loop.time() < until_s:
        await asyncio.sleep(rng.uniform(60, 600))
        rng.choice(park.stations).drop_connection(rng.uniform(1, 300))


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


@pytest.mark.parametrize("seed", [4, 5])
def test_the_ceiling_holds_while_connections_are_lost_and_we_crash(tmp_path: Path, seed: int) -> None:
    assert_held(run(play(tmp_path, seed, drops=True, crashes=2)))


@pytest.mark.parametrize("seed", [7, 8])
def test_the_ceiling_holds_with_chargers_that_answer_late_or_twice(tmp_path: Path, seed: int) -> None:
    behaviours = (SLOW, SLOW, BY_THE_BOOK, FORGETFUL_STARTER, SLOW, FORGETFUL_STARTER)
    assert_held(run(play(tmp_path, seed, behaviours=behaviours, drops=True)))


@pytest.mark.parametrize("unruly", [REJECTS, SILENT, OBEYS_SILENTLY])
def test_a_charger_that_rejects_or_never_answers_is_counted_at_its_worst(tmp_path: Path, unruly: Behaviour) -> None:
    """The one-phase charger never confirms: the others share what its rated maximum leaves."""
    behaviours = (unruly, *(BY_THE_BOOK,) * 5)
    assert_held(run(play(tmp_path, 9, behaviours=behaviours, drops=True)))


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
    replayed = run(play(Path(sys.argv[1]), 42, hours=0.5, drops=True, crashes=1))
    print(replayed.frames, replayed.digest)
