"""May this token charge here, now? A table of records, rules and questions."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from csms.domain.authorization import (
    TOKEN_TYPES,
    Asked,
    AuthorizationRules,
    IdToken,
    InUse,
    Purpose,
    Status,
    decide,
    ends_session,
    may_charge_at,
    token_key,
)
from csms.domain.model import ConnectorKey, Current

NOW_S = 1_780_000_000.0
ASKED = Asked("TAG", "home", "CP-1")
ONE = IdToken("TAG", one_at_a_time=True)
ACCEPTING, REJECTING = AuthorizationRules(), AuthorizationRules(accept_unknown=False)
MASTER = AuthorizationRules(master_pass_group="Police")


def asked(**more: Any) -> Asked:
    return replace(ASKED, **more)


def token(**more: Any) -> IdToken:
    return IdToken("TAG", **more)


@pytest.mark.parametrize(
    ("record", "rules", "question", "expected"),
    [
        # Nothing was said of it.
        (None, ACCEPTING, ASKED, Status.ACCEPTED),
        (None, REJECTING, ASKED, Status.UNKNOWN),
        (None, REJECTING, asked(kind="Local"), Status.UNKNOWN),
        (None, REJECTING, asked(kind="Central"), Status.ACCEPTED),
        (None, REJECTING, asked(kind="NoAuthorization", id_token=""), Status.ACCEPTED),
        # What was said of it counts, whatever the rule for the others.
        (token(), REJECTING, ASKED, Status.ACCEPTED),
        (token(status=Status.BLOCKED), ACCEPTING, ASKED, Status.BLOCKED),
        (token(status=Status.INVALID), ACCEPTING, ASKED, Status.INVALID),
        (token(status=Status.NO_CREDIT), ACCEPTING, ASKED, Status.NO_CREDIT),
        (token(status=Status.BLOCKED), ACCEPTING, asked(kind="Central"), Status.BLOCKED),
        (token(status=Status.BLOCKED), ACCEPTING, asked(kind="NoAuthorization"), Status.ACCEPTED),
        # Types of 2.0.1; 1.6 has none.
        (token(kind="eMAID"), REJECTING, asked(kind="eMAID"), Status.ACCEPTED),
        (token(kind="eMAID"), REJECTING, asked(kind="ISO14443"), Status.UNKNOWN),
        (token(kind="eMAID", status=Status.BLOCKED), ACCEPTING, asked(kind="KeyCode"), Status.ACCEPTED),
        (token(kind="eMAID"), REJECTING, asked(kind="KeyCode"), Status.INVALID),
        (token(kind="eMAID"), REJECTING, asked(kind="Central"), Status.UNKNOWN),
        (token(kind="eMAID"), REJECTING, ASKED, Status.ACCEPTED),
        # Times. It expires at the instant itself.
        (token(expires_at_s=NOW_S + 1), ACCEPTING, ASKED, Status.ACCEPTED),
        (token(expires_at_s=NOW_S), ACCEPTING, ASKED, Status.EXPIRED),
        (token(valid_from_s=NOW_S), ACCEPTING, ASKED, Status.ACCEPTED),
        (token(valid_from_s=NOW_S + 1), ACCEPTING, ASKED, Status.NOT_AT_THIS_TIME),
        (token(expires_at_s=NOW_S, status=Status.BLOCKED), ACCEPTING, ASKED, Status.BLOCKED),
        # Places.
        (token(sites=("home",)), ACCEPTING, ASKED, Status.ACCEPTED),
        (token(sites=("away",)), ACCEPTING, ASKED, Status.NOT_AT_THIS_LOCATION),
        (token(charge_points=("CP-1",)), ACCEPTING, ASKED, Status.ACCEPTED),
        (token(charge_points=("CP-11",)), ACCEPTING, ASKED, Status.NOT_AT_THIS_LOCATION),
        (token(sites=("away",), charge_points=("CP-1",)), ACCEPTING, ASKED, Status.ACCEPTED),
        (token(charge_points=("CP-1:2",)), ACCEPTING, ASKED, Status.ACCEPTED),
        (token(charge_points=("CP-1:2",)), ACCEPTING, asked(connector_id=2), Status.ACCEPTED),
        (token(charge_points=("CP-1:2",)), ACCEPTING, asked(connector_id=0), Status.ACCEPTED),
        (token(charge_points=("CP-1:2",)), ACCEPTING, asked(connector_id=1), Status.NOT_AT_THIS_LOCATION),
        (token(charge_points=("CP-1:2", "CP-1")), ACCEPTING, asked(connector_id=1), Status.ACCEPTED),
        (token(charge_points=("CP-1:2",), sites=("home",)), ACCEPTING, asked(connector_id=1), Status.ACCEPTED),
        # Kinds of chargers; one that is not known is no reason.
        (token(current=Current.DC), ACCEPTING, asked(current=Current.DC), Status.ACCEPTED),
        (token(current=Current.DC), ACCEPTING, asked(current=Current.AC), Status.NOT_ALLOWED_TYPE_EVSE),
        (token(current=Current.DC), ACCEPTING, ASKED, Status.ACCEPTED),
        # C16: a master pass is let in to stop, and starts nothing.
        (token(group_id="POLICE"), MASTER, ASKED, Status.ACCEPTED),
        (token(group_id="POLICE"), MASTER, asked(purpose=Purpose.STOP), Status.ACCEPTED),
        (token(group_id="POLICE"), MASTER, asked(purpose=Purpose.START), Status.INVALID),
        (token(group_id="POLICE"), ACCEPTING, asked(purpose=Purpose.START), Status.ACCEPTED),
        (token(), MASTER, asked(purpose=Purpose.START), Status.ACCEPTED),
    ],
)
def test_a_token_is_answered(
    record: IdToken | None, rules: AuthorizationRules, question: Asked, expected: Status
) -> None:
    assert decide(record, rules, question, NOW_S).status is expected


def used(charge_point_id: str, connector_id: int = 1, transaction_id: str = "7") -> InUse:
    return InUse("home", ConnectorKey(charge_point_id, connector_id), transaction_id)


@pytest.mark.parametrize(
    ("record", "question", "in_use", "refused"),
    [
        (ONE, ASKED, [], False),
        # An Authorize at the same charge point may be there to stop the transaction.
        (ONE, ASKED, [used("CP-1")], False),
        (ONE, ASKED, [used("CP-2")], True),
        (token(), ASKED, [used("CP-2")], False),
        # A start is another transaction wherever it is, but for itself and one that it takes the place of.
        (ONE, asked(purpose=Purpose.START, connector_id=1, transaction_id="7"), [used("CP-1")], False),
        (ONE, asked(purpose=Purpose.START, connector_id=1, transaction_id="8"), [used("CP-1")], False),
        (ONE, asked(purpose=Purpose.START, connector_id=None, transaction_id="7"), [used("CP-1")], False),
        (ONE, asked(purpose=Purpose.START, connector_id=2, transaction_id="8"), [used("CP-1")], True),
        (ONE, asked(purpose=Purpose.START, connector_id=1, transaction_id="8"), [used("CP-2")], True),
        # Ids of 2.0.1 are unique within their charge point only.
        (ONE, asked(purpose=Purpose.START, connector_id=1, transaction_id="7"), [used("CP-2")], True),
        (ONE, asked(purpose=Purpose.STOP, connector_id=1, transaction_id="7"), [used("CP-2")], False),
    ],
)
def test_a_token_that_is_in_use_is_refused_where_it_may_be_used_once(
    record: IdToken, question: Asked, in_use: list[InUse], refused: bool
) -> None:
    status = decide(record, ACCEPTING, question, NOW_S, in_use).status
    assert status is (Status.CONCURRENT_TX if refused else Status.ACCEPTED)


@pytest.mark.parametrize("status", [Status.ACCEPTED, Status.BLOCKED])
def test_group_expiry_and_priority_come_with_every_answer(status: Status) -> None:
    said = token(status=status, group_id="FAMILY", expires_at_s=NOW_S + 60, priority=3)
    decision = decide(said, REJECTING, ASKED, NOW_S)
    assert (decision.group_id, decision.expires_at_s, decision.priority) == ("FAMILY", NOW_S + 60, 3)


@pytest.mark.parametrize(
    ("sites", "charge_points", "connector_id", "expected"),
    [
        ((), ("CP-1:2", "CP-1:1", "CP-2:3"), None, (1, 2)),
        ((), ("CP-1:2", "CP-1"), None, ()),
        (("home",), ("CP-1:2",), None, ()),
        ((), (), None, ()),
        # The question was about one EVSE: the answer is.
        ((), ("CP-1:2",), 2, ()),
    ],
)
def test_a_token_for_some_connectors_names_them(
    sites: tuple[str, ...], charge_points: tuple[str, ...], connector_id: int | None, expected: tuple[int, ...]
) -> None:
    said = token(sites=sites, charge_points=charge_points)
    assert decide(said, ACCEPTING, asked(connector_id=connector_id), NOW_S).evse_ids == expected


def test_upper_and_lower_case_are_the_same_token() -> None:
    assert token_key("De*ABC*01") == token_key("dE*abc*01")
    assert token_key("ABC") != token_key("ABD")


def test_a_token_says_for_itself_whether_its_sessions_are_ended_and_else_the_rule_does() -> None:
    for record, rule in product((None, token(), token(end_session_when_blocked=False)), (False, True)):
        expected = rule and (record is None or record.end_session_when_blocked is None)
        assert ends_session(record, AuthorizationRules(end_session_when_blocked=rule)) is expected
    assert ends_session(token(end_session_when_blocked=True), AuthorizationRules())


def test_a_charge_point_is_allowed_if_one_of_its_connectors_is() -> None:
    assert may_charge_at(token(charge_points=("CP-1:2",)), "home", "CP-1")
    assert not may_charge_at(token(charge_points=("CP-12",)), "home", "CP-1")


def test_a_token_is_not_written_where_values_are_logged() -> None:
    secret = IdToken("SECRET", group_id="SECRET", note="SECRET")
    question = replace(ASKED, id_token="SECRET")
    assert "SECRET" not in f"{secret} {question} {decide(secret, ACCEPTING, question, NOW_S)}"


@pytest.mark.parametrize("kind", [kind for kind in TOKEN_TYPES if kind != "NoAuthorization"])
def test_every_type_of_token_can_be_held(kind: str) -> None:
    assert decide(token(kind=kind), REJECTING, asked(kind=kind), NOW_S).accepted
