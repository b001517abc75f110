"""OCPP 2.0.1 block K, smart charging: how a charging station answers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from simulators.composite import composite_outcome, composite_schedule
from simulators.frames import Answer, Call, JsonObject, error_answer
from simulators.misconduct import duration_s, told, verdict
from simulators.profiles import Installed
from simulators.v16_profiles import rate_unit
from simulators.v201_profiles import NAMES, PURPOSES, read_profile, write_composite, write_profile

if TYPE_CHECKING:
    from simulators.v201 import V201


def set_charging_profile(cs: V201, request: JsonObject, now_s: float) -> Answer:
    """K01."""
    wire = request["chargingProfile"]
    refusal = install(cs, request["evseId"], wire, now_s)
    return _rejected(refusal) if refusal else Answer({"status": "Accepted"})


def install(cs: V201, evse_id: int, wire: JsonObject, now_s: float) -> str | None:
    """Take a profile into force, or say why not (a reason code of appendix 5)."""
    if wire["chargingProfilePurpose"] not in PURPOSES:
        return "InvalidProfile"  # K01.FR.22: external constraints do not come from the CSMS
    if _needs_phase_switch(cs, wire):
        return "UnsupportedParam"
    try:
        profile = read_profile(wire)
    except ValueError:
        return "InvalidValue"
    match verdict(cs.behaviour, evse_id, wire):
        case "reject" | "not supported":
            return "UnsupportedRequest"
        case "ignore":
            return None
        case "take":
            return cs.model.install(evse_id, profile, now_s, after_s=_effect_after_s(cs))


def clear_charging_profile(cs: V201, request: JsonObject, now_s: float) -> Answer:
    """K10."""
    criteria = request.get("chargingProfileCriteria", {})
    purpose = criteria.get("chargingProfilePurpose")
    if purpose is not None and purpose not in PURPOSES:
        return Answer({"status": "Unknown"})
    cleared = cs.model.change_profiles(
        lambda store: store.clear(
            profile_id=request.get("chargingProfileId"),
            connector_id=criteria.get("evseId"),
            purpose=PURPOSES[purpose] if purpose else None,
            stack_level=criteria.get("stackLevel"),
        ),
        now_s,
        after_s=_effect_after_s(cs),
    )
    return Answer({"status": "Accepted" if cleared else "Unknown"})


def _effect_after_s(cs: V201) -> float:
    return duration_s(cs.behaviour.applies_after_s, cs.rng)


def get_charging_profiles(cs: V201, request: JsonObject, now_s: float) -> Answer:
    """K09: the profiles follow in ReportChargingProfiles, one message per EVSE."""
    found = [item for item in cs.model.profiles.installed if _wanted(item, request)]
    if not found:
        return Answer({"status": "NoProfiles"})
    return Answer({"status": "Accepted"}, then=lambda at_s: _report(found, request["requestId"]))


def get_composite_schedule(cs: V201, request: JsonObject, now_s: float) -> Answer:
    """K08."""
    evse_id, model = request["evseId"], cs.model
    unit = rate_unit(request.get("chargingRateUnit"), model.hardware.unit)
    if evse_id and evse_id not in model.connectors:
        return _rejected("UnknownEvse")
    if unit not in model.profiles.rules.units:
        return _rejected("UnsupportedRateUnit")  # K08.FR.07
    match composite_outcome(cs.behaviour.composite_schedule, evse_id):
        case "not supported":
            return error_answer("NotSupported", "simulated")
        case "rejected":
            return _rejected("UnsupportedRequest")
        case "no schedule":
            return Answer({"status": "Accepted"})
    composite = told(
        cs.behaviour,
        composite_schedule(
            model.hardware,
            model.profiles,
            model.running(),
            evse_id,
            model.clock_s(now_s),
            request["duration"],
            unit,
        ),
    )
    schedule = write_composite(composite, evse_id, cs.shown(composite.start_s))
    return Answer({"status": "Accepted", "schedule": schedule})


def _needs_phase_switch(cs: V201, wire: JsonObject) -> bool:
    """K01.FR.43, .48: fewer phases than are wired need a charger that can switch them."""
    hardware = cs.model.hardware
    periods = [p for schedule in wire["chargingSchedule"] for p in schedule["chargingSchedulePeriod"]]
    fewer = any(period.get("numberPhases", 3) < hardware.phases for period in periods)
    return fewer and not hardware.switches_phases


def _wanted(item: Installed, request: JsonObject) -> bool:
    criteria, profile = request["chargingProfile"], item.profile
    ids, sources = criteria.get("chargingProfileId"), criteria.get("chargingLimitSource")
    if ids:
        return profile.profile_id in ids
    return (
        request.get("evseId") in (None, item.connector_id)
        and criteria.get("chargingProfilePurpose") in (None, NAMES[profile.purpose])
        and criteria.get("stackLevel") in (None, profile.stack_level)
        and (not sources or "CSO" in sources)
    )


def _report(found: list[Installed], request_id: int) -> Iterable[Call]:
    evse_ids = sorted({item.connector_id for item in found})
    for evse_id in evse_ids:
        payload = {
            "requestId": request_id,
            "chargingLimitSource": "CSO",
            "evseId": evse_id,
            "tbc": evse_id != evse_ids[-1],
            "chargingProfile": [write_profile(item.profile) for item in found if item.connector_id == evse_id],
        }
        yield Call("ReportChargingProfiles", payload, triggered=True)


def _rejected(reason: str) -> Answer:
    return Answer({"status": "Rejected", "statusInfo": {"reasonCode": reason}})
