"""Values to store: a few by hand, and strategies that make any."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import fields, is_dataclass
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from csms.domain import events as ev
from csms.domain.alarms import Alarm
from csms.domain.grid import Circuit, TemporaryLimit
from csms.domain.limits import ConnectorLimits, Failure, Limit, Overdraw, Settling
from csms.domain.model import (
    Capabilities,
    ChargePoint,
    ChargePointSettings,
    Connector,
    ConnectorStatus,
    Current,
    LimitPurpose,
    MeterReading,
    Moment,
    PowerSource,
    Proof,
    ScheduleWindow,
    SiteLoad,
    SiteSettings,
    SmartCharging,
    Transaction,
)
from csms.domain.ports import Store
from csms.domain.state import Row

Open = Callable[[], Awaitable[Store]]

AT = Moment(utc_s=1_767_225_600.0, steady_s=50.0)
SITE = SiteSettings(
    "s", "Car park", "Europe/London", 100_000, voltage_max_v=253.0, circuits=(Circuit("feeder", None, 40_000, 63.0),)
)
SECRET = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


def settings(charge_point_id: str, site_id: str = "s") -> ChargePointSettings:
    return ChargePointSettings(
        charge_point_id, site_id, 2, max_power_w=22_000, current=Current.AC, phases=3, password_sha256=SECRET
    )


def transaction(session_id: int, charge_point_id: str = "a", **changes: Any) -> Transaction:
    values: dict[str, Any] = {"id_token": "TAG", "started_at_s": AT.utc_s + session_id, "connector_id": 1}
    return Transaction(
        session_id=session_id, transaction_id=f"t{session_id}", charge_point_id=charge_point_id, **(values | changes)
    )


def started(row: Transaction) -> ev.TransactionStarted:
    return ev.TransactionStarted(
        AT, row.charge_point_id, row.connector_id, row.transaction_id, row.session_id, row.started_at_s or 0.0
    )


def site_declared(site_id: str = "s") -> tuple[ev.Event, Row]:
    row = SiteSettings(site_id, "Car park", "Europe/London", 100_000)
    return ev.SiteDeclared(AT, row), row


def charge_point_declared(charge_point_id: str, site_id: str = "s") -> tuple[ev.Event, Row]:
    row = settings(charge_point_id, site_id)
    return ev.ChargePointDeclared(AT, row), row


def metered(power_w: float, *, connector_id: int = 1, at: Moment = AT) -> tuple[ev.MeterValuesReceived, MeterReading]:
    event = ev.MeterValuesReceived(at, "a", connector_id, at.utc_s, power_w=power_w, source=PowerSource.POWER)
    return event, MeterReading("a", connector_id, at, at.utc_s, power_w, PowerSource.POWER)


LIMIT = Limit(7, LimitPurpose.TRANSACTION, 11_000, "t1", "connection", AT, lease_s=900.0, then_w=4200, phases=1)

ALL_KINDS_OF_ROWS: tuple[Row, ...] = (
    SmartCharging(
        50_000, "scheduled", 1400, ("a",), (ScheduleWindow((0, 1), 60, 1440, 20_000, {"a": 5000}),), {"a": 2}
    ),
    ChargePoint("a", "connection", True, "ocpp1.6", "Vendor", commissioned_at_s=1.5, capabilities=Capabilities(("A",))),
    Connector("a", 1, ConnectorStatus.SUSPENDED_EV, "NoError", 4.25, AT),
    MeterReading("a", 1, AT, AT.utc_s, 3680.5, PowerSource.CURRENT, 1200.0, (16.0, 0.0, 0.0), AT, 4100.0),
    ConnectorLimits(
        "a",
        1,
        default=LIMIT,
        transaction=LIMIT,
        outstanding=(LIMIT,),
        settling=(Settling(None, AT, 1, until_metered=True),),
        confirmed_at=AT,
        raised_at=AT,
        default_failure=Failure(2, AT, "Rejected"),
        default_proof=Proof.SHOWN,
        overdraw=Overdraw(12_000.5, 2, AT),
        turn_since=AT,
        served_wh=1234.5,
        served_at=AT,
    ),
    transaction(1),
    SiteLoad(7_000, AT.utc_s - 2.0, AT, (10.0, 11.5, 9.0)),
    TemporaryLimit("grid operator", 30_000, None, AT.utc_s + 60.0),
    TemporaryLimit("grid operator", 20_000, AT.utc_s, None),
    Alarm(3, "over_limit", "feeder", "the feeder may carry 2 kW too much", AT.utc_s, None, 2_000, 3.5, ("a",)),
)
"""One of each but the declarations of the site and of charge point "a"."""


def anything(kind: Any) -> st.SearchStrategy[Any]:
    """Values of a type hint, all fields of dataclasses drawn; the steady time of a Moment is always 0."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return st.one_of(*(anything(argument) for argument in arguments))
    if origin is tuple:
        return st.lists(anything(arguments[0]), max_size=3).map(tuple)
    if origin is Mapping:
        return st.dictionaries(_TEXT, anything(arguments[1]), max_size=3)
    if isinstance(kind, type) and is_dataclass(kind):
        hints = get_type_hints(kind)
        return st.builds(kind, **{field.name: anything(hints[field.name]) for field in fields(kind)})
    return st.sampled_from(kind) if issubclass(kind, StrEnum) else _PLAIN[kind]


_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
_FINITE = st.floats(allow_nan=False, allow_infinity=False)
_PLAIN: dict[type, st.SearchStrategy[Any]] = {
    NoneType: st.none(),
    bool: st.booleans(),
    int: st.integers(-(2**63), 2**63 - 1),
    float: _FINITE,
    str: _TEXT,
    Moment: st.builds(Moment, _FINITE, st.just(0.0)),
}
