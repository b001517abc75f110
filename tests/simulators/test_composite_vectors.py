"""Proof 3: what a charger permits, worked out by hand from the specification's text and examples."""

from dataclasses import fields, replace
from typing import get_args, get_type_hints

import pytest
from composite_vectors import VECTORS
from profile_vectors import Vector, periods_of, running_of, seconds, store_of

from simulators.composite import composite_schedule
from simulators.offers import Permitted, permitted, permitted_together
from simulators.protocol import Version
from simulators.readings import BY_THE_TEXT, Readings

CASES = [pytest.param(v, version, id=f"{version} {v.name}") for v in VECTORS for version in v.versions]


def shown(vector: Vector, view: Permitted) -> float:
    """The number a vector gives: amperes per phase (AC) or watts (DC)."""
    return view.currents_a[0] if vector.hardware.phases else view.power_w


@pytest.mark.parametrize(("vector", "version"), CASES)
def test_every_connector_permits_what_the_text_says(vector: Vector, version: Version) -> None:
    store, running = store_of(vector, version), running_of(vector)
    for number, expected in ((1, vector.at), (2, vector.at_2)):
        for time, value in expected.items():
            view = permitted(vector.hardware, store, running, seconds(time))[number]
            assert shown(vector, view) == pytest.approx(value, abs=1e-6), f"connector {number}, {time}: {vector.says}"
    for time, value in vector.watts.items():
        view = permitted(vector.hardware, store, running, seconds(time))[1]
        assert view.power_w == pytest.approx(value), f"{time}: {vector.says}"
    for time, value in vector.together.items():
        whole = permitted_together(vector.hardware, store, running, seconds(time))
        assert shown(vector, whole) == pytest.approx(value), f"together, {time}: {vector.says}"


@pytest.mark.parametrize(("vector", "version"), [case for case in CASES if case.values[0].composite])  # type: ignore[union-attr]
def test_the_composite_schedule_tells_what_the_text_says(vector: Vector, version: Version) -> None:
    asked = vector.composite
    assert asked is not None
    found = composite_schedule(
        vector.hardware,
        store_of(vector, version),
        running_of(vector),
        asked.connector,
        seconds(asked.asked),
        asked.duration,
        asked.unit,
    )
    assert [(period.start_s, period.limit) for period in found.periods] == periods_of(asked.periods), vector.says
    assert (found.start_s, found.duration_s) == (seconds(asked.asked) // 1, asked.duration)


@pytest.mark.parametrize(("vector", "version"), CASES)
def test_between_two_announced_changes_nothing_changes(vector: Vector, version: Version) -> None:
    """The store's next change is what a simulation steps to: no limit may move before it."""
    store, running = store_of(vector, version), running_of(vector)
    instant, end = seconds("Mon 08:00"), seconds("Mon2 12:00")
    while (change := store.next_change_s(instant, running)) is not None and change < end:
        begun = permitted(vector.hardware, store, running, instant)
        for share in (0.25, 0.75, 0.999):
            between = instant + share * (change - instant)
            assert permitted(vector.hardware, store, running, between) == begun, f"{instant} to {change}"
        instant = change


ANSWERS = get_type_hints(Readings)
OTHERS = [
    replace(BY_THE_TEXT, **{question.name: answer})
    for question in fields(Readings)
    for answer in get_args(ANSWERS[question.name])[1:]
]


@pytest.mark.parametrize("readings", OTHERS, ids=str)
def test_every_other_reading_is_noticed_by_a_vector(readings: Readings) -> None:
    """What the text says is pinned down: no second reading of it passes all vectors."""

    def differs(vector: Vector, version: Version) -> bool:
        store, running = store_of(vector, version, readings), running_of(vector)
        return any(
            shown(vector, permitted(vector.hardware, store, running, seconds(time))[1])
            != pytest.approx(value, abs=1e-6)
            for time, value in vector.at.items()
        )

    assert any(differs(vector, version) for vector in VECTORS for version in vector.versions)


def test_there_are_enough_of_them_and_each_is_named_once() -> None:
    names = [vector.name for vector in VECTORS]
    assert len(names) == len(set(names)) >= 60
    assert all(len(v.at) + len(v.at_2) + len(v.together) + len(v.watts) + bool(v.composite) >= 1 for v in VECTORS)
    assert all(vector.clause and vector.says for vector in VECTORS)
