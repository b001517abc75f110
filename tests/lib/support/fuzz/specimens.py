"""A valid message as text with the places of its parts: to change one is a cut in a text, which costs next to nothing.

Drawing a message from its schema takes longer than csms needs to answer it, so that most frames of a long run are
such changes of drawn ones. Every function here makes its choices from the generator of random numbers it is given.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from support.fuzz.json_text import HOSTILE, Value, dumps

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Specimen:
    """`values` are the places of all values, containers too, `leaves` of those that hold no other; of each member of
    an object `members` has where its name begins, where its value begins, and where that ends."""

    text: str
    values: tuple[Span, ...]
    leaves: tuple[Span, ...]
    members: tuple[tuple[int, int, int], ...]


def specimen(before: str, payload: Value, after: str) -> Specimen:
    """A payload between two texts."""
    writing = _Writing([before], len(before))
    writing.write(payload)
    text = "".join([*writing.pieces, after])
    return Specimen(text, tuple(writing.values), tuple(writing.leaves), tuple(writing.members))


Change = Callable[[random.Random, Specimen, Specimen], str]
"""The text of the first with something done to it; the second lends what is needed."""


def nasty_values(rng: random.Random, one: Specimen, _other: Specimen) -> str:
    """Up to four values replaced by such as have broken something somewhere."""
    text = one.text
    for begin, end in sorted(_some(rng, one.leaves), reverse=True):
        text = text[:begin] + rng.choice(_NASTY) + text[end:]
    return text


def foreign_value(rng: random.Random, one: Specimen, other: Specimen) -> str:
    """A value, or all that an object or a list holds, replaced by one of another message."""
    begin, end = rng.choice(one.values)
    from_, to = rng.choice(other.values)
    return one.text[:begin] + other.text[from_:to] + one.text[end:]


def other_type(rng: random.Random, one: Specimen, _other: Specimen) -> str:
    begin, end = rng.choice(one.values)
    return one.text[:begin] + rng.choice(_OF_EACH_TYPE) + one.text[end:]


def nested(rng: random.Random, one: Specimen, _other: Specimen) -> str:
    """A value wrapped in lists or objects, once or very often."""
    begin, end = rng.choice(one.values)
    opening, closing = rng.choice((("[", "]"), ('{"a":', "}"), ('[{"":', "}]")))
    depth = rng.choice((1, 1, 2, 40, 254, 1100))
    return one.text[:begin] + opening * depth + one.text[begin:end] + closing * depth + one.text[end:]


def without_member(rng: random.Random, one: Specimen, other: Specimen) -> str:
    if not one.members:
        return foreign_value(rng, one, other)
    begin, _, end = rng.choice(one.members)
    if one.text[end] == ",":
        end += 1
    elif one.text[begin - 1] == ",":
        begin -= 1
    return one.text[:begin] + one.text[end:]


def doubled_member(rng: random.Random, one: Specimen, other: Specimen) -> str:
    """A member twice: with the same value, or with another."""
    if not one.members:
        return foreign_value(rng, one, other)
    begin, value, end = rng.choice(one.members)
    again = one.text[value:end] if rng.random() < 0.3 else rng.choice(_NASTY)
    return f"{one.text[:end]},{one.text[begin:value]}{again}{one.text[end:]}"


def renamed_member(rng: random.Random, one: Specimen, other: Specimen) -> str:
    """A member under the name of another one, under an unknown name, or under one that is no name."""
    if not one.members:
        return foreign_value(rng, one, other)
    begin, value, _ = rng.choice(one.members)
    name = rng.choice(_NAMES)
    if other.members and rng.random() < 0.5:
        from_, to, _ = rng.choice(other.members)
        name = other.text[from_:to]
    return one.text[:begin] + name + one.text[value:]


def added_member(rng: random.Random, one: Specimen, other: Specimen) -> str:
    if not one.members:
        return foreign_value(rng, one, other)
    begin, _, _ = rng.choice(one.members)
    return f"{one.text[:begin]}{rng.choice(_NAMES)}{rng.choice(_NASTY)},{one.text[begin:]}"


def truncated(rng: random.Random, one: Specimen, _other: Specimen) -> str:
    return one.text[: rng.randrange(len(one.text))]


def spliced(rng: random.Random, one: Specimen, other: Specimen) -> str:
    """The beginning of one and the end of another."""
    return one.text[: rng.randrange(len(one.text))] + other.text[rng.randrange(len(other.text)) :]


CHANGES: tuple[Change, ...] = (
    nasty_values,
    nasty_values,
    nasty_values,
    foreign_value,
    foreign_value,
    other_type,
    nested,
    without_member,
    doubled_member,
    renamed_member,
    added_member,
    truncated,
    spliced,
)
"""Each as often as it is worth."""


class _Writing:
    """`dumps`, that notes where everything stands."""

    def __init__(self, pieces: list[str], at: int) -> None:
        self.pieces = pieces
        self.values: list[Span] = []
        self.leaves: list[Span] = []
        self.members: list[tuple[int, int, int]] = []
        self._at = at

    def write(self, value: Value) -> None:
        begin = self._at
        if isinstance(value, Mapping):
            self._object(value)
        elif isinstance(value, Sequence) and not isinstance(value, str):
            self._array(value)
        else:
            self._put(dumps(value))
        self.values.append((begin, self._at))
        if not isinstance(value, (Mapping, list)) or not value:
            self.leaves.append((begin, self._at))

    def _object(self, value: Mapping[str, Value]) -> None:
        self._put("{")
        for number, (name, item) in enumerate(value.items()):
            self._put("," if number else "")
            begin = self._at
            self._put(f"{json.dumps(name)}:")
            begin_of_value = self._at
            self.write(item)
            self.members.append((begin, begin_of_value, self._at))
        self._put("}")

    def _array(self, value: Sequence[Value]) -> None:
        self._put("[")
        for number, item in enumerate(value):
            self._put("," if number else "")
            self.write(item)
        self._put("]")

    def _put(self, piece: str) -> None:
        self.pieces.append(piece)
        self._at += len(piece)


_NASTY = tuple(dumps(value) for value in HOSTILE)
_OF_EACH_TYPE = ("null", "true", "0", "-1", "1.5", '""', '"1"', "[]", "[0]", "{}", '{"value":1}', "1E2")
_NAMES = (
    '"extra":',
    '"":',
    '"__proto__":',
    '"customData":',
    '"\\u0000":',
    '"status":',
    '"id":',
    '"\\ud800":',
    "1:",
    "",
)


def _some(rng: random.Random, places: Sequence[Span]) -> list[Span]:
    return rng.sample(places, min(len(places), rng.choice((1, 1, 1, 2, 4))))
