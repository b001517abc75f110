"""Our own messages as the wire wants them: the schemas' names, nothing null, no empty optional.

Part 4 section 4.1.5 allows no null, {} or [] for an empty field.
"""

from __future__ import annotations

import functools
import math
from dataclasses import fields, is_dataclass
from decimal import Decimal
from enum import Enum
from typing import Any

from ocpp.charge_point import snake_to_camel_case

from csms.charge_points.schemas import JsonObject


def action_of(message: object) -> str:
    """The action of a request as `Codec.encode_call` takes it."""
    return str(message[0]) if isinstance(message, tuple) else type(message).__name__


def payload_of(message: object) -> JsonObject:
    """The payload of a request as `Codec.encode_call` takes it."""
    return wire_object(message[1] if isinstance(message, tuple) else _members(message))


def wire_object(values: JsonObject) -> JsonObject:
    """A payload without its empty parts, enums and decimals as JSON has them. ValueError for NaN and infinity."""
    return {name: wired for name, value in values.items() if (wired := _wire(value)) is not None}


@functools.cache
def wire_names(message_class: Any) -> dict[str, str]:
    """The fields of a class of the `ocpp` package: their names on the wire, and in the class."""
    names = {field.name: field.name for field in fields(message_class)}
    # The package's own rule knows the exceptions of its own names (soc, csms, url, v2x).
    converted: dict[str, str] = snake_to_camel_case(names)  # type: ignore[no-untyped-call]  # not annotated
    return converted


_PLAIN = frozenset({str, int, bool, type(None)})


def _wire(value: object) -> object:
    """None stands for a value to leave out."""
    if type(value) in _PLAIN:
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, dict):
        return wire_object(value) or None
    if isinstance(value, list | tuple):
        return [wired for item in value if (wired := _wire(item)) is not None] or None
    if isinstance(value, float | Decimal):
        if not math.isfinite(value):
            raise ValueError("JSON has no infinity and no NaN")
        return float(value)
    if is_dataclass(value):
        return wire_object(_members(value)) or None
    return value


def _members(message: Any) -> JsonObject:
    return {wire_name: getattr(message, name) for wire_name, name in wire_names(message.__class__).items()}
