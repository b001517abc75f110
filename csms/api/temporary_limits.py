"""/api/v1/smart-charging/sites/{site_id}/limit: ceilings that somebody else sets for a time."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator

from csms.api import lookup
from csms.api.fields import Id, Time, UtcSeconds, optional_kw, optional_time
from csms.api.problems import invalid
from csms.api.table import Answer, Call, NoBody, Query, Route
from csms.domain.grid import TemporaryLimit
from csms.validation import FieldError, Kilowatts, broken_rule, kw, watts

MAX_STANDING = 100


class LimitBody(BaseModel):
    """A ceiling for all chargers of the site. Without `valid_from` it holds from now on, without `valid_until` until it
    is withdrawn."""

    model_config = ConfigDict(extra="forbid", strict=True)

    max_power_kw: Kilowatts
    valid_from: UtcSeconds | None = None
    valid_until: UtcSeconds | None = None
    source: Id = "api"

    @field_validator("valid_until")
    @classmethod
    def _not_over_before_it_begins(cls, until_s: float | None, info: ValidationInfo) -> float | None:
        from_s = info.data.get("valid_from")
        if until_s is not None and from_s is not None and until_s <= from_s:
            raise broken_rule("must be after valid_from")
        if until_s is not None and isinstance(info.context, lookup.Now) and until_s <= info.context.utc_s:
            raise broken_rule("must be in the future")
        return until_s


class SourceQuery(Query):
    """Whose limits; by default everybody's."""

    source: Id | None = None


class LimitAnswer(Answer):
    """`in_force`: it holds now."""

    source: str
    max_power_kw: float
    valid_from: Time | None
    valid_until: Time | None
    in_force: bool


class LimitsAnswer(Answer):
    """Those in force and those to come; `max_power_kw` is the lowest in force, null if there is none."""

    limits: list[LimitAnswer]
    max_power_kw: float | None


class WithdrawnAnswer(Answer):
    withdrawn: int


async def put_limit(call: Call[Query, LimitBody]) -> LimitAnswer:
    site, now_s = lookup.site(call.services, call.path), call.services.clock.now().utc_s
    wanted = TemporaryLimit(
        call.body.source, watts(call.body.max_power_kw), call.body.valid_from, call.body.valid_until
    )
    others = [limit for limit in _standing(site.snapshot().temporary_limits, now_s) if _name(limit) != _name(wanted)]
    if len(others) >= MAX_STANDING:
        raise invalid([FieldError("", f"at most {MAX_STANDING} limits can stand at a site; withdraw one first")])
    await site.set_temporary_limit(wanted)
    return _answer(wanted, now_s)


async def get_limits(call: Call[Query, NoBody]) -> LimitsAnswer:
    now_s = call.services.clock.now().utc_s
    standing = _standing(lookup.site(call.services, call.path).snapshot().temporary_limits, now_s)
    in_force_w = [limit.max_power_w for limit in standing if limit.holds_at(now_s)]
    return LimitsAnswer(
        limits=[_answer(limit, now_s) for limit in standing], max_power_kw=optional_kw(min(in_force_w, default=None))
    )


async def delete_limits(call: Call[SourceQuery, NoBody]) -> WithdrawnAnswer:
    site = lookup.site(call.services, call.path)
    return WithdrawnAnswer(withdrawn=await site.withdraw_temporary_limits(call.query.source))


def _standing(limits: tuple[TemporaryLimit, ...], now_s: float) -> list[TemporaryLimit]:
    """In the order in which they begin."""
    standing = [limit for limit in limits if not limit.over_at(now_s)]
    return sorted(standing, key=lambda limit: (limit.valid_from_s is not None, limit.valid_from_s or 0.0, limit.source))


def _name(limit: TemporaryLimit) -> tuple[str, float | None]:
    """A later limit of the same name replaces it."""
    return limit.source, limit.valid_from_s


def _answer(limit: TemporaryLimit, now_s: float) -> LimitAnswer:
    return LimitAnswer(
        source=limit.source,
        max_power_kw=kw(limit.max_power_w),
        valid_from=optional_time(limit.valid_from_s),
        valid_until=optional_time(limit.valid_until_s),
        in_force=limit.holds_at(now_s),
    )


_PATH = "/api/v1/smart-charging/sites/{site_id}/limit"

ROUTES = (
    Route(
        "PUT",
        _PATH,
        "control",
        put_limit,
        LimitAnswer,
        "Set a ceiling for a time; the lowest in force wins",
        body=LimitBody,
        body_context=lookup.now_at_site,
        errors=(404,),
    ),
    Route("GET", _PATH, "read", get_limits, LimitsAnswer, "Ceilings in force and to come", errors=(404,)),
    Route(
        "DELETE",
        _PATH,
        "control",
        delete_limits,
        WithdrawnAnswer,
        "Withdraw the ceilings of one source, or all",
        query=SourceQuery,
        errors=(404,),
    ),
)
