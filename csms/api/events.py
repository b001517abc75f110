"""/api/v1/events: what happens, as a stream of server-sent events, and what happened, page by page."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncGenerator
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from csms.api.feed import Wanted
from csms.api.fields import Id, WholeNumber
from csms.api.problems import Problem, invalid
from csms.api.public_events import PAYLOADS, PublicEvent, public
from csms.api.table import Answer, Call, NoBody, Query, Route, Stream
from csms.validation import FieldError, broken_rule

HEARTBEAT_S = 15.0
"""Something is sent at least this often, so that a client and what is between notice a lost connection."""

RETRY_MS = 3000
MAX_STREAMS = 200

_EVENT_STREAM = "text/event-stream"


def _known_types(text: object) -> object:
    types = frozenset(str(text).split(","))
    if not types <= PAYLOADS.keys():
        raise broken_rule("must be types of events, separated by commas")
    return types


Types = Annotated[frozenset[str], BeforeValidator(_known_types, json_schema_input_type=str)]
Number = Annotated[WholeNumber, Field(ge=0, lt=2**63)]


class EventsQuery(Query):
    """`after` is where to go on from; Last-Event-ID goes before it. `before`, `limit`: for pages only."""

    format: Literal["sse", "json"] = "sse"
    site_id: Id | None = None
    charge_point_id: Id | None = None
    type: Types | None = None
    after: Number | None = None
    before: Number | None = None
    limit: WholeNumber = Field(default=100, ge=1, le=1000)


class EventsAnswer(Answer):
    """A page: newest first, or oldest first with `after`. The next page is before, or after, `reached`."""

    items: list[PublicEvent]
    reached: int
    complete: bool


async def get_events(call: Call[EventsQuery, NoBody]) -> EventsAnswer | Stream:
    query = call.query
    wanted = Wanted(query.type, query.site_id, query.charge_point_id)
    if query.format == "json":
        return await _page(call, wanted)
    if query.before is not None:
        raise invalid([FieldError("before", "needs format to be json")])
    if call.services.feed.followers >= MAX_STREAMS:
        raise Problem(503, "There are as many streams as there can be.", headers={"Retry-After": "60"})
    return Stream(_EVENT_STREAM, _chunks(call, wanted, _last_seen(call)))


async def _page(call: Call[EventsQuery, NoBody], wanted: Wanted) -> EventsAnswer:
    query = call.query
    if query.after is not None and query.before is not None:
        raise invalid([FieldError("before", "must be absent where after is given")])
    page = await call.services.store.events(wanted.query(after=query.after, before=query.before, limit=query.limit))
    return EventsAnswer(items=[public(stored) for stored in page.items], reached=page.reached, complete=page.complete)


def _last_seen(call: Call[EventsQuery, NoBody]) -> int | None:
    """What a client that reconnects has seen last. Raises Problem 422."""
    said = call.headers.get("Last-Event-ID", "").strip()
    if not said:
        return call.query.after
    if re.fullmatch("[0-9]{1,18}", said) is None:
        raise invalid([FieldError("Last-Event-ID", "must be a whole number")])
    return int(said)


async def _chunks(call: Call[EventsQuery, NoBody], wanted: Wanted, after: int | None) -> AsyncGenerator[bytes, None]:
    yield b"retry: %d\n\n" % RETRY_MS
    async with contextlib.aclosing(call.services.feed.follow(wanted, after, HEARTBEAT_S)) as following:
        async for news in following:
            if not call.services.keyring.holds(call.key):
                return  # it was revoked
            if news.events:
                yield b"".join(frame(event) for event in news.events)
            else:
                yield heartbeat(news.reached)


def frame(event: PublicEvent) -> bytes:
    """WHATWG HTML section 9.2.6. JSON has no line breaks, so that one line of data is enough."""
    number = b"" if event.event_id is None else b"id: %d\n" % event.event_id
    return b"%sevent: %s\ndata: %s\n\n" % (number, event.type.encode(), event.body())


def heartbeat(reached: int) -> bytes:
    """No event, since it has no data; but a client that reconnects goes on from `reached`."""
    return b": heartbeat\nid: %d\n\n" % reached


ROUTES = (
    Route(
        "GET",
        "/api/v1/events",
        "read",
        get_events,
        EventsAnswer,
        "What happens, as server-sent events; with format=json what happened, as a page",
        query=EventsQuery,
        errors=(503,),
        streams=_EVENT_STREAM,
    ),
)
