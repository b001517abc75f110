"""1.6 smart charging profile: getting rid of what another central system left behind (chapter 5.5)."""

from __future__ import annotations

from ocpp.v16 import call, enums

from csms.charge_points.profile_reports import ProfileReports
from csms.charge_points.provisioning import Call, tolerant

# A charge point's maximum only lowers, but would keep power away for good. What belongs to a transaction ends with it.
_FOREIGN = (
    enums.ChargingProfilePurposeType.tx_default_profile,
    enums.ChargingProfilePurposeType.charge_point_max_profile,
)


async def clear_foreign(call_charge_point: Call, _reports: ProfileReports, _timeout_s: float) -> None:
    """1.6 cannot be asked what is installed, so whole purposes go, on every connector. Raises CallTimeout
    and ConnectionLost."""
    for purpose in _FOREIGN:
        await tolerant(call_charge_point, call.ClearChargingProfile(charging_profile_purpose=purpose))
