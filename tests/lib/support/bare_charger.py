"""A charger that answers everything as it is told to, for what is asked of it about its access and certificates."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from base64 import b64encode
from collections.abc import AsyncIterator
from typing import Any

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from simulators.protocol import Version
from support.system import PATIENCE_S

_BOOT: dict[Version, object] = {
    "1.6": {"chargePointVendor": "Wire", "chargePointModel": "Bare"},
    "2.0.1": {"reason": "PowerUp", "chargingStation": {"vendorName": "Wire", "model": "Bare"}},
}


class Charger:
    """One that answers as it is told, and remembers what it was told to keep."""

    def __init__(self, socket: ClientConnection, status: str | None) -> None:
        self.socket = socket
        self.status = status
        self.told: list[tuple[str, dict[str, Any]]] = []
        self._asked: dict[str, asyncio.Future[list[Any]]] = {}
        self._calls = 0

    async def obey(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for text in self.socket:
                frame = orjson.loads(text)
                if frame[0] != 2:
                    if frame[1] in self._asked:
                        self._asked.pop(frame[1]).set_result(frame)
                else:
                    self.told.append((frame[2], frame[3]))
                    answer = self._answer(frame[2], frame[3])
                    if answer is not None:
                        await self.socket.send(orjson.dumps([3, frame[1], answer]).decode())

    def _answer(self, action: str, payload: dict[str, Any]) -> dict[str, Any] | None:
        status = self.status
        if action in ("SetVariables", "GetVariables"):
            items = payload.get("setVariableData") or payload["getVariableData"]
            key = "setVariableResult" if action == "SetVariables" else "getVariableResult"
            names = [{name: item[name] for name in ("component", "variable")} for item in items]
            results = [{"attributeStatus": status or "Accepted", **name} for name in names]
            if action == "GetVariables":
                results = [{**result, "attributeStatus": "UnknownVariable"} for result in results]
            return None if status is None and action == "SetVariables" else {key: results}
        if action == "GetConfiguration":
            return {}
        return None if status is None else {"status": status}

    async def call(self, action: str, payload: object) -> list[Any]:
        """The whole answer frame."""
        self._calls += 1
        name = f"m{self._calls}-{action}"
        answer: asyncio.Future[list[Any]] = asyncio.get_running_loop().create_future()
        self._asked[name] = answer
        await self.socket.send(orjson.dumps([2, name, action, payload]).decode())
        async with asyncio.timeout(PATIENCE_S):
            return await answer

    async def was_told(self, action: str) -> dict[str, Any]:
        """The payload of the first request of that action, once it has come."""
        async with asyncio.timeout(PATIENCE_S):
            while not (found := [payload for name, payload in self.told if name == action]):
                await asyncio.sleep(0.01)
        return found[0]

    def password(self) -> str:
        """The one it was given last."""
        for action, payload in reversed(self.told):
            if action == "ChangeConfiguration" and payload["key"] == "AuthorizationKey":
                return str(payload["value"])
            if action == "SetVariables" and payload["setVariableData"][0]["variable"]["name"] == "BasicAuthPassword":
                return str(payload["setVariableData"][0]["attributeValue"])
        raise AssertionError("it was given none")


@contextlib.asynccontextmanager
async def charger(
    url: str,
    protocol: Version,
    password: str | bytes | None,
    *,
    status: str | None = "Accepted",
    identity: str = "CP-1",
    context: ssl.SSLContext | None = None,
) -> AsyncIterator[Charger]:
    """Connected and booted; `status` is its answer to everything, None: it does not answer."""
    raw = password.encode() if isinstance(password, str) else password or b""
    headers = {"Authorization": "Basic " + b64encode(f"{identity}:".encode() + raw).decode()} if password else {}
    async with connect(
        f"{url}/{identity}",
        subprotocols=[Subprotocol(f"ocpp{protocol}")],
        additional_headers=headers,
        ssl=context,
        proxy=None,
        close_timeout=0.5,
    ) as socket:
        await socket.send(orjson.dumps([2, "boot", "BootNotification", _BOOT[protocol]]).decode())
        assert orjson.loads(await socket.recv())[2]["status"] == "Accepted"
        made = Charger(socket, status)
        obeying = asyncio.create_task(made.obey())
        try:
            yield made
        finally:
            obeying.cancel()
