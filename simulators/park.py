"""A car park: cars arrive at free connectors, charge, and leave when they are full or their time is up.

`speed` scales how often cars come, how large their batteries are and how long they stay; never clocks, power or
energy. At speed 1 a car wants a quick top-up of about a kilowatt-hour; at speed 10 a tenth of that, so that a
session under a shared limit lasts some 20 to 60 seconds.
"""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass

from simulators.car import Car
from simulators.station import SimulatedChargePoint

# At speed 1:
MEAN_GAP_S = 60.0
AC_BATTERY_WH = (1_000.0, 2_000.0)
DC_BATTERY_WH = (2_000.0, 4_500.0)
STAY_S = (300.0, 700.0)

FIRST_ARRIVAL_S = (0.2, 4.0)  # the park fills up within seconds, whatever the speed
LINGER_S = 0.5  # between the end of a transaction and the car driving off
LOOK_EVERY_S = 0.5

AC_CARS = ((32.0, 1), (16.0, 1), (16.0, 3), (16.0, 3), (32.0, 3))
"""On-board chargers on the road: amperes per phase, and phases."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One car's visit: it leaves at `leaves_at_soc`, or after `stays_s` seconds."""

    car: Car
    id_token: str
    leaves_at_soc: float
    stays_s: float


class CarPark:
    """Drives the cars of some charge points; every connector has its own arrivals and its own random numbers."""

    def __init__(self, stations: Sequence[SimulatedChargePoint], *, rng: random.Random, speed: float) -> None:
        if not speed > 0:
            raise ValueError("speed must be above 0")
        self._speed = speed
        self._places = [
            (station, connector_id, random.Random(rng.getrandbits(64)))
            for station in stations
            for connector_id in station.model.connectors
        ]

    async def run(self) -> None:
        """Let cars come and go until cancelled."""
        tasks = [asyncio.create_task(self._keep_busy(number, *place)) for number, place in enumerate(self._places)]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _keep_busy(
        self, number: int, station: SimulatedChargePoint, connector_id: int, rng: random.Random
    ) -> None:
        await asyncio.sleep(first_arrival_s(number, len(self._places), rng))
        await station.wait_accepted()
        while True:
            view = station.connector(connector_id)
            if view.status == "Available":
                await self._stay(station, connector_id, make_visit(station, rng, self._speed))
            await asyncio.sleep(rng.expovariate(self._speed / MEAN_GAP_S))

    async def _stay(self, station: SimulatedChargePoint, connector_id: int, visit: Visit) -> None:
        station.plug_in(connector_id, visit.car, visit.id_token)
        loop = asyncio.get_running_loop()
        until = loop.time() + visit.stays_s
        while loop.time() < until and (station.connector(connector_id).soc or 0.0) < visit.leaves_at_soc:  # noqa: ASYNC110 - a driver looks now and then
            await asyncio.sleep(LOOK_EVERY_S)
        station.stop_transaction(connector_id)
        await asyncio.sleep(LINGER_S)
        station.unplug(connector_id)


def first_arrival_s(number: int, places: int, rng: random.Random) -> float:
    """When the first car comes to a place: spread over the first seconds, the earliest within the first one."""
    earliest_s, latest_s = FIRST_ARRIVAL_S
    return earliest_s + (latest_s - earliest_s) * (number + rng.random()) / max(places, 1)


def make_visit(station: SimulatedChargePoint, rng: random.Random, speed: float) -> Visit:
    """The next car for a charge point: small batteries at high speed, the rest as on the road."""
    current_a, phases = rng.choice(AC_CARS)
    ac = station.spec.hardware.current == "AC"
    battery_wh = rng.uniform(*(AC_BATTERY_WH if ac else DC_BATTERY_WH)) / speed
    return Visit(
        car=Car(
            battery_wh=battery_wh,
            soc=rng.uniform(0.15, 0.5),
            max_current_a=current_a,
            phases=phases,
            dc_max_w=rng.choice((50_000.0, 100_000.0, 40_000.0)),
            reaction_s=rng.uniform(0.8, 2.5),
        ),
        id_token=f"{rng.getrandbits(32):08X}",
        leaves_at_soc=rng.choice((0.9, 0.95, 1.0)),
        stays_s=rng.uniform(*STAY_S) / speed,
    )
