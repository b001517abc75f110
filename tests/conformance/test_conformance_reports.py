"""What chargers report beside their sessions, frame by frame in both versions, and what operators see of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from conformance_client import (
    BOOT,
    V16,
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
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

ABANDONED_S = 1.0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def central(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Central]:
    folder: Path = tmp_path_factory.mktemp("reports")
    async with central_system(folder, abandoned_after_s=ABANDONED_S) as system:
        yield system


async def told(central: Central, name: str, kind: str, *, scope: str = "read") -> list[JsonObject]:
    """The values of the reports of a kind, newest first."""
    return [
        row["value"] for row in (await central.get(f"charge-points/{name}/reports?kind={kind}", scope=scope))["items"]
    ]


async def ask(central: Central, name: str, action: str, payload: JsonObject) -> JsonObject:
    """An operator sends a request of OCPP as it stands."""
    status, answer = await central.post(f"charge-points/{name}/ocpp/{action}", payload)
    assert (status, answer["status"]) == (200, "Accepted"), answer
    return answer


def takes(*actions: str) -> Any:
    def answers(action: str, payload: JsonObject) -> Answer:
        return {"status": "Accepted"} if action in actions else obey(action, payload)

    return answers


def variable(name: str, value: str, evse: int) -> JsonObject:
    return {
        "component": {"name": "EVSE", "evse": {"id": evse}},
        "variable": {"name": name},
        "variableAttribute": [{"type": "Actual", "value": value, "mutability": "ReadOnly"}],
        "variableCharacteristics": {"dataType": "decimal", "unit": "W", "supportsMonitoring": True},
    }


# Provisioning: the device model.


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1)])
async def test_tc_b_13_csms_a_full_inventory_in_several_messages_becomes_the_device_model(
    central: Central, order: tuple[int, ...]
) -> None:
    name = central.take()
    async with central.charge_point(name, V201, answers=takes("GetBaseReport")) as point:
        await ask(central, name, "GetBaseReport", {"requestId": 41, "reportBase": "FullInventory"})
        assert {"requestId": 41, "reportBase": "FullInventory"} in point.told("GetBaseReport")
        for number in order:
            data = [variable("Power", str(number), evse=number + 1)]
            part = {"requestId": 41, "generatedAt": now(), "seqNo": number, "tbc": number < 2, "reportData": data}
            assert await point.call("NotifyReport", part) == {}
    [report] = await told(central, name, "report")
    assert (report["request_id"], report["complete"], report["parts"], report["items"]) == (41, True, 3, 3)
    rows = (await central.get(f"charge-points/{name}/variables?component=EVSE"))["items"]
    assert [(row["evse_id"], row["variable"], row["attributes"][0]["value"]) for row in rows] == [
        (1, "Power", "0"),
        (2, "Power", "1"),
        (3, "Power", "2"),
    ]
    assert rows[0]["characteristics"]["unit"] == "W"


async def test_a_report_of_which_a_part_is_lost_stays_incomplete(central: Central) -> None:
    name = central.take()
    async with central.charge_point(name, V201) as point:
        for number in (0, 2):
            data = [variable("Power", str(number), evse=number + 1)]
            part = {"requestId": 1, "generatedAt": now(), "seqNo": number, "tbc": number < 2, "reportData": data}
            assert await point.call("NotifyReport", part) == {}
    [report] = await told(central, name, "report")
    assert report["complete"] is False
    assert (await central.get(f"charge-points/{name}/variables"))["total"] == 2


async def test_what_1_6_tells_of_its_configuration_can_be_read(central: Central) -> None:
    name = central.take()
    key = {"key": "HeartbeatInterval", "readonly": False, "value": "300"}

    def answers(action: str, payload: JsonObject) -> Answer:
        return {"configurationKey": [key]} if action == "GetConfiguration" else obey(action, payload)

    async with central.charge_point(name, V16, answers=answers) as point:
        await point.wait(lambda: point.told("GetConfiguration") or None, "the question")

        async def keys() -> list[tuple[str, str, bool]]:
            items = (await central.get(f"charge-points/{name}/configuration"))["items"]
            return [(row["key"], row["value"], row["read_only"]) for row in items]

        await eventually(keys, [("HeartbeatInterval", "300", False)])


@pytest.mark.parametrize("action", ["StatusNotification", "MeterValues", "TransactionEvent", "Heartbeat"])
async def test_a_station_that_is_accepted_may_speak_without_a_boot(central: Central, action: str) -> None:
    payloads: dict[str, JsonObject] = {
        "StatusNotification": {"evseId": 1, "connectorId": 1, "connectorStatus": "Available", "timestamp": now()},
        "MeterValues": {"evseId": 1, "meterValue": [{"timestamp": now(), "sampledValue": [{"value": 1}]}]},
        "TransactionEvent": {
            "eventType": "Started",
            "timestamp": now(),
            "triggerReason": "CablePluggedIn",
            "seqNo": 0,
            "transactionInfo": {"transactionId": "T-1"},
            "evse": {"id": 1},
        },
        "Heartbeat": {},
    }
    async with central.charge_point(central.take(), V201, boots=False) as point:
        await point.call(action, payloads[action])


@pytest.mark.parametrize("version", [V16, V201])
@pytest.mark.parametrize(("kind", "status"), [("WAITING", "Pending"), ("REFUSED", "Rejected")])
async def test_tc_b_02_csms_who_is_not_accepted_is_told_so_and_sent_nothing(
    central: Central, version: str, kind: str, status: str
) -> None:
    name = central.take(kind)
    async with central.charge_point(name, version, boots=False) as point:
        answer = await point.call("BootNotification", BOOT[version])
        assert answer["status"] == status
        assert answer["interval"] > 0
        beat = await point.exchange([2, "beat", "Heartbeat", {}])
        assert beat[2] == "SecurityError" if version == V201 else beat[0] == 3
        assert [frame for frame in point.received if frame[0] == 2] == []
    assert (await central.shown(name))["connection"]["ready"] is False


async def test_tc_b_30_31_csms_what_a_pending_station_was_asked_for_is_taken(central: Central) -> None:
    name = central.take("WAITING")
    async with central.charge_point(name, V201, answers=takes("TriggerMessage")) as point:
        status = {"evseId": 1, "connectorId": 1, "connectorStatus": "Available", "timestamp": now()}
        refused = await point.exchange([2, "one", "StatusNotification", status])
        assert refused[2] == "SecurityError"
        wanted = {"requestedMessage": "StatusNotification", "evse": {"id": 1, "connectorId": 1}}
        await ask(central, name, "TriggerMessage", wanted)
        assert await point.call("StatusNotification", status) == {}
        refused = await point.exchange([2, "two", "StatusNotification", status])
        assert refused[2] == "SecurityError"


# Firmware, logs, security.

FIRMWARE_201 = ["Downloading", "Downloaded", "SignatureVerified", "Installing", "InstallRebooting", "Installed"]
CASES = [
    (V16, "FirmwareStatusNotification", "firmware", ["Downloading", "Downloaded", "Installing", "Installed"]),
    (V16, "DiagnosticsStatusNotification", "diagnostics", ["Uploading", "Uploaded"]),
    (V16, "LogStatusNotification", "log", ["Uploading", "UploadFailure"]),
    (V16, "SignedFirmwareStatusNotification", "firmware", ["Downloading", "InvalidSignature"]),
    (V201, "FirmwareStatusNotification", "firmware", FIRMWARE_201),
    (V201, "FirmwareStatusNotification", "firmware", ["DownloadScheduled", "DownloadFailed"]),
    (V201, "FirmwareStatusNotification", "firmware", ["InstallScheduled", "InstallVerificationFailed"]),
    (V201, "LogStatusNotification", "log", ["Uploading", "AcceptedCanceled"]),
    (V201, "PublishFirmwareStatusNotification", "published_firmware", ["Downloading", "PublishFailed"]),
]


@pytest.mark.parametrize(("version", "action", "task", "statuses"), CASES)
async def test_tc_044_045_079_080_and_tc_l_01_to_09_n_25_35_csms_every_status_is_answered_and_the_last_is_kept(
    central: Central, version: str, action: str, task: str, statuses: list[str]
) -> None:
    name = central.take()
    numbered = action not in ("FirmwareStatusNotification", "DiagnosticsStatusNotification") or version == V201
    async with central.charge_point(name, version) as point:
        for status in statuses:
            payload = {"status": status, **({"requestId": 7} if numbered else {})}
            assert await point.call(action, payload) == {}
    [row] = (await central.get(f"charge-points/{name}/reports?kind=status"))["items"]
    assert (row["name"], row["value"]["status"], row["value"].get("requestId")) == (
        task,
        statuses[-1],
        7 if numbered else None,
    )


@pytest.mark.parametrize("version", [V16, V201])
async def test_tc_077_078_csms_a_critical_security_event_raises_an_alarm_that_an_operator_clears(
    central: Central, version: str
) -> None:
    name = central.take()

    async def alarms() -> list[JsonObject]:
        items = (await central.get("alarms?standing=true&limit=1000"))["items"]
        return [row for row in items if row["subject"].startswith(f"{name}:")]

    async with central.charge_point(name, version) as point:
        for kind in ("StartupOfTheDevice", "InvalidMessages", "TamperDetectionActivated"):
            event = {"type": kind, "timestamp": now(), "techInfo": "the lid"}
            assert await point.call("SecurityEventNotification", event) == {}
    assert [row["type"] for row in await told(central, name, "security_event")] == [
        "TamperDetectionActivated",
        "InvalidMessages",
        "StartupOfTheDevice",
    ]
    [alarm] = await alarms()
    assert (alarm["kind"], alarm["subject"]) == ("security_event", f"{name}: TamperDetectionActivated")
    status, _ = await central.post(f"alarms/{alarm['alarm_id']}/clear")
    assert status == 200
    assert await alarms() == []


# Diagnostics, displays, reservations, data transfer.


def event_data(number: int, **more: object) -> JsonObject:
    return {
        "eventId": number,
        "timestamp": now(),
        "trigger": "Alerting",
        "actualValue": "true",
        "eventNotificationType": "HardWiredMonitor",
        "component": {"name": "ConnectorPlugRetentionLock", "evse": {"id": 1, "connectorId": 1}},
        "variable": {"name": "Problem"},
        **more,
    }


async def test_tc_n_21_and_g_20_csms_events_are_kept(central: Central) -> None:
    name = central.take()
    async with central.charge_point(name, V201) as point:
        for number, more in ((0, True), (1, False)):
            part = {"generatedAt": now(), "seqNo": number, "tbc": more, "eventData": [event_data(number)]}
            assert await point.call("NotifyEvent", part) == {}
    assert [row["eventId"] for row in await told(central, name, "event")] == [1, 0]


async def test_a_connector_may_tell_its_state_as_an_event(central: Central) -> None:
    name = central.take()
    of_connector = {"component": {"name": "Connector", "evse": {"id": 1, "connectorId": 1}}}
    state = event_data(1, actualValue="Unavailable", variable={"name": "AvailabilityState"}, **of_connector)
    async with central.charge_point(name, V201) as point:
        await point.call("NotifyEvent", {"generatedAt": now(), "seqNo": 0, "eventData": [state]})
        assert (await central.connector(name))["status"] == "Unavailable"


async def test_tc_n_01_csms_monitors_are_kept(central: Central) -> None:
    name = central.take()
    monitor = {"id": 1, "transaction": False, "value": 80, "type": "UpperThreshold", "severity": 2}
    data = {"component": {"name": "EVSE"}, "variable": {"name": "Power"}, "variableMonitoring": [monitor]}
    report = {"requestId": 3, "generatedAt": now(), "seqNo": 0, "monitor": [data]}
    async with central.charge_point(name, V201, answers=takes("GetMonitoringReport")) as point:
        await ask(central, name, "GetMonitoringReport", {"requestId": 3})
        assert await point.call("NotifyMonitoringReport", report) == {}
    [kept] = await told(central, name, "monitor")
    assert kept["variableMonitoring"] == [monitor]


async def test_tc_n_27_csms_customer_information_is_kept_in_its_parts(central: Central) -> None:
    name = central.take()
    async with central.charge_point(name, V201) as point:
        for number, text in ((1, "second"), (0, "first ")):
            part = {"requestId": 4, "generatedAt": now(), "seqNo": number, "tbc": number == 0, "data": text}
            assert await point.call("NotifyCustomerInformation", part) == {}
    assert {part["data"] for part in await told(central, name, "customer_information")} == {"***"}
    parts = await told(central, name, "customer_information", scope="admin")
    assert "".join(part["data"] for part in reversed(parts)) == "first second"
    [report] = await told(central, name, "report")
    assert report["complete"] is True


async def test_tc_o_02_csms_display_messages_are_kept(central: Central) -> None:
    name = central.take()
    message = {"id": 9, "priority": "AlwaysFront", "message": {"format": "UTF8", "content": "Out of order"}}
    async with central.charge_point(name, V201, answers=takes("GetDisplayMessages")) as point:
        await ask(central, name, "GetDisplayMessages", {"requestId": 5})
        assert await point.call("NotifyDisplayMessages", {"requestId": 5, "messageInfo": [message]}) == {}
    assert await told(central, name, "display_message") == [message]


@pytest.mark.parametrize("update", ["Expired", "Removed"])
async def test_tc_h_07_and_20_csms_a_reservation_that_ended_is_kept(central: Central, update: str) -> None:
    name = central.take()
    ended = {"reservationId": 6, "reservationUpdateStatus": update}
    async with central.charge_point(name, V201) as point:
        assert await point.call("ReservationStatusUpdate", ended) == {}
    assert await told(central, name, "reservation") == [ended]


@pytest.mark.parametrize("version", [V16, V201])
async def test_tc_064_and_tc_p_02_csms_data_of_an_unknown_vendor_is_answered(central: Central, version: str) -> None:
    async with central.charge_point(central.take(), version) as point:
        answer = await point.call("DataTransfer", {"vendorId": "org.example", "messageId": "m", "data": "d"})
    assert answer == {"status": "UnknownVendorId"}


async def test_tc_p_03_csms_custom_data_is_tolerated_anywhere(central: Central) -> None:
    custom = {"customData": {"vendorId": "org.example", "anything": [{"deep": 1}]}}
    async with central.charge_point(central.take(), V201) as point:
        assert await point.call("Heartbeat", custom)
        part = {"generatedAt": now(), "seqNo": 0, "eventData": [event_data(1, **custom)], **custom}
        assert await point.call("NotifyEvent", part) == {}


# Transactions.


async def started(point: ChargePoint, state: str = "Charging", **info: object) -> None:
    payload = {
        "eventType": "Started",
        "timestamp": now(),
        "triggerReason": "RemoteStart",
        "seqNo": 0,
        "transactionInfo": {"transactionId": "T-1", "chargingState": state, **info},
        "evse": {"id": 1, "connectorId": 1},
    }
    await point.call("TransactionEvent", payload)


async def test_tc_f_01_csms_the_number_of_a_remote_start_is_kept_with_the_session(central: Central) -> None:
    name = central.take()
    async with central.charge_point(name, V201) as point:
        await started(point, remoteStartId=77)
    [session] = await central.sessions(name)
    assert (session["remote_start_id"], session["trigger_reason"]) == (77, "RemoteStart")


async def test_messages_that_are_missing_are_told_of_the_session(central: Central) -> None:
    name = central.take()
    async with central.charge_point(name, V201) as point:
        await started(point)
        ended = {"eventType": "Ended", "timestamp": now(), "triggerReason": "EVDeparted", "seqNo": 4}
        await point.call("TransactionEvent", {**ended, "transactionInfo": {"transactionId": "T-1"}})
    [session] = await central.sessions(name)
    assert (session["status"], session["missing_events"]) == ("completed", 3)


@pytest.mark.parametrize("version", [V16, V201])
async def test_a_session_on_a_free_connector_ends_and_its_own_end_still_counts(central: Central, version: str) -> None:
    name = central.take()

    def answers(action: str, payload: JsonObject) -> Answer:
        if action == "GetTransactionStatus":
            return {"ongoingIndicator": False, "messagesInQueue": False}
        return obey(action, payload)

    async def ends() -> list[str | None]:
        return [session["stop_reason"] for session in await central.sessions(name)]

    async with central.charge_point(name, version, answers=answers) as point:
        if version == V16:
            start = {"connectorId": 1, "idTag": "TAG", "meterStart": 0, "timestamp": now()}
            number = (await point.call("StartTransaction", start))["transactionId"]
            free: JsonObject = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}
            end_action, end = "StopTransaction", {"transactionId": number, "meterStop": 500, "timestamp": now()}
        else:
            await started(point)
            free = {"evseId": 1, "connectorId": 1, "connectorStatus": "Available", "timestamp": now()}
            ended = {"eventType": "Ended", "timestamp": now(), "triggerReason": "EVDeparted", "seqNo": 1}
            end_action, end = "TransactionEvent", {**ended, "transactionInfo": {"transactionId": "T-1"}}
        await point.call("StatusNotification", free)
        assert await ends() == [None]
        await eventually(ends, ["Abandoned"])
        assert len(point.told("GetTransactionStatus")) == (version == V201)
        await point.call(end_action, end)
        assert await ends() == ["Local"]


async def test_an_operator_closes_a_session_only_where_nobody_can_be_charging(central: Central) -> None:
    name = central.take()
    async with central.charge_point(name) as point:
        start = {"connectorId": 1, "idTag": "TAG", "meterStart": 0, "timestamp": now()}
        number = (await point.call("StartTransaction", start))["transactionId"]
        await point.call("StatusNotification", {"connectorId": 1, "errorCode": "NoError", "status": "Charging"})
        status, _ = await central.post(f"sessions/{number}/close")
        assert status == 409
        await point.call("StatusNotification", {"connectorId": 1, "errorCode": "NoError", "status": "Finishing"})
        status, closed = await central.post(f"sessions/{number}/close")
        assert (status, closed["stop_reason"], closed["status"]) == (200, "ClosedByOperator", "completed")


# Smart charging.


async def test_tc_k_53_and_57_csms_charging_needs_are_answered_and_a_profile_follows(central: Central) -> None:
    name = central.take()
    needs = {"evseId": 1, "chargingNeeds": {"requestedEnergyTransfer": "DC", "departureTime": now(3600)}}
    async with central.charge_point(name, V201) as point:
        assert await point.call("NotifyEVChargingNeeds", needs) == {"status": "Processing"}
        await started(point)
        await point.profile("TxProfile")
        before = len(point.profiles("TxProfile"))
        assert await point.call("NotifyEVChargingNeeds", needs) == {"status": "Accepted"}
        await point.wait(lambda: point.profiles("TxProfile")[before:] or None, "another TxProfile")
    assert await told(central, name, "charging_needs") == [needs]


async def test_tc_k_55_csms_a_schedule_above_the_limit_is_rejected_and_the_limit_said_again(central: Central) -> None:
    name = central.take()

    def schedule(limit: float) -> JsonObject:
        period = {"startPeriod": 0, "limit": limit}
        planned = {"id": 1, "chargingRateUnit": "W", "chargingSchedulePeriod": [period]}
        return {"timeBase": now(), "evseId": 1, "chargingSchedule": planned}

    async with central.charge_point(name, V201) as point:
        await started(point)
        told_w = profile_of(await point.profile("TxProfile"))["chargingSchedule"][0]["chargingSchedulePeriod"][0]

        async def limit_kw() -> float | None:
            kw: float | None = (await central.connector(name))["limits"]["transaction_kw"]
            return kw

        await eventually(limit_kw, told_w["limit"] / 1000)
        assert await point.call("NotifyEVChargingSchedule", schedule(told_w["limit"])) == {"status": "Accepted"}
        before = len(point.profiles("TxProfile"))
        too_much = schedule(told_w["limit"] + 1000)
        assert await point.call("NotifyEVChargingSchedule", too_much) == {"status": "Rejected"}
        await point.wait(lambda: point.profiles("TxProfile")[before:] or None, "another TxProfile")


async def test_a_limit_that_others_set_lowers_what_the_station_is_given_until_it_is_cleared(central: Central) -> None:
    name = central.take()

    async def allocated_kw() -> float | None:
        row = await central.allocated(name)
        return None if row is None else float(row["allocated_kw"])

    schedule = {"id": 1, "chargingRateUnit": "W", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 7000}]}
    limit = {"chargingLimit": {"chargingLimitSource": "EMS", "isGridCritical": True}, "chargingSchedule": [schedule]}
    async with central.charge_point(name, V201) as point:
        await started(point)
        await eventually(allocated_kw, 50)
        assert await point.call("NotifyChargingLimit", limit) == {}
        await eventually(allocated_kw, 7)
        row = await central.allocated(name)
        assert row is not None
        assert row["reason"] == "capped by EMS at 7 kW"
        assert await point.call("ClearedChargingLimit", {"chargingLimitSource": "EMS"}) == {}
        await eventually(allocated_kw, 50)
