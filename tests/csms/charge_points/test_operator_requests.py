"""Every command in each version's words, valid against its schemas."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from csms.charge_points.operator_requests import Known, Request, as_one, requests_of
from csms.charge_points.schemas import OCPP16, OCPP201, JsonObject, request_schema
from csms.charge_points.versions import VERSIONS
from csms.domain import operator_commands as oc
from csms.domain.commands import Answer
from csms.domain.requests import RawOutcome

T = 1_893_456_000.0
AT = "2030-01-01T00:00:00.000Z"
FILES = "https://files.example/x"
HASHES = {"hashAlgorithm": "SHA256", "issuerNameHash": "a", "issuerKeyHash": "b", "serialNumber": "1"}

Said = list[tuple[str, JsonObject]]


def token(text: str, kind: str = "Central") -> JsonObject:
    return {"idToken": text, "type": kind}


def variable(component: str, name: str) -> JsonObject:
    return {"component": {"name": component}, "variable": {"name": name}}


# Command, what is said in 1.6, what in 2.0.1; None: the version cannot say it.
TABLE: list[tuple[oc.OperatorCommand, Said | None, Said | None]] = [
    (
        oc.StartSession("TAG", 7, 2),
        [("RemoteStartTransaction", {"idTag": "TAG", "connectorId": 2})],
        [("RequestStartTransaction", {"remoteStartId": 7, "idToken": token("TAG"), "evseId": 2})],
    ),
    (
        oc.StartSession("TAG", 7, kind="ISO14443"),
        [("RemoteStartTransaction", {"idTag": "TAG"})],
        [("RequestStartTransaction", {"remoteStartId": 7, "idToken": token("TAG", "ISO14443")})],
    ),
    (
        oc.StopSession("12"),
        [("RemoteStopTransaction", {"transactionId": 12})],
        [("RequestStopTransaction", {"transactionId": "12"})],
    ),
    (
        oc.SetAvailability(operative=False, connector_id=None),
        [("ChangeAvailability", {"connectorId": 0, "type": "Inoperative"})],
        [("ChangeAvailability", {"operationalStatus": "Inoperative"})],
    ),
    (
        oc.SetAvailability(operative=True, connector_id=2),
        [("ChangeAvailability", {"connectorId": 2, "type": "Operative"})],
        [("ChangeAvailability", {"operationalStatus": "Operative", "evse": {"id": 2}})],
    ),
    (oc.Reset(), [("Reset", {"type": "Soft"})], [("Reset", {"type": "Immediate"})]),
    (oc.Reset("hard"), [("Reset", {"type": "Hard"})], [("Reset", {"type": "Immediate"})]),
    (oc.Reset("on_idle", 2), None, [("Reset", {"type": "OnIdle", "evseId": 2})]),
    (oc.Reset("soft", 1), None, [("Reset", {"type": "Immediate", "evseId": 1})]),
    (
        oc.UnlockConnector(2),
        [("UnlockConnector", {"connectorId": 2})],
        [("UnlockConnector", {"evseId": 2, "connectorId": 1})],
    ),
    (
        oc.TriggerMessage("status", 2),
        [("TriggerMessage", {"requestedMessage": "StatusNotification", "connectorId": 2})],
        [("TriggerMessage", {"requestedMessage": "StatusNotification", "evse": {"id": 2, "connectorId": 1}})],
    ),
    (
        oc.TriggerMessage("meter_values", 2),
        [("TriggerMessage", {"requestedMessage": "MeterValues", "connectorId": 2})],
        [("TriggerMessage", {"requestedMessage": "MeterValues", "evse": {"id": 2}})],
    ),
    (
        oc.TriggerMessage("log_status"),
        [("ExtendedTriggerMessage", {"requestedMessage": "LogStatusNotification"})],
        [("TriggerMessage", {"requestedMessage": "LogStatusNotification"})],
    ),
    (
        oc.TriggerMessage("sign_certificate"),
        [("ExtendedTriggerMessage", {"requestedMessage": "SignChargePointCertificate"})],
        [("TriggerMessage", {"requestedMessage": "SignChargingStationCertificate"})],
    ),
    (oc.TriggerMessage("transaction"), None, [("TriggerMessage", {"requestedMessage": "TransactionEvent"})]),
    (
        oc.TriggerMessage("diagnostics_status"),
        [("TriggerMessage", {"requestedMessage": "DiagnosticsStatusNotification"})],
        None,
    ),
    (
        oc.GetConfiguration(request_id=9),
        [("GetConfiguration", {})],
        [("GetBaseReport", {"requestId": 9, "reportBase": "ConfigurationInventory"})],
    ),
    (
        oc.GetConfiguration(("A.B", "C[x].D[y]")),
        [("GetConfiguration", {"key": ["A.B", "C[x].D[y]"]})],
        [
            (
                "GetVariables",
                {
                    "getVariableData": [
                        variable("A", "B"),
                        {"component": {"name": "C", "instance": "x"}, "variable": {"name": "D", "instance": "y"}},
                    ]
                },
            )
        ],
    ),
    (
        oc.SetConfiguration({"A.B": "1", "A.C": "2"}),
        [("ChangeConfiguration", {"key": "A.B", "value": "1"}), ("ChangeConfiguration", {"key": "A.C", "value": "2"})],
        [
            (
                "SetVariables",
                {
                    "setVariableData": [
                        {**variable("A", "B"), "attributeValue": "1"},
                        {**variable("A", "C"), "attributeValue": "2"},
                    ]
                },
            )
        ],
    ),
    (
        oc.GetCompositeSchedule(1, 600, "A"),
        [("GetCompositeSchedule", {"connectorId": 1, "duration": 600, "chargingRateUnit": "A"})],
        [("GetCompositeSchedule", {"evseId": 1, "duration": 600, "chargingRateUnit": "A"})],
    ),
    (
        oc.ReserveNow(3, "TAG", T, 1, group_id="GROUP"),
        [
            (
                "ReserveNow",
                {"connectorId": 1, "expiryDate": AT, "idTag": "TAG", "reservationId": 3, "parentIdTag": "GROUP"},
            )
        ],
        [
            (
                "ReserveNow",
                {
                    "id": 3,
                    "expiryDateTime": AT,
                    "idToken": token("TAG"),
                    "evseId": 1,
                    "groupIdToken": token("GROUP"),
                },
            )
        ],
    ),
    (
        oc.CancelReservation(3),
        [("CancelReservation", {"reservationId": 3})],
        [("CancelReservation", {"reservationId": 3})],
    ),
    (
        oc.SendLocalList(
            5, full=False, entries=(oc.ListEntry("A", expires_at_s=T, group_id="G"), oc.ListEntry("B", None))
        ),
        [
            (
                "SendLocalList",
                {
                    "listVersion": 5,
                    "updateType": "Differential",
                    "localAuthorizationList": [
                        {"idTag": "A", "idTagInfo": {"status": "Accepted", "expiryDate": AT, "parentIdTag": "G"}},
                        {"idTag": "B"},
                    ],
                },
            )
        ],
        [
            (
                "SendLocalList",
                {
                    "versionNumber": 5,
                    "updateType": "Differential",
                    "localAuthorizationList": [
                        {
                            "idToken": token("A"),
                            "idTokenInfo": {
                                "status": "Accepted",
                                "cacheExpiryDateTime": AT,
                                "groupIdToken": token("G"),
                            },
                        },
                        {"idToken": token("B")},
                    ],
                },
            )
        ],
    ),
    (
        oc.UpdateFirmware(6, FILES, T, retries=2, retry_interval_s=30),
        [("UpdateFirmware", {"location": FILES, "retrieveDate": AT, "retries": 2, "retryInterval": 30})],
        [
            (
                "UpdateFirmware",
                {
                    "requestId": 6,
                    "firmware": {"location": FILES, "retrieveDateTime": AT},
                    "retries": 2,
                    "retryInterval": 30,
                },
            )
        ],
    ),
    (
        oc.UpdateFirmware(6, FILES, T, T, "PEM", "SIG"),
        [
            (
                "SignedUpdateFirmware",
                {
                    "requestId": 6,
                    "firmware": {
                        "location": FILES,
                        "retrieveDateTime": AT,
                        "installDateTime": AT,
                        "signingCertificate": "PEM",
                        "signature": "SIG",
                    },
                },
            )
        ],
        [
            (
                "UpdateFirmware",
                {
                    "requestId": 6,
                    "firmware": {
                        "location": FILES,
                        "retrieveDateTime": AT,
                        "installDateTime": AT,
                        "signingCertificate": "PEM",
                        "signature": "SIG",
                    },
                },
            )
        ],
    ),
    (
        oc.UpdateFirmware(6, FILES, T, T),
        None,
        [
            (
                "UpdateFirmware",
                {"requestId": 6, "firmware": {"location": FILES, "retrieveDateTime": AT, "installDateTime": AT}},
            )
        ],
    ),
    (
        oc.GetLog(8, FILES, from_s=T),
        [("GetDiagnostics", {"location": FILES, "startTime": AT})],
        [
            (
                "GetLog",
                {
                    "logType": "DiagnosticsLog",
                    "requestId": 8,
                    "log": {"remoteLocation": FILES, "oldestTimestamp": AT},
                },
            )
        ],
    ),
    (
        oc.GetLog(8, FILES, "security", to_s=T),
        [
            (
                "GetLog",
                {"logType": "SecurityLog", "requestId": 8, "log": {"remoteLocation": FILES, "latestTimestamp": AT}},
            )
        ],
        [
            (
                "GetLog",
                {"logType": "SecurityLog", "requestId": 8, "log": {"remoteLocation": FILES, "latestTimestamp": AT}},
            )
        ],
    ),
    (oc.ClearCache(), [("ClearCache", {})], [("ClearCache", {})]),
    (
        oc.DataTransfer("V", "M", "text"),
        [("DataTransfer", {"vendorId": "V", "messageId": "M", "data": "text"})],
        [("DataTransfer", {"vendorId": "V", "messageId": "M", "data": "text"})],
    ),
    (
        oc.InstallCertificate("central_system_root", "PEM"),
        [("InstallCertificate", {"certificateType": "CentralSystemRootCertificate", "certificate": "PEM"})],
        [("InstallCertificate", {"certificateType": "CSMSRootCertificate", "certificate": "PEM"})],
    ),
    (
        oc.InstallCertificate("mo_root", "PEM"),
        None,
        [("InstallCertificate", {"certificateType": "MORootCertificate", "certificate": "PEM"})],
    ),
    (
        oc.DeleteCertificate("SHA256", "a", "b", "1"),
        [("DeleteCertificate", {"certificateHashData": HASHES})],
        [("DeleteCertificate", {"certificateHashData": HASHES})],
    ),
    (
        oc.GetInstalledCertificates(),
        [
            ("GetInstalledCertificateIds", {"certificateType": "CentralSystemRootCertificate"}),
            ("GetInstalledCertificateIds", {"certificateType": "ManufacturerRootCertificate"}),
        ],
        [("GetInstalledCertificateIds", {})],
    ),
    (
        oc.GetInstalledCertificates("v2g_root"),
        None,
        [("GetInstalledCertificateIds", {"certificateType": ["V2GRootCertificate"]})],
    ),
    (
        oc.SetDisplayMessage(4, "Hello", "InFront", "Idle", "en", T, T, "T-1"),
        None,
        [
            (
                "SetDisplayMessage",
                {
                    "message": {
                        "id": 4,
                        "priority": "InFront",
                        "message": {"format": "UTF8", "content": "Hello", "language": "en"},
                        "state": "Idle",
                        "startDateTime": AT,
                        "endDateTime": AT,
                        "transactionId": "T-1",
                    }
                },
            )
        ],
    ),
]


@pytest.mark.parametrize(("command", "in_16", "in_201"), TABLE, ids=lambda value: type(value).__name__)
def test_a_command_is_said_in_both_versions_words(
    command: oc.OperatorCommand, in_16: Said | None, in_201: Said | None
) -> None:
    for protocol, said in ((OCPP16, in_16), (OCPP201, in_201)):
        table = VERSIONS[protocol].operator_requests
        if said is None:
            with pytest.raises(oc.NotInVersion):
                requests_of(table, command, Known())
            continue
        requests = requests_of(table, command, Known())
        assert [(request.action, request.payload) for request in requests] == said
        for request in requests:
            assert request_schema(protocol, request.action).faults(request.payload) == []
            assert request.action in VERSIONS[protocol].outgoing


def test_every_command_is_in_the_table_above() -> None:
    assert {type(command) for command, _, _ in TABLE} == set(get_args(oc.OperatorCommand))


@pytest.mark.parametrize(
    ("protocol", "command", "field"),
    [
        (OCPP16, oc.StopSession("T-1"), "transaction_id"),
        (OCPP16, oc.DataTransfer("V", data={"a": 1}), "data"),
        (OCPP201, oc.TriggerMessage("status"), "connector_id"),
        (OCPP201, oc.GetConfiguration(("HeartbeatInterval",)), "keys"),
        (OCPP201, oc.SetConfiguration({"A.B.C": "1"}), "keys"),
    ],
)
def test_a_value_that_a_version_cannot_hold_is_named(protocol: str, command: oc.OperatorCommand, field: str) -> None:
    with pytest.raises(oc.ValueImpossible) as impossible:
        requests_of(VERSIONS[protocol].operator_requests, command, Known())
    assert impossible.value.name == field


@pytest.mark.parametrize(
    ("known", "sizes"), [({}, [4, 4, 1]), ({"GetVariables": 2}, [2, 2, 2, 2, 1]), ({"GetVariables": 100}, [9])]
)
def test_no_message_holds_more_variables_than_the_station_takes(known: dict[str, int], sizes: list[int]) -> None:
    command = oc.GetConfiguration(tuple(f"C.V{n}" for n in range(9)))
    requests = requests_of(VERSIONS[OCPP201].operator_requests, command, Known(known))
    assert [len(request.payload["getVariableData"]) for request in requests] == sizes
    names = [item["variable"]["name"] for request in requests for item in request.payload["getVariableData"]]
    assert names == [f"V{n}" for n in range(9)]


def ended(answer: Answer, response: Any = None, description: str = "") -> RawOutcome:
    return RawOutcome(answer, response, description=description)


def test_the_end_of_one_request_is_the_end_of_the_command() -> None:
    end = ended(Answer.CALL_ERROR, description="worn out")
    assert as_one([(Request("Reset", {}), end)]) is end


def test_lists_in_several_answers_are_joined() -> None:
    one, two = ended(Answer.ACCEPTED, {"a": [1]}), ended(Answer.ACCEPTED, {"a": [2, 3]})
    assert as_one([(Request("R", {}), one), (Request("R", {}), two)]).response == {"a": [1, 2, 3]}


def test_other_answers_are_listed_and_the_first_that_was_not_accepted_says_how_it_ended() -> None:
    parts = [
        (Request("R", {}, {"key": "A"}), ended(Answer.ACCEPTED, {"status": "Accepted"})),
        (Request("R", {}, {"key": "B"}), ended(Answer.REJECTED, {"status": "Rejected"})),
        (Request("R", {}, {"key": "C"}), ended(Answer.TIMEOUT, description="no answer")),
    ]
    outcome = as_one(parts)
    assert outcome.answer is Answer.REJECTED
    assert outcome.response == {"responses": [{"key": "A", "status": "Accepted"}, {"key": "B", "status": "Rejected"}]}
