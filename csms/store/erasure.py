"""A person's token is taken out of the past: out of sessions, and out of what was recorded. Energy and times stay."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, select, update

from csms.domain.authorization import token_key
from csms.store import tables

STEP_ROWS = 5000
"""How many rows are looked at in one transaction: some milliseconds of the writer's time."""

_STARTS = tables.events.c.type.in_(("TransactionStarted", "TransactionAuthorized", "TransactionOrphaned"))
_DOCUMENTS: tuple[tuple[Table, str, ColumnElement[bool] | None], ...] = (
    (tables.events, "id", _STARTS),
    (tables.commands, "command_id", None),
    (tables.deliveries, "delivery_id", None),
    (tables.audit, "audit_id", None),
)
"""Tables whose JSON may hold a token, their number, and which rows of them."""


class Erasure:
    """Replaces one token, however it is spelled. `step` does a part of it, and says whether there is more to do."""

    def __init__(self, id_token: str, stand_in: str) -> None:
        self._key = token_key(id_token)
        self._stand_in = stand_in
        self._table = -1  # the sessions come first
        self._after = -1
        self.sessions = 0
        self.records = 0

    def step(self, connection: Connection) -> bool:
        if self._table < 0:
            seen, self._after = self._sessions(connection)
        else:
            seen, self._after = self._documents(connection, *_DOCUMENTS[self._table])
        if seen < STEP_ROWS:
            self._table, self._after = self._table + 1, -1
        return self._table < len(_DOCUMENTS)

    def _sessions(self, connection: Connection) -> tuple[int, int]:
        table = tables.transactions
        found = connection.execute(
            select(table.c.session_id, table.c.id_token)
            .where(table.c.session_id > self._after)
            .order_by(table.c.session_id)
            .limit(STEP_ROWS)
        ).all()
        of_token = [number for number, text in found if text is not None and token_key(text) == self._key]
        for number in of_token:
            erased = {"id_token": self._stand_in, "start_key": ""}
            connection.execute(update(table).where(table.c.session_id == number).values(erased))
        self.sessions += len(of_token)
        return len(found), found[-1][0] if found else self._after

    def _documents(
        self, connection: Connection, table: Table, key: str, which: ColumnElement[bool] | None
    ) -> tuple[int, int]:
        number = table.c[key]
        conditions = [number > self._after] if which is None else [number > self._after, which]
        query = select(number, table.c.data).where(*conditions).order_by(number).limit(STEP_ROWS)
        found = connection.execute(query).all()
        for row, data in found:
            erased = self._erased(data)
            if erased != data:
                connection.execute(update(table).where(number == row).values(data=erased))
                self.records += 1
        return len(found), found[-1][0] if found else self._after

    def _erased(self, value: Any) -> Any:  # Any: whatever JSON holds
        """The value with the token replaced in every field that holds one."""
        if isinstance(value, list):
            return [self._erased(item) for item in value]
        if isinstance(value, dict):
            return {name: self._field(name, item) for name, item in value.items()}
        return value

    def _field(self, name: str, value: Any) -> Any:
        if not isinstance(value, str):
            return self._erased(value)
        if name in _TOKENS and token_key(value) == self._key:
            return self._stand_in
        return "" if name == _START_KEY and token_key(value).endswith(f"|{self._key}") else value


_TOKENS = frozenset({"id_token", "idTag", "idToken"})
_START_KEY = "start_key"
"""What recognises a repeated 1.6 start: the tag stands at its end."""
