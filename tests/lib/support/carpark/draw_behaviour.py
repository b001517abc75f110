"""Draw how a charger departs from the book, from what the simulators can do.

The quirks of the first table excuse nothing: the ceiling must hold with them. The faults of the second break what a
charger has acknowledged; `standing` says which excess that excuses, and for how long.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import fields, replace

from simulators.behaviour import BY_THE_BOOK, Behaviour
from simulators.readings import BY_THE_TEXT, Readings
from support.carpark.scenario import Temper

Knobs = Mapping[str, object]

QUIRKS: tuple[Knobs, ...] = (
    {"answer_delay_s": (0.0, 12.0)},
    {"chance_answer_lost": 0.15},
    {"chance_call_lost": 0.15},
    {"chance_call_error": 0.15},
    {"chance_answered_twice": 0.3},
    {"chance_answered_late": 0.15},
    {"rejects_profile_chance": 0.2},
    {"rejects_profiles": ("TxProfile",)},
    {"rejects_profiles": ("TxProfile", "TxDefaultProfile", "ChargePointMaxProfile")},
    {"honours_only": ("TxDefaultProfile",)},
    {"takes_kinds": ("Absolute",)},
    {"takes_kinds": ("Relative",)},
    {"default_places": "connectors"},
    {"default_places": "station"},
    {"default_slots": "one"},
    {"default_slots": "shared"},
    {"highest_stack_level": 0},
    {"most_periods": 1},
    {"never_answers": ("SetChargingProfile",)},
    {"never_answers": ("SetChargingProfile",), "obeys_unanswered": True},
    {"lacks": ("GetCompositeSchedule",)},
    {"composite_schedule": "rejected"},
    {"composite_schedule": "no schedule"},
    {"composite_flaw": "endless"},
    {"boots_on_reconnect": True},
    {"omits_clock_zone": True},
    {"repeats_start_with_new_id": True},
    {"clock_ahead_s": 40.0},
    {"clock_ahead_s": -40.0},
    {"charges_freely": "under_default"},
)

UNCLEAR: tuple[Knobs, ...] = (
    {"chance_answer_lost": 0.3},
    {"chance_call_lost": 0.3},
    {"chance_call_error": 0.3},
    {"chance_answered_late": 0.3},
    {"rejects_profile_chance": 0.4},
    {"answer_delay_s": (0.0, 25.0)},
)
"""Often enough for a limit to matter that may be in force or not."""

FAULTS: Mapping[str, Knobs] = {
    "ignores": {"ignores_profiles": True},
    "at_rating": {"charges_at_rating": True},
    "late_application": {"applies_after_s": (2.0, 40.0)},
    "forgets_on_reconnect": {"loses_profiles_on_reconnect": True},
    "forgets_on_reboot": {"loses_profiles_on_reboot": True},
    "loses_clock": {"clock_after_reboot_s": 0.0},
    "wrong_clock": {"clock_ahead_s": -4000.0},
    "overdraws": {"overdraw": 0.1},
    "charges_freely": {"charges_freely": "at_rating", "free_metering": "bare"},
}
"""Chargers that break what they acknowledged, by the name the report gives to what follows."""

AT_RUN_TIME = ("ignores", "at_rating", "overdraws")
"""The faults that a charger may fall into, and out of, while it runs."""

_KNOWN = frozenset(field.name for field in fields(Behaviour))


def possible(knobs: Knobs) -> bool:
    """Whether the simulators have these knobs."""
    return set(knobs) <= _KNOWN


def with_knobs(behaviour: Behaviour, knobs: Knobs) -> Behaviour:
    return replace(behaviour, **knobs)  # type: ignore[arg-type]  # a table row names fields of every kind


def fault_of(behaviour: Behaviour) -> str | None:
    """The fault a behaviour shows, None for those that keep what they acknowledge; of several the one that shows most:
    what it may fall into while it runs, and last what is about forgetting, which is noticed when it happens."""
    for name, knobs in sorted(FAULTS.items(), key=lambda f: (f[0] not in AT_RUN_TIME, f[0].startswith("forgets"))):
        if possible(knobs) and all(getattr(behaviour, knob) == value for knob, value in knobs.items()):
            return name
    return None


def draw_behaviour(rng: random.Random, temper: Temper) -> Behaviour:
    """By the book on calm sites; elsewhere a quirk now and then, and on unruly sites a fault."""
    lot, quirk, fault = rng.random(), rng.choice(QUIRKS), rng.choice(list(FAULTS))
    if temper == "calm":
        return BY_THE_BOOK
    if temper == "unclear":
        return with_knobs(BY_THE_BOOK, rng.choice(UNCLEAR))
    if temper == "unruly" and lot < 0.25 and possible(FAULTS[fault]):
        return with_knobs(BY_THE_BOOK, FAULTS[fault])
    if lot < 0.6 and possible(quirk):
        return with_knobs(BY_THE_BOOK, quirk)
    return BY_THE_BOOK


def draw_readings(rng: random.Random, temper: Temper) -> Readings:
    """Which of the plausible readings of the specification a charger follows."""
    drawn, by_the_text = Readings.draw(rng), rng.random() < 0.4
    return BY_THE_TEXT if temper == "calm" or by_the_text else drawn
