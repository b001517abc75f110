"""What a behaviour makes of a single CALL: whether a profile counts, and what befalls the answer. Pure."""

import random
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Literal

from simulators.behaviour import Behaviour, Span
from simulators.charging_profile import Period, Running
from simulators.composite import Composite
from simulators.demands import demands_otherwise, stuck_at_zero
from simulators.frames import JsonObject
from simulators.profiles import Installed, ProfileStore

Verdict = Literal["take", "ignore", "reject", "not supported"]
Mishap = Literal["call_lost", "answer_lost", "call_error", "answered_twice", "answered_late"]

ENDLESS_S = 157_680_000_000  # 5000 years
THIRD_OF_A_TENTH = 0.1 / 3


def verdict(behaviour: Behaviour, connector_id: int, profile: JsonObject) -> Verdict:
    """What becomes of a profile on the wire, before the profile store is asked; `ignore` is Accepted without effect."""
    purpose = profile["chargingProfilePurpose"]
    if purpose in behaviour.rejects_profiles or demands_otherwise(behaviour, profile):
        return "reject"
    if purpose in behaviour.not_supported:
        return "not supported"
    if behaviour.takes_kinds and profile["chargingProfileKind"] not in behaviour.takes_kinds:
        return "reject"
    if behaviour.honours_only and purpose not in behaviour.honours_only:
        return "ignore" if behaviour.accepts_the_rest else "reject"
    misplaced = {"any": False, "station": connector_id != 0, "connectors": connector_id == 0}
    if purpose == "TxDefaultProfile" and misplaced[behaviour.default_places]:
        return "reject"
    return "ignore" if behaviour.ignores_profiles else "take"


def mishap(behaviour: Behaviour, action: str, rng: random.Random) -> Mishap | None:
    """What befalls the answer to a CALL; the generator is asked only where chance has a say."""
    if action in behaviour.never_answers:
        return "answer_lost" if behaviour.obeys_unanswered else "call_lost"
    if action in behaviour.call_error_for:
        return "call_error"
    chances: tuple[tuple[float, Mishap], ...] = (
        (behaviour.chance_call_lost, "call_lost"),
        (behaviour.chance_answer_lost, "answer_lost"),
        (behaviour.chance_call_error, "call_error"),
        (behaviour.chance_answered_twice, "answered_twice"),
        (behaviour.chance_answered_late, "answered_late"),
    )
    spared = bool(behaviour.chances_for) and action not in behaviour.chances_for
    if spared or not any(chance for chance, _ in chances):
        return None
    lot = rng.random()
    for chance, kind in chances:
        if lot < chance:
            return kind
        lot -= chance
    return None


def restarts(behaviour: Behaviour, names: Iterable[str]) -> str | None:
    """How it restarts when it was asked about these, or told them; None: it does not."""
    return "HardReset" if set(names) & set(behaviour.restarts_when_asked) else None


def rejects_by_chance(behaviour: Behaviour, action: str, rng: random.Random) -> bool:
    chance = behaviour.rejects_profile_chance if action == "SetChargingProfile" else 0.0
    return chance > 0 and rng.random() < chance


def duration_s(span: Span, rng: random.Random) -> float:
    """A time drawn from a span; one without length is not drawn."""
    shortest_s, longest_s = span
    return shortest_s if shortest_s == longest_s else rng.uniform(shortest_s, longest_s)


def told(behaviour: Behaviour, composite: Composite) -> Composite:
    """A composite schedule as this charger tells it."""
    if behaviour.composite_schedule == "present only":
        composite = replace(composite, periods=composite.periods[:1])
    match behaviour.composite_flaw:
        case "decimals":
            return replace(composite, periods=tuple(_with_decimals(period) for period in composite.periods))
        case "endless":
            return replace(composite, duration_s=ENDLESS_S)
        case "none":
            return composite


def _with_decimals(period: Period) -> Period:
    """As a careless conversion leaves it: 1/30 lower."""
    return replace(period, limit=max(period.limit - THIRD_OF_A_TENTH, 0.0))


def install(store: ProfileStore, new: Installed, running: Mapping[int, Running], behaviour: Behaviour) -> str | None:
    """Install a profile, or say why not, in a store with as many places for TxDefaultProfiles as `default_slots` says.

    Where those of connectors 1..n have one place together, what had it is gone. A transaction that stood at 0 until it
    was told a limit stands at 0 no more.
    """
    before, slots = store.installed, behaviour.default_slots
    if stuck_at_zero(behaviour, store, new):
        return None
    in_one_place = slots != "each" and new.profile.purpose == "TxDefault" and new.connector_id != 0
    if in_one_place:
        store.installed = [item for item in before if item.profile.purpose != "TxDefault" or not item.connector_id]
    refusal = store.install(new.connector_id, new.profile, running, new.received_s)
    if refusal is not None:
        store.installed = before
    elif in_one_place and slots == "shared":
        others = [number for number in store.connectors if number != new.connector_id]
        store.installed += [replace(new, connector_id=number) for number in others]
    if refusal is None:
        store.held -= running.keys() & ({new.connector_id} if new.connector_id else running.keys())
    return refusal
