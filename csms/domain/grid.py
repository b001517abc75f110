"""What stands between the grid and the chargers: circuits, and ceilings that others set for a time."""

from __future__ import annotations

from dataclasses import dataclass

GRID = "grid"
"""The name of the grid connection itself: no circuit has it."""

PHASES = (0, 1, 2)
"""The site's phases L1, L2 and L3, as indices."""


@dataclass(frozen=True, slots=True)
class Circuit:
    """A feeder below the grid connection, or below another circuit (`parent`).

    `max_power_w` bounds the power of everything below it, `max_current_a` the current of each of its phases.
    """

    circuit_id: str
    parent: str | None = None
    max_power_w: int | None = None
    max_current_a: float | None = None


@dataclass(frozen=True, slots=True)
class OperatorLimit:
    """What an operator lets a connector have at most, or all connectors of its charge point together (`connector_id`
    0). The end is not included; None: until it is withdrawn."""

    connector_id: int
    max_power_w: int
    valid_until_s: float | None = None

    def over_at(self, utc_s: float) -> bool:
        return self.valid_until_s is not None and self.valid_until_s <= utc_s


@dataclass(frozen=True, slots=True)
class ExternalLimit:
    """What somebody else has told a charge point it may draw, as it reports it: its energy manager (`source` "EMS"), a
    system operator ("SO"), ...; on a connector, or on all together (`connector_id` 0). The end is not included."""

    source: str
    connector_id: int
    max_power_w: int
    valid_until_s: float | None = None

    def over_at(self, utc_s: float) -> bool:
        return self.valid_until_s is not None and self.valid_until_s <= utc_s


@dataclass(frozen=True, slots=True)
class TemporaryLimit:
    """A ceiling somebody else sets for a time: a grid operator, an energy manager. The end is not included.

    Times are UTC; None means from its arrival on, and until it is withdrawn. `source` and `valid_from_s` name it: a
    later limit with the same two replaces it.
    """

    source: str
    max_power_w: int
    valid_from_s: float | None = None
    valid_until_s: float | None = None

    def holds_at(self, utc_s: float) -> bool:
        return (self.valid_from_s is None or self.valid_from_s <= utc_s) and not self.over_at(utc_s)

    def over_at(self, utc_s: float) -> bool:
        return self.valid_until_s is not None and self.valid_until_s <= utc_s
