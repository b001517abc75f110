"""How a charger wants its profiles written, whatever it says of itself: pure, on the wire of both versions."""

from collections.abc import Iterator

from simulators.behaviour import Behaviour
from simulators.frames import JsonObject
from simulators.profiles import Installed, ProfileStore


def demands_otherwise(behaviour: Behaviour, profile: JsonObject) -> bool:
    """Whether a profile is not written as this charger wants it."""
    purpose, kind = profile["chargingProfilePurpose"], profile["chargingProfileKind"]
    level = behaviour.refuses_levels_above
    if level is not None and profile["stackLevel"] > level:
        return True
    if behaviour.needs_transaction_id and purpose == "TxProfile" and "transactionId" not in profile:
        return True
    return any(_is_refused(behaviour, purpose, kind, schedule) for schedule in _schedules(profile))


def stuck_at_zero(behaviour: Behaviour, store: ProfileStore, new: Installed) -> bool:
    """Whether a limit of 0 that was taken before stays in force instead of the new profile."""
    return behaviour.zero_sticks and any(
        item.profile.purpose == new.profile.purpose
        and any(period.limit == 0 for period in item.profile.schedule.periods)
        for item in store.installed
    )


def _is_refused(behaviour: Behaviour, purpose: str, kind: str, schedule: JsonObject) -> bool:
    periods, unit = schedule["chargingSchedulePeriod"], schedule["chargingRateUnit"]
    most = behaviour.refuses_periods_above
    limits = [period["limit"] for period in periods]
    return (
        unit in behaviour.refuses_units
        or (most is not None and len(periods) > most)
        or (behaviour.refuses_number_phases and any("numberPhases" in period for period in periods))
        or (behaviour.needs_start_schedule and kind == "Absolute" and "startSchedule" not in schedule)
        or (unit == "A" and not all(_is_taken(behaviour, limit) for limit in limits))
        or (
            purpose == "TxDefaultProfile"
            and unit == "A"
            and any(limit in behaviour.refuses_defaults_a for limit in limits)
        )
    )


def _is_taken(behaviour: Behaviour, limit_a: float) -> bool:
    currents_a = behaviour.takes_currents_a
    if behaviour.takes_whole_amperes and limit_a != round(limit_a):
        return False
    return not currents_a or limit_a == 0 or limit_a in currents_a


def _schedules(profile: JsonObject) -> Iterator[JsonObject]:
    schedule = profile["chargingSchedule"]
    yield from schedule if isinstance(schedule, list) else [schedule]
