import random

import pytest
from memory_central_system import MemoryCentralSystem
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from simulators.car import Car
from simulators.clock import SystemClock
from simulators.protocol import ChargePointSpec, Version
from simulators.station import SimulatedChargePoint
from simulators.transport import TransportClosed

CLOCK = SystemClock()


class ServerSide:
    """A websockets server connection as a Transport."""

    def __init__(self, connection: ServerConnection) -> None:
        self._connection = connection

    async def send(self, text: str) -> None:
        await self._connection.send(text)

    async def receive(self) -> str:
        try:
            return await self._connection.recv(decode=True)
        except ConnectionClosed as error:
            raise TransportClosed from error

    async def close(self) -> None:
        await self._connection.close()


@pytest.mark.parametrize("protocol", ["1.6", "2.0.1"])
async def test_a_charge_point_boots_and_charges_over_a_real_websocket(protocol: Version) -> None:
    central = MemoryCentralSystem("v16" if protocol == "1.6" else "v201", CLOCK.now_s)
    seen: list[tuple[str, str | None, str | None]] = []

    async def handler(connection: ServerConnection) -> None:
        assert connection.request is not None
        authorization = connection.request.headers.get("Authorization")
        seen.append((connection.request.path, connection.subprotocol, authorization))
        await central.serve(ServerSide(connection))

    subprotocols = [Subprotocol("ocpp1.6"), Subprotocol("ocpp2.0.1")]
    async with serve(handler, "127.0.0.1", 0, subprotocols=subprotocols) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        station = SimulatedChargePoint.over_websocket(
            ChargePointSpec("CP 1", protocol),
            f"ws://127.0.0.1:{port}/ocpp/",
            rng=random.Random(1),
            clock=CLOCK,
            password="0123456789abcdef",
        )
        await station.start()
        await station.wait_accepted()
        station.plug_in(1, Car(battery_wh=40_000, soc=0.5, reaction_s=0.01), "TAG")
        await central.until(lambda: station.connector(1).drawn_w > 0)
        await station.stop()
    assert seen == [("/ocpp/CP%201", f"ocpp{protocol}", "Basic Q1AgMTowMTIzNDU2Nzg5YWJjZGVm")]
    assert central.actions()[0] == "BootNotification"
    assert central.faults == []
