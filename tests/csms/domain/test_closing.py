"""An operator ends a session by hand only where nobody can be charging."""

from __future__ import annotations

from dataclasses import replace

import pytest

from csms.domain import events as ev
from csms.domain.closing import closed_by_operator, forgotten
from csms.domain.illegal import IllegalEvent
from csms.domain.model import ChargePointSettings, ConnectorKey, ConnectorStatus, Moment, PowerSource, SiteSettings
from csms.domain.state import State
from csms.domain.transaction_rules import CLOSED_BY_OPERATOR

AT = Moment(1_000_000.0, 50.0)
SETTINGS = ChargePointSettings("a", "s")
KEY = ConnectorKey("a", 1)


def charging(status: ConnectorStatus | None = ConnectorStatus.AVAILABLE) -> State:
    state = State(SiteSettings("s", "S", "UTC", 50_000))
    state.apply(ev.ChargePointDeclared(AT, SETTINGS))
    state.apply(ev.ChargePointConnected(AT, "a", "c1", "ocpp1.6"))
    state.apply(ev.TransactionStarted(AT, "a", 1, "t", 7, AT.utc_s + 5))
    if status is not None:
        state.apply(ev.ConnectorStatusChanged(AT, "a", 1, status))
    return state


def test_a_session_on_a_connector_where_nothing_charges_is_closed() -> None:
    state = charging()
    ended = closed_by_operator(state.view(), 7, AT)
    assert ended is not None
    state.apply(ended)
    assert state.ended["a"][0].stop_reason == CLOSED_BY_OPERATOR
    assert state.ended["a"][0].ended_at_s == AT.utc_s + 5
    assert closed_by_operator(state.view(), 7, AT) is None


@pytest.mark.parametrize(
    "status", [None, ConnectorStatus.CHARGING, ConnectorStatus.SUSPENDED_EV, ConnectorStatus.SUSPENDED_EVSE]
)
def test_where_somebody_may_charge_it_is_not(status: ConnectorStatus | None) -> None:
    with pytest.raises(IllegalEvent):
        closed_by_operator(charging(status).view(), 7, AT)


def test_a_status_of_an_earlier_connection_says_nothing() -> None:
    state = charging()
    state.apply(ev.ChargePointConnected(AT, "a", "c2", "ocpp1.6"))
    with pytest.raises(IllegalEvent):
        closed_by_operator(state.view(), 7, AT)


def test_where_power_is_metered_it_is_not() -> None:
    state = charging()
    state.apply(ev.MeterValuesReceived(AT, "a", 1, AT.utc_s, "t", 7000.0, PowerSource.POWER))
    with pytest.raises(IllegalEvent):
        closed_by_operator(state.view(), 7, AT)


def test_of_a_charger_that_is_offline_only_when_it_is_switched_off() -> None:
    state = charging()
    state.apply(ev.ChargePointDisconnected(AT, "a", "c1"))
    with pytest.raises(IllegalEvent, match="offline"):
        closed_by_operator(state.view(), 7, AT)
    state.apply(ev.ChargePointDeclared(AT, replace(SETTINGS, in_service=False)))
    assert closed_by_operator(state.view(), 7, AT) is not None


@pytest.mark.parametrize(
    ("status", "seems"),
    [
        (None, False),
        (ConnectorStatus.PREPARING, False),  # it may be about to begin: closing it by hand is not offered, if accepted
        (ConnectorStatus.CHARGING, False),
        (ConnectorStatus.SUSPENDED_EV, False),
        (ConnectorStatus.AVAILABLE, True),
        (ConnectorStatus.FINISHING, True),
        (ConnectorStatus.UNAVAILABLE, True),
    ],
)
def test_a_session_seems_forgotten_where_its_charger_says_that_nobody_charges(
    status: ConnectorStatus | None, seems: bool
) -> None:
    view = charging(status).view()
    assert forgotten(view, view.active[KEY], AT) is seems


def test_a_session_of_a_charger_that_is_offline_seems_forgotten_only_when_it_is_switched_off() -> None:
    state = charging(ConnectorStatus.PREPARING)
    state.apply(ev.ChargePointDisconnected(AT, "a", "c1"))
    assert not forgotten(state.view(), state.active[KEY], AT)
    state.apply(ev.ChargePointDeclared(AT, replace(SETTINGS, in_service=False)))
    assert forgotten(state.view(), state.active[KEY], AT)


def test_a_session_of_which_power_is_metered_is_not_forgotten() -> None:
    state = charging()
    state.apply(ev.MeterValuesReceived(AT, "a", 1, AT.utc_s, "t", 7000.0, PowerSource.POWER))
    assert not forgotten(state.view(), state.active[KEY], AT)
