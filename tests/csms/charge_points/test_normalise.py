from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csms.charge_points import schemas
from csms.charge_points.codec import OCPP16, OCPP201, JsonObject, PayloadInvalid, codec_for
from csms.charge_points.normalise import normalise, parse_time, prune

V16 = codec_for(OCPP16)
V201 = codec_for(OCPP201)

NOW = "2024-05-01T10:00:00Z"
START: JsonObject = {"connectorId": 1, "idTag": "TAG", "meterStart": 0, "timestamp": NOW}
STOP: JsonObject = {"transactionId": 7, "meterStop": 900, "timestamp": NOW}
STATUS: JsonObject = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}
BOOT: JsonObject = {"chargePointVendor": "V", "chargePointModel": "M"}
EVENT: JsonObject = {
    "eventType": "Started",
    "timestamp": NOW,
    "triggerReason": "CablePluggedIn",
    "seqNo": 0,
    "transactionInfo": {"transactionId": "T1"},
}


def reading(*samples: Any, timestamp: Any = NOW) -> JsonObject:
    return {"timestamp": timestamp, "sampledValue": list(samples)}


REPAIRS_16: list[tuple[str, JsonObject, JsonObject, JsonObject]] = [
    # what is sent, as a change of a valid payload, and what it becomes
    ("StartTransaction", START, {"reservationId": None}, {}),
    ("StartTransaction", START, {"surprise": {"a": [1]}}, {}),
    ("StartTransaction", START, {"idTag": "A" * 21}, {"idTag": "A" * 20}),
    ("StartTransaction", START, {"idTag": 12345678}, {"idTag": "12345678"}),
    ("StartTransaction", START, {"meterStart": 12.0}, {"meterStart": 12}),
    ("StartTransaction", START, {"meterStart": 12.7}, {"meterStart": 13}),
    ("StartTransaction", START, {"meterStart": "12"}, {"meterStart": 12}),
    ("StartTransaction", START, {"meterStart": "12.0"}, {"meterStart": 12}),
    ("StartTransaction", START, {"connectorId": "1"}, {"connectorId": 1}),
    ("StartTransaction", START, {"timestamp": "2024-05-01T10:00:00"}, {"timestamp": NOW}),
    ("StartTransaction", START, {"timestamp": "2024-05-01 10:00:00"}, {"timestamp": NOW}),
    ("StartTransaction", START, {"timestamp": "2024-05-01T12:00:00+0200"}, {"timestamp": NOW}),
    ("StartTransaction", START, {"timestamp": "2024/5/1 10:00"}, {"timestamp": NOW}),
    ("StartTransaction", START, {"timestamp": "Wed, 01 May 2024 10:00:00 GMT"}, {"timestamp": NOW}),
    ("StartTransaction", START, {"timestamp": 1714557600}, {"timestamp": NOW}),
    ("StartTransaction", START, {"timestamp": "1714557600000"}, {"timestamp": NOW}),
    ("StartTransaction", START, {"timestamp": "1970-01-01T00:00:07"}, {"timestamp": "1970-01-01T00:00:07Z"}),
    ("StartTransaction", START, {"timestamp": "0001-01-01T00:00:00"}, {"timestamp": "0001-01-01T00:00:00Z"}),
    ("StartTransaction", START, {"timestamp": "9999-12-31 23:59:59"}, {"timestamp": "9999-12-31T23:59:59Z"}),
    ("StartTransaction", START, {"timestamp": "2024-05-01T10:00:00.25"}, {"timestamp": "2024-05-01T10:00:00.250Z"}),
    ("StopTransaction", STOP, {"reason": "remote"}, {"reason": "Remote"}),
    ("StopTransaction", STOP, {"reason": "EV_Disconnected"}, {"reason": "EVDisconnected"}),
    ("StopTransaction", STOP, {"reason": "EVDisconnect"}, {"reason": "EVDisconnected"}),
    ("StopTransaction", STOP, {"idTag": None, "transactionData": []}, {}),
    ("StopTransaction", STOP, {"idTag": None, "transactionData": [reading()]}, {}),
    ("StatusNotification", STATUS, {"status": "suspendedevse"}, {"status": "SuspendedEVSE"}),
    ("StatusNotification", STATUS, {"info": "i" * 51, "vendorId": None}, {"info": "i" * 50}),
    ("BootNotification", BOOT, {"chargePointVendor": "V" * 60}, {"chargePointVendor": "V" * 20}),
    ("BootNotification", BOOT, {"iccid": 8944, "meterType": True}, {"iccid": "8944", "meterType": "true"}),
]


@pytest.mark.parametrize(("action", "valid", "sent", "becomes"), REPAIRS_16)
def test_what_the_field_sends_becomes_what_the_1_6_schema_wants(
    action: str, valid: JsonObject, sent: JsonObject, becomes: JsonObject
) -> None:
    assert V16.validate_request(action, {**valid, **sent}) == {**valid, **becomes}


REPAIRS_201: list[tuple[JsonObject, JsonObject]] = [
    ({"seqNo": 3.0}, {"seqNo": 3}),
    ({"offline": "true"}, {"offline": True}),
    ({"offline": 0}, {"offline": False}),
    ({"meterValue": [], "idToken": None, "evse": None}, {}),
    ({"customData": {"noVendor": 1}}, {}),
    ({"customData": {"vendorId": "V", "any": None}, "x": 1}, {"customData": {"vendorId": "V", "any": None}}),
    ({"triggerReason": "cablepluggedin"}, {"triggerReason": "CablePluggedIn"}),
    ({"transactionInfo": {"transactionId": 17}}, {"transactionInfo": {"transactionId": "17"}}),
    ({"meterValue": [reading({"value": "7.5"})]}, {"meterValue": [reading({"value": 7.5})]}),
    ({"meterValue": [reading({"value": "-1.5e3"})]}, {"meterValue": [reading({"value": -1500.0})]}),
    ({"meterValue": reading({"value": 1})}, {"meterValue": [reading({"value": 1})]}),
]


@pytest.mark.parametrize(("sent", "becomes"), REPAIRS_201)
def test_what_the_field_sends_becomes_what_the_2_0_1_schema_wants(sent: JsonObject, becomes: JsonObject) -> None:
    assert V201.validate_request("TransactionEvent", {**EVENT, **sent}) == {**EVENT, **becomes}


@pytest.mark.parametrize(
    ("sent", "becomes"),
    [
        ({"value": 230.5, "unit": "v"}, {"value": "230.5", "unit": "V"}),
        ({"value": 16, "unit": "KWH"}, {"value": "16", "unit": "kWh"}),
        ({"value": "80", "measurand": "soc", "unit": "%"}, {"value": "80", "measurand": "SoC", "unit": "Percent"}),
        ({"value": "1", "phase": None, "measurand": "power.active.import"},
         {"value": "1", "measurand": "Power.Active.Import"}),
        ({"value": "-3.5", "phase": "L1N"}, {"value": "-3.5", "phase": "L1-N"}),
    ],
)  # fmt: skip
def test_a_sample_gets_the_spelling_of_the_schema(sent: JsonObject, becomes: JsonObject) -> None:
    message = {"connectorId": 1, "meterValue": [reading(sent)]}
    assert V16.validate_request("MeterValues", message) == {"connectorId": 1, "meterValue": [reading(becomes)]}


@pytest.mark.parametrize(
    "sent",
    [
        [],
        None,
        [reading()],
        [reading(None)],
        [{"timestamp": NOW, "sampledValue": None}],
        [reading({"value": "1", "unit": "MW"})],
        [reading({"unit": "W"}), reading({"value": "1", "measurand": "Unheard.Of"})],
        [reading({"value": "1"}, timestamp="yesterday")],
        ["text", 7, None],
    ],
)
def test_meter_values_with_nothing_left_are_still_taken(sent: Any) -> None:
    for codec, place in ((V16, {"connectorId": 0}), (V201, {"evseId": 0})):
        samples_as_numbers = codec is V201 and sent and "MW" in str(sent)
        if not samples_as_numbers:  # in 2.0.1 the unit is free text
            assert codec.validate_request("MeterValues", {**place, "meterValue": sent}) == {**place, "meterValue": []}
    assert V16.validate_request("MeterValues", {"connectorId": 1}) == {"connectorId": 1, "meterValue": []}


def test_a_sample_that_cannot_be_read_goes_alone_and_as_a_whole() -> None:
    good = {"value": "1", "measurand": "Power.Active.Import"}
    bad = [{"value": "9", "phase": "L9"}, {"value": [1]}, {"value": "9", "measurand": {}}]
    message = {"connectorId": 1, "transactionId": -1, "meterValue": [reading(bad[0], good, *bad[1:]), reading(bad[0])]}
    expected = {"connectorId": 1, "transactionId": -1, "meterValue": [reading(good)]}
    assert V16.validate_request("MeterValues", message) == expected


def test_a_message_with_hundreds_of_unreadable_samples_is_still_taken() -> None:
    data = [reading({"value": str(n)}, {"value": "1", "measurand": "?"}) for n in range(3000)]
    stop = V16.validate_request("StopTransaction", {**STOP, "transactionData": data})
    assert [item["sampledValue"] for item in stop["transactionData"]] == [[{"value": str(n)}] for n in range(3000)]


@pytest.mark.parametrize(
    ("action", "message", "becomes"),
    [
        ("StartTransaction", {**START, "reservationId": "none"}, START),
        ("StopTransaction", {**STOP, "reason": "Because", "idTag": {}, "transactionData": "none"}, STOP),
        ("StatusNotification", {**STATUS, "timestamp": "", "info": ["a"]}, STATUS),
    ],
)
def test_an_unreadable_optional_part_costs_only_itself_in_1_6(
    action: str, message: JsonObject, becomes: JsonObject
) -> None:
    assert V16.validate_request(action, message) == becomes


def test_an_unreadable_optional_part_costs_only_itself_in_2_0_1() -> None:
    broken = {
        **EVENT,
        "idToken": {"idToken": "TAG", "type": "Tattoo"},
        "evse": {"id": "left", "connectorId": 1},
        "cableMaxCurrent": "much",
        "transactionInfo": {"transactionId": "T1", "chargingState": "Humming"},
        "meterValue": [reading({"value": "?"}), reading({"value": 1, "unitOfMeasure": {"multiplier": "k"}})],
    }
    assert V201.validate_request("TransactionEvent", broken) == EVENT
    half = {**EVENT, "evse": {"id": 1, "connectorId": "left"}}
    assert V201.validate_request("TransactionEvent", half) == {**EVENT, "evse": {"id": 1}}


def test_what_was_left_out_is_reported_with_its_place_and_rule() -> None:
    left_out: list[schemas.Fault] = []
    V16.validate_request("StopTransaction", {**STOP, "reason": "Because"}, left_out.append)
    assert left_out == [schemas.Fault("reason", "enum")]


@pytest.mark.parametrize(
    ("action", "message"),
    [
        ("StartTransaction", {**START, "timestamp": "yesterday"}),
        ("StartTransaction", {**START, "timestamp": "2024-02-30T00:00:00Z"}),
        ("StartTransaction", {**START, "meterStart": "much"}),
        ("StartTransaction", {**START, "connectorId": 1.5}),
        ("StartTransaction", {"connectorId": 1}),
        ("StopTransaction", {**STOP, "transactionId": None}),
        ("StatusNotification", {**STATUS, "status": "Occupied"}),
        ("BootNotification", {**BOOT, "iccid": ["a"]}),
        ("SignCertificate", {"csr": "c" * 6000}),
    ],
)
def test_an_unreadable_required_part_or_any_in_other_requests_is_refused(action: str, message: JsonObject) -> None:
    with pytest.raises(PayloadInvalid):
        V16.validate_request(action, message)


def test_the_payload_handed_in_is_never_changed() -> None:
    message = {**STOP, "reason": "Because", "transactionData": [reading({"value": 1}, {"value": {}})]}
    before = repr(message)
    repaired = normalise(OCPP16, "StopTransaction", message)
    prune(schemas.request_schema(OCPP16, "StopTransaction"), repaired)
    assert repr(message) == before


def test_no_enum_has_two_members_that_differ_only_in_case_or_punctuation() -> None:
    for subprotocol in (OCPP16, OCPP201):
        for action in sorted(schemas.actions(subprotocol)):
            for enum in enums(schemas.request_schema(subprotocol, action).tree):
                letters = ["".join(filter(str.isalnum, member)).lower() for member in enum]
                assert len(set(letters)) == len(letters), (subprotocol, action)


def enums(node: object) -> list[list[str]]:
    if isinstance(node, list):
        return [enum for item in node for enum in enums(item)]
    if not isinstance(node, dict):
        return []
    own = [node["enum"]] if isinstance(node.get("enum"), list) else []
    return own + [enum for item in node.values() for enum in enums(item)]


@pytest.mark.parametrize(
    ("text", "time_s"),
    [
        ("1970-01-01T00:00:00Z", 0.0),
        ("1970-01-01T00:00:01.5Z", 1.5),
        ("1970-01-01t00:00:00z", 0.0),
        ("1970-01-01T01:00:00+01:00", 0.0),
        ("1970-01-01T01:00:00+0100", 0.0),
        ("1970-01-01T00:00:00", 0.0),
        ("1970-01-01 00:00:10 UTC", 10.0),
        (" 1970-1-1 0:00:10 -01:00 ", 3610.0),
        ("1970/01/01 00:01", 60.0),
        ("1970-01-02", 86400.0),
        ("1970-01-01T00:00:01.123456789Z", 1.123456),
        ("1970-01-01T00:00:60Z", 60.0),
        ("Thu, 01 Jan 1970 00:00:05 GMT", 5.0),
        ("0000000012", 12.0),
        ("1714557600", 1714557600.0),
        ("1714557600000", 1714557600.0),
        ("0001-01-01T00:00:00Z", -62135596800.0),
        ("0001-01-01T00:00:00+14:00", -62135596800.0 - 14 * 3600),
        ("9999-12-31T23:59:59-14:00", 253402300799.0 + 14 * 3600),
        ("9999-12-31 23:59:60 -14:00", 253402300800.0 + 14 * 3600),
    ],
)
def test_a_time_in_many_forms_is_seconds_since_1970(text: str, time_s: float) -> None:
    assert parse_time(text) == pytest.approx(time_s, abs=1e-5)


@pytest.mark.parametrize(
    "text", ["", " ", "now", "0000-01-01T00:00:00Z", "2024-13-01T00:00:00Z", "2024-02-30", "12", "1" * 5000, "\0",
             "2024-01-01T25:00:00Z", "2024-01-01T00:00:61Z", "10:00:00"]
)  # fmt: skip
def test_what_is_no_time_is_none(text: str) -> None:
    assert parse_time(text) is None


@settings(derandomize=True, max_examples=300, deadline=None)
@given(st.text(max_size=70) | st.text("0123456789-:.TZ+/ ,JanuGMT", max_size=40))
def test_reading_a_time_never_raises(text: str) -> None:
    assert isinstance(parse_time(text), float | None)


@settings(derandomize=True, max_examples=100, deadline=None)
@given(st.datetimes(timezones=st.just(UTC)))
def test_every_time_of_the_calendar_is_read_as_itself(moment: datetime) -> None:
    assert parse_time(moment.isoformat()) == pytest.approx(moment.timestamp(), abs=1e-4)
    assert parse_time(moment.isoformat(sep=" ").replace("-", "/", 2)) == pytest.approx(moment.timestamp(), abs=1e-4)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
STOP_LIKE = st.fixed_dictionaries(
    {},
    optional={
        "transactionId": ANYTHING | st.just(7),
        "meterStop": ANYTHING | st.just("900"),
        "timestamp": ANYTHING | st.just(NOW),
        "reason": ANYTHING,
        "idTag": ANYTHING,
        "transactionData": ANYTHING | st.lists(
            ANYTHING | st.fixed_dictionaries(
                {"timestamp": ANYTHING | st.just(NOW), "sampledValue": ANYTHING | st.lists(ANYTHING, max_size=3)}
            ),
            max_size=3,
        ),
    },
)  # fmt: skip


@settings(derandomize=True, max_examples=300, deadline=None)
@given(STOP_LIKE)
def test_whatever_is_sent_is_refused_or_valid_and_what_is_required_decides(payload: JsonObject) -> None:
    refused: PayloadInvalid | None = None
    try:
        accepted = V16.validate_request("StopTransaction", payload)
    except PayloadInvalid as refusal:
        refused = refusal
    if refused is None:
        assert schemas.request_schema(OCPP16, "StopTransaction").is_valid(accepted)
    else:
        assert refused.field_path in {"transactionId", "meterStop", "timestamp"}
