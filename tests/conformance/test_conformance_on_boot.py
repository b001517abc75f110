"""What charge points are asked and told by themselves after a boot: everything, or nothing until a session runs."""

from __future__ import annotations

import asyncio
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

pytestmark = pytest.mark.asyncio(loop_scope="module")

LONG_ENOUGH_S = 0.6


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def quiet(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Central]:
    folder: Path = tmp_path_factory.mktemp("quiet")
    async with central_system(folder, on_boot="quiet") as system:
        yield system


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def full(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Central]:
    folder: Path = tmp_path_factory.mktemp("full")
    async with central_system(folder) as system:
        yield system


def asked(point: ChargePoint) -> list[str]:
    return [frame[2] for frame in point.received if frame[0] == 2]


@pytest.mark.parametrize("version", [V16, V201])
async def test_in_quiet_nothing_is_sent_before_a_session_and_its_limit_comes_with_it(
    quiet: Central, version: str
) -> None:
    name = quiet.take()
    for _ in range(2):  # what is known of it the second time changes nothing
        async with quiet.charge_point(name, version) as point:
            await point.call("Heartbeat", {})
            await asyncio.sleep(LONG_ENOUGH_S)
            assert asked(point) == []
            await started(point)
            limit = profile_of(await point.profile("TxProfile"))
            assert limit["chargingProfilePurpose"] == "TxProfile"
            await point.profile("TxDefaultProfile")
            if version == V16:
                stop = {"transactionId": limit["transactionId"], "meterStop": 10, "timestamp": now()}
                await point.call("StopTransaction", stop)
            else:
                event = {
                    "eventType": "Ended",
                    "timestamp": now(),
                    "triggerReason": "StopAuthorized",
                    "seqNo": 1,
                    "transactionInfo": {"transactionId": "T-1", "stoppedReason": "Local"},
                    "evse": {"id": 1},
                }
                await point.call("TransactionEvent", event)
        if version == V201:
            break  # a transaction id is used once


async def test_in_quiet_an_operator_may_ask_what_he_likes(quiet: Central) -> None:
    async with quiet.charge_point(quiet.take()) as point:
        point.answers = lambda _action, _payload: {"status": "Accepted"}
        code, told = await quiet.post(f"charge-points/{point.identity}/commands", {"command": "clear_cache"})
        assert (code, told["status"], asked(point)) == (200, "Accepted", ["ClearCache"])


async def test_tc_b_13_csms_a_station_is_asked_for_its_device_model_at_its_first_contact_only(full: Central) -> None:
    name = full.take()
    async with full.charge_point(name, V201) as point:
        await point.wait(lambda: point.told("GetBaseReport") or None, "a GetBaseReport")
        (request,) = point.told("GetBaseReport")
        assert request["reportBase"] == "FullInventory"
        await point.profile("TxDefaultProfile")
    async with full.charge_point(name, V201) as point:
        await point.profile("TxDefaultProfile")
        await asyncio.sleep(LONG_ENOUGH_S)
        assert point.told("GetBaseReport") == []


@pytest.mark.parametrize("version", [V16, V201])
async def test_a_setting_that_waits_for_a_reboot_is_shown_until_it_is_taken(full: Central, version: str) -> None:
    word = "RebootRequired"

    def answers(action: str, payload: JsonObject) -> Answer:
        if action == "ChangeConfiguration":
            return {"status": word}
        if action == "SetVariables":
            return {"setVariableResult": [_without_value(item, word) for item in payload["setVariableData"]]}
        return obey(action, payload)

    async def refused() -> object:
        return {(one["setting"], one["answer"]) for one in (await full.shown(name))["refused_settings"]}

    name = full.take()
    async with full.charge_point(name, version, answers=answers):
        await eventually(refused, {("meter_interval", word), ("measurands", word)})
    word = "Accepted"
    async with full.charge_point(name, version, answers=answers):
        await eventually(refused, set())


def _without_value(item: JsonObject, word: str) -> JsonObject:
    return {"component": item["component"], "variable": item["variable"], "attributeStatus": word}
