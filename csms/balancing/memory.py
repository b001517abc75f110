"""What one decision leaves to the next: answers that hold while their facts stand.

A fact in State is replaced when it changes and never altered. So an answer made from facts holds as long as each of
them is the very same object, and, where time is in it, until the moment kept with it. With a memory or without, the
answers are equal; they only take longer without.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from csms.domain.electrical import Shape
from csms.domain.limits import ConnectorLimits
from csms.domain.model import ChargePoint, ChargePointSettings, ConnectorKey

if TYPE_CHECKING:
    from csms.balancing.ledger import Exposure


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


@dataclass(slots=True)
class Memory:
    """Of one site under one set of BalancerSettings."""

    exposures: dict[ConnectorKey, KnownExposure] = field(default_factory=dict)
