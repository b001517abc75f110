"""OCPP 1.6-J: a normal day and the odd days, frame by frame, and what operators see of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from conformance_client import (
    Answer,
    Central,
    ChargePoint,
    JsonObject,
    central_system,
    eventually,
    now,
    obey,
    profile_of,
    seconds,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

ACCEPTED = {"status": "Accepted"}
EARLIER = (now(-7200), now(-5400), now(-3600))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def central(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Central]:
    folder: Path = tmp_path_factory.mktemp("v16")
    async with central_system(folder) as system:
        yield system


async def start(point: ChargePoint, *, at: str | None = None, **fields: object) -> int:
    """Begin a transaction; its id."""
    payload = {"connectorId": 1, "idTag": "TAG", "meterStart": 1000, "timestamp": at or now(), **fields}
    answer = await point.call("StartTransaction", payload)
    assert answer["idTagInfo"] == ACCEPTED
    transaction_id: int = answer["transactionId"]
    assert transaction_id > 0
    return transaction_id


async def stop(point: ChargePoint, transaction_id: int, *, at: str | None = None, **fields: object) -> JsonObject:
    payload = {"transactionId": transaction_id, "meterStop": 3500, "timestamp": at or now(), **fields}
    return await point.call("StopTransaction", payload)


async def status(point: ChargePoint, name: str, connector_id: int = 1, **fields: object) -> None:
    payload = {"connectorId": connector_id, "errorCode": "NoError", "status": name, **fields}
    assert await point.call("StatusNotification", payload) == {}


async def meter(point: ChargePoint, *sampled: JsonObject, at: str | None = None, **fields: object) -> None:
    value = [{"timestamp": at or now(), "sampledValue": list(sampled)}]
    assert await point.call("MeterValues", {"connectorId": 1, "meterValue": value, **fields}) == {}


def watts(value: float) -> JsonObject:
    return {"value": str(value), "measurand": "Power.Active.Import", "unit": "W"}


# Boot, heartbeat, status.


async def test_tc_001_csms_a_boot_is_accepted_with_the_time_in_utc_and_the_interval(central: Central) -> None:
    name = central.take()
    boot = {
        "chargePointVendor": "Vendor",
        "chargePointModel": "Model",
        "chargePointSerialNumber": "S-1",
        "firmwareVersion": "1.2",
        "iccid": "",
        "meterType": None,
    }
    async with central.charge_point(name, boots=False) as point:
        answer = await point.call("BootNotification", boot)
        assert set(answer) == {"status", "interval", "currentTime"}
        assert (answer["status"], answer["interval"]) == ("Accepted", 60)
        assert answer["currentTime"].endswith("Z")
        assert abs(seconds(answer["currentTime"]) - seconds(now())) < 30
        beat = await point.call("Heartbeat", {})
        assert list(beat) == ["currentTime"]
        assert beat["currentTime"].endswith("Z")
        shown = await central.shown(name)
    told = [shown[field] for field in ("vendor", "model", "serial_number", "firmware_version", "protocol")]
    assert told == ["Vendor", "Model", "S-1", "1.2", "ocpp1.6"]


async def test_after_a_boot_its_abilities_are_asked_metering_is_set_and_foreign_defaults_are_cleared_once(
    central: Central,
) -> None:
    name = central.take()
    known = {
        "ChargeProfileMaxStackLevel": "8",
        "ChargingScheduleAllowedChargingRateUnit": "Current,Power",
        "ChargingScheduleMaxPeriods": "24",
        "MaxChargingProfilesInstalled": "4",
        "MeterValueSampleInterval": "60",
    }

    def answers(action: str, payload: JsonObject) -> Answer:
        if action != "GetConfiguration":
            return ACCEPTED
        told = [{"key": key, "readonly": False, "value": known[key]} for key in payload["key"] if key in known]
        return {"configurationKey": told, "unknownKey": [key for key in payload["key"] if key not in known]}

    async with central.charge_point(name, answers=answers) as point:
        await point.profile("TxDefaultProfile")
        changes = {told["key"]: told["value"] for told in point.told("ChangeConfiguration")}
        assert (changes["MeterValueSampleInterval"], len(changes)) == ("10", 2)
        assert "Power.Active.Import" in changes["MeterValuesSampledData"].split(",")
        # 1.6 cannot tell what is installed, so whole purposes go; those of a transaction end with it.
        assert point.told("ClearChargingProfile") == [
            {"chargingProfilePurpose": "TxDefaultProfile"},
            {"chargingProfilePurpose": "ChargePointMaxProfile"},
        ]
        assert point.told("TriggerMessage") == []  # never a BootNotification after it was accepted
        abilities = (await central.shown(name))["capabilities"]
    expected = {"rate_units": ["A", "W"], "max_stack_level": 8, "max_periods": 24, "max_profiles": 4}
    assert {field: abilities[field] for field in expected} == expected
    async with central.charge_point(name, answers=answers) as point:
        await point.profile("TxDefaultProfile")
        assert point.told("ClearChargingProfile") == []


@pytest.mark.parametrize(
    "name",
    [
        "Available",
        "Preparing",
        "Charging",
        "SuspendedEVSE",
        "SuspendedEV",
        "Finishing",
        "Reserved",
        "Unavailable",
        "Faulted",
    ],
)
async def test_every_status_is_shown(central: Central, name: str) -> None:
    identity = central.take()
    async with central.charge_point(identity) as point:
        await status(point, name)
        assert (await central.connector(identity))["status"] == name
        assert (await central.shown(identity))["status"] == name
    await eventually(lambda: shown_status(central, identity), ["Offline", "Offline"])


async def shown_status(central: Central, identity: str) -> list[object]:
    return [(await central.shown(identity))["status"], (await central.connector(identity))["status"]]


@pytest.mark.parametrize(
    "timestamp",
    [None, "1970-01-01T00:00:00Z", "2026-01-05T10:00:00", "2026-01-05 10:00:00", "2099-01-01T00:00:00Z", ""],
)
async def test_a_status_counts_whatever_its_time(central: Central, timestamp: str | None) -> None:
    name = central.take()
    async with central.charge_point(name) as point:
        await status(point, "Faulted", errorCode="GroundFailure", timestamp=timestamp, info="x" * 80, vendorId=None)
        shown = await central.connector(name)
    assert (shown["status"], shown["error_code"]) == ("Faulted", "GroundFailure")
    assert abs(seconds(shown["status_at"]) - seconds(now())) < 30


async def test_connector_0_is_the_charge_point_and_no_connector(central: Central) -> None:
    name = central.take("TWO")
    async with central.charge_point(name) as point:
        for connector_id in (0, 1, 2):
            await status(point, "Available", connector_id)
        await status(point, "Unavailable", 0)
        shown = await central.shown(name)
    assert [(row["connector_id"], row["status"]) for row in shown["connectors"]] == [(1, "Available"), (2, "Available")]


@pytest.mark.parametrize("connector_id", [-1, 65, 2**31 - 1])
async def test_a_status_of_an_impossible_connector_is_answered_and_forgotten(
    central: Central, connector_id: int
) -> None:
    name = central.take()
    async with central.charge_point(name) as point:
        await status(point, "Charging", connector_id)
        assert [row["connector_id"] for row in (await central.shown(name))["connectors"]] == [1]


async def test_tc_064_csms_a_vendor_nobody_knows_is_answered_so(central: Central) -> None:
    async with central.charge_point(central.take()) as point:
        answer = await point.call("DataTransfer", {"vendorId": "net.example", "messageId": "m", "data": "{}"})
    assert answer == {"status": "UnknownVendorId"}


# Transactions.


async def test_tc_004_1_csms_identification_first_from_authorize_to_available(central: Central) -> None:
    name = central.take()
    async with central.charge_point(name) as point:
        assert await point.call("Authorize", {"idTag": "TAG"}) == {"idTagInfo": ACCEPTED}
        await status(point, "Preparing")
        began = now()
        transaction_id = await start(point, at=began)
        await status(point, "Charging")
        await meter(point, watts(7200), {"value": "1500"}, transactionId=transaction_id)
        shown = await central.connector(name)
        assert (shown["status"], shown["actual_kw"]) == ("Charging", 7.2)
        assert shown["transaction"]["energy_kwh"] == 0.5
        row = await central.allocated(name)
        assert row is not None
        assert (row["status"], row["actual_kw"]) == ("Charging", 7.2)
        await status(point, "Finishing")
        ended = now(1)
        assert await stop(point, transaction_id, at=ended, idTag="TAG", reason="EVDisconnected") == {
            "idTagInfo": ACCEPTED
        }
        await status(point, "Available")
        assert await central.allocated(name) is None
    [session] = await central.sessions(name)
    session_id = session.pop("session_id")
    assert session == {
        "transaction_id": str(session_id),
        "site_id": "park",
        "charge_point_id": name,
        "connector_id": 1,
        "id_token": "TAG",
        "started_at": began,
        "ended_at": ended,
        "energy_kwh": 2.5,
        "stop_reason": "EVDisconnected",
        "status": "completed",
        "missing_events": 0,
        "trigger_reason": None,
        "remote_start_id": None,
        "cost": None,
        "currency": None,
    }
    assert session_id == transaction_id


async def test_tc_003_csms_plug_in_first_with_available_and_a_last_value_before_the_stop(central: Central) -> None:
    name = central.take()
    async with central.charge_point(name) as point:
        await status(point, "Preparing")
        transaction_id = await start(point)
        await status(point, "Charging")
        await status(point, "SuspendedEV")
        await status(point, "SuspendedEVSE")
        assert (await central.connector(name))["status"] == "SuspendedEVSE"
        await status(point, "Available")
        await meter(point, {"value": "3400", "context": "Transaction.End"}, transactionId=transaction_id)
        assert [session["status"] for session in await central.sessions(name)] == ["active"]
        assert await stop(point, transaction_id) == {}
    [session] = await central.sessions(name)
    assert (session["energy_kwh"], session["stop_reason"]) == (2.5, "Local")


async def test_a_boot_and_statuses_that_wait_for_no_answer_are_each_answered(central: Central) -> None:
    name = central.take()
    boot = {"chargePointVendor": "V", "chargePointModel": "M"}
    async with central.charge_point(name) as point:
        answer, *_ = await asyncio.gather(
            point.call("BootNotification", boot), status(point, "Available", 0), status(point, "Preparing")
        )
        assert answer["status"] == "Accepted"
        assert (await central.connector(name))["status"] == "Preparing"


async def test_suspended_by_the_car_and_by_us_at_once_is_what_came_last(central: Central) -> None:
    name = central.take()
    async with central.charge_point(name) as point:
        transaction_id = await start(point)
        await asyncio.gather(status(point, "SuspendedEV"), status(point, "SuspendedEVSE"))
        assert (await central.connector(name))["status"] == "SuspendedEVSE"
        await stop(point, transaction_id)


async def test_the_same_start_gets_the_same_id_on_this_connection_and_the_next(central: Central) -> None:
    name = central.take()
    ids = []
    for _ in range(2):
        async with central.charge_point(name) as point:
            ids += [await start(point, at=EARLIER[0]) for _ in range(2)]
    async with central.charge_point(name) as point:
        await stop(point, ids[0], at=EARLIER[1])
        ids.append(await start(point, at=EARLIER[0]))
    assert len(set(ids)) == 1
    assert [session["status"] for session in await central.sessions(name)] == ["completed"]


@pytest.mark.parametrize("change", [{"idTag": "OTHER"}, {"meterStart": 1001}, {"at": EARLIER[1]}])
async def test_a_start_that_differs_is_another_transaction_and_ends_the_one_before(
    central: Central, change: dict[str, str]
) -> None:
    name = central.take()
    async with central.charge_point(name) as point:
        first = await start(point, at=EARLIER[0])
        assert await start(point, **{"at": EARLIER[0], **change}) != first
    assert [session["status"] for session in await central.sessions(name)] == ["active", "completed"]


async def test_ids_are_unique_across_charge_points_and_a_stop_reaches_no_other(central: Central) -> None:
    mine, other = central.take(), central.take()
    async with central.charge_point(mine) as one, central.charge_point(other) as two:
        of_other = await start(two)
        assert await start(one) != of_other
        assert await stop(one, of_other) == {}
    assert [session["status"] for session in await central.sessions(other)] == ["active"]
    assert sorted(session["status"] for session in await central.sessions(mine)) == ["active", "completed"]


@pytest.mark.parametrize("transaction_id", [0, -1, 2_000_000_000])
async def test_a_stop_without_a_start_is_answered_and_kept_once(central: Central, transaction_id: int) -> None:
    name = central.take()
    async with central.charge_point(name) as point:
        for _ in range(2):
            answer = await stop(point, transaction_id, at=EARLIER[0], idTag="FREE", reason="PowerLoss")
            assert answer == {"idTagInfo": ACCEPTED}
    [session] = await central.sessions(name)
    told = ("transaction_id", "id_token", "started_at", "ended_at", "stop_reason", "status")
    expected = [str(transaction_id), "FREE", None, EARLIER[0], "PowerLoss", "completed"]
    assert [session[field] for field in told] == expected


@pytest.mark.parametrize("transaction_id", [0, -1])
async def test_a_stop_without_an_id_ends_the_only_running_transaction_but_none_that_began_later(
    central: Central, transaction_id: int
) -> None:
    name = central.take()
    async with central.charge_point(name) as point:
        live = str(await start(point))
        await stop(point, transaction_id, at=EARLIER[0])
        assert await statuses(central, name) == {live: "active", str(transaction_id): "completed"}
        await stop(point, transaction_id, at=now(1))
        assert await statuses(central, name) == {live: "completed", str(transaction_id): "completed"}


async def test_a_stop_without_an_id_does_not_end_the_session_of_another_token_and_meter(central: Central) -> None:
    name = central.take("TWO")
    async with central.charge_point(name) as point:
        live = str(await start(point, meterStart=5000, idTag="HERE"))
        await stop(point, -1, idTag="THERE", meterStop=10)
    assert await statuses(central, name) == {live: "active", "-1": "completed"}


async def statuses(central: Central, name: str) -> dict[str, str]:
    return {session["transaction_id"]: session["status"] for session in await central.sessions(name)}


async def test_tc_039_csms_sessions_of_the_time_without_connection_arrive_with_their_own_times(
    central: Central,
) -> None:
    name = central.take()
    async with central.charge_point(name, boots=False) as point:
        transaction_id = await start(point, at=EARLIER[0])
        await meter(point, watts(7000), {"value": "2000"}, at=EARLIER[1], transactionId=transaction_id)
        shown = await central.connector(name)
        assert (shown["actual_kw"], shown["transaction"]["energy_kwh"]) == (None, 1.0)
        await stop(point, transaction_id, at=EARLIER[2])
        live = await start(point, meterStart=3500)
    running, queued = await central.sessions(name)
    assert (running["session_id"], running["status"]) == (live, "active")
    assert (queued["started_at"], queued["ended_at"], queued["energy_kwh"]) == (EARLIER[0], EARLIER[2], 2.5)


async def test_a_session_from_the_queue_does_not_end_the_one_that_runs(central: Central) -> None:
    name = central.take()
    async with central.charge_point(name) as point:
        live = await start(point)
        queued = await start(point, at=EARLIER[0])
        assert await start(point, at=EARLIER[0]) == queued
        await stop(point, queued, at=EARLIER[1])
    assert await statuses(central, name) == {str(live): "active", str(queued): "completed"}


async def test_a_charger_whose_clock_is_never_set_has_a_session_for_every_car(central: Central) -> None:
    name = central.take()
    unset = "1970-01-01T00:00:00Z"
    async with central.charge_point(name) as point:
        first = await start(point, at=unset)
        assert await start(point, at=unset) == first
        await stop(point, first, at=unset)
        assert await start(point, at=unset) != first
    assert [session["status"] for session in await central.sessions(name)] == ["active", "completed"]


@pytest.mark.parametrize("timestamp", ["1970-01-01T00:00:05Z", "2099-01-01T00:00:00Z", "0001-01-01T00:00:00"])
async def test_a_time_nobody_can_believe_is_the_time_of_arrival(central: Central, timestamp: str) -> None:
    name = central.take()
    async with central.charge_point(name) as point:
        await stop(point, await start(point, at=timestamp), at=timestamp)
    [session] = await central.sessions(name)
    for field in ("started_at", "ended_at"):
        assert abs(seconds(session[field]) - seconds(now())) < 30


@pytest.mark.parametrize(
    ("timestamp", "shown"),
    [
        ("2026-01-05T10:00:00", "2026-01-05T10:00:00Z"),
        ("2026-01-05 10:00:00", "2026-01-05T10:00:00Z"),
        ("2026-01-05T12:00:00+02:00", "2026-01-05T10:00:00Z"),
        ("2026-01-05T10:00:00.123456789Z", "2026-01-05T10:00:00.123Z"),
    ],
)
async def test_a_time_without_a_zone_is_utc(central: Central, timestamp: str, shown: str) -> None:
    name = central.take()
    async with central.charge_point(name) as point:
        await start(point, at=timestamp)
    [session] = await central.sessions(name)
    assert session["started_at"] == shown


async def test_unreadable_optional_parts_of_a_stop_do_not_lose_it(central: Central) -> None:
    name = central.take()
    data = [
        {"timestamp": EARLIER[1], "sampledValue": []},
        {"timestamp": EARLIER[1], "sampledValue": [{"value": "3.25", "unit": "kWh"}, {"value": "1", "unit": "wat"}]},
    ]
    async with central.charge_point(name) as point:
        transaction_id = await start(point, at=EARLIER[0])
        await stop(point, transaction_id, at=EARLIER[2], meterStop=0, reason="Because", transactionData=data)
    [session] = await central.sessions(name)
    assert (session["energy_kwh"], session["stop_reason"]) == (2.25, "Local")


async def test_a_start_on_connector_0_runs_on_the_only_connector(central: Central) -> None:
    name = central.take()
    async with central.charge_point(name) as point:
        await start(point, connectorId=0)
    assert [session["connector_id"] for session in await central.sessions(name)] == [1]


# Meter values.

CURRENT = {"value": "16", "measurand": "Current.Import", "unit": "A"}
READINGS = [
    ([watts(11040)], 11.04),
    ([{"value": "11.04", "measurand": "Power.Active.Import", "unit": "kW"}], 11.04),
    ([watts(3680) | {"phase": phase} for phase in ("L1", "L2", "L3")], 11.04),
    ([watts(11040)] + [watts(3680) | {"phase": phase} for phase in ("L1-N", "L2-N", "L3-N")], 11.04),
    ([watts(3680) | {"phase": "L1"}], 3.68),
    ([CURRENT], 11.04),
    ([CURRENT | {"phase": "L1-N"}], 3.68),
    ([CURRENT | {"phase": phase} for phase in ("L1", "L2", "L3")], 11.04),
    ([CURRENT | {"phase": "L2"}, {"value": "240", "measurand": "Voltage", "unit": "V", "phase": "L2-N"}], 3.84),
    ([CURRENT, {"value": "400", "measurand": "Voltage", "unit": "V"}], 11.04),
    ([CURRENT, watts(5000)], 5.0),
    ([watts(11000), watts(90000) | {"location": "EV"}], 11.0),
    ([watts(-50)], 0.0),
    ([watts(0)], 0.0),
    ([{"value": "NaN", "measurand": "Power.Active.Import"}], None),
    ([{"value": "", "measurand": "Power.Active.Import"}], None),
    ([{"value": "11000", "measurand": "Power.Offered", "unit": "W"}], None),
    ([{"value": "a1b2", "measurand": "Power.Active.Import", "format": "SignedData"}], None),
    ([watts(7000), {"value": "31", "measurand": "Temperature", "unit": "Celcius"}], 7.0),
    ([watts(7000), {"value": "31", "measurand": "Temperature", "unit": "Celsius"}], 7.0),
    ([watts(7000), {"value": "1", "unit": "no such unit"}], 7.0),
    ([watts(7000) | {"phase": None, "location": None}], 7.0),
]


@pytest.mark.parametrize(("sampled", "expected_kw"), READINGS)
async def test_power_is_read_once_whatever_it_comes_as(
    central: Central, sampled: list[JsonObject], expected_kw: float | None
) -> None:
    name = central.take("AC")
    async with central.charge_point(name) as point:
        await meter(point, *sampled)
        assert (await central.connector(name))["actual_kw"] == expected_kw


async def test_power_comes_from_the_energy_register_where_nothing_else_tells_it(central: Central) -> None:
    name = central.take("AC")
    async with central.charge_point(name) as point:
        transaction_id = await start(point, meterStart=0)
        await meter(point, {"value": "1000"}, at=now(-30), transactionId=transaction_id)
        await meter(point, {"value": "1.05", "unit": "kWh"}, at=now(), transactionId=transaction_id)
        shown = await central.connector(name)
        assert shown["transaction"]["energy_kwh"] == 1.05
    assert shown["actual_kw"] == pytest.approx(6.0, rel=0.01)  # 50 Wh in 30 s


@pytest.mark.parametrize("transaction_id", [None, 0, -1, 123456789])
@pytest.mark.parametrize("connector_id", [0, 1, 40])
async def test_meter_values_are_answered_whatever_they_belong_to(
    central: Central, transaction_id: int | None, connector_id: int
) -> None:
    name = central.take()
    async with central.charge_point(name) as point:
        await meter(point, watts(1000), connectorId=connector_id, transactionId=transaction_id)
        shown = await central.connector(name)
    assert shown["actual_kw"] == (1.0 if connector_id == 1 else None)
    assert shown["transaction"] is None


@pytest.mark.parametrize("value", [[], None, [{"timestamp": EARLIER[0], "sampledValue": []}], {}])
async def test_meter_values_without_values_are_answered(central: Central, value: object) -> None:
    async with central.charge_point(central.take()) as point:
        assert await point.call("MeterValues", {"connectorId": 1, "meterValue": value}) == {}


async def test_values_of_a_transaction_on_connector_0_are_those_of_its_connector(central: Central) -> None:
    name = central.take("TWO")
    async with central.charge_point(name) as point:
        transaction_id = await start(point, connectorId=2)
        await meter(point, watts(9000), connectorId=0, transactionId=transaction_id)
        assert [(await central.connector(name, n))["actual_kw"] for n in (1, 2)] == [None, 9.0]


async def test_values_before_and_after_a_transaction_do_not_change_its_energy(central: Central) -> None:
    name = central.take()
    async with central.charge_point(name) as point:
        await meter(point, watts(0), {"value": "900"})
        transaction_id = await start(point, meterStart=1000)
        await stop(point, transaction_id, meterStop=3500)
        await meter(point, watts(0), {"value": "9000"}, transactionId=transaction_id)
        following = await start(point, meterStart=3500, idTag="NEXT")
        await meter(point, watts(0), {"value": "4000"}, transactionId=transaction_id)
        assert (await central.connector(name))["transaction"]["energy_kwh"] == 0.0
        await stop(point, following, meterStop=3600)
    assert [session["energy_kwh"] for session in await central.sessions(name)] == [0.1, 2.5]


async def test_a_register_that_jumps_back_starts_anew(central: Central) -> None:
    name = central.take()
    async with central.charge_point(name) as point:
        transaction_id = await start(point, meterStart=5000)
        for seconds_ago, register_wh in ((30, 6000), (20, 0), (10, 500)):
            await meter(point, {"value": str(register_wh)}, at=now(-seconds_ago), transactionId=transaction_id)
        await stop(point, transaction_id, meterStop=700)
    [session] = await central.sessions(name)
    assert session["energy_kwh"] == 1.7


# Limits.


@pytest.mark.parametrize(("kind", "unit", "limit", "phases"), [("AC", "A", 32, 3), ("DC", "W", 50_000, 3)])
async def test_tc_056_and_057_csms_both_profiles_are_complete(
    central: Central, kind: str, unit: str, limit: float, phases: int
) -> None:
    name = central.take(kind)
    async with central.charge_point(name) as point:
        default = await point.profile("TxDefaultProfile")
        transaction_id = await start(point)
        told = await point.profile("TxProfile")
    # A default profile is in force from the beginning of time, whatever the charge point believes the time to be.
    assert profile_of(default)["chargingSchedule"].pop("startSchedule") == "1970-01-01T00:00:00Z"
    began = profile_of(told)["chargingSchedule"].pop("startSchedule")
    assert began.endswith("Z")
    assert 0 < seconds(now()) - seconds(began) < 120
    period = {"startPeriod": 0, "numberPhases": phases}
    assert default == {
        "connectorId": 1,
        "csChargingProfiles": {
            "chargingProfileId": 11,
            "stackLevel": 0,
            "chargingProfilePurpose": "TxDefaultProfile",
            "chargingProfileKind": "Absolute",
            "chargingSchedule": {"chargingRateUnit": unit, "chargingSchedulePeriod": [period | {"limit": 0}]},
        },
    }
    assert told == {
        "connectorId": 1,
        "csChargingProfiles": {
            "chargingProfileId": 12,
            "transactionId": transaction_id,
            "stackLevel": 0,
            "chargingProfilePurpose": "TxProfile",
            "chargingProfileKind": "Absolute",
            "chargingSchedule": {"chargingRateUnit": unit, "chargingSchedulePeriod": [period | {"limit": limit}]},
        },
    }
    assert type(profile_of(told)["transactionId"]) is int


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        ({"status": "Rejected"}, "Rejected"),
        ({"status": "NotSupported"}, "NotSupported"),
        (["NotImplemented", "", {}], "NotSupported NotImplemented"),
        (["NotSupported", "", {}], "NotSupported"),
        (["InternalError", "out of memory", {}], "CallError InternalError: out of memory"),
        ({"status": "Maybe"}, "CallError status: enum"),
        (None, "Timeout"),
    ],
)
async def test_why_a_limit_is_not_in_force_stays_distinct_all_the_way_to_rest(
    central: Central, answer: Answer, cause: str
) -> None:
    name = central.take()

    def refuse(action: str, payload: JsonObject) -> Answer:
        return answer if action == "SetChargingProfile" else obey(action, payload)

    async with central.charge_point(name, answers=refuse):

        async def causes() -> object:
            return [failure["cause"] for failure in (await central.connector(name))["limits"]["failures"]]

        await eventually(causes, [cause])
        assert (await central.connector(name))["limits"]["default_kw"] is None


async def test_a_session_that_ends_takes_its_limit_with_it(central: Central) -> None:
    name = central.take()
    async with central.charge_point(name) as point:
        transaction_id = await start(point)
        await point.profile("TxProfile")
        await stop(point, transaction_id)
        again = await start(point, meterStart=3500)

        def limits() -> list[int] | None:
            ids = [profile_of(told)["transactionId"] for told in point.profiles("TxProfile")]
            return ids if again in ids else None

        assert await point.wait(limits, "a limit of the next session") == [transaction_id, again]
