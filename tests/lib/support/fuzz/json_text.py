"""JSON as no serializer writes it: NaN, infinities, numbers of thousands of digits, half surrogate pairs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Raw:
    """Text that stands in a frame as it is."""

    text: str


Value = None | bool | int | float | str | Raw | Sequence["Value"] | Mapping[str, "Value"]


def dumps(value: Value) -> str:
    """Like json.dumps, but `Raw` is written as it is."""
    if isinstance(value, Raw):
        return value.text
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{json.dumps(name)}:{dumps(item)}" for name, item in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ",".join(map(dumps, value)) + "]"
    return json.dumps(value)


HOSTILE: tuple[Value, ...] = (
    None,
    True,
    False,
    "",
    " ",
    0,
    -1,
    -0.0,
    0.1 + 0.2,
    1e308,
    2**31,
    2**53,
    2**63,
    -(2**64),
    "0",
    "1e999",
    "NaN",
    "Infinity",
    "null",
    "2026-02-30T25:61:61Z",
    "9999-12-31T23:59:59.999999999Z",
    "9999-12-31T23:59:59-23:59",
    "0001-01-01T00:00:00+23:59",
    "1970-01-01T00:00:00Z",
    "2026-01-01 00:00",
    "\x00",
    "\x00CP\u202e\ufeff",
    "<img src=x onerror=alert(1)>",
    "'; DROP TABLE events; --",
    "../../etc/passwd",
    "é" * 300,
    "x" * 5000,
    [],
    {},
    [[]],
    {"": None},
    {"id": {"id": {"id": 1}}},
    Raw("NaN"),
    Raw("Infinity"),
    Raw("-Infinity"),
    Raw("1e999"),
    Raw("-1e-999"),
    Raw("9" * 5000),
    Raw("0." + "3" * 5000),
    Raw("[" * 2000 + "]" * 2000),
    Raw('{"a":' * 500 + "1" + "}" * 500),
    Raw('"\\ud800"'),
    Raw('"\\udc00\\ud800"'),
    Raw('"\\u0000"'),
    Raw('{"a":1,"a":2}'),
    Raw("01"),
    Raw("'text'"),
)
"""Values that have broken something somewhere."""

MONSTROUS: tuple[Value, ...] = (
    "x" * 1_000_000,
    Raw("[" * 100_000 + "]" * 100_000),
    Raw("[" * 100_000),
    Raw('{"a":' * 100_000),
    Raw("7" * 500_000),
    Raw("[" + "0," * 200_000 + "0]"),
)
"""Values of the size of a frame."""
