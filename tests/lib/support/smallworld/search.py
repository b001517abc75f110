"""Breadth first through every state of the small world, looking for one in which a promise is broken."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from support.smallworld import identity, site
from support.smallworld.happenings import Node, Step, first, successors
from support.smallworld.site import Premises, key_of
from support.smallworld.trail import Trail

_Numbered = tuple[int, Node]


@dataclass(slots=True)
class Found:
    """How many states there are, how many ways lead from one to another, and what is wrong in them."""

    states: int = 0
    transitions: int = 0
    depth: int = 0
    complete: bool = False
    violations: list[str] = field(default_factory=list)
    examples: list[Node] = field(default_factory=list)


def search(premises: Premises, *, most: int | None = None, progress: Callable[[str], None] = lambda _: None) -> Found:
    """Visit every reachable state, or the first `most`; stops at the first level in which a promise is broken."""
    found, trail, start = Found(), Trail(), first(premises)
    trail.reach(key(start), 0, "")
    level: list[_Numbered] = [(0, start)]
    while level and not found.violations and (most is None or len(trail) < most):
        level = [new for number, node in level for new in _expand(number, node, premises, trail, found)]
        found.depth += 1
        found.states = len(trail)
        found.examples = [*found.examples[-50:], *(node for _, node in level[:: max(1, len(level) // 20)])]
        progress(f"depth {found.depth}: {found.states} states, {len(level)} of them new")
    found.complete = not level and not found.violations
    return found


def _expand(number: int, node: Node, premises: Premises, trail: Trail, found: Found) -> Iterator[_Numbered]:
    """The new ones among those that may come next of this state; what is wrong here is noted."""
    intents, book, usable_w = site.decided(node.state, premises)
    for name, charger in node.chargers.items():
        if book.worst_w(key_of(name)) < charger.may_draw_w:
            says = f"charger {name} may draw {charger.may_draw_w} W, the ledger says {book.worst_w(key_of(name))}"
            found.violations.append(f"{says}: {trail.way(number)}")
    for step, after in successors(node, premises, intents):
        found.transitions += 1
        reached, is_new = trail.reach(key(after), number, f"{step.name} {step.charger}")
        if is_too_much(node, step, after, usable_w):
            became = f"{node.true_w()} W became {after.true_w()} W of {usable_w} W"
            found.violations.append(f"{became}: {trail.way(number)} / {step.name} {step.charger}")
        if is_new:
            yield reached, after


def is_too_much(before: Node, step: Step, after: Node, usable_w: int) -> bool:
    """I1: nothing but an outside event makes the sum larger where it is above the ceiling."""
    return not step.outside and before.true_w() < after.true_w() > usable_w


def key(node: Node) -> int:
    """The same for worlds that differ only in the names of their chargers."""
    ranks = identity.ranks(node.state)
    chargers = node.chargers.items()
    alone = [hash((identity.facts(node.state, name, ranks), charger)) for name, charger in chargers]
    return hash((node.dropped, *sorted(alone)))
