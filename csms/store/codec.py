"""Frozen dataclasses <-> JSON values, field by field, driven by their type hints. Pure.

A `Moment` is stored as its wall-clock time alone, since a steady clock means nothing to the next process; whoever
reads says, as a `Restore`, which steady time to put back. A field missing in the JSON value gets its default and an
unknown one is ignored, so that what an older version wrote can be read.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from csms.domain.model import Moment

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
JsonObject = dict[str, Json]
Restore = Callable[[float], Moment]

Value = TypeVar("Value")


class Unstorable(ValueError):
    """A value no database takes: half a surrogate pair, NaN, infinity, an integer beyond 64 bits, a foreign type."""


def to_json(value: Any) -> Json:
    """Raises Unstorable."""
    return _ENCODER[type(value)](value)


def to_object(value: Any) -> JsonObject:
    """A dataclass as a JSON object, in the order of its fields. Raises Unstorable."""
    kind: Any = type(value)
    encoder = _ENCODER
    return {
        name: None if (item := getattr(value, name)) is None else encoder[type(item)](item)
        for name in field_names(kind)
    }


def from_json(kind: type[Value], value: object, restore: Restore) -> Value:
    """The `kind` that `to_json` made `value` from."""
    hint: Any = kind
    decoded: Value = _decoder(hint)(value, restore)
    return decoded


@cache
def field_names(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


class _Encoders(dict[type, Callable[[Any], Json]]):
    """How a value is encoded, by its type; found once per type."""

    def __missing__(self, kind: type) -> Callable[[Any], Json]:
        otherwise = to_object if is_dataclass(kind) else _foreign
        self[kind] = next((encode for handled, encode in _HANDLED if issubclass(kind, handled)), otherwise)
        return self[kind]


_ENCODER = _Encoders()


def _text(value: str) -> str:
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise Unstorable(f"text that is not Unicode: {error.reason}") from None
    return value


def _integer(value: int) -> int:
    if not -(2**63) <= value < 2**63:
        raise Unstorable("an integer beyond 64 bits")
    return value


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise Unstorable(f"{value} is no number")
    return value


def _foreign(value: object) -> Json:
    raise Unstorable(f"nobody said how to store a {type(value).__name__}")


_HANDLED: tuple[tuple[type | tuple[type, ...], Callable[[Any], Json]], ...] = (
    (NoneType, lambda value: value),
    (bool, lambda value: value),
    (StrEnum, lambda value: value.value),
    (str, _text),
    (int, _integer),
    (float, _finite),
    (Moment, lambda value: _finite(value.utc_s)),
    ((tuple, list), lambda value: [to_json(item) for item in value]),
    (Mapping, lambda value: {_text(key): to_json(item) for key, item in value.items()}),
)
"""The first that matches wins: bool is an int, a StrEnum is a str and a Moment is a tuple."""

_Decode = Callable[[Any, Restore], Any]


@cache
def _decoder(hint: Any) -> _Decode:  # Any: a type hint has no common type
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return _optional(arguments)
    if origin is tuple:
        return _tuple(_decoder(arguments[0]))
    if origin is not None and issubclass(origin, Mapping):
        return _mapping(_decoder(arguments[1]))
    if hint is Moment:
        return lambda value, restore: restore(value)
    if is_dataclass(hint) and isinstance(hint, type):
        return _dataclass(hint)
    if hint is float or issubclass(hint, StrEnum):
        return lambda value, _restore: hint(value)
    return lambda value, _restore: value


def _optional(arguments: tuple[Any, ...]) -> _Decode:
    (kind,) = (argument for argument in arguments if argument is not NoneType)  # X | None is all that rows use
    decode = _decoder(kind)
    return lambda value, restore: None if value is None else decode(value, restore)


def _tuple(decode: _Decode) -> _Decode:
    return lambda value, restore: tuple(decode(item, restore) for item in value)


def _mapping(decode: _Decode) -> _Decode:
    return lambda value, restore: {key: decode(item, restore) for key, item in value.items()}


def _dataclass(kind: type) -> _Decode:
    hints = get_type_hints(kind)
    decoders = {name: _decoder(hints[name]) for name in field_names(kind)}

    def decode(value: Mapping[str, Any], restore: Restore) -> Any:
        return kind(**{name: decoders[name](value[name], restore) for name in decoders if name in value})

    return decode
