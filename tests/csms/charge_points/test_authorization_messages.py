"""What chargers are told of id tokens, in both versions' words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
import structlog
from charge_point_fakes import NOW, NOW_S, FakeSite, charge_point, handle, session

from csms.charge_points.connection import Reply
from csms.charge_points.schemas import JsonObject
from csms.charge_points.session import Session
from csms.charge_points.v16.authorization import id_tag_info
from csms.charge_points.v201.authorization import id_token_info
from csms.domain import events as ev
from csms.domain.authorization import Asked, AuthorizationRules, Decision, InUse, Purpose, Status
from csms.domain.certificates import ContractCertificate, Examined, NoCertificates, Standing, StatusRequest
from csms.domain.model import OCPP16, OCPP201, ConnectorKey, Current

HOUR_LATER = "2026-05-28T21:26:40.000Z"


@dataclass
class Says:
    """Decides what it was told to, and remembers what it was asked."""

    decision: Decision
    rules: AuthorizationRules = field(default_factory=AuthorizationRules)
    asked: list[Asked] = field(default_factory=list)
    notes: list[str | None] = field(default_factory=list)
    refusals: list[InUse] = field(default_factory=list)

    def decide(self, asked: Asked) -> Decision:
        self.asked.append(asked)
        return self.decision

    def noted(self, site_id: str, event: ev.TransactionStarted | ev.TransactionAuthorized) -> None:
        self.notes.append(event.id_token)

    def refused(self, transaction: InUse) -> None:
        self.refusals.append(transaction)


def says(status: Status, **more: Any) -> Says:
    return Says(Decision(status, **more))


def told(authorization: Says, protocol: str = OCPP16, site: FakeSite | None = None) -> Session:
    found = session(site or FakeSite(charge_point(current=Current.AC)), protocol)
    found.authorization = authorization
    return found


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (Status.ACCEPTED, "Accepted"),
        (Status.BLOCKED, "Blocked"),
        (Status.EXPIRED, "Expired"),
        (Status.INVALID, "Invalid"),
        (Status.CONCURRENT_TX, "ConcurrentTx"),
        (Status.UNKNOWN, "Invalid"),
        (Status.NOT_AT_THIS_LOCATION, "Invalid"),
        (Status.NOT_ALLOWED_TYPE_EVSE, "Invalid"),
        (Status.NOT_AT_THIS_TIME, "Invalid"),
        (Status.NO_CREDIT, "Blocked"),
    ],
)
def test_both_versions_have_a_word_for_every_answer(status: Status, expected: str) -> None:
    assert handle(told(says(status)), "Authorize", {"idTag": "TAG"}).payload == {"idTagInfo": {"status": expected}}
    request = {"idToken": {"idToken": "TAG", "type": "ISO14443"}}
    answer = handle(told(says(status), OCPP201), "Authorize", request).payload
    assert answer == {"idTokenInfo": {"status": status.value}}


def test_group_and_expiry_are_told_in_1_6() -> None:
    decision = Decision(Status.BLOCKED, group_id="FAMILY", expires_at_s=NOW_S + 3600)
    assert id_tag_info(decision) == {"status": "Blocked", "expiryDate": HOUR_LATER, "parentIdTag": "FAMILY"}


def test_a_group_too_long_for_1_6_is_left_out_there() -> None:
    assert "parentIdTag" not in id_tag_info(Decision(Status.ACCEPTED, group_id="F" * 21))
    assert id_tag_info(Decision(Status.ACCEPTED, group_id="F" * 20))["parentIdTag"] == "F" * 20


def test_everything_is_told_in_2_0_1() -> None:
    decision = Decision(Status.EXPIRED, "FAMILY", NOW_S + 3600, evse_ids=(1, 3), priority=-2)
    assert id_token_info(decision) == {
        "status": "Expired",
        "cacheExpiryDateTime": HOUR_LATER,
        "chargingPriority": -2,
        "evseId": [1, 3],
        "groupIdToken": {"idToken": "FAMILY", "type": "Central"},
    }


def test_the_question_says_where_and_what_kind() -> None:
    authorization = says(Status.ACCEPTED)
    handle(told(authorization, OCPP201), "Authorize", {"idToken": {"idToken": "TAG", "type": "eMAID"}})
    assert authorization.asked == [Asked("TAG", "garage", "CP-1", None, Current.AC, Purpose.AUTHORIZE, None, "eMAID")]


CONTRACT: JsonObject = {
    "idToken": {"idToken": "DE-ABC-1", "type": "eMAID"},
    "certificate": "-----BEGIN CERTIFICATE-----",
}
HASHES: JsonObject = {
    "idToken": {"idToken": "DE-ABC-1", "type": "eMAID"},
    "iso15118CertificateHashData": [
        {
            "hashAlgorithm": "SHA256",
            "issuerNameHash": "a",
            "issuerKeyHash": "b",
            "serialNumber": "c",
            "responderURL": "http://ocsp.example",
        }
    ],
}


@pytest.mark.parametrize("request_", [CONTRACT, HASHES])
@pytest.mark.parametrize(
    ("trust", "status", "expected", "certificate"),
    [
        (False, Status.ACCEPTED, "Invalid", "CertChainError"),  # C07.FR.17
        (True, Status.ACCEPTED, "Accepted", "Accepted"),  # C07.FR.14
        (True, Status.CONCURRENT_TX, "ConcurrentTx", "Accepted"),
        (True, Status.NOT_AT_THIS_LOCATION, "NotAtThisLocation", "Accepted"),
        (True, Status.BLOCKED, "Blocked", "ContractCancelled"),  # C07.FR.13
        (True, Status.EXPIRED, "Expired", "ContractCancelled"),
        (True, Status.INVALID, "Invalid", "ContractCancelled"),
        (True, Status.UNKNOWN, "Unknown", "ContractCancelled"),
    ],
)
def test_a_contract_certificate_is_answered_with_its_status(
    request_: JsonObject, trust: bool, status: Status, expected: str, certificate: str
) -> None:
    authorization = Says(Decision(status), AuthorizationRules(trust_contracts=trust))
    answer = handle(told(authorization, OCPP201), "Authorize", request_).payload
    assert answer == {"idTokenInfo": {"status": expected}, "certificateStatus": certificate}


class Examiner(NoCertificates):
    """Finds this of any contract; `told` is what comes of asking."""

    def __init__(self, standing: Standing, told: Standing | None = None, reason: str = "") -> None:
        self.standing, self.told, self.reason = standing, told, reason
        self.seen: list[ContractCertificate] = []

    def examine(self, contract: ContractCertificate, now_s: float) -> Examined:
        assert now_s == NOW_S
        self.seen.append(contract)
        told = self.told
        if told is None:
            return Examined(self.standing, self.reason)

        async def ask() -> Standing:
            return told

        return Examined(self.standing, self.reason, ask)


def shown(examiner: Examiner, request: JsonObject, status: Status = Status.ACCEPTED, *, trust: bool = False) -> Reply:
    """How the contract is answered."""
    at_session = told(Says(Decision(status), AuthorizationRules(trust_contracts=trust)), OCPP201)
    at_session.certificates = examiner
    return handle(at_session, "Authorize", request)


@pytest.mark.parametrize(
    ("standing", "trust", "status", "expected", "certificate"),
    [
        (Standing.VALID, False, Status.ACCEPTED, "Accepted", "Accepted"),  # C07.FR.14, TC_C_50_CSMS
        (Standing.VALID, False, Status.CONCURRENT_TX, "ConcurrentTx", "Accepted"),
        (Standing.VALID, False, Status.BLOCKED, "Blocked", "ContractCancelled"),  # C07.FR.13
        (Standing.EXPIRED, True, Status.ACCEPTED, "Expired", "CertificateExpired"),  # C07.FR.15
        (Standing.REVOKED, True, Status.ACCEPTED, "Invalid", "CertificateRevoked"),  # C07.FR.16, TC_C_51_CSMS
        (Standing.INVALID, True, Status.ACCEPTED, "Invalid", "CertChainError"),  # C07.FR.17
        (Standing.UNCERTAIN, False, Status.ACCEPTED, "Invalid", "CertChainError"),
        (Standing.UNCERTAIN, True, Status.ACCEPTED, "Accepted", "Accepted"),
        (Standing.UNCERTAIN, True, Status.BLOCKED, "Blocked", "ContractCancelled"),
    ],
)
async def test_a_contract_is_answered_as_it_stands(
    standing: Standing, trust: bool, status: Status, expected: str, certificate: str
) -> None:
    answer = {"idTokenInfo": {"status": expected}, "certificateStatus": certificate}
    at_once = shown(Examiner(standing), CONTRACT, status, trust=trust)
    assert (at_once.payload, at_once.later) == (answer, None)
    later = shown(Examiner(Standing.UNCERTAIN, standing), HASHES, status, trust=trust)
    assert later.later is not None
    assert await later.later == answer


@pytest.mark.parametrize(("trust", "certificate"), [(False, "CertChainError"), (True, "Accepted")])
async def test_who_gets_no_answer_in_time_is_answered_as_if_nobody_had_been_asked(
    trust: bool, certificate: str
) -> None:
    reply = shown(Examiner(Standing.UNCERTAIN, Standing.REVOKED), HASHES, trust=trust)
    assert reply.payload["certificateStatus"] == certificate
    assert reply.later is not None
    reply.later.cancel()


def test_what_came_with_the_token_is_looked_at() -> None:
    examiner = Examiner(Standing.VALID)
    shown(examiner, {**CONTRACT, **HASHES})
    request = StatusRequest("SHA256", "a", "b", "c", "http://ocsp.example")
    assert examiner.seen == [ContractCertificate("DE-ABC-1", CONTRACT["certificate"], (request,))]
    shown(examiner, {"idToken": HASHES["idToken"]})
    assert len(examiner.seen) == 1


def test_why_a_contract_is_refused_is_told_in_the_log_without_its_name() -> None:
    with structlog.testing.capture_logs() as lines:
        shown(Examiner(Standing.INVALID, reason="it is too long"), CONTRACT)
        shown(Examiner(Standing.UNCERTAIN), CONTRACT)
    assert [(line["event"], line["standing"], line["reason"]) for line in lines] == [
        ("ocpp.contract_refused", "invalid", "it is too long")
    ]
    assert "DE-ABC-1" not in str(lines)


START = {"connectorId": 1, "idTag": "TAG", "meterStart": 100, "timestamp": NOW}
RUNNING = InUse("garage", ConnectorKey("CP-1", 1), "1")


async def test_a_refused_start_is_kept_and_what_follows_waits_for_the_answer() -> None:
    site, authorization = FakeSite(), says(Status.BLOCKED)
    reply = handle(told(authorization, site=site), "StartTransaction", START)
    assert reply.payload == {"transactionId": 1, "idTagInfo": {"status": "Blocked"}}
    assert site.state.active[ConnectorKey("CP-1", 1)].id_token == "TAG"
    assert [(event.transaction_id, event.status) for event in site.recorded(ev.TransactionRefused)] == [
        ("1", "Blocked")
    ]
    assert authorization.refusals == []
    assert reply.sent is not None
    reply.sent()
    assert authorization.refusals == [RUNNING]


async def test_an_accepted_start_is_noted_and_nothing_follows() -> None:
    site, authorization = FakeSite(), says(Status.ACCEPTED)
    reply = handle(told(authorization, site=site), "StartTransaction", START)
    assert reply.sent is None
    assert authorization.notes == ["TAG"]
    assert authorization.asked[-1] == Asked("TAG", "garage", "CP-1", 1, None, Purpose.START, "1")
    assert site.recorded(ev.TransactionRefused) == []


async def test_a_stop_is_answered_with_the_status_of_its_tag_if_it_has_one() -> None:
    authorization = says(Status.EXPIRED)
    stopping = told(authorization)
    stop = {"transactionId": 99, "meterStop": 1, "timestamp": NOW}
    assert handle(stopping, "StopTransaction", stop).payload == {}
    answer = handle(stopping, "StopTransaction", {**stop, "idTag": "TAG"}).payload
    assert answer == {"idTagInfo": {"status": "Expired"}}
    assert [asked.purpose for asked in authorization.asked] == [Purpose.STOP]


def event(kind: str, trigger: str, **more: Any) -> JsonObject:
    return {
        "eventType": kind,
        "timestamp": NOW,
        "triggerReason": trigger,
        "seqNo": 0,
        "transactionInfo": {"transactionId": "T1"},
        "evse": {"id": 1},
        **more,
    }


TOKEN = {"idToken": {"idToken": "TAG", "type": "ISO14443"}}


async def test_a_refused_token_of_a_transaction_event_is_told_and_its_transaction_kept() -> None:
    site, authorization = FakeSite(), says(Status.UNKNOWN)
    reply = handle(told(authorization, OCPP201, site), "TransactionEvent", event("Started", "Authorized", **TOKEN))
    assert reply.payload == {"idTokenInfo": {"status": "Unknown"}}
    assert ConnectorKey("CP-1", 1) in site.state.active
    assert reply.sent is not None
    reply.sent()
    assert authorization.refusals == [InUse("garage", ConnectorKey("CP-1", 1), "T1")]


async def test_a_token_shown_after_the_car_was_plugged_in_starts_it() -> None:
    authorization = says(Status.ACCEPTED)
    driving = told(authorization, OCPP201)
    assert handle(driving, "TransactionEvent", event("Started", "CablePluggedIn")).payload == {}
    handle(driving, "TransactionEvent", event("Updated", "Authorized", **TOKEN))
    assert authorization.notes == [None, "TAG"]
    assert [asked.purpose for asked in authorization.asked] == [Purpose.START]


@pytest.mark.parametrize(("kind", "trigger"), [("Updated", "StopAuthorized"), ("Ended", "StopAuthorized")])
async def test_a_token_that_stops_is_asked_for_as_such(kind: str, trigger: str) -> None:
    authorization = says(Status.BLOCKED)
    driving = told(authorization, OCPP201)
    handle(driving, "TransactionEvent", event("Started", "CablePluggedIn"))
    reply = handle(driving, "TransactionEvent", event(kind, trigger, **TOKEN))
    assert [asked.purpose for asked in authorization.asked] == [Purpose.STOP]
    assert reply.sent is None


async def test_a_start_button_leaves_no_token() -> None:
    site = FakeSite()
    button = {"idToken": {"idToken": "", "type": "NoAuthorization"}}
    authorization = says(Status.ACCEPTED)
    reply = handle(told(authorization, OCPP201, site), "TransactionEvent", event("Started", "Authorized", **button))
    assert reply.payload == {"idTokenInfo": {"status": "Accepted"}}
    assert site.state.active[ConnectorKey("CP-1", 1)].id_token is None
    assert authorization.asked[0].kind == "NoAuthorization"
