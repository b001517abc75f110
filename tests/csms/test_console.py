"""Arguments of `csms command`, and what tables show."""

import io
from datetime import UTC, datetime
from typing import Any

import pytest
import typer
from rich.console import Console, RenderableType

from csms.client import Alarm, Allocation, ChargePoint, ChargerAllocation, Connection, Session, Site
from csms.console import tables
from csms.console.commands import parsed

ARGUMENTS: list[tuple[list[str], dict[str, Any]]] = [
    ([], {}),
    (["type=Soft"], {"type": "Soft"}),
    (["connectorId=0", "on=true", "nothing=null"], {"connectorId": 0, "on": True, "nothing": None}),
    (['key=["HeartbeatInterval"]'], {"key": ["HeartbeatInterval"]}),
    (['idTag="1234"'], {"idTag": "1234"}),
    (["url=http://a/?b=c"], {"url": "http://a/?b=c"}),
    (["evse.id=1", "evse.connectorId=2"], {"evse": {"id": 1, "connectorId": 2}}),
    (["empty="], {"empty": ""}),
]


@pytest.mark.parametrize(("arguments", "payload"), ARGUMENTS, ids=str)
def test_arguments_become_a_payload(arguments: list[str], payload: dict[str, Any]) -> None:
    assert parsed(arguments) == payload


@pytest.mark.parametrize(
    "arguments", [["type"], ["=x"], ["a..b=1"], ["a=1", "a=2"], ["a=1", "a.b=2"], [".=1"]], ids=str
)
def test_arguments_that_say_nothing_or_two_things_are_refused(arguments: list[str]) -> None:
    with pytest.raises(typer.BadParameter):
        parsed(arguments)


AT = datetime(2026, 1, 1, tzinfo=UTC)
NASTY = "[red]x[/red]"


def shown(picture: RenderableType) -> str:
    out = io.StringIO()
    Console(file=out, width=160).print(picture)
    return out.getvalue()


def allocation(permitted_kw: float = 9.0, **charger: Any) -> Allocation:
    row = {
        "charge_point_id": NASTY,
        "allocated_kw": 5.0,
        "permitted_kw": 9.0,
        "actual_kw": 4.5,
        "status": "Charging",
        "confirmed": True,
        "reason": "shares 10 kW",
        "waiting": False,
        "expected_start": None,
        "connectors": [],
        **charger,
    }
    return Allocation(
        site_id="park",
        strategy="equal",
        total_budget_kw=10.0,
        total_allocated_kw=5.0,
        total_permitted_kw=permitted_kw,
        reserved_kw=0.0,
        site_load_kw=0.0,
        limit_source="",
        timestamp=AT,
        chargers=[ChargerAllocation.model_validate(row)],
        waiting=[],
        not_commissioned=[],
        circuits=[],
    )


def point(name: str, status: str | None) -> ChargePoint:
    return ChargePoint(
        charge_point_id=name,
        site_id="park",
        status=status,
        connection=Connection(connected=True, ready=True, since=AT),
        protocol="ocpp1.6",
        vendor=None,
        model=None,
        serial_number=None,
        firmware_version=None,
    )


def test_text_from_chargers_is_text() -> None:
    assert NASTY in shown(tables.watched(allocation(), [point(NASTY, "Charging"), point("CP-2", None)]))
    alarm = Alarm(
        alarm_id=1,
        site_id="s",
        kind="k",
        subject=NASTY,
        text=NASTY,
        excess_kw=0,
        excess_a=0,
        holders=[],
        raised_at=AT,
        cleared_at=None,
    )
    assert shown(tables.alarms([alarm])).count(NASTY) == 2


def test_a_charger_that_has_not_confirmed_and_one_that_waits_are_told() -> None:
    text = shown(tables.watched(allocation(confirmed=False, actual_kw=None), [point(NASTY, "Charging")]))
    assert "5.00 kW…" in text
    assert "?" in text
    waiting = allocation(waiting=True, expected_start=AT, reason="waits")
    turn = f"waits, turn at about {AT.astimezone():%H:%M}"
    assert turn in shown(tables.watched(waiting, [point(NASTY, "SuspendedEVSE")]))


def test_the_sum_of_a_site_is_told_with_its_budget() -> None:
    text = shown(tables.watched(allocation(), []))
    assert "permitted 9.00 kW   drawn 4.50 kW   budget 10.00 kW" in text


def test_a_session_runs_or_has_ended() -> None:
    common: dict[str, Any] = {
        "session_id": 1,
        "transaction_id": "1",
        "site_id": "park",
        "charge_point_id": "CP-1",
        "connector_id": 2,
        "id_token": None,
        "energy_kwh": 1.5,
        "stop_reason": None,
    }
    running = Session(started_at=AT, ended_at=None, status="active", **common)
    orphan = Session(started_at=None, ended_at=AT, status="completed", **common)
    text = shown(tables.sessions([running, orphan]))
    assert "CP-1:2" in text
    assert "running" in text
    assert "1.50 kWh" in text


def test_a_site_is_a_row_with_its_alarms() -> None:
    site = Site(
        site_id="park",
        name="Car park",
        timezone="UTC",
        grid_capacity_kw=50,
        charge_points=3,
        connected=2,
        active_sessions=1,
    )
    text = shown(tables.sites([site], [allocation()], []))
    assert "Car park" in text
    assert "2/3" in text
