"""What OCPP asks of a central system's requests beyond what their schemas can say. Pure.

Only what an operator sends in OCPP's own words can break these rules: the commands and the balancer keep them by how
they are built.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import pairwise

from csms.charge_points.schemas import OCPP201, JsonObject

Broken = tuple[str, str]
"""Where, as a path of field names and indexes joined by dots, and which rule."""


def broken_rules(subprotocol: str, action: str, payload: JsonObject) -> Iterator[Broken]:
    """`payload` keeps its schema."""
    rules = _RULES_201 if subprotocol == OCPP201 else _RULES_16
    if action in rules:
        yield from rules[action](payload)


def _set_variables(payload: JsonObject) -> Iterator[Broken]:
    """B05.FR.13: what is left out is the actual value."""
    items = payload["setVariableData"]
    names = [(_frozen(i["component"]), _frozen(i["variable"]), i.get("attributeType", "Actual")) for i in items]
    yield from ((f"setVariableData.{number}", "is set twice in one request") for number in _repeated(names))


def _send_local_list(payload: JsonObject) -> Iterator[Broken]:
    """D01.FR.06, D01.FR.18: version 0 says that there is no list."""
    if payload["versionNumber"] <= 0:
        yield "versionNumber", "must be above 0"
    tokens = [entry["idToken"] for entry in payload.get("localAuthorizationList", ())]
    names = [(token["idToken"].casefold(), token["type"]) for token in tokens]
    yield from ((f"localAuthorizationList.{number}.idToken", "is on the list twice") for number in _repeated(names))


def _trigger_message(payload: JsonObject) -> Iterator[Broken]:
    """F06.FR.13."""
    if payload["requestedMessage"] == "StatusNotification" and "connectorId" not in payload.get("evse", {}):
        yield "evse.connectorId", "is required for a StatusNotification"


def _get_charging_profiles(payload: JsonObject) -> Iterator[Broken]:
    """K09.FR.03: ids say it all."""
    criteria = payload["chargingProfile"]
    if ("chargingProfileId" in criteria) == bool(criteria.keys() & _CRITERIA):
        yield "chargingProfile", f"must have either chargingProfileId, or some of {', '.join(sorted(_CRITERIA))}"


_CRITERIA = frozenset({"chargingLimitSource", "chargingProfilePurpose", "stackLevel"})


def _customer_information(payload: JsonObject) -> Iterator[Broken]:
    """N09.FR.04, N10.FR.08."""
    if len(payload.keys() & _CUSTOMERS) != 1:
        yield "", f"must have exactly one of {', '.join(sorted(_CUSTOMERS))}"


_CUSTOMERS = frozenset({"customerCertificate", "customerIdentifier", "idToken"})


def _set_charging_profile_16(payload: JsonObject) -> Iterator[Broken]:
    """5.16.4 and 7.13."""
    yield from _of_periods("csChargingProfiles.chargingSchedule", payload["csChargingProfiles"]["chargingSchedule"])


def _set_charging_profile_201(payload: JsonObject) -> Iterator[Broken]:
    """K01.FR.31, .34, .35, .38, .40 and .41, of a maximum of the whole station: nothing else may be set this way."""
    profile = payload["chargingProfile"]
    kind, schedules = profile["chargingProfileKind"], profile["chargingSchedule"]
    if kind == "Relative":
        yield "chargingProfile.chargingProfileKind", "must not be Relative: a station is no transaction"
    if len(schedules) > 1:
        yield "chargingProfile.chargingSchedule", "must be one: a choice of several is for a car's transaction"
    for number, schedule in enumerate(schedules):
        place = f"chargingProfile.chargingSchedule.{number}"
        if kind != "Relative" and "startSchedule" not in schedule:
            yield f"{place}.startSchedule", f"is required of a profile that is {kind}"
        yield from _of_periods(place, schedule)


def _of_periods(place: str, schedule: JsonObject) -> Iterator[Broken]:
    """phaseToUse is for an EVSE that can switch its one phase (K01.FR.19, K01.FR.20); 1.6 does not know it."""
    periods = schedule["chargingSchedulePeriod"]
    starts = [period["startPeriod"] for period in periods]
    if starts[0] != 0:
        yield f"{place}.chargingSchedulePeriod.0.startPeriod", "must be 0"
    if any(later <= earlier for earlier, later in pairwise(starts)):
        yield f"{place}.chargingSchedulePeriod", "must be in the order of startPeriod"
    for number, period in enumerate(periods):
        if "phaseToUse" in period:
            yield f"{place}.chargingSchedulePeriod.{number}.phaseToUse", "is not for a whole station"


_Rule = Callable[[JsonObject], Iterator[Broken]]
_RULES_16: Mapping[str, _Rule] = {"SetChargingProfile": _set_charging_profile_16}
_RULES_201: Mapping[str, _Rule] = {
    "CustomerInformation": _customer_information,
    "GetChargingProfiles": _get_charging_profiles,
    "SendLocalList": _send_local_list,
    "SetChargingProfile": _set_charging_profile_201,
    "SetVariables": _set_variables,
    "TriggerMessage": _trigger_message,
}


def _repeated(names: Iterable[object]) -> Iterator[int]:
    seen: set[object] = set()
    for number, name in enumerate(names):
        if name in seen:
            yield number
        seen.add(name)


def _frozen(value: object) -> object:
    """Something that can be compared and kept in a set, whatever the order of its fields."""
    if isinstance(value, dict):
        return frozenset((key, _frozen(inner)) for key, inner in value.items() if key != "customData")
    if isinstance(value, str):
        return value.casefold()  # names of components and variables are the same in capitals
    return repr(value)
