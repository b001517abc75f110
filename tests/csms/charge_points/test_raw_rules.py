"""What a schema cannot say, and a central system must keep all the same."""

from __future__ import annotations

import pytest

from csms.charge_points.raw_rules import broken_rules
from csms.charge_points.schemas import OCPP16, OCPP201, JsonObject

TAG = ("TAG", "ISO14443")
TOKEN = {"idToken": "TAG", "type": "ISO14443"}


def variables(*names: str, kind: str | None = None) -> JsonObject:
    return {
        "setVariableData": [
            {
                "component": {"name": "TxCtrlr"},
                "variable": {"name": name},
                "attributeValue": "1",
                **({} if kind is None else {"attributeType": kind}),
            }
            for name in names
        ]
    }


def local_list(version: int, *tokens: tuple[str, str]) -> JsonObject:
    entries = [{"idToken": {"idToken": token, "type": kind}} for token, kind in tokens]
    return {"versionNumber": version, "updateType": "Full", "localAuthorizationList": entries}


def maximum(*starts: int, kind: str = "Absolute", schedules: int = 1, dated: bool = True) -> JsonObject:
    periods = [{"startPeriod": start, "limit": 16.0} for start in starts]
    since = {"startSchedule": "2020-01-01T00:00:00Z"} if dated else {}
    told = {"id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": periods, **since}
    return {"evseId": 0, "chargingProfile": {"chargingProfileKind": kind, "chargingSchedule": [told] * schedules}}


PLACE = "chargingProfile.chargingSchedule.0"


@pytest.mark.parametrize(
    ("action", "payload", "broken"),
    [
        # B05.FR.13
        ("SetVariables", variables("A", "B"), []),
        ("SetVariables", variables("A", "a"), ["setVariableData.1"]),
        ("SetVariables", variables("A", "A", "A"), ["setVariableData.1", "setVariableData.2"]),
        # D01.FR.06, D01.FR.18
        ("SendLocalList", {"versionNumber": 1, "updateType": "Full"}, []),
        ("SendLocalList", {"versionNumber": 0, "updateType": "Full"}, ["versionNumber"]),
        ("SendLocalList", local_list(2, TAG, ("TAG", "eMAID")), []),
        ("SendLocalList", local_list(2, TAG, ("tag", "ISO14443")), ["localAuthorizationList.1.idToken"]),
        # F06.FR.13
        ("TriggerMessage", {"requestedMessage": "Heartbeat"}, []),
        ("TriggerMessage", {"requestedMessage": "StatusNotification"}, ["evse.connectorId"]),
        ("TriggerMessage", {"requestedMessage": "StatusNotification", "evse": {"id": 1}}, ["evse.connectorId"]),
        ("TriggerMessage", {"requestedMessage": "StatusNotification", "evse": {"id": 1, "connectorId": 1}}, []),
        # K09.FR.03
        ("GetChargingProfiles", {"chargingProfile": {"chargingProfileId": [1]}}, []),
        ("GetChargingProfiles", {"chargingProfile": {"stackLevel": 0}}, []),
        ("GetChargingProfiles", {"chargingProfile": {}}, ["chargingProfile"]),
        ("GetChargingProfiles", {"chargingProfile": {"chargingProfileId": [1], "stackLevel": 0}}, ["chargingProfile"]),
        # N09.FR.04, N10.FR.08
        ("CustomerInformation", {"idToken": TOKEN}, []),
        ("CustomerInformation", {}, [""]),
        ("CustomerInformation", {"idToken": TOKEN, "customerIdentifier": "C"}, [""]),
        # K01.FR.31, K01.FR.34, K01.FR.35, K01.FR.38, K01.FR.40
        ("SetChargingProfile", maximum(0, 60), []),
        ("SetChargingProfile", maximum(0, kind="Recurring"), []),
        ("SetChargingProfile", maximum(0, dated=False), [f"{PLACE}.startSchedule"]),
        ("SetChargingProfile", maximum(0, kind="Relative", dated=False), ["chargingProfile.chargingProfileKind"]),
        ("SetChargingProfile", maximum(1, 60), [f"{PLACE}.chargingSchedulePeriod.0.startPeriod"]),
        ("SetChargingProfile", maximum(0, 60, 60), [f"{PLACE}.chargingSchedulePeriod"]),
        ("SetChargingProfile", maximum(0, schedules=2), ["chargingProfile.chargingSchedule"]),
        ("Reset", {}, []),
    ],
)  # fmt: skip
def test_a_request_keeps_the_rules_of_2_0_1(action: str, payload: JsonObject, broken: list[str]) -> None:
    assert [place for place, _ in broken_rules(OCPP201, action, payload)] == broken


def test_another_attribute_of_a_variable_is_another_value() -> None:
    both = [*variables("A")["setVariableData"], *variables("A", kind="Target")["setVariableData"]]
    assert not list(broken_rules(OCPP201, "SetVariables", {"setVariableData": both}))
    twice = [*variables("A")["setVariableData"], *variables("A", kind="Actual")["setVariableData"]]
    assert list(broken_rules(OCPP201, "SetVariables", {"setVariableData": twice}))


def test_the_phase_to_use_is_not_for_a_whole_station() -> None:
    """K01.FR.19, K01.FR.20."""
    asked = maximum(0)
    asked["chargingProfile"]["chargingSchedule"][0]["chargingSchedulePeriod"][0] |= {"numberPhases": 1, "phaseToUse": 2}
    assert [place for place, _ in broken_rules(OCPP201, "SetChargingProfile", asked)] == [
        f"{PLACE}.chargingSchedulePeriod.0.phaseToUse"
    ]


@pytest.mark.parametrize(("starts", "broken"), [((0, 60), 0), ((60,), 1), ((0, 60, 30), 1)])
def test_the_periods_of_1_6_begin_at_0_and_rise(starts: tuple[int, ...], broken: int) -> None:
    """1.6 5.16.4."""
    periods = [{"startPeriod": start, "limit": 16.0} for start in starts]
    asked = {"connectorId": 0, "csChargingProfiles": {"chargingSchedule": {"chargingSchedulePeriod": periods}}}
    assert len(list(broken_rules(OCPP16, "SetChargingProfile", asked))) == broken


def test_what_2_0_1_forbids_1_6_may_ask() -> None:
    assert not list(broken_rules(OCPP16, "TriggerMessage", {"requestedMessage": "StatusNotification"}))
