"""GetCompositeSchedule on the wire, to the last field (1.6 6.22, 2.0.1 GetCompositeScheduleResponse)."""

import random
from dataclasses import replace
from typing import Any

import pytest
from composite_vectors import VECTORS
from profile_vectors import Profile, Vector, default, relative, running_of, seconds, station, store_of, tx

from simulators.car import Car
from simulators.charge_point import ChargePoint
from simulators.charging_profile import Period
from simulators.composite import composite_outcome, composite_schedule
from simulators.hardware import AC_THREE_PHASES, DC_50, Hardware
from simulators.offers import permitted, permitted_together
from simulators.profiles import StoreRules
from simulators.protocol import Adapter, ChargePointSpec, Version
from simulators.readings import Readings
from simulators.schemas import problem
from simulators.v16 import V16
from simulators.v201 import V201

TWO_STEPS = tx("0:16/3 900:6/3")
VERSIONS: tuple[Version, ...] = ("1.6", "2.0.1")


def charging(version: Version, *profiles: Profile, hardware: Hardware = AC_THREE_PHASES) -> Adapter:
    """A charge point of two connectors whose first has charged since Monday 08:00."""
    store = store_of(Vector("", "", "", profiles), version)
    model = ChargePoint(hardware, 2, store, now_s=seconds("Mon 07:00"))
    model.plug_in(1, Car(battery_wh=90_000, soc=0.1), seconds("Mon 07:30"))
    model.start(1, "TAG", seconds("Mon 08:00"), transaction_id="7")
    spec = ChargePointSpec("CP", version, hardware, 2)
    return V16(spec, model, random.Random(1)) if version == "1.6" else V201(spec, model, random.Random(1))


def asked(adapter: Adapter, version: Version, connector_id: int, time: str, duration: int, unit: str) -> dict[str, Any]:
    place = "connectorId" if version == "1.6" else "evseId"
    request = {place: connector_id, "duration": duration, "chargingRateUnit": unit}
    answer = adapter.answer("GetCompositeSchedule", request, seconds(time)).payload
    assert problem("v16" if version == "1.6" else "v201", "GetCompositeScheduleResponse", answer) is None
    return answer


def test_1_6_tells_both_periods_of_a_tx_profile() -> None:
    assert asked(charging("1.6", TWO_STEPS), "1.6", 1, "Mon 08:05:00.4", 1800, "W") == {
        "status": "Accepted",
        "connectorId": 1,
        "scheduleStart": "2026-01-05T08:05:00.000Z",
        "chargingSchedule": {
            "duration": 1800,
            "startSchedule": "2026-01-05T08:05:00.000Z",
            "chargingRateUnit": "W",
            "chargingSchedulePeriod": [
                {"startPeriod": 0, "limit": 11_040.0, "numberPhases": 3},
                {"startPeriod": 600, "limit": 4_140.0, "numberPhases": 3},
            ],
        },
    }


def test_2_0_1_tells_both_periods_of_a_tx_profile() -> None:
    assert asked(charging("2.0.1", TWO_STEPS), "2.0.1", 1, "Mon 08:05:00.4", 1800, "A") == {
        "status": "Accepted",
        "schedule": {
            "evseId": 1,
            "duration": 1800,
            "scheduleStart": "2026-01-05T08:05:00.000Z",
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [
                {"startPeriod": 0, "limit": 16.0, "numberPhases": 3},
                {"startPeriod": 600, "limit": 6.0, "numberPhases": 3},
            ],
        },
    }


@pytest.mark.parametrize("version", VERSIONS)
def test_dc_tells_watts_without_phases(version: Version) -> None:
    adapter = charging(version, tx("0:20000 900:8000", unit="W"), hardware=DC_50)
    answer = asked(adapter, version, 1, "Mon 08:00", 3600, "W")
    schedule = answer["chargingSchedule" if version == "1.6" else "schedule"]
    assert schedule["chargingSchedulePeriod"] == [
        {"startPeriod": 0, "limit": 20_000.0},
        {"startPeriod": 900, "limit": 8_000.0},
    ]


@pytest.mark.parametrize("version", VERSIONS)
def test_connector_0_tells_the_sum_of_charging_and_idle_connectors(version: Version) -> None:
    adapter = charging(version, TWO_STEPS, default("0:10", on=2))
    answer = asked(adapter, version, 0, "Mon 08:00", 3600, "A")
    schedule = answer["chargingSchedule" if version == "1.6" else "schedule"]
    assert [(p["startPeriod"], p["limit"]) for p in schedule["chargingSchedulePeriod"]] == [(0, 26.0), (900, 16.0)]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_duration_of_nothing_still_has_a_period(version: Version) -> None:
    answer = asked(charging(version, TWO_STEPS), version, 1, "Mon 08:00", 0, "A")
    schedule = answer["chargingSchedule" if version == "1.6" else "schedule"]
    assert [(p["startPeriod"], p["limit"]) for p in schedule["chargingSchedulePeriod"]] == [(0, 16.0)]


def test_more_periods_than_the_charger_can_tell_shorten_the_duration() -> None:
    subject = Vector("", "", "", (default("0:8", start="Mon 17:00", duration=10_800, repeats="Daily"),))
    store = store_of(subject, "1.6")
    store.rules = StoreRules("replace", ("A",), max_periods=3)
    found = composite_schedule(AC_THREE_PHASES, store, {}, 1, seconds("Mon 12:00"), 604_800, "A")
    assert [(period.start_s, period.limit) for period in found.periods] == [(0, 32), (18_000, 8), (28_800, 32)]
    assert found.duration_s == 18_000 + 86_400


def test_a_far_end_is_told_nearer() -> None:
    store = store_of(Vector("", "", "", (default("0:8", repeats="Daily"),)), "1.6")
    found = composite_schedule(AC_THREE_PHASES, store, {}, 1, seconds("Mon 12:00"), 10**11, "A")
    assert [(period.start_s, period.limit) for period in found.periods] == [(0, 8)]
    assert 86_400 * 300 < found.duration_s < 10**11


@pytest.mark.parametrize("voltage_v", [207.0, 230.0, 253.0])
def test_any_watts_are_told_back_as_they_came(voltage_v: float) -> None:
    hardware = replace(AC_THREE_PHASES, voltage_v=voltage_v)
    for limit_w in range(4_200, 22_000, 100):
        store = store_of(Vector("", "", "", (default(f"0:{limit_w}", unit="W"),)), "1.6")
        found = composite_schedule(hardware, store, {}, 1, seconds("Mon 08:00"), 60, "W")
        assert [period.limit for period in found.periods] == [limit_w]


def test_a_change_of_phases_alone_is_a_period() -> None:
    hardware = replace(AC_THREE_PHASES, switches_phases=True)
    store = store_of(Vector("", "", "", (tx("0:10/3 600:10/1"),)), "1.6")
    running = running_of(Vector("", "", "", ()))
    found = composite_schedule(hardware, store, running, 1, seconds("Mon 08:00"), 3600, "A")
    assert found.periods == (Period(0, 10, 3), Period(600, 10, 1))


def test_a_composite_schedule_follows_the_readings() -> None:
    subject = Vector("", "", "", (tx("0:16 900:4"),))
    for readings, limit in ((Readings(), 0), (Readings(below_6_a="six"), 6), (Readings(tx_periods="first"), None)):
        store = store_of(subject, "1.6", readings)
        found = composite_schedule(AC_THREE_PHASES, store, running_of(subject), 1, seconds("Mon 08:00"), 1800, "A")
        assert [period.limit for period in found.periods] == [16.0] + ([] if limit is None else [limit])


@pytest.mark.parametrize(
    ("connector_id", "outcomes"),
    [
        (0, ["schedule", "rejected", "not supported", "no schedule", "rejected", "schedule"]),
        (1, ["schedule", "rejected", "not supported", "no schedule", "schedule", "schedule"]),
    ],
)
def test_what_becomes_of_the_request_where_support_is_partial(connector_id: int, outcomes: list[str]) -> None:
    found = [
        composite_outcome("full", connector_id),
        composite_outcome("rejected", connector_id),
        composite_outcome("not supported", connector_id),
        composite_outcome("no schedule", connector_id),
        composite_outcome("no connector 0", connector_id),
        composite_outcome("present only", connector_id),
    ]
    assert found == outcomes


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: str(vector.name))
def test_what_is_told_for_a_day_is_what_will_be_permitted(vector: Vector) -> None:
    """Beside the vectors' own schedules: everything told agrees with what is permitted when the time has come."""
    version, start_s = vector.versions[-1], seconds("Mon 08:00")
    store, running = store_of(vector, version), running_of(vector)
    for connector_id in (0, *vector.running):
        told = composite_schedule(vector.hardware, store, running, connector_id, start_s, 86_400, vector.hardware.unit)
        for after_s in range(1, told.duration_s, 450):
            at_s = start_s + after_s
            limit = [period.limit for period in told.periods if period.start_s <= after_s][-1]
            if connector_id:
                view = permitted(vector.hardware, store, running, at_s)[connector_id]
            elif set(running) == {1, 2}:
                view = permitted_together(vector.hardware, store, running, at_s)
            else:
                continue  # idle connectors are told as if they charged from now on
            amount = max(view.currents_a) if vector.hardware.phases else view.power_w
            assert limit <= amount + 1e-6 < limit + 0.1 + 1e-5, f"connector {connector_id}, {after_s} s"


def test_an_idle_connector_asks_for_no_more_than_the_maximum_leaves() -> None:
    subject = Vector("", "", "", (station("0:20"), relative(default("0:8 600:16"))), running={1: "Mon 08:00"})
    store = store_of(subject, "2.0.1")
    found = composite_schedule(AC_THREE_PHASES, store, running_of(subject), 2, seconds("Mon 08:05"), 1800, "A")
    assert [(period.start_s, period.limit) for period in found.periods] == [(0, 12), (300, 10)]
