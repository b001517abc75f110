"""/api/v1/id-tokens: which tokens may charge where, one by one and as CSV; and the erasure of a person's traces."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from itertools import islice
from typing import Literal

from pydantic import ValidationError

from csms.api.fields import Id, Time, optional_time, time
from csms.api.problems import Problem, invalid
from csms.api.table import Answer, Call, NoBody, Page, PageQuery, Query, Route, Services, Stream, Text
from csms.domain.authorization import IdToken, TokenInUse, token_key
from csms.domain.records import RecordQuery
from csms.token_csv import lines, read
from csms.token_models import IdTokenConfig, TokenFields, written
from csms.validation import MAX_ERRORS, FieldError, field_errors

_AT_A_TIME = 200
"""So many lines of CSV are read or written before everything else has its turn."""


class IdTokenQuery(PageQuery):
    """Group and status as they were written."""

    group_id: Id | None = None
    status: Literal["Accepted", "Blocked", "Invalid", "NoCredit"] | None = None


class IdTokenAnswer(Answer):
    """`running_sessions` is how many sessions of it run now; `origin` is "file" or "api"."""

    id_token: str
    group_id: str | None
    status: str
    type: str | None
    valid_from: Time | None
    expires_at: Time | None
    sites: list[str]
    charge_points: list[str]
    current: str | None
    one_at_a_time: bool
    priority: int
    end_session_when_blocked: bool | None
    note: str
    origin: str
    created_at: Time
    updated_at: Time
    running_sessions: int


class TokenChange(TokenFields):
    """What is not given stays."""


class RemovedAnswer(Answer):
    removed: str


class ImportAnswer(Answer):
    created: int
    changed: int


class ErasedAnswer(Answer):
    """In how many sessions, and in how many other records, the token was replaced."""

    sessions: int
    records: int


async def list_id_tokens(call: Call[IdTokenQuery, NoBody]) -> Page[IdTokenAnswer]:
    query = call.query
    wanted = {"group_id": query.group_id, "status": query.status}
    page = await call.services.store.records(
        RecordQuery(
            IdToken,
            where={name: value for name, value in wanted.items() if value is not None},
            limit=query.limit,
            offset=query.offset,
        )
    )
    items = [_answer(call.services, record) for record in page.items]
    return Page(items=items, total=page.total, limit=query.limit, offset=query.offset)


async def create_id_token(call: Call[Query, IdTokenConfig]) -> IdTokenAnswer:
    tokens, body = call.services.id_tokens, call.body
    if tokens.find(body.id_token) is not None:
        raise Problem(409, "There is such an id token already.")
    await tokens.save([body.record(body.id_token, origin="api", at_s=call.services.clock.now().utc_s)])
    return _answer(call.services, _known(call.services, {"id_token": body.id_token}))


async def get_id_token(call: Call[Query, NoBody]) -> IdTokenAnswer:
    return _answer(call.services, _known(call.services, call.path))


async def patch_id_token(call: Call[Query, TokenChange]) -> IdTokenAnswer:
    known = _known(call.services, call.path)
    given = call.body.model_dump(exclude_unset=True)
    times = {name: optional_time(given[name]) for name in ("valid_from", "expires_at") if name in given}
    try:
        merged = TokenFields.model_validate({**written(known), **given, **times})
    except ValidationError as broken:
        raise invalid(field_errors(broken)) from None
    now_s = call.services.clock.now().utc_s
    changed = merged.record(known.id_token, origin="api", at_s=now_s, created_at_s=known.created_at_s)
    await call.services.id_tokens.save([changed])
    return _answer(call.services, changed)


async def delete_id_token(call: Call[Query, NoBody]) -> RemovedAnswer:
    known = _known(call.services, call.path)
    await call.services.id_tokens.remove([known.id_token])
    return RemovedAnswer(removed=known.id_token)


async def export_id_tokens(call: Call[Query, NoBody]) -> Stream:
    return Stream("text/csv; charset=utf-8", _chunks(call.services.id_tokens.all()))


async def import_id_tokens(call: Call[Query, Text]) -> ImportAnswer:
    """All of them or none."""
    tokens = call.services.id_tokens
    records: list[IdToken] = []
    errors: list[FieldError] = []
    found = read(call.body.text, tokens.find, call.services.clock.now().utc_s)
    for number, line in enumerate(found):
        if isinstance(line, list):
            errors += line
        else:
            records.append(line)
        if number % _AT_A_TIME == 0:
            await asyncio.sleep(0)
    if errors:
        raise invalid(errors[:MAX_ERRORS])
    created = sum(tokens.find(record.id_token) is None for record in records)
    await tokens.save(records)
    return ImportAnswer(created=created, changed=len(records) - created)


async def erase_personal_data(call: Call[Query, NoBody]) -> ErasedAnswer:
    known = call.services.id_tokens.find(call.path["id_token"])
    try:
        erased = await call.services.id_tokens.erase(call.path["id_token"])
    except TokenInUse:
        raise Problem(409, "A session of this id token is running; end it first.") from None
    if known is None and not (erased.sessions or erased.records):
        raise Problem(404, "There is no such id token, and no session of one.")
    return ErasedAnswer(sessions=erased.sessions, records=erased.records)


async def _chunks(records: list[IdToken]) -> AsyncGenerator[bytes, None]:
    rest = lines(records)
    while part := "".join(islice(rest, _AT_A_TIME)):
        yield part.encode()
        await asyncio.sleep(0)


def _known(services: Services, path: Mapping[str, str]) -> IdToken:
    found = services.id_tokens.find(path["id_token"])
    if found is None:
        raise Problem(404, "There is no such id token.")
    return found


def _answer(services: Services, record: IdToken) -> IdTokenAnswer:
    return IdTokenAnswer(
        id_token=record.id_token,
        **written(record),
        origin=record.origin,
        created_at=time(record.created_at_s),
        updated_at=time(record.updated_at_s),
        running_sessions=len(services.id_tokens.in_use(token_key(record.id_token))),
    )


_PATH = "/api/v1/id-tokens"
_ONE = f"{_PATH}/{{id_token}}"

ROUTES = (
    Route(
        "GET",
        _PATH,
        "read",
        list_id_tokens,
        Page[IdTokenAnswer],
        "Id tokens, of all groups or one",
        query=IdTokenQuery,
    ),
    Route("POST", _PATH, "control", create_id_token, IdTokenAnswer, "Say something of a token", body=IdTokenConfig),
    Route("GET", f"{_PATH}/export", "control", export_id_tokens, NoBody, "All id tokens as CSV", streams="text/csv"),
    Route("POST", f"{_PATH}/import", "control", import_id_tokens, ImportAnswer, "Id tokens from CSV", text="text/csv"),
    Route("GET", _ONE, "read", get_id_token, IdTokenAnswer, "One id token", errors=(404,)),
    Route(
        "PATCH", _ONE, "control", patch_id_token, IdTokenAnswer, "Change an id token", body=TokenChange, errors=(404,)
    ),
    Route("DELETE", _ONE, "control", delete_id_token, RemovedAnswer, "Forget what was said of a token", errors=(404,)),
    Route(
        "DELETE",
        f"{_ONE}/personal-data",
        "admin",
        erase_personal_data,
        ErasedAnswer,
        "Erase a token from what is kept of the past",
        errors=(404, 409),
    ),
)
