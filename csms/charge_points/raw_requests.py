"""What an operator may send in OCPP's own words: known to the version, valid, to allowed addresses, and nothing that
changes what a connector may draw behind the balancer's back. Pure, for both versions.

The ledger rests on two charging profiles per connector, the TxDefaultProfile and the TxProfile, being ours and nobody
else's. A TxProfile of whatever stack level overrules our TxDefaultProfile until our own TxProfile is there, and a
charger with one place for profiles replaces ours by any other; so those two purposes stay ours altogether. A maximum
of the whole charge point can only lower what our limits permit (1.6 chapter 3.13.1, 2.0.1 chapter K 3.2), and
nobody is given what it keeps back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson

from csms.charge_points.profiles import PURPOSES, profile_id
from csms.charge_points.raw_rules import broken_rules
from csms.charge_points.schemas import JsonObject, request_schema, words_of
from csms.charge_points.wire import payload_of
from csms.domain.model import MAX_CONNECTORS, LimitPurpose
from csms.domain.requests import ActionUnknown, AgainstTheLedger, PayloadBroken
from csms.domain.urls import is_central_system, url_allowed

_OUR_IDS = frozenset(profile_id(n, purpose) for n in range(MAX_CONNECTORS + 1) for purpose in LimitPurpose)
_MAXIMUM = frozenset({"ChargePointMaxProfile", "ChargingStationMaxProfile"})
_INSTEAD = "; set_power_limit and clear_power_limit do it through the balancer"


def checked(
    subprotocol: str, outgoing: Mapping[str, str], allowed_urls: Sequence[str], action: str, payload: Mapping[str, Any]
) -> JsonObject:
    """The payload as it leaves, without nulls and empty optionals (part 4 section 4.1.5).

    Raises ActionUnknown, PayloadBroken or AgainstTheLedger.
    """
    if action not in outgoing:
        raise ActionUnknown(f"{subprotocol} has no request {action} of a central system")
    try:
        wired = payload_of((action, dict(payload)))
    except ValueError as broken:
        raise PayloadBroken((("", str(broken)),)) from None
    if not _can_be_written(wired):
        raise PayloadBroken((("", words_of("depth")),))
    faults = request_schema(subprotocol, action).faults(wired)
    if faults:
        raise PayloadBroken(tuple((fault.field_path, words_of(fault.rule)) for fault in faults))
    refused = [path for path, url in _addresses(action, wired) if not url_allowed(url, allowed_urls)]
    if refused:
        raise PayloadBroken(tuple((path, "must lie below one of [ocpp] allowed_urls") for path in refused))
    conflict = _conflict(action, wired)
    if conflict is not None:
        raise AgainstTheLedger(conflict)
    faulty = tuple(broken_rules(subprotocol, action, wired))
    if faulty:
        raise PayloadBroken(faulty)
    return wired


def _can_be_written(payload: JsonObject) -> bool:
    """Some parts of some messages may hold anything, however deep; the serializer goes down some 250 levels."""
    try:
        orjson.dumps([payload])  # as deep as in its frame
    except orjson.JSONEncodeError:
        return False
    return True


def _addresses(action: str, payload: JsonObject) -> Iterator[tuple[str, str]]:
    """Where a message sends the charge point: to fetch something, to upload it, or to connect."""
    if action == "ChangeConfiguration" and is_central_system(payload["value"]):
        yield "value", payload["value"].strip()
    if action == "SetVariables":
        for number, item in enumerate(payload["setVariableData"]):
            if is_central_system(item["attributeValue"]):
                yield f"setVariableData.{number}.attributeValue", item["attributeValue"].strip()
    yield from _locations(payload)


def _locations(payload: JsonObject, path: str = "") -> Iterator[tuple[str, str]]:
    for name, value in payload.items():
        place = f"{path}.{name}" if path else name
        if name in _LOCATIONS and isinstance(value, str):
            yield place, value
        elif name == "message" and isinstance(value, dict) and value.get("format") == "URI":
            yield f"{place}.content", str(value.get("content"))  # O01: a page to be shown
        elif isinstance(value, dict):
            yield from _locations(value, place)


_LOCATIONS = frozenset({"location", "remoteLocation", "ocppCsmsUrl"})


def _conflict(action: str, payload: JsonObject) -> str | None:
    """Why the balancer could no longer vouch for the ceiling, None if it can."""
    if action == "SetChargingProfile":
        place = payload["connectorId"] if "connectorId" in payload else payload["evseId"]
        return _set_conflict(place, payload.get("csChargingProfiles") or payload.get("chargingProfile") or {})
    if action == "ClearChargingProfile":
        return _clear_conflict(payload)
    if action in _STARTS and "chargingProfile" in payload:
        return "the limit of a session is the balancer's: leave chargingProfile out" + _INSTEAD
    return None


_STARTS = frozenset({"RemoteStartTransaction", "RequestStartTransaction"})


def _set_conflict(place: int, profile: JsonObject) -> str | None:
    purpose = profile.get("chargingProfilePurpose")
    if purpose in PURPOSES.values():
        return f"{purpose} is what the balancer keeps the ceiling with" + _INSTEAD
    if purpose not in _MAXIMUM:
        return f"{purpose} is not a central system's to set"
    if place != 0:
        return f"{purpose} belongs to the whole charge point: 0, not {place}"
    if profile.get("chargingProfileId", profile.get("id")) in _OUR_IDS:
        return "this profile id is one of the balancer's and would replace its profile: use one above 1000"
    return None


def _clear_conflict(payload: JsonObject) -> str | None:
    """Nothing may go but what cannot be ours: a profile by a foreign id and nothing else, or the maximum profiles."""
    criteria = payload.get("chargingProfileCriteria", payload)
    named: object = payload.get("id", payload.get("chargingProfileId"))
    if named in _OUR_IDS:
        return "this profile id is one of the balancer's" + _INSTEAD
    if criteria.get("chargingProfilePurpose") in _MAXIMUM or (named is not None and len(payload) == 1):
        return None
    return (
        "this could clear the balancer's profiles: name one foreign profile by its id alone, or a"
        " chargingProfilePurpose of ChargePointMaxProfile (1.6) or ChargingStationMaxProfile (2.0.1)" + _INSTEAD
    )
