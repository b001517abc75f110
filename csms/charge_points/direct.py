"""A WebSocket connection that hands frames over as they arrive, and sends without a task.

The `websockets` library parses frames with generators, queues them for a task, and serialises answers with as much
ceremony: more than all that is done with a message here. What nearly every charge point sends, whole masked text
frames without an extension, is read here in the callback of the event loop; everything else (fragments, pings, closing,
compression, whatever breaks RFC 6455) is left to the library, whose state is the same before and after.

This leans on what the library does not promise: `data_received`, `process_event`, `send_data`, and in its protocol
`reader.buffer`, `current_size`, `max_message_size` and `extensions` (docs/adr/0012-direct-sockets.md). test_direct.py
says so loudly when an upgrade changes them, and `ocpp.direct_sockets = false` does without this class.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from math import inf
from typing import Any, Protocol

from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import Event, State

from csms.charge_points.doors import Caller

try:
    from websockets.speedups import apply_mask
except ImportError:  # built without a C compiler
    from websockets.utils import apply_mask

_WHOLE_TEXT = 0x81
"""FIN, no extension, opcode 1: RFC 6455 section 5.2."""

_MASKED = 0x80
_MASK_BYTES = 4
_MOST_FRAGMENTS = 4096
"""Of one message; what the library allows."""

_SHORT = 126
"""Lengths below stand in the second byte; 126 stands for a length in the next two (section 5.2)."""


class Meter(Protocol):
    """Who says when to read more slowly."""

    def spend(self, messages: int, size: int) -> bool:
        """Count what was read; False if `pause_s` is to be asked."""
        ...

    def pause_s(self, now_s: float) -> float:
        """How long to read nothing; infinite where the end has come."""
        ...


class DirectConnection(Caller):
    """One charge point's socket, once `listen` was called.

    Frames that came before are kept until then, so that none is lost or overtaken. `heard`: whether anything at all
    has come since the last probe.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:  # Any: the library's own, passed on as they are
        super().__init__(*arguments, **options)
        self.heard = True
        self._receive: Callable[[str | bytes], None] | None = None
        self._meter: Meter | None = None
        self._slowed = False
        self._pause: asyncio.TimerHandle | None = None
        self._early: list[Frame] = []
        self._fragments: list[Frame] = []
        self._over: asyncio.Future[None] = self.loop.create_future()

    async def listen(self, receive: Callable[[str | bytes], None], meter: Meter) -> None:
        """Hand every message to `receive`, text as str, until the connection is not open any more; then the library
        closes it in good time. `receive` must not raise. Reads no faster than `meter` says."""
        self._receive, self._meter = receive, meter
        self.request = self.response = None  # what the handshake needed is a third of what an idle socket takes
        early, self._early = self._early, []
        for frame in early:
            self._take(frame, receive)
        self._notice_the_end()
        await self._over

    def send_text(self, text: str) -> None:
        """Send a text message now; nothing happens if the connection is not open any more. Never raises."""
        if self.protocol.state is not State.OPEN:
            return
        data = text.encode()
        if self.protocol.extensions:
            self.protocol.send_text(data)
            self.send_data()
        else:
            self.transport.write(_header(len(data)) + data)

    def unsent_bytes(self) -> int:
        return self.transport.get_write_buffer_size()

    def probe(self) -> None:
        """Send a ping, if anything has come since the last one; else the peer is gone, and so is the connection."""
        if self.protocol.state is not State.OPEN or self._slowed:
            return
        if self.heard:
            self.heard = False
            self.protocol.send_ping(b"")
            self.send_data()
        else:
            self.protocol.fail(CloseCode.INTERNAL_ERROR, "no answer to a ping")
            self.transport.abort()

    def ignore(self) -> None:
        """Begin nothing that could not be answered any more: the peer says it again, elsewhere or later."""
        if self._receive is not None:
            self._receive = _ignored

    def release(self) -> None:
        if not self._slowed:
            super().release()

    def data_received(self, data: bytes) -> None:
        self.heard = True
        protocol = self.protocol
        between_messages = not protocol.reader.buffer and protocol.current_size is None
        if self._receive is not None and self._meter is not None and between_messages:
            data = self._take_whole_frames(data, self._receive, self._meter)
        if data:
            super().data_received(data)
            self._notice_the_end()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self._pause is not None:
            self._pause.cancel()
        self._notice_the_end()

    def process_event(self, event: Event) -> None:
        if not isinstance(event, Frame):
            super().process_event(event)  # the opening handshake
            return
        if self._meter is not None and not self._meter.spend(1, len(event.data)):
            self._slow_down(self._meter)
        if event.opcode not in _DATA or self._over.done():
            return  # a pong: `heard` is all that is asked of it; pings and closing are answered by the protocol
        if self._receive is None:
            self._early.append(event)
        else:
            self._take(event, self._receive)

    def _notice_the_end(self) -> None:
        if self.protocol.state is not State.OPEN and self._receive is not None and not self._over.done():
            self._over.set_result(None)

    def _take_whole_frames(self, data: bytes, receive: Callable[[str | bytes], None], meter: Meter) -> bytes:
        """Handle the whole, plain text frames that `data` begins with; returns the rest."""
        protocol, at, end, messages = self.protocol, 0, len(data), 0
        longest = protocol.max_message_size or end
        while end - at > 2 + _MASK_BYTES and protocol.state is State.OPEN:
            length, mask_at = data[at + 1] - _MASKED, at + 2
            if length == _SHORT:
                length, mask_at = int.from_bytes(data[at + 2 : at + 4], "big"), at + 4
                minimal = length >= _SHORT
            else:
                minimal = 0 <= length < _SHORT
            text_at = mask_at + _MASK_BYTES
            after = text_at + length
            if data[at] != _WHOLE_TEXT or not minimal or after > end or length > longest:
                break
            try:
                text = apply_mask(data[text_at:after], data[mask_at:text_at]).decode()
            except UnicodeDecodeError:
                break  # the library closes with 1007
            at = after
            messages += 1
            receive(text)
        if not at:
            return data
        if not meter.spend(messages, at):
            self._slow_down(meter)
        return data[at:]

    def _slow_down(self, meter: Meter) -> None:
        if not self._slowed:
            self._read_on(meter)

    def _read_on(self, meter: Meter) -> None:
        """Now if the meter lets us, else when it does, or never again."""
        pause_s = meter.pause_s(self.loop.time())
        self._slowed = pause_s > 0
        if not self._slowed:
            self.release()
            return
        self.hold()
        if pause_s < inf:
            self._pause = self.loop.call_later(pause_s, self._read_on, meter)

    def _take(self, frame: Frame, receive: Callable[[str | bytes], None]) -> None:
        """A frame that the library has parsed: a whole message, or a fragment of one."""
        self._fragments.append(frame)
        if len(self._fragments) > _MOST_FRAGMENTS:
            self._fail(CloseCode.MESSAGE_TOO_BIG, "too many fragments")
            return
        if not frame.fin:
            return
        fragments, self._fragments = self._fragments, []
        message = b"".join(bytes(fragment.data) for fragment in fragments)
        if fragments[0].opcode is Opcode.BINARY:
            receive(message)
            return
        try:
            text = message.decode()
        except UnicodeDecodeError as error:
            self._fail(CloseCode.INVALID_DATA, f"{error.reason} at position {error.start}")
            return
        receive(text)

    def _fail(self, code: CloseCode, reason: str) -> None:
        self.protocol.fail(code, reason)
        self.send_data()
        self._notice_the_end()


def _ignored(_message: str | bytes) -> None:
    pass


_DATA = (Opcode.TEXT, Opcode.BINARY, Opcode.CONT)


def _header(length: int) -> bytes:
    """Of a whole text frame from a server, which does not mask (RFC 6455 sections 5.1 and 5.2)."""
    if length < _SHORT:
        return bytes((_WHOLE_TEXT, length))
    if length < 0x10000:
        return bytes((_WHOLE_TEXT, _SHORT)) + length.to_bytes(2, "big")
    return bytes((_WHOLE_TEXT, 127)) + length.to_bytes(8, "big")
