"""OCPP 2.0.1: a normal day and the odd days, frame by frame, and what operators see of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from conformance_client import (
    V201,
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
TOKEN = {"idToken": "TAG", "type": "ISO14443"}
EARLIER = (now(-7200), now(-5400), now(-3600))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def central(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Central]:
    folder: Path = tmp_path_factory.mktemp("v201")
    async with central_system(folder) as system:
        yield system


async def event(
    point: ChargePoint,
    kind: str,
    *,
    tx: str = "T-1",
    seq: int = 0,
    state: str | None = None,
    stopped: str | None = None,
    evse: int | None = 1,
    at: str | None = None,
    **fields: object,
) -> JsonObject:
    """A TransactionEvent with as little as allowed; the payload of its answer."""
    info = {"transactionId": tx, "chargingState": state, "stoppedReason": stopped}
    payload = {
        "eventType": kind,
        "timestamp": at or now(),
        "triggerReason": "ChargingStateChanged",
        "seqNo": seq,
        "transactionInfo": {name: value for name, value in info.items() if value is not None},
        **({} if evse is None else {"evse": {"id": evse, "connectorId": 1}}),
        **fields,
    }
    return await point.call("TransactionEvent", payload)


async def status(point: ChargePoint, name: str, evse: int = 1, connector: int = 1) -> None:
    payload = {"evseId": evse, "connectorId": connector, "connectorStatus": name, "timestamp": now()}
    assert await point.call("StatusNotification", payload) == {}


def values(*sampled: JsonObject, at: str | None = None) -> list[JsonObject]:
    return [{"timestamp": at or now(), "sampledValue": list(sampled)}]


def watts(value: float) -> JsonObject:
    return {"value": value, "measurand": "Power.Active.Import", "unitOfMeasure": {"unit": "W"}}


def register(wh: float) -> JsonObject:
    return {"value": wh, "measurand": "Energy.Active.Import.Register"}


async def statuses(central: Central, name: str) -> dict[str, str]:
    return {session["transaction_id"]: session["status"] for session in await central.sessions(name)}


# Provisioning and availability.


async def test_tc_b_01_csms_a_cold_boot_is_accepted(central: Central) -> None:
    name = central.take()
    station = {"vendorName": "Vendor", "model": "Model", "serialNumber": "S-1", "firmwareVersion": "1.2", "modem": {}}
    async with central.charge_point(name, V201, boots=False) as point:
        answer = await point.call("BootNotification", {"reason": "PowerUp", "chargingStation": station})
        assert set(answer) == {"status", "interval", "currentTime"}
        assert (answer["status"], answer["interval"]) == ("Accepted", 60)
        assert answer["currentTime"].endswith("Z")
        assert abs(seconds(answer["currentTime"]) - seconds(now())) < 30
        assert list(await point.call("Heartbeat", {})) == ["currentTime"]
        shown = await central.shown(name)
    told = [shown[field] for field in ("vendor", "model", "serial_number", "firmware_version", "protocol")]
    assert told == ["Vendor", "Model", "S-1", "1.2", V201]


async def test_after_a_boot_its_variables_are_asked_metering_is_set_and_foreign_defaults_are_cleared_once(
    central: Central,
) -> None:
    name = central.take()
    known = {"RateUnit": "A,W", "ProfileStackLevel": "3", "PeriodsPerSchedule": "24", "TxUpdatedInterval": "60"}

    def answers(action: str, payload: JsonObject) -> Answer:
        if action == "GetVariables":
            return {"getVariableResult": [result(item) for item in payload["getVariableData"]]}
        if action == "SetVariables":
            same = [{k: item[k] for k in ("component", "variable")} for item in payload["setVariableData"]]
            return {"setVariableResult": [{"attributeStatus": "Accepted", **item} for item in same]}
        return ACCEPTED

    def result(item: JsonObject) -> JsonObject:
        value = known.get(item["variable"]["name"])
        found = {"attributeStatus": "UnknownVariable"}
        if value is not None:
            found = {"attributeStatus": "Accepted", "attributeValue": value}
        return {**found, "component": item["component"], "variable": item["variable"]}

    async with central.charge_point(name, V201, answers=answers) as point:
        await point.profile("TxDefaultProfile")
        assert max(len(told["getVariableData"]) for told in point.told("GetVariables")) <= 4
        changes = [change for told in point.told("SetVariables") for change in told["setVariableData"]]
        assert {c["variable"]["name"]: c["component"]["name"] for c in changes} == {
            "TxUpdatedInterval": "SampledDataCtrlr",
            "TxUpdatedMeasurands": "SampledDataCtrlr",
        }
        [asked] = point.told("GetChargingProfiles")
        assert asked["chargingProfile"] == {"chargingLimitSource": ["CSO"]}
        # What it was asked for was never reported, so whole purposes go; those of a transaction end with it.
        assert point.told("ClearChargingProfile") == [
            {"chargingProfileCriteria": {"chargingProfilePurpose": purpose}}
            for purpose in ("TxDefaultProfile", "ChargingStationMaxProfile")
        ]
        abilities = (await central.shown(name))["capabilities"]
    expected = {"rate_units": ["A", "W"], "max_stack_level": 3, "max_periods": 24}
    assert {field: abilities[field] for field in expected} == expected
    async with central.charge_point(name, V201, answers=answers) as point:
        await point.profile("TxDefaultProfile")
        assert point.told("GetChargingProfiles") + point.told("ClearChargingProfile") == []


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ("Available", "Available"),
        ("Occupied", "Preparing"),
        ("Reserved", "Reserved"),
        ("Unavailable", "Unavailable"),
        ("Faulted", "Faulted"),
    ],
)
async def test_tc_g_01_csms_every_connector_status_is_shown(central: Central, told: str, shown: str) -> None:
    name = central.take()
    async with central.charge_point(name, V201) as point:
        await status(point, told)
        assert (await central.connector(name))["status"] == shown
        assert (await central.shown(name))["status"] == shown


async def test_the_sockets_of_an_evse_share_its_status(central: Central) -> None:
    name = central.take()
    seen = []
    async with central.charge_point(name, V201) as point:
        for connector, told in (
            (1, "Available"),
            (2, "Occupied"),
            (1, "Unavailable"),
            (2, "Available"),
            (2, "Faulted"),
        ):
            await status(point, told, connector=connector)
            seen.append((await central.connector(name))["status"])
        assert [row["connector_id"] for row in (await central.shown(name))["connectors"]] == [1]
    assert seen == ["Available", "Preparing", "Preparing", "Available", "Faulted"]


@pytest.mark.parametrize(("evse", "connector"), [(0, 0), (-1, 1), (1000, 1), (1, -1)])
async def test_a_status_of_no_evse_is_answered_and_shown_nowhere(central: Central, evse: int, connector: int) -> None:
    name = central.take()
    async with central.charge_point(name, V201) as point:
        await status(point, "Faulted", evse, connector)
        assert [(row["connector_id"], row["status"]) for row in (await central.shown(name))["connectors"]] == [
            (1, None)
        ]


async def test_occupied_hides_nothing_of_a_transaction_and_ends_its_fault(central: Central) -> None:
    name = central.take()
    seen = []
    async with central.charge_point(name, V201) as point:
        await event(point, "Started", state="Charging")
        for told in ("Occupied", "Faulted", "Occupied"):
            await status(point, told)
            seen.append((await central.connector(name))["status"])
    assert seen == ["Charging", "Faulted", "Preparing"]


async def test_tc_p_02_and_03_csms_vendors_nobody_knows_and_their_data_do_no_harm(central: Central) -> None:
    custom = {"vendorId": "net.example", "anything": [1, {"a": None}]}
    async with central.charge_point(central.take(), V201) as point:
        for data in ({"a": [1]}, "text", None, 7):
            assert await point.call("DataTransfer", {"vendorId": "net.example", "data": data}) == {
                "status": "UnknownVendorId"
            }
        assert "currentTime" in await point.call("Heartbeat", {"customData": custom})
        assert await event(point, "Started", customData=custom) == {}
        assert await event(point, "Updated", customData={"without": "vendor"}) == {}


async def test_authorize_accepts_every_type_of_token(central: Central) -> None:
    types = ("Central", "eMAID", "ISO14443", "ISO15693", "KeyCode", "Local", "MacAddress", "NoAuthorization")
    async with central.charge_point(central.take(), V201) as point:
        for kind in types:
            token = {"idToken": "" if kind == "NoAuthorization" else "TAG", "type": kind}
            assert await point.call("Authorize", {"idToken": token}) == {"idTokenInfo": ACCEPTED}


# Transactions.


async def test_tc_e_04_csms_authorization_first_from_authorize_to_ended(central: Central) -> None:
    name = central.take()
    began, ended = now(), now(60)
    async with central.charge_point(name, V201) as point:
        assert await point.call("Authorize", {"idToken": TOKEN}) == {"idTokenInfo": ACCEPTED}
        first = values({"value": 1000, "context": "Transaction.Begin"}, at=began)
        answer = await event(point, "Started", at=began, idToken=TOKEN, state="EVConnected", meterValue=first)
        assert answer == {"idTokenInfo": ACCEPTED}
        await status(point, "Occupied")
        assert (await central.connector(name))["status"] == "Preparing"
        moving = values(watts(7200), register(1500))
        assert await event(point, "Updated", seq=1, state="Charging", meterValue=moving) == {}
        shown = await central.connector(name)
        assert (shown["status"], shown["actual_kw"], shown["transaction"]["energy_kwh"]) == ("Charging", 7.2, 0.5)
        row = await central.allocated(name)
        assert row is not None
        assert (row["status"], row["actual_kw"]) == ("Charging", 7.2)
        last = values({"value": 3500, "context": "Transaction.End"}, at=ended)
        await event(point, "Ended", seq=2, at=ended, stopped="EVDisconnected", meterValue=last)
        assert (await central.connector(name))["status"] == "Finishing"
        assert await central.allocated(name) is None
        await status(point, "Available")
        assert (await central.connector(name))["status"] == "Available"
    [session] = await central.sessions(name)
    del session["session_id"]
    assert session == {
        "transaction_id": "T-1",
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
        "trigger_reason": "ChargingStateChanged",
        "remote_start_id": None,
        "cost": None,
        "currency": None,
    }


@pytest.mark.parametrize(
    ("state", "shown"),
    [
        ("Charging", "Charging"),
        ("EVConnected", "Preparing"),
        ("SuspendedEV", "SuspendedEV"),
        ("SuspendedEVSE", "SuspendedEVSE"),
        ("Idle", "Finishing"),
    ],
)
async def test_the_charging_state_is_the_status_in_the_words_of_16(central: Central, state: str, shown: str) -> None:
    name = central.take()
    async with central.charge_point(name, V201) as point:
        await event(point, "Started", state=state)
        assert (await central.connector(name))["status"] == shown


async def test_tc_e_26_csms_a_cable_that_is_pulled_at_the_car_suspends_the_transaction(central: Central) -> None:
    name = central.take()
    seen = []
    async with central.charge_point(name, V201) as point:
        await event(point, "Started", state="Charging")
        await event(point, "Updated", seq=1, state="Idle")
        await status(point, "Available")
        seen.append((await central.connector(name))["status"])
        for seq, state in enumerate(("EVConnected", "Charging"), start=2):
            await event(point, "Updated", seq=seq, state=state)
            seen.append((await central.connector(name))["status"])
    assert seen == ["Available", "Preparing", "Charging"]
    assert await statuses(central, name) == {"T-1": "active"}


@pytest.mark.parametrize(
    ("trigger", "reason"),
    [
        ("EVDeparted", "Local"),
        ("StopAuthorized", "Local"),
        ("Deauthorized", "DeAuthorized"),
        ("EVCommunicationLost", "EVDisconnected"),
        ("ChargingStateChanged", "StoppedByEV"),
        ("RemoteStop", "Remote"),
        ("EnergyLimitReached", "EnergyLimitReached"),
        ("AbnormalCondition", "EmergencyStop"),
        ("ResetCommand", "ImmediateReset"),
    ],
)
async def test_every_way_to_end_a_transaction_is_kept_with_its_reason(
    central: Central, trigger: str, reason: str
) -> None:
    name = central.take()
    async with central.charge_point(name, V201) as point:
        await event(point, "Started")
        await event(point, "Ended", seq=1, triggerReason=trigger, stopped=reason)
    assert [session["stop_reason"] for session in await central.sessions(name)] == [reason]


async def test_a_reason_left_out_is_local(central: Central) -> None:
    name = central.take()
    async with central.charge_point(name, V201) as point:
        await event(point, "Started")
        await event(point, "Ended")
    assert [session["stop_reason"] for session in await central.sessions(name)] == ["Local"]


async def test_a_station_that_numbers_every_event_0_has_one_session(central: Central) -> None:
    name = central.take()
    async with central.charge_point(name, V201) as point:
        await event(point, "Started", meterValue=values(register(0), at=now(-30)))
        for seconds_ago, wh in ((20, 100), (10, 200)):
            await event(point, "Updated", meterValue=values(register(wh), at=now(-seconds_ago)))
        await event(point, "Ended", meterValue=values(register(300)))
    [session] = await central.sessions(name)
    assert (session["status"], session["energy_kwh"]) == ("completed", 0.3)


async def test_tc_e_53_csms_every_transaction_may_count_from_0(central: Central) -> None:
    name = central.take()
    async with central.charge_point(name, V201) as point:
        for tx in ("T-1", "T-2"):
            for seq, kind in enumerate(("Started", "Updated", "Ended")):
                await event(point, kind, tx=tx, seq=seq)
    told = [(session["transaction_id"], session["missing_events"]) for session in await central.sessions(name)]
    assert sorted(told) == [("T-1", 0), ("T-2", 0)]


async def test_events_without_their_evse_belong_to_their_transaction(central: Central) -> None:
    name = central.take("TWO")
    async with central.charge_point(name, V201) as point:
        await event(point, "Started", evse=2)
        await event(point, "Updated", evse=None, state="Charging", meterValue=values(watts(5000)))
        shown = await central.connector(name, 2)
        assert (shown["status"], shown["actual_kw"]) == ("Charging", 5.0)
        await event(point, "Ended", evse=None)
    assert [(s["connector_id"], s["status"]) for s in await central.sessions(name)] == [(2, "completed")]


async def test_tc_e_10_csms_a_transaction_that_begins_before_its_evse_is_known_has_its_first_time_and_token(
    central: Central,
) -> None:
    name = central.take("TWO")
    async with central.charge_point(name, V201) as point:
        answer = await event(point, "Started", evse=None, idToken=TOKEN, at=EARLIER[0], triggerReason="Authorized")
        assert answer == {"idTokenInfo": ACCEPTED}
    async with central.charge_point(name, V201, boots=False) as point:
        await event(point, "Updated", evse=2, seq=1, at=EARLIER[1], state="Charging")
    [session] = await central.sessions(name)
    told = [session[field] for field in ("connector_id", "id_token", "started_at", "status")]
    assert told == [2, "TAG", EARLIER[0], "active"]


async def test_updated_before_started_is_one_transaction(central: Central) -> None:
    name = central.take()
    async with central.charge_point(name, V201) as point:
        await event(point, "Updated", seq=1, state="Charging", at=EARLIER[1])
        await event(point, "Started", seq=0, state="EVConnected", at=EARLIER[0])
    assert await statuses(central, name) == {"T-1": "active"}


async def test_everything_said_twice_counts_once(central: Central) -> None:
    name = central.take()
    async with central.charge_point(name, V201) as point:
        for kind, wh, ago in (("Started", 100, 30), ("Updated", 200, 20), ("Ended", 300, 10)):
            at = now(-ago)
            for _ in range(2):
                answer = await event(point, kind, idToken=TOKEN, at=at, meterValue=values(register(wh), at=at))
                assert answer == {"idTokenInfo": ACCEPTED}
        await event(point, "Updated", seq=1, state="Charging")
        await event(point, "Started", seq=0)
    [session] = await central.sessions(name)
    assert (session["status"], session["energy_kwh"]) == ("completed", 0.2)


async def test_an_end_without_a_start_is_kept_once_and_nothing_revives_it(central: Central) -> None:
    name = central.take()
    async with central.charge_point(name, V201) as point:
        for _ in range(2):
            await event(point, "Ended", at=EARLIER[1], idToken=TOKEN, stopped="PowerLoss")
        await event(point, "Started", at=EARLIER[0])
    [session] = await central.sessions(name)
    told = [session[field] for field in ("status", "started_at", "ended_at", "id_token", "stop_reason")]
    assert told == ["completed", None, EARLIER[1], "TAG", "PowerLoss"]


async def test_a_session_of_the_time_without_connection_arrives_with_its_own_times(central: Central) -> None:
    name = central.take()
    async with central.charge_point(name, V201, boots=False) as point:
        readings = [values(watts(7000), register(wh), at=at) for wh, at in zip((0, 1500, 3000), EARLIER, strict=True)]
        await event(point, "Started", at=EARLIER[0], offline=True, meterValue=readings[0])
        await event(point, "Updated", seq=1, at=EARLIER[1], offline=True, state="Charging", meterValue=readings[1])
        assert (await central.connector(name))["actual_kw"] is None
        await event(point, "Ended", seq=2, at=EARLIER[2], offline=True, meterValue=readings[2])
        await event(point, "Started", tx="T-2", state="Charging")
    running, queued = await central.sessions(name)
    assert (running["transaction_id"], running["status"]) == ("T-2", "active")
    assert (queued["started_at"], queued["ended_at"], queued["energy_kwh"]) == (EARLIER[0], EARLIER[2], 3.0)


async def test_queued_events_of_another_session_do_not_end_the_one_that_runs(central: Central) -> None:
    name = central.take()
    async with central.charge_point(name, V201) as point:
        await event(point, "Started", tx="LIVE", state="Charging")
        for seq, kind in enumerate(("Started", "Updated", "Ended")):
            await event(point, kind, tx="QUEUED", seq=seq, at=EARLIER[seq], offline=True)
        assert (await central.connector(name))["status"] == "Charging"
    assert await statuses(central, name) == {"LIVE": "active", "QUEUED": "completed"}


async def test_a_new_transaction_on_a_busy_evse_ends_the_one_that_was_forgotten(central: Central) -> None:
    name = central.take()
    async with central.charge_point(name, V201) as point:
        await event(point, "Started", tx="T-1", at=EARLIER[0])
        await event(point, "Started", tx="T-2")
        assert await statuses(central, name) == {"T-2": "active", "T-1": "completed"}
        await event(point, "Ended", tx="T-1", at=EARLIER[1], stopped="Remote")
    ended = (await central.sessions(name))[1]
    assert (ended["ended_at"], ended["stop_reason"]) == (EARLIER[1], "Remote")


@pytest.mark.parametrize("timestamp", ["1970-01-01T00:00:05Z", "2099-01-01T00:00:00Z"])
async def test_a_time_nobody_can_believe_is_the_time_of_arrival(central: Central, timestamp: str) -> None:
    name = central.take()
    async with central.charge_point(name, V201) as point:
        await event(point, "Started", at=timestamp, meterValue=values(watts(4000), at=timestamp))
        assert (await central.connector(name))["actual_kw"] == 4.0
        await event(point, "Ended", at=timestamp)
    [session] = await central.sessions(name)
    for field in ("started_at", "ended_at"):
        assert abs(seconds(session[field]) - seconds(now())) < 30


async def test_two_stations_may_use_the_same_transaction_id(central: Central) -> None:
    names = [central.take() for _ in range(2)]
    async with central.charge_point(names[0], V201) as one, central.charge_point(names[1], V201) as two:
        for point in (one, two):
            await event(point, "Started", tx="SAME")
        await event(one, "Ended", tx="SAME")
    assert [await statuses(central, name) for name in names] == [{"SAME": "completed"}, {"SAME": "active"}]


# Meter values.

CURRENT = {"value": 16, "measurand": "Current.Import", "unitOfMeasure": {"unit": "A"}}
READINGS = [
    ([watts(11040)], 11.04),
    ([{"value": 11040, "measurand": "Power.Active.Import"}], 11.04),
    ([{"value": 11.04, "measurand": "Power.Active.Import", "unitOfMeasure": {"unit": "kW"}}], 11.04),
    ([{"value": 11.04, "measurand": "Power.Active.Import", "unitOfMeasure": {"multiplier": 3}}], 11.04),
    ([watts(3680) | {"phase": phase} for phase in ("L1", "L2", "L3")], 11.04),
    ([watts(11040)] + [watts(3680) | {"phase": phase} for phase in ("L1", "L2", "L3")], 11.04),
    ([CURRENT | {"phase": "L1-N"}], 3.68),
    ([CURRENT], 11.04),
    ([CURRENT | {"phase": "L1"}, {"value": 240, "measurand": "Voltage", "phase": "L1-N"}], 3.84),
    ([watts(-50)], 0.0),
    ([{"value": "11040", "measurand": "Power.Active.Import"}], 11.04),
    ([{"value": 1, "measurand": "Power.Active.Import", "unitOfMeasure": {"multiplier": 99}}], None),
    ([{"value": 11000, "measurand": "Power.Offered"}], None),
    ([watts(7000), {"value": 3, "measurand": "No.Such.Thing"}], 7.0),
]


@pytest.mark.parametrize("carrier", ["MeterValues", "TransactionEvent"])
@pytest.mark.parametrize(("sampled", "expected_kw"), READINGS)
async def test_tc_j_01_and_02_csms_power_is_read_once_whatever_it_comes_as(
    central: Central, carrier: str, sampled: list[JsonObject], expected_kw: float | None
) -> None:
    name = central.take("AC")
    async with central.charge_point(name, V201) as point:
        if carrier == "MeterValues":
            assert await point.call("MeterValues", {"evseId": 1, "meterValue": values(*sampled)}) == {}
        else:
            await event(point, "Started")
            await event(point, "Updated", seq=1, triggerReason="MeterValueClock", meterValue=values(*sampled))
        assert (await central.connector(name))["actual_kw"] == expected_kw


async def test_tc_j_04_csms_a_signed_value_counts_like_any_other(central: Central) -> None:
    name = central.take()
    signature = {
        "signedMeterData": "x" * 2500,
        "signingMethod": "ECDSA",
        "encodingMethod": "OCMF",
        "publicKey": "",
    }
    async with central.charge_point(name, V201) as point:
        sampled = watts(6000) | {"signedMeterValue": signature}
        assert await point.call("MeterValues", {"evseId": 1, "meterValue": values(sampled)}) == {}
        assert (await central.connector(name))["actual_kw"] == 6.0


async def test_meter_values_are_answered_on_evse_0_with_and_without_values(central: Central) -> None:
    name = central.take()
    async with central.charge_point(name, V201) as point:
        for evse, meter_value in ((0, values(watts(900))), (77, values(watts(900))), (1, values()), (1, []), (1, None)):
            assert await point.call("MeterValues", {"evseId": evse, "meterValue": meter_value}) == {}
        assert (await central.connector(name))["actual_kw"] is None


async def test_values_after_the_end_do_not_change_its_energy(central: Central) -> None:
    name = central.take()
    async with central.charge_point(name, V201) as point:
        await event(point, "Started", meterValue=values(register(1000), at=now(-60)))
        await event(point, "Ended", meterValue=values(register(3500), at=now(-30)))
        await event(point, "Updated", seq=9, meterValue=values(register(9000)))
        assert await point.call("MeterValues", {"evseId": 1, "meterValue": values(register(9999))}) == {}
    [session] = await central.sessions(name)
    assert (session["status"], session["energy_kwh"]) == ("completed", 2.5)


# Limits.


@pytest.mark.parametrize(("kind", "unit", "limit"), [("AC", "A", 32), ("DC", "W", 50_000)])
async def test_tc_k_01_and_60_csms_both_profiles_are_complete(
    central: Central, kind: str, unit: str, limit: float
) -> None:
    name = central.take(kind)
    async with central.charge_point(name, V201) as point:
        default = await point.profile("TxDefaultProfile")
        await event(point, "Started", state="Charging")
        told = await point.profile("TxProfile")
    # A default profile is in force from the beginning of time, whatever the station believes the time to be.
    assert profile_of(default)["chargingSchedule"][0].pop("startSchedule") == "1970-01-01T00:00:00Z"
    began = profile_of(told)["chargingSchedule"][0].pop("startSchedule")
    assert began.endswith("Z")
    assert 0 < seconds(now()) - seconds(began) < 120
    period = {"startPeriod": 0, "numberPhases": 3}
    assert default == {
        "evseId": 1,
        "chargingProfile": {
            "id": 11,
            "stackLevel": 0,
            "chargingProfilePurpose": "TxDefaultProfile",
            "chargingProfileKind": "Absolute",
            "chargingSchedule": [
                {"id": 11, "chargingRateUnit": unit, "chargingSchedulePeriod": [period | {"limit": 0}]}
            ],
        },
    }
    assert told == {
        "evseId": 1,
        "chargingProfile": {
            "id": 12,
            "stackLevel": 0,
            "chargingProfilePurpose": "TxProfile",
            "chargingProfileKind": "Absolute",
            "transactionId": "T-1",
            "chargingSchedule": [
                {"id": 12, "chargingRateUnit": unit, "chargingSchedulePeriod": [period | {"limit": limit}]}
            ],
        },
    }


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        ({"status": "Rejected"}, "Rejected"),
        ({"status": "Rejected", "statusInfo": {"reasonCode": "DuplicateProfile"}}, "Rejected DuplicateProfile"),
        (["NotImplemented", "", {}], "NotSupported NotImplemented"),
        (["NotSupported", "", {}], "NotSupported"),
        (["SecurityError", "no", {}], "CallError SecurityError: no"),
        (None, "Timeout"),
    ],
)
async def test_tc_k_15_csms_why_a_limit_is_not_in_force_stays_distinct_all_the_way_to_rest(
    central: Central, answer: Answer, cause: str
) -> None:
    name = central.take()

    def refuse(action: str, payload: JsonObject) -> Answer:
        return answer if action == "SetChargingProfile" else obey(action, payload)

    async with central.charge_point(name, V201, answers=refuse):

        async def causes() -> object:
            return [failure["cause"] for failure in (await central.connector(name))["limits"]["failures"]]

        await eventually(causes, [cause])
        assert (await central.connector(name))["limits"]["default_kw"] is None


async def test_authorize_is_answered_while_a_limit_of_ours_is_not(central: Central) -> None:
    def silent(action: str, payload: JsonObject) -> Answer:
        return None if action == "SetChargingProfile" else obey(action, payload)

    async with central.charge_point(central.take(), V201, answers=silent) as point:
        await point.profile("TxDefaultProfile")
        assert await point.call("Authorize", {"idToken": TOKEN}) == {"idTokenInfo": ACCEPTED}
        assert await event(point, "Started", idToken=TOKEN) == {"idTokenInfo": ACCEPTED}
