"""What an id token looks like where people write it: [[id_tokens]] of config.toml, bodies of REST, CSV."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from annotated_types import Ge, Le
from pydantic import BeforeValidator, Field, WithJsonSchema, field_validator
from pydantic import ValidationInfo as Info

from csms.domain.authorization import NO_AUTHORIZATION, TOKEN_TYPES, IdToken, Status
from csms.domain.model import Current
from csms.validation import Section, broken_rule, broken_rules, matching, repeated

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,6})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


def _when(value: object) -> object:
    """RFC 3339 text with its zone, or what TOML makes of such a time written without quotes."""
    if isinstance(value, str) and _TIME.fullmatch(value):
        try:
            value = datetime.fromisoformat(value.upper().replace("Z", "+00:00"))
        except ValueError as impossible:
            raise broken_rule("must be a time that exists") from impossible
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise broken_rule("must be an RFC 3339 time with its zone, such as 2030-01-31T23:59:59Z")
    return (value - _EPOCH).total_seconds()


When = Annotated[float, BeforeValidator(_when), WithJsonSchema({"type": "string", "format": "date-time"})]

TokenText = Annotated[
    str,
    Field(min_length=1, max_length=36),
    matching(r"[^\s\x00-\x1f\x7f]([^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?", "must be without outer spaces and controls"),
]
"""1.6 takes 20 characters (CiString20), 2.0.1 takes 36 (identifierString)."""

Place = Annotated[
    str,
    matching(
        r"[^:\x00-\x1f\x7f]{1,48}(:([1-9]|[1-5][0-9]|6[0-4]))?",
        "must be a charge point, or a charge point, a colon and a connector",
    ),
]
SiteId = Annotated[str, matching("[A-Za-z0-9_~-][A-Za-z0-9._~-]{0,63}", "must be the id of a site")]
Note = Annotated[str, Field(max_length=200), matching(r"[^\x00-\x1f\x7f]*", "must be one line of text")]


class TokenFields(Section):
    """All that can be said of an id token, but for the token itself."""

    group_id: TokenText | None = None
    status: Literal["Accepted", "Blocked", "Invalid", "NoCredit"] = "Accepted"
    type: str | None = None
    valid_from: When | None = None
    expires_at: When | None = None
    sites: list[SiteId] = Field(default_factory=list, max_length=1000)
    charge_points: list[Place] = Field(default_factory=list, max_length=1000)
    current: Literal["AC", "DC"] | None = None
    one_at_a_time: bool = False
    priority: Annotated[int, Ge(-9), Le(9)] = 0
    end_session_when_blocked: bool | None = None
    note: Note = ""

    @field_validator("type")
    @classmethod
    def _known_type(cls, kind: str | None) -> str | None:
        known = [name for name in TOKEN_TYPES if name != NO_AUTHORIZATION]
        if kind is not None and kind not in known:
            raise broken_rule(f"must be {', '.join(known[:-1])} or {known[-1]}")
        return kind

    @field_validator("expires_at")
    @classmethod
    def _after_it_begins(cls, expires_at_s: float | None, info: Info) -> float | None:
        from_s = info.data.get("valid_from")
        if expires_at_s is not None and from_s is not None and expires_at_s <= from_s:
            raise broken_rule("must be after valid_from")
        return expires_at_s

    @field_validator("sites", "charge_points")
    @classmethod
    def _distinct(cls, places: list[str]) -> list[str]:
        broken_rules(repeated(places))
        return places

    def record(self, id_token: str, *, origin: str, at_s: float, created_at_s: float | None = None) -> IdToken:
        """`at_s` is now; `created_at_s` None: it is new."""
        return IdToken(
            id_token=id_token,
            group_id=self.group_id,
            status=Status(self.status),
            kind=self.type,
            valid_from_s=self.valid_from,
            expires_at_s=self.expires_at,
            sites=tuple(self.sites),
            charge_points=tuple(self.charge_points),
            current=None if self.current is None else Current(self.current),
            one_at_a_time=self.one_at_a_time,
            priority=self.priority,
            end_session_when_blocked=self.end_session_when_blocked,
            note=self.note,
            origin=origin,
            created_at_s=at_s if created_at_s is None else created_at_s,
            updated_at_s=at_s,
        )


class IdTokenConfig(TokenFields):
    """[[id_tokens]], and the body that creates one over REST."""

    id_token: TokenText

    def seed(self, at_s: float) -> IdToken:
        return self.record(self.id_token, origin="file", at_s=at_s)


def written(record: IdToken) -> dict[str, Any]:
    """A record as TokenFields takes it, times as text: what PATCH lays its changes over."""
    return {
        "group_id": record.group_id,
        "status": record.status.value,
        "type": record.kind,
        "valid_from": _text(record.valid_from_s),
        "expires_at": _text(record.expires_at_s),
        "sites": list(record.sites),
        "charge_points": list(record.charge_points),
        "current": None if record.current is None else record.current.value,
        "one_at_a_time": record.one_at_a_time,
        "priority": record.priority,
        "end_session_when_blocked": record.end_session_when_blocked,
        "note": record.note,
    }


def _text(utc_s: float | None) -> str | None:
    if utc_s is None:
        return None
    moment = datetime.fromtimestamp(utc_s, UTC)
    return moment.isoformat(timespec="milliseconds" if utc_s % 1 else "seconds").replace("+00:00", "Z")
