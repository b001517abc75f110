"""No request of an operator moves what the ledger rests on."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csms.charge_points.codec import codec_for
from csms.charge_points.raw_requests import checked
from csms.charge_points.schemas import OCPP16, OCPP201, JsonObject, actions
from csms.charge_points.versions import VERSIONS
from csms.domain.requests import ActionUnknown, AgainstTheLedger, PayloadBroken

ALLOWED = ("https://good.example/", "wss://good.example/")
check_16 = partial(checked, OCPP16, VERSIONS[OCPP16].outgoing, ALLOWED)
check_201 = partial(checked, OCPP201, VERSIONS[OCPP201].outgoing, ALLOWED)

PURPOSES_16 = ("ChargePointMaxProfile", "TxDefaultProfile", "TxProfile")
PURPOSES_201 = ("ChargingStationExternalConstraints", "ChargingStationMaxProfile", "TxDefaultProfile", "TxProfile")


def profile_16(**fields: Any) -> JsonObject:
    schedule = {"chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 32.0}]}
    return {
        "chargingProfileId": 5000,
        "stackLevel": 0,
        "chargingProfilePurpose": "ChargePointMaxProfile",
        "chargingProfileKind": "Absolute",
        "chargingSchedule": schedule,
        **fields,
    }


def profile_201(**fields: Any) -> JsonObject:
    schedule = {
        "id": 1,
        "startSchedule": "2020-01-01T00:00:00Z",
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 32.0}],
    }
    return {
        "id": 5000,
        "stackLevel": 0,
        "chargingProfilePurpose": "ChargingStationMaxProfile",
        "chargingProfileKind": "Absolute",
        "chargingSchedule": [schedule],
        **fields,
    }


def network(url: str) -> JsonObject:
    return {
        "ocppVersion": "OCPP20",
        "ocppTransport": "JSON",
        "ocppCsmsUrl": url,
        "messageTimeout": 30,
        "securityProfile": 2,
        "ocppInterface": "Wired0",
    }


def set_16(place: int = 0, **fields: Any) -> JsonObject:
    return check_16("SetChargingProfile", {"connectorId": place, "csChargingProfiles": profile_16(**fields)})


def set_201(place: int = 0, **fields: Any) -> JsonObject:
    return check_201("SetChargingProfile", {"evseId": place, "chargingProfile": profile_201(**fields)})


def test_the_tables_have_every_action_of_a_central_system() -> None:
    assert len(VERSIONS[OCPP16].outgoing) == 26
    assert len(VERSIONS[OCPP201].outgoing) == 40
    assert set(VERSIONS[OCPP16].outgoing) <= actions(OCPP16)
    assert set(VERSIONS[OCPP201].outgoing) <= actions(OCPP201)


def test_what_a_charge_point_sends_is_not_a_central_systems_to_send() -> None:
    with pytest.raises(ActionUnknown):
        check_16("MeterValues", {})
    with pytest.raises(ActionUnknown):
        check_201("ChangeConfiguration", {})


def test_a_maximum_of_the_whole_charge_point_is_free() -> None:
    assert set_16()["connectorId"] == 0
    assert set_201()["evseId"] == 0


@given(
    place=st.integers(0, 64),
    purpose=st.sampled_from(PURPOSES_16),
    number=st.one_of(st.integers(0, 700), st.just(5000)),
    level=st.integers(0, 10),
)
def test_no_profile_of_ours_is_replaced_or_overruled_in_16(place: int, purpose: str, number: int, level: int) -> None:
    try:
        set_16(place, chargingProfilePurpose=purpose, chargingProfileId=number, stackLevel=level)
    except AgainstTheLedger:
        return
    assert purpose == "ChargePointMaxProfile"
    assert place == 0
    assert number % 10 not in (1, 2) or number > 642


@given(
    place=st.integers(0, 64),
    purpose=st.sampled_from(PURPOSES_201),
    number=st.one_of(st.integers(0, 700), st.just(5000)),
    level=st.integers(0, 10),
)
def test_no_profile_of_ours_is_replaced_or_overruled_in_201(place: int, purpose: str, number: int, level: int) -> None:
    try:
        set_201(place, chargingProfilePurpose=purpose, id=number, stackLevel=level)
    except AgainstTheLedger:
        return
    assert purpose == "ChargingStationMaxProfile"
    assert place == 0
    assert number % 10 not in (1, 2) or number > 642


def installed_16() -> list[tuple[int, int, str, int]]:
    """Ours on two connectors: id, connector, purpose, stack level (of which there are chargers with any)."""
    return [(10 * n + k, n, PURPOSES_16[k], level) for n in (1, 2) for k in (1, 2) for level in (0, 5, 8)]


optional = partial(st.one_of, st.none())


@given(
    number=optional(st.sampled_from([0, 7, 11, 12, 21, 22, 5000])),
    place=optional(st.integers(0, 2)),
    purpose=optional(st.sampled_from(PURPOSES_16)),
    level=optional(st.sampled_from([0, 5, 8])),
)
def test_no_profile_of_ours_is_cleared_in_16(
    number: int | None, place: int | None, purpose: str | None, level: int | None
) -> None:
    wanted = {"id": number, "connectorId": place, "chargingProfilePurpose": purpose, "stackLevel": level}
    try:
        sent = check_16("ClearChargingProfile", wanted)
    except AgainstTheLedger:
        return
    told = (sent.get("id"), sent.get("connectorId"), sent.get("chargingProfilePurpose"), sent.get("stackLevel"))
    for ours in installed_16():
        assert any(t is not None and t != o for t, o in zip(told, ours, strict=True)), ours
        # Some chargers clear whatever matches any one of the fields.
        assert told[0] != ours[0]
        assert told[2] != ours[2]


@given(
    number=optional(st.sampled_from([0, 7, 11, 12, 21, 22, 5000])),
    place=optional(st.integers(0, 2)),
    purpose=optional(st.sampled_from(PURPOSES_201)),
    level=optional(st.sampled_from([0, 5, 8])),
)
def test_no_profile_of_ours_is_cleared_in_201(
    number: int | None, place: int | None, purpose: str | None, level: int | None
) -> None:
    criteria = {"evseId": place, "chargingProfilePurpose": purpose, "stackLevel": level}
    try:
        sent = check_201("ClearChargingProfile", {"chargingProfileId": number, "chargingProfileCriteria": criteria})
    except AgainstTheLedger:
        return
    told = sent.get("chargingProfileCriteria", {}).get("chargingProfilePurpose")
    assert told == "ChargingStationMaxProfile" or (told is None and sent == {"chargingProfileId": number})
    assert number not in (11, 12, 21, 22)


@pytest.mark.parametrize(
    ("check", "action", "payload"),
    [
        (check_16, "RemoteStartTransaction", {"idTag": "T", "chargingProfile": profile_16()}),
        (
            check_201,
            "RequestStartTransaction",
            {"remoteStartId": 1, "idToken": {"idToken": "T", "type": "Local"}, "chargingProfile": profile_201()},
        ),
    ],
)
def test_no_session_is_started_with_a_limit_of_its_own(check: Any, action: str, payload: JsonObject) -> None:
    with pytest.raises(AgainstTheLedger, match="set_power_limit"):
        check(action, payload)


@pytest.mark.parametrize(
    ("check", "action", "payload", "field"),
    [
        (check_16, "UpdateFirmware", {"location": "http://bad/", "retrieveDate": "2030-01-01T00:00:00Z"}, "location"),
        (check_16, "GetDiagnostics", {"location": "https://good.example.evil/"}, "location"),
        (
            check_201,
            "GetLog",
            {"requestId": 1, "logType": "SecurityLog", "log": {"remoteLocation": "https://good.example@evil/"}},
            "log.remoteLocation",
        ),
        (
            check_201,
            "SetDisplayMessage",
            {"message": {"id": 1, "priority": "InFront", "message": {"format": "URI", "content": "http://bad/"}}},
            "message.message.content",
        ),
        (
            check_201,
            "SetNetworkProfile",
            {"configurationSlot": 1, "connectionData": network("wss://bad/")},
            "connectionData.ocppCsmsUrl",
        ),
        (
            check_201,
            "SetVariables",
            {
                "setVariableData": [
                    {"component": {"name": "X"}, "variable": {"name": "Y"}, "attributeValue": value}
                    for value in ("https://anything/", " WSS://bad/")
                ]
            },
            "setVariableData.1.attributeValue",
        ),
        (check_16, "ChangeConfiguration", {"key": "Backend", "value": "ws://good.example/"}, "value"),
    ],
)
def test_no_charge_point_is_sent_to_an_address_that_is_not_allowed(
    check: Any, action: str, payload: JsonObject, field: str
) -> None:
    with pytest.raises(PayloadBroken, match="allowed_urls") as refused:
        check(action, payload)
    assert [path for path, _ in refused.value.faults] == [field]


@pytest.mark.parametrize(
    ("check", "action", "payload"),
    [
        (check_201, "SetNetworkProfile", {"configurationSlot": 1, "connectionData": network("wss://good.example/x")}),
        (check_16, "ChangeConfiguration", {"key": "Backend", "value": "wss://good.example/ocpp"}),
        (check_16, "ChangeConfiguration", {"key": "Website", "value": "http://bad/"}),
    ],
)
def test_a_charge_point_may_be_sent_to_an_allowed_central_system(check: Any, action: str, payload: JsonObject) -> None:
    assert check(action, payload) == payload


def test_what_is_nested_too_deeply_to_be_written_is_refused() -> None:
    deep: JsonObject = {"a": 1}
    refusals: list[str] = []
    for _ in range(300):
        deep = {"a": deep}
        try:
            payload = check_201("ClearCache", {"customData": {"vendorId": "v", "deep": deep}})
            codec_for(OCPP201).encode_call("id", ("ClearCache", payload))
        except PayloadBroken as broken:
            refusals.append(str(broken))
    assert 40 < len(refusals) < 60
    assert set(refusals) == {"payload is nested too deeply"}


def test_every_fault_is_named_by_its_path() -> None:
    with pytest.raises(PayloadBroken) as refused:
        check_16("SendLocalList", {"listVersion": "x", "localAuthorizationList": [{"idTag": 1}], "more": 0})
    assert sorted(refused.value.faults) == [
        ("listVersion", "has the wrong type"),
        ("localAuthorizationList.0.idTag", "has the wrong type"),
        ("more", "is not a known field"),
        ("updateType", "is required"),
    ]


def test_nulls_are_left_out() -> None:
    assert check_16("GetLog", {"logType": "SecurityLog", "requestId": 1, "retries": None,
                               "log": {"remoteLocation": "https://good.example/x"}}) == {
        "logType": "SecurityLog", "requestId": 1, "log": {"remoteLocation": "https://good.example/x"}}  # fmt: skip
