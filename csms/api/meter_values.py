"""/api/v1/charge-points/{charge_point_id}/meter-values: what a connector drew, over time."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from csms.api import lookup
from csms.api.fields import FromTime, Time, UtcSeconds, WholeNumber, optional_kw, optional_kwh, time
from csms.api.periods import check_order
from csms.api.problems import invalid
from csms.api.table import Answer, Call, NoBody, Page, PageQuery, Route
from csms.domain.model import MAX_CONNECTORS
from csms.domain.queries import MeterSample, SampleQuery
from csms.validation import FieldError

DAY_S = 86_400.0
MAX_BUCKETS = 50_000

_STEPS_S: dict[str, int | None] = {"raw": None, "1min": 60, "5min": 300, "15min": 900, "1hour": 3600}


class MeterValuesQuery(PageQuery):
    """By default the last 24 hours; `to` itself is not included."""

    connector_id: WholeNumber = Field(default=1, ge=0, le=MAX_CONNECTORS)
    from_: FromTime = None
    to: UtcSeconds | None = None
    granularity: Literal["raw", "1min", "5min", "15min", "1hour"] = "raw"


class MeterValueRow(Answer):
    """A sample, or with a granularity a period from `at` on: `power_kw` is its mean, `max_power_kw` the highest,
    `energy_kwh` the last of the register."""

    at: Time
    power_kw: float | None
    max_power_kw: float | None
    energy_kwh: float | None
    currents_a: list[float] | None
    transaction_id: str | None


async def get_meter_values(call: Call[MeterValuesQuery, NoBody]) -> Page[MeterValueRow]:
    site, query = lookup.charge_point_site(call.services, call.path).site, call.query
    to_s = call.services.clock.now().utc_s if query.to is None else query.to
    from_s = to_s - DAY_S if query.from_ is None else query.from_
    check_order(from_s, to_s)
    step_s = _STEPS_S[query.granularity]
    if step_s is not None and (to_s - from_s) / step_s > MAX_BUCKETS:
        raise invalid([FieldError("granularity", f"must divide the time asked for into at most {MAX_BUCKETS} parts")])
    page = await call.services.store.samples(
        SampleQuery(
            site_id=site.site_id,
            charge_point_id=call.path["charge_point_id"],
            connector_id=query.connector_id,
            from_s=from_s,
            to_s=to_s,
            step_s=step_s,
            limit=query.limit,
            offset=query.offset,
        )
    )
    return Page(items=[_row(sample) for sample in page.items], total=page.total, limit=query.limit, offset=query.offset)


def _row(sample: MeterSample) -> MeterValueRow:
    return MeterValueRow(
        at=time(sample.at_s),
        power_kw=optional_kw(sample.power_w),
        max_power_kw=optional_kw(sample.max_power_w),
        energy_kwh=optional_kwh(sample.energy_wh),
        currents_a=None if sample.currents_a is None else list(sample.currents_a),
        transaction_id=sample.transaction_id,
    )


ROUTES = (
    Route(
        "GET",
        "/api/v1/charge-points/{charge_point_id}/meter-values",
        "read",
        get_meter_values,
        Page[MeterValueRow],
        "What a connector drew, sample by sample or as means over time",
        query=MeterValuesQuery,
        errors=(404,),
    ),
)
