"""One charger in any company: everything it can live through, whatever decisions the others bring upon it.

What is in a charger's life besides decisions is its own affair: it answers, is cut off, reboots, is plugged in. So its
life is searched first, with every limit that a decision could ever send at every moment one could be sent; then three
such lives are put together under the shipped decisions (`together`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field

from csms.balancing.ledger import ledger
from csms.balancing.plan import Intent
from csms.domain.model import LimitPurpose
from support.smallworld import happenings, identity
from support.smallworld.happenings import Node
from support.smallworld.site import NOW, Premises, key_of
from support.smallworld.trail import Trail

NAME = "0"
Sent = tuple[LimitPurpose, int, bool, int]
"""A limit as one can tell it from another: its purpose, its watts, whether it is a lease, and what then follows."""


_OTHERS = 30
"""So many more moments of a kind are kept, to see that decisions do not tell them apart."""


@dataclass(slots=True)
class Life:
    """All that may become of a charger. Moments are numbered; two moments that decisions can tell apart, or in which it
    may draw differently, are of different kinds.

    `examples` is one moment of each kind, `others` a few more of them, `steps` what may happen next without a decision
    and how it is then, `after` how it may be when it has been sent something.
    """

    moments: int = 0
    transitions: int = 0
    kinds: dict[tuple[Hashable, int], int] = field(default_factory=dict)
    examples: list[Node] = field(default_factory=list)
    others: list[list[Node]] = field(default_factory=list)
    steps: list[set[tuple[str, int, bool]]] = field(default_factory=list)
    after: list[dict[Sent, set[int]]] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)

    def draws_w(self, kind: int) -> int:
        return self.examples[kind].chargers[NAME].may_draw_w


def live(premises: Premises, limits_w: tuple[int, ...], *, most: int | None = None) -> Life:
    """Every moment of one charger, breadth first, to the last one or to `most`."""
    life, trail, start = Life(), Trail(), happenings.first(premises)
    trail.reach(_key(start), 0, "")
    kinds = [_kind(life, start, premises, trail)]
    todo, number = deque([start]), 0
    while todo:
        node, kind = todo.popleft(), kinds[number]
        for what, outside, sent, after in _what_comes(node, premises, limits_w):
            reached, is_new = trail.reach(_key(after), number, what if sent is None else f"is sent {sent[1]} W")
            if is_new:
                todo.append(after)
                kinds.append(_kind(life, after, premises, trail))
            life.transitions += 1
            if sent is None and not outside and after.true_w() > node.true_w():
                life.violations.append(f"may draw more, and was told nothing: {trail.way(number)} / {what}")
            if sent is None:
                life.steps[kind].add((what, kinds[reached], outside))
            else:
                life.after[kind].setdefault(sent, set()).add(kinds[reached])
        number += 1
        if most is not None and len(kinds) > most:
            break
    life.moments = len(kinds)
    return life


def sent_as(intent: Intent) -> Sent:
    return (intent.purpose, intent.limit_w, intent.lease_s is not None, intent.then_w)


def _kind(life: Life, node: Node, premises: Premises, trail: Trail) -> int:
    """Of the moment reached last."""
    book, may_w = ledger(node.state.snapshot(), NOW, premises.settings().settle_s), node.chargers[NAME].may_draw_w
    if (counted_w := book.worst_w(key_of(NAME))) < may_w:
        life.violations.append(f"may draw {may_w} W, the ledger says {counted_w}: {trail.way(len(trail) - 1)}")
    seen = identity.looked_at(node.state, NAME, book.exposures[key_of(NAME)])
    number = life.kinds.setdefault((seen, may_w), len(life.kinds))
    if number == len(life.examples):
        life.examples.append(node)
        life.others.append([])
        life.steps.append(set())
        life.after.append({})
    elif len(trail) % 7 == 0 and len(life.others[number]) < _OTHERS:
        life.others[number].append(node)
    return number


def _what_comes(
    node: Node, premises: Premises, limits_w: tuple[int, ...]
) -> Iterator[tuple[str, bool, Sent | None, Node]]:
    for what, change, outside in happenings.events_of(node, NAME, premises):
        if what not in premises.never:
            after = node.copy()
            change(after, NAME)
            happenings.tidy(after, NAME, premises)
            yield what, outside, None, after
    if happenings.has_room(node, NAME, premises):
        yield "crash and restart", False, None, happenings.restarts(node, premises)
    for intent in _any_decision(node, premises, limits_w):
        after = node.copy()
        happenings.decides(after, (intent,))
        happenings.tidy(after, NAME, premises)
        yield "decision", False, sent_as(intent), after


def _any_decision(node: Node, premises: Premises, limits_w: tuple[int, ...]) -> Iterator[Intent]:
    """All that could be sent to it now, to a charger that is there and not busy."""
    key, charge_point = key_of(NAME), node.state.charge_points[NAME]
    limits = node.state.limits.get(key)
    if not charge_point.ready or (limits is not None and limits.in_flight):
        return
    for limit_w in {premises.default_w, 0}:
        yield Intent(key, LimitPurpose.DEFAULT, limit_w, None, "")
    transaction = node.state.active.get(key)
    if transaction is None:
        return
    for limit_w in limits_w:
        lease_s = 900.0 if premises.leases and limit_w > premises.default_w else None
        then_w = premises.default_w if lease_s else 0
        yield Intent(key, LimitPurpose.TRANSACTION, limit_w, transaction.transaction_id, "", None, lease_s, then_w)


def _key(node: Node) -> int:
    """The ceiling, and who came first, are nothing to one that is alone."""
    return hash((identity.facts(node.state, NAME, {}), node.chargers[NAME]))
