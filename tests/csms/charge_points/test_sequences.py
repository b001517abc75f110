"""Which messages of a transaction have come, and what a session costs."""

import pytest
from charge_point_fakes import NOW, NOW_S, FakeSite, charge_point, handle, session

from csms.charge_points.schemas import JsonObject
from csms.charge_points.session import Session
from csms.charge_points.v201.sequence import Sequence, sequence_of
from csms.domain import events as ev
from csms.domain.model import OCPP201, ConnectorStatus, Moment, SiteSettings


@pytest.mark.parametrize(
    ("numbers", "missing"),
    [
        ([0, 1, 2], 0),
        ([0, 0, 0, 0], 0),
        ([0, 2], 1),
        ([2, 0], 1),
        ([2, 0, 1], 0),
        ([0, 1, 1, 5, 5, 3], 2),
        ([7], 7),
        ([-3, 0], 0),
        ([0, 2**31 - 1], 2**31 - 2),
    ],
)
def test_what_is_missing_is_what_lies_below_the_highest(numbers: list[int], missing: int) -> None:
    sequence = Sequence()
    for number in numbers:
        sequence.add(number)
    assert sequence.missing == missing
    assert sequence.highest == max(numbers)


def test_a_sequence_of_nothing_but_gaps_stays_small_and_counts_them() -> None:
    sequence = Sequence()
    for number in range(0, 20_000, 2):
        sequence.add(number)
    assert len(sequence._ahead) <= 1000
    assert sequence.missing == 9_999


def test_of_many_sequences_the_one_begun_longest_ago_is_forgotten() -> None:
    sequences: dict[str, Sequence] = {}
    for number in range(10):
        sequence_of(sequences, str(number), 0, at_most=3)
    assert list(sequences) == ["7", "8", "9"]


def event(at: Session, kind: str, seq: int, *, wh: float | None = None, **info: object) -> JsonObject:
    payload: JsonObject = {
        "eventType": kind,
        "timestamp": NOW,
        "triggerReason": "RemoteStart",
        "seqNo": seq,
        "transactionInfo": {"transactionId": "tx", **info},
        "evse": {"id": 1},
    }
    if wh is not None:
        payload["meterValue"] = [{"timestamp": NOW, "sampledValue": [{"value": wh}]}]
    return handle(at, "TransactionEvent", payload).payload


@pytest.mark.parametrize(
    ("numbers", "missing"),
    [([0, 1, 2], 0), ([0, 0, 0], 0), ([0, 3, 4], 2), ([4, 5, 6], 0), ([0, 2, 1], 0)],
)
async def test_messages_that_never_came_are_told_of_the_session(numbers: list[int], missing: int) -> None:
    site = FakeSite()
    at = session(site, OCPP201)
    for kind, number in zip(("Started", "Updated", "Ended"), numbers, strict=True):
        event(at, kind, number)
    assert site.transactions("CP-1")[0].missing_events == missing
    event(at, "Updated", 1)
    event(at, "Updated", 2)
    assert site.transactions("CP-1")[0].missing_events == 0


async def test_an_end_without_its_start_misses_all_before_it() -> None:
    site = FakeSite()
    event(session(site, OCPP201), "Ended", 3)
    (orphan,) = site.transactions("CP-1")
    assert (orphan.orphan, orphan.missing_events) == (True, 3)


async def test_of_a_transaction_older_than_this_process_nothing_is_said_to_miss() -> None:
    site = FakeSite()
    event(session(site, OCPP201), "Started", 0)
    afterwards = session(site, OCPP201)
    event(afterwards, "Updated", 17)
    assert site.transactions("CP-1")[0].missing_events == 0
    event(afterwards, "Updated", 19)
    assert site.transactions("CP-1")[0].missing_events == 1


async def test_a_state_that_comes_late_does_not_take_the_place_of_a_newer_one() -> None:
    site = FakeSite()
    at = session(site, OCPP201)
    event(at, "Started", 0, chargingState="EVConnected")
    event(at, "Updated", 2, chargingState="SuspendedEV")
    event(at, "Updated", 1, chargingState="Charging")
    assert site.connector(1).status is ConnectorStatus.SUSPENDED_EV
    event(at, "Updated", 2, chargingState="Charging")  # the same number says nothing about the order
    assert site.connector(1).status is ConnectorStatus.CHARGING


async def test_how_a_transaction_began_is_kept() -> None:
    site = FakeSite()
    event(session(site, OCPP201), "Started", 0, remoteStartId=41)
    (running,) = site.transactions("CP-1")
    assert (running.trigger_reason, running.remote_start_id) == ("RemoteStart", 41)


async def test_a_remote_start_of_a_car_that_was_plugged_in_before_is_kept_too() -> None:
    site = FakeSite()
    at = session(site, OCPP201)
    event(at, "Started", 0)
    token = {"idToken": {"idToken": "TAG", "type": "Central"}}
    info = {"transactionId": "tx", "remoteStartId": 42}
    updated = {"eventType": "Updated", "timestamp": NOW, "triggerReason": "RemoteStart", "seqNo": 1}
    handle(at, "TransactionEvent", {**updated, "transactionInfo": info, "evse": {"id": 1}, **token})
    (running,) = site.transactions("CP-1")
    assert (running.id_token, running.remote_start_id) == ("TAG", 42)


def priced(price_per_kwh: float | None) -> FakeSite:
    site = FakeSite(charge_point())
    settings = SiteSettings("garage", "Garage", "UTC", 100_000, price_per_kwh=price_per_kwh, currency="GBP")
    site.state.apply(ev.SiteDeclared(Moment(NOW_S, 0), settings))
    return site


@pytest.mark.parametrize(
    ("price", "wh", "cost"),
    [
        (0.59, 11_000.0, 6.49),
        (0.1, 450.0, 0.05),
        (0.0, 11_000.0, 0.0),
        (0.0, None, 0.0),
        (0.59, None, None),
        (None, 11_000.0, None),
    ],
)
async def test_the_last_answer_tells_the_cost_where_one_is_known(
    price: float | None, wh: float | None, cost: float | None
) -> None:
    site = priced(price)
    at = session(site, OCPP201)
    assert "totalCost" not in event(at, "Started", 0, wh=None if wh is None else 100.0)
    assert "totalCost" not in event(at, "Updated", 1)
    end = event(at, "Ended", 2, wh=None if wh is None else 100.0 + wh)
    assert end.get("totalCost") == cost
    assert event(at, "Ended", 2) == end  # also when it is repeated
    (ended,) = site.transactions("CP-1")
    assert ended.cost == cost
    assert ended.currency == (None if cost is None else "GBP")


async def test_tc_i_01_csms_an_answer_to_meter_values_tells_the_cost_so_far() -> None:
    """I02.FR.01; what brings none changes nothing."""
    site = priced(0.5)
    at = session(site, OCPP201)
    event(at, "Started", 0, wh=1_000.0)
    assert "totalCost" not in event(at, "Updated", 1)
    assert event(at, "Updated", 2, wh=3_000.0)["totalCost"] == 1.0
    assert event(at, "Updated", 3, wh=4_000.0)["totalCost"] == 1.5
    assert event(at, "Ended", 4, wh=4_100.0)["totalCost"] == 1.55


async def test_a_session_of_1_6_costs_something_too() -> None:
    site = priced(0.5)
    at = session(site)
    handle(at, "StartTransaction", {"connectorId": 1, "idTag": "T", "meterStart": 0, "timestamp": NOW})
    handle(at, "StopTransaction", {"transactionId": 1, "meterStop": 3000, "timestamp": NOW})
    assert site.transactions("CP-1")[0].cost == 1.5


async def test_transaction_data_becomes_meter_values_in_the_order_of_their_times() -> None:
    site = FakeSite()
    at = session(site)
    handle(at, "StartTransaction", {"connectorId": 1, "idTag": "T", "meterStart": 0, "timestamp": NOW})
    times = ["2026-05-28T20:26:30Z", "2026-05-28T20:26:10Z", "2026-05-28T20:26:20Z"]
    data = [{"timestamp": time, "sampledValue": [{"value": str(n)}]} for n, time in enumerate(times)]
    stop = {"transactionId": 1, "meterStop": 9, "timestamp": NOW, "transactionData": data}
    handle(at, "StopTransaction", stop)
    assert [event.energy_wh for event in site.recorded(ev.MeterValuesReceived)] == [1.0, 2.0, 0.0]
    assert site.transactions("CP-1")[0].register_wh == 9.0
