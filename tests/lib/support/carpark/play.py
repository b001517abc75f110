"""Play a scenario from beginning to end, with the observer looking on, and say what it came to."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field
from functools import partial

from simulators.car import Draw, Offer
from simulators.changes import Change
from simulators.occurrences import Sampled, TransactionStopped
from simulators.station import SimulatedChargePoint
from simulators.virtual_time import run
from support.carpark.ceilings import Ceilings
from support.carpark.director import Director
from support.carpark.draw_life import draw_scenario
from support.carpark.draw_site import HIGHEST_V
from support.carpark.fairness import TICK_S, Fairness
from support.carpark.observer import Observer
from support.carpark.scenario import Scenario
from support.carpark.tally import Tally
from support.carpark.world import OnFrame, World

SETTLING_S = 8.0
"""A car follows a limit within five seconds (IEC 61851-1); readings before that show nothing of it."""

WATTS_PER_A = 3 * HIGHEST_V
"""Of a limit in amperes on three phases."""

FRESH_S = 60.0
"""Readings that have queued for longer are of no known age: the charger's clock may be wrong."""


@dataclass(slots=True)
class Curves:
    """Power through the grid connection over time: seconds, then watts permitted, drawn and allowed."""

    points: list[tuple[float, float, float, float]] = field(default_factory=list)


def play(seed: int, hours: float, *, on_frame: OnFrame | None = None, curves: Curves | None = None) -> Tally:
    """One independent run of a seed."""
    scenario = draw_scenario(seed, hours)
    began_s = time.perf_counter()
    tally = run(_perform(scenario, on_frame, curves), start_s=scenario.start_s)
    tally.wall_s = time.perf_counter() - began_s
    return tally


async def _perform(scenario: Scenario, on_frame: OnFrame | None, curves: Curves | None) -> Tally:
    return await Run(scenario, on_frame).play(curves)


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """A meter reading on its way to us: when it was taken, its energy as it is written, what was drawn, and what the
    session was told. Where the limit is in amperes, both are what the busiest phase would come to on three."""

    at_s: float
    connector_id: int
    energy: str
    drawn_w: float
    told_w: float


def compared(draw: Draw, told: Offer) -> tuple[float, float]:
    """What was drawn and what was told, so that one can be held against the other: who is limited in amperes obeys on
    each phase, however many his car uses and whatever the voltage is."""
    if not told.is_ac:
        return draw.power_w, told.power_w
    return max(draw.currents_a) * WATTS_PER_A, told.current_a * WATTS_PER_A


class Run:
    """One run: the world, its observer, and the director who makes things happen."""

    def __init__(self, scenario: Scenario, on_frame: OnFrame | None = None) -> None:
        self.scenario = scenario
        self.world = World(scenario, on_change=self._changed, on_frame=on_frame)
        self.loop = self.world.loop
        ceilings = Ceilings(scenario.site, scenario.points, start_s=scenario.start_s)
        self.observer = Observer(scenario.points, ceilings, time=self.loop.time, epoch_s=self.loop.now_s)
        for line, standing in zip(self.world.lines, self.observer.standings, strict=True):
            line.on_busy = standing.waits_for
        self._unheard: list[deque[Sample]] = [deque() for _ in self.world.lines]
        for number, line in enumerate(self.world.lines):
            line.on_call = partial(self._heard, number)
        self.fairness = Fairness(scenario.site, self.observer, self.world.stations, self.world.lines, ceilings)
        self._director = Director(scenario, self.world, self.observer)
        self._events = 0

    async def play(self, curves: Curves | None = None) -> Tally:
        for number, station in enumerate(self.world.stations):
            self.observer.look(number, station)
        await self.world.start()
        self._director.begin()
        while self.loop.time() < self.scenario.duration_s:
            await asyncio.sleep(TICK_S)
            self.fairness.tick(self.loop.time())
            self._director.check()
            if curves is not None:
                curves.points.append(self._curve_point())
        self.observer.pass_time()
        await self._director.end()
        await self.world.close()
        return self._tally()

    def _changed(self, number: int, station: SimulatedChargePoint, change: Change) -> None:
        self._events += 1
        self.observer.look(number, station)
        if isinstance(change, TransactionStopped):
            self.observer.standings[number].transaction_over()
        elif isinstance(change, Sampled):
            self._sampled(number, station, change)

    def _sampled(self, number: int, station: SimulatedChargePoint, change: Sampled) -> None:
        """A reading that would reveal a charger's disobedience, once it has come to us: it may have to queue."""
        standing, line = self.observer.standings[number], self.world.lines[number]
        if (standing.doubt is None and standing.known_fault is None) or standing.reachable_since_s is None:
            return
        if self.loop.time() < line.told_s + line.latency_s[1] + SETTLING_S:
            return  # it may show what was drawn before the last limit
        connector_id, draw = change.transaction.connector_id, change.reading.draw
        drawn_w, told_w = compared(draw, line.offered(connector_id, station.model))
        energy = str(round(change.reading.energy_wh, 1))
        self._unheard[number].append(Sample(self.loop.time(), connector_id, energy, drawn_w, told_w))

    def _heard(self, number: int, text: str) -> None:
        """A CALL of the charger's has reached us; if it is one of these samples, those before it are lost or known."""
        if self.observer.standings[number].reachable_since_s is None:  # nothing else need have changed with its boot
            self.observer.look(number, self.world.stations[number])
        unheard = self._unheard[number]
        found = next((sample for sample in unheard if sample.energy in text), None)
        while found is not None and unheard:
            if unheard.popleft() is found:
                if self.loop.time() - found.at_s <= FRESH_S:
                    standing = self.observer.standings[number]
                    standing.sampled(found.connector_id, found.drawn_w, found.told_w, self.loop.time())
                break

    def _curve_point(self) -> tuple[float, float, float, float]:
        permitted_w, limit_w = self.observer.grid
        drawn_w = sum(
            connector.draw.power_w * plan.grid_factor
            for plan, station in zip(self.scenario.points, self.world.stations, strict=True)
            for connector in station.model.connectors.values()
        )
        return (self.loop.time(), permitted_w, drawn_w, limit_w)

    def _tally(self) -> Tally:
        lines, fairness, observer = self.world.lines, self.fairness, self.observer
        stations = self.world.stations
        delivered = [c.energy_wh for station in stations for c in station.model.connectors.values()]
        return Tally(
            seed=self.scenario.seed,
            site_s=self.loop.time(),
            session_s=fairness.session_s,
            sessions=len(self.scenario.visits),
            events=self._events,
            frames=sum(line.frames for line in lines),
            commands=sum(line.commands for line in lines),
            changes=sum(line.changes for line in lines),
            renewals=sum(line.renewals for line in lines),
            crashes=self.world.crashes,
            delivered_wh=sum(delivered),
            oracle_wh=fairness.oracle_wh,
            excesses=dict(observer.excesses.sums),
            starved=[f"seed {self.scenario.seed}: {text}" for text in fairness.starved],
            notes=[str(incident) for incident in observer.excesses.incidents],
        )
