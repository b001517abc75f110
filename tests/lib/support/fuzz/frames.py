"""Frames a charger might send, from a seed: as its schemas say, and in every way that they do not."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate
from typing import Any, NamedTuple

import orjson

from csms.charge_points.schemas import actions, request_schema, response_schema
from csms.charge_points.versions import VERSIONS
from support.fuzz.json_text import HOSTILE, MONSTROUS, Raw, Value, dumps
from support.fuzz.specimens import CHANGES, Specimen, specimen

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
_FAR_TIMES = ("9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+14:00")
_ODD = 0.05
"""How often a value is such that its schema just allows it."""

_ODD_TEXTS = (
    "\x00",
    " ",
    "\u202e\ufeff\x00",
    "é" * 10_000,
    "😀" * 1000,
    "'; DROP TABLE events; --",
    "-0",
    "NaN",
    "1e999",
)
_ODD_INTEGERS = (-1, 0, 2**31, 2**53 - 1, -(2**53) + 1)
_ODD_NUMBERS = (-0.0, -1, 1e-300, 1e308, -1e308, 2**53, 0.1 + 0.2)
_DEEPEST = 8
_FOREIGN = 0.05
"""So many calls are actions that a charger does not send."""

_REMEMBERED = 32
_POOL = 600
"""So many calls are drawn before they are changed, and said again in another order, more than new ones are drawn."""

_ANSWERS_POOL = 12
_LONGEST_POOLED = 4000


class Made(NamedTuple):
    """A frame, and what kind of frame it is."""

    kind: str
    frame: str | bytes


class Frames:
    """An endless supply. `asked` are the calls of ours that wait for an answer: message id and action."""

    def __init__(self, seed: str, protocol: str) -> None:
        self._rng = random.Random(seed)
        self._protocol = protocol
        self._actions = sorted(actions(protocol))
        self._understood = sorted(VERSIONS[protocol].handlers)
        self._asked_of_chargers = sorted(VERSIONS[protocol].outgoing)
        self._sent: deque[str] = deque(maxlen=_REMEMBERED)
        self._pool: list[Specimen] = []
        self._answers: dict[str, list[Specimen]] = {}
        self._chosen: list[Specimen] = []
        self._mood = _MOODS[0]
        self._left = 0
        self._number = 0
        self.asked: list[tuple[str, str]] = []

    def next(self) -> Made:
        """One frame more."""
        if not self._left:
            self._change_mood()
        self._left -= 1
        kind = self._rng.choices(_KINDS, cum_weights=self._mood)[0]
        frame = kind(self)
        if isinstance(frame, str) and len(frame) < 10_000:
            self._sent.append(frame)
        return Made(_NAMES[kind], frame)

    def valid_call(self) -> str:
        """One that was never sent before."""
        return self._numbered(self._drawn(0.0).text)

    def known_call(self) -> str:
        """A call that was sent before, as a new one: in another order, to another state."""
        return self._numbered(self._pooled().text)

    def changed_call(self) -> str:
        """A known call with one thing done to it."""
        change = self._rng.choice(CHANGES)
        return self._numbered(change(self._rng, self._pooled(), self._pooled()))

    def bent_call(self) -> str:
        """A new call with several things wrong in it."""
        return self._numbered(self._drawn(self._rng.choice((0.02, 0.1, 0.5))).text)

    def answer(self) -> str:
        """An answer to a call of ours, if there is one; of an earlier or of none, if there is not."""
        rng = self._rng
        message_id, action = self._asked() if self.asked else ("id-1", rng.choice(self._actions))
        if rng.random() < 0.2:
            return dumps([4, message_id, rng.choice(_ERRORS), self._any(), self._any()])
        answer = self._pooled_answer(action)
        if rng.random() < 0.5:
            return f'[3,"{message_id}",{answer.text}'
        return f'[3,"{message_id}",{rng.choice(CHANGES)(rng, answer, self._pooled_answer(action))}'

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
        text = bytearray(self.known_call().encode("utf-8", "surrogatepass"))
        for _ in range(self._rng.choice((1, 1, 2, 5))):
            at = self._rng.randrange(len(text))
            piece = text[at : at + self._rng.randrange(1, 20)]
            text[at : at + self._rng.randrange(20)] = self._rng.choice((b"", bytes(piece) * 2, self._rng.randbytes(3)))
            if not text:
                return b""
        return bytes(text)

    def again(self) -> str:
        """The same frame once more, its message id included: a retry."""
        return self._rng.choice(self._sent) if self._sent else self.valid_call()

    def no_json(self) -> str | bytes:
        return self._rng.choice((*_NO_JSON, self._rng.randbytes(40)))

    def monster(self) -> str:
        action = self._rng.choice(self._actions)
        return dumps([2, "big", action, self._rng.choice((*MONSTROUS, {"vendorId": "v", "data": MONSTROUS[0]}))])

    def request_of_ours(self) -> tuple[str, dict[str, Any]]:
        """A valid request of a central system."""
        action = self._rng.choice(self._asked_of_chargers)
        payload: dict[str, Any] = orjson.loads(dumps(self._value(request_schema(self._protocol, action).tree, 0.0)))
        return action, payload

    def _asked(self) -> tuple[str, str]:
        """Mostly the call that waits, else one that was answered, or given up, long ago."""
        return self.asked[-1] if self._rng.random() < 0.7 else self._rng.choice(self.asked)

    def _numbered(self, call: str) -> str:
        self._number += 1
        return f'[2,"c{self._number}",{call}'

    def _drawn(self, hostility: float) -> Specimen:
        """A call as its schema says, but for as much hostility, kept for later if it is good for that."""
        action = self._rng.choice(self._actions if self._rng.random() < _FOREIGN else self._understood)
        payload = self._value(request_schema(self._protocol, action).tree, hostility)
        drawn = specimen(f'"{action}",', payload, "]")
        if not hostility and len(drawn.text) < _LONGEST_POOLED:
            if len(self._pool) < _POOL:
                self._pool.append(drawn)
            else:
                self._pool[self._rng.randrange(_POOL)] = drawn
        return drawn

    def _pooled(self) -> Specimen:
        return self._rng.choice(self._chosen) if self._chosen else self._drawn(0.0)

    def _change_mood(self) -> None:
        """For a while it speaks of a few things only, or of all, and errs more or less: with everything at once, no
        transaction would last, and no question of ours be answered before the next boot."""
        self._left = self._rng.randrange(20, 1000)
        self._mood = self._rng.choice(_MOODS)
        if len(self._pool) < _POOL:
            return
        self._chosen = self._pool
        if self._rng.random() < 0.7:
            actions_now = self._rng.sample(self._understood, self._rng.randint(1, 6))
            begins = tuple(f'"{action}"' for action in actions_now)
            self._chosen = [known for known in self._pool if known.text.startswith(begins)] or self._pool

    def _pooled_answer(self, action: str) -> Specimen:
        pool = self._answers.setdefault(action, [])
        if len(pool) < _ANSWERS_POOL:
            tree = response_schema(self._protocol, action).tree
            pool.append(specimen("", self._value(tree, self._rng.choice((0.0, 0.0, 0.05))), "]"))
        return self._rng.choice(pool)

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
        if schema.get("additionalProperties", True) and self._rng.random() < _ODD:
            made["extra"] = self._rng.choice(
                (Raw('{"a":' * 300 + "1" + "}" * 300), "x" * 20_000, 2**63, -1, None, "\x00")
            )
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
                return self._rng.choice(_TIMES if self._rng.random() < 0.9 else _FAR_TIMES)
            case "string" if schema.get("format") == "uri":
                return "https://charger.example/file"
            case "string" if self._rng.random() < _ODD:
                text: str = self._rng.choice(_ODD_TEXTS)[: schema.get("maxLength", 20_000)]
                return text
            case "string":
                return "s" * self._rng.randint(0, min(schema.get("maxLength", 20), 20))
            case "integer" if self._rng.random() < _ODD:
                return max(int(schema.get("minimum", -1)), min(self._rng.choice(_ODD_INTEGERS), int(schema["maximum"])))
            case "integer":
                return min(self._rng.choice((0, 1, 2, 10, 3600)), int(schema.get("maximum", 3600)))
            case "number":
                return self._rng.choice((0, 0.1, 6, 16.5, 7400) if self._rng.random() > _ODD else _ODD_NUMBERS)
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
_WEIGHTS: Mapping[Callable[[Frames], str | bytes], tuple[float, float, float]] = {
    Frames.changed_call: (90, 20, 50),
    Frames.known_call: (50, 140, 50),
    Frames.answer: (10, 10, 80),
    Frames.torn: (14, 4, 6),
    Frames.valid_call: (5, 5, 3),
    Frames.odd_shape: (8, 2, 4),
    Frames.bent_call: (5, 2, 2),
    Frames.again: (5, 5, 2),
    Frames.no_json: (3, 1, 1),
    Frames.monster: (0.06, 0.02, 0.02),
}
"""How often: by one that errs, by one that mostly says what it may say, by one that mostly answers."""

_KINDS = tuple(_WEIGHTS)
_MOODS = tuple(tuple(accumulate(weights)) for weights in zip(*_WEIGHTS.values(), strict=True))
_NAMES = {make: make.__name__.replace("_", " ") for make in _KINDS}
