"""What was found out about a charge point: events, as those of domain.events."""

from __future__ import annotations

from dataclasses import dataclass

from csms.domain.capabilities import NO_KNOBS, Capabilities, Knobs, Learned
from csms.domain.event import ChargePointEvent


@dataclass(frozen=True, slots=True)
class CapabilitiesLearned(ChargePointEvent):
    """What it told of itself, and what is known of its make."""

    capabilities: Capabilities
    quirk: Knobs = NO_KNOBS


@dataclass(frozen=True, slots=True)
class WayLearned(ChargePointEvent):
    """Its answers to limits have taught how to say them. `because`: the way and the answer that did."""

    learned: Learned
    because: str = ""


@dataclass(frozen=True, slots=True)
class QuirksPinned(ChargePointEvent):
    """An operator knows better; None leaves it to the file again."""

    quirks: Knobs | None
