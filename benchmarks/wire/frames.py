"""WebSocket frames as a charger sends and gets them (RFC 6455 section 5).

What is sent is encoded and masked before anything is timed: a message is a template with slots of fixed width, and
filling a slot is an exclusive or of a few bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

KEY = bytes.fromhex("37fa213d")
"""One masking key for all frames: the example of the RFC. Servers cannot know that it never changes."""

TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA
COMPRESSED = 0x40
"""Added to the opcode of a message that permessage-deflate has compressed (RFC 7692 section 6)."""

_FINAL = 0x80
_MASKED = 0x80


class Malformed(Exception):
    """A server sent what this charger does not take: a fragment, or a masked frame."""


def masked(payload: bytes, opcode: int = TEXT) -> bytes:
    """A whole client frame."""
    size = len(payload)
    if size < 126:
        header = bytes((_FINAL | opcode, _MASKED | size))
    elif size < 65536:
        header = bytes((_FINAL | opcode, _MASKED | 126)) + size.to_bytes(2)
    else:
        header = bytes((_FINAL | opcode, _MASKED | 127)) + size.to_bytes(8)
    return header + KEY + _xor(payload, 0)


def unmasked(data: bytes) -> tuple[list[tuple[int, bytes]], bytes]:
    """The complete server frames at the beginning, opcode and payload of each, and what is left."""
    found: list[tuple[int, bytes]] = []
    start = 0
    while (ends := _payload_of(data, start)) is not None:
        found.append((data[start] & 0x4F, data[slice(*ends)]))
        start = ends[1]
    return found, data[start:]


@dataclass(frozen=True, slots=True)
class _Slot:
    name: str
    start: int
    end: int
    mask: int


class Template:
    """A masked text frame with slots.

    `marks` says which characters stand for which slot, as many of them as its values have bytes; a slot may occur
    more than once, and marks that do not occur are ignored.
    """

    def __init__(self, text: str, marks: Mapping[str, str]) -> None:
        self._payload = text.encode()
        self._frame = masked(self._payload)
        self._header_bytes = len(self._frame) - len(self._payload)
        self._slots = tuple(_slots(self._payload, self._header_bytes, marks))
        self.slots = frozenset(slot.name for slot in self._slots)

    def filled(self, values: Mapping[str, bytes]) -> bytes:
        """The frame with the slots' values, each of its slot's width."""
        frame = bytearray(self._frame)
        for slot in self._slots:
            size = slot.end - slot.start
            frame[slot.start : slot.end] = (int.from_bytes(values[slot.name]) ^ slot.mask).to_bytes(size)
        return bytes(frame)

    def payload(self, values: Mapping[str, bytes]) -> bytes:
        """The same, neither framed nor masked."""
        payload = bytearray(self._payload)
        for slot in self._slots:
            payload[slot.start - self._header_bytes : slot.end - self._header_bytes] = values[slot.name]
        return bytes(payload)


def _slots(payload: bytes, header_bytes: int, marks: Mapping[str, str]) -> Iterator[_Slot]:
    for name, mark in marks.items():
        for start in _places(payload, mark.encode()):
            end = start + len(mark)
            mask = int.from_bytes(_xor(bytes(len(mark)), start))
            yield _Slot(name, header_bytes + start, header_bytes + end, mask)


def _places(payload: bytes, mark: bytes) -> Iterator[int]:
    start = payload.find(mark)
    while start >= 0:
        yield start
        start = payload.find(mark, start + len(mark))


def _xor(payload: bytes, offset: int) -> bytes:
    """Masked, or unmasked, as if it began so many bytes after the beginning of the frame's payload."""
    size = len(payload)
    shift = offset % len(KEY)
    key: Sequence[int] = (KEY * (size // len(KEY) + 2))[shift : shift + size]
    return bytes(byte ^ other for byte, other in zip(payload, key, strict=True))


def _payload_of(data: bytes, start: int) -> tuple[int, int] | None:
    """Where the payload of the frame that starts here begins and ends; None if not all of it is there."""
    if len(data) < start + 2:
        return None
    first, second = data[start], data[start + 1]
    if first & 0xB0 != _FINAL or second & _MASKED:
        raise Malformed(f"frame header {first:02x} {second:02x}")
    size, begin = second, start + 2
    if second > 125:
        begin += 2 if second == 126 else 8
        size = int.from_bytes(data[start + 2 : begin])
    return None if len(data) < begin + size else (begin, begin + size)
