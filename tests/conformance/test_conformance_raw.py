"""Requests of operators in OCPP's own words, from REST to the wire and back, in both versions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from copy import deepcopy
from pathlib import Path

import pytest
import pytest_asyncio
from conformance_client import Answer, Central, ChargePoint, JsonObject, central_system, eventually, now, obey
from outgoing_examples import ALLOWED, ALLOWED_CSMS, EXAMPLES, LATER, Example

pytestmark = pytest.mark.asyncio(loop_scope="module")

VERSIONS = ("ocpp1.6", "ocpp2.0.1")
MAXIMUM = EXAMPLES["ocpp1.6"]["SetChargingProfile"][0]["csChargingProfiles"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def central(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Central]:
    folder: Path = tmp_path_factory.mktemp("raw")
    async with central_system(folder, allowed_urls=[ALLOWED, ALLOWED_CSMS]) as system:
        yield system


async def ready(point: ChargePoint, answers: dict[str, Answer]) -> None:
    """Once its limits stand nobody has anything to tell it by himself; from then on it answers as it is told."""
    await point.profile("TxDefaultProfile")
    point.answers = lambda action, payload: answers[action] if action in answers else obey(action, payload)


async def ask(central: Central, point: ChargePoint, action: str, payload: object) -> tuple[int, JsonObject]:
    return await central.post(f"charge-points/{point.identity}/ocpp/{action}", payload, scope="admin")


@pytest.mark.parametrize("version", VERSIONS)
async def test_every_action_of_a_central_system_goes_out_and_its_answer_comes_back(
    central: Central, version: str
) -> None:
    examples: dict[str, Example] = EXAMPLES[version]
    async with central.charge_point(central.take(), version) as point:
        await ready(point, {action: response for action, (_, response) in examples.items()})
        for action, (payload, response) in examples.items():
            before = len(point.told(action))
            status, answer = await ask(central, point, action, payload)
            assert (status, answer["status"], answer["error"]) == (200, "Accepted", None), (action, answer)
            assert answer["response"] == response, action
            assert payload in point.told(action)[before:], action
        kept = await central.get(f"charge-points/{point.identity}/commands?limit=1000")
    assert [row["command"] for row in kept["items"]] == list(reversed(examples))
    assert {(row["raw"], row["asked_by"], row["status"]) for row in kept["items"]} == {(True, "admin", "Accepted")}
    assert "TAG-SECRET" not in str(kept)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("answer", "status", "error"),
    [
        ({"status": "Rejected"}, "Rejected", None),
        (["NotImplemented", "no cache", {}], "NotSupported", ("NotImplemented", "no cache", {})),
        (["InternalError", "worn out", {"why": "age"}], "CallError", ("InternalError", "worn out", {"why": "age"})),
        (None, "Timeout", ("", "no answer in time; it may have acted all the same", {})),
    ],
    ids=["rejected", "not supported", "call error", "timeout"],
)
async def test_every_end_of_a_request_is_told_from_the_others(
    central: Central, version: str, answer: Answer, status: str, error: tuple[str, str, JsonObject] | None
) -> None:
    async with central.charge_point(central.take(), version) as point:
        await ready(point, {"ClearCache": answer})
        code, told = await ask(central, point, "ClearCache", {})
    assert code == 200
    assert told["status"] == status
    assert told["response"] == (answer if isinstance(answer, dict) else None)
    assert (told["error"] and tuple(told["error"].values())) == error


async def test_a_connection_that_ends_first_is_told_and_one_that_is_not_there_is_409(central: Central) -> None:
    async with central.charge_point(central.take()) as point:
        await ready(point, {"Reset": None})
        asking = asyncio.create_task(ask(central, point, "Reset", {"type": "Hard"}))
        await point.wait(lambda: point.told("Reset") or None, "a Reset")
    _, told = await asking
    assert told["status"] == "Disconnected"
    code, problem = await ask(central, point, "Reset", {"type": "Hard"})
    assert (code, problem["detail"]) == (409, "The charge point is not connected.")
    kept = await central.get(f"charge-points/{point.identity}/commands")
    assert [(row["command"], row["status"]) for row in kept["items"]] == [("Reset", "Disconnected")]


@pytest.mark.parametrize(
    ("version", "action", "payload", "code", "fields"),
    [
        ("ocpp1.6", "BootNotification", {}, 404, []),
        ("ocpp1.6", "GetVariables", {}, 404, []),
        ("ocpp2.0.1", "RemoteStartTransaction", {}, 404, []),
        ("ocpp1.6", "Reset", {}, 422, ["type"]),
        ("ocpp1.6", "Reset", {"type": "Softly"}, 422, ["type"]),
        ("ocpp1.6", "Reset", {"type": "Soft", "more": 1}, 422, ["more"]),
        ("ocpp1.6", "SendLocalList", {"listVersion": "x"}, 422, ["listVersion", "updateType"]),
        ("ocpp2.0.1", "GetVariables", {"getVariableData": [{"component": {"name": "C"}}]}, 422,
         ["getVariableData[0].variable"]),
        ("ocpp1.6", "UpdateFirmware", {"location": "https://files.example.evil/f", "retrieveDate": LATER},
         422, ["location"]),
        ("ocpp1.6", "RemoteStartTransaction",
         {"idTag": "T", "chargingProfile": MAXIMUM}, 409, []),
        ("ocpp1.6", "ClearChargingProfile", {}, 409, []),
        ("ocpp2.0.1", "ClearChargingProfile", {"chargingProfileId": 11}, 409, []),
    ],
)  # fmt: skip
async def test_what_may_not_leave_does_not_and_leaves_no_record(
    central: Central, version: str, action: str, payload: JsonObject, code: int, fields: list[str]
) -> None:
    async with central.charge_point(central.take(), version) as point:
        await ready(point, {})
        before = len(point.told(action))
        status, problem = await ask(central, point, action, payload)
        assert status == code
        assert sorted(error["field"] for error in problem["errors"]) == sorted(fields)
        assert len(point.told(action)) == before
        assert (await central.get(f"charge-points/{point.identity}/commands"))["items"] == []


@pytest.mark.parametrize(
    ("action", "changed", "field"),
    [
        pytest.param("SetVariables", lambda p: p["setVariableData"].append(p["setVariableData"][0]),
                     "setVariableData[1]", id="B05.FR.13"),
        pytest.param("SendLocalList", lambda p: p.update(versionNumber=0), "versionNumber", id="D01.FR.18"),
        pytest.param("TriggerMessage", lambda p: p["evse"].pop("connectorId"), "evse.connectorId", id="F06.FR.13"),
        pytest.param("SetChargingProfile", lambda p: p["chargingProfile"]["chargingSchedule"][0].pop("startSchedule"),
                     "chargingProfile.chargingSchedule[0].startSchedule", id="K01.FR.40"),
        pytest.param("GetChargingProfiles", lambda p: p["chargingProfile"].clear(), "chargingProfile", id="K09.FR.03"),
        pytest.param("CustomerInformation", lambda p: p.update(customerIdentifier="C"), "", id="N09.FR.04, N10.FR.08"),
    ],
)  # fmt: skip
async def test_a_request_that_breaks_a_rule_no_schema_says_is_not_sent(
    central: Central, action: str, changed: Callable[[JsonObject], object], field: str
) -> None:
    payload = deepcopy(EXAMPLES["ocpp2.0.1"][action][0])
    changed(payload)
    async with central.charge_point(central.take(), "ocpp2.0.1") as point:
        await ready(point, {})
        before = len(point.told(action))
        status, problem = await ask(central, point, action, payload)
        assert (status, [error["field"] for error in problem["errors"]]) == (422, [field])
        assert len(point.told(action)) == before


async def test_fifty_parallel_requests_are_asked_one_after_the_other(central: Central) -> None:
    async with central.charge_point(central.take()) as point:
        await ready(point, {"GetLocalListVersion": {"listVersion": 1}})
        asked = [ask(central, point, "GetLocalListVersion", {}) for _ in range(50)]
        ends = await asyncio.gather(*asked)
        assert {(code, told["status"]) for code, told in ends} == {(200, "Accepted")}
        assert len(point.told("GetLocalListVersion")) == 50
        assert len({told["command_id"] for _, told in ends}) == 50


async def test_a_limit_does_not_wait_for_the_requests_in_line(central: Central) -> None:
    async with central.charge_point(central.take()) as point:
        await ready(point, {"GetLocalListVersion": None})
        asking = [asyncio.create_task(ask(central, point, "GetLocalListVersion", {})) for _ in range(20)]
        await point.wait(lambda: point.told("GetLocalListVersion") or None, "a GetLocalListVersion")
        start = {"connectorId": 1, "idTag": "TAG", "meterStart": 0, "timestamp": now()}
        await point.call("StartTransaction", start)
        await point.profile("TxProfile")
        assert len(point.told("GetLocalListVersion")) <= 2
    ends = [told["status"] for _, told in await asyncio.gather(*asking)]
    assert set(ends) == {"Timeout", "Disconnected"}


async def test_a_charge_point_that_was_not_accepted_may_only_be_asked_for_its_boot(central: Central) -> None:
    name = central.take()
    async with central.charge_point(name, boots=False) as point:

        async def connected() -> bool:
            return bool((await central.shown(name))["connection"]["connected"])

        await eventually(connected, True)
        code, _ = await ask(central, point, "RemoteStartTransaction", {"idTag": "TAG"})
        assert code == 409
        code, told = await ask(central, point, "TriggerMessage", {"requestedMessage": "BootNotification"})
        assert (code, told["status"]) == (200, "Accepted")


async def test_b_02_fr_01_a_pending_charge_point_is_asked_for_its_settings_and_starts_nothing(central: Central) -> None:
    async with central.charge_point(central.take("WAITING"), "ocpp2.0.1") as point:
        variable = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "HeartbeatInterval"}}
        point.answers = lambda *_: {"getVariableResult": [variable | {"attributeStatus": "Rejected"}]}
        code, told = await ask(central, point, "GetVariables", {"getVariableData": [variable]})
        assert (code, told["status"]) == (200, "Rejected")
        # B02.FR.05
        for action in ("RequestStartTransaction", "RequestStopTransaction", "Reset"):
            code, problem = await ask(central, point, action, EXAMPLES["ocpp2.0.1"][action][0])
            assert (code, problem["status"]) == (409, 409)


@pytest.mark.parametrize("version", ["ocpp1.6", "ocpp2.0.1"])
async def test_b_03_fr_03_a_rejected_charge_point_is_sent_nothing(central: Central, version: str) -> None:
    async with central.charge_point(central.take("REFUSED"), version) as point:
        for action in ("TriggerMessage", "Reset"):
            code, problem = await ask(central, point, action, EXAMPLES[version][action][0])
            assert (code, problem["detail"]) == (409, "The charge point was rejected: nothing is sent to it.")


@pytest.mark.parametrize(
    ("action", "component", "name"),
    [
        pytest.param("SetVariables", "DeviceDataCtrlr", "setVariableData", id="B05.FR.11"),
        pytest.param("GetVariables", "DeviceDataCtrlr", "getVariableData", id="B06.FR.05"),
        pytest.param("GetReport", "DeviceDataCtrlr", "componentVariable", id="B08.FR.06"),
        pytest.param("SetVariableMonitoring", "MonitoringCtrlr", "setMonitoringData", id="N04.FR.09"),
        pytest.param("SendLocalList", "LocalAuthListCtrlr", "localAuthorizationList", id="D01.FR.11"),
        pytest.param("ClearVariableMonitoring", "MonitoringCtrlr", "id", id="N06.FR.04"),
    ],
)
async def test_a_request_longer_than_the_station_takes_is_not_sent(
    central: Central, action: str, component: str, name: str
) -> None:
    variable = {"name": "ItemsPerMessage", "instance": action}
    if component == "LocalAuthListCtrlr":
        del variable["instance"]
    said = {"component": {"name": component}, "variable": variable, "variableAttribute": [{"value": "1"}]}
    payload = deepcopy(EXAMPLES["ocpp2.0.1"][action][0])
    token = {"idToken": {"idToken": "A", "type": "Local"}, "idTokenInfo": {"status": "Accepted"}}
    one = payload.get(name, [token if action == "SendLocalList" else {"component": {"name": "TxCtrlr"}}])[0]
    other = {"idToken": {"idToken": "B", "type": "Local"}} if one is token else {"component": {"name": "ClockCtrlr"}}
    payload[name] = [one, one | other if isinstance(one, dict) else one + 1]

    async def refused() -> tuple[int, list[str]]:
        status, problem = await ask(central, point, action, payload)
        return status, [error["field"] for error in problem.get("errors", [])]

    async with central.charge_point(central.take(), "ocpp2.0.1") as point:
        await ready(point, {action: EXAMPLES["ocpp2.0.1"][action][1]})
        report = {"requestId": 1, "generatedAt": now(), "seqNo": 0, "tbc": False, "reportData": [said]}
        await point.call("NotifyReport", report)
        await eventually(refused, (422, [name]))
        payload[name].pop()
        assert (await ask(central, point, action, payload))[0] == 200
