"""What happens to a site when a 1.6 charge point says something, and what it is answered."""

import pytest
from charge_point_fakes import NOW, NOW_S, FakeClock, FakeSite, charge_point, handle, session

from csms.charge_points.schemas import JsonObject
from csms.charge_points.session import Session
from csms.domain import events as ev
from csms.domain.model import ConnectorStatus, PowerSource
from csms.domain.transaction_rules import SUPERSEDED

ACCEPTED = {"status": "Accepted"}


def start(
    at: Session, *, connector_id: int = 1, tag: str = "TAG", meter_wh: int = 100, timestamp: str = NOW
) -> JsonObject:
    payload = {"connectorId": connector_id, "idTag": tag, "meterStart": meter_wh, "timestamp": timestamp}
    return handle(at, "StartTransaction", payload).payload


def stop(at: Session, transaction_id: int, **fields: object) -> JsonObject:
    payload = {"transactionId": transaction_id, "meterStop": 900, "timestamp": NOW, **fields}
    return handle(at, "StopTransaction", payload).payload


def meter(at: Session, *sampled: JsonObject, connector_id: int = 1, timestamp: str = NOW, **fields: object) -> None:
    value = [{"timestamp": timestamp, "sampledValue": list(sampled)}]
    handle(at, "MeterValues", {"connectorId": connector_id, "meterValue": value, **fields})


POWER = {"value": "7000", "measurand": "Power.Active.Import", "unit": "W"}


async def test_a_boot_is_accepted_with_the_time_in_utc_and_the_interval() -> None:
    site = FakeSite()
    boot = {
        "chargePointVendor": "Acme",
        "chargePointModel": "One",
        "chargeBoxSerialNumber": "4711",
        "firmwareVersion": "1.2",
    }
    reply = handle(session(site), "BootNotification", boot)
    assert reply.payload == {"currentTime": "2026-05-28T20:26:40.000Z", "interval": 60, "status": "Accepted"}
    known = site.state.charge_points["CP-1"]
    assert (known.vendor, known.model, known.serial_number, known.firmware_version) == ("Acme", "One", "4711", "1.2")


async def test_provisioning_waits_for_the_answer_to_the_boot() -> None:
    asked: list[str] = []
    at = session(FakeSite())
    at.on_booted = lambda: asked.append("booted")
    reply = handle(at, "BootNotification", {"chargePointVendor": "Acme", "chargePointModel": "One"})
    assert asked == []
    assert reply.sent is not None
    reply.sent()
    assert asked == ["booted"]


@pytest.mark.parametrize(
    ("action", "payload", "answer"),
    [
        ("Heartbeat", {}, {"currentTime": "2026-05-28T20:26:40.000Z"}),
        ("Authorize", {"idTag": "TAG"}, {"idTagInfo": ACCEPTED}),
        ("DataTransfer", {"vendorId": "com.example"}, {"status": "UnknownVendorId"}),
    ],
)
async def test_what_changes_nothing_is_answered(action: str, payload: JsonObject, answer: JsonObject) -> None:
    site = FakeSite()
    assert handle(session(site), action, payload).payload == answer
    assert site.events == []


@pytest.mark.parametrize("status", list(ConnectorStatus))
@pytest.mark.parametrize("connector_id", [0, 1])
async def test_every_status_of_every_connector_is_recorded(status: ConnectorStatus, connector_id: int) -> None:
    site = FakeSite()
    payload = {"connectorId": connector_id, "errorCode": "NoError", "status": status.value}
    assert handle(session(site), "StatusNotification", payload).payload == {}
    assert site.connector(connector_id).status is status
    assert site.connector(connector_id).error_code is None


@pytest.mark.parametrize("timestamp", [None, "1970-01-01T00:00:00Z", "2026-05-28 22:26:40"])
async def test_a_status_with_an_odd_time_is_recorded_as_of_now(timestamp: str | None) -> None:
    site = FakeSite()
    payload = {"connectorId": 1, "errorCode": "GroundFailure", "status": "Faulted", "timestamp": timestamp}
    handle(session(site), "StatusNotification", payload)
    assert site.connector(1).status_at_s == NOW_S
    assert site.connector(1).error_code == "GroundFailure"


async def test_a_status_of_an_impossible_connector_is_answered_and_forgotten() -> None:
    site = FakeSite()
    payload = {"connectorId": 1000, "errorCode": "NoError", "status": "Available"}
    assert handle(session(site), "StatusNotification", payload).payload == {}
    assert site.events == []


async def test_a_start_is_answered_with_a_positive_id_of_its_own() -> None:
    site = FakeSite(charge_point(connectors=2))
    at = session(site)
    first, second = start(at), start(at, connector_id=2)
    assert first == {"transactionId": 1, "idTagInfo": ACCEPTED}
    assert second["transactionId"] == 2
    running = site.transactions("CP-1")
    assert [(t.transaction_id, t.connector_id, t.id_token, t.register_wh) for t in running] == [
        ("1", 1, "TAG", 100.0),
        ("2", 2, "TAG", 100.0),
    ]


async def test_a_start_is_answered_only_when_it_is_on_disk() -> None:
    site = FakeSite()
    site.held = []
    reply = handle(
        session(site), "StartTransaction", {"connectorId": 1, "idTag": "T", "meterStart": 0, "timestamp": NOW}
    )
    assert reply.durable is site.held[0]
    assert not reply.durable.done()


async def test_a_repeated_start_gets_the_same_id_and_waits_for_the_same_promise() -> None:
    site = FakeSite()
    site.held = []
    at = session(site)
    first = start(at)
    payload = {"connectorId": 1, "idTag": "TAG", "meterStart": 100, "timestamp": NOW}
    again = handle(at, "StartTransaction", payload)
    assert again.payload == first
    assert again.durable is site.held[0]
    assert len(site.recorded(ev.TransactionStarted)) == 1


@pytest.mark.parametrize("change", [{"tag": "OTHER"}, {"meter_wh": 101}, {"timestamp": "2026-05-28T20:26:39Z"}])
async def test_a_start_that_differs_is_another_transaction(change: dict[str, object]) -> None:
    site = FakeSite()
    at = session(site)
    assert start(at)["transactionId"] == 1
    assert start(at, **change)["transactionId"] == 2  # type: ignore[arg-type]  # of any field
    assert [t.stop_reason for t in site.transactions("CP-1")] == [None, SUPERSEDED]


async def test_a_start_repeated_after_its_stop_starts_nothing() -> None:
    site = FakeSite()
    at = session(site)
    start(at)
    stop(at, 1)
    assert start(at)["transactionId"] == 1
    assert not site.transactions("CP-1")[0].active


async def test_a_clock_that_is_not_set_can_begin_two_sessions_alike() -> None:
    site = FakeSite()
    at = session(site)
    unset = "1970-01-01T00:00:00Z"
    assert [start(at, timestamp=unset)["transactionId"] for _ in range(2)] == [1, 1]
    stop(at, 1, timestamp=unset)
    assert start(at, timestamp=unset)["transactionId"] == 2
    assert [t.active for t in site.transactions("CP-1")] == [True, False]


async def test_a_start_from_before_the_running_transaction_does_not_end_it() -> None:
    site = FakeSite()
    at = session(site)
    start(at)
    assert [start(at, timestamp="2026-05-28T10:00:00Z")["transactionId"] for _ in range(2)] == [2, 2]
    stop(at, 2, timestamp="2026-05-28T11:00:00Z")
    running, late = site.transactions("CP-1")
    assert (running.transaction_id, running.active) == ("1", True)
    assert (late.transaction_id, late.orphan) == ("2", True)


@pytest.mark.parametrize(
    ("running_from", "timestamp"), [(NOW, "2026-05-28T20:26:30Z"), ("2026-05-28T21:26:40Z", "2026-05-28T10:00:00Z")]
)
async def test_clocks_that_disagree_do_not_hide_a_start(running_from: str, timestamp: str) -> None:
    site = FakeSite()
    at = session(site)
    start(at, timestamp=running_from)
    start(at, timestamp=timestamp)
    assert [(t.transaction_id, t.active) for t in site.transactions("CP-1")] == [("2", True), ("1", False)]


async def test_a_start_from_the_queue_keeps_its_time() -> None:
    site = FakeSite()
    start(session(site), timestamp="2026-05-27T20:26:40Z")
    assert site.transactions("CP-1")[0].started_at_s == NOW_S - 86_400


@pytest.mark.parametrize("timestamp", ["1970-01-01T00:00:12Z", "2031-01-01T00:00:00Z"])
async def test_a_start_by_a_clock_that_is_not_set_happened_now(timestamp: str) -> None:
    site = FakeSite()
    start(session(site), timestamp=timestamp)
    assert site.transactions("CP-1")[0].started_at_s == NOW_S


async def test_connector_0_is_the_only_connector() -> None:
    site = FakeSite()
    start(session(site), connector_id=0)
    assert site.transactions("CP-1")[0].connector_id == 1


async def test_connector_0_of_several_is_the_free_one_that_looks_occupied() -> None:
    site = FakeSite(charge_point(connectors=3))
    at = session(site)
    start(at, connector_id=1)
    handle(at, "StatusNotification", {"connectorId": 3, "errorCode": "NoError", "status": "Preparing"})
    start(at, connector_id=0, tag="SECOND")
    start(at, connector_id=-1, tag="THIRD")
    in_order = sorted(site.transactions("CP-1"), key=lambda transaction: transaction.session_id)
    assert [transaction.connector_id for transaction in in_order] == [1, 3, 2]


async def test_a_start_without_a_free_connector_has_an_id_and_its_stop_is_kept() -> None:
    site = FakeSite(charge_point(connectors=2))
    at = session(site)
    start(at, connector_id=1)
    start(at, connector_id=2)
    assert start(at, connector_id=0, tag="THIRD")["transactionId"] == 3
    stop(at, 3)
    assert [t.transaction_id for t in site.transactions("CP-1") if t.orphan] == ["3"]
    assert len(site.state.active) == 2


async def test_an_id_that_a_charger_made_up_is_not_given_out_again() -> None:
    site = FakeSite()
    at = session(site)
    stop(at, 2)  # takes session id 1
    assert start(at)["transactionId"] == 3


async def test_a_stop_ends_the_transaction_with_its_energy_and_reason() -> None:
    site = FakeSite()
    at = session(site)
    start(at)
    assert stop(at, 1, idTag="TAG", reason="EVDisconnected") == {"idTagInfo": ACCEPTED}
    ended = site.transactions("CP-1")[0]
    assert (ended.ended_at_s, ended.energy_wh, ended.stop_reason) == (NOW_S, 800.0, "EVDisconnected")


async def test_a_stop_without_tag_and_reason_was_made_at_the_charger() -> None:
    site = FakeSite()
    at = session(site)
    start(at)
    assert stop(at, 1) == {}
    assert site.transactions("CP-1")[0].stop_reason == "Local"


async def test_a_repeated_stop_changes_nothing() -> None:
    site = FakeSite()
    at = session(site)
    start(at)
    stop(at, 1)
    before = site.transactions("CP-1")
    assert stop(at, 1, meterStop=5000) == {}
    assert site.transactions("CP-1") == before


async def test_a_stop_never_comes_before_its_start() -> None:
    site = FakeSite()
    at = session(site)
    start(at)
    stop(at, 1, timestamp="2026-05-28T10:00:00Z")
    assert site.transactions("CP-1")[0].ended_at_s == NOW_S


@pytest.mark.parametrize("transaction_id", [4711, 0, -1])
async def test_a_stop_without_a_start_is_kept_once(transaction_id: int) -> None:
    site = FakeSite()
    at = session(site)
    assert stop(at, transaction_id, idTag="TAG") == {"idTagInfo": ACCEPTED}
    assert stop(at, transaction_id, idTag="TAG") == {"idTagInfo": ACCEPTED}
    (orphan,) = site.transactions("CP-1")
    assert (orphan.orphan, orphan.transaction_id, orphan.id_token) == (True, str(transaction_id), "TAG")
    assert (orphan.connector_id, orphan.register_wh, orphan.stop_reason) == (0, 900.0, "Local")


async def test_two_different_stops_without_an_id_are_two_orphans() -> None:
    site = FakeSite()
    at = session(site)
    stop(at, 0)
    stop(at, 0, meterStop=1200)
    assert len(site.transactions("CP-1")) == 2


async def test_a_stop_without_an_id_ends_the_only_running_transaction_once() -> None:
    site = FakeSite()
    at = session(site)
    start(at)
    stop(at, -1)
    stop(at, -1)
    (ended,) = site.transactions("CP-1")
    assert not ended.active
    assert not ended.orphan


async def test_a_stop_without_an_id_from_before_the_running_transaction_does_not_end_it() -> None:
    site = FakeSite()
    at = session(site)
    start(at)
    stop(at, -1, timestamp="2026-05-28T10:00:00Z")
    running, orphan = site.transactions("CP-1")
    assert (running.active, orphan.orphan) == (True, True)


@pytest.mark.parametrize(
    ("tag", "meter_wh", "ends"), [("OTHER", 50, False), ("OTHER", 900, True), ("OTHER", 0, True), ("TAG", 50, True)]
)
async def test_a_stop_without_an_id_of_another_token_and_another_meter_is_of_another_transaction(
    tag: str, meter_wh: int, ends: bool
) -> None:
    site = FakeSite(charge_point(connectors=2))
    at = session(site)
    start(at)
    stop(at, -1, idTag=tag, meterStop=meter_wh)
    assert (len(site.state.active) == 0) is ends
    assert (len(site.recorded(ev.TransactionOrphaned)) == 0) is ends


async def test_a_stop_without_an_id_ends_none_of_two() -> None:
    site = FakeSite(charge_point(connectors=2))
    at = session(site)
    start(at)
    start(at, connector_id=2)
    stop(at, 0)
    assert len(site.state.active) == 2
    assert len(site.recorded(ev.TransactionOrphaned)) == 1


async def test_a_charge_point_cannot_stop_the_transaction_of_another() -> None:
    site = FakeSite(charge_point(), charge_point("CP-2"))
    other = session(site)
    other.charge_point_id = "CP-2"
    start(other)
    stop(session(site), 1)
    assert site.transactions("CP-2")[0].active
    assert site.transactions("CP-1")[0].orphan


async def test_a_superseded_transaction_gets_its_true_end() -> None:
    site = FakeSite()
    at = session(site)
    start(at)
    start(at, tag="NEXT")
    stop(at, 1, reason="Remote")
    assert [t.stop_reason for t in site.transactions("CP-1")] == [None, "Remote"]


@pytest.mark.parametrize(("meter_stop", "register_wh"), [(900, 900.0), (0, 700.0)])
async def test_the_transaction_data_fill_in_for_a_missing_meter_stop(meter_stop: int, register_wh: float) -> None:
    site = FakeSite()
    at = session(site)
    start(at)
    data = [
        {"timestamp": NOW, "sampledValue": [{"value": "0.7", "unit": "kWh", "context": "Transaction.End"}]},
        {"timestamp": "2026-05-28T20:00:00Z", "sampledValue": [{"value": "100", "context": "Transaction.Begin"}]},
    ]
    stop(at, 1, meterStop=meter_stop, transactionData=data)
    assert site.transactions("CP-1")[0].register_wh == register_wh


async def test_meter_values_become_a_reading() -> None:
    site = FakeSite()
    meter(session(site), POWER, {"value": "1500"}, transactionId=7)
    (event,) = site.recorded(ev.MeterValuesReceived)
    assert (event.power_w, event.source, event.energy_wh) == (7000.0, PowerSource.POWER, 1500.0)
    assert (event.connector_id, event.transaction_id, event.measured_at_s) == (1, "7", NOW_S)


@pytest.mark.parametrize("fields", [{}, {"transactionId": 0}, {"transactionId": -1}])
async def test_meter_values_without_a_transaction_are_taken(fields: JsonObject) -> None:
    site = FakeSite()
    meter(session(site), POWER, connector_id=0, **fields)
    (event,) = site.recorded(ev.MeterValuesReceived)
    assert (event.connector_id, event.transaction_id) == (0, None)


@pytest.mark.parametrize(
    "sampled",
    [
        {"value": "", "measurand": "Power.Active.Import"},
        {"value": "NaN", "measurand": "Power.Active.Import"},
        {"value": "ab12", "format": "SignedData"},
        {"value": "21", "measurand": "Temperature", "unit": "Celsius"},
    ],
)
async def test_meter_values_that_say_nothing_are_answered_and_leave_the_last_reading(sampled: JsonObject) -> None:
    site = FakeSite()
    meter(session(site), sampled)
    assert site.events == []


async def test_meter_values_of_an_ended_transaction_do_not_feed_the_next() -> None:
    site = FakeSite()
    at = session(site)
    start(at)
    stop(at, 1)
    start(at, tag="NEXT", meter_wh=900)
    meter(at, POWER, {"value": "99999"}, transactionId=1)
    assert site.transactions("CP-1")[0].energy_wh == 0.0
    assert site.recorded(ev.MeterValuesReceived)[0].power_w == 7000.0


async def test_values_of_a_transaction_on_connector_0_belong_to_its_connector() -> None:
    site = FakeSite(charge_point(connectors=2))
    at = session(site)
    start(at, connector_id=2)
    for transaction_id in (1, 99):
        meter(at, POWER, connector_id=0, transactionId=transaction_id)
    assert [event.connector_id for event in site.recorded(ev.MeterValuesReceived)] == [2, 0]


async def test_the_power_of_a_charger_in_another_time_zone_is_believed_from_the_second_reading_on() -> None:
    site = FakeSite()
    clock = FakeClock()
    at = session(site, clock=clock)
    for timestamp in ("2026-05-28T15:26:40", "2026-05-28T15:26:50", "2026-05-28T15:27:00"):
        meter(at, POWER, {"value": "1500"}, timestamp=timestamp)
        clock.advance(10)
    assert [event.power_w for event in site.recorded(ev.MeterValuesReceived)] == [None, 7000.0, 7000.0]


async def test_a_queue_of_old_values_is_not_taken_for_a_wrong_clock() -> None:
    site = FakeSite()
    clock = FakeClock()
    at = session(site, clock=clock)
    for minute in range(30):
        meter(at, POWER, {"value": "1500"}, timestamp=f"2026-05-28T18:{minute:02}:00Z")
        clock.advance(0.5)
    assert {event.power_w for event in site.recorded(ev.MeterValuesReceived)} == {None}


async def test_a_replayed_value_counts_for_energy_only() -> None:
    site = FakeSite()
    meter(session(site), POWER, {"value": "1500"}, timestamp="2026-05-28T18:26:40Z")
    (event,) = site.recorded(ev.MeterValuesReceived)
    assert (event.power_w, event.source, event.energy_wh) == (None, None, 1500.0)
    assert event.measured_at_s == NOW_S - 7200


async def test_a_value_older_than_the_last_one_is_left_out() -> None:
    site = FakeSite()
    at = session(site)
    start(at)
    meter(at, POWER, {"value": "1500"})
    meter(at, POWER, {"value": "1400"}, timestamp="2026-05-28T20:26:10Z")
    meter(at, POWER, {"value": "1600"})
    assert site.transactions("CP-1")[0].energy_wh == 1500.0


async def test_a_clock_that_was_set_back_does_not_silence_a_charger() -> None:
    site = FakeSite()
    clock = FakeClock()
    at = session(site, clock=clock)
    meter(at, POWER, timestamp="2026-05-28T22:26:40Z")
    clock.advance(5)
    meter(at, POWER, timestamp="2026-05-28T20:26:45Z")
    assert len(site.recorded(ev.MeterValuesReceived)) == 2
