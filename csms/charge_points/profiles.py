"""A limit as the fields of a charging profile: pure, for both versions.

One profile id per connector and purpose, so that a new limit replaces the old one (1.6 chapter 3.13.2, 2.0.1
K01.FR.05) and profiles never pile up. Nothing expires, because chargers read expiry differently: neither duration nor
validTo is sent, and the end of a lease is a second period. phaseToUse is left to the charger (K01.FR.19, .20).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from ocpp.v16 import call as call16
from ocpp.v16 import datatypes as types16
from ocpp.v16 import enums as enums16
from ocpp.v201 import call as call201
from ocpp.v201 import datatypes as types201
from ocpp.v201 import enums as enums201

from csms.domain.commands import SetLimit
from csms.domain.model import LimitPurpose


def charging_profile_16(command: SetLimit) -> call16.SetChargingProfile:
    """1.6 chapters 5.16 and 7.8 to 7.14.

    Raises ValueError for a transaction id that is no integer, and for a lease that cannot be written.
    """
    phases = _number_phases(command)
    schedule = types16.ChargingSchedule(
        charging_rate_unit=enums16.ChargingRateUnitType(command.form.unit),
        charging_schedule_period=[
            types16.ChargingSchedulePeriod(start_period=start_s, limit=limit, number_phases=phases)
            for start_s, limit in _periods(command, dated=command.form.start_schedule)
        ],
        start_schedule=_start_schedule(command) if command.form.start_schedule else None,
    )
    profile = types16.ChargingProfile(
        charging_profile_id=_profile_id(command),
        stack_level=command.form.stack_level,
        charging_profile_purpose=enums16.ChargingProfilePurposeType(_purpose(command, STATION_MAX_16)),
        charging_profile_kind=enums16.ChargingProfileKindType(_kind(command)),
        charging_schedule=schedule,
        transaction_id=_transaction_id_16(command),
    )
    return call16.SetChargingProfile(connector_id=_place(command), cs_charging_profiles=profile)


def charging_profile_201(command: SetLimit) -> call201.SetChargingProfile:
    """2.0.1 K01 and ChargingProfileType; one schedule, because no ISO 15118 needs were told (K01.FR.34).

    Raises ValueError for a lease that cannot be written.
    """
    number, phases = _profile_id(command), _number_phases(command)
    schedule = types201.ChargingScheduleType(
        id=number,
        charging_rate_unit=enums201.ChargingRateUnitEnumType(command.form.unit),
        charging_schedule_period=[
            types201.ChargingSchedulePeriodType(start_period=start_s, limit=limit, number_phases=phases)
            for start_s, limit in _periods(command)
        ],
        start_schedule=_start_schedule(command),
    )
    profile = types201.ChargingProfileType(
        id=number,
        stack_level=command.form.stack_level,
        charging_profile_purpose=enums201.ChargingProfilePurposeEnumType(_purpose(command, STATION_MAX_201)),
        charging_profile_kind=enums201.ChargingProfileKindEnumType(_kind(command)),
        charging_schedule=[schedule],
        transaction_id=command.transaction_id,
    )
    return call201.SetChargingProfile(evse_id=_place(command), charging_profile=profile)


PURPOSES = {LimitPurpose.DEFAULT: "TxDefaultProfile", LimitPurpose.TRANSACTION: "TxProfile"}
"""The purposes we set; both versions spell them alike."""

STATION_MAX_16, STATION_MAX_201 = "ChargePointMaxProfile", "ChargingStationMaxProfile"
_STATION_MAX_ID = 3
"""Written for connector 0, as the ids of the others end in 1 and 2."""


def purpose_name(purpose: LimitPurpose, station_max: str) -> str:
    """`station_max` is what the version calls a charge point's maximum."""
    return PURPOSES.get(purpose, station_max)


def profile_id(connector_id: int, purpose: LimitPurpose) -> int:
    return connector_id * 10 + (1 if purpose is LimitPurpose.DEFAULT else 2)


def _periods(command: SetLimit, *, dated: bool = True) -> list[tuple[int, float]]:
    """Start in seconds after the schedule's own, and limit: what is asked for, and what follows its lease."""
    periods = [(0, _limit(command, command.limit_w))]
    if command.lease_s is None:
        return periods
    if command.purpose is LimitPurpose.DEFAULT:
        raise ValueError("a default limit has no lease: it is what leases fall back to")
    if command.form.is_relative(command.purpose) or not dated:
        return periods  # who does not say when a schedule began cannot say when its lease is over
    step_s = int(command.started_ago_s + command.lease_s)
    if step_s < 1:
        raise ValueError(f"a lease cannot end {step_s} s after the schedule's start")
    return [*periods, (step_s, _limit(command, command.then_w))]


def _limit(command: SetLimit, limit_w: int) -> float:
    """Amperes per phase on the charger's step, or whole watts in total."""
    if command.form.unit == "W":
        return limit_w
    # From Decimal, so that 9.7 is written 9.7: 1.6 chapter 7.14 allows one digit.
    return float(replace(command.form, phases=_phases(command)).current_a(limit_w))


def _phases(command: SetLimit) -> int:
    """numberPhases of every period, and what its amperes flow in (2.0.1 K01.FR.51)."""
    return command.form.phases if command.phases is None else command.phases


def _number_phases(command: SetLimit) -> int | None:
    return _phases(command) if command.form.number_phases else None


def _kind(command: SetLimit) -> str:
    return "Relative" if command.form.is_relative(command.purpose) else "Absolute"


def _purpose(command: SetLimit, station_max: str) -> str:
    by_station = command.form.station_max and command.purpose is LimitPurpose.DEFAULT
    return purpose_name(LimitPurpose.STATION if by_station else command.purpose, station_max)


def _place(command: SetLimit) -> int:
    """The connector or EVSE a profile is sent to; 0 is the charge point as a whole."""
    return 0 if command.form.on_station(command.purpose) else command.connector_id


def _profile_id(command: SetLimit) -> int:
    by_station = command.form.station_max and command.purpose is LimitPurpose.DEFAULT
    return _STATION_MAX_ID if by_station else profile_id(command.connector_id, command.purpose)


def _transaction_id_16(command: SetLimit) -> int | None:
    if command.transaction_id is None or not command.form.names_transaction:
        return None
    return int(command.transaction_id)


def _start_schedule(command: SetLimit) -> str | None:
    """An absolute schedule needs its start, a relative one must not have it (2.0.1 K01.FR.40 and .41).

    Whole seconds, rounded down: it must not lie in the future.
    """
    if command.form.is_relative(command.purpose):
        return None
    return datetime.fromtimestamp(int(command.profile_start_s), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
