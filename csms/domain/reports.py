"""What a site says of itself: the figures behind the REST answers, in whole watts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ConnectorReport:
    connector_id: int
    transaction_id: str | None
    allocated_w: int
    permitted_w: int
    actual_w: int | None
    confirmed: bool
    status: str


@dataclass(frozen=True, slots=True)
class ChargerReport:
    """One charge point with an active transaction, its connectors summed.

    `allocated_w` is the limit decided, `permitted_w` the worst case it may be drawing, `actual_w` the last reading
    (None: unknown), `confirmed` whether the charger has acknowledged what was decided. `expected_start_s` is about when
    one that waits gets its turn (UTC; None: it does not wait, or nobody can say).
    """

    charge_point_id: str
    allocated_w: int
    permitted_w: int
    actual_w: int | None
    confirmed: bool
    status: str
    reason: str
    connectors: tuple[ConnectorReport, ...]
    expected_start_s: float | None = None


@dataclass(frozen=True, slots=True)
class CircuitReport:
    """A node of the limit tree: what bounds it now, and what everything below it may be drawing at worst.

    `circuit_id` "grid" is the grid connection, whose limits are what is left for the chargers. `permitted_a` are the
    currents of L1, L2 and L3.
    """

    circuit_id: str
    max_power_w: int | None
    max_current_a: float | None
    permitted_w: int
    permitted_a: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class SiteAllocation:
    """`budget_w` is what is in force now, `budget_reason` what sets it, in words; `reserved_w` is what idle, offline
    and refusing chargers may draw. `site_load_w` is what the site counts for everything but its chargers."""

    site_id: str
    strategy: str
    budget_w: int
    at_s: float
    chargers: tuple[ChargerReport, ...]
    permitted_w: int
    reserved_w: int
    waiting: tuple[str, ...]
    not_commissioned: tuple[str, ...]
    circuits: tuple[CircuitReport, ...] = ()
    site_load_w: int = 0
    budget_reason: str = ""

    @property
    def allocated_w(self) -> int:
        return sum(charger.allocated_w for charger in self.chargers)

    @property
    def actual_w(self) -> int:
        """The sum of the known draws."""
        return sum(charger.actual_w or 0 for charger in self.chargers)


@dataclass(frozen=True, slots=True)
class Rebalanced:
    at_s: float
    allocation: SiteAllocation
