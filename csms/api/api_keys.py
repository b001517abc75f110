"""/api/v1/api-keys: keys that are made, listed and revoked while the system runs."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from csms.api.fields import Time, optional_time
from csms.api.problems import Problem
from csms.api.table import Answer, Call, NoBody, Page, PageQuery, Query, Route
from csms.domain.records import ApiKeyRecord
from csms.keys import new_api_key
from csms.validation import Key, broken_rules, repeated

Scope = Literal["read", "control", "admin"]

_MOST_KEYS = 1000


class NewKey(BaseModel):
    """Each scope includes the ones before it."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: Key
    scopes: list[Scope] = Field(min_length=1)

    @field_validator("scopes")
    @classmethod
    def _distinct(cls, scopes: list[Scope]) -> list[Scope]:
        broken_rules(repeated(scopes))
        return scopes


class KeyRow(Answer):
    """`source` is file or api; `created_at` and `created_by` are null for keys of the file."""

    name: str
    scopes: list[str]
    source: Literal["file", "api"]
    created_at: Time | None
    created_by: str | None


class NewKeyAnswer(KeyRow):
    """`key` is shown this once: only its SHA-256 is kept."""

    key: str


class RevokedAnswer(Answer):
    revoked: Literal[True]


async def list_keys(call: Call[PageQuery, NoBody]) -> Page[KeyRow]:
    keyring, query = call.services.keyring, call.query
    rows = [
        KeyRow(name=key.name, scopes=list(key.scopes), source="file", created_at=None, created_by=None)
        for key in keyring.fixed
    ] + [_row(record) for record in keyring.made]
    items = rows[query.offset : query.offset + query.limit]
    return Page(items=items, total=len(rows), limit=query.limit, offset=query.offset)


async def post_key(call: Call[Query, NewKey]) -> NewKeyAnswer:
    keyring, body = call.services.keyring, call.body
    if any(key.name == body.name for key in (*keyring.fixed, *keyring.made)):
        raise Problem(409, "There is a key with this name.")
    if len(keyring.made) >= _MOST_KEYS:
        raise Problem(409, f"There are {_MOST_KEYS} keys already; revoke one first.")
    secret, sha256 = new_api_key()
    made_by = call.key.name if call.key else ""
    record = ApiKeyRecord(body.name, sha256, tuple(body.scopes), call.services.clock.now().utc_s, made_by)
    await keyring.add(record)
    return NewKeyAnswer(**dict(_row(record)), key=secret)


async def delete_key(call: Call[Query, NoBody]) -> RevokedAnswer:
    keyring, name = call.services.keyring, call.path["key_name"]
    if any(key.name == name for key in keyring.fixed):
        raise Problem(409, "The key stands in the configuration file; take it out there.")
    if all(record.name != name for record in keyring.made):
        raise Problem(404, "There is no key with this name.")
    if keyring.is_last(name):
        raise Problem(409, "It is the last key with the scope admin.")
    await keyring.remove(name)
    return RevokedAnswer(revoked=True)


def _row(record: ApiKeyRecord) -> KeyRow:
    return KeyRow(
        name=record.name,
        scopes=list(record.scopes),
        source="api",
        created_at=optional_time(record.created_at_s),
        created_by=record.created_by,
    )


ROUTES = (
    Route("GET", "/api/v1/api-keys", "admin", list_keys, Page[KeyRow], "Keys, without their secrets", query=PageQuery),
    Route(
        "POST", "/api/v1/api-keys", "admin", post_key, NewKeyAnswer, "Make a key; it is shown this once", body=NewKey
    ),
    Route(
        "DELETE",
        "/api/v1/api-keys/{key_name}",
        "admin",
        delete_key,
        RevokedAnswer,
        "Revoke a key",
        errors=(404, 409),
    ),
)
