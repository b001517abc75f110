"""The shipped application and the bundled simulators on virtual time, joined by pipes in memory.

Everything that happens follows from the seed. The observer here shares no code with the balancer: it adds up what the
chargers' own profile stores permit and what their cars draw, at every change of state.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from csms.app import Application
from csms.config import Config
from csms.domain.model import Moment
from csms.store.sync_store import SyncStore
from simulators.behaviour import BY_THE_BOOK, Behaviour
from simulators.car import Car
from simulators.hardware import AC_ONE_PHASE, AC_THREE_PHASES, DC_50, Hardware
from simulators.memory import MemoryPipe
from simulators.protocol import ChargePointSpec
from simulators.station import SimulatedChargePoint
from simulators.transport import Transport, TransportClosed
from simulators.virtual_time import VirtualTimeLoop

KINDS: tuple[tuple[Hardware, dict[str, object]], ...] = (
    (AC_ONE_PHASE, {"current": "AC", "phases": 1, "max_power_kw": 7.36}),
    (AC_THREE_PHASES, {"current": "AC", "phases": 3, "max_power_kw": 22.08}),
    (DC_50, {"current": "DC", "max_power_kw": 50.0}),
)


class VirtualClock:
    """The loop's virtual time as csms sees clocks."""

    def __init__(self, loop: VirtualTimeLoop) -> None:
        self._loop = loop

    def now(self) -> Moment:
        return Moment(self._loop.now_s(), self._loop.time())


class CountingIds:
    """Identifiers that are the same in every run."""

    def __init__(self) -> None:
        self._count = 0

    def unique(self) -> str:
        self._count += 1
        return f"id-{self._count}"


class PipeTransport:
    """csms's end of a pipe: `send` and `close` do not wait, so a task empties the queue in order."""

    def __init__(self, pipe: MemoryPipe) -> None:
        self._pipe = pipe
        self._queue: asyncio.Queue[str | None] = asyncio.Queue()

    def send(self, text: str) -> None:
        self._queue.put_nowait(text)

    def close(self, _code: int, _reason: str) -> None:
        self._queue.put_nowait(None)

    async def write(self) -> None:
        while (text := await self._queue.get()) is not None:
            await self._pipe.send(text)
        await self._pipe.close()


@dataclass
class Observed:
    """What the observer saw. Excesses are in watts above the ceiling."""

    worst_drawn_w: float = 0.0
    worst_permitted_w: float = 0.0
    worst_reported_w: int = 0
    """The highest `permitted_w` that the site said of itself."""
    energy_wh: float = 0.0
    sessions: int = 0
    changes: int = 0
    frames: int = 0
    digest: str = ""


@dataclass
class CarPark:
    """A site of one charger per entry of `behaviours`, kinds and protocols in turn."""

    seed: int
    ceiling_kw: float
    database: Path
    behaviours: tuple[Behaviour, ...] = (BY_THE_BOOK,) * 6
    latency_s: tuple[float, float] = (0.02, 2.0)
    observed: Observed = field(default_factory=Observed)

    def __post_init__(self) -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualTimeLoop)
        self._loop = loop
        self._rng = random.Random(self.seed)
        self._ids = CountingIds()
        self._trace = hashlib.sha256()
        self._application: Application | None = None
        self._store: SyncStore | None = None
        self._pumps: set[asyncio.Task[None]] = set()
        self._pipes: list[MemoryPipe] = []
        self.watching = False
        self.stations = [self._station(n, behaviour) for n, behaviour in enumerate(self.behaviours)]

    async def start_csms(self) -> Application:
        """The central system, on what the store holds."""
        self._store = SyncStore.open(f"sqlite:///{self.database}")
        application = Application(self._config(), store=self._store, clock=VirtualClock(self._loop), ids=self._ids)
        await application.load()
        self._application = application
        return application

    async def stop_csms(self) -> None:
        """It ends, and with it every connection; what it had not written is lost."""
        assert self._application is not None
        assert self._store is not None
        application, self._application = self._application, None
        for pipe in self._pipes:
            pipe.cut()
        self._pipes.clear()
        await application.stop()
        for pump in self._pumps:
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)
        await self._store.close()

    async def visits(self, station: SimulatedChargePoint, until_s: float) -> None:
        """Cars come to one charger, charge, and leave, now and then before they are full."""
        rng = random.Random(f"{self.seed} {station.spec.identity}")
        while self._loop.time() < until_s:
            await asyncio.sleep(rng.uniform(20, 900))
            car = Car(
                battery_wh=rng.uniform(3_000, 15_000),
                soc=rng.uniform(0.1, 0.7),
                max_current_a=rng.choice([10.0, 16.0, 32.0]),
                phases=rng.choice([1, 3]),
                reaction_s=rng.uniform(0.2, 5.0),
            )
            station.plug_in(1, car, f"TAG{rng.randrange(10)}")
            self.observed.sessions += 1
            leaves_s = self._loop.time() + rng.uniform(300, 2400)
            while self._loop.time() < leaves_s and (station.connector(1).soc or 0.0) < 1.0:
                await asyncio.sleep(5)
            station.unplug(1)

    def _config(self) -> Config:
        points = [
            {"charge_point_id": self._identity(n), **KINDS[n % len(KINDS)][1]} for n in range(len(self.behaviours))
        ]
        site = {"site_id": "park", "grid_capacity_kw": self.ceiling_kw, "charge_points": points}
        return Config.model_validate({"sites": [site]})

    @staticmethod
    def _identity(number: int) -> str:
        return f"CP-{number + 1}"

    def _station(self, number: int, behaviour: Behaviour) -> SimulatedChargePoint:
        hardware, _ = KINDS[number % len(KINDS)]
        spec = ChargePointSpec(
            identity=self._identity(number), protocol="1.6" if number % 2 == 0 else "2.0.1", hardware=hardware
        )

        async def connect() -> Transport:
            return self._connect(spec.identity, spec.subprotocol)

        return SimulatedChargePoint(
            spec,
            connect=connect,
            rng=random.Random(f"{self.seed} station {number}"),
            clock=self._loop,
            behaviour=behaviour,
            on_change=lambda _station, _change: self._look(),
            on_frame=lambda way, text: self._saw(spec.identity, way, text),
        )

    def _connect(self, identity: str, subprotocol: str) -> Transport:
        application = self._application
        if application is None:
            raise TransportClosed("nobody listens")
        delay = self._delay()
        station_end, csms_end = MemoryPipe.pair(delay, delay)
        transport = PipeTransport(csms_end)
        live = application.charge_points.accept(identity, subprotocol, transport)
        self._pipes.append(csms_end)

        async def read() -> None:
            try:
                while True:
                    live.receive(await csms_end.receive())
            except TransportClosed:
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
        return station_end

    def _delay(self) -> Callable[[str], float]:
        rng = random.Random(self._rng.random())
        return lambda _text: rng.uniform(*self.latency_s)

    def _saw(self, identity: str, way: str, text: str) -> None:
        self.observed.frames += 1
        self._trace.update(f"{self._loop.time():.6f} {identity} {way} {text}\n".encode())
        self.observed.digest = self._trace.hexdigest()

    def _look(self) -> None:
        if not self.watching:
            return
        views = [station.connector(1) for station in self.stations]
        observed = self.observed
        observed.changes += 1
        observed.worst_drawn_w = max(observed.worst_drawn_w, sum(view.drawn_w for view in views))
        observed.worst_permitted_w = max(
            observed.worst_permitted_w, sum(max(view.permitted_w, view.drawn_w) for view in views)
        )
        site = self._application.fleet.get("park") if self._application else None
        if site is not None:
            observed.worst_reported_w = max(observed.worst_reported_w, site.allocation().permitted_w)
        observed.energy_wh = sum(view.energy_wh for view in views)
