"""A charge point played frame by frame, for what no simulated charger would say."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from simulators.protocol import Version
from support.system import PATIENCE_S, JsonObject, System

START = "2026-01-05T10:00:00Z"
Frame = list[Any]

_OBEYS = ("SetChargingProfile", "ClearChargingProfile", "TriggerMessage")


class Wire:
    """One socket. It accepts limits, implements nothing else, and remembers every frame it received."""

    def __init__(self, socket: ClientConnection, protocol: Version) -> None:
        self.socket = socket
        self.protocol: Version = protocol
        self.received: list[Frame] = []
        self._answers: dict[str, asyncio.Future[Frame]] = {}
        self._ids = itertools.count(1)
        self._reader = asyncio.create_task(self._read())

    @classmethod
    @contextlib.asynccontextmanager
    async def connected(
        cls, system: System, charge_point_id: str, protocol: Version, *, password: str | None = None, boots: bool = True
    ) -> AsyncIterator[Wire]:
        """Connected, and by default booted."""
        credentials = base64.b64encode(f"{charge_point_id}:{password}".encode()).decode()
        headers = {} if password is None else {"Authorization": f"Basic {credentials}"}
        subprotocols = [Subprotocol(f"ocpp{protocol}")]
        url = f"{system.ws_url}/{charge_point_id}"
        socket = await connect(
            url, subprotocols=subprotocols, additional_headers=headers, proxy=None, close_timeout=0.5
        )
        wire = cls(socket, protocol)
        try:
            if boots:
                await wire.call("BootNotification", _BOOT[protocol])
            yield wire
        finally:
            await wire.close()

    async def call(self, action: str, payload: JsonObject, *, message_id: str | None = None) -> JsonObject:
        """The payload of its answer; fails where that is an error."""
        frame = await self.exchange(action, payload, message_id=message_id)
        assert frame[0] == 3, frame
        answer: JsonObject = frame[2]
        return answer

    async def exchange(self, action: str, payload: JsonObject, *, message_id: str | None = None) -> Frame:
        """The whole answer frame."""
        message_id = message_id or f"wire-{next(self._ids)}"
        self._answers[message_id] = asyncio.get_running_loop().create_future()
        await self.send(orjson.dumps([2, message_id, action, payload]).decode())
        async with asyncio.timeout(PATIENCE_S):
            return await self._answers[message_id]

    async def send(self, text: str) -> None:
        await self.socket.send(text)

    async def close(self) -> None:
        await self.socket.close()
        await asyncio.gather(self._reader, return_exceptions=True)

    async def closed(self) -> int:
        """Wait for its end; the close code."""
        async with asyncio.timeout(PATIENCE_S):
            await self.socket.wait_closed()
        return self.socket.close_code or 1006

    def commands(self, action: str) -> list[JsonObject]:
        """What it was told, oldest first."""
        return [frame[3] for frame in self.received if frame[0] == 2 and frame[2] == action]

    def purposes(self) -> list[str]:
        """The purposes of the profiles it was sent, oldest first."""
        profiles = (c.get("csChargingProfiles") or c["chargingProfile"] for c in self.commands("SetChargingProfile"))
        return [profile["chargingProfilePurpose"] for profile in profiles]

    async def _read(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for text in self.socket:
                frame: Frame = orjson.loads(text)
                self.received.append(frame)
                if frame[0] == 2:
                    await self._obey(frame)
                elif frame[1] in self._answers and not self._answers[frame[1]].done():
                    self._answers[frame[1]].set_result(frame)

    async def _obey(self, frame: Frame) -> None:
        accepted = [3, frame[1], {"status": "Accepted"}]
        refused = [4, frame[1], "NotImplemented", "", {}]
        await self.send(orjson.dumps(accepted if frame[2] in _OBEYS else refused).decode())


_BOOT: dict[Version, JsonObject] = {
    "1.6": {"chargePointVendor": "Wire", "chargePointModel": "Bare"},
    "2.0.1": {"reason": "PowerUp", "chargingStation": {"vendorName": "Wire", "model": "Bare"}},
}


async def start_charging(
    wire: Wire, *, connector_id: int = 1, at: str | None = None, name: str = "T-1", message_id: str | None = None
) -> str:
    """Begin a transaction; its id, which in 2.0.1 is `name`."""
    at = at or datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if wire.protocol == "1.6":
        start = {"connectorId": connector_id, "idTag": "TAG", "meterStart": 1000, "timestamp": at}
        return str((await wire.call("StartTransaction", start, message_id=message_id))["transactionId"])
    event = _event("Started", at, name, connector_id, 0) | {"idToken": {"idToken": "TAG", "type": "ISO14443"}}
    await wire.call("TransactionEvent", event, message_id=message_id)
    return name


async def stop_charging(
    wire: Wire, transaction_id: str = "T-1", *, connector_id: int = 1, at: str = START
) -> JsonObject:
    """End a transaction, or say so of one that never began; the answer."""
    if wire.protocol == "1.6":
        number = int(transaction_id) if transaction_id.lstrip("-").isdecimal() else 0
        stop = {"transactionId": number, "meterStop": 3000, "timestamp": at}
        return await wire.call("StopTransaction", stop)
    return await wire.call("TransactionEvent", _event("Ended", at, transaction_id, connector_id, 1))


def _event(kind: str, at: str, transaction_id: str, evse_id: int, number: int) -> JsonObject:
    return {
        "eventType": kind,
        "timestamp": at,
        "triggerReason": "Authorized" if kind == "Started" else "StopAuthorized",
        "seqNo": number,
        "transactionInfo": {"transactionId": transaction_id, "chargingState": "Charging"},
        "evse": {"id": evse_id, "connectorId": 1},
    }
