"""One run: the shipped application, a charger per plan, and everything the scenario says, on virtual time."""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import Callable

import structlog

from csms.app import Application
from csms.config import Config
from simulators.changes import Change
from simulators.memory import MemoryPipe
from simulators.protocol import ChargePointSpec
from simulators.station import SimulatedChargePoint
from simulators.transport import Transport, TransportClosed
from simulators.virtual_time import virtual_clock
from support.carpark.configuration import configuration
from support.carpark.link import Line, LineTransport
from support.carpark.memory_store import Disk, MortalStore
from support.carpark.scenario import PointPlan, Scenario
from support.simulation import CountingIds, VirtualClock

log = structlog.get_logger()

OnChange = Callable[[int, SimulatedChargePoint, Change], None]
OnFrame = Callable[[int, str, str], None]


class World:
    """The site of a scenario. `on_change` hears of every change of a charger, `on_frame` of every frame it sees."""

    def __init__(self, scenario: Scenario, *, on_change: OnChange, on_frame: OnFrame | None = None) -> None:
        self.loop = virtual_clock()
        self.scenario = scenario
        self.application: Application | None = None
        self.crashes = 0
        self._config: Config = configuration(scenario)
        self._disk = Disk(scenario.site.commit_s)
        self._store: MortalStore | None = None
        self._ids = CountingIds()
        self._trace = hashlib.sha256()
        self._on_change = on_change
        self._on_frame = on_frame
        self._pipes: dict[int, MemoryPipe] = {}
        self._pumps: set[asyncio.Task[None]] = set()
        self.lines = [
            Line(plan.latency_s, random.Random(f"{scenario.seed} line {number}"), stores=plan.stores_limits)
            for number, plan in enumerate(scenario.points)
        ]
        self.stations = [self._station(number, plan) for number, plan in enumerate(scenario.points)]

    @property
    def digest(self) -> str:
        """Of every frame with its time: equal for equal runs."""
        return self._trace.hexdigest()

    async def start(self) -> None:
        """Our process, on what the disk holds."""
        self._store = MortalStore(self._disk)
        clock = VirtualClock(self.loop)
        application = Application(self._config, store=self._store, clock=clock, ids=self._ids)
        await application.load()
        self.application = application

    async def crash(self) -> None:
        """Kill our process: what it had not written is lost, and so is every connection."""
        assert self.application is not None
        assert self._store is not None
        application, self.application = self.application, None
        self.crashes += 1
        self._store.die()
        for number, pipe in self._pipes.items():
            pipe.cut()
            self.lines[number].cut(self.loop.time())
        self._pipes.clear()
        await application.stop()
        for pump in self._pumps:
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)

    async def close(self) -> None:
        """The end of the run."""
        for station in self.stations:
            await station.stop()
        if self.application is not None:
            await self.crash()
            self.crashes -= 1
        self._disk.close()

    def _station(self, number: int, plan: PointPlan) -> SimulatedChargePoint:
        spec = ChargePointSpec(
            identity=plan.identity,
            protocol=plan.protocol,
            hardware=plan.hardware,
            connectors=plan.connectors,
            readings=plan.readings,
        )

        async def connect() -> Transport:
            return self._connect(number, spec.subprotocol)

        return SimulatedChargePoint(
            spec,
            connect=connect,
            rng=random.Random(f"{self.scenario.seed} station {number}"),
            clock=self.loop,
            behaviour=plan.behaviour,
            on_change=lambda station, change: self._on_change(number, station, change),
            on_frame=lambda way, text: self._saw(number, way, text),
        )

    def _saw(self, number: int, way: str, text: str) -> None:
        self._trace.update(f"{self.loop.time():.6f} {number} {way} {text}\n".encode())
        if self._on_frame is not None:
            self._on_frame(number, way, text)

    def _connect(self, number: int, subprotocol: str) -> Transport:
        application, line = self.application, self.lines[number]
        if application is None:
            raise TransportClosed("nobody listens")
        to_us_s, to_point_s = line.latency_s
        point_end, csms_end = MemoryPipe.pair(lambda _text: to_point_s, lambda _text: to_us_s)
        transport = LineTransport(csms_end, line, self.loop)
        live = application.charge_points.accept(self.scenario.points[number].identity, subprotocol, transport)
        self._pipes[number] = csms_end

        async def read() -> None:
            try:
                while True:
                    text = await csms_end.receive()
                    for _ in range(line.copies()):
                        line.received(text, self.loop.time())
                        live.receive(text)
            except TransportClosed:
                line.cut(self.loop.time())
                live.closed("the pipe is closed")

        async def write() -> None:
            try:
                await transport.write()
            except TransportClosed:
                return

        for pump in (read(), write()):
            task = asyncio.create_task(pump)
            self._pumps.add(task)
            task.add_done_callback(self._pumps.discard)
        return point_end
