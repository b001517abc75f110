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
    schedule = types16.ChargingSchedule(
        charging_rate_unit=enums16.ChargingRateUnitType(command.form.unit),
        charging_schedule_period=[
            types16.ChargingSchedulePeriod(start_period=start_s, limit=limit, number_phases=_phases(command))
            for start_s, limit in _periods(command)
        ],
        start_schedule=_start_schedule(command),
    )
    profile = types16.ChargingProfile(
        charging_profile_id=profile_id(command.connector_id, command.purpose),
        stack_level=command.form.stack_level,
        charging_profile_purpose=enums16.ChargingProfilePurposeType(PURPOSES[command.purpose]),
        charging_profile_kind=enums16.ChargingProfileKindType(_kind(command)),
        charging_schedule=schedule,
        transaction_id=None if command.transaction_id is None else int(command.transaction_id),
    )
    return call16.SetChargingProfile(connector_id=command.connector_id, cs_charging_profiles=profile)


def charging_profile_201(command: SetLimit) -> call201.SetChargingProfile:
    """2.0.1 K01 and ChargingProfileType; one schedule, because no ISO 15118 needs were told (K01.FR.34).

    Raises ValueError for a lease that cannot be written.
    """
    number = profile_id(command.connector_id, command.purpose)
    schedule = types201.ChargingScheduleType(
        id=number,
        charging_rate_unit=enums201.ChargingRateUnitEnumType(command.form.unit),
        charging_schedule_period=[
            types201.ChargingSchedulePeriodType(start_period=start_s, limit=limit, number_phases=_phases(command))
            for start_s, limit in _periods(command)
        ],
        start_schedule=_start_schedule(command),
    )
    profile = types201.ChargingProfileType(
        id=number,
        stack_level=command.form.stack_level,
        charging_profile_purpose=enums201.ChargingProfilePurposeEnumType(PURPOSES[command.purpose]),
        charging_profile_kind=enums201.ChargingProfileKindEnumType(_kind(command)),
        charging_schedule=[schedule],
        transaction_id=command.transaction_id,
    )
    return call201.SetChargingProfile(evse_id=command.connector_id, charging_profile=profile)


PURPOSES = {LimitPurpose.DEFAULT: "TxDefaultProfile", LimitPurpose.TRANSACTION: "TxProfile"}
"""The purposes we set; both versions spell them alike."""


def profile_id(connector_id: int, purpose: LimitPurpose) -> int:
    return connector_id * 10 + (1 if purpose is LimitPurpose.DEFAULT else 2)


def _periods(command: SetLimit) -> list[tuple[int, float]]:
    """Start in seconds after the schedule's own, and limit: what is asked for, and what follows its lease."""
    periods = [(0, _limit(command, command.limit_w))]
    if command.lease_s is None:
        return periods
    if command.purpose is LimitPurpose.DEFAULT:
        raise ValueError("a default limit has no lease: it is what leases fall back to")
    # A relative schedule began with the transaction (1.6 chapter 7.9), an absolute one at its startSchedule.
    began_ago_s = command.transaction_age_s if command.form.relative else command.started_ago_s
    step_s = int(began_ago_s + command.lease_s)
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


def _kind(command: SetLimit) -> str:
    return "Relative" if command.form.relative else "Absolute"


def _start_schedule(command: SetLimit) -> str | None:
    """An absolute schedule needs its start, a relative one must not have it (2.0.1 K01.FR.40 and .41).

    Whole seconds, rounded down: it must not lie in the future.
    """
    if command.form.relative:
        return None
    return datetime.fromtimestamp(int(command.profile_start_s), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
