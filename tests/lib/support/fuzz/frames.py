"""Frames a charger might send, from a seed: as its schemas say, and in every way that they do not."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

from csms.charge_points.schemas import actions, request_schema, response_schema
from csms.charge_points.versions import VERSIONS
from support.fuzz.json_text import HOSTILE, MONSTROUS, Raw, Value, dumps

Schema = Mapping[str, Any]

_POOLS: Mapping[str, Sequence[Value]] = {
    "connectorId": (0, 1, 1, 1, 2, 3, 64, 65, 10**6),
    "evseId": (0, 1, 1, 1, 2, 3, 64),
    "id": (0, 1, 1, 2, 11, 12),
    "transactionId": (0, -1, 1, 2, 3, 4, "tx-1", "tx-1", "tx-2", "tx-3"),
    "idTag": ("TAG1", "tag1", "TAG2", "X" * 20),
    "idToken": ("TAG1", "tag1", "TAG2", "X" * 36),
    "seqNo": (0, 0, 1, 2, 3, 4, 5, 10**6),
    "requestId": (0, 1, 2, 3),
    "vendorId": ("vendor", "org.openchargealliance.iso15118pnc"),
    "meterStart": (0, 1000, 5000),
    "meterStop": (0, 2000, 9000),
    "tbc": (False, True),
    "value": (0, "0", 7.4, "7.4", 22000, "230.1", "-5", "1e3"),
}
"""Values with which messages meet one another: the same connectors, transactions and tokens again and again."""

_TIMES = (
    "2026-01-01T00:00:00Z",
    "2026-01-01T00:10:00.5Z",
    "2025-12-31T23:50:00+02:00",
    "2026-01-01T06:00:00",
    "1970-01-01T00:00:00Z",
)
_DEEPEST = 8
_FOREIGN = 0.05
"""So many calls are actions that a charger does not send."""

_REMEMBERED = 32
_KNOWN = 500
_LONGEST_KNOWN = 2000


class Frames:
    """An endless supply. `asked` are the calls of ours that wait for an answer: message id and action."""

    def __init__(self, seed: str, protocol: str) -> None:
        self._rng = random.Random(seed)
        self._protocol = protocol
        self._actions = sorted(actions(protocol))
        self._understood = sorted(VERSIONS[protocol].handlers)
        self._sent: list[str] = []
        self._calls: list[str] = []
        self._number = 0
        self.asked: list[tuple[str, str]] = []

    def next(self) -> str | bytes:
        """One frame more."""
        make = self._rng.choices(_KINDS, _WEIGHTS)[0]
        frame = make(self)
        if isinstance(frame, str) and len(frame) < 10_000:
            self._sent = [*self._sent[-_REMEMBERED:], frame]
        return frame

    def valid_call(self) -> str:
        return self._call(0.0)

    def known_call(self) -> str:
        """A call that was sent before, as a new one: in another order, to another state."""
        if len(self._calls) < _KNOWN:
            return self.valid_call()
        self._number += 1
        return f'[2,"c{self._number}",{self._rng.choice(self._calls)}'

    def _call(self, hostility: float) -> str:
        self._number += 1
        action = self._rng.choice(self._actions if self._rng.random() < _FOREIGN else self._understood)
        payload = self._value(request_schema(self._protocol, action).tree, hostility)
        call = f'"{action}",{dumps(payload)}]'
        if len(call) < _LONGEST_KNOWN:
            self._calls[self._number % _KNOWN : self._number % _KNOWN + 1] = [call]
        return f'[2,"c{self._number}",{call}'

    def bent_call(self) -> str:
        """A call with something wrong in it."""
        return self._call(self._rng.choice((0.02, 0.1, 0.5)))

    def answer(self) -> str:
        """An answer to a call of ours, if there is one; of an earlier or of none, if there is not."""
        message_id, action = self._rng.choice(self.asked) if self.asked else ("id-1", self._rng.choice(self._actions))
        if self._rng.random() < 0.2:
            return dumps([4, message_id, self._rng.choice(_ERRORS), self._any(), self._any()])
        payload = self._value(response_schema(self._protocol, action).tree, self._rng.choice((0.0, 0.05, 0.3)))
        return dumps([3, message_id, payload])

    def odd_shape(self) -> str:
        """An array that is almost a message."""
        kind = self._rng.choice((2, 3, 4, 5, 6, "2", 2.0, None, True, -1, Raw("2e0"), Raw("99999999999999999999")))
        message_id: Value = self._rng.choice(("m", "", "x" * 37, 7, None, {}, ["m"], Raw('"\\ud800"'), "-1"))
        rest = [self._any() for _ in range(self._rng.randrange(5))]
        if rest and self._rng.random() < 0.5:
            rest[0] = self._rng.choice(self._actions)
        return dumps([kind, message_id, *rest])

    def torn(self) -> str | bytes:
        """A frame with bytes changed, left out or doubled."""
        text = bytearray(self._call(0.05).encode())
        for _ in range(self._rng.choice((1, 1, 2, 5))):
            at = self._rng.randrange(len(text))
            piece = text[at : at + self._rng.randrange(1, 20)]
            text[at : at + self._rng.randrange(20)] = self._rng.choice((b"", bytes(piece) * 2, self._rng.randbytes(3)))
            if not text:
                return b""
        return bytes(text)

    def again(self) -> str:
        return self._rng.choice(self._sent) if self._sent else self.valid_call()

    def no_json(self) -> str | bytes:
        return self._rng.choice(
            (
                "",
                " ",
                "null",
                "[]",
                "{}",
                "[[]]",
                "[2",
                "\x00",
                '"',
                b"\xff\xfe",
                b"\xed\xa0\x80",
                self._rng.randbytes(40),
            )
        )

    def monster(self) -> str:
        action = self._rng.choice(self._actions)
        return dumps([2, "big", action, self._rng.choice((*MONSTROUS, {"vendorId": "v", "data": MONSTROUS[0]}))])

    def _any(self) -> Value:
        return self._rng.choice(HOSTILE)

    def _value(self, schema: Schema, hostility: float, name: str = "", depth: int = 0) -> Value:
        if self._rng.random() < hostility:
            return self._any()
        if name in _POOLS and schema.get("type") in {"integer", "number", "string", "boolean"}:
            fitting = [v for v in _POOLS[name] if _fits(schema["type"], v)]
            if fitting:
                return self._rng.choice(fitting)
        kind = schema.get("type")
        if kind == "object" or "properties" in schema:
            return self._object(schema, hostility, depth)
        if kind == "array":
            return self._array(schema, hostility, name, depth)
        return self._scalar(schema)

    def _object(self, schema: Schema, hostility: float, depth: int) -> Value:
        required = schema.get("required", ())
        made: dict[str, Value] = {}
        for name, item in schema.get("properties", {}).items():
            wanted = name in required or (depth < _DEEPEST and self._rng.random() < 0.4)
            if wanted and not (name in required and self._rng.random() < hostility / 4):
                made[name] = self._value(item, hostility, name, depth + 1)
        if self._rng.random() < hostility:
            made[self._rng.choice(("extra", "", "__proto__", "customData"))] = self._any()
        return made

    def _array(self, schema: Schema, hostility: float, name: str, depth: int) -> Value:
        least, most = schema.get("minItems", 0), min(schema.get("maxItems", 3), 3)
        if self._rng.random() < hostility:
            most = 40
        return [
            self._value(schema.get("items", {}), hostility, name, depth + 1)
            for _ in range(self._rng.randint(least, max(least, most)))
        ]

    def _scalar(self, schema: Schema) -> Value:
        if "enum" in schema:
            choice: Value = self._rng.choice(schema["enum"])
            return choice
        match schema.get("type"):
            case "string" if schema.get("format") == "date-time":
                return self._rng.choice(_TIMES)
            case "string" if schema.get("format") == "uri":
                return "https://charger.example/file"
            case "string":
                return "s" * self._rng.randint(0, min(schema.get("maxLength", 20), 20))
            case "integer":
                return min(self._rng.choice((0, 1, 2, 10, 3600)), int(schema.get("maximum", 3600)))
            case "number":
                return self._rng.choice((0, 0.1, 6, 16.5, 7400))
            case "boolean":
                return self._rng.random() < 0.5
        return {}  # anything


def _fits(kind: str, value: Value) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    if isinstance(value, str):
        return kind == "string"
    return kind == "number" or (kind == "integer" and isinstance(value, int))


_NO_JSON = ("", " ", "null", "[]", "{}", "[[]]", "[2", "\x00", '"', b"\xff\xfe", b"\xed\xa0\x80")
_ERRORS = ("NotImplemented", "NotSupported", "InternalError", "GenericError", "FormationViolation", "", "x" * 300)
_KINDS = (
    Frames.known_call,
    Frames.valid_call,
    Frames.bent_call,
    Frames.answer,
    Frames.odd_shape,
    Frames.torn,
    Frames.again,
    Frames.no_json,
    Frames.monster,
)
_WEIGHTS = (120.0, 20.0, 20.0, 12.0, 8.0, 12.0, 4.0, 3.9, 0.1)
