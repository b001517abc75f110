"""What the limits of 1.6 and 2.0.1 promise, frame by frame: profiles of others, leases, and the proof of both."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from conformance_client import (
    V16,
    V201,
    Answer,
    Central,
    JsonObject,
    central_system,
    eventually,
    now,
    obey,
    profile_of,
    started,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

both_versions = pytest.mark.parametrize("version", [V16, V201])

LEASE_S = 15 * 60
STARTED_AGO_S = 60
"""A TxProfile's schedule starts so long before now: clocks differ."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def central(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Central]:
    folder: Path = tmp_path_factory.mktemp("limits")
    async with central_system(folder) as system:
        yield system


def periods_of(told: JsonObject) -> list[tuple[int, float]]:
    """Start and limit of a profile's periods."""
    schedule = profile_of(told)["chargingSchedule"]
    schedule = schedule[0] if isinstance(schedule, list) else schedule
    return [(period["startPeriod"], period["limit"]) for period in schedule["chargingSchedulePeriod"]]


def with_periods(most: int, composite: Callable[[JsonObject], Answer]) -> Callable[[str, JsonObject], Answer]:
    """Takes schedules of so many periods and says so; what it obeys is what `composite` says."""

    def answers(action: str, payload: JsonObject) -> Answer:
        match action:
            case "GetConfiguration":
                key = "ChargingScheduleMaxPeriods"
                return {"configurationKey": [{"key": key, "readonly": True, "value": str(most)}]}
            case "GetVariables":
                return {"getVariableResult": [_variable(item, most) for item in payload["getVariableData"]]}
            case "GetCompositeSchedule":
                return composite(payload)
            case _:
                return obey(action, payload)

    return answers


def _variable(item: JsonObject, most: int) -> JsonObject:
    known = item["variable"]["name"] == "PeriodsPerSchedule"
    value = {"attributeStatus": "Accepted", "attributeValue": str(most)}
    return {**(value if known else {"attributeStatus": "UnknownVariable"}), **item}


def unable(_payload: JsonObject) -> Answer:
    return ["NotImplemented", "", {}]


# Leases: an own limit steps down by itself.


@both_versions
@pytest.mark.parametrize("most", [1, 2])
async def test_a_limit_steps_down_to_the_default_after_its_lease_where_a_schedule_has_room_for_it(
    central: Central, version: str, most: int
) -> None:
    async with central.charge_point(central.take(), version, answers=with_periods(most, unable)) as point:
        default = await point.profile("TxDefaultProfile")
        await started(point)
        told = await point.profile("TxProfile")
    assert periods_of(default) == [(0, 0)]
    step = [(STARTED_AGO_S + LEASE_S, 0)]
    assert periods_of(told) == [(0, 50_000), *(step if most > 1 else [])]


# Proofs: a charge point is asked what it obeys.


def composite_of(version: str, *periods: tuple[int, float]) -> JsonObject:
    """GetCompositeSchedule's answer: these periods, counted from now (1.6 6.22, 2.0.1 CompositeScheduleType)."""
    told = [{"startPeriod": start_s, "limit": limit, "numberPhases": 3} for start_s, limit in periods]
    unit = {"chargingRateUnit": "W", "chargingSchedulePeriod": told}
    if version == V16:
        return {"status": "Accepted", "connectorId": 1, "scheduleStart": now(), "chargingSchedule": unit}
    schedule = {"evseId": 1, "duration": 120, "scheduleStart": now(), **unit}
    return {"status": "Accepted", "schedule": schedule}


@both_versions
async def test_tc_066_and_k_43_csms_the_default_is_asked_about_once_it_is_installed(
    central: Central, version: str
) -> None:
    name = central.take()
    shows = with_periods(1, lambda _payload: composite_of(version, (0, 0)))
    async with central.charge_point(name, version, answers=shows) as point:
        [asked] = await point.wait(lambda: point.told("GetCompositeSchedule") or None, "the question")
        order = [frame[2] for frame in point.received if frame[0] == 2]
        assert order.index("SetChargingProfile") < order.index("GetCompositeSchedule")
        assert asked == {"connectorId" if version == V16 else "evseId": 1, "duration": 120}
        await eventually(lambda: _default(central, name), (0.0, []))


async def _default(central: Central, name: str, connector_id: int = 1) -> object:
    """Its default limit in force, and what is wrong with any."""
    limits = (await central.connector(name, connector_id))["limits"]
    return limits["default_kw"], [failure["cause"] for failure in limits["failures"]]


@both_versions
@pytest.mark.parametrize(
    "answer",
    [
        {"status": "Accepted"},
        {"status": "Rejected"},
        ["NotSupported", "", {}],
        ["InternalError", "", {}],
        {"status": "Maybe"},
    ],
    ids=["no schedule", "rejected", "not supported", "failed", "unreadable"],
)
async def test_a_charge_point_that_cannot_tell_what_it_obeys_is_believed(
    central: Central, version: str, answer: Answer
) -> None:
    name = central.take()
    async with central.charge_point(name, version, answers=with_periods(2, lambda _payload: answer)) as point:
        await point.wait(lambda: point.told("GetCompositeSchedule") or None, "the question")
        await started(point)
        await point.profile("TxProfile")
        await eventually(lambda: _default(central, name), (0.0, []))


@both_versions
async def test_a_default_that_does_not_hold_is_told_to_operators_and_said_again(central: Central, version: str) -> None:
    """Some keep one default profile, and the one for connector 2 throws out the one for connector 1."""
    name = central.take("TWO")
    place = "connectorId" if version == V16 else "evseId"
    shows = with_periods(1, lambda payload: composite_of(version, (0, 100_000 if payload[place] == 1 else 0)))
    async with central.charge_point(name, version, answers=shows) as point:
        await eventually(lambda: _default(central, name), (0.0, [NOT_KEPT]))
        await eventually(lambda: _alarms(central, name), ["default_not_kept"])
        again = await point.wait(lambda: _third(point.profiles("TxDefaultProfile")), "it again")
        assert again[place] == 1
    assert await _default(central, name, 2) == (0.0, [])


NOT_KEPT = "its composite schedule does not show its default profile"


async def _alarms(central: Central, name: str) -> object:
    """Kinds of the alarms that stand about it."""
    alarms = (await central.get("alarms?site_id=park&standing=true"))["items"]
    return [row["kind"] for row in alarms if row["subject"] == name]


def _third(told: list[JsonObject]) -> JsonObject | None:
    return told[2] if len(told) > 2 else None


@both_versions
async def test_one_lease_is_asked_about_until_past_its_end(central: Central, version: str) -> None:
    """Once it has shown the step it is not asked again, whatever it is told on this connection."""
    steps = composite_of(version, (0, 50_000), (LEASE_S, 0))
    async with central.charge_point(
        central.take(), version, answers=with_periods(2, lambda payload: _told(version, payload, steps))
    ) as point:
        await point.wait(lambda: point.told("GetCompositeSchedule") or None, "the question about the default")
        await started(point)
        [_, asked] = await point.wait(lambda: _two(point.told("GetCompositeSchedule")), "the one about the lease")
        assert asked["duration"] > LEASE_S + 60
        told = len(point.profiles("TxProfile"))
        await central.rebalance()
        await point.wait(lambda: len(point.profiles("TxProfile")) > told or None, "the limit again")
        await point.call("Heartbeat", {})
        assert len(point.told("GetCompositeSchedule")) == 2


def _two(told: list[JsonObject]) -> list[JsonObject] | None:
    return told if len(told) == 2 else None


def _told(version: str, payload: JsonObject, steps: JsonObject) -> Answer:
    return steps if payload["duration"] > LEASE_S else composite_of(version, (0, 0))


# First contact: profiles that others left behind.


def station_with(
    answer: JsonObject, *reports: JsonObject
) -> tuple[list[JsonObject], Callable[[str, JsonObject], Answer]]:
    """The reports a station has yet to send, and how it answers."""
    pending = list(reports)

    def answers(action: str, payload: JsonObject) -> Answer:
        if action != "GetChargingProfiles":
            return obey(action, payload)
        for report in pending:
            report["requestId"] = payload["requestId"]
        return answer

    return pending, answers


def report(evse_id: int, *profiles: tuple[int, str], source: str = "CSO", more: bool = False) -> JsonObject:
    return {
        "requestId": 0,
        "chargingLimitSource": source,
        "evseId": evse_id,
        "tbc": more,
        "chargingProfile": [_installed(number, purpose) for number, purpose in profiles],
    }


def _installed(number: int, purpose: str) -> JsonObject:
    schedule = {"id": 1, "chargingRateUnit": "W", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 1000}]}
    return {
        "id": number,
        "stackLevel": 0,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": "Relative",
        "chargingSchedule": [schedule],
    }


async def test_what_others_left_is_reported_in_parts_and_cleared_by_id(central: Central) -> None:
    """Ours, and what the grid operator set, are nobody's to clear (K10.FR.06)."""
    pending, answers = station_with(
        {"status": "Accepted"},
        report(0, (7, "ChargingStationMaxProfile"), (8, "TxDefaultProfile"), more=True),
        report(1, (11, "TxDefaultProfile"), (900, "TxDefaultProfile"), more=True),
        report(0, (9, "ChargingStationExternalConstraints"), source="SO"),
    )
    async with central.charge_point(central.take(), V201, answers=answers) as point:
        await point.wait(lambda: point.told("GetChargingProfiles") or None, "the question")
        for part in pending:
            assert await point.call("ReportChargingProfiles", part) == {}
        await point.profile("TxDefaultProfile")
        assert point.told("ClearChargingProfile") == [{"chargingProfileId": number} for number in (7, 8, 900)]


@pytest.mark.parametrize("status", ["NoProfiles", "Accepted"])
async def test_where_nothing_foreign_is_installed_nothing_is_cleared(central: Central, status: str) -> None:
    pending, answers = station_with({"status": status}, report(1, (11, "TxDefaultProfile")))
    async with central.charge_point(central.take(), V201, answers=answers) as point:
        await point.wait(lambda: point.told("GetChargingProfiles") or None, "the question")
        if status == "Accepted":
            assert await point.call("ReportChargingProfiles", pending[0]) == {}
        await point.profile("TxDefaultProfile")
        assert point.told("ClearChargingProfile") == []


async def test_a_report_that_nobody_asked_for_is_acknowledged(central: Central) -> None:
    async with central.charge_point(central.take(), V201) as point:
        await point.profile("TxDefaultProfile")
        assert await point.call("ReportChargingProfiles", report(1, (5, "TxProfile"))) == {}
        assert [told for told in point.told("ClearChargingProfile") if "chargingProfileId" in told] == []
