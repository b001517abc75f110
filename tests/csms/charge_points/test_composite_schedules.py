"""What a GetCompositeSchedule answer tells, through the codec of both versions."""

from typing import Any

import orjson
import pytest

from csms.charge_points.codec import codec_for
from csms.charge_points.versions import VERSIONS
from csms.domain.commands import Answer, Outcome, ReadSchedule, ScheduleLimit
from csms.domain.model import OCPP16, OCPP201

ASKED = ReadSchedule(1, 1000, "A")
START = "2026-05-28T20:26:40Z"
BOTH = pytest.mark.parametrize("protocol", [OCPP16, OCPP201])


def outcome(protocol: str, payload: dict[str, Any]) -> Outcome:
    answer = codec_for(protocol).validate_response("GetCompositeSchedule", payload)
    return VERSIONS[protocol].translation.outcome(ASKED, answer)


def answer_16(**schedule: Any) -> dict[str, Any]:
    told = {"duration": 1000, "startSchedule": START, "chargingRateUnit": "A", **schedule}
    return {"status": "Accepted", "connectorId": 1, "scheduleStart": START, "chargingSchedule": told}


def answer_201(**schedule: Any) -> dict[str, Any]:
    told = {"evseId": 1, "duration": 1000, "scheduleStart": START, "chargingRateUnit": "A", **schedule}
    return {"status": "Accepted", "schedule": told}


def told(protocol: str, **schedule: Any) -> tuple[ScheduleLimit, ...]:
    found = outcome(protocol, answer_16(**schedule) if protocol == OCPP16 else answer_201(**schedule))
    assert found.answer is Answer.ACCEPTED
    return found.schedule


def period(start_s: Any, limit: Any, **rest: Any) -> dict[str, Any]:
    return {"startPeriod": start_s, "limit": limit, **rest}


STEPS = [period(0, 16.0, numberPhases=3), period(900, 6)]
AS_LIMITS = (ScheduleLimit("A", 16.0, 3, 0.0), ScheduleLimit("A", 6.0, None, 900.0))


@BOTH
@pytest.mark.parametrize(
    ("schedule", "limits"),
    [
        ({"chargingSchedulePeriod": STEPS}, AS_LIMITS),
        ({"chargingSchedulePeriod": STEPS[::-1]}, AS_LIMITS),
        ({"chargingSchedulePeriod": [period(0, "16.0", numberPhases="3"), period("900", 6)]}, AS_LIMITS),
        # of two limits for one moment the later in the list holds
        ({"chargingSchedulePeriod": [period(0, 32), *STEPS]}, AS_LIMITS),
        # the charger answers in its own unit
        ({"chargingRateUnit": "W", "chargingSchedulePeriod": [period(0, 4140)]}, (ScheduleLimit("W", 4140.0),)),
        ({"chargingSchedulePeriod": [period(0, 2.6666666666666665)]}, (ScheduleLimit("A", 2.6666666666666665),)),
        ({"chargingSchedulePeriod": [period(30, 6)]}, (ScheduleLimit("A", 6.0, None, 30.0),)),
        ({"chargingSchedulePeriod": [period(0, 6, numberPhases=0)]}, (ScheduleLimit("A", 6.0),)),
        # nobody needs these
        ({"chargingSchedulePeriod": STEPS, "duration": 10**17}, AS_LIMITS),
        ({"chargingSchedulePeriod": STEPS, "duration": -1}, AS_LIMITS),
        ({"chargingSchedulePeriod": STEPS, "duration": "for ever"}, AS_LIMITS),
        ({"chargingSchedulePeriod": STEPS, "duration": None}, AS_LIMITS),
        ({"chargingSchedulePeriod": STEPS, "minChargingRate": "none"}, AS_LIMITS),
        # a schedule without its periods, its unit or a limit, or with a negative number, tells nothing
        ({"chargingSchedulePeriod": []}, ()),
        ({}, ()),
        ({"chargingSchedulePeriod": STEPS, "chargingRateUnit": None}, ()),
        ({"chargingSchedulePeriod": STEPS, "chargingRateUnit": "kW"}, ()),
        ({"chargingSchedulePeriod": [*STEPS, period(960, None)]}, ()),
        ({"chargingSchedulePeriod": [*STEPS, period(960, -1)]}, ()),
        ({"chargingSchedulePeriod": [period(-60, 16), period(900, 6)]}, ()),
    ],
)
def test_a_schedule_is_its_limits_in_the_order_of_time(
    protocol: str, schedule: dict[str, Any], limits: tuple[ScheduleLimit, ...]
) -> None:
    assert told(protocol, **schedule) == limits


@pytest.mark.parametrize("inside", ["1970-01-01T00:00:00Z", "2026-05-28T20:25:40Z", "in May", None])
def test_periods_of_1_6_count_from_schedule_start_whatever_stands_inside_the_schedule(inside: str | None) -> None:
    """1.6 chapter 6.22: the schedule is always relative to scheduleStart."""
    assert told(OCPP16, chargingSchedulePeriod=STEPS, startSchedule=inside) == AS_LIMITS


@pytest.mark.parametrize("start", ["1970-01-01T00:00:00Z", "now", None])
def test_a_start_that_cannot_be_read_does_not_cost_the_schedule(start: str | None) -> None:
    assert told(OCPP201, chargingSchedulePeriod=STEPS, scheduleStart=start) == AS_LIMITS
    payload = {**answer_16(chargingSchedulePeriod=STEPS), "scheduleStart": start}
    assert outcome(OCPP16, payload).schedule == AS_LIMITS


@BOTH
@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ({"status": "Accepted"}, Outcome(Answer.ACCEPTED)),
        ({"status": "Accepted", "schedule": None, "chargingSchedule": None}, Outcome(Answer.ACCEPTED)),
        ({"status": "Rejected"}, Outcome(Answer.REJECTED)),
        ({"status": "rejected"}, Outcome(Answer.REJECTED)),
        ({"status": "NotSupported"}, Outcome(Answer.NOT_SUPPORTED)),
        ({"status": "NotImplemented"}, Outcome(Answer.NOT_SUPPORTED, "NotImplemented")),
    ],
)
def test_an_answer_without_a_schedule_tells_no_limits(
    protocol: str, payload: dict[str, Any], expected: Outcome
) -> None:
    assert outcome(protocol, payload) == expected


def test_a_refusal_with_a_schedule_tells_no_limits() -> None:
    refused = {**answer_201(chargingSchedulePeriod=STEPS), "status": "Rejected"}
    assert outcome(OCPP201, {**refused, "statusInfo": {"reasonCode": "UnknownEvse"}}) == Outcome(
        Answer.REJECTED, "UnknownEvse"
    )


@BOTH
@pytest.mark.parametrize("unit", ["A", "W", None])
def test_the_unit_is_asked_for_where_one_is_named(protocol: str, unit: str | None) -> None:
    message = VERSIONS[protocol].translation.request(ReadSchedule(2, 1000, unit))
    payload = orjson.loads(codec_for(protocol).encode_call("m", message))[3]
    assert payload.get("chargingRateUnit") == unit
