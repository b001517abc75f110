"""A leased limit as the two periods of a charging profile, in both versions."""

from typing import Any

import orjson
import pytest

from csms.charge_points.codec import codec_for
from csms.charge_points.versions import VERSIONS
from csms.domain.commands import SetLimit
from csms.domain.electrical import LimitForm
from csms.domain.model import OCPP16, OCPP201, LimitPurpose

DEFAULT, TRANSACTION = LimitPurpose.DEFAULT, LimitPurpose.TRANSACTION
START_S = 1_780_000_000.75
START = "2026-05-28T20:26:40Z"
AMPERES = LimitForm("A", phases=3, voltage_v=230.0, step_a=0.1, stack_level=5)
WATTS = LimitForm("W", phases=3, voltage_v=230.0, step_a=0.1, stack_level=0)
RELATIVE = LimitForm("A", phases=3, voltage_v=230.0, step_a=1.0, stack_level=0, relative=True)
BOTH = pytest.mark.parametrize("protocol", [OCPP16, OCPP201])


def limit(form: LimitForm = AMPERES, purpose: LimitPurpose = TRANSACTION, **fields: Any) -> SetLimit:
    given = {"limit_w": 11_040, "profile_start_s": START_S, **fields}
    return SetLimit(1, purpose, form=form, transaction_id="7" if purpose is TRANSACTION else None, **given)


def written(protocol: str, command: SetLimit) -> dict[str, Any]:
    """The profile on the wire, its schedule without the list that 2.0.1 puts it in."""
    frame = codec_for(protocol).encode_call("m", VERSIONS[protocol].translation.request(command))
    payload = orjson.loads(frame)[3]
    profile: dict[str, Any] = payload.get("csChargingProfiles") or payload["chargingProfile"]
    if protocol == OCPP201:
        (profile["chargingSchedule"],) = profile["chargingSchedule"]
    return profile


def periods(protocol: str, command: SetLimit) -> list[tuple[int, float, int]]:
    return [
        (period["startPeriod"], period["limit"], period["numberPhases"])
        for period in written(protocol, command)["chargingSchedule"]["chargingSchedulePeriod"]
    ]


@BOTH
@pytest.mark.parametrize(
    ("command", "expected"),
    [
        # without a lease there is no step
        (limit(), [(0, 16.0, 3)]),
        # the schedule began a minute before now
        (limit(lease_s=900.0, then_w=4140), [(0, 16.0, 3), (960, 6.0, 3)]),
        (limit(lease_s=900.0, then_w=4140, started_ago_s=5.0), [(0, 16.0, 3), (905, 6.0, 3)]),
        (limit(lease_s=900.0), [(0, 16.0, 3), (960, 0.0, 3)]),
        (limit(WATTS, lease_s=900.0, then_w=4141), [(0, 11_040, 3), (960, 4141, 3)]),
        # a paused session may have more once its lease is over
        (limit(limit_w=0, lease_s=60.0, then_w=4140), [(0, 0.0, 3), (120, 6.0, 3)]),
        # the step is never later than the lease, and below the fallback rather than above it
        (limit(lease_s=900.9, then_w=4200), [(0, 16.0, 3), (960, 6.0, 3)]),
        # of relative periods the charger alone knows from when they count
        (limit(RELATIVE, lease_s=900.0, then_w=4140), [(0, 16.0, 3)]),
        # on one phase an ampere is a third of the watts, and so it is after the lease
        (limit(phases=1, limit_w=3680, lease_s=900.0, then_w=1380), [(0, 16.0, 1), (960, 6.0, 1)]),
        (limit(WATTS, phases=1, limit_w=3680, lease_s=900.0), [(0, 3680, 1), (960, 0, 1)]),
    ],
)
def test_a_lease_ends_in_a_second_period(
    protocol: str, command: SetLimit, expected: list[tuple[int, float, int]]
) -> None:
    assert periods(protocol, command) == expected


@BOTH
@pytest.mark.parametrize("form_phases", [1, 3])
def test_the_phases_of_a_limit_decide_what_its_amperes_are_whatever_its_form_says(
    protocol: str, form_phases: int
) -> None:
    form = LimitForm("A", phases=form_phases, voltage_v=230.0, step_a=0.1, stack_level=0)
    assert periods(protocol, limit(form, phases=1, limit_w=2300)) == [(0, 10.0, 1)]
    assert periods(protocol, limit(form, phases=3, limit_w=6900)) == [(0, 10.0, 3)]
    assert periods(protocol, limit(form, limit_w=2300 * form_phases)) == [(0, 10.0, form_phases)]


@BOTH
def test_an_absolute_schedule_says_when_it_began_and_a_relative_one_does_not(protocol: str) -> None:
    absolute = written(protocol, limit(lease_s=900.0))
    assert absolute["chargingProfileKind"] == "Absolute"
    assert absolute["chargingSchedule"]["startSchedule"] == START
    relative = written(protocol, limit(RELATIVE, lease_s=900.0))
    assert relative["chargingProfileKind"] == "Relative"
    assert "startSchedule" not in relative["chargingSchedule"]


@BOTH
def test_a_default_holds_from_1970_on_so_that_a_lost_clock_does_not_end_it(protocol: str) -> None:
    profile = written(protocol, limit(purpose=DEFAULT, profile_start_s=0.0, limit_w=4140))
    assert profile["chargingSchedule"]["startSchedule"] == "1970-01-01T00:00:00Z"
    assert periods(protocol, limit(purpose=DEFAULT, profile_start_s=0.0, limit_w=4140)) == [(0, 6.0, 3)]


@BOTH
@pytest.mark.parametrize("form", [AMPERES, WATTS, RELATIVE])
@pytest.mark.parametrize("lease_s", [None, 900.0])
def test_nothing_expires_and_the_charger_chooses_its_phase(
    protocol: str, form: LimitForm, lease_s: float | None
) -> None:
    profile = written(protocol, limit(form, lease_s=lease_s, phases=1))
    schedule = profile["chargingSchedule"]
    assert not {"validFrom", "validTo", "recurrencyKind"} & set(profile)
    assert "duration" not in schedule
    assert all(set(p) == {"startPeriod", "limit", "numberPhases"} for p in schedule["chargingSchedulePeriod"])


@BOTH
def test_a_session_limited_by_its_default_has_the_default_profile(protocol: str) -> None:
    idle = written(protocol, limit(purpose=DEFAULT, limit_w=0))
    charging = written(protocol, limit(purpose=DEFAULT, limit_w=6900))
    assert charging["chargingSchedule"].pop("chargingSchedulePeriod")[0]["limit"] == 10.0
    assert idle["chargingSchedule"].pop("chargingSchedulePeriod")[0]["limit"] == 0.0
    assert idle == charging  # one profile: the second replaces the first


@BOTH
@pytest.mark.parametrize(
    "command",
    [
        limit(purpose=DEFAULT, lease_s=900.0),
        limit(lease_s=0.4, started_ago_s=0.0),
        limit(lease_s=-65.0),
    ],
)
def test_a_lease_that_cannot_be_written_is_not_sent(protocol: str, command: SetLimit) -> None:
    with pytest.raises(ValueError, match="lease"):
        VERSIONS[protocol].translation.request(command)
