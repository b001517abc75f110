"""/api/v1/charge-points/{charge_point_id}/messages: the last OCPP messages of a charge point."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Literal

import orjson
from pydantic import Field

from csms.api import lookup
from csms.api.fields import Id, Time, WholeNumber, time
from csms.api.table import Answer, Call, Download, NoBody, Query, Route
from csms.domain.masking import masked
from csms.domain.ports import TracedMessage, TracedMessages

_ALL = 10_000

Kind = Literal["call", "result", "error", "unreadable"]

_KINDS: dict[object, Kind] = {2: "call", 3: "result", 4: "error"}
_HEAD = re.compile(r'\s*\[\s*([234])\s*,\s*"([^"\\]{1,100})"\s*,\s*(?:"(\w{1,60})")?')
"""The beginning of a frame that is not all there."""


class MessagesQuery(Query):
    """`after`: only those with higher numbers. `format` jsonl: one message a line, to be saved."""

    after: WholeNumber = Field(default=0, ge=0)
    limit: WholeNumber = Field(default=100, ge=1, le=10_000)
    action: Id | None = None
    format: Literal["json", "jsonl"] = "json"


class MessageRow(Answer):
    """`action` of an answer is that of its request, null where that is not kept any more. `payload` null: there is
    none, or it cannot be read. `size` in characters."""

    number: int
    at: Time
    direction: Literal["in", "out"]
    kind: Kind
    message_id: str | None
    action: str | None
    payload: Any
    error_code: str | None
    error_description: str | None
    size: int


class MessagesAnswer(Answer):
    """Oldest first. `newest` is the `after` of the next question; `missed`: some after `after` are not here."""

    items: list[MessageRow]
    newest: int
    missed: bool


async def get_messages(call: Call[MessagesQuery, NoBody]) -> MessagesAnswer | Download:
    lookup.charge_point_site(call.services, call.path)
    charge_point_id, query = call.path["charge_point_id"], call.query
    # All that are kept: what answers what is known from all of them.
    traced = call.services.traces.messages(charge_point_id, 0, _ALL)
    after = query.after if query.after <= traced.newest else 0
    rows = [row for row in _rows(traced, private=call.may("admin")) if row.number > after]
    rows = [row for row in rows if query.action in (None, row.action)][-query.limit :]
    if query.format == "jsonl":
        lines = b"".join(row.body() + b"\n" for row in rows)
        return Download("application/jsonl", lines, f"{_file_name(charge_point_id)}-messages.jsonl")
    first = rows[0].number if query.action is None and rows else _first(traced)
    missed = first > query.after + 1 or query.after > traced.newest
    return MessagesAnswer(items=rows, newest=traced.newest, missed=missed)


def _first(traced: TracedMessages) -> int:
    return traced.items[0].number if traced.items else traced.newest + 1


def _rows(traced: TracedMessages, private: bool) -> Iterator[MessageRow]:
    actions: dict[tuple[bool, str], str | None] = {}
    for message in traced.items:
        row = _row(message, private)
        if row.message_id is not None:
            if row.kind == "call":
                actions[message.sent, row.message_id] = row.action
            else:
                row.action = actions.get((not message.sent, row.message_id))
        yield row


def _row(message: TracedMessage, private: bool) -> MessageRow:
    row = MessageRow(
        number=message.number,
        at=time(message.at_s),
        direction="out" if message.sent else "in",
        kind="unreadable",
        message_id=None,
        action=None,
        payload=None,
        error_code=None,
        error_description=None,
        size=message.size,
    )
    _read_into(row, _frame(message), private)
    return row


def _read_into(row: MessageRow, frame: list[Any], private: bool) -> None:
    kind = _KINDS.get(frame[0]) if frame else None
    if kind is None or len(frame) < 3:
        return
    row.kind, row.message_id = kind, _text(frame[1])
    match kind:
        case "call":
            row.action = _text(frame[2])
            row.payload = _shown(frame[3], private) if len(frame) > 3 else None
        case "result":
            row.payload = _shown(frame[2], private)
        case _:
            row.error_code = _text(frame[2])
            row.error_description = _text(_shown(frame[3], private)) if len(frame) > 3 else None
            row.payload = _shown(frame[4], private) if len(frame) > 4 else None


def _shown(part: Any, private: bool) -> Any:
    """`private`: id tokens and vendors' texts may be seen."""
    return masked(part, id_tokens=private, free_text=private)


def _frame(message: TracedMessage) -> list[Any]:
    """Its parts; only the first ones of a frame that is not all there, none of what is no frame."""
    try:
        parts = orjson.loads(message.text)
    except (orjson.JSONDecodeError, ValueError):
        head = _HEAD.match(message.text)
        return [] if head is None else [int(head[1]), head[2], head[3]]
    usable = isinstance(parts, list) and len(parts) > 0 and isinstance(parts[0], int)
    return parts if usable else []


def _text(part: object) -> str | None:
    return part if isinstance(part, str) else None


def _file_name(charge_point_id: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]", "_", charge_point_id)


ROUTES = (
    Route(
        "GET",
        "/api/v1/charge-points/{charge_point_id}/messages",
        "read",
        get_messages,
        MessagesAnswer,
        "The last OCPP messages of a charge point",
        query=MessagesQuery,
        errors=(404,),
        downloads="application/jsonl",
    ),
)
