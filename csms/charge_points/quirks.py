"""What is known of makes of chargers and cannot be asked: one row each, in the words of domain.Capabilities.

A charger's own answers say what it believes it can do; these rows say what it does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from csms.domain.model import Capabilities, LimitPurpose


@dataclass(frozen=True, slots=True)
class Quirk:
    """Patterns (`*` and `?`, any case) for vendor, model and firmware, and what holds where all three match.

    `highest_stack_level` caps what the charger claims; the other fields replace it, None leaves it alone.
    """

    vendor: str
    model: str = "*"
    firmware: str = "*"
    rate_units: tuple[str, ...] | None = None
    highest_stack_level: int | None = None
    current_step_a: float | None = None
    relative_profiles: bool | None = None
    limit_by: LimitPurpose | None = None

    def matches(self, vendor: str | None, model: str | None, firmware: str | None) -> bool:
        """A charger that does not tell its vendor matches nothing."""
        told = ((self.vendor, vendor), (self.model, model), (self.firmware, firmware))
        return vendor is not None and all(fnmatchcase((text or "").lower(), glob.lower()) for glob, text in told)

    def applied_to(self, capabilities: Capabilities) -> Capabilities:
        if self.rate_units is not None:
            capabilities = replace(capabilities, rate_units=self.rate_units)
        if self.highest_stack_level is not None:
            level = min(capabilities.max_stack_level or 0, self.highest_stack_level)
            capabilities = replace(capabilities, max_stack_level=level)
        if self.current_step_a is not None:
            capabilities = replace(capabilities, current_step_a=self.current_step_a)
        if self.relative_profiles is not None:
            capabilities = replace(capabilities, relative_profiles=self.relative_profiles)
        if self.limit_by is not None:
            capabilities = replace(capabilities, limit_by=self.limit_by)
        return capabilities


QUIRKS: Sequence[Quirk] = (
    Quirk("ABB*", highest_stack_level=0),
    Quirk("Huawei*", rate_units=("W",)),
    Quirk("NEcharge*", current_step_a=1.0),
    Quirk("Schneider*", highest_stack_level=100),
    # TxProfile is answered NotSupported, an absolute profile not at all.
    Quirk("Timxon*", relative_profiles=True, limit_by=LimitPurpose.DEFAULT),
    # An absolute profile is refused without startSchedule and mistaken with one.
    Quirk("Wall?box*", highest_stack_level=0, relative_profiles=True),
    Quirk("Wallbox*", highest_stack_level=0, relative_profiles=True),
)


def with_quirks(
    capabilities: Capabilities, vendor: str | None, model: str | None, firmware: str | None
) -> Capabilities:
    """The capabilities as every matching row corrects them, in the order of the table."""
    for quirk in QUIRKS:
        if quirk.matches(vendor, model, firmware):
            capabilities = quirk.applied_to(capabilities)
    return capabilities
