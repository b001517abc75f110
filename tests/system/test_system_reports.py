"""Operators look after simulated chargers in both versions, and read what these report."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.system import JsonObject, System, dc, eventually, running, site

from simulators.behaviour import Behaviour

FILES = "https://files.example/"


async def told(system: System, name: str, kind: str) -> list[JsonObject]:
    rows: list[JsonObject] = (await system.get(f"/api/v1/charge-points/{name}/reports?kind={kind}"))["items"]
    return rows


async def ask(system: System, name: str, action: str, payload: JsonObject) -> JsonObject:
    status, answer = await system.request("POST", f"/api/v1/charge-points/{name}/ocpp/{action}", payload)
    assert status == 200, answer
    return answer


async def test_a_device_model_is_reported_on_request_without_its_password(tmp_path: Path) -> None:
    async with running(tmp_path, site([dc("CP-1")])) as system:
        await system.charger("CP-1", "2.0.1")
        await ask(system, "CP-1", "GetBaseReport", {"requestId": 3, "reportBase": "FullInventory"})

        async def complete() -> bool:
            rows = {row["name"]: row["value"]["complete"] for row in await told(system, "CP-1", "report")}
            return rows.get("NotifyReport/3", False) is True

        await eventually(complete, "the whole report")
        rows = (await system.get("/api/v1/charge-points/CP-1/variables?component=SmartChargingCtrlr"))["items"]
        known = {row["variable"]: row["attributes"][0].get("value") for row in rows}
        assert known["RateUnit"] == "W"
        secret = (await system.get("/api/v1/charge-points/CP-1/variables?component=SecurityCtrlr"))["items"]
        assert {row["variable"]: "value" in row["attributes"][0] for row in secret}["BasicAuthPassword"] is False


@pytest.mark.parametrize(
    ("version", "action", "payload", "task", "last"),
    [
        (
            "1.6",
            "UpdateFirmware",
            {"location": FILES + "f", "retrieveDate": "2030-01-01T00:00:00Z"},
            "firmware",
            "Installed",
        ),
        ("1.6", "GetDiagnostics", {"location": FILES}, "diagnostics", "Uploaded"),
        (
            "1.6",
            "GetLog",
            {"logType": "SecurityLog", "requestId": 4, "log": {"remoteLocation": FILES}},
            "log",
            "Uploaded",
        ),
        (
            "2.0.1",
            "UpdateFirmware",
            {"requestId": 5, "firmware": {"location": FILES + "f", "retrieveDateTime": "2030-01-01T00:00:00Z"}},
            "firmware",
            "Installed",
        ),
        (
            "2.0.1",
            "GetLog",
            {"logType": "DiagnosticsLog", "requestId": 6, "log": {"remoteLocation": FILES}},
            "log",
            "Uploaded",
        ),
    ],
)
async def test_what_a_charger_is_told_to_do_is_followed_to_its_end(
    tmp_path: Path, version: str, action: str, payload: JsonObject, task: str, last: str
) -> None:
    async with running(tmp_path, site([dc("CP-1")]), allowed_urls=[FILES]) as system:
        await system.charger("CP-1", "1.6" if version == "1.6" else "2.0.1")
        await ask(system, "CP-1", action, payload)

        async def status() -> bool:
            rows = {row["name"]: row["value"]["status"] for row in await told(system, "CP-1", "status")}
            return rows.get(task) == last

        await eventually(status, f"{task} is {last}")


async def test_a_message_that_was_put_on_a_display_is_told_of_it(tmp_path: Path) -> None:
    message = {"id": 8, "priority": "NormalCycle", "message": {"format": "UTF8", "content": "Free tonight"}}
    async with running(tmp_path, site([dc("CP-1")])) as system:
        await system.charger("CP-1", "2.0.1")
        await ask(system, "CP-1", "SetDisplayMessage", {"message": message})
        await ask(system, "CP-1", "GetDisplayMessages", {"requestId": 9})

        async def shown() -> bool:
            return [row["value"] for row in await told(system, "CP-1", "display_message")] == [message]

        await eventually(shown, "the message")


async def test_a_start_of_the_device_is_a_security_event_and_no_alarm(tmp_path: Path) -> None:
    async with running(tmp_path, site([dc("CP-1"), dc("CP-2")])) as system:
        for name, version in (("CP-1", "1.6"), ("CP-2", "2.0.1")):
            behaviour = Behaviour(reports_security_events=True)
            await system.charger(name, "1.6" if version == "1.6" else "2.0.1", behaviour=behaviour)

            async def started(name: str = name) -> bool:
                return [row["value"]["type"] for row in await told(system, name, "security_event")] == [
                    "StartupOfTheDevice"
                ]

            await eventually(started, f"{name} reports its start")
        assert not [alarm for alarm in await system.alarms() if alarm["kind"] == "security_event"]
