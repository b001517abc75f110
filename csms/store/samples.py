"""Meter samples as they are read back: as they came, or as means over time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, Connection, Integer, Select, cast, func, select

from csms.domain.queries import MeterSample, SamplePage, SampleQuery
from csms.store.tables import meter_samples

_c = meter_samples.c


def samples(connection: Connection, query: SampleQuery) -> SamplePage:
    wanted = _raw(query) if query.step_s is None else _means(query, query.step_s)
    total = connection.execute(select(func.count()).select_from(wanted.subquery())).scalar_one()
    found = connection.execute(wanted.limit(query.limit).offset(query.offset))
    return SamplePage(tuple(_sample(*row) for row in found), total)


def _sample(
    at_s: float,
    power_w: float | None,
    most_w: float | None,
    energy_wh: float | None,
    currents_a: Any,
    transaction_id: str | None,
) -> MeterSample:
    return MeterSample(
        at_s, power_w, most_w, energy_wh, None if currents_a is None else tuple(currents_a), transaction_id
    )


def _raw(query: SampleQuery) -> Select[Any]:
    columns = (_c.at_utc_s, _c.power_w, _c.power_w.label("most_w"), _c.energy_wh, _c.currents_a, _c.transaction_id)
    return select(*columns).where(*_conditions(query)).order_by(_c.at_utc_s, _c.id)


def _means(query: SampleQuery, step_s: int) -> Select[Any]:
    """Buckets begin at multiples of the step; those without a sample are left out."""
    start_s = (cast(_c.at_utc_s, Integer) - cast(_c.at_utc_s, Integer) % step_s).label("start_s")
    nothing = func.nullif(1, 1)
    return (
        select(start_s, func.avg(_c.power_w), func.max(_c.power_w), func.max(_c.energy_wh), nothing, nothing)
        .where(*_conditions(query))
        .group_by(start_s)
        .order_by(start_s)
    )


def _conditions(query: SampleQuery) -> Iterator[ColumnElement[bool]]:
    yield _c.site_id == query.site_id
    yield _c.charge_point_id == query.charge_point_id
    yield _c.connector_id == query.connector_id
    yield _c.at_utc_s >= query.from_s
    yield _c.at_utc_s < query.to_s
