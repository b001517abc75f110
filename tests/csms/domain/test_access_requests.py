"""Which requests change how a charge point gets in, and when it is clear that they did not."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import pytest

from csms.domain.access_requests import (
    AccessChange,
    change_in,
    free_slot,
    set_network_profile,
    set_password,
    set_priority,
    set_security_profile,
    slots_in,
    touches_access,
    was_refused,
)
from csms.domain.commands import Answer
from csms.domain.model import OCPP16, OCPP201
from csms.domain.requests import RawOutcome

DIGEST = sha256(b"new").hexdigest()


def variables(*results: tuple[str, str]) -> dict[str, Any]:
    return {
        "setVariableResult": [
            {"attributeStatus": status, "component": {"name": "securityctrlr"}, "variable": {"name": variable}}
            for variable, status in results
        ]
    }


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (set_password(OCPP16, "new"), AccessChange(DIGEST)),
        (set_password(OCPP201, "new"), AccessChange(DIGEST)),
        (set_security_profile(2), AccessChange(security_profile=2)),
        (set_network_profile(1, 3, "wss://x/ocpp", "Wired0"), AccessChange(security_profile=3)),
        (("ChangeConfiguration", {"key": "AUTHORIZATIONKEY", "value": "new"}), AccessChange(DIGEST)),
        (("ChangeConfiguration", {"key": "SecurityProfile", "value": "high"}), None),
        (("ChangeConfiguration", {"key": "HeartbeatInterval", "value": "2"}), None),
        (set_priority([2, 1]), None),
        (("Reset", {"type": "Soft"}), None),
    ],
)
def test_a_request_is_known_by_what_it_changes(
    request_: tuple[str, Mapping[str, Any]], expected: AccessChange | None
) -> None:
    assert change_in(*request_) == expected


@pytest.mark.parametrize(
    ("outcome", "refused"),
    [
        (RawOutcome(Answer.ACCEPTED, {"status": "RebootRequired"}), False),
        (RawOutcome(Answer.REJECTED, {"status": "Rejected"}), True),
        (RawOutcome(Answer.NOT_SUPPORTED, None, "NotImplemented"), True),
        (RawOutcome(Answer.CALL_ERROR, None, "InternalError"), False),
        (RawOutcome(Answer.TIMEOUT), False),
        (RawOutcome(Answer.DISCONNECTED), False),
        # Of several variables, that of the password counts.
        (RawOutcome(Answer.REJECTED, variables(("BasicAuthPassword", "Accepted"), ("Other", "Rejected"))), False),
        (RawOutcome(Answer.REJECTED, variables(("BasicAuthPassword", "RebootRequired"))), False),
        (RawOutcome(Answer.REJECTED, variables(("BasicAuthPassword", "Rejected"), ("Other", "Accepted"))), True),
        (RawOutcome(Answer.REJECTED, variables(("Other", "Accepted"))), True),
    ],
)
def test_only_a_clear_no_is_a_no(outcome: RawOutcome, refused: bool) -> None:
    assert was_refused(AccessChange(DIGEST), outcome) is refused


@pytest.mark.parametrize(
    ("status", "text", "slots", "free"),
    [
        ("Accepted", "1", [1], 2),
        ("Accepted", "2, 1", [2, 1], 1),
        ("Accepted", "0,x", [0], 1),
        ("UnknownVariable", "", [], 1),
    ],
)
def test_the_new_network_profile_goes_where_the_present_one_is_not(
    status: str, text: str, slots: list[int], free: int
) -> None:
    answer = RawOutcome(Answer.ACCEPTED, {"getVariableResult": [{"attributeStatus": status, "attributeValue": text}]})
    assert slots_in(answer) == slots
    assert free_slot(slots) == free


@pytest.mark.parametrize(
    ("action", "payload", "touches"),
    [
        ("ChangeConfiguration", {"key": "authorizationKEY", "value": "x"}, True),
        ("ChangeConfiguration", {"key": "SecurityProfile"}, True),
        ("ChangeConfiguration", {"key": "HeartbeatInterval", "value": "60"}, False),
        ("ChangeConfiguration", {"key": 5}, False),
        ("ChangeConfiguration", {"key": "TheirBackend", "value": "wss://elsewhere.example/"}, True),
        ("SetVariables", {"setVariableData": [{"variable": {"name": "X"}, "attributeValue": "ws://a/"}]}, True),
        (*set_password(OCPP201, "new"), True),
        (*set_priority([1]), False),
        ("SetVariables", {"setVariableData": [None, {"variable": "BasicAuthPassword"}, {"variable": {}}]}, False),
        ("SetVariables", {"setVariableData": "BasicAuthPassword"}, False),
        ("SetNetworkProfile", {}, True),
        ("Reset", {"type": "Soft"}, False),
    ],
)
def test_a_request_that_touches_access_is_known_before_it_is_known_to_be_valid(
    action: str, payload: dict[str, Any], touches: bool
) -> None:
    assert touches_access(action, payload) is touches
