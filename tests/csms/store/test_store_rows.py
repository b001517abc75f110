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
from csms.domain.history import MinuteRecord
from csms.domain.model import (
    ChargePoint,
    ChargePointSettings,
    Connector,
    ConnectorLimits,
    ConnectorStatus,
    Limit,
    LimitPurpose,
    MeterReading,
    Moment,
    PowerSource,
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
