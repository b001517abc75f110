"""A charger that costs its machine next to nothing: one connection, one message in flight."""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from benchmarks.wire.answers import answer_to
from benchmarks.wire.deflate import OFFER, Deflate
from benchmarks.wire.frames import CLOSE, COMPRESSED, PING, PONG, TEXT, Template, masked, unmasked
from benchmarks.wire.mix import MARKS, boot, json_of
from benchmarks.wire.wall_clock import WallClock

JsonObject = dict[str, Any]
Answered = Callable[[bytes], None]
"""Called with the text of the answer."""

_ID_HEAD = b"7c1d4c52-9a3e-4b8f-8f6e-"
_NONCE = base64.b64encode(bytes(range(16))).decode()
_ANSWER_TIMEOUT_S = 20.0


class Refused(Exception):
    """The server did not let the charger in, or closed its connection."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server listens, and how a charger comes in. `deflate` offers permessage-deflate, and uses it."""

    port: int
    protocol: str
    path: str = "/ocpp/"
    deflate: bool = False
    tls: ssl.SSLContext | None = None


@dataclass(slots=True)
class Told:
    """What the central system asked of the charger."""

    calls: int = 0
    limits: int = 0
    on_call: Callable[[str, JsonObject], None] | None = field(default=None, repr=False)
    """Called with the action and the payload, before the answer leaves."""

    def note(self, action: str, payload: JsonObject) -> None:
        self.calls += 1
        self.limits += action == "SetChargingProfile"
        if self.on_call is not None:
            self.on_call(action, payload)


class Charger(asyncio.Protocol):
    """One charger. `send` is all that is used while something is timed."""

    def __init__(self, identity: str, address: Address, clock: WallClock) -> None:
        self.identity = identity
        self.address = address
        self.clock = clock
        self.told = Told()
        self.on_lost: Callable[[Exception], None] | None = None
        self._transport: asyncio.Transport | None = None
        self._opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._open = False
        self._deflate: Deflate | None = None
        self._rest = b""
        self._count = 0
        self._awaited = b""
        self._answered: Answered | None = None

    @property
    def connected(self) -> bool:
        return self._transport is not None

    async def connect(self) -> None:
        """Connect and shake hands; raises Refused, or OSError."""
        loop = asyncio.get_running_loop()
        self._opened = loop.create_future()
        server_hostname = "localhost" if self.address.tls is not None else None
        await loop.create_connection(
            lambda: self, "127.0.0.1", self.address.port, ssl=self.address.tls, server_hostname=server_hostname
        )
        async with asyncio.timeout(_ANSWER_TIMEOUT_S):
            await self._opened

    async def boot(self) -> None:
        """Say what a charger says after it was switched on."""
        for message in boot(self.address.protocol):
            text = message.text().replace(MARKS["time"], self.clock.text().decode())
            await self.call(text)

    async def call(self, text: str) -> JsonObject:
        """Send a CALL, the mark of its message id still in it, and wait for the answer's payload."""
        message_id = self.next_id()
        arrived: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        said = text.replace(MARKS["message_id"], message_id.decode()).encode()
        self.send(self._framed(said), message_id, lambda answer: None if arrived.done() else arrived.set_result(answer))
        async with asyncio.timeout(_ANSWER_TIMEOUT_S):
            message = json.loads(await arrived)
        if message[0] == 4:
            raise Refused(str(message))
        payload: JsonObject = message[2]
        return payload

    def next_id(self) -> bytes:
        """36 characters, as a UUID has."""
        self._count += 1
        return _ID_HEAD + b"%012x" % self._count

    def framed(self, template: Template, values: Mapping[str, bytes]) -> bytes:
        """A message as it goes over this connection: compressed where that was agreed."""
        return template.filled(values) if self._deflate is None else self._framed(template.payload(values))

    def send(self, frame: bytes, message_id: bytes, answered: Answered) -> None:
        """Send a frame; `answered` is called when the answer has come. One at a time."""
        assert self._transport is not None
        self._awaited = message_id
        self._answered = answered
        self._transport.write(frame)

    def abort(self) -> None:
        """Be gone without a word, as in a power cut."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one, and does not say so
        self._rest = b""
        self._open = False
        self._deflate = None
        self._transport.write(_request(self.identity, self.address))

    def connection_lost(self, exc: Exception | None) -> None:
        error = exc or Refused(f"{self.identity}: the connection was closed")
        self._transport = None
        if not self._opened.done():
            self._opened.set_exception(error)
        elif self.on_lost is not None:
            self.on_lost(error)

    def data_received(self, data: bytes) -> None:
        if self._rest:
            data = self._rest + data
        if not self._open:
            data = self._shaken(data)
        messages, self._rest = unmasked(data) if self._open else ([], data)
        for opcode, payload in messages:
            if opcode == TEXT:
                self._receive(payload)
            elif opcode == TEXT | COMPRESSED and self._deflate is not None:
                self._receive(self._deflate.inflated(payload))
            elif opcode == PING and self._transport is not None:
                self._transport.write(masked(payload, PONG))
            elif opcode == CLOSE and self._transport is not None:
                self._transport.write(masked(payload, CLOSE))

    def _shaken(self, data: bytes) -> bytes:
        """What follows the server's side of the handshake, once that is complete."""
        head, end, rest = data.partition(b"\r\n\r\n")
        if not end:
            return data
        if b" 101 " not in head.partition(b"\r\n")[0]:
            self._opened.set_exception(Refused(f"{self.identity}: {head.decode(errors='replace')}"))
            return b""
        self._open = True
        if b"permessage-deflate" in head.lower():
            self._deflate = Deflate(head.decode(errors="replace"))
        self._opened.set_result(None)
        return rest

    def _receive(self, text: bytes) -> None:
        start = text.find(b'"') + 1
        if text[start : start + 36] == self._awaited and self._answered is not None:
            answered, self._answered = self._answered, None
            answered(text)
        elif text[1:2] == b"2":
            self._answer(text)

    def _answer(self, text: bytes) -> None:
        _, message_id, action, payload = json.loads(text)
        self.told.note(action, payload)
        answer = answer_to(self.address.protocol, action, payload)
        message = [4, message_id, "NotImplemented", "", {}] if answer is None else [3, message_id, answer]
        if self._transport is not None:
            self._transport.write(self._framed(json_of(message).encode()))

    def _framed(self, payload: bytes) -> bytes:
        if self._deflate is None:
            return masked(payload)
        return masked(self._deflate.compressed(payload), TEXT | COMPRESSED)


def _request(identity: str, address: Address) -> bytes:
    """The charger's side of the opening handshake."""
    lines = [
        f"GET {address.path}{identity} HTTP/1.1",
        f"Host: 127.0.0.1:{address.port}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {_NONCE}",
        f"Sec-WebSocket-Protocol: {address.protocol}",
        *([f"Sec-WebSocket-Extensions: {OFFER}"] if address.deflate else []),
    ]
    return "\r\n".join([*lines, "", ""]).encode()
