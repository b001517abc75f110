"""Charging profiles that another system left in a charger before we met it."""

from simulators.charging_profile import ChargingProfile, Period, Schedule
from simulators.profiles import Installed

DAY_S = 86_400.0


def daily_maximum() -> Installed:
    """A ChargePointMaxProfile that says the same every day: 10 kW for the whole charge point."""
    schedule = Schedule("W", (Period(0.0, 10_000.0),), start_at_s=0.0, duration_s=DAY_S)
    profile = ChargingProfile(90_001, 0, "ChargePointMax", "Recurring", schedule, recurrence="Daily")
    return Installed(0, profile, received_s=0.0)


def lasting_default(connector_id: int, profile_id: int) -> Installed:
    """A TxDefaultProfile of 32 A without an end, on a connector or, with 0, on all of them."""
    schedule = Schedule("A", (Period(0.0, 32.0),), start_at_s=0.0)
    profile = ChargingProfile(profile_id, 8, "TxDefault", "Absolute", schedule)
    return Installed(connector_id, profile, received_s=0.0)


LEFT_BEHIND = (daily_maximum(), lasting_default(0, 90_002), lasting_default(1, 90_003))
"""10 kW for the charge point every day, and 32 A at stack level 8 on connector 0 and on connector 1."""
