"""A simulated charge point and a small central system on virtual time, for tests to play scripts on."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from memory_central_system import MemoryCentralSystem

from simulators import schemas
from simulators.behaviour import BY_THE_BOOK, Behaviour
from simulators.car import Car
from simulators.changes import Change
from simulators.clock import timestamp
from simulators.hardware import AC_THREE_PHASES, Hardware
from simulators.protocol import ChargePointSpec, Version
from simulators.station import SimulatedChargePoint
from simulators.virtual_time import run, virtual_clock

CAR = Car(battery_wh=50_000, soc=0.5, max_current_a=16, phases=3)
HUNGRY = Car(battery_wh=90_000, soc=0.1, max_current_a=32, phases=3)
BOTH = pytest.mark.parametrize("protocol", ["1.6", "2.0.1"])
JsonObject = dict[str, Any]


@dataclass
class Scene:
    """A charge point and its central system on virtual time; `seen` is what its observer was told, and looked up."""

    central: MemoryCentralSystem
    station: SimulatedChargePoint
    frames: list[str] = field(default_factory=list)
    seen: list[tuple[Change, float, float]] = field(default_factory=list)
    """Each change, and what connector 1 permitted and its car drew just then, in watts."""

    async def charging(self, car: Car = CAR) -> None:
        """Bring a car and let it charge."""
        self.station.plug_in(1, car, "TAG")
        await asyncio.sleep(5)

    async def set_profile(
        self,
        *limits: float,
        purpose: str = "TxDefaultProfile",
        level: int = 0,
        connector_id: int = 1,
        kind: str = "Absolute",
        phases: int | None = None,
        since_s: float = 0.0,
        steps_s: float = 60.0,
    ) -> JsonObject:
        """SetChargingProfile from `since_s` ago on: the first limit, the next one `steps_s` later, and so on."""
        periods = [
            {"startPeriod": int(number * steps_s), "limit": limit}
            | ({} if phases is None else {"numberPhases": phases})
            for number, limit in enumerate(limits)
        ]
        schedule: JsonObject = {
            "chargingRateUnit": self.station.spec.hardware.unit,
            "chargingSchedulePeriod": periods,
        }
        if kind != "Relative":
            schedule["startSchedule"] = timestamp(virtual_clock().now_s() - since_s)
        profile: JsonObject = {"stackLevel": level, "chargingProfilePurpose": purpose, "chargingProfileKind": kind}
        transaction_id = self.station.connector(max(connector_id, 1)).transaction_id
        if self.central.version == "v16":
            if purpose == "TxProfile" and transaction_id:
                profile["transactionId"] = int(transaction_id)
            profile |= {"chargingProfileId": 10 * connector_id + level, "chargingSchedule": schedule}
            request = {"connectorId": connector_id, "csChargingProfiles": profile}
            return await self.central.call("SetChargingProfile", request)
        if purpose == "TxProfile":
            profile["transactionId"] = transaction_id
        profile |= {"id": 10 * connector_id + level, "chargingSchedule": [{"id": 1} | schedule]}
        return await self.central.call("SetChargingProfile", {"evseId": connector_id, "chargingProfile": profile})

    async def composite_schedule(self, connector_id: int = 1, duration_s: int = 600) -> JsonObject:
        place = "connectorId" if self.central.version == "v16" else "evseId"
        return await self.central.call("GetCompositeSchedule", {place: connector_id, "duration": duration_s})


def play(
    protocol: Version,
    script: Callable[[Scene], Awaitable[None]],
    *,
    behaviour: Behaviour = BY_THE_BOOK,
    hardware: Hardware = AC_THREE_PHASES,
    connectors: int = 1,
    odd: tuple[str, ...] = (),
    **central_fields: Any,
) -> Scene:
    """Run a script on virtual time; every frame of the charge point must satisfy its schema.

    `odd` are parts of schema faults that the behaviour is expected to show, every one of them.
    """
    scenes: list[Scene] = []

    async def main() -> None:
        clock = virtual_clock()
        version: schemas.Version = "v16" if protocol == "1.6" else "v201"
        central = MemoryCentralSystem(version, clock.now_s, **central_fields)
        frames: list[str] = []
        seen: list[tuple[Change, float, float]] = []

        def look(station: SimulatedChargePoint, change: Change) -> None:
            view = station.connector(1)
            seen.append((change, view.permitted_w, view.drawn_w))

        station = SimulatedChargePoint(
            ChargePointSpec("CP-1", protocol, hardware, connectors),
            connect=central.connect,
            rng=random.Random(7),
            clock=clock,
            behaviour=behaviour,
            on_change=look,
            on_frame=lambda direction, text: frames.append(f"{clock.now_s():.6f} {direction} {text}"),
        )
        scene = Scene(central, station, frames, seen)
        scenes.append(scene)

        await station.start()
        await asyncio.sleep(1)
        await script(scene)
        await station.stop()
        await central.close()

    run(main())
    faults = scenes[0].central.faults
    assert all(any(part in fault for fault in faults) for part in odd)
    assert [fault for fault in faults if not any(part in fault for part in odd)] == []
    return scenes[0]


def starts(scene: Scene) -> list[JsonObject]:
    if scene.central.version == "v16":
        return scene.central.payloads("StartTransaction")
    return [p for p in scene.central.payloads("TransactionEvent") if p["eventType"] == "Started"]


def ends(scene: Scene) -> list[JsonObject]:
    if scene.central.version == "v16":
        return scene.central.payloads("StopTransaction")
    return [p for p in scene.central.payloads("TransactionEvent") if p["eventType"] == "Ended"]
