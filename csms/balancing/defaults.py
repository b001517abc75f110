"""The default profiles: what each connector does while nobody decides.

Each has the limit that was declared for it, as long as all of them together fit. Where a ceiling is too low for that,
now or by what is known to come, none but 0 may stand.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from csms.balancing.facts import Facts
from csms.balancing.ledger import Ledger, summed
from csms.balancing.tree import Tree
from csms.domain.electrical import Load
from csms.domain.model import Moment
from csms.domain.snapshot import Snapshot

_FIRST_CONTACT_S = 5.0
"""So long others need not be cut for a charger that is about to have its default profile."""

_ANSWERED_S = 5.0
"""So long the default profiles of others need not give way to a cut that is about to be acknowledged."""


@dataclass(frozen=True, slots=True)
class Defaults:
    """`without` are the nodes of the tree on which no default profile but 0 may stand; `places` says where each charge
    point hangs."""

    snapshot: Snapshot
    book: Ledger
    now: Moment
    places: Mapping[str, int]
    without: Collection[int]

    def limit_w(self, facts: Facts) -> int:
        """What the connector's default profile is to say."""
        return facts.shape.lowest_w if self.gives_way(facts) else facts.shape.fallback_w

    def gives_way(self, facts: Facts) -> bool:
        """Whether the connector hangs where no default profile but 0 may stand."""
        return bool(self.without) and self.places[facts.key.charge_point_id] in self.without

    def kept_w(self, facts: Facts) -> int:
        """What a connector keeps when nobody gives it anything: its default profile, once that is in force.

        A connected charger that has not refused is about to have it; to cut everybody else for that moment, in which
        the ledger counts it at its rated maximum, would not be faster. Offline or refusing, it keeps what the ledger
        says.
        """
        return self.limit_w(facts) if _has_or_will(facts, self.now) else self.book.exposures[facts.key].fallback_w

    def held(self, facts: Facts, load: Load) -> Load:
        """What is held for a connector without a wish, of which `load` is counted now."""
        if facts.active or not _has_or_will(facts, self.now):
            return load
        return facts.shape.load(self.limit_w(facts))


def defaults(snapshot: Snapshot, tree: Tree, book: Ledger, now: Moment) -> Defaults:
    """The default profiles under the limits of this tree."""
    without: Collection[int] = ()
    if any(shape.fallback_w for shape in snapshot.shapes.values()):
        without = tree.exceeded(tree.loads(_as_declared(snapshot, book, now)))
    return Defaults(snapshot, book, now, tree.places, without)


def first_contact_ends_s(contact: Moment) -> float:
    """Until when (steady clock) a charger is taken to be about to have its default profile."""
    return contact.steady_s + _FIRST_CONTACT_S


def answers_due_s(snapshot: Snapshot, issued: Iterable[Moment]) -> list[float]:
    """Until when (steady clock) limits issued then must be answered, or default profiles may have to give way to them;
    none where no default is above 0."""
    matters = any(shape.fallback_w for shape in snapshot.shapes.values())
    return [at.steady_s + _ANSWERED_S for at in issued] if matters else []


def _as_declared(snapshot: Snapshot, book: Ledger, now: Moment) -> dict[str, Load]:
    """What everybody would draw under the default profiles as declared; who cannot be told, or does not obey, counts as
    he stands."""
    loads = {}
    for key, facts in book.facts.items():
        obeys = _has_or_will(facts, now) and not _is_in_doubt(facts, now)
        loads[key] = facts.shape.load(facts.shape.fallback_w) if obeys else book.exposures[key].lasting
    return summed(snapshot, loads)


def _has_or_will(facts: Facts, now: Moment) -> bool:
    """Whether a connector has its default profile, or will have it in a moment."""
    if facts.has_default is not None:
        return facts.has_default
    contact_at = facts.charge_point.contact_at
    return contact_at is None or first_contact_ends_s(contact_at) > now.steady_s


def _is_in_doubt(facts: Facts, now: Moment) -> bool:
    """Whether the last limit told was refused, or has not been answered within a few seconds."""
    limits = facts.limits
    if limits is None or (limits.transaction_failure is None and not limits.outstanding):
        return False
    late = any(not o.awaited or o.issued_at.steady_s + _ANSWERED_S <= now.steady_s for o in limits.outstanding)
    return late or limits.transaction_failure is not None
