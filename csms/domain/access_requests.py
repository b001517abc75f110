"""Requests that change how a charge point gets in, in each version's words: what is asked, and whether it was taken.

Whoever sends such a request, an operator in OCPP's own words or we ourselves, it is known by its content.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from csms.domain.commands import Answer
from csms.domain.model import OCPP16
from csms.domain.requests import Payload, RawOutcome
from csms.domain.urls import is_central_system

Request = tuple[str, Payload]
"""Action and payload."""

_PASSWORD_16, _PROFILE_16 = "authorizationkey", "securityprofile"
_PASSWORD_201 = ("securityctrlr", "basicauthpassword")
_ACCESS_SETTINGS = frozenset({_PASSWORD_16, _PROFILE_16, _PASSWORD_201[1]})
_PRIORITY = ("OCPPCommCtrlr", "NetworkConfigurationPriority")
_MESSAGE_TIMEOUT_S = 30


@dataclass(frozen=True, slots=True)
class AccessChange:
    """`password_sha256` "": the password stays. `security_profile` None: so does the profile."""

    password_sha256: str = field(default="", repr=False)
    security_profile: int | None = None


def change_in(action: str, payload: Payload) -> AccessChange | None:
    """What a valid request changes; None if nothing of this kind.

    2.0.1 only stores a network profile, and uses it when its priority and a reset say so. It is what a profile is
    moved to all the same: nothing follows from it until the charge point has come over it.
    """
    if action == "ChangeConfiguration":
        key, value = payload["key"].lower(), payload["value"]
        if key == _PASSWORD_16:
            return AccessChange(_digest(value))
        if key == _PROFILE_16 and value.strip().isdecimal():
            return AccessChange(security_profile=int(value))
    if action == "SetVariables":
        passwords = [item["attributeValue"] for item in payload["setVariableData"] if _name(item) == _PASSWORD_201]
        return AccessChange(_digest(passwords[-1])) if passwords else None
    if action == "SetNetworkProfile":
        return AccessChange(security_profile=payload["connectionData"]["securityProfile"])
    return None


def touches_access(action: str, payload: Payload) -> bool:
    """Whether a request, valid or not, sets a password, a security profile or a place to connect to."""
    match action:
        case "ChangeConfiguration":
            return sets_access(payload.get("key"), payload.get("value"))
        case "SetVariables":
            items = payload.get("setVariableData")
            return isinstance(items, list) and any(map(_item_sets_access, items))
    return action == "SetNetworkProfile"


def is_access_setting(name: object) -> bool:
    """A key of 1.6, a variable of 2.0.1, or `Component.Variable` with an instance in brackets."""
    if not isinstance(name, str):
        return False
    return name.rpartition(".")[2].partition("[")[0].strip().lower() in _ACCESS_SETTINGS


def sets_access(name: object, value: object) -> bool:
    """Whether a setting of this name is one, or the value is another place to connect to."""
    return is_access_setting(name) or is_central_system(value)


def _item_sets_access(item: object) -> bool:
    if not isinstance(item, Mapping):
        return False
    variable = item.get("variable")
    name = variable.get("name") if isinstance(variable, Mapping) else None
    return sets_access(name, item.get("attributeValue"))


def was_refused(change: AccessChange, outcome: RawOutcome) -> bool:
    """Whether it is clear that the charge point did not take it. An error or no answer is not: it may have."""
    if outcome.response is not None and change.password_sha256 and "setVariableResult" in outcome.response:
        words = {
            item["attributeStatus"] for item in outcome.response["setVariableResult"] if _name(item) == _PASSWORD_201
        }
        return not words & {"Accepted", "RebootRequired"}
    return outcome.answer in (Answer.REJECTED, Answer.NOT_SUPPORTED, Answer.NOT_SENT)


def set_password(protocol: str, password: str) -> Request:
    """1.6 security whitepaper A01, 2.0.1 A01."""
    if protocol == OCPP16:
        return "ChangeConfiguration", {"key": "AuthorizationKey", "value": password}
    return _set_variable("SecurityCtrlr", "BasicAuthPassword", password)


def set_security_profile(profile: int) -> Request:
    """1.6 security whitepaper A05: the charge point reconnects by itself."""
    return "ChangeConfiguration", {"key": "SecurityProfile", "value": str(profile)}


def ask_priority() -> Request:
    """Which slots of network profiles a 2.0.1 charge point tries, in which order."""
    component, variable = _PRIORITY
    return "GetVariables", {"getVariableData": [{"component": {"name": component}, "variable": {"name": variable}}]}


def slots_in(outcome: RawOutcome) -> list[int]:
    """The answer to `ask_priority`; empty where it tells nothing."""
    items = (outcome.response or {}).get("getVariableResult", ())
    texts = [item.get("attributeValue", "") for item in items if item["attributeStatus"] == "Accepted"]
    return [int(slot) for text in texts for slot in text.split(",") if slot.strip().isdecimal()]


def free_slot(slots: list[int]) -> int:
    """One that is not in use first; what is there is replaced."""
    return next(slot for slot in (1, 2) if slot not in slots[:1])


def set_network_profile(slot: int, profile: int, url: str, interface: str) -> Request:
    """2.0.1 B09."""
    return "SetNetworkProfile", {
        "configurationSlot": slot,
        "connectionData": {
            "ocppVersion": "OCPP20",
            "ocppTransport": "JSON",
            "ocppCsmsUrl": url,
            "messageTimeout": _MESSAGE_TIMEOUT_S,
            "securityProfile": profile,
            "ocppInterface": interface,
        },
    }


def set_priority(slots: list[int]) -> Request:
    """2.0.1 B10: the first of them is tried first."""
    return _set_variable(*_PRIORITY, ",".join(map(str, slots)))


def _set_variable(component: str, variable: str, value: str) -> Request:
    item = {"attributeValue": value, "component": {"name": component}, "variable": {"name": variable}}
    return "SetVariables", {"setVariableData": [item]}


def _name(item: Mapping[str, Any]) -> tuple[str, str]:
    return item["component"]["name"].lower(), item["variable"]["name"].lower()


def _digest(password: str) -> str:
    return sha256(password.encode()).hexdigest()
