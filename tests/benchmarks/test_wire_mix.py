"""What the load generator says is valid OCPP, and reaches the server as it was meant."""

import json
from collections import Counter
from typing import Any

import pytest

from benchmarks.wire.answers import answer_to
from benchmarks.wire.frames import KEY, Malformed, Template, masked, unmasked
from benchmarks.wire.mix import MARKS, OCPP16, OCPP201, PROTOCOLS, boot, session, templates
from csms.charge_points.schemas import request_schema, response_schema

VALUES = {
    "message_id": b"7c1d4c52-9a3e-4b8f-8f6e-000000000001",
    "time": b"2026-05-28T20:26:40.123Z",
    "register_wh": b"100000013",
    "transaction_id": b"0a1b2c3d-0000-4000-8000-000000000007",
    "session_id": b"%10d" % 42,
}


def as_received(frame: bytes) -> Any:
    """What a server makes of a client's frame."""
    assert frame[0] == 0x81
    assert frame[1] & 0x80
    size = frame[1] & 0x7F
    start = {126: 4, 127: 10}.get(size, 2)
    key, payload = frame[start : start + 4], frame[start + 4 :]
    assert key == KEY
    return json.loads(bytes(byte ^ key[n % 4] for n, byte in enumerate(payload)))


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_message_of_a_session_is_valid_by_its_schema(protocol: str) -> None:
    for template, _ in templates(protocol):
        kind, message_id, action, payload = as_received(template.filled(VALUES))
        assert (kind, message_id) == (2, VALUES["message_id"].decode())
        assert request_schema(protocol, action).is_valid(payload), payload


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_message_of_a_boot_is_valid_by_its_schema(protocol: str) -> None:
    for message in boot(protocol):
        payload = json.loads(message.text().replace(MARKS["time"], VALUES["time"].decode()))[3]
        assert request_schema(protocol, message.action).is_valid(payload), payload


def test_a_session_of_16_is_the_agreed_mix() -> None:
    assert Counter(message.action for message in session(OCPP16)) == {
        "MeterValues": 10,
        "StatusNotification": 4,
        "Heartbeat": 4,
        "StartTransaction": 1,
        "StopTransaction": 1,
    }


def test_a_session_of_201_has_as_many_messages_and_as_many_samples() -> None:
    sessions = [session(protocol) for protocol in (OCPP16, OCPP201)]
    assert [len(messages) for messages in sessions] == [20, 20]
    metered = [[m for m in messages if "meterValue" in m.payload] for messages in sessions]
    assert [len(messages) for messages in metered] == [10, 10]
    assert all(len(m.payload["meterValue"][0]["sampledValue"]) == 8 for messages in metered for m in messages)
    kinds = [m.payload.get("eventType") for m in sessions[1] if m.action == "TransactionEvent"]
    assert (kinds[0], kinds[-1], set(kinds[1:-1])) == ("Started", "Ended", {"Updated"})
    assert [m.payload["seqNo"] for m in sessions[1] if m.action == "TransactionEvent"] == list(range(len(kinds)))


def test_slots_carry_what_they_are_filled_with() -> None:
    told = [as_received(template.filled(VALUES)) for template, _ in templates(OCPP16)]
    metered = next(payload for _, _, action, payload in told if action == "MeterValues")
    stop = next(payload for _, _, action, payload in told if action == "StopTransaction")
    assert metered["transactionId"] == stop["transactionId"] == 42
    assert metered["meterValue"][0]["sampledValue"][1]["value"] == "100000013"
    assert stop["meterStop"] == 100_000_013
    updates = [as_received(template.filled(VALUES))[3] for template, _ in templates(OCPP201)]
    ids = {payload["transactionInfo"]["transactionId"] for payload in updates if "transactionInfo" in payload}
    assert ids == {VALUES["transaction_id"].decode()}


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536])
def test_a_client_frame_of_any_size_arrives(size: int) -> None:
    text = "x" * size
    assert as_received(masked(json.dumps(text).encode())) == text


def test_only_whole_server_frames_are_taken() -> None:
    short, long = b"\x81\x02[]", b"\x81\x7e\x00\xc8" + b"y" * 200
    assert unmasked(short + long + short[:3]) == ([(1, b"[]"), (1, b"y" * 200)], short[:3])
    assert unmasked(long[:3]) == ([], long[:3])
    with pytest.raises(Malformed):
        unmasked(b"\x01\x02[]")


def test_a_mark_may_stand_anywhere_and_twice() -> None:
    template = Template('["@@@","a","@@@"]', {"time": "@@@"})
    assert as_received(template.filled({"time": b"now"})) == ["now", "a", "now"]
    assert template.slots == {"time"}


@pytest.mark.parametrize(
    ("protocol", "action", "request_payload"),
    [
        (OCPP16, "GetConfiguration", {"key": ["MeterValueSampleInterval", "Nonsense"]}),
        (OCPP16, "ChangeConfiguration", {}),
        (OCPP16, "SetChargingProfile", {}),
        (OCPP16, "ClearChargingProfile", {}),
        (OCPP201, "SetChargingProfile", {}),
        (OCPP201, "GetChargingProfiles", {}),
        (
            OCPP201,
            "GetVariables",
            {"getVariableData": [{"component": {"name": "SmartChargingCtrlr"}, "variable": {"name": "RateUnit"}}]},
        ),
        (
            OCPP201,
            "SetVariables",
            {"setVariableData": [{"component": {"name": "A"}, "variable": {"name": "B"}, "attributeValue": "1"}]},
        ),
    ],
)
def test_answers_are_valid_by_their_schema(protocol: str, action: str, request_payload: dict[str, Any]) -> None:
    assert response_schema(protocol, action).is_valid(answer_to(protocol, action, request_payload) or {})
