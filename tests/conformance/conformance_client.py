"""The whole central system on loopback, and charge points that are nothing but frames.

Whatever it sends is checked where it arrives: one request at a time, valid against the schemas of the version,
nothing null and nothing empty.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import jsonschema_rs
import orjson
from support.system import KEYS, configuration, serving, sha256
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

JsonObject = dict[str, Any]
Frame = list[Any]
Answer = JsonObject | Frame | None
"""What a charge point answers: a payload, the end of a CALLERROR from its code on, or nothing."""

V16, V201 = "ocpp1.6", "ocpp2.0.1"

PATIENCE_S = 30.0
PASSWORD = "0123456789abcdef0123456789abcdef01234567"
BOOT: Mapping[str, JsonObject] = {
    V16: {"chargePointVendor": "Raw", "chargePointModel": "Frames"},
    V201: {"reason": "PowerUp", "chargingStation": {"vendorName": "Raw", "model": "Frames"}},
}

_CALL_TIMEOUT_S = 0.5
_POOLS = {
    "AC": 40,
    "DC": 250,
    "TWO": 12,
    "MANY": 4,
    "LOCKED": 12,
    "MUTE16": 1,
    "MUTE201": 1,
    "WAITING": 6,
    "REFUSED": 6,
}
_KINDS: Mapping[str, JsonObject] = {
    "AC": {"current": "AC", "phases": 3, "max_power_kw": 22.08},
    "DC": {"current": "DC", "max_power_kw": 50},
    "TWO": {"current": "DC", "max_power_kw": 100, "connectors": 2},
    "MANY": {"current": "DC", "max_power_kw": 1000, "connectors": 50},
    "LOCKED": {"current": "DC", "max_power_kw": 50, "password_sha256": sha256(PASSWORD)},
    "MUTE16": {"protocol": "ocpp1.6"},
    "MUTE201": {"protocol": "ocpp2.0.1"},
    "WAITING": {"registration": "pending"},
    "REFUSED": {"registration": "reject"},
}


@contextlib.asynccontextmanager
async def central_system(
    folder: Path, *, sections: Mapping[str, object] | None = None, **ocpp: object
) -> AsyncIterator[Central]:
    """With room for everybody, so that no charge point of one test matters to another. `sections` are more of the
    configuration file."""
    points = [{"charge_point_id": f"{kind}-{n}", **row} for kind, row in _KINDS.items() for n in range(_POOLS[kind])]
    sites = [{"site_id": "park", "grid_capacity_kw": 1_000_000, "charge_points": points}]
    document = {**configuration(folder, sites, call_timeout_s=_CALL_TIMEOUT_S, **ocpp), **(sections or {})}
    async with serving(document) as (ocpp_port, api_port), aiohttp.ClientSession() as http:
        yield Central(ocpp_port, api_port, http)


class Central:
    """The system under test, seen from outside."""

    def __init__(self, ocpp_port: int, api_port: int, http: aiohttp.ClientSession) -> None:
        self.url = f"ws://127.0.0.1:{ocpp_port}"
        self._api = f"http://127.0.0.1:{api_port}/api/v1"
        self._http = http
        self._free = {kind: iter(range(size)) for kind, size in _POOLS.items()}

    def take(self, kind: str = "DC") -> str:
        """A declared charge point that no other test has."""
        return f"{kind}-{next(self._free[kind])}"

    @contextlib.asynccontextmanager
    async def charge_point(
        self,
        identity: str,
        version: str = "ocpp1.6",
        *,
        boots: bool = True,
        answers: Callable[[str, JsonObject], Answer] | None = None,
        **handshake: Any,
    ) -> AsyncIterator[ChargePoint]:
        """Connected, and by default booted."""
        socket = await self.open(f"/ocpp/{quote(identity, safe='')}", [version], **handshake)
        point = ChargePoint(socket, identity, version, answers or obey)
        try:
            if boots:
                await point.call("BootNotification", BOOT[version])
            yield point
        finally:
            await point.close()

    async def open(
        self, path: str, offered: Sequence[str] | None, *, credentials: bytes | None = None, **more: Any
    ) -> ClientConnection:
        headers = {}
        if credentials is not None:
            headers["Authorization"] = "Basic " + base64.b64encode(credentials).decode()
        names = None if offered is None else [Subprotocol(name) for name in offered]
        return await connect(
            self.url + path, subprotocols=names, additional_headers=headers, proxy=None, close_timeout=0.2, **more
        )

    async def refusal(self, path: str, offered: Sequence[str] | None, **handshake: Any) -> int:
        """The HTTP status that this handshake is refused with."""
        try:
            socket = await self.open(path, offered, **handshake)
        except InvalidStatus as refused:
            return refused.response.status_code
        await socket.close()
        raise AssertionError(f"{path} was let in")

    async def get(self, path: str, *, scope: str = "read") -> JsonObject:
        headers = {"Authorization": f"Bearer {KEYS[scope]}"}
        async with self._http.get(f"{self._api}/{path}", headers=headers) as answer:
            assert answer.status == 200, await answer.text()
            body: JsonObject = await answer.json()
            return body

    async def post(self, path: str, body: object = None, *, scope: str = "control") -> tuple[int, JsonObject]:
        """The status, and what was answered."""
        headers = {"Authorization": f"Bearer {KEYS[scope]}", "Content-Type": "application/json"}
        content = b"" if body is None else orjson.dumps(body)
        async with self._http.post(f"{self._api}/{path}", headers=headers, data=content) as answer:
            told: JsonObject = await answer.json(content_type=None)
            return answer.status, told

    async def ask(self, path: str) -> tuple[int, JsonObject]:
        """The status, and what was answered."""
        headers = {"Authorization": f"Bearer {KEYS['read']}"}
        async with self._http.get(f"{self._api}/{path}", headers=headers) as answer:
            body: JsonObject = await answer.json(content_type=None)
            return answer.status, body

    async def change(self, method: str, path: str, body: object = None) -> JsonObject:
        """What was answered to a change that was taken."""
        headers = {"Authorization": f"Bearer {KEYS['admin']}"}
        async with self._http.request(method, f"{self._api}/{path}", headers=headers, json=body) as answer:
            told: JsonObject = await answer.json()
            assert answer.status == 200, told
            return told

    async def rebalance(self) -> JsonObject:
        headers = {"Authorization": f"Bearer {KEYS['control']}"}
        async with self._http.post(f"{self._api}/smart-charging/sites/park/rebalance", headers=headers) as answer:
            body: JsonObject = await answer.json()
            return body

    async def shown(self, identity: str) -> JsonObject:
        """The charge point as REST shows it."""
        return await self.get(f"charge-points/{quote(identity, safe='')}")

    async def connector(self, identity: str, connector_id: int = 1) -> JsonObject:
        """A connector as REST shows it."""
        connectors = (await self.shown(identity))["connectors"]
        found: JsonObject = next(row for row in connectors if row["connector_id"] == connector_id)
        return found

    async def sessions(self, identity: str) -> list[JsonObject]:
        """Newest first."""
        items: list[JsonObject] = (await self.get(f"sessions?charge_point_id={quote(identity, safe='')}"))["items"]
        return items

    async def allocated(self, identity: str) -> JsonObject | None:
        rows = (await self.get("smart-charging/sites/park/allocation"))["chargers"]
        return next((row for row in rows if row["charge_point_id"] == identity), None)


class ChargePoint:
    """One socket. Requests of the central system are answered at once as `answers` says, all frames are kept."""

    def __init__(
        self, socket: ClientConnection, identity: str, version: str, answers: Callable[[str, JsonObject], Answer]
    ) -> None:
        self.socket = socket
        self.identity = identity
        self.version = version
        self.answers = answers
        self.received: list[Frame] = []
        self.mistakes: list[str] = []
        self.unanswered: list[str] = []
        self._ids = itertools.count(1)
        self._news = asyncio.Event()
        self._reader = asyncio.create_task(self._read())

    async def call(self, action: str, payload: object) -> JsonObject:
        """The payload of its CALLRESULT; fails where there is another answer."""
        frame = await self.exchange([2, f"call-{next(self._ids)}", action, payload])
        assert frame[0] == 3, frame
        answer: JsonObject = frame[2]
        return answer

    async def exchange(self, frame: Frame) -> Frame:
        """Send a CALL; the next frame that answers it."""
        before = len(self.received)
        await self.send(frame)
        answer: Frame = await self.wait(lambda: self._answer_to(frame[1], before), f"the answer to {frame[:3]}")
        return answer

    async def send(self, frame: object) -> None:
        await self.socket.send(orjson.dumps(frame).decode())

    def told(self, action: str) -> list[JsonObject]:
        """The payloads of the requests it received, oldest first."""
        return [frame[3] for frame in self.received if frame[0] == 2 and frame[2] == action]

    def profiles(self, purpose: str) -> list[JsonObject]:
        """The SetChargingProfile requests of a purpose."""
        return [
            told for told in self.told("SetChargingProfile") if profile_of(told)["chargingProfilePurpose"] == purpose
        ]

    async def profile(self, purpose: str) -> JsonObject:
        """The first SetChargingProfile of a purpose, awaited."""
        first: JsonObject = await self.wait(lambda: next(iter(self.profiles(purpose)), None), f"a {purpose}")
        return first

    async def wait(self, look: Callable[[], Any], what: str) -> Any:
        """Whatever `look` finds once it finds something; it looks at every frame that arrives."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                while (found := look()) is None:
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"{what} did not come; received: {self.received[-5:]}") from None
        return found

    async def closed(self) -> int:
        """Wait for the end of the socket; its close code."""
        async with asyncio.timeout(PATIENCE_S):
            await self.socket.wait_closed()
        return self.socket.close_code or 1006

    async def close(self) -> None:
        await self.socket.close()
        await self._reader
        assert self.mistakes == []

    def _answer_to(self, message_id: str, since: int) -> Frame | None:
        return next((f for f in self.received[since:] if f[0] in (3, 4) and f[1] == message_id), None)

    async def _read(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for text in self.socket:
                frame: Frame = orjson.loads(text)
                self._check(frame)
                self.received.append(frame)
                self._news.set()
                if frame[0] == 2:
                    await self._answer(frame)

    async def _answer(self, frame: Frame) -> None:
        answer = self.answers(frame[2], frame[3])
        if answer is None:
            self.unanswered.append(frame[1])
        elif isinstance(answer, list):
            await self.send([4, frame[1], *answer])
        else:
            await self.send([3, frame[1], answer])

    def _check(self, frame: Frame) -> None:
        lengths = {2: 4, 3: 3, 4: 5}
        if lengths.get(frame[0]) != len(frame) or not isinstance(frame[1], str) or not 0 < len(frame[1]) <= 36:
            self.mistakes.append(f"malformed: {frame}")
        elif frame[0] == 2:
            self.mistakes.extend(f"{frame[2]}: {fault}" for fault in faults(self.version, frame[2], frame[3]))
        elif frame[0] == 4 and (len(frame[3]) > 255 or not isinstance(frame[4], dict)):
            self.mistakes.append(f"malformed: {frame}")


async def started(point: ChargePoint) -> str:
    """A running session on connector 1; its transaction id."""
    if point.version == V16:
        begin = {"connectorId": 1, "idTag": "TAG", "meterStart": 0, "timestamp": now()}
        return str((await point.call("StartTransaction", begin))["transactionId"])
    event = {
        "eventType": "Started",
        "timestamp": now(),
        "triggerReason": "RemoteStart",
        "seqNo": 0,
        "transactionInfo": {"transactionId": "T-1", "chargingState": "Charging"},
        "evse": {"id": 1, "connectorId": 1},
        "idToken": {"idToken": "TAG", "type": "Central"},
    }
    await point.call("TransactionEvent", event)
    return "T-1"


def obey(action: str, _payload: JsonObject) -> Answer:
    """Takes every limit, and knows nothing else."""
    return {"status": "Accepted"} if action in _OBEYED else ["NotImplemented", "", {}]


def profile_of(told: JsonObject) -> JsonObject:
    profile: JsonObject = told.get("csChargingProfiles") or told["chargingProfile"]
    return profile


def faults(version: str, name: str, payload: JsonObject) -> list[str]:
    """What is wrong with a payload that the central system has sent."""
    package, suffix = {"ocpp1.6": ("ocpp.v16", ""), "ocpp2.0.1": ("ocpp.v201", "Request")}[version]
    text = (resources.files(package) / "schemas" / f"{name}{suffix}.json").read_bytes().removeprefix(b"\xef\xbb\xbf")
    # The rule itself fails for a third of all one-decimal numbers; `_hollow` looks at the digits instead.
    schema = orjson.loads(text.replace(b'"multipleOf": 0.1', b'"minimum": -1'))
    broken = [str(error) for error in jsonschema_rs.validator_for(schema).iter_errors(payload)]
    return broken + _hollow(payload, name)


def now(shift_s: float = 0.0) -> str:
    """In whole milliseconds, UTC with Z."""
    moment = datetime.fromtimestamp(time.time() + shift_s, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def seconds(timestamp: str) -> float:
    return datetime.fromisoformat(timestamp).timestamp()


async def eventually(look: Callable[[], Awaitable[object]], expected: object) -> None:
    """Look again until it is what is expected."""
    deadline_s = time.monotonic() + PATIENCE_S
    while (seen := await look()) != expected:
        assert time.monotonic() < deadline_s, f"{expected} did not come; seen: {seen}"
        await asyncio.sleep(0.02)


_OBEYED = ("SetChargingProfile", "ClearChargingProfile", "TriggerMessage")


def _hollow(value: object, where: str) -> list[str]:
    """Nothing null, empty, or with more than one decimal is ever sent (part 4 section 4.1.5, 1.6 chapter 7.14)."""
    if isinstance(value, dict):
        return [fault for name, item in value.items() for fault in _inside(item, f"{where}.{name}")]
    if isinstance(value, list):
        return [fault for item in value for fault in _inside(item, where)]
    return [f"{where} has more than one decimal"] if isinstance(value, float) and round(value, 1) != value else []


def _inside(item: object, where: str) -> list[str]:
    return [f"{where} is hollow"] if item is None or item in ({}, [], "") else _hollow(item, where)
