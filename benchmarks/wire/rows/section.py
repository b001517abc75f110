"""What each question is answered with, and what it may use."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.wire.figures import Result, Rounds
from benchmarks.wire.load import Driver
from benchmarks.wire.table import text_table


@dataclass(frozen=True, slots=True)
class Given:
    """`scale` 1 is the full size of everything; `folder` is for what the servers write."""

    folder: Path
    protocol: str
    rounds: int
    scale: float
    rng: random.Random

    def sized(self, count: int) -> int:
        return max(10, round(self.scale * count))


@dataclass(frozen=True, slots=True)
class Section:
    """A table, the goals it bears on, and its figures for the file."""

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    results: Sequence[Result] = ()
    figures: Mapping[str, Rounds] = field(default_factory=dict)

    def text(self) -> str:
        return f"{self.title}\n\n{text_table(self.headings, self.rows)}\n"


async def quiet(drivers: Sequence[Driver], for_s: float = 1.5, at_most_s: float = 60.0) -> None:
    """Wait until the central system has asked nothing of any charger for a while."""
    waited_s, still_s, before = 0.0, 0.0, -1
    while still_s < for_s and waited_s < at_most_s:
        told = sum(driver.charger.told.calls for driver in drivers)
        still_s = still_s + 0.1 if told == before else 0.0
        before = told
        await asyncio.sleep(0.1)
        waited_s += 0.1


async def until(holds: Callable[[], bool], at_most_s: float = 60.0) -> bool:
    """Look every millisecond; whether it came to hold in time."""
    deadline_s = asyncio.get_running_loop().time() + at_most_s
    while not holds():
        if asyncio.get_running_loop().time() > deadline_s:
            return False
        await asyncio.sleep(0.001)
    return True
