"""What GetCompositeSchedule tells, as limits in the order of time: pure, and the same for both versions.

Chargers answer without a schedule, with a duration of thousands of years, with many decimals. Whatever cannot be read
as a schedule counts as none: it must not look like a proof.
"""

from __future__ import annotations

from collections.abc import Iterable

from csms.charge_points.schemas import JsonObject
from csms.domain.commands import ScheduleLimit


def schedule_limits(schedule: JsonObject | None) -> tuple[ScheduleLimit, ...]:
    """The limits of 1.6's chargingSchedule or 2.0.1's schedule; empty where there is none, or none that makes sense.

    Periods count from scheduleStart (1.6 chapter 6.22, 2.0.1 CompositeScheduleType), the moment of the question. What
    1.6 repeats as startSchedule inside does not move them: some chargers put the start of the profile there. A
    negative number is none of ours: some chargers mean "no limit" by it.
    """
    periods: Iterable[JsonObject] = (schedule or {}).get("chargingSchedulePeriod", ())
    told = {period["startPeriod"]: period for period in periods}
    if any(start_s < 0 or period["limit"] < 0 for start_s, period in told.items()):
        return ()
    return tuple(
        ScheduleLimit((schedule or {})["chargingRateUnit"], float(period["limit"]), _phases(period), float(start_s))
        for start_s, period in sorted(told.items(), key=lambda item: item[0])
    )


def _phases(period: JsonObject) -> int | None:
    phases: int | None = period.get("numberPhases")
    return phases if phases in {1, 2, 3} else None
