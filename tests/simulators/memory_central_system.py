"""A tiny central system for the simulators' own tests: says yes to everything, checks every frame it gets."""

import asyncio
import itertools
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import orjson

from simulators.clock import timestamp
from simulators.memory import Delay, Link, MemoryPipe
from simulators.schemas import Version, problem
from simulators.transport import Transport, TransportClosed

JsonObject = dict[str, Any]


@dataclass
class MemoryCentralSystem:
    """Answers what charge points send. `now_s` is its clock; `silent` actions get no answer, `refused` an error."""

    version: Version
    now_s: Callable[[], float]
    interval_s: int = 300
    boot_answers: list[str] = field(default_factory=list)
    token_status: str = "Accepted"
    silent: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    reachable: bool = True
    to_charge_point: Link | Delay | None = None
    to_central_system: Link | Delay | None = None
    answers: Counter[str] = field(default_factory=Counter)
    """How often each of its CALLs was answered."""
    received: list[tuple[str, JsonObject]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    transport: Transport | None = None
    connections: int = 0

    def __post_init__(self) -> None:
        self._waiting: dict[str, tuple[str, asyncio.Future[list[Any]]]] = {}
        self._numbers = itertools.count(1)
        self._transaction_ids = itertools.count(1)
        self._tasks: list[asyncio.Task[None]] = []

    async def connect(self) -> Transport:
        """What a simulated charge point calls to reach this central system."""
        if not self.reachable:
            raise TransportClosed("unreachable")
        near, far = MemoryPipe.pair(self.to_charge_point, self.to_central_system)
        self._tasks.append(asyncio.create_task(self.serve(far)))
        return near

    async def serve(self, transport: Transport) -> None:
        """Talk over one connection until it is gone."""
        self.transport, self.connections = transport, self.connections + 1
        try:
            while True:
                await self._take(await transport.receive(), transport)
        except TransportClosed:
            return

    async def call(self, action: str, payload: JsonObject) -> JsonObject:
        """Make a CALL and return the answer's payload; a CALLERROR comes back as {"error": code}."""
        assert self.transport is not None
        message_id = f"cs-{next(self._numbers)}"
        future: asyncio.Future[list[Any]] = asyncio.get_running_loop().create_future()
        self._waiting[message_id] = (action, future)
        await self.transport.send(orjson.dumps([2, message_id, action, payload]).decode())
        frame = await asyncio.wait_for(future, 60)
        return {"error": frame[2]} if frame[0] == 4 else dict(frame[2])

    def actions(self) -> list[str]:
        return [action for action, _ in self.received]

    def count(self, action: str) -> int:
        return Counter(self.actions())[action]

    def payloads(self, action: str) -> list[JsonObject]:
        return [payload for name, payload in self.received if name == action]

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something has been received; the test's own time limit bounds it."""
        while not condition():
            await asyncio.sleep(0.01)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _take(self, text: str, transport: Transport) -> None:
        frame = orjson.loads(text)
        if frame[0] != 2:
            self.answers[frame[1]] += 1
            if frame[1] not in self._waiting:
                return
            action, future = self._waiting.pop(frame[1])
            if frame[0] == 3:
                self._check(f"{action}Response", frame[2])
            if not future.done():
                future.set_result(frame)
            return
        _, message_id, action, payload = frame
        self._check(action, payload)
        self.received.append((action, payload))
        if action in self.silent:
            return
        if action in self.refused:
            await transport.send(orjson.dumps([4, message_id, "InternalError", "", {}]).decode())
            return
        await transport.send(orjson.dumps([3, message_id, self._answer(action, payload)]).decode())

    def _check(self, message: str, payload: JsonObject) -> None:
        fault = problem(self.version, message, payload)
        if fault is not None:
            self.faults.append(f"{message}: {fault}")

    def _answer(self, action: str, payload: JsonObject) -> JsonObject:
        token = {"status": self.token_status}
        match action:
            case "BootNotification":
                status = self.boot_answers.pop(0) if self.boot_answers else "Accepted"
                return {
                    "status": status,
                    "currentTime": timestamp(self.now_s()),
                    "interval": self.interval_s if status == "Accepted" else 5,
                }
            case "Heartbeat":
                return {"currentTime": timestamp(self.now_s())}
            case "Authorize":
                return {"idTagInfo" if self.version == "v16" else "idTokenInfo": token}
            case "StartTransaction":
                return {"transactionId": next(self._transaction_ids), "idTagInfo": token}
            case "TransactionEvent" if "idToken" in payload:
                return {"idTokenInfo": token}
            case _:
                return {}
