"""Ways of saying a limit: what a charger rejects teaches, and the next lower way is tried. Pure.

A way is a handful of knobs over what is known otherwise. It is tried once, its sayings (one per charging profile it
needs) either work or fail, and both are remembered: what has worked is never given up for a single refusal, what has
failed is never tried again on this firmware. So a search ends, and always in the same way.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from itertools import combinations

from csms.domain.capabilities import NO_KNOBS, Capabilities, Knobs, Learned, LimitPurpose, effective, pins
from csms.domain.commands import Answer, Outcome, SetLimit
from csms.domain.electrical import LimitForm, limit_form
from csms.domain.model import ChargePoint, ChargePointSettings, SiteSettings

_STATION_MAX = "ChargePointMaxProfile"

REFUSALS_BELIEVED = 2
"""One refusal of a way never tried before may be an accident: a message that crossed another."""

_FORMAT_CODES = frozenset(
    {
        "FormationViolation",
        "FormatViolation",
        "PropertyConstraintViolation",
        "OccurenceConstraintViolation",
        "OccurrenceConstraintViolation",
        "TypeConstraintViolation",
    }
)
"""CALLERRORs that say what was wrong with the words, in both versions' spelling."""


@dataclass(frozen=True, slots=True)
class Place:
    """The charge point that is spoken to, as declared and known."""

    site: SiteSettings
    settings: ChargePointSettings
    charge_point: ChargePoint

    def form(self, capabilities: Capabilities) -> LimitForm:
        return limit_form(self.site, self.settings, capabilities)


def said(command: SetLimit) -> str:
    """A limit's way in words: what is remembered as having worked or failed."""
    return _saying(command.purpose, command.form, two_periods=command.lease_s is not None)


def taken(command: SetLimit, place: Place) -> Learned | None:
    """What an accepted limit teaches; None: nothing new."""
    learned, saying = place.charge_point.knowledge.learned, said(command)
    if saying in learned.worked:
        return None
    return replace(learned, worked=(*learned.worked, saying))


def refused(command: SetLimit, outcome: Outcome, refusals: int, place: Place) -> Learned | None:
    """What a refusal teaches, the `refusals`-th in a row of that purpose; None: nothing, it is said again so."""
    learned, saying = place.charge_point.knowledge.learned, said(command)
    if not is_refusal(outcome) or saying in learned.worked or learned.given_up:
        return None
    if refusals < REFUSALS_BELIEVED and not learned.failed:
        return None
    words = [saying]
    if outcome.answer is Answer.NOT_SUPPORTED:
        words.append(_profile(command.purpose, command.form))  # in no form at all
    failed = (*learned.failed, *(word for word in words if word not in learned.failed))
    way = next_way(place, failed)
    found = Learned(way or NO_KNOBS, learned.worked, failed, given_up=way is None)
    return None if found == learned else found


def over_at_once(place: Place) -> Learned | None:
    """What it teaches that an accepted limit has stepped down already: the charger's clock is beyond its lease, or it
    takes the last period for all of it. None: nothing new."""
    learned, known = place.charge_point.knowledge.learned, place.charge_point.capabilities
    if known is None or not known.has_leases:
        return None
    saying = _saying(LimitPurpose.TRANSACTION, place.form(known), two_periods=True)
    if saying in learned.failed:
        return None
    failed = (*learned.failed, saying)
    way = next_way(place, failed)
    return None if way is None else Learned(way, tuple(said for said in learned.worked if said != saying), failed)


def outdated_standing_limit(charge_point: ChargePoint) -> LimitPurpose | None:
    """Which profile may still say what once stood, now that the other one does; None: neither."""
    known = charge_point.capabilities
    if known is not None and known.limit_by is LimitPurpose.STATION:
        return LimitPurpose.DEFAULT
    once = any(saying.startswith(_STATION_MAX) for saying in charge_point.knowledge.learned.worked)
    return LimitPurpose.STATION if once else None


def is_refusal(outcome: Outcome) -> bool:
    """Whether the charger did not like how the limit was said; silence and internal errors say nothing of that."""
    if outcome.answer in (Answer.REJECTED, Answer.NOT_SUPPORTED):
        return True
    return outcome.answer is Answer.CALL_ERROR and outcome.detail.split(":")[0] in _FORMAT_CODES


def next_way(place: Place, failed: Collection[str]) -> Knobs | None:
    """The first way of which nothing has failed; else the first in which a transaction can be limited, at least; None:
    there is none."""
    knowledge = place.charge_point.knowledge
    base = effective(replace(knowledge, learned=Learned()), place.settings.quirks, place.settings.connectors)
    if base is None:
        return None
    fixed = frozenset(name for name, _ in pins(knowledge, place.settings.quirks).said())
    ways = list(_ways(base, place, fixed))
    for standing_too in (True, False):
        for way in ways:
            capabilities = way.applied_to(base)
            if standing_too or capabilities.limit_by is LimitPurpose.TRANSACTION:
                sayings = _sayings(capabilities, place.form(capabilities), standing_too=standing_too)
                if not any(_has_failed(saying, failed) for saying in sayings):
                    return way
    return None


def _ways(base: Capabilities, place: Place, fixed: frozenset[str]) -> Iterator[Knobs]:
    """Every way worth a try, the best first: as it is, then with one change, with two, with all; first for the profile
    that is limited by now, then for the next lower one."""
    changes = [change for change in _changes(base, place) if not fixed & {name for name, _ in change.said()}]
    for purpose in _purposes(base, place, fixed):
        by = NO_KNOBS if purpose is base.limit_by else Knobs(limit_by=purpose)
        for count in (0, 1, 2):
            for several in combinations(changes, count):
                yield _together(by, several)
        yield _together(by, [change for change in changes if change.rate_units is None])
        yield _together(by, changes)


def _changes(base: Capabilities, place: Place) -> Iterator[Knobs]:
    """What may be said otherwise, the likeliest to help first."""
    form = place.form(base)
    if base.has_leases:
        yield Knobs(leases=False)
    if form.stack_level > 0:
        yield Knobs(max_stack_level=0)
    yield Knobs(relative_profiles=not base.relative_profiles)
    yield Knobs(rate_units=("W",) if form.unit == "A" else ("A",))
    if base.number_phases:
        yield Knobs(number_phases=False)
    if place.settings.connectors == 1 and not base.default_on_station:
        yield Knobs(default_on_station=True)


_LOWER = (LimitPurpose.TRANSACTION, LimitPurpose.DEFAULT, LimitPurpose.STATION)


def _purposes(base: Capabilities, place: Place, fixed: frozenset[str]) -> tuple[LimitPurpose, ...]:
    if "limit_by" in fixed:
        return (base.limit_by,)
    lower = _LOWER[_LOWER.index(base.limit_by) :]
    return lower if place.settings.connectors == 1 else tuple(p for p in lower if p is not LimitPurpose.STATION)


def _together(by: Knobs, changes: Collection[Knobs]) -> Knobs:
    for change in changes:
        by = change.over(by)
    return by


def _sayings(capabilities: Capabilities, form: LimitForm, *, standing_too: bool) -> Iterator[str]:
    """What must not have failed for a way to be worth a try."""
    if standing_too:
        yield _saying(LimitPurpose.DEFAULT, form, two_periods=False)
    if capabilities.limit_by is LimitPurpose.TRANSACTION:
        yield _saying(LimitPurpose.TRANSACTION, form, two_periods=False)
        if capabilities.has_leases:
            yield _saying(LimitPurpose.TRANSACTION, form, two_periods=True)


def _has_failed(saying: str, failed: Collection[str]) -> bool:
    return saying in failed or saying.split(" ", maxsplit=1)[0] in failed


def _profile(purpose: LimitPurpose, form: LimitForm) -> str:
    """By its name in 1.6."""
    if purpose is LimitPurpose.TRANSACTION:
        return "TxProfile"
    return _STATION_MAX if form.station_max else "TxDefaultProfile"


def _saying(purpose: LimitPurpose, form: LimitForm, *, two_periods: bool) -> str:
    kind = "Relative" if form.is_relative(purpose) else "Absolute"
    words = [f"{_profile(purpose, form)} in {form.unit}", f"level {form.stack_level}", kind]
    if two_periods:
        words.append("two periods")
    if not form.number_phases:
        words.append("no numberPhases")
    if form.default_on_station and not form.station_max and purpose is LimitPurpose.DEFAULT:
        words.append("connector 0")
    return ", ".join(words)
