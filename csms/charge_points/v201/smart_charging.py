"""2.0.1 block K: what cars need and plan, and limits that others than us have set. Answers only: the rest is the
balancer's."""

from __future__ import annotations

import math
from decimal import Decimal

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
    """K17: a car that plans more than it may is told so, and its limit again (K17.FR.05)."""
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

    Of a schedule with several periods the lowest counts, until it is replaced or cleared, or its duration is over.
    Without a schedule it is not known how low the limit is.
    """
    source, evse_id = payload["chargingLimit"]["chargingLimitSource"], payload.get("evseId", 0)
    session.keep(ToldKind.CHARGING_LIMIT, without_custom_data(payload), f"{source}/{evse_id}")
    schedules = payload.get("chargingSchedule", ())
    if source == _OURS or not schedules or not 0 <= evse_id <= MAX_CONNECTORS:
        return Reply({})
    now = session.now()
    voltage_v = session.site.view().site.voltage_v
    limit_w = min(_lowest_w(schedule, voltage_v) for schedule in schedules)
    ends_s = [_ends_s(schedule, now.utc_s) for schedule in schedules]
    until_s = None if None in ends_s else max(end_s for end_s in ends_s if end_s is not None)
    limit = ExternalLimit(source, evse_id, limit_w, until_s)
    session.record(ev.ExternalLimitSet(now, session.charge_point_id, limit))
    return session.promised({})


def cleared_charging_limit(session: Session, payload: JsonObject) -> Reply:
    """K13: without an EVSE, all limits of that source."""
    source, evse_id = payload["chargingLimitSource"], payload.get("evseId")
    name = f"{source}/{evse_id or 0}"
    session.keep(ToldKind.CHARGING_LIMIT, {**without_custom_data(payload), "cleared": True}, name)
    session.record(ev.ExternalLimitCleared(session.now(), session.charge_point_id, source, evse_id or None))
    return session.promised({})


def _lowest_w(schedule: JsonObject, voltage_v: float) -> int:
    """Its lowest limit, in whole watts, rounded down."""
    limits_w: list[float] = []
    for period in schedule["chargingSchedulePeriod"]:
        per_unit_w = 1.0 if schedule["chargingRateUnit"] == "W" else _phases(period) * voltage_v
        limits_w.append(min(max(0.0, period["limit"] * per_unit_w), _LARGEST_W))
    return math.floor(min(limits_w))


def _phases(period: JsonObject) -> int:
    told: int = period.get("numberPhases", ASSUMED_PHASES)
    return max(1, told)  # some say 0


def _ends_s(schedule: JsonObject, now_s: float) -> float | None:
    """When (UTC) it is over; None where it does not say so."""
    if "duration" not in schedule:
        return None
    return charger_time(schedule.get("startSchedule"), now_s) + float(schedule["duration"])


_OURS = "CSO"
_LARGEST_W = 1e9
