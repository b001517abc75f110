"""The default profiles: what each connector does while nobody decides.

Each has the limit that was declared for it, as long as all of them together fit. Where a ceiling is too low for that,
now or by what is known to come, none but 0 may stand.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from csms.balancing.ledger import Ledger, summed
from csms.balancing.tree import Tree
from csms.domain.electrical import Load
from csms.domain.model import ConnectorKey, Moment
from csms.domain.snapshot import Snapshot

_FIRST_CONTACT_S = 5.0
"""So long others need not be cut for a charger that is about to have its default profile."""


@dataclass(frozen=True, slots=True)
class Defaults:
    """`without` are the nodes of the tree on which no default profile but 0 may stand; `places` says where each charge
    point hangs."""

    snapshot: Snapshot
    book: Ledger
    now: Moment
    places: Mapping[str, int]
    without: Collection[int]

    def limit_w(self, key: ConnectorKey) -> int:
        """What the connector's default profile is to say."""
        gives_way = self.places[key.charge_point_id] in self.without
        return 0 if gives_way else self.snapshot.shapes[key.charge_point_id].fallback_w

    def kept_w(self, key: ConnectorKey) -> int:
        """What a connector keeps when nobody gives it anything: its default profile, once that is in force.

        A connected charger that has not refused is about to have it; to cut everybody else for that moment, in which
        the ledger counts it at its rated maximum, would not be faster. Offline or refusing, it keeps what the ledger
        says.
        """
        return self.limit_w(key) if _has_or_will(self.snapshot, key, self.now) else self.book.exposures[key].fallback_w

    def held(self, key: ConnectorKey, load: Load) -> Load:
        """What is held for a connector without a wish, of which `load` is counted now."""
        if key in self.snapshot.active or not _has_or_will(self.snapshot, key, self.now):
            return load
        return self.snapshot.shapes[key.charge_point_id].load(self.limit_w(key))


def defaults(snapshot: Snapshot, tree: Tree, book: Ledger, now: Moment) -> Defaults:
    """The default profiles under the limits of this tree."""
    without: Collection[int] = ()
    if any(shape.fallback_w for shape in snapshot.shapes.values()):
        without = tree.exceeded(tree.loads(_as_declared(snapshot, book, now)))
    return Defaults(snapshot, book, now, tree.places, without)


def first_contact_ends_s(contact: Moment) -> float:
    """Until when (steady clock) a charger is taken to be about to have its default profile."""
    return contact.steady_s + _FIRST_CONTACT_S


def _as_declared(snapshot: Snapshot, book: Ledger, now: Moment) -> dict[str, Load]:
    """What everybody would draw under the default profiles as declared; who cannot be told, or does not obey, counts as
    he stands."""
    loads = {}
    for key, exposure in book.exposures.items():
        shape = snapshot.shapes[key.charge_point_id]
        obeys = _has_or_will(snapshot, key, now)
        loads[key] = shape.load(shape.fallback_w) if obeys else exposure.lasting
    return summed(snapshot, loads)


def _has_or_will(snapshot: Snapshot, key: ConnectorKey, now: Moment) -> bool:
    """Whether a connector has its default profile, or will have it in a moment."""
    charge_point = snapshot.charge_points[key.charge_point_id]
    if not charge_point.connected or not snapshot.settings[key.charge_point_id].in_service:
        return False
    limits = snapshot.limits.get(key)
    if limits is not None and (limits.default_failure is not None or limits.overdraw is not None):
        return False
    if limits is not None and limits.default is not None and limits.default_proof is not None:
        return limits.default_believed
    return charge_point.contact_at is None or first_contact_ends_s(charge_point.contact_at) > now.steady_s
