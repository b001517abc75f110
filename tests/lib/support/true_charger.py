"""What a charger may truly be obeying, moment by moment, by the plainest reading: an opponent for the ledger.

It hears what is sent to a charger and what the charger does, and knows nothing of what the central system makes of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from math import inf

from csms.domain.events import LimitIssued
from csms.domain.model import Capabilities, ChargePointSettings, ConnectorKey, LimitPurpose, SiteSettings
from support.physics import NOTHING, Draw, permitted, rated

CLOCK_BEHIND_S = 60.0
"""A charger ends its leases by its own clock, which may be behind by that much."""


@dataclass(frozen=True, slots=True)
class Told:
    """A limit the charger was sent; None watts: there is none, so its rated maximum."""

    limit_id: int
    limit_w: int | None
    phases: int | None = None
    ends_s: float = inf
    then_w: int = 0
    connection_id: str = ""


UNLIMITED = Told(0, None)


@dataclass(slots=True)
class TrueConnector:
    """One connector. `reaction_s` is how long a car may take to follow a limit.

    `defaults` and `profiles` may be in force (more than one where an answer is missing), `following` are limits its car
    may still draw at, and until when. `overdrawn_w` is a draw that obeys nothing and was metered. `told_s` is when
    something else began to hold for it.
    """

    key: ConnectorKey
    site: SiteSettings
    settings: ChargePointSettings
    known: Capabilities
    reaction_s: float
    keeps_leases: bool
    commissioned: bool = False
    plugged: bool = False
    running: bool = False
    defaults: list[Told] = field(default_factory=lambda: [UNLIMITED])
    profiles: list[Told] = field(default_factory=list)
    following: list[tuple[Told, float]] = field(default_factory=list)
    waits: dict[int, tuple[LimitPurpose, Told]] = field(default_factory=dict)
    overdrawn_w: float | None = None
    told_s: float = 0.0

    @property
    def by_default(self) -> bool:
        return self.known.limit_by is LimitPurpose.DEFAULT

    def draw(self, now_s: float) -> Draw:
        """The most it may draw now, or would in a moment in which its transaction ends."""
        if not self.commissioned:
            return NOTHING
        most = NOTHING
        for told in [*self.defaults, *self.profiles, *(t for _, t in self.waits.values())]:
            most = most.highest(self._draw(self._at(told, now_s), told.phases))
        for told, until_s in self.following:
            if now_s < until_s:
                most = most.highest(self._draw(told.limit_w, told.phases))
        return most if self.overdrawn_w is None else most.highest(self.anything(self.overdrawn_w))

    def sent(self, issued: LimitIssued) -> None:
        """For another transaction than its own it throws the limit away."""
        ends_s = inf if issued.lease_s is None or not self.keeps_leases else issued.at.steady_s + issued.lease_s
        told = Told(
            issued.limit_id, issued.limit_w, issued.phases, ends_s + CLOCK_BEHIND_S, issued.then_w, issued.connection_id
        )
        if issued.purpose is LimitPurpose.DEFAULT or self.running:
            self.waits[issued.limit_id] = (issued.purpose, told)

    def accepts(self, limit_id: int, now_s: float) -> None:
        """Messages are read in order: whatever came before on this connection no longer matters.

        What an earlier connection left without an answer may be applied late, at any time.
        """
        if limit_id not in self.waits:
            return
        purpose, told = self.waits.pop(limit_id)
        before = self.defaults if purpose is LimitPurpose.DEFAULT else (self.profiles or self.defaults)
        over = [
            t
            for p, t in self.waits.values()
            if p is purpose and t.limit_id < limit_id and t.connection_id == told.connection_id
        ]
        self.waits = {n: w for n, w in self.waits.items() if w[1] not in over}
        # Some apply a new default profile only to the next transaction; who honours nothing else may be one of them.
        lasts_s = (
            inf if self.by_default and purpose is LimitPurpose.DEFAULT and self.running else now_s + self.reaction_s
        )
        self._follows([*before, *over], lasts_s, now_s)
        if purpose is LimitPurpose.DEFAULT:
            self.defaults = [told, *(t for t in self.defaults if t.limit_id > limit_id)]
        else:
            self.profiles = [told, *(t for t in self.profiles if t.limit_id > limit_id)]

    def shows(self, limit_id: int, purpose: LimitPurpose, now_s: float) -> None:
        """It shows that it obeys this limit, so what came before it is over; its car may still have to follow."""
        over = [told for told_by, told in self.waits.values() if told_by is purpose and told.limit_id < limit_id]
        self.waits = {n: w for n, w in self.waits.items() if w[1] not in over}
        self._follows(over, now_s + self.reaction_s, now_s)

    def refuses(self, limit_id: int) -> None:
        self.waits.pop(limit_id, None)

    def ends(self, now_s: float) -> None:
        """The transaction is over and its profiles with it, whether they had arrived or not."""
        self.running = False
        waiting = [t for p, t in self.waits.values() if p is LimitPurpose.TRANSACTION]
        self.following = [(told, min(until_s, now_s + self.reaction_s)) for told, until_s in self.following]
        self._follows([*self.profiles, *waiting], now_s + self.reaction_s, now_s)
        self.profiles = []
        self.waits = {n: w for n, w in self.waits.items() if w[0] is LimitPurpose.DEFAULT}

    def unplugs(self) -> None:
        self.plugged, self.following = False, []

    def loses_default(self) -> None:
        self.defaults = [UNLIMITED, *self.defaults]

    def has_default(self) -> None:
        """It has shown the default that it acknowledged last."""
        self.defaults = [told for told in self.defaults if told is not UNLIMITED] or self.defaults

    def _follows(self, before: list[Told], until_s: float, now_s: float) -> None:
        self.told_s = now_s
        if self.plugged:
            now_limits = [Told(t.limit_id, self._at(t, now_s), t.phases) for t in before]
            self.following += [(told, until_s) for told in now_limits]
        self.following = [(told, end_s) for told, end_s in dict(self.following).items() if end_s > now_s]

    def _at(self, told: Told, now_s: float) -> int | None:
        return told.limit_w if now_s < told.ends_s + self.reaction_s else told.then_w

    def _draw(self, limit_w: int | None, phases: int | None) -> Draw:
        if limit_w is None:
            return rated(self.site, self.settings)
        # Only who was told to keep to one phase, and can, is known to leave the others alone.
        return permitted(self.site, self.settings, self.known, limit_w, phases)

    def anything(self, power_w: float) -> Draw:
        """A metered draw may be on any one of its phases, but is no more than it is made for."""
        most, exact = rated(self.site, self.settings), Fraction(str(power_w))
        amps = exact / Fraction(str(self.site.lowest_voltage_v))
        one, two, three = (min(current_a, amps) for current_a in most.currents_a)
        return Draw(min(exact, most.power_w), (one, two, three))
