from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any, get_args

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from store_examples import AT, SECRET, anything, charge_point_declared, metered, started, transaction

from csms.domain import events as ev
from csms.domain.alarms import Alarm
from csms.domain.grid import TemporaryLimit
from csms.domain.history import MinuteRecord
from csms.domain.limits import ConnectorLimits, Limit, Overdraw
from csms.domain.model import (
    ChargePoint,
    ChargePointSettings,
    Connector,
    ConnectorStatus,
    LimitPurpose,
    MeterReading,
    Moment,
    PowerSource,
    SiteLoad,
    SiteSettings,
    SmartCharging,
    Transaction,
)
from csms.domain.state import Row
from csms.store import rows
from csms.store.codec import Unstorable, from_json

BEFORE_EVERYTHING = Moment(-sys.float_info.max, 0.0)

DECODERS: dict[type[Row], Callable[[Any, Moment], Row]] = {
    SiteSettings: rows.site_settings,
    SmartCharging: rows.smart_charging,
    ChargePointSettings: rows.charge_point_settings,
    ChargePoint: rows.charge_point,
    Connector: rows.connector,
    MeterReading: rows.meter_reading,
    ConnectorLimits: rows.connector_limits,
    TemporaryLimit: rows.temporary_limit,
    SiteLoad: rows.site_load,
    Alarm: lambda data, _now: rows.alarm(data),
}

CONCRETE_EVENTS = [
    kind for kind in rows.EVENT_TYPES.values() if kind not in (ev.Event, ev.ChargePointEvent, ev.ConnectorEvent)
]


def through_json(value: object) -> Any:
    return orjson.loads(orjson.dumps(value))


def test_every_kind_of_row_has_a_table() -> None:
    assert {*DECODERS, Transaction} == set(get_args(Row))


@pytest.mark.parametrize("kind", DECODERS, ids=lambda kind: kind.__name__)
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_a_row_comes_back_as_it_was_stored(kind: type[Row], data: st.DataObject) -> None:
    row = data.draw(anything(kind))
    stored = rows.row_write("s", row, "api").values
    assert DECODERS[kind](through_json(stored["data"]), BEFORE_EVERYTHING) == row


@settings(max_examples=50, deadline=None)
@given(anything(Transaction))
def test_a_transaction_comes_back_from_its_columns(row: Transaction) -> None:
    assert rows.transaction(rows.row_write("s", row, "ocpp").values) == row


@settings(max_examples=20, deadline=None)
@given(anything(MinuteRecord))
def test_a_minute_comes_back_from_its_columns(record: MinuteRecord) -> None:
    assert rows.minute(rows.minute_write("s", record).values) == record


@pytest.mark.parametrize("kind", CONCRETE_EVENTS, ids=lambda kind: kind.__name__)
@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_an_event_comes_back_as_it_was_stored_but_for_passwords(kind: type[ev.Event], data: st.DataObject) -> None:
    event = data.draw(anything(kind))
    if isinstance(event, ev.ChargePointDeclared):
        event = replace(event, settings=replace(event.settings, password_sha256=None))
    if isinstance(event, ev.PasswordOffered | ev.PasswordRefused | ev.CredentialsProved):
        event = replace(event, password_sha256="")
    assert rows.event(through_json(rows.event_values("s", event))) == event


def test_a_password_digest_is_in_the_settings_and_not_in_the_event() -> None:
    event, row = charge_point_declared("a")
    assert SECRET not in orjson.dumps(rows.event_values("s", event)).decode()
    assert SECRET in orjson.dumps(rows.row_write("s", row, "file").values).decode()


def test_an_event_names_its_charge_point_in_a_column() -> None:
    declared, _ = charge_point_declared("a")
    named = [rows.event_values("s", event)["charge_point_id"] for event in (declared, started(transaction(1)))]
    assert named == ["a", "a"]


@pytest.mark.parametrize(
    ("utc_s", "steady_s"),
    [
        (AT.utc_s - 40.0, AT.steady_s - 40.0),  # 40 s old
        (AT.utc_s + 3600.0, AT.steady_s),  # the wall clock was set back
    ],
)
def test_a_loaded_reading_is_as_old_as_it_was(utc_s: float, steady_s: float) -> None:
    _, reading = metered(1.0, at=Moment(utc_s, 7.0))
    assert rows.meter_reading(through_json(rows.row_write("s", reading, "ocpp").values["data"]), AT).at == Moment(
        utc_s, steady_s
    )


def test_a_loaded_limit_counts_as_just_issued() -> None:
    limit = Limit(1, LimitPurpose.DEFAULT, 0, None, "c", Moment(5.0, 9.0))
    stored = rows.row_write("s", ConnectorLimits("a", 1, default=limit, confirmed_at=Moment(6.0, 10.0)), "ocpp")
    loaded = rows.connector_limits(through_json(stored.values["data"]), AT)
    assert loaded.default == replace(limit, issued_at=Moment(5.0, AT.steady_s))
    assert loaded.confirmed_at == Moment(6.0, AT.steady_s)


@pytest.mark.parametrize("age_s", [40.0, 0.0, -3600.0])
def test_a_turn_a_pause_and_a_car_that_stopped_asking_stay_as_old_as_they_are(age_s: float) -> None:
    before = Moment(AT.utc_s - age_s, 7.0)
    expected = Moment(AT.utc_s - age_s, AT.steady_s - max(0.0, age_s))
    limits = loaded_limits(ConnectorLimits("a", 1, turn_since=before, paused_since=before))
    assert (limits.turn_since, limits.paused_since) == (expected, expected)
    stored = rows.row_write("s", Connector("a", 1, ConnectorStatus.SUSPENDED_EV, suspended_since=before), "ocpp")
    assert rows.connector(through_json(stored.values["data"]), AT).suspended_since == expected


def test_nothing_was_served_and_no_overdraw_calmed_down_while_nobody_was_watching() -> None:
    before = Moment(AT.utc_s - 4000.0, 7.0)
    limits = loaded_limits(ConnectorLimits("a", 1, overdraw=Overdraw(9.0, 1, before), served_wh=5.0, served_at=before))
    just_now = Moment(before.utc_s, AT.steady_s)
    assert (limits.overdraw, limits.served_wh, limits.served_at) == (Overdraw(9.0, 1, just_now), 5.0, just_now)


def loaded_limits(limits: ConnectorLimits) -> ConnectorLimits:
    stored = rows.row_write("s", limits, "ocpp")
    return rows.connector_limits(through_json(stored.values["data"]), AT)


def test_an_event_names_its_limit_and_its_decision_in_columns_alone() -> None:
    issued = ev.LimitIssued(AT, "a", 1, 7, LimitPurpose.DEFAULT, 0, "c", decision_id=3)
    values = rows.event_values("s", issued)
    assert (values["limit_id"], values["decision_id"]) == (7, 3)
    data = values["data"]
    assert isinstance(data, dict)
    assert not {"limit_id", "decision_id"} & set(data)


def test_a_sample_holds_the_power_that_the_reading_says() -> None:
    event = ev.MeterValuesReceived(AT, "a", 1, 12.0, transaction_id="t1", energy_wh=100.0)
    reading = MeterReading("a", 1, AT, 12.0, 3600.0, PowerSource.ENERGY_SLOPE, 100.0)
    assert rows.sample_values("s", event, [transaction(1), reading]) == {
        "site_id": "s",
        "charge_point_id": "a",
        "connector_id": 1,
        "at_utc_s": AT.utc_s,
        "measured_at_s": 12.0,
        "transaction_id": "t1",
        "power_w": 3600.0,
        "source": "energy_slope",
        "energy_wh": 100.0,
        "currents_a": None,
    }


@pytest.mark.parametrize("value", ["\ud800", float("nan"), float("inf")])
def test_what_no_database_takes_is_refused_before_it_is_queued(value: str | float) -> None:
    row = transaction(1, **({"id_token": value} if isinstance(value, str) else {"energy_wh": value}))
    with pytest.raises(Unstorable):
        rows.row_write("s", row, "ocpp")


def test_an_integer_beyond_64_bits_is_refused() -> None:
    with pytest.raises(Unstorable):
        rows.row_write("s", Connector("a", 2**63, ConnectorStatus.AVAILABLE), "ocpp")


def test_what_an_older_version_wrote_gets_the_defaults_and_loses_what_is_gone() -> None:
    old = {"charge_point_id": "a", "site_id": "s", "colour": "green"}
    assert from_json(ChargePointSettings, old, lambda utc_s: Moment(utc_s, 0.0)) == ChargePointSettings("a", "s")
