"""What happens to a site when a 2.0.1 charging station says something, and what it is answered."""

import pytest
from charge_point_fakes import NOW, NOW_S, FakeSite, charge_point, handle, session

from csms.charge_points.schemas import JsonObject
from csms.charge_points.session import Session
from csms.charge_points.v201.availability import evse_status
from csms.domain import events as ev
from csms.domain.model import OCPP201, ConnectorStatus, PowerSource

ACCEPTED = {"status": "Accepted"}
TOKEN = {"idToken": "TAG", "type": "ISO14443"}
TWO = charge_point(connectors=2)


def station(site: FakeSite) -> Session:
    return session(site, OCPP201)


def event(
    at: Session, kind: str, *, tx: str = "tx-1", evse: int | None = 1, time: str = NOW, seq: int = 0, **fields: object
) -> JsonObject:
    """A TransactionEvent; `fields` beginning with `info_` go into transactionInfo."""
    info = {name.removeprefix("info_"): value for name, value in fields.items() if name.startswith("info_")}
    payload: JsonObject = {
        "eventType": kind,
        "timestamp": time,
        "triggerReason": "Trigger",
        "seqNo": seq,
        "transactionInfo": {"transactionId": tx, **info},
        **{name: value for name, value in fields.items() if not name.startswith("info_")},
    }
    if evse is not None:
        payload["evse"] = {"id": evse, "connectorId": 1}
    return handle(at, "TransactionEvent", payload).payload


def register(value: float, time: str = NOW) -> list[JsonObject]:
    return [{"timestamp": time, "sampledValue": [{"value": value, "unitOfMeasure": {"unit": "Wh"}}]}]


def status(at: Session, connector_status: str, evse: int = 1, connector: int = 1) -> None:
    payload = {"timestamp": NOW, "connectorStatus": connector_status, "evseId": evse, "connectorId": connector}
    assert handle(at, "StatusNotification", payload).payload == {}


async def test_a_boot_is_accepted_with_the_time_in_utc_and_the_interval() -> None:
    site = FakeSite()
    boot = {
        "reason": "PowerUp",
        "chargingStation": {"vendorName": "Acme", "model": "Two", "serialNumber": "4711", "firmwareVersion": "2.0"},
    }
    reply = handle(station(site), "BootNotification", boot)
    assert reply.payload == {"currentTime": "2026-05-28T20:26:40.000Z", "interval": 60, "status": "Accepted"}
    assert reply.sent is not None
    known = site.state.charge_points["CP-1"]
    assert (known.vendor, known.model, known.serial_number, known.firmware_version) == ("Acme", "Two", "4711", "2.0")
    assert site.recorded(ev.ChargePointBooted)[0].reason == "PowerUp"


@pytest.mark.parametrize(
    ("action", "payload", "answer"),
    [
        ("Heartbeat", {}, {"currentTime": "2026-05-28T20:26:40.000Z"}),
        ("Authorize", {"idToken": TOKEN}, {"idTokenInfo": ACCEPTED}),
        ("DataTransfer", {"vendorId": "com.example"}, {"status": "UnknownVendorId"}),
    ],
)
async def test_what_changes_nothing_is_answered(action: str, payload: JsonObject, answer: JsonObject) -> None:
    site = FakeSite()
    assert handle(station(site), action, payload).payload == answer
    assert site.events == []


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        (["Available"], ConnectorStatus.AVAILABLE),
        (["Occupied"], ConnectorStatus.PREPARING),
        (["Occupied", "Available"], ConnectorStatus.PREPARING),
        (["Faulted", "Available"], ConnectorStatus.AVAILABLE),
        (["Available", "Unavailable"], ConnectorStatus.AVAILABLE),
        (["Faulted", "Unavailable"], ConnectorStatus.UNAVAILABLE),
        (["Reserved"], ConnectorStatus.RESERVED),
    ],
)
def test_an_evse_has_one_status_for_its_connectors(states: list[str], expected: ConnectorStatus) -> None:
    assert evse_status(states) is expected


async def test_the_connectors_of_an_evse_report_under_it() -> None:
    site = FakeSite()
    at = station(site)
    status(at, "Available", connector=1)
    status(at, "Occupied", connector=2)
    status(at, "Available", connector=1)
    assert site.connector(1).status is ConnectorStatus.PREPARING
    status(at, "Available", connector=2)
    assert site.connector(1).status is ConnectorStatus.AVAILABLE


async def test_occupied_does_not_hide_what_a_transaction_does() -> None:
    site = FakeSite()
    at = station(site)
    event(at, "Started", info_chargingState="Charging")
    status(at, "Occupied")
    assert site.connector(1).status is ConnectorStatus.CHARGING


@pytest.mark.parametrize("connector_status", ["Faulted", "Available", "Unavailable"])
async def test_occupied_ends_what_has_interrupted_a_transaction(connector_status: str) -> None:
    site = FakeSite()
    at = station(site)
    event(at, "Started", info_chargingState="Charging")
    status(at, connector_status)
    assert site.connector(1).status == connector_status
    status(at, "Occupied")
    assert site.connector(1).status is ConnectorStatus.PREPARING


async def test_a_status_of_an_impossible_evse_is_answered_and_forgotten() -> None:
    site = FakeSite()
    status(station(site), "Available", evse=1000)
    assert site.events == []


async def test_a_transaction_begins_under_the_id_of_the_station() -> None:
    site = FakeSite()
    answer = event(station(site), "Started", idToken=TOKEN, meterValue=register(100), info_chargingState="EVConnected")
    assert answer == {"idTokenInfo": ACCEPTED}
    (running,) = site.transactions("CP-1")
    assert (running.transaction_id, running.connector_id, running.id_token) == ("tx-1", 1, "TAG")
    assert (running.started_at_s, running.register_wh, running.session_id) == (NOW_S, 100.0, 1)
    assert site.connector(1).status is ConnectorStatus.PREPARING


async def test_a_token_shown_after_the_start_belongs_to_the_transaction() -> None:
    site = FakeSite()
    at = station(site)
    event(at, "Started")
    event(at, "Updated", seq=1, idToken=TOKEN)
    event(at, "Updated", seq=2, idToken={"idToken": "OTHER", "type": "ISO14443"})
    (transaction,) = site.state.active.values()
    assert transaction.id_token == "TAG"


async def test_only_an_event_with_a_token_is_answered_with_its_status() -> None:
    at = station(FakeSite())
    assert event(at, "Started") == {}
    assert event(at, "Updated", idToken=TOKEN) == {"idTokenInfo": ACCEPTED}


@pytest.mark.parametrize("kind", ["Started", "Updated", "Ended"])
async def test_an_event_is_answered_only_when_it_is_on_disk(kind: str) -> None:
    site = FakeSite()
    site.held = []
    at = station(site)
    reply = handle(
        at,
        "TransactionEvent",
        {
            "eventType": kind,
            "timestamp": NOW,
            "triggerReason": "Trigger",
            "seqNo": 0,
            "transactionInfo": {"transactionId": "tx"},
        },
    )
    assert reply.durable is site.held[-1]


@pytest.mark.parametrize(
    ("charging_state", "expected"),
    [
        ("Charging", ConnectorStatus.CHARGING),
        ("EVConnected", ConnectorStatus.PREPARING),
        ("SuspendedEV", ConnectorStatus.SUSPENDED_EV),
        ("SuspendedEVSE", ConnectorStatus.SUSPENDED_EVSE),
        ("Idle", ConnectorStatus.FINISHING),
    ],
)
async def test_the_charging_state_is_the_status(charging_state: str, expected: ConnectorStatus) -> None:
    site = FakeSite()
    at = station(site)
    event(at, "Started")
    event(at, "Updated", info_chargingState=charging_state)
    event(at, "Updated", info_chargingState=charging_state, evse=None)
    assert site.connector(1).status is expected
    assert len(site.recorded(ev.ConnectorStatusChanged)) == 1


async def test_an_event_carries_meter_values() -> None:
    site = FakeSite()
    at = station(site)
    event(at, "Started", meterValue=register(100))
    power = {"value": 7.2, "measurand": "Power.Active.Import", "unitOfMeasure": {"unit": "W", "multiplier": 3}}
    value = [{"timestamp": NOW, "sampledValue": [power, {"value": 150}]}]
    event(at, "Updated", evse=None, meterValue=value)
    reading = site.recorded(ev.MeterValuesReceived)[-1]
    assert (reading.power_w, reading.source, reading.transaction_id) == (7200.0, PowerSource.POWER, "tx-1")
    assert site.transactions("CP-1")[0].energy_wh == 50.0


async def test_an_absurd_multiplier_is_no_value() -> None:
    site = FakeSite()
    sampled = {"value": 1, "measurand": "Power.Active.Import", "unitOfMeasure": {"multiplier": 999_999}}
    handle(station(site), "MeterValues", {"evseId": 1, "meterValue": [{"timestamp": NOW, "sampledValue": [sampled]}]})
    assert site.events == []


@pytest.mark.parametrize("evse_id", [0, 1])
async def test_meter_values_are_recorded_under_their_evse(evse_id: int) -> None:
    site = FakeSite()
    handle(station(site), "MeterValues", {"evseId": evse_id, "meterValue": register(1500)})
    (reading,) = site.recorded(ev.MeterValuesReceived)
    assert (reading.connector_id, reading.energy_wh) == (evse_id, 1500.0)


async def test_meter_values_of_an_evse_that_no_station_has_leave_nothing_behind() -> None:
    site = FakeSite()
    at = station(site)
    for evse_id in (-1, 65, 1000):
        power = {"value": 7200, "measurand": "Power.Active.Import"}
        value = [{"timestamp": NOW, "sampledValue": [power]}]
        assert handle(at, "MeterValues", {"evseId": evse_id, "meterValue": value}).payload == {}
    assert (site.events, at.paces) == ([], {})


async def test_an_end_has_its_energy_and_its_reason() -> None:
    site = FakeSite()
    at = station(site)
    event(at, "Started", meterValue=register(100), info_chargingState="Charging")
    event(at, "Ended", evse=None, meterValue=register(900), info_stoppedReason="EVDisconnected")
    (ended,) = site.transactions("CP-1")
    assert (ended.ended_at_s, ended.energy_wh, ended.stop_reason) == (NOW_S, 800.0, "EVDisconnected")
    assert site.connector(1).status is ConnectorStatus.FINISHING


async def test_an_end_without_a_reason_was_made_at_the_station() -> None:
    site = FakeSite()
    at = station(site)
    event(at, "Started")
    event(at, "Ended")
    assert site.transactions("CP-1")[0].stop_reason == "Local"


async def test_a_connector_that_is_free_before_its_transaction_ends_stays_free() -> None:
    site = FakeSite()
    at = station(site)
    event(at, "Started", info_chargingState="Charging")
    status(at, "Available")
    event(at, "Ended")
    assert site.connector(1).status is ConnectorStatus.AVAILABLE


async def test_repeated_events_count_once() -> None:
    site = FakeSite()
    at = station(site)
    for kind in ("Started", "Updated", "Ended", "Started", "Updated", "Ended"):
        event(at, kind)
        event(at, kind, offline=True)
    assert len(site.recorded(ev.TransactionStarted)) == 1
    assert len(site.recorded(ev.TransactionEnded)) == 1
    assert len(site.transactions("CP-1")) == 1


async def test_an_update_begins_a_transaction_whose_start_was_lost() -> None:
    site = FakeSite()
    at = station(site)
    event(at, "Updated", seq=3, meterValue=register(500), info_chargingState="Charging")
    event(at, "Started", meterValue=register(100, "2026-05-28T20:00:00Z"), time="2026-05-28T20:00:00Z")
    (running,) = site.transactions("CP-1")
    assert (running.active, running.started_at_s, running.register_wh) == (True, NOW_S, 500.0)
    assert site.connector(1).status is ConnectorStatus.CHARGING


async def test_an_end_without_a_start_is_kept_once_and_no_later_start_revives_it() -> None:
    site = FakeSite()
    at = station(site)
    event(at, "Ended", idToken=TOKEN, meterValue=register(900))
    event(at, "Ended", idToken=TOKEN, meterValue=register(900))
    event(at, "Started")
    (orphan,) = site.transactions("CP-1")
    assert (orphan.orphan, orphan.connector_id, orphan.id_token, orphan.register_wh) == (True, 1, "TAG", 900.0)


async def test_an_event_without_its_evse_belongs_to_the_only_one() -> None:
    site = FakeSite()
    event(station(site), "Started", evse=None)
    assert site.transactions("CP-1")[0].connector_id == 1


async def test_a_transaction_that_began_without_its_evse_waits_for_it() -> None:
    site = FakeSite(TWO)
    at = station(site)
    assert event(at, "Started", evse=None, idToken=TOKEN, time="2026-05-28T20:20:00Z") == {"idTokenInfo": ACCEPTED}
    assert site.transactions("CP-1") == []
    event(at, "Updated", evse=2)
    (running,) = site.transactions("CP-1")
    assert (running.connector_id, running.id_token, running.started_at_s) == (2, "TAG", NOW_S - 400)


async def test_an_end_of_a_transaction_that_never_had_an_evse_is_kept_without_one() -> None:
    site = FakeSite(TWO)
    at = station(site)
    event(at, "Started", evse=None, idToken=TOKEN)
    event(at, "Ended", evse=None, info_stoppedReason="Timeout")
    (orphan,) = site.transactions("CP-1")
    assert (orphan.orphan, orphan.connector_id, orphan.id_token, orphan.stop_reason) == (True, 0, "TAG", "Timeout")


async def test_only_so_many_unplaced_transactions_are_remembered() -> None:
    at = station(FakeSite(TWO))
    for number in range(100):
        event(at, "Started", tx=f"tx-{number}", evse=None)
    assert list(at.early_starts) == [f"tx-{number}" for number in range(84, 100)]


async def test_a_late_event_of_another_transaction_does_not_end_the_running_one() -> None:
    site = FakeSite()
    at = station(site)
    event(at, "Started")
    event(at, "Updated", tx="long-gone", time="2026-05-28T19:00:00Z")
    assert [t.transaction_id for t in site.transactions("CP-1")] == ["tx-1"]


async def test_a_new_transaction_supersedes_the_one_that_never_ended_and_its_end_is_still_taken() -> None:
    site = FakeSite()
    at = station(site)
    event(at, "Started")
    event(at, "Started", tx="tx-2", info_chargingState="Charging")
    event(at, "Ended", info_stoppedReason="Remote")
    assert [(t.transaction_id, t.stop_reason) for t in site.transactions("CP-1")] == [
        ("tx-2", None),
        ("tx-1", "Remote"),
    ]
    assert site.connector(1).status is ConnectorStatus.CHARGING
