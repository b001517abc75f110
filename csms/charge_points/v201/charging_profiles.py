"""2.0.1 block K: which charging profiles are installed, and getting rid of those that others left behind (K09, K10)."""

from __future__ import annotations

import asyncio

from ocpp.v201 import call, datatypes, enums

from csms.charge_points.connection import Reply
from csms.charge_points.profile_reports import ProfileReports, ReportedProfile
from csms.charge_points.profiles import PURPOSES, profile_id
from csms.charge_points.provisioning import Call, tolerant
from csms.charge_points.schemas import JsonObject
from csms.charge_points.session import Session

_OURS_TO_SET = enums.ChargingLimitSourceEnumType.cso
_EXTERNAL = enums.ChargingProfilePurposeEnumType.charging_station_external_constraints

# A station's maximum only lowers, but would keep power away for good.
_BY_PURPOSE = (
    enums.ChargingProfilePurposeEnumType.tx_default_profile,
    enums.ChargingProfilePurposeEnumType.charging_station_max_profile,
)
_MOST_BY_ID = 10
"""More foreign profiles than that are cleared by purpose: fewer messages, each of which may take its time."""


def report_charging_profiles(session: Session, payload: JsonObject) -> Reply:
    """K09: every part is acknowledged, whoever asked for it."""
    session.profile_reports.received(payload)
    return Reply({})


async def clear_foreign(call_station: Call, reports: ProfileReports, timeout_s: float) -> None:
    """Clear every profile that a central system set and that is not ours, by id; whole purposes where the station
    does not tell them within `timeout_s`.

    TxProfiles are among them: one on our stack level would have ours refused (K01.FR.39). External constraints are
    not ours to clear (K10.FR.06). Raises CallTimeout and ConnectionLost.
    """
    foreign = await _foreign_ids(call_station, reports, timeout_s)
    if foreign is not None and len(foreign) <= _MOST_BY_ID:
        for number in foreign:
            await tolerant(call_station, call.ClearChargingProfile(charging_profile_id=number))
        return
    for purpose in _BY_PURPOSE:
        criteria = datatypes.ClearChargingProfileType(charging_profile_purpose=purpose)
        await tolerant(call_station, call.ClearChargingProfile(charging_profile_criteria=criteria))


async def _foreign_ids(call_station: Call, reports: ProfileReports, timeout_s: float) -> list[int] | None:
    """None where the station cannot tell, or does not finish telling."""
    criteria = datatypes.ChargingProfileCriterionType(charging_limit_source=[_OURS_TO_SET])
    with reports.awaited() as report:
        answer = await tolerant(
            call_station, call.GetChargingProfiles(request_id=report.request_id, charging_profile=criteria)
        )
        if answer is None:
            return None
        if answer["status"] == "NoProfiles":
            return []
        try:
            async with asyncio.timeout(timeout_s):
                await report.complete.wait()
        except TimeoutError:
            return None
    return list(dict.fromkeys(profile.profile_id for profile in report.profiles if _is_foreign(profile)))


def _is_foreign(profile: ReportedProfile) -> bool:
    """Not every station filters by source. What has our id is ours only in our place: there it is replaced."""
    if profile.source != _OURS_TO_SET or profile.purpose == _EXTERNAL:
        return False
    ours = ((profile_id(profile.evse_id, purpose), name) for purpose, name in PURPOSES.items())
    return profile.evse_id == 0 or (profile.profile_id, profile.purpose) not in ours
