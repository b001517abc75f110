"""Makes a scenario happen: cars come and go, lines fail, ceilings are told, our own process is killed."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import Awaitable, Callable
from functools import partial

from csms.domain.grid import TemporaryLimit
from csms.site import Site
from support.carpark.configuration import SITE_ID
from support.carpark.observer import Observer
from support.carpark.scenario import (
    Asked,
    Crashed,
    Dropped,
    Forgets,
    Happening,
    LimitTold,
    LoadTold,
    Misbehaves,
    Noisy,
    Rebooted,
    Scenario,
    Stopped,
    Visit,
)
from support.carpark.standing import leased_until_s
from support.carpark.world import World

FORESEEN_S = 120.0
"""Notice longer than this leaves time for any cut; a shorter one is an outside event of its moment."""


class Director:
    """From `begin` on everything happens at its time, until `end`; `check` and `end` raise what went wrong."""

    def __init__(self, scenario: Scenario, world: World, observer: Observer) -> None:
        self.scenario = scenario
        self.world = world
        self.observer = observer
        self._loop = world.loop
        self._tasks: set[asyncio.Task[None]] = set()
        self._told = asyncio.Event()
        """Set when the next instant at which a limit changes may have moved."""

    def begin(self) -> None:
        """Put everything on the loop's calendar."""
        for number, plan in enumerate(self.scenario.points):
            self._at(plan.on_at_s, self.world.stations[number].start)
        for visit in self.scenario.visits:
            if visit.arrives_s > self.scenario.points[visit.point].on_at_s:
                self._at(visit.arrives_s, partial(self._arrive, visit))
                self._at(visit.leaves_s, partial(self._leave, visit))
        for happening in self.scenario.happenings:
            self._at(happening.at_s, partial(self._happen, happening))
        self._follow(self._ceilings())

    async def end(self) -> None:
        """Nothing more happens; raises what went wrong."""
        for task in self._tasks:
            task.cancel()
        for result in await asyncio.gather(*self._tasks, return_exceptions=True):
            if isinstance(result, Exception):
                raise result

    def check(self) -> None:
        """Raise what went wrong so far."""
        for task in [task for task in self._tasks if task.done()]:
            self._tasks.discard(task)
            task.result()

    def _at(self, at_s: float, action: Callable[[], Awaitable[None]]) -> None:
        async def act() -> None:
            await action()

        self._loop.call_at(max(at_s, self._loop.time()), lambda: self._follow(act()))

    def _follow(self, work: Awaitable[None]) -> None:
        async def run() -> None:
            await work

        self._tasks.add(asyncio.create_task(run()))

    async def _arrive(self, visit: Visit) -> None:
        station = self.world.stations[visit.point]
        station.plug_in(visit.connector_id, visit.car, visit.id_token)

    async def _leave(self, visit: Visit) -> None:
        self.world.stations[visit.point].unplug(visit.connector_id)

    async def _happen(self, happening: Happening) -> None:
        match happening:
            case Dropped(point=number, for_s=for_s):
                self.world.stations[number].drop_connection(for_s)
            case Rebooted(point=number):
                self._note_lost(number, self.world.stations[number].reboot, "forgets_on_reboot")
            case Forgets(point=number):
                self._note_lost(number, self.world.stations[number].lose_profiles, "forgets")
            case Stopped(point=number, connector_id=connector_id):
                self.world.stations[number].stop_transaction(connector_id)
            case Asked(point=number):
                await self._ask(number)
            case Noisy():
                await self._make_noise(happening)
            case Misbehaves():
                await self._misbehave(happening)
            case Crashed(for_s=for_s):
                await self._crash(for_s)
            case LimitTold():
                await self._tell_limit(happening)
            case LoadTold():
                await self._tell_load(happening)

    def _note_lost(self, number: int, action: Callable[[], None], cause: str) -> None:
        """Whether a charger loses its profiles by this is its own affair; if it does, it is judged by that."""
        had = len(self.world.stations[number].model.profiles.installed)
        self.observer.pass_time()
        standing, now_s = self.observer.standings[number], self._loop.time()
        before = standing.parts
        action()
        if had and not self.world.stations[number].model.profiles.installed:
            told_s, plan = self.world.lines[number].told_s, standing.plan
            over_s = leased_until_s(plan, told_s, self.scenario.site.lease_minutes)
            standing.forgot(cause, before, now_s, math.inf if plan.offline_kw > 0 else over_s)

    async def _make_noise(self, noise: Noisy) -> None:
        line, standing = self.world.lines[noise.point], self.observer.standings[noise.point]
        line.lost, line.twice = noise.lost, noise.twice
        self._judge(noise.point)
        standing.noisy = noise.lost > 0
        await asyncio.sleep(noise.for_s)
        line.lost, line.twice = 0.0, 0.0
        self._judge(noise.point)
        standing.noise_ends(self._loop.time())

    async def _misbehave(self, misconduct: Misbehaves) -> None:
        station = self.world.stations[misconduct.point]
        station.behaviour = misconduct.behaviour
        self._judge(misconduct.point)
        await asyncio.sleep(misconduct.for_s)
        station.behaviour = self.scenario.points[misconduct.point].behaviour
        self._judge(misconduct.point)

    def _judge(self, number: int) -> None:
        self.observer.look(number, self.world.stations[number])

    async def _crash(self, for_s: float) -> None:
        if self.world.application is None:
            return
        await self.world.crash()
        await asyncio.sleep(for_s)
        await self.world.start()
        await self._remind()

    async def _remind(self) -> None:
        """What could not be told while nobody listened is told now."""
        self.observer.ceilings_changed(None)

    async def _tell_limit(self, told: LimitTold) -> None:
        site = self._site()
        if site is None:
            return
        start_s = self.scenario.start_s
        self.observer.ceilings.tell(told)
        self._told.set()
        self.observer.ceilings_changed("ceiling lowered at once" if told.from_s - told.at_s < FORESEEN_S else None)
        limit_w = round(told.max_power_kw * 1000)
        limit = TemporaryLimit(told.source, limit_w, start_s + told.from_s, start_s + told.until_s)
        await site.set_temporary_limit(limit)

    async def _tell_load(self, told: LoadTold) -> None:
        site = self._site()
        if site is None:
            return
        now_s = self._loop.now_s()
        self.observer.ceilings.read(told, now_s)
        self._told.set()
        self.observer.ceilings_changed("site load rose")
        await site.report_site_load(round(told.power_kw * 1000), now_s, told.currents_a)

    async def _ask(self, number: int) -> None:
        site = self._site()
        link = site.link(self.scenario.points[number].identity) if site is not None else None
        if link is not None:
            await link.request("TriggerMessage", {"requestedMessage": "Heartbeat"})

    def _site(self) -> Site | None:
        """The site, if our process runs."""
        application = self.world.application
        return application.fleet.get(SITE_ID) if application else None

    async def _ceilings(self) -> None:
        """Let the observer look whenever time alone changes a limit."""
        ceilings = self.observer.ceilings
        while True:
            now_s = self._loop.now_s()
            due_s = ceilings.next_change_s(now_s)
            self._told.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(None if due_s is None else due_s - now_s):
                    await self._told.wait()
            fresh = not ceilings.stale_at(now_s)
            stale = fresh and ceilings.stale_at(self._loop.now_s())
            self.observer.ceilings_changed("site load unknown" if stale else None)
