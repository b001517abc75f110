"""A limit in W as the exact SetChargingProfile of both versions, and the other commands."""

from dataclasses import replace
from typing import Any

import orjson
import pytest

from csms.charge_points.codec import codec_for
from csms.charge_points.versions import VERSIONS
from csms.domain.commands import (
    Answer,
    ClearLimits,
    Command,
    Outcome,
    ReadSchedule,
    ScheduleLimit,
    SetLimit,
    StopSession,
    Trigger,
)
from csms.domain.electrical import LimitForm
from csms.domain.model import OCPP16, OCPP201, LimitPurpose

DEFAULT, TRANSACTION = LimitPurpose.DEFAULT, LimitPurpose.TRANSACTION
START_S = 1_780_000_000.75
START = "2026-05-28T20:26:40Z"
AMPERES = LimitForm("A", phases=3, voltage_v=230.0, step_a=0.1, stack_level=5)
WATTS = LimitForm("W", phases=1, voltage_v=230.0, step_a=0.1, stack_level=0)
RELATIVE = LimitForm("A", phases=1, voltage_v=230.0, step_a=1.0, stack_level=0, relative=True)


def frame(protocol: str, command: Command) -> Any:
    return orjson.loads(codec_for(protocol).encode_call("m", VERSIONS[protocol].translation.request(command)))[2:]


def test_a_transaction_limit_in_amperes_for_1_6() -> None:
    command = SetLimit(2, TRANSACTION, 6700, AMPERES, START_S, transaction_id="42")
    assert frame(OCPP16, command) == [
        "SetChargingProfile",
        {
            "connectorId": 2,
            "csChargingProfiles": {
                "chargingProfileId": 22,
                "transactionId": 42,
                "stackLevel": 5,
                "chargingProfilePurpose": "TxProfile",
                "chargingProfileKind": "Absolute",
                "chargingSchedule": {
                    "startSchedule": START,
                    "chargingRateUnit": "A",
                    "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 9.7, "numberPhases": 3}],
                },
            },
        },
    ]


def test_a_transaction_limit_in_amperes_for_2_0_1() -> None:
    command = SetLimit(2, TRANSACTION, 6700, AMPERES, START_S, transaction_id="abc-1")
    assert frame(OCPP201, command) == [
        "SetChargingProfile",
        {
            "evseId": 2,
            "chargingProfile": {
                "id": 22,
                "transactionId": "abc-1",
                "stackLevel": 5,
                "chargingProfilePurpose": "TxProfile",
                "chargingProfileKind": "Absolute",
                "chargingSchedule": [
                    {
                        "id": 22,
                        "startSchedule": START,
                        "chargingRateUnit": "A",
                        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 9.7, "numberPhases": 3}],
                    }
                ],
            },
        },
    ]


def test_a_default_limit_in_watts_for_1_6() -> None:
    profile = frame(OCPP16, SetLimit(1, DEFAULT, 4321, WATTS, START_S))[1]["csChargingProfiles"]
    assert profile == {
        "chargingProfileId": 11,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Absolute",
        "chargingSchedule": {
            "startSchedule": START,
            "chargingRateUnit": "W",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 4321, "numberPhases": 1}],
        },
    }


def test_a_default_limit_in_watts_for_2_0_1() -> None:
    profile = frame(OCPP201, SetLimit(1, DEFAULT, 0, WATTS, START_S))[1]["chargingProfile"]
    assert (profile["id"], profile["chargingProfilePurpose"]) == (11, "TxDefaultProfile")
    assert "transactionId" not in profile
    assert profile["chargingSchedule"][0]["chargingSchedulePeriod"] == [
        {"startPeriod": 0, "limit": 0, "numberPhases": 1}
    ]


@pytest.mark.parametrize(("protocol", "profile_field"), [(OCPP16, "csChargingProfiles"), (OCPP201, "chargingProfile")])
def test_a_relative_profile_has_no_start(protocol: str, profile_field: str) -> None:
    command = SetLimit(1, TRANSACTION, 3700, RELATIVE, START_S, transaction_id="7")
    profile = frame(protocol, command)[1][profile_field]
    schedule = profile["chargingSchedule"] if protocol == OCPP16 else profile["chargingSchedule"][0]
    assert profile["chargingProfileKind"] == "Relative"
    assert "startSchedule" not in schedule
    assert schedule["chargingSchedulePeriod"] == [{"startPeriod": 0, "limit": 16.0, "numberPhases": 1}]


@pytest.mark.parametrize("limit_w", range(0, 22_080, 345))  # half an ampere on three phases
def test_a_limit_in_amperes_never_has_more_than_one_decimal(limit_w: int) -> None:
    translation = VERSIONS[OCPP16].translation
    text = codec_for(OCPP16).encode_call("m", translation.request(SetLimit(1, DEFAULT, limit_w, AMPERES, START_S)))
    number = text.partition('"limit":')[2].partition(",")[0].partition("}")[0]
    assert len(number.partition(".")[2]) == 1
    assert float(number) * 690 <= limit_w + 1e-6


def test_profiles_of_one_connector_and_purpose_replace_each_other() -> None:
    ids = {
        (connector_id, purpose): frame(OCPP16, SetLimit(connector_id, purpose, 0, WATTS, START_S))[1][
            "csChargingProfiles"
        ]["chargingProfileId"]
        for connector_id in (1, 2, 12)
        for purpose in (DEFAULT, TRANSACTION)
    }
    assert sorted(ids.values()) == [11, 12, 21, 22, 121, 122]


def test_a_transaction_id_that_is_no_integer_does_not_exist_in_1_6() -> None:
    with pytest.raises(ValueError, match="abc"):
        frame(OCPP16, SetLimit(1, TRANSACTION, 0, WATTS, START_S, transaction_id="abc"))
    with pytest.raises(ValueError, match="abc"):
        frame(OCPP16, StopSession(1, "abc"))
    assert frame(OCPP201, StopSession(1, "abc")) == ["RequestStopTransaction", {"transactionId": "abc"}]


@pytest.mark.parametrize(
    ("command", "in_16", "in_201"),
    [
        (
            ClearLimits(DEFAULT),
            {"chargingProfilePurpose": "TxDefaultProfile"},
            {"chargingProfileCriteria": {"chargingProfilePurpose": "TxDefaultProfile"}},
        ),
        (
            ClearLimits(TRANSACTION, 2),
            {"connectorId": 2, "chargingProfilePurpose": "TxProfile"},
            {"chargingProfileCriteria": {"evseId": 2, "chargingProfilePurpose": "TxProfile"}},
        ),
        (
            ReadSchedule(1, 60, "A"),
            {"connectorId": 1, "duration": 60, "chargingRateUnit": "A"},
            {"evseId": 1, "duration": 60, "chargingRateUnit": "A"},
        ),
        (ReadSchedule(1, 60), {"connectorId": 1, "duration": 60}, {"evseId": 1, "duration": 60}),
        (StopSession(2, "42"), {"transactionId": 42}, {"transactionId": "42"}),
        (Trigger("Heartbeat"), {"requestedMessage": "Heartbeat"}, {"requestedMessage": "Heartbeat"}),
        (
            Trigger("StatusNotification", 2),
            {"requestedMessage": "StatusNotification", "connectorId": 2},
            {"requestedMessage": "StatusNotification", "evse": {"id": 2, "connectorId": 1}},
        ),
        (
            Trigger("MeterValues", 2),
            {"requestedMessage": "MeterValues", "connectorId": 2},
            {"requestedMessage": "MeterValues", "evse": {"id": 2}},
        ),
    ],
)
def test_the_other_commands(command: Command, in_16: object, in_201: object) -> None:
    assert frame(OCPP16, command)[1] == in_16
    assert frame(OCPP201, command)[1] == in_201


SET = SetLimit(1, DEFAULT, 0, WATTS, START_S)
PERIODS = [{"startPeriod": 0, "limit": 2.6667, "numberPhases": 1}, {"startPeriod": 60, "limit": 0}]


@pytest.mark.parametrize(
    ("protocol", "command", "payload", "outcome"),
    [
        (OCPP16, SET, {"status": "Accepted"}, Outcome(Answer.ACCEPTED)),
        (OCPP16, SET, {"status": "Rejected"}, Outcome(Answer.REJECTED)),
        (OCPP16, SET, {"status": "NotSupported"}, Outcome(Answer.NOT_SUPPORTED)),
        (OCPP16, ClearLimits(DEFAULT), {"status": "Unknown"}, Outcome(Answer.ACCEPTED, "Unknown")),
        (OCPP16, Trigger("Heartbeat"), {"status": "NotImplemented"}, Outcome(Answer.NOT_SUPPORTED, "NotImplemented")),
        (
            OCPP201,
            SET,
            {"status": "Rejected", "statusInfo": {"reasonCode": "DuplicateProfile", "additionalInfo": "id 7"}},
            Outcome(Answer.REJECTED, "DuplicateProfile id 7"),
        ),
        (
            OCPP16,
            ReadSchedule(1, 60),
            {"status": "Accepted", "chargingSchedule": {"chargingRateUnit": "A", "chargingSchedulePeriod": PERIODS}},
            Outcome(Answer.ACCEPTED, "", (ScheduleLimit("A", 2.6667, 1), ScheduleLimit("A", 0.0, None, 60.0))),
        ),
        (
            OCPP201,
            ReadSchedule(1, 60),
            {"status": "Accepted", "schedule": {"chargingRateUnit": "W", "chargingSchedulePeriod": [PERIODS[1]]}},
            Outcome(Answer.ACCEPTED, "", (ScheduleLimit("W", 0.0, None, 60.0),)),
        ),
        (OCPP16, StopSession(1, "42"), {"status": "Rejected"}, Outcome(Answer.REJECTED)),
        (OCPP201, StopSession(1, "x"), {"status": "Accepted"}, Outcome(Answer.ACCEPTED)),
        (OCPP16, ReadSchedule(1, 60), {"status": "Accepted"}, Outcome(Answer.ACCEPTED)),
        (OCPP201, ReadSchedule(1, 60), {"status": "Rejected"}, Outcome(Answer.REJECTED)),
    ],
)
def test_what_an_answer_means(protocol: str, command: Command, payload: dict[str, Any], outcome: Outcome) -> None:
    assert VERSIONS[protocol].translation.outcome(command, payload) == outcome


def schedule(protocol: str, command: Command) -> Any:
    profile = frame(protocol, command)[1].get("csChargingProfiles") or frame(protocol, command)[1]["chargingProfile"]
    found = profile["chargingSchedule"]
    return found if protocol == OCPP16 else found[0]


def profile_of(protocol: str, command: Command) -> Any:
    """Where it is set, and what it is."""
    payload = frame(protocol, command)[1]
    if protocol == OCPP16:
        return payload["connectorId"], payload["csChargingProfiles"]
    return payload["evseId"], payload["chargingProfile"]


@pytest.mark.parametrize("protocol", [OCPP16, OCPP201])
def test_number_phases_is_left_out_where_the_charger_refuses_it(protocol: str) -> None:
    command = SetLimit(1, TRANSACTION, 6700, replace(AMPERES, number_phases=False), START_S, "42", lease_s=900)
    periods = schedule(protocol, command)["chargingSchedulePeriod"]
    assert [sorted(period) for period in periods] == [["limit", "startPeriod"]] * 2


@pytest.mark.parametrize(
    ("protocol", "purpose"), [(OCPP16, "ChargePointMaxProfile"), (OCPP201, "ChargingStationMaxProfile")]
)
@pytest.mark.parametrize("relative", [False, True])
def test_a_standing_limit_may_be_the_charge_points_maximum_which_is_never_relative(
    protocol: str, purpose: str, relative: bool
) -> None:
    command = SetLimit(1, DEFAULT, 6700, replace(AMPERES, station_max=True, relative=relative), 0.0)
    place, profile = profile_of(protocol, command)
    number = profile["chargingProfileId" if protocol == OCPP16 else "id"]
    assert (place, profile["chargingProfilePurpose"], profile["chargingProfileKind"], number) == (
        0,
        purpose,
        "Absolute",
        3,
    )
    assert schedule(protocol, command)["startSchedule"] == "1970-01-01T00:00:00Z"


@pytest.mark.parametrize("protocol", [OCPP16, OCPP201])
def test_a_default_may_stand_on_connector_0_a_transactions_limit_never(protocol: str) -> None:
    form = replace(AMPERES, default_on_station=True)
    place, profile = profile_of(protocol, SetLimit(1, DEFAULT, 6700, form, 0.0))
    assert (place, profile["chargingProfilePurpose"]) == (0, "TxDefaultProfile")
    assert profile_of(protocol, SetLimit(1, TRANSACTION, 6700, form, START_S, "42"))[0] == 1


def test_start_schedule_is_left_out_in_1_6_and_so_is_what_would_count_from_it() -> None:
    form = replace(AMPERES, start_schedule=False)
    found = schedule(OCPP16, SetLimit(1, TRANSACTION, 6700, form, START_S, "42", lease_s=900))
    assert "startSchedule" not in found
    assert [period["startPeriod"] for period in found["chargingSchedulePeriod"]] == [0]


def test_2_0_1_has_the_start_of_an_absolute_schedule_whatever_the_charger_likes() -> None:
    """K01.FR.40."""
    form = replace(AMPERES, start_schedule=False)
    assert schedule(OCPP201, SetLimit(1, TRANSACTION, 6700, form, START_S, "42"))["startSchedule"] == START


def test_the_transaction_is_not_named_in_1_6_where_the_charger_mistakes_its_id() -> None:
    form = replace(AMPERES, names_transaction=False)
    assert "transactionId" not in profile_of(OCPP16, SetLimit(1, TRANSACTION, 6700, form, START_S, "42"))[1]
    assert profile_of(OCPP201, SetLimit(1, TRANSACTION, 6700, form, START_S, "42"))[1]["transactionId"] == "42"


def test_a_limit_is_one_of_the_currents_a_charger_has() -> None:
    form = replace(AMPERES, currents_a=(6.0, 8.0, 10.0, 13.0, 16.0))
    for limit_w, limit_a in ((0, 0), (4_140, 6), (6_700, 8), (22_000, 16)):
        periods = schedule(OCPP16, SetLimit(1, TRANSACTION, limit_w, form, START_S, "42"))["chargingSchedulePeriod"]
        assert [period["limit"] for period in periods] == [limit_a]


@pytest.mark.parametrize(
    ("protocol", "purpose"), [(OCPP16, "ChargePointMaxProfile"), (OCPP201, "ChargingStationMaxProfile")]
)
def test_a_charge_points_maximum_is_cleared_by_its_name(protocol: str, purpose: str) -> None:
    assert purpose in str(frame(protocol, ClearLimits(LimitPurpose.STATION)))
