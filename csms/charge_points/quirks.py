"""What is known of makes of chargers and cannot be asked: one row each, in the words of domain.Capabilities.

A charger's own answers say what it believes it can do; these rows say what it does. What a charger's answers to limits
teach goes before a row, and what an operator pins before both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from csms.domain.capabilities import NO_KNOBS, Capabilities, Knobs, LimitPurpose
from csms.domain.model import ChargePoint


@dataclass(frozen=True, slots=True)
class Quirk:
    """Patterns (`*` and `?`, any case) for vendor, model and firmware, and what holds where all three match.

    `highest_stack_level` caps what the charger claims; the knobs replace it. `seen` is what the make was seen to do,
    for the reference.
    """

    vendor: str
    model: str = "*"
    firmware: str = "*"
    knobs: Knobs = NO_KNOBS
    highest_stack_level: int | None = None
    seen: str = ""

    def matches(self, vendor: str | None, model: str | None, firmware: str | None) -> bool:
        """A charger that does not tell its vendor matches nothing."""
        told = ((self.vendor, vendor), (self.model, model), (self.firmware, firmware))
        return vendor is not None and all(fnmatchcase((text or "").lower(), glob.lower()) for glob, text in told)

    def knobs_for(self, told: Capabilities) -> Knobs:
        """What the row says of a charger that told so much of itself."""
        if self.highest_stack_level is None:
            return self.knobs
        level = min(told.max_stack_level or 0, self.highest_stack_level)
        return replace(self.knobs, max_stack_level=level)


QUIRKS: Sequence[Quirk] = (
    Quirk(
        "ABB*",
        knobs=Knobs(unasked=("measurands",)),
        highest_stack_level=0,
        seen="takes stack level 0 alone; restarts over and over when asked for its measurands",
    ),
    Quirk("ABB*", model="*Terra*", knobs=Knobs(lowest_default_a=6.1), seen="refuses a default profile of exactly 6 A"),
    Quirk("go-e*", knobs=Knobs(keeps_profiles=False), seen="loses its profiles on reconnect and goes to full power"),
    Quirk(
        "Huawei*",
        knobs=Knobs(rate_units=("W",), takes_zero=False),
        seen="takes watts alone; a limit of 0 stays and blocks later sessions",
    ),
    Quirk("NEcharge*", knobs=Knobs(currents_a=(6.0, 8.0, 10.0, 13.0, 16.0)), seen="takes these currents alone"),
    Quirk("Schneider*", highest_stack_level=100, seen="rejects stack levels above 100 or so"),
    Quirk(
        "Timxon*",
        knobs=Knobs(relative_profiles=True, limit_by=LimitPurpose.DEFAULT),
        seen="answers TxProfile with NotSupported, an absolute profile not at all",
    ),
    Quirk(
        "Wall?box*",
        knobs=Knobs(relative_profiles=True),
        highest_stack_level=0,
        seen="refuses an absolute profile without startSchedule, mistakes one with it",
    ),
    Quirk("Wallbox*", knobs=Knobs(relative_profiles=True), highest_stack_level=0, seen="the same, written so"),
)


def known_of_make(told: Capabilities, charge_point: ChargePoint) -> Knobs:
    """What every row says that matches, the later ones over the earlier, of a charger that told so much of itself."""
    knobs = NO_KNOBS
    for quirk in QUIRKS:
        if quirk.matches(charge_point.vendor, charge_point.model, charge_point.firmware_version):
            knobs = quirk.knobs_for(told).over(knobs)
    return knobs
