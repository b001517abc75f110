"""Numbers handed out from memory, out of blocks that were reserved on disk before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, select

from csms.store.tables import sequences
from csms.store.upsert import insert_or

BLOCK = 64
"""Numbers reserved ahead: what a crash may skip. A burst of more than half of it within one commit must wait."""


class Sequences:
    """`last` has, per sequence, the highest number that may have been handed out so far."""

    def __init__(self, last: Mapping[str, int]) -> None:
        self._last = dict(last)
        self._reserved = dict(last)
        self._under_way: set[str] = set()

    @property
    def last(self) -> dict[str, int]:
        """The highest number handed out, per sequence."""
        return dict(self._last)

    def take(self, name: str) -> int | None:
        """The next number; None while none is reserved."""
        number = self._last.get(name, 0) + 1
        if number > self._reserved.get(name, 0):
            return None
        self._last[name] = number
        return number

    def due(self, name: str) -> int | None:
        """Up to where to reserve now, without waiting for it; None while more than half a block is left.

        Once asked for, it is not due again until `reserved` or `failed` was called.
        """
        left = self._reserved.get(name, 0) - self._last.get(name, 0)
        if left > BLOCK // 2 or name in self._under_way:
            return None
        self._under_way.add(name)
        return self.ahead(name)

    def ahead(self, name: str) -> int:
        """A block ahead of the last number handed out."""
        return self._last.get(name, 0) + BLOCK

    def reserved(self, values: Mapping[str, int]) -> None:
        """These are on disk."""
        for name, value in values.items():
            self._reserved[name] = max(value, self._reserved.get(name, 0))
            self._under_way.discard(name)

    def failed(self, names: Iterable[str]) -> None:
        self._under_way.difference_update(names)


def load_sequences(connection: Connection) -> dict[str, int]:
    return {row.name: row.value for row in connection.execute(select(sequences))}


def raise_sequences(connection: Connection, values: Mapping[str, int]) -> None:
    """Reserve every number up to these; what is reserved already stays so."""
    if values:
        statement = insert_or(sequences, connection.dialect.name)
        higher = statement.on_conflict_do_update(
            index_elements=["name"],
            set_={"value": statement.excluded.value},
            where=sequences.c.value < statement.excluded.value,
        )
        connection.execute(higher, [{"name": name, "value": value} for name, value in values.items()])


def settle_sequences(connection: Connection, last: Mapping[str, int]) -> None:
    """At a clean end: give back what was reserved and not handed out."""
    for name, value in last.items():
        connection.execute(sequences.update().where(sequences.c.name == name).values(value=value))
