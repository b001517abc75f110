"""The whole central system on loopback ports, simulated chargers around it over real sockets, and eyes on both.

Nothing in here looks inside: what is known comes from REST, from the chargers' own profile stores, and off the wire.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import inspect
import json
import random
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from csms.app import Application, RandomIds, SystemClock
from csms.config import Config
from csms.store.async_store import AsyncStore
from simulators.behaviour import BY_THE_BOOK, Behaviour
from simulators.behaviours import BEHAVIOURS
from simulators.car import Car
from simulators.clock import SystemClock as StationClock
from simulators.hardware import AC_THREE_PHASES, DC_50, Hardware
from simulators.protocol import ChargePointSpec, Version
from simulators.station import SimulatedChargePoint
from simulators.transport import Transport, TransportClosed, charge_point_url, websocket_transport

JsonObject = dict[str, Any]

VERSIONS: tuple[Version, Version] = ("1.6", "2.0.1")
KEYS = {scope: f"a-key-that-may-{scope}" for scope in ("read", "control", "admin")}
DC_22 = replace(DC_50, max_power_w=22_000.0, max_current_a=55.0, model="Sim DC 22")

HUNGRY = Car(battery_wh=5_000_000.0, soc=0.1, max_current_a=32.0, phases=3, dc_max_w=100_000.0, reaction_s=0.01)
"""Takes whatever it is offered, at once, for as long as any test lasts."""

PATIENCE_S = 12.0
_LOOK_EVERY_S = 0.02


async def eventually(holds: Callable[[], bool | Awaitable[bool]], what: object = "it") -> None:
    """Look again and again until it holds; fails when it takes too long. `what` is said then (called, if it can be)."""
    deadline_s = time.monotonic() + PATIENCE_S
    while True:
        looked = holds()
        if await looked if inspect.isawaitable(looked) else looked:
            return
        if time.monotonic() > deadline_s:
            raise AssertionError(f"did not happen in {PATIENCE_S} s: {what() if callable(what) else what}")
        await asyncio.sleep(_LOOK_EVERY_S)


def dc(charge_point_id: str, max_power_kw: float = 22, **more: object) -> JsonObject:
    """A charger limited in watts, so that every number is exact."""
    return {"charge_point_id": charge_point_id, "current": "DC", "max_power_kw": max_power_kw, **more}


def site(
    charge_points: Sequence[JsonObject], capacity_kw: float = 100, site_id: str = "park", **more: object
) -> JsonObject:
    return {"site_id": site_id, "grid_capacity_kw": capacity_kw, "charge_points": list(charge_points), **more}


def configuration(folder: Path, sites: Sequence[JsonObject], **ocpp: object) -> JsonObject:
    """A configuration of the whole system with small timings; `ocpp` adds to its section of that name."""
    keys = [{"name": scope, "sha256": sha256(key), "scopes": [scope]} for scope, key in KEYS.items()]
    return {
        "ocpp": {"port": 0, "call_timeout_s": 1.0, **ocpp},
        "api": {"port": 0, "keys": keys},
        "storage": {"url": f"sqlite+aiosqlite:///{folder / 'csms.db'}"},
        "balancer": {"settle_s": 0.2, "raise_interval_s": 0},
        "sites": list(sites),
    }


def toml(document: Mapping[str, object]) -> str:
    """Every section on a line of its own."""
    return "".join(f"{name} = {_inline(value)}\n" for name, value in document.items())


def _inline(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name} = {_inline(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_inline(item) for item in value) + "]"
    return json.dumps(value)


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass(slots=True)
class Watch:
    """What the chargers' own profile stores permitted together at worst, and what was drawn, since it began."""

    permitted_w: float = 0.0
    drawn_w: float = 0.0
    changes: int = 0


class System:
    """A running central system as its neighbours see it: operators over REST, chargers over WebSockets."""

    def __init__(self, ocpp_port: int, api_port: int, http: aiohttp.ClientSession) -> None:
        self.ws_url = f"ws://127.0.0.1:{ocpp_port}/ocpp"
        self.http_url = f"http://127.0.0.1:{api_port}"
        self.http = http
        self.stations: dict[str, SimulatedChargePoint] = {}
        self.frames: dict[str, list[tuple[str, list[Any]]]] = {}
        self.out_of_reach: set[str] = set()
        self._watch: Watch | None = None

    async def request(
        self, method: str, path: str, body: object = None, *, key: str | None = KEYS["control"]
    ) -> tuple[int, JsonObject]:
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        async with self.http.request(method, self.http_url + path, json=body, headers=headers) as answer:
            return answer.status, await answer.json(content_type=None)

    async def get(self, path: str) -> JsonObject:
        status, body = await self.request("GET", path, key=KEYS["read"])
        assert status == 200, body
        return body

    async def configure(self, max_power_kw: float, strategy: str = "equal", **more: object) -> JsonObject:
        body = {"max_power_kw": max_power_kw, "strategy": strategy, **more}
        status, stored = await self.request("PUT", "/api/v1/smart-charging/sites/park/config", body)
        assert status == 200, stored
        return stored

    async def allocation(self, site_id: str = "park") -> JsonObject:
        return await self.get(f"/api/v1/smart-charging/sites/{site_id}/allocation")

    async def row(self, charge_point_id: str, site_id: str = "park") -> JsonObject | None:
        """Its row of the allocation; None while it has none."""
        rows = (await self.allocation(site_id))["chargers"]
        return next((row for row in rows if row["charge_point_id"] == charge_point_id), None)

    async def charge_point(self, charge_point_id: str) -> JsonObject:
        return await self.get(f"/api/v1/charge-points/{charge_point_id}")

    async def sessions(self, charge_point_id: str) -> list[JsonObject]:
        """Newest first."""
        items: list[JsonObject] = (await self.get(f"/api/v1/sessions?charge_point_id={charge_point_id}"))["items"]
        return items

    async def charger(
        self,
        charge_point_id: str,
        protocol: Version = "1.6",
        hardware: Hardware = DC_22,
        *,
        behaviour: Behaviour = BY_THE_BOOK,
        password: str | None = None,
        vendor: str = "Simulators",
        connectors: int = 1,
    ) -> SimulatedChargePoint:
        """Switch a charger on and wait until the central system has accepted it."""
        spec = ChargePointSpec(charge_point_id, protocol, hardware, connectors, vendor=vendor)
        reach = websocket_transport(charge_point_url(self.ws_url, charge_point_id), spec.subprotocol, password)

        async def connect() -> Transport:
            if charge_point_id in self.out_of_reach:
                raise TransportClosed("no network")
            return await reach()

        frames = self.frames[charge_point_id] = []
        station = self.stations[charge_point_id] = SimulatedChargePoint(
            spec,
            connect=connect,
            rng=random.Random(charge_point_id),
            clock=StationClock(),
            behaviour=behaviour,
            on_change=lambda _station, _change: self._look(),
            on_frame=lambda way, text: frames.append((way, json.loads(text))),
        )
        await station.start()
        async with asyncio.timeout(PATIENCE_S):
            await station.wait_accepted()
        return station

    async def behaves_like(
        self,
        charge_point_id: str,
        name: str,
        protocol: Version = "1.6",
        hardware: Hardware = AC_THREE_PHASES,
        *,
        vendor: str | None = None,
    ) -> SimulatedChargePoint:
        """Switch a charger on that departs from the book as the behaviour of this name; under another vendor's name,
        nothing is known of it."""
        named = BEHAVIOURS[name]
        known = named.built_on(hardware) if vendor is None else hardware
        return await self.charger(
            charge_point_id,
            protocol,
            known,
            behaviour=named.behaviour,
            vendor=vendor or named.vendor,
            connectors=named.connectors,
        )

    async def chargers(
        self, protocols: Mapping[str, Version], hardware: Hardware = DC_22
    ) -> list[SimulatedChargePoint]:
        """Switch several on and wait until each obeys its default profile, so that none could draw unasked."""
        stations = [await self.charger(name, protocol, hardware) for name, protocol in protocols.items()]
        await eventually(lambda: sum(station.connector(1).permitted_w for station in stations) == 0, "all at default 0")
        await eventually(self.quiet, "no limit is under way")
        await eventually(self._believed, "all are believed to be there: others give way for a first contact")
        return stations

    async def _believed(self) -> bool:
        sites = [site["site_id"] for site in (await self.get("/api/v1/sites"))["items"]]
        reports = [await self.get(f"/api/v1/smart-charging/sites/{site_id}/allocation") for site_id in sites]
        return all(report["total_permitted_kw"] == 0 for report in reports)

    async def lose(self, charge_point_id: str) -> None:
        """A charger's network is gone, until it is found again; what it said and was told before is forgotten."""
        self.out_of_reach.add(charge_point_id)
        self.stations[charge_point_id].drop_connection(0.0)
        await eventually(lambda: not self.stations[charge_point_id].connected, "the connection is lost")
        await eventually(lambda: self._is_offline(charge_point_id), "the central system knows")
        self.frames[charge_point_id].clear()

    def find(self, charge_point_id: str) -> None:
        self.out_of_reach.discard(charge_point_id)

    async def alarms(self, standing: bool | None = None) -> list[JsonObject]:
        """Of the park, newest first; None: those that stand and those that were cleared."""
        choice = "" if standing is None else f"&standing={str(standing).lower()}"
        items: list[JsonObject] = (await self.get(f"/api/v1/alarms?site_id=park{choice}"))["items"]
        return items

    async def quiet(self) -> bool:
        """Whether no limit waits for its answer."""
        points = (await self.get("/api/v1/charge-points"))["items"]
        return not any(connector["limits"]["outstanding"] for point in points for connector in point["connectors"])

    async def gives(self, expected_kw: Mapping[str, float], site_id: str = "park") -> JsonObject:
        """Wait until these chargers were given this, have confirmed it, obey it, and draw it; the allocation then."""
        seen: JsonObject = {}

        async def holds() -> bool:
            seen.update(await self.allocation(site_id))
            self._look()  # a car that follows its limit is no news to the charger
            given = {row["charge_point_id"]: row["allocated_kw"] for row in seen["chargers"]}
            views = {name: self.stations[name].connector(1) for name in expected_kw if name in self.stations}
            return (
                given == expected_kw
                and all(row["confirmed"] for row in seen["chargers"])
                and all(row["permitted_kw"] == expected_kw[row["charge_point_id"]] for row in seen["chargers"])
                and all(round(view.permitted_w, 6) == expected_kw[name] * 1000 for name, view in views.items())
                and all(round(view.drawn_w, 6) == expected_kw[name] * 1000 for name, view in views.items())
            )

        await eventually(holds, lambda: f"{dict(expected_kw)} in {json.dumps(seen, indent=1)}")
        return seen

    def watch(self) -> Watch:
        """From now on add up, at every change anywhere, what the chargers permit and draw."""
        self._watch = Watch()
        self._look()
        return self._watch

    def said_of(self, station: SimulatedChargePoint) -> str:
        """The last frames of a charger, and what it permits and draws: for a failed test."""
        view = station.connector(1)
        last = self.frames[station.spec.identity][-12:]
        return f"permits {view.permitted_w}, draws {view.drawn_w}: {json.dumps(last, indent=1)}"

    def told(self, charge_point_id: str, action: str) -> list[JsonObject]:
        """The payloads of the central system's CALLs with this action to a simulated charger, oldest first."""
        return self._calls(charge_point_id, "<", action)

    def said(self, charge_point_id: str, action: str) -> list[JsonObject]:
        """The payloads of a simulated charger's own CALLs with this action, oldest first."""
        return self._calls(charge_point_id, ">", action)

    async def switch_off(self) -> None:
        """Every charger; raises what went wrong inside one."""
        stations, self.stations = list(self.stations.values()), {}
        results = await asyncio.gather(*(station.stop() for station in stations), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result

    async def _is_offline(self, charge_point_id: str) -> bool:
        return not (await self.charge_point(charge_point_id))["connection"]["connected"]

    def _calls(self, charge_point_id: str, way: str, action: str) -> list[JsonObject]:
        frames = (frame for seen, frame in self.frames[charge_point_id] if seen == way)
        return [frame[3] for frame in frames if frame[0] == 2 and frame[2] == action]

    def _look(self) -> None:
        if self._watch is None:
            return
        stations = self.stations.values()
        views = [station.connector(number) for station in stations for number in station.model.connectors]
        self._watch.changes += 1
        self._watch.permitted_w = max(self._watch.permitted_w, sum(view.permitted_w for view in views))
        self._watch.drawn_w = max(self._watch.drawn_w, sum(view.drawn_w for view in views))


@contextlib.asynccontextmanager
async def serving(document: JsonObject) -> AsyncIterator[tuple[int, int]]:
    """The shipped application with its shipped store, in this process; its ports for charge points and operators."""
    config = Config.model_validate(document)
    store = await AsyncStore.open(config.storage.url)
    application = Application(config, store=store, clock=SystemClock(), ids=RandomIds())
    try:
        await application.load()
        yield await application.listen()
    finally:
        await application.stop()
        await store.close()


@contextlib.contextmanager
def impatience() -> Iterator[None]:
    """Shortens only how long one waits: for a lost network, a peer that does not close."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("simulators.lifeline.FIRST_RETRY_S", 0.1)
        patch.setattr("simulators.lifeline.LONGEST_RETRY_S", 0.2)
        patch.setattr("csms.charge_points.server._CLOSE_TIMEOUT_S", 0.5)
        yield


@contextlib.asynccontextmanager
async def neighbours(ocpp_port: int, api_port: int) -> AsyncIterator[System]:
    """Of a central system on these ports; chargers that were switched on are switched off at the end."""
    with impatience():
        async with aiohttp.ClientSession() as http:
            system = System(ocpp_port, api_port, http)
            try:
                yield system
            finally:
                await system.switch_off()


@contextlib.asynccontextmanager
async def running(
    folder: Path, *sites: JsonObject, balancer: Mapping[str, object] | None = None, **ocpp: object
) -> AsyncIterator[System]:
    """A system of these sites, its file in `folder`; `balancer` adds to that section, the rest to the one of OCPP."""
    document = configuration(folder, sites, **{"metering_interval_s": 1, **ocpp})
    document["balancer"] |= balancer or {}
    with impatience():
        async with serving(document) as ports, neighbours(*ports) as system:
            yield system


def change_behaviour(station: SimulatedChargePoint, behaviour: Behaviour) -> None:
    """From now on it behaves so, on the connection it has too."""
    station.behaviour = behaviour
