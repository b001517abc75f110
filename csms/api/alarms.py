"""/api/v1/alarms: what is wrong at the sites, and what was."""

from __future__ import annotations

from typing import Literal

from csms.api.fields import FromTime, Id, Time, UtcSeconds, optional_time, time
from csms.api.periods import check_order
from csms.api.problems import Problem
from csms.api.table import Answer, Call, NoBody, Page, PageQuery, Query, Route
from csms.domain.alarms import Alarm
from csms.domain.queries import AlarmQuery
from csms.validation import kw


class AlarmsQuery(PageQuery):
    """`from` and `to` bound when an alarm was raised; `standing` "false": those that were cleared."""

    site_id: Id | None = None
    standing: Literal["true", "false"] | None = None
    from_: FromTime = None
    to: UtcSeconds | None = None


class AlarmRow(Answer):
    """`subject` is what it is about: a circuit, a charge point. `cleared_at` null: it stands.

    `excess_kw` and `excess_a` say by how much a limit may be exceeded, `holders` which charge points hold it.
    """

    alarm_id: int
    site_id: str
    kind: str
    subject: str
    text: str
    excess_kw: float
    excess_a: float
    holders: list[str]
    raised_at: Time
    cleared_at: Time | None


class ClearedAnswer(Answer):
    alarm_id: int


async def list_alarms(call: Call[AlarmsQuery, NoBody]) -> Page[AlarmRow]:
    query = call.query
    check_order(query.from_, query.to)
    page = await call.services.store.alarms(
        AlarmQuery(
            site_id=query.site_id,
            standing=None if query.standing is None else query.standing == "true",
            from_s=query.from_,
            to_s=query.to,
            limit=query.limit,
            offset=query.offset,
        )
    )
    items = [_row(site_id, alarm) for site_id, alarm in page.items]
    return Page(items=items, total=page.total, limit=query.limit, offset=query.offset)


async def clear_alarm(call: Call[Query, NoBody]) -> ClearedAnswer:
    number = call.path["alarm_id"]
    if number.isascii() and number.isdecimal() and len(number) < 19:
        for site_id in call.services.sites.site_ids():
            found = call.services.sites.get(site_id)
            if found is not None and await found.clear_alarm(int(number)):
                return ClearedAnswer(alarm_id=int(number))
    raise Problem(404, "No alarm with this number stands.")


def _row(site_id: str, alarm: Alarm) -> AlarmRow:
    return AlarmRow(
        alarm_id=alarm.alarm_id,
        site_id=site_id,
        kind=alarm.kind,
        subject=alarm.subject,
        text=alarm.text,
        excess_kw=kw(alarm.excess_w),
        excess_a=round(alarm.excess_a, 3),
        holders=list(alarm.holders),
        raised_at=time(alarm.raised_at_s),
        cleared_at=optional_time(alarm.cleared_at_s),
    )


ROUTES = (
    Route(
        "GET",
        "/api/v1/alarms",
        "read",
        list_alarms,
        Page[AlarmRow],
        "What is wrong and what was, newest first",
        query=AlarmsQuery,
    ),
    Route(
        "POST",
        "/api/v1/alarms/{alarm_id}/clear",
        "control",
        clear_alarm,
        ClearedAnswer,
        "Clear an alarm that only an operator can: a security event",
        errors=(404, 409),
    ),
)
