"""2.0.1 block K: what cars need and plan, and limits that others than us have set. Answers only: the rest is the
balancer's."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import zip_longest
from math import inf
from typing import NamedTuple

from csms.charge_points.connection import Reply
from csms.charge_points.schemas import JsonObject
from csms.charge_points.session import Session
from csms.charge_points.times import charger_time
from csms.charge_points.v201.device_model import without_custom_data
from csms.domain import events as ev
from csms.domain.electrical import ASSUMED_PHASES, Shape
from csms.domain.grid import ExternalLimit
from csms.domain.model import MAX_CONNECTORS, ConnectorKey
from csms.domain.told import ToldKind


def notify_ev_charging_needs(session: Session, payload: JsonObject) -> Reply:
    """K15: a profile follows within 60 s (K15.FR.08) if a session runs there, else when one begins."""
    evse_id = payload["evseId"]
    session.keep(ToldKind.CHARGING_NEEDS, without_custom_data(payload), str(evse_id))
    if not 1 <= evse_id <= MAX_CONNECTORS:
        return Reply({"status": "Rejected"})
    if session.running(evse_id) is None:
        return Reply({"status": "Processing"})
    session.record(ev.LimitRequested(session.now(), session.charge_point_id, evse_id, "EV charging needs"))
    return Reply({"status": "Accepted"})


def notify_ev_charging_schedule(session: Session, payload: JsonObject) -> Reply:
    """K15 to K17: a car that plans more than it may is told so, and its limit again (K15.FR.12, K15.FR.13)."""
    evse_id = payload["evseId"]
    session.keep(ToldKind.CHARGING_SCHEDULE, without_custom_data(payload), str(evse_id))
    key = ConnectorKey(session.charge_point_id, evse_id)
    snapshot = session.site.view()
    limits, running = snapshot.limits.get(key), key in snapshot.active
    in_force = (limits.transaction or limits.default) if limits is not None and running else None
    shape = snapshot.shapes[session.charge_point_id]
    if in_force is None or not _plans_more(payload["chargingSchedule"], in_force.limit_w, shape.on(in_force.phases)):
        return Reply({"status": "Accepted"})
    session.record(ev.LimitRequested(session.now(), session.charge_point_id, evse_id, "EV charging schedule"))
    return Reply({"status": "Rejected"})


def _plans_more(schedule: JsonObject, limit_w: int, shape: Shape) -> bool:
    """Whether any period is above the limit, as the charger was told it: in its unit, else in the other."""
    for period in schedule["chargingSchedulePeriod"]:
        planned = Decimal(str(period["limit"]))
        if schedule["chargingRateUnit"] == "W":
            most = Decimal(limit_w)
        elif shape.form.unit == "A":
            most = shape.form.current_a(limit_w)
        else:
            most = Decimal(limit_w) / (_phases(period) * Decimal(str(shape.form.voltage_v)))
        if planned > most + _ROUNDED.get(schedule["chargingRateUnit"], Decimal(0)):
            return True
    return False


_ROUNDED = {"W": Decimal(1), "A": Decimal("0.1")}
"""Cars and chargers round: so much above the limit is not above it."""


def notify_charging_limit(session: Session, payload: JsonObject) -> Reply:
    """K11, K12: somebody else limits the station. What it says can only lower what it is given.

    Of a schedule with several periods the lowest counts that is not over, until it is replaced or cleared. Without a
    schedule it is not known how low the limit is.
    """
    source, evse_id = payload["chargingLimit"]["chargingLimitSource"], payload.get("evseId", 0)
    session.keep(ToldKind.CHARGING_LIMIT, without_custom_data(payload), f"{source}/{evse_id}")
    schedules = payload.get("chargingSchedule", ())
    if source == _OURS or not schedules or not 0 <= evse_id <= MAX_CONNECTORS:
        return Reply({})
    now = session.now()
    voltage_v = session.site.view().site.voltage_v
    periods = [period for schedule in schedules for period in _periods(schedule, voltage_v, now.utc_s)]
    limits = [
        ExternalLimit(source, evse_id, period.limit_w, None if period.until_s == inf else period.until_s)
        for period in _that_count(periods, now.utc_s)
    ]
    session.record(ev.ExternalLimitSet(now, session.charge_point_id, limits[0], tuple(limits[1:])))
    return session.promised({})


def cleared_charging_limit(session: Session, payload: JsonObject) -> Reply:
    """K13: without an EVSE, all limits of that source."""
    source, evse_id = payload["chargingLimitSource"], payload.get("evseId")
    name = f"{source}/{evse_id or 0}"
    session.keep(ToldKind.CHARGING_LIMIT, {**without_custom_data(payload), "cleared": True}, name)
    session.record(ev.ExternalLimitCleared(session.now(), session.charge_point_id, source, evse_id or None))
    return session.promised({})


class _Period(NamedTuple):
    """A limit in whole watts, and until when (UTC) it holds; infinite: for good."""

    limit_w: int
    until_s: float


def _periods(schedule: JsonObject, voltage_v: float, now_s: float) -> Iterator[_Period]:
    """Of a schedule, in their order."""
    begins_s = charger_time(schedule.get("startSchedule"), now_s)
    ends_s = begins_s + float(schedule.get("duration", inf))
    listed = sorted(schedule["chargingSchedulePeriod"], key=lambda period: float(period["startPeriod"]))
    for period, following in zip_longest(listed, listed[1:]):
        per_unit_w = 1.0 if schedule["chargingRateUnit"] == "W" else _phases(period) * voltage_v
        limit_w = math.floor(min(max(0.0, period["limit"] * per_unit_w), _LARGEST_W))
        until_s = ends_s if following is None else min(ends_s, begins_s + following["startPeriod"])
        yield _Period(limit_w, until_s)


def _that_count(periods: Iterable[_Period], now_s: float) -> list[_Period]:
    """Those that are not over and lower than all that hold longer, the lowest first; at least one.

    A low one that is still to come counts from now on: nothing has to be finished by then.
    """
    by_end = sorted(periods, key=lambda period: (-period.until_s, period.limit_w))
    found = by_end[:1]
    for period in by_end:
        if period.limit_w < found[-1].limit_w and period.until_s > now_s:
            found.append(period)
    highest, lowest = found[:_MOST_LIMITS], found[_MOST_LIMITS:]
    if lowest:  # all of them as the lowest of them, and for as long as the longest
        highest[-1] = _Period(lowest[-1].limit_w, highest[-1].until_s)
    return highest[::-1]


def _phases(period: JsonObject) -> int:
    told: int = period.get("numberPhases", ASSUMED_PHASES)
    return max(1, told)  # some say 0


_OURS = "CSO"
_LARGEST_W = 1e9
_MOST_LIMITS = 16
"""Of one report."""
