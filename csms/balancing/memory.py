"""What one decision leaves to the next: answers that hold while their facts stand.

A fact in State is replaced when it changes and never altered. So an answer made from facts holds as long as each of
them is the very same object, and, where time is in it, until the moment kept with it. With a memory or without, the
answers are equal; they only take longer without.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from csms.balancing.facts import Facts
from csms.balancing.limits import Line
from csms.domain.electrical import Load
from csms.domain.model import ConnectorKey

if TYPE_CHECKING:
    from csms.balancing.ledger import Exposure
    from csms.balancing.wishes import Wish

OPERATOR = "the operator"


class Cap(NamedTuple):
    """A limit that is not ours on a connector or a charge point, and whose it is: the operator's, or that of somebody
    whom the charge point reports."""

    limit_w: int
    whose: str


Caps = tuple[int | None, int, int, Cap | None, Cap | None]
"""Of a connector: the phases in use (None: all), what its charge point may have at most, and what caps from outside
leave it beside its free connectors; then what others than us allow the charge point, if no time window allows it less,
and the connector (None: anything)."""

Basis = tuple[Sequence[Sequence[tuple[int, int]]], Mapping[str, int], int]
"""What all wishes have in common: where the rows of the tree lie above whom, and the configured least power."""


class KnownExposure(NamedTuple):
    """An exposure, the facts it was made from, and from when until when (steady clock) time changes nothing in it."""

    facts: Facts
    from_s: float
    until_s: float
    exposure: Exposure


class KnownWish(NamedTuple):
    """A wish, and what its lasting part was made from."""

    facts: Facts
    caps: Caps
    wish: Wish


@dataclass(slots=True)
class Memory:
    """Of one site under one set of BalancerSettings."""

    facts: dict[ConnectorKey, Facts] = field(default_factory=dict)
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
