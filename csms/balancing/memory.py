"""What one decision leaves to the next: answers that hold while their facts stand.

A fact in State is replaced when it changes and never altered. So an answer made from facts holds as long as each of
them is the very same object, and, where time is in it, until the moment kept with it. With a memory or without, the
answers are equal; they only take longer without.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from csms.balancing.limits import Line
from csms.domain.electrical import Load, Shape
from csms.domain.limits import ConnectorLimits
from csms.domain.model import ChargePoint, ChargePointSettings, ConnectorKey, Transaction

if TYPE_CHECKING:
    from csms.balancing.ledger import Exposure
    from csms.balancing.wishes import Wish

Caps = tuple[int | None, int, int]
"""Of a charge point: the phases in use (None: all), what it may have at most, and in the time window."""

Basis = tuple[Sequence[Sequence[tuple[int, int]]], Mapping[str, int], int]
"""What all wishes have in common: where the rows of the tree lie above whom, and the configured least power."""


class KnownExposure(NamedTuple):
    """An exposure, the facts it was made from, and from when until when (steady clock) time changes nothing in it."""

    settings: ChargePointSettings
    charge_point: ChargePoint
    shape: Shape
    limits: ConnectorLimits | None
    active: bool
    from_s: float
    until_s: float
    exposure: Exposure


class KnownWish(NamedTuple):
    """A wish, and what its lasting part was made from."""

    transaction: Transaction
    settings: ChargePointSettings
    shape: Shape
    limits: ConnectorLimits
    caps: Caps
    wish: Wish

    def holds(
        self,
        transaction: Transaction,
        settings: ChargePointSettings,
        shape: Shape,
        limits: ConnectorLimits,
        caps: Caps,
    ) -> bool:
        declared = self.settings is settings and self.shape is shape and self.caps == caps
        return declared and self.limits is limits and self.transaction is transaction


@dataclass(slots=True)
class Memory:
    """Of one site under one set of BalancerSettings."""

    exposures: dict[ConnectorKey, KnownExposure] = field(default_factory=dict)
    wishes: dict[ConnectorKey, KnownWish] = field(default_factory=dict)
    lines: dict[tuple[int, Load], Line] = field(default_factory=dict)
    basis: Basis | None = None

    def keep_wishes_of(self, basis: Basis) -> None:
        """Forget the wishes made on another basis."""
        if self.basis != basis:
            self.basis = basis
            self.wishes.clear()
            self.lines.clear()
