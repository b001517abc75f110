import dataclasses
import inspect
import json
from decimal import Decimal
from types import ModuleType
from typing import Any

import ocpp.v16.call
import ocpp.v16.datatypes
import ocpp.v16.enums
import ocpp.v201.call
import ocpp.v201.datatypes
import ocpp.v201.enums
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csms.charge_points import schemas
from csms.charge_points.codec import (
    OCPP16,
    OCPP201,
    ActionUnknown,
    Call,
    CallError,
    CallResult,
    JsonObject,
    PayloadInvalid,
    Undecodable,
    codec_for,
)
from csms.charge_points.wire import wire_names

V16 = codec_for(OCPP16)
V201 = codec_for(OCPP201)

FRAMES = [
    ('[2,"1","Heartbeat",{}]', Call("1", "Heartbeat", {})),
    (b'[2,"1","Heartbeat",{}]', Call("1", "Heartbeat", {})),
    ('[2,"1","Heartbeat",null]', Call("1", "Heartbeat", {})),
    ('[2,"","Heartbeat",{}]', Call("", "Heartbeat", {})),
    ('[2,"\\u0000","Heart\\u0000beat",{"a":"\\u0000"}]', Call("\0", "Heart\0beat", {"a": "\0"})),
    ('[3,"1",{"status":"Accepted"}]', CallResult("1", {"status": "Accepted"})),
    ('[3,"1",null]', CallResult("1", {})),
    ('[3,"1"]', CallResult("1", {})),
    ('[3,"1",{},"more"]', CallResult("1", {})),
    ('[4,"1","NotSupported","no",{"a":1}]', CallError("1", "NotSupported", "no", {"a": 1})),
    ('[4,"1","NotSupported"]', CallError("1", "NotSupported", "", {})),
    ('[4,"1"]', CallError("1", "GenericError", "", {})),
    ('[4,"1",null,null,null]', CallError("1", "GenericError", "", {})),
    ('[4,"1",7,[],"text"]', CallError("1", "GenericError", "", {})),
]


@pytest.mark.parametrize(("frame", "message"), FRAMES)
@pytest.mark.parametrize("codec", [V16, V201])
def test_a_frame_is_read_as_its_message(codec: Any, frame: str | bytes, message: object) -> None:
    assert codec.decode(frame) == message


UNREADABLE = [
    "",
    " ",
    b"",
    b"\xff\xfe",
    b"\x00\x01\x02",
    "{",
    "null",
    "7",
    '"text"',
    "{}",
    "[]",
    '[2,"1","Heartbeat",{"a":NaN}]',
    '[2,"1","Heartbeat",{"a":Infinity}]',
    '[2,"1","Heartbeat",{"a":1e999}]',
    '[2,"1","Heartbeat",{"a":' + "9" * 5000 + "}]",
    "[" * 100_000,
    "[" * 100_000 + "]" * 100_000,
    '[2,"1","Heartbeat",{"a":"\ud800"}]',
    '[2,"1","Heartbeat",{"a":"\\ud800"}]',
    '[2,"1","Heartbeat",{}] trailing',
]


@pytest.mark.parametrize("frame", UNREADABLE, ids=range(len(UNREADABLE)))
def test_an_unreadable_frame_is_answered_in_2_0_1_and_ignored_in_1_6(frame: str | bytes) -> None:
    for codec, code in ((V16, None), (V201, "RpcFrameworkError")):
        message = codec.decode(frame)
        assert isinstance(message, Undecodable)
        assert (message.message_id, message.code) == (None, code)


@pytest.mark.parametrize(
    ("frame", "message_id", "code_16", "code_201"),
    [
        ("[2]", None, "FormationViolation", "RpcFrameworkError"),
        ('[2,7,"Heartbeat",{}]', None, "FormationViolation", "RpcFrameworkError"),
        ('[2,{"a":1},"Heartbeat",{}]', None, "FormationViolation", "RpcFrameworkError"),
        ('[2,null,"Heartbeat",{}]', None, "FormationViolation", "RpcFrameworkError"),
        (f'[2,"{"i" * 37}","Heartbeat",{{}}]', "i" * 37, "FormationViolation", "RpcFrameworkError"),
        ('[2,"1"]', "1", "FormationViolation", "RpcFrameworkError"),
        ('[2,"1","Heartbeat"]', "1", "FormationViolation", "RpcFrameworkError"),
        ('[2,"1","Heartbeat",{},{}]', "1", "FormationViolation", "RpcFrameworkError"),
        ('[2,"1",["Heartbeat"],{}]', "1", "FormationViolation", "RpcFrameworkError"),
        ('[2,"1","Heartbeat",[]]', "1", "FormationViolation", "FormatViolation"),
        ('[2,"1","Heartbeat","text"]', "1", "FormationViolation", "FormatViolation"),
    ],
)
def test_a_malformed_call_names_the_id_and_code_to_answer_with(
    frame: str, message_id: str | None, code_16: str, code_201: str
) -> None:
    for codec, code in ((V16, code_16), (V201, code_201)):
        message = codec.decode(frame)
        assert isinstance(message, Undecodable)
        assert (message.message_id, message.is_call, message.code) == (message_id, True, code)


@pytest.mark.parametrize("frame", ['[5,"1",{}]', '[true,"1"]', '["2","1","Heartbeat",{}]', '[{},"1"]', '[null,"1"]'])
def test_an_unknown_message_type_is_answered_in_2_0_1_and_ignored_in_1_6(frame: str) -> None:
    for codec, code in ((V16, None), (V201, "MessageTypeNotSupported")):
        message = codec.decode(frame)
        assert isinstance(message, Undecodable)
        assert (message.message_id, message.is_call, message.code) == ("1", False, code)


@pytest.mark.parametrize("frame", ["[3]", "[3,1,{}]", '[3,"1",[]]', "[4]", "[4,{}]"])
def test_a_malformed_answer_is_never_answered(frame: str) -> None:
    for codec in (V16, V201):
        message = codec.decode(frame)
        assert isinstance(message, Undecodable)
        assert (message.is_answer, message.code) == (True, None)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@settings(derandomize=True, max_examples=300, deadline=None)
@given(st.text() | st.binary() | JSON.map(json.dumps))
def test_decoding_never_raises(frame: str | bytes) -> None:
    for codec in (V16, V201):
        assert isinstance(codec.decode(frame), Call | CallResult | CallError | Undecodable)


START: JsonObject = {"connectorId": 1, "idTag": "TAG", "meterStart": 0, "timestamp": "2024-05-01T10:00:00Z"}
EVENT: JsonObject = {
    "eventType": "Started",
    "timestamp": "2024-05-01T10:00:00Z",
    "triggerReason": "CablePluggedIn",
    "seqNo": 0,
    "transactionInfo": {"transactionId": "T1"},
}
BOOT: JsonObject = {"reason": "PowerUp", "chargingStation": {"model": "M", "vendorName": "V"}}


def test_a_valid_payload_is_returned_as_it_is() -> None:
    assert V16.validate_request("StartTransaction", START) is START
    assert V201.validate_request("TransactionEvent", EVENT) is EVENT


@pytest.mark.parametrize(
    ("codec", "action", "payload", "code", "field_path", "rule"),
    [
        (V16, "StartTransaction", {**START, "idTag": None}, "OccurenceConstraintViolation", "idTag", "required"),
        (V16, "StartTransaction", {**START, "connectorId": {}}, "TypeConstraintViolation", "connectorId", "type"),
        (V16, "StartTransaction", {**START, "connectorId": True}, "TypeConstraintViolation", "connectorId", "type"),
        (V16, "StartTransaction", {**START, "timestamp": "soon"}, "PropertyConstraintViolation", "timestamp", "format"),
        (V16, "FirmwareStatusNotification", {"status": "?"}, "PropertyConstraintViolation", "status", "enum"),
        (V16, "StartTransaction", {**START, "meterStart": 2**60}, "PropertyConstraintViolation",
         "meterStart", "maximum"),
        (V201, "BootNotification", {"reason": "PowerUp"}, "OccurrenceConstraintViolation",
         "chargingStation", "required"),
        (V201, "BootNotification", {**BOOT, "reason": "?"}, "PropertyConstraintViolation", "reason", "enum"),
        (V201, "NotifyEvent", {"generatedAt": START["timestamp"], "seqNo": 0, "eventData": []},
         "OccurrenceConstraintViolation", "eventData", "minItems"),
        (V201, "TransactionEvent", {**EVENT, "seqNo": [1]}, "TypeConstraintViolation", "seqNo", "type"),
        (V201, "TransactionEvent", {**EVENT, "transactionInfo": {}}, "OccurrenceConstraintViolation",
         "transactionInfo.transactionId", "required"),
    ],
)  # fmt: skip
def test_a_payload_beyond_repair_is_refused_in_the_words_of_its_version(
    codec: Any, action: str, payload: JsonObject, code: str, field_path: str, rule: str
) -> None:
    with pytest.raises(PayloadInvalid) as refusal:
        codec.validate_request(action, payload)
    assert (refusal.value.code, refusal.value.field_path, refusal.value.rule) == (code, field_path, rule)


def test_an_invalid_payload_nested_too_deeply_to_look_at_is_refused() -> None:
    data: JsonObject = {}
    for _ in range(900):
        data = {"a": data}
    with pytest.raises(PayloadInvalid) as refusal:
        V201.validate_request("DataTransfer", {"data": data})
    assert (refusal.value.code, refusal.value.rule) == ("FormatViolation", "depth")


@pytest.mark.parametrize("action", ["TransactionEvent", "", "heartbeat", "HeartbeatResponse", "../Heartbeat"])
def test_an_action_of_another_version_or_of_none_is_unknown(action: str) -> None:
    with pytest.raises(ActionUnknown):
        V16.validate_request(action, {})
    with pytest.raises(ActionUnknown):
        V16.validate_response(action, {})


def test_every_message_of_both_versions_has_both_schemas_without_references() -> None:
    for subprotocol, count in ((OCPP16, 39), (OCPP201, 64)):
        names = sorted(schemas.actions(subprotocol))
        assert len(names) == count
        for name in names:
            for schema in (schemas.request_schema(subprotocol, name), schemas.response_schema(subprotocol, name)):
                assert "$ref" not in json.dumps(schema.tree)


@pytest.mark.parametrize("unit", ["Celsius", "Celcius"])
def test_both_spellings_of_celsius_pass_unchanged(unit: str) -> None:
    reading = {
        "timestamp": START["timestamp"],
        "sampledValue": [{"value": "21", "measurand": "Temperature", "unit": unit}],
    }
    stop = {"transactionId": 1, "meterStop": 1, "timestamp": START["timestamp"], "transactionData": [reading]}
    assert V16.validate_request("StopTransaction", stop) is stop


def test_an_answer_is_repaired_and_validated_like_a_request() -> None:
    schedule = {"chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 2.666666666666}]}
    answer = {"status": "Accepted", "connectorId": 1, "chargingSchedule": schedule}
    assert V16.validate_response("GetCompositeSchedule", answer) is answer
    assert V16.validate_response("SetChargingProfile", {"status": "accepted", "info": 1}) == {"status": "Accepted"}
    with pytest.raises(PayloadInvalid):
        V16.validate_response("SetChargingProfile", {"status": "Perhaps"})


def test_a_schedule_that_lost_a_period_is_left_out_of_the_answer_as_a_whole() -> None:
    schedule = {"chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 6}, {"limit": "?"}]}
    left_out: list[schemas.Fault] = []
    answer = {"status": "Accepted", "chargingSchedule": schedule}
    assert V16.validate_response("GetCompositeSchedule", answer, left_out.append) == {"status": "Accepted"}
    assert [fault.field_path for fault in left_out] == ["chargingSchedule.chargingSchedulePeriod.1.startPeriod"]


def v16_profile(limit: Any) -> ocpp.v16.call.SetChargingProfile:
    period = ocpp.v16.datatypes.ChargingSchedulePeriod(start_period=0, limit=limit)
    schedule = ocpp.v16.datatypes.ChargingSchedule(
        charging_rate_unit=ocpp.v16.enums.ChargingRateUnitType.amps, charging_schedule_period=[period]
    )
    return ocpp.v16.call.SetChargingProfile(
        connector_id=1,
        cs_charging_profiles=ocpp.v16.datatypes.ChargingProfile(
            charging_profile_id=1,
            stack_level=0,
            charging_profile_purpose=ocpp.v16.enums.ChargingProfilePurposeType.tx_profile,
            charging_profile_kind=ocpp.v16.enums.ChargingProfileKindType.absolute,
            charging_schedule=schedule,
        ),
    )


@pytest.mark.parametrize(
    ("limit", "text"),
    [(Decimal("16.1"), "16.1"), (16.1, "16.1"), (Decimal("0.3"), "0.3"), (4.7, "4.7"), (0, "0"), (32.0, "32.0")],
)
def test_a_limit_with_one_decimal_is_sent_as_it_is_written(limit: float | Decimal, text: str) -> None:
    assert V16.encode_call("1", v16_profile(limit)) == (
        '[2,"1","SetChargingProfile",{"connectorId":1,"csChargingProfiles":{"chargingProfileId":1,"stackLevel":0,'
        '"chargingProfilePurpose":"TxProfile","chargingProfileKind":"Absolute","chargingSchedule":'
        '{"chargingRateUnit":"A","chargingSchedulePeriod":[{"startPeriod":0,"limit":' + text + "}]}}}]"
    )


def test_no_one_decimal_limit_is_refused() -> None:
    for tenths in range(1000):
        V16.encode_call("1", v16_profile(tenths / 10))


@pytest.mark.parametrize("limit", [float("nan"), float("inf"), Decimal("NaN")])
def test_a_limit_that_json_cannot_say_is_our_mistake(limit: float | Decimal) -> None:
    with pytest.raises(ValueError, match="infinity"):
        V16.encode_call("1", v16_profile(limit))


def test_nothing_null_and_nothing_empty_is_sent() -> None:
    request = ("ClearChargingProfile", {"chargingProfileId": 3, "chargingProfileCriteria": {"chargingLimitSource": []}})
    assert V201.encode_call("1", request) == '[2,"1","ClearChargingProfile",{"chargingProfileId":3}]'
    reset = ocpp.v201.call.Reset(type=ocpp.v201.enums.ResetEnumType.on_idle)
    assert V201.encode_call("1", reset) == '[2,"1","Reset",{"type":"OnIdle"}]'
    result = {"idTagInfo": {"status": "Accepted", "parentIdTag": None}, "more": []}
    assert V16.encode_result("1", result) == '[3,"1",{"idTagInfo":{"status":"Accepted"}}]'
    assert V16.encode_result("1", {}) == '[3,"1",{}]'


@pytest.mark.parametrize(
    ("message", "field"),
    [
        (("Reset", {"type": "Warm"}), "type"),
        (("ChangeConfiguration", {"key": "k" * 51, "value": "1"}), "key"),
        (("ChangeConfiguration", {"key": "k"}), "value"),
        (("NoSuchAction", {}), "NoSuchAction"),
        (ocpp.v201.call.GetReport(request_id=1), "GetReport"),
    ],
)
def test_a_request_that_breaks_its_schema_is_our_mistake_and_names_the_field(message: object, field: str) -> None:
    with pytest.raises(ValueError, match=field):
        V16.encode_call("1", message)


@pytest.mark.parametrize(("module", "subprotocol"), [(ocpp.v16.call, OCPP16), (ocpp.v201.call, OCPP201)])
def test_every_field_of_every_message_class_has_its_name_on_the_wire(module: ModuleType, subprotocol: str) -> None:
    classes: list[Any] = [
        found for _, found in inspect.getmembers(module, inspect.isclass) if found.__module__ == module.__name__
    ]
    assert len(classes) == len(schemas.actions(subprotocol))
    for message_class in classes:
        tree = schemas.request_schema(subprotocol, message_class.__name__).tree
        assert sorted(wire_names(message_class)) == sorted(tree.get("properties", {})), message_class


def test_every_field_of_every_2_0_1_datatype_has_its_name_on_the_wire() -> None:
    known: set[str] = set()
    for action in schemas.actions(OCPP201):
        for schema in (schemas.request_schema(OCPP201, action), schemas.response_schema(OCPP201, action)):
            known.update(property_names(schema.tree))
    datatypes: list[tuple[str, Any]] = inspect.getmembers(ocpp.v201.datatypes, dataclasses.is_dataclass)
    for _, datatype in datatypes:
        assert known.issuperset(wire_names(datatype)), datatype


def property_names(node: object) -> list[str]:
    if isinstance(node, list):
        return [name for item in node for name in property_names(item)]
    if not isinstance(node, dict):
        return []
    names = list(node["properties"]) if isinstance(node.get("properties"), dict) else []
    return names + [name for item in node.values() for name in property_names(item)]


def test_an_error_has_a_short_description_and_always_details() -> None:
    frame = json.loads(V16.encode_error("1", "InternalError", "x" * 300))
    assert frame == [4, "1", "InternalError", "x" * 255, {}]
    assert V16.encode_error("1", "GenericError", "") == '[4,"1","GenericError","",{}]'
