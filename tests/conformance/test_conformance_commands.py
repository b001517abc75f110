"""Commands of operators in no version's words, from REST to the wire and back, in both versions."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from conformance_client import (
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
    started,
)
from outgoing_examples import ALLOWED, EXAMPLES, LATER

pytestmark = pytest.mark.asyncio(loop_scope="module")

VERSIONS = (V16, V201)
CERTIFICATE = {"hash_algorithm": "SHA256", "issuer_name_hash": "a1", "issuer_key_hash": "b2", "serial_number": "03"}

# Command, the action of each version; None: that version has none.
COMMANDS: list[tuple[JsonObject, str | None, str | None]] = [
    (
        {"command": "start_session", "id_token": "TAG-SECRET", "connector_id": 1},
        "RemoteStartTransaction",
        "RequestStartTransaction",
    ),
    ({"command": "stop_session", "transaction_id": "5"}, "RemoteStopTransaction", "RequestStopTransaction"),
    ({"command": "set_availability", "operative": False}, "ChangeAvailability", "ChangeAvailability"),
    ({"command": "set_availability", "operative": True, "connector_id": 1}, "ChangeAvailability", "ChangeAvailability"),
    ({"command": "reset"}, "Reset", "Reset"),
    ({"command": "reset", "type": "hard"}, "Reset", "Reset"),
    ({"command": "reset", "type": "on_idle", "connector_id": 1}, None, "Reset"),
    ({"command": "unlock_connector", "connector_id": 1}, "UnlockConnector", "UnlockConnector"),
    ({"command": "trigger_message", "message": "meter_values", "connector_id": 1}, "TriggerMessage", "TriggerMessage"),
    ({"command": "trigger_message", "message": "status", "connector_id": 1}, "TriggerMessage", "TriggerMessage"),
    ({"command": "trigger_message", "message": "log_status"}, "ExtendedTriggerMessage", "TriggerMessage"),
    ({"command": "get_configuration", "keys": ["OCPPCommCtrlr.HeartbeatInterval"]}, "GetConfiguration", "GetVariables"),
    ({"command": "get_configuration"}, "GetConfiguration", "GetBaseReport"),
    (
        {"command": "set_configuration", "values": {"OCPPCommCtrlr.HeartbeatInterval": "60"}},
        "ChangeConfiguration",
        "SetVariables",
    ),
    ({"command": "get_composite_schedule", "connector_id": 1}, "GetCompositeSchedule", "GetCompositeSchedule"),
    (
        {"command": "reserve_now", "id_token": "TAG-SECRET", "until": LATER, "connector_id": 1},
        "ReserveNow",
        "ReserveNow",
    ),
    ({"command": "cancel_reservation", "reservation_id": 1}, "CancelReservation", "CancelReservation"),
    (
        {"command": "send_local_list", "version": 2, "entries": [{"id_token": "TAG-SECRET"}]},
        "SendLocalList",
        "SendLocalList",
    ),
    (
        {"command": "update_firmware", "location": ALLOWED + "fw", "retrieve_at": LATER},
        "UpdateFirmware",
        "UpdateFirmware",
    ),
    (
        {
            "command": "update_firmware",
            "location": ALLOWED + "fw",
            "retrieve_at": LATER,
            "signing_certificate": "PEM",
            "signature": "c2ln",
        },
        "SignedUpdateFirmware",
        "UpdateFirmware",
    ),
    ({"command": "get_log", "location": ALLOWED + "up"}, "GetDiagnostics", "GetLog"),
    ({"command": "get_log", "location": ALLOWED + "up", "log": "security"}, "GetLog", "GetLog"),
    ({"command": "clear_cache"}, "ClearCache", "ClearCache"),
    ({"command": "data_transfer", "vendor_id": "Vendor", "data": "text"}, "DataTransfer", "DataTransfer"),
    ({"command": "install_certificate", "certificate": "PEM"}, "InstallCertificate", "InstallCertificate"),
    ({"command": "delete_certificate", **CERTIFICATE}, "DeleteCertificate", "DeleteCertificate"),
    (
        {"command": "get_installed_certificates", "kind": "central_system_root"},
        "GetInstalledCertificateIds",
        "GetInstalledCertificateIds",
    ),
    ({"command": "set_display_message", "text": "Hello"}, None, "SetDisplayMessage"),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def central(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Central]:
    folder: Path = tmp_path_factory.mktemp("commands")
    async with central_system(folder, allowed_urls=[ALLOWED]) as system:
        yield system


async def ready(point: ChargePoint, answers: dict[str, Answer]) -> None:
    """Once its limits stand nobody has anything to tell it by himself; from then on it answers as it is told."""
    await point.profile("TxDefaultProfile")
    point.answers = lambda action, payload: answers[action] if action in answers else obey(action, payload)


async def give(central: Central, point: ChargePoint, command: JsonObject) -> tuple[int, JsonObject]:
    return await central.post(f"charge-points/{point.identity}/commands", command)


@pytest.mark.parametrize("version", VERSIONS)
async def test_every_command_goes_out_in_the_words_of_the_version(central: Central, version: str) -> None:
    async with central.charge_point(central.take(), version) as point:
        await ready(point, {action: response for action, (_, response) in EXAMPLES[version].items()})
        await point.wait(lambda: point.told("GetCompositeSchedule") or None, "the question for its default")
        for command, in_16, in_201 in COMMANDS:
            action = in_16 if version == V16 else in_201
            before = len(point.received)
            code, told = await give(central, point, command)
            sent = [frame[2] for frame in point.received[before:] if frame[0] == 2]
            assert code == 200, (command, told)
            if action is None:
                assert (told["status"], sent) == ("NotSupported", []), command
                assert "OCPP 1.6" in told["error"]["description"] or "this version" in told["error"]["description"]
            else:
                assert (told["status"], sent) == ("Accepted", [action]), (command, told)
                assert told["response"] == EXAMPLES[version][action][1]
        kept = await central.get(f"charge-points/{point.identity}/commands?limit=1000")
    assert [row["command"] for row in reversed(kept["items"])] == [command["command"] for command, _, _ in COMMANDS]
    assert {row["asked_by"] for row in kept["items"]} == {"control"}
    assert "TAG-SECRET" not in str(kept)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ({"status": "Rejected"}, "Rejected"),
        (["NotSupported", "", {}], "NotSupported"),
        (["SecurityError", "no", {}], "CallError"),
        (None, "Timeout"),
    ],
    ids=["rejected", "not supported", "call error", "timeout"],
)
async def test_every_end_of_a_command_is_told_from_the_others(
    central: Central, version: str, answer: Answer, status: str
) -> None:
    async with central.charge_point(central.take(), version) as point:
        await ready(point, {"Reset": answer, "ClearCache": answer})
        for command in ({"command": "reset"}, {"command": "clear_cache"}):
            code, told = await give(central, point, command)
            assert (code, told["status"]) == (200, status)


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, ["command"]),
        ({"command": "explode"}, ["command"]),
        ({"command": "reset", "type": "gently", "more": 1}, ["more", "type"]),
        ({"command": "unlock_connector"}, ["connector_id"]),
        ({"command": "unlock_connector", "connector_id": 0}, ["connector_id"]),
        ({"command": "start_session", "id_token": ""}, ["id_token"]),
        ({"command": "start_session", "id_token": "a-token-longer-than-1.6-allows"}, ["idTag"]),
        ({"command": "start_session", "id_token": "T", "id_token_type": "Card"}, ["id_token_type"]),
        ({"command": "stop_session"}, ["session_id"]),
        ({"command": "stop_session", "connector_id": 1}, ["connector_id"]),
        ({"command": "stop_session", "transaction_id": "T-1"}, ["transaction_id"]),
        ({"command": "set_configuration", "values": {}}, ["values"]),
        ({"command": "set_power_limit", "max_power_kw": -1}, ["max_power_kw"]),
        ({"command": "set_power_limit", "max_power_kw": 7, "connector_id": 9}, ["connector_id"]),
        ({"command": "set_power_limit", "max_power_kw": 7, "until": "2020-01-01T00:00:00Z"}, ["until"]),
        ({"command": "get_log", "location": "https://files.example.evil/"}, ["location"]),
        ({"command": "update_firmware", "location": "ftp://files.example/", "retrieve_at": LATER}, ["location"]),
        ({"command": "update_firmware", "location": ALLOWED, "retrieve_at": "tomorrow"}, ["retrieve_at"]),
        ({"command": "data_transfer", "vendor_id": "V", "data": [1]}, ["data"]),
    ],
)
async def test_a_command_that_breaks_a_rule_names_the_field_and_sends_nothing(
    central: Central, body: JsonObject, fields: list[str]
) -> None:
    async with central.charge_point(central.take()) as point:
        await ready(point, {})
        before = len(point.received)
        code, problem = await give(central, point, body)
        assert (code, sorted(error["field"] for error in problem["errors"])) == (422, fields)
        assert len(point.received) == before


@pytest.mark.parametrize("version", VERSIONS)
async def test_who_is_not_there_is_409_and_who_is_unknown_404(central: Central, version: str) -> None:
    async with central.charge_point(central.take(), version) as point:
        pass
    assert (await give(central, point, {"command": "reset"}))[0] == 409
    assert (await central.post("charge-points/NOBODY/commands", {"command": "reset"}))[0] == 404
    assert (await central.post("charge-points/NOBODY/commands", {"command": "clear_power_limit"}))[0] == 404
    assert (await central.post(f"charge-points/{point.identity}/commands", {"command": "reset"}, scope="read"))[
        0
    ] == 403


@pytest.mark.parametrize("version", VERSIONS)
async def test_tc_012_and_tc_e_21_csms_a_running_session_is_ended_by_whatever_names_it(
    central: Central, version: str
) -> None:
    action = "RemoteStopTransaction" if version == V16 else "RequestStopTransaction"
    async with central.charge_point(central.take(), version) as point:
        await ready(point, {action: {"status": "Accepted"}})
        transaction_id = await started(point)
        (session,) = await central.sessions(point.identity)
        for named in (
            {"session_id": session["session_id"]},
            {"connector_id": 1},
            {},
            {"transaction_id": transaction_id},
        ):
            code, told = await give(central, point, {"command": "stop_session", **named})
            assert (code, told["status"]) == (200, "Accepted")
        told_ids = {str(payload["transactionId"]) for payload in point.told(action)}
    assert told_ids == {transaction_id}


async def test_tc_f_01_csms_the_session_tells_which_remote_start_it_came_from(central: Central) -> None:
    async with central.charge_point(central.take(), V201) as point:
        await ready(point, {"RequestStartTransaction": {"status": "Accepted"}})
        _, told = await give(central, point, {"command": "start_session", "id_token": "TAG", "connector_id": 1})
        number = told["parameters"]["remote_start_id"]
        assert point.told("RequestStartTransaction")[0]["remoteStartId"] == number
        event = {
            "eventType": "Started",
            "timestamp": now(),
            "triggerReason": "RemoteStart",
            "seqNo": 0,
            "transactionInfo": {"transactionId": "T-9", "chargingState": "Charging", "remoteStartId": number},
            "evse": {"id": 1, "connectorId": 1},
            "idToken": {"idToken": "TAG", "type": "Central"},
        }
        await point.call("TransactionEvent", event)
        (session,) = await central.sessions(point.identity)
        _, again = await give(central, point, {"command": "start_session", "id_token": "TAG", "connector_id": 1})
    assert session["remote_start_id"] == number
    assert again["parameters"]["remote_start_id"] != number


async def test_tc_b_08_csms_no_more_variables_in_a_message_than_the_station_takes(central: Central) -> None:
    async def taken() -> object:
        path = f"charge-points/{point.identity}/variables?component=DeviceDataCtrlr"
        return [row["attributes"][0]["value"] for row in (await central.get(path))["items"]]

    async with central.charge_point(central.take(), V201) as point:
        await ready(point, {})
        said = {
            "component": {"name": "DeviceDataCtrlr"},
            "variable": {"name": "ItemsPerMessage", "instance": "GetVariables"},
            "variableAttribute": [{"value": "2"}],
        }
        report = {"requestId": 1, "generatedAt": now(), "seqNo": 0, "tbc": False, "reportData": [said]}
        await point.call("NotifyReport", report)
        await eventually(taken, ["2"])

        def answered(action: str, payload: JsonObject) -> Answer:
            if action != "GetVariables":
                return obey(action, payload)
            results = [{**item, "attributeStatus": "Accepted"} for item in payload["getVariableData"]]
            return {"getVariableResult": results}

        point.answers = answered
        before = len(point.told("GetVariables"))
        keys = [f"Ctrlr.V{n}" for n in range(5)]
        _, told = await give(central, point, {"command": "get_configuration", "keys": keys})
        sizes = [len(payload["getVariableData"]) for payload in point.told("GetVariables")[before:]]
    assert sizes == [2, 2, 1]
    assert [item["variable"]["name"] for item in told["response"]["getVariableResult"]] == [f"V{n}" for n in range(5)]


@pytest.mark.parametrize("version", VERSIONS)
async def test_an_operators_limit_goes_through_the_balancer_and_is_told_with_its_reason(
    central: Central, version: str
) -> None:
    def limits(point: ChargePoint) -> list[float]:
        schedules = [profile_of(told)["chargingSchedule"] for told in point.profiles("TxProfile")]
        plain = [schedule[0] if isinstance(schedule, list) else schedule for schedule in schedules]
        return [schedule["chargingSchedulePeriod"][0]["limit"] for schedule in plain]

    async with central.charge_point(central.take(), version) as point:
        await ready(point, {})
        await started(point)
        await point.wait(lambda: 50_000 in limits(point) or None, "its rated power")
        code, told = await give(central, point, {"command": "set_power_limit", "max_power_kw": 7})
        assert (code, told["status"]) == (200, "Accepted")
        await point.wait(lambda: limits(point)[-1] == 7000 or None, "the operator's limit")
        row = await central.allocated(point.identity)
        assert row is not None
        assert (row["allocated_kw"], row["reason"]) == (7.0, "capped by the operator at 7 kW")
        shown = (await central.shown(point.identity))["power_limits"]
        assert shown == [{"connector_id": None, "max_power_kw": 7.0, "until": None}]
        await give(central, point, {"command": "clear_power_limit"})
        await point.wait(lambda: limits(point)[-1] == 50_000 or None, "its rated power again")
        assert (await central.shown(point.identity))["power_limits"] == []
        _, told = await give(central, point, {"command": "clear_power_limit"})
        assert told["response"] == {"connector_id": None, "cleared": False}


async def test_a_limit_of_a_charge_point_that_is_away_waits_for_it(central: Central) -> None:
    name = central.take()
    async with central.charge_point(name) as point:
        await ready(point, {})
    code, told = await give(central, point, {"command": "set_power_limit", "max_power_kw": 5, "connector_id": 1})
    assert (code, told["status"], told["response"]["max_power_kw"]) == (200, "Accepted", 5.0)
    async with central.charge_point(name) as point:
        await started(point)
        told = await point.profile("TxProfile")
        assert profile_of(told)["chargingSchedule"]["chargingSchedulePeriod"][0]["limit"] == 5000


async def test_one_command_for_many_and_one_that_is_silent_holds_up_no_other(central: Central) -> None:
    names = [central.take() for _ in range(6)]
    body = {"charge_point_ids": [*names, "NOBODY"], "command": {"command": "clear_cache"}, "timeout_s": 5}
    async with (
        central.charge_point(names[0]) as one,
        central.charge_point(names[1], V201) as other,
        central.charge_point(names[2]) as silent,
        central.charge_point(names[3]) as refusing,
    ):
        for point in (one, other):
            await ready(point, {"ClearCache": {"status": "Accepted"}})
        await ready(silent, {"ClearCache": None})
        await ready(refusing, {"ClearCache": {"status": "Rejected"}})
        began_s = time.monotonic()
        code, told = await central.post("commands/bulk", body)
        took_s = time.monotonic() - began_s
        assert code == 200
        hurried = {**body, "charge_point_ids": [names[0], names[2]], "timeout_s": 0.3}
        _, cut = await central.post("commands/bulk", hurried)

        async def last() -> object:
            return (await central.get(f"charge-points/{names[2]}/commands?limit=1"))["items"][0]["status"]

        await eventually(last, "Timeout")
    ends = [
        result["outcome"]["status"] if result["outcome"] else result["problem"]["status"] for result in told["results"]
    ]
    assert ends == ["Accepted", "Accepted", "Timeout", "Rejected", 409, 409, 404]
    assert [result["charge_point_id"] for result in told["results"]] == body["charge_point_ids"]
    assert took_s < 4
    assert told["open"] == 0
    assert cut["open"] == 1
    assert cut["results"][1] == {"charge_point_id": names[2], "outcome": None, "problem": None}


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, ["charge_point_ids", "command"]),
        ({"charge_point_ids": [], "command": {"command": "clear_cache"}}, ["charge_point_ids"]),
        ({"charge_point_ids": ["A", "A"], "command": {"command": "clear_cache"}}, ["charge_point_ids"]),
        ({"charge_point_ids": ["A"], "command": {"command": "reset", "type": "x"}}, ["command.type"]),
        ({"charge_point_ids": ["A"], "command": {"command": "explode"}}, ["command.command"]),
        ({"charge_point_ids": ["A"], "command": {"command": "clear_cache"}, "timeout_s": 0}, ["timeout_s"]),
    ],
)
async def test_a_bulk_command_that_breaks_a_rule_names_the_field(
    central: Central, body: JsonObject, fields: list[str]
) -> None:
    code, problem = await central.post("commands/bulk", body)
    assert (code, sorted(error["field"] for error in problem["errors"])) == (422, fields)


async def test_fifty_commands_at_once_to_one_charger_are_all_answered(central: Central) -> None:
    async with central.charge_point(central.take(), V201) as point:
        await ready(point, {"ClearCache": {"status": "Accepted"}})
        ends = await asyncio.gather(*(give(central, point, {"command": "clear_cache"}) for _ in range(50)))
        assert [(code, told["status"]) for code, told in ends] == [(200, "Accepted")] * 50
        assert len(point.told("ClearCache")) == 50
