"""/api/v1/smart-charging/sites/{site_id}/site-load: what a site draws besides its chargers."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, AllowInfNan, BaseModel, ConfigDict, Field, Strict, ValidationInfo, field_validator

from csms.api import lookup
from csms.api.fields import Time, UtcSeconds, time
from csms.api.table import Answer, Call, Query, Route
from csms.validation import MAX_A, MAX_KW, broken_rule, kw, to_the_thousandth, watts

MAX_AHEAD_S = 60.0
"""A meter's clock may be so much ahead of ours; further, its next readings would seem to be older ones for long."""


def _drawn(value: float) -> float:
    """What a site feeds in leaves its chargers no more than the grid connection gives."""
    return max(0.0, to_the_thousandth(value))


Drawn = Annotated[float, Strict(), AllowInfNan(False), Field(ge=-MAX_KW, le=MAX_KW), AfterValidator(_drawn)]
DrawnCurrent = Annotated[float, Strict(), AllowInfNan(False), Field(ge=-MAX_A, le=MAX_A), AfterValidator(_drawn)]


class LoadBody(BaseModel):
    """A reading of the site's own meter, its chargers not included; what it feeds in (below 0) counts as 0.

    `timestamp` is when it was measured, by default now; `currents_a` are those of L1, L2 and L3.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    power_kw: Drawn
    timestamp: UtcSeconds | None = None
    currents_a: list[DrawnCurrent] | None = None

    @field_validator("timestamp")
    @classmethod
    def _not_in_the_future(cls, measured_s: float | None, info: ValidationInfo) -> float | None:
        if (
            measured_s is not None
            and isinstance(info.context, lookup.Now)
            and measured_s > info.context.utc_s + MAX_AHEAD_S
        ):
            raise broken_rule("must be at most a minute in the future")
        return measured_s

    @field_validator("currents_a")
    @classmethod
    def _one_per_phase(cls, currents_a: list[float] | None) -> list[float] | None:
        if currents_a is not None and len(currents_a) != 3:
            raise broken_rule("must have three entries: L1, L2 and L3")
        return currents_a


class LoadAnswer(Answer):
    """`accepted` false: a later reading is known already. The other fields are the reading that counts now."""

    accepted: bool
    power_kw: float
    timestamp: Time
    currents_a: list[float] | None


async def post_site_load(call: Call[Query, LoadBody]) -> LoadAnswer:
    site, body = lookup.site(call.services, call.path), call.body
    measured_s = call.services.clock.now().utc_s if body.timestamp is None else body.timestamp
    power_w, currents_a = watts(body.power_kw), None if body.currents_a is None else tuple(body.currents_a)
    accepted = await site.report_site_load(power_w, measured_s, currents_a)
    known = site.snapshot().site_load
    if known is not None:
        power_w, measured_s, currents_a = known.power_w, known.measured_at_s, known.currents_a
    return LoadAnswer(
        accepted=accepted,
        power_kw=kw(power_w),
        timestamp=time(measured_s),
        currents_a=None if currents_a is None else list(currents_a),
    )


ROUTES = (
    Route(
        "POST",
        "/api/v1/smart-charging/sites/{site_id}/site-load",
        "control",
        post_site_load,
        LoadAnswer,
        "Tell what the site draws besides its chargers",
        body=LoadBody,
        body_context=lookup.now_at_site,
        errors=(404,),
        audited=False,  # a reading every few seconds is no change of anything
    ),
)
