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
    (None: unknown), `confirmed` whether the charger has acknowledged what was decided.
    """

    charge_point_id: str
    allocated_w: int
    permitted_w: int
    actual_w: int | None
    confirmed: bool
    status: str
    reason: str
    connectors: tuple[ConnectorReport, ...]


@dataclass(frozen=True, slots=True)
class SiteAllocation:
    """`budget_w` is what is in force now; `reserved_w` is what idle, offline and refusing chargers may draw."""

    site_id: str
    strategy: str
    budget_w: int
    at_s: float
    chargers: tuple[ChargerReport, ...]
    permitted_w: int
    reserved_w: int
    waiting: tuple[str, ...]
    not_commissioned: tuple[str, ...]

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
