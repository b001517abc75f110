"""Each answer to each question the specification leaves open, and what a charger that gives it permits."""

import random
from collections.abc import Iterable
from dataclasses import fields, replace
from typing import get_args, get_type_hints

import pytest
from profile_vectors import Profile, Vector, default, message, relative, running_of, seconds, station, store_of, tx

from simulators.car import Car
from simulators.charge_point import ChargePoint
from simulators.hardware import AC_ONE_PHASE, AC_THREE_PHASES, Hardware
from simulators.offers import offers_at, permitted_together
from simulators.profiles import ProfileStore, StoreRules
from simulators.readings import BY_THE_TEXT, Readings

HOUR = default("0:10 1800:14 7200:9", start="Mon 08:00", duration=3600)
LATER = relative(tx("0:20 1800:10", received="Mon 09:00"))
AT_253_V = replace(AC_THREE_PHASES, voltage_v=253.0)


def permits_a(
    readings: Readings, profiles: tuple[Profile, ...], times: Iterable[str], hardware: Hardware = AC_THREE_PHASES
) -> list[float]:
    """Amperes connector 1 permits at each time; its transaction began on Monday 08:00, its car came at 07:30."""
    subject = Vector("", "", "", profiles)
    store = store_of(subject, "1.6", readings)
    return [offers_at(hardware, store, running_of(subject), seconds(time))[1].current_a for time in times]


@pytest.mark.parametrize(
    ("readings", "profiles", "expected"),
    [
        # When a schedule with a duration is over.
        (Readings(finished="lower level"), (HOUR, default("0:12", level=0)), {"Mon 08:30": 12}),
        (
            Readings(finished="lower level"),
            (replace(HOUR, level=1), default("0:12")),
            {"Mon 08:30": 14, "Mon 09:00": 12},
        ),
        (
            Readings(finished="last period"),
            (replace(HOUR, level=1), default("0:12")),
            {"Mon 08:30": 14, "Mon 12:00": 14},
        ),
        (Readings(finished="no limit"), (replace(HOUR, level=1), default("0:12")), {"Mon 08:30": 14, "Mon 09:00": 32}),
        (Readings(finished="no limit"), (tx("0:8", duration=60), default("0:12"), station("0:20")), {"Mon 08:01": 20}),
        # What a Relative schedule counts from.
        (Readings(relative="transaction"), (LATER,), {"Mon 09:00": 10}),
        (Readings(relative="receipt"), (LATER,), {"Mon 09:00": 20, "Mon 09:29": 20, "Mon 09:30": 10}),
        (Readings(relative="plug-in"), (relative(tx("0:20 3600:10")),), {"Mon 08:29": 20, "Mon 08:30": 10}),
        # What an Absolute schedule without startSchedule counts from.
        (
            Readings(undated="transaction"),
            (default("0:20 1800:10", start=None, received="Mon 08:20"),),
            {"Mon 08:30": 10},
        ),
        (
            Readings(undated="receipt"),
            (default("0:20 1800:10", start=None, received="Mon 08:20"),),
            {"Mon 08:30": 20, "Mon 08:49": 20, "Mon 08:50": 10},
        ),
        # What a schedule says before it begins.
        (Readings(future="silent"), (default("0:10 600:20", start="Mon 09:00"),), {"Mon 08:00": 32, "Mon 09:00": 10}),
        (
            Readings(future="first period"),
            (default("0:10 600:20", start="Mon 09:00"),),
            {"Mon 08:00": 10, "Mon 09:00": 10, "Mon 09:10": 20},
        ),
        (Readings(future="first period"), (default("0:10", start="Wed 09:00", repeats="Daily"),), {"Mon 08:00": 10}),
        # Whether validTo ends a profile; validFrom always begins it.
        (Readings(expiry="honoured"), (default("0:10", valid_to="Mon 09:00"),), {"Mon 08:59": 10, "Mon 09:00": 32}),
        (Readings(expiry="ignored"), (default("0:10", valid_to="Mon 09:00"),), {"Mon 08:59": 10, "Mon 09:00": 10}),
        (Readings(expiry="ignored"), (default("0:10", valid_from="Mon 09:00"),), {"Mon 08:59": 32, "Mon 09:00": 10}),
        # Whether a TxProfile goes beyond its first period; others do.
        (Readings(tx_periods="all"), (tx("0:16 900:6"),), {"Mon 08:14": 16, "Mon 08:15": 6}),
        (Readings(tx_periods="first"), (tx("0:16 900:6"),), {"Mon 08:14": 16, "Mon 08:15": 16}),
        (Readings(tx_periods="first"), (default("0:16 900:6", start="Mon 08:00"),), {"Mon 08:15": 6}),
        (
            Readings(tx_periods="first"),
            (tx("0:16 900:6", duration=1800), default("0:9")),
            {"Mon 08:29": 16, "Mon 08:30": 9},
        ),
        # What an AC charger makes of less than 6 A.
        (Readings(below_6_a="pause"), (tx("0:5.9 600:0"),), {"Mon 08:00": 0, "Mon 08:10": 0}),
        (Readings(below_6_a="six"), (tx("0:5.9 600:0"),), {"Mon 08:00": 6, "Mon 08:10": 0}),
        # Whether connector 0's default is still there beside a connector's own.
        (Readings(own_default="stacks"), (default("0:12", on=0, level=1), default("0:20")), {"Mon 08:00": 12}),
        (Readings(own_default="replaces"), (default("0:12", on=0, level=1), default("0:20")), {"Mon 08:00": 20}),
        (
            Readings(own_default="replaces"),
            (default("0:12", on=0), replace(HOUR, level=1)),
            {"Mon 08:30": 14, "Mon 09:00": 32},
        ),
        (Readings(own_default="replaces"), (default("0:12", on=0), default("0:20", on=2)), {"Mon 08:00": 12}),
    ],
)
def test_what_a_charger_permits_follows_its_readings(
    readings: Readings, profiles: tuple[Profile, ...], expected: dict[str, float]
) -> None:
    assert permits_a(readings, profiles, expected) == list(expected.values())


@pytest.mark.parametrize(
    ("readings", "hardware", "periods", "expected_a"),
    [
        (Readings(watts_over="numberPhases"), AC_THREE_PHASES, "0:11040", 16),
        (Readings(watts_over="numberPhases"), AC_ONE_PHASE, "0:11040/3", 16),
        (Readings(watts_over="phases in use"), AC_ONE_PHASE, "0:3680/3", 16),
        (Readings(watts_over="phases in use"), AC_ONE_PHASE, "0:3680/1", 16),
        (Readings(watts_over="numberPhases"), AC_THREE_PHASES, "0:11040/1", 16),  # on three phases whatever it says
        (Readings(watts_at="set voltage"), AT_253_V, "0:11040", 16),
        (Readings(watts_at="measured voltage"), AT_253_V, "0:12144", 16),
    ],
)
def test_how_watts_become_amperes_follows_its_readings(
    readings: Readings, hardware: Hardware, periods: str, expected_a: float
) -> None:
    assert permits_a(readings, (tx(periods, unit="W"),), ["Mon 08:00"], hardware) == pytest.approx([expected_a])


def test_limits_raised_to_6_a_may_together_exceed_the_maximum() -> None:
    subject = Vector("", "", "", (station("0:10"),), running={1: "Mon 08:00", 2: "Mon 08:00"})
    store = store_of(subject, "1.6", Readings(below_6_a="six"))
    running, at_s = running_of(subject), seconds("Mon 08:00")
    offers = offers_at(AC_THREE_PHASES, store, running, at_s)
    assert [offer.current_a for offer in offers.values()] == [6, 6]
    assert permitted_together(AC_THREE_PHASES, store, running, at_s).currents_a == (12, 12, 12)


def test_a_simulated_charge_point_charges_by_its_readings() -> None:
    store = ProfileStore(StoreRules("replace", ("A",)), (1,), Readings(relative="plug-in", below_6_a="six"))
    subject = ChargePoint(AC_THREE_PHASES, 1, store, now_s=seconds("Mon 07:00"))
    profile = message(relative(default("0:16 3600:4")), 1, "1.6")
    assert store.install(1, profile, {}, seconds("Mon 07:00")) is None
    subject.plug_in(1, Car(battery_wh=50_000, soc=0.2), seconds("Mon 07:30"))
    subject.start(1, "TAG", seconds("Mon 08:00"))
    drawn_a = []
    for time in ("Mon 08:29", "Mon 08:31"):
        subject.advance(seconds(time))
        drawn_a.append(subject.connectors[1].draw.currents_a)
    assert drawn_a == [(16, 16, 16), (6, 6, 6)]


def test_readings_are_drawn_from_all_answers_and_by_the_seed_alone() -> None:
    drawn = [Readings.draw(random.Random(seed)) for seed in range(200)]
    assert drawn == [Readings.draw(random.Random(seed)) for seed in range(200)]
    for question in fields(Readings):
        answers = get_args(get_type_hints(Readings)[question.name])
        assert {getattr(one, question.name) for one in drawn} == set(answers)
        assert getattr(BY_THE_TEXT, question.name) == answers[0]
