"""Three chargers that share a ceiling: their lives put together under the shipped decisions, every state of it.

What a state is: the kind of moment each charger is in (see `alone`), and whether the ceiling is low. What may come next
of a charger by itself is what may come next of any moment of that kind, so everything real is among what is visited,
and more than that: also worlds in which a charger remembers less of its past. Where even those keep every promise, the
real ones do. Who came first may be anybody at each decision; our process may crash for one charger or for all.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise, permutations, product
from random import Random

from csms.domain.electrical import Shape
from csms.domain.limits import ConnectorLimits
from csms.domain.model import ChargePoint, Connector, ConnectorKey, Transaction
from csms.domain.state import State
from support.smallworld import site
from support.smallworld.alone import NAME, Life, Sent, live, sent_as
from support.smallworld.happenings import Node
from support.smallworld.site import Premises, key_of

Kinds = tuple[int, ...]
Answer = tuple[tuple[tuple[int, Sent], ...], int]
"""What leaves, to which of them, and the budget it must fit."""


@dataclass(slots=True)
class Together:
    """How many states there are, how many ways lead from one to another, and what is wrong in them."""

    life: Life
    states: int = 0
    transitions: int = 0
    decisions: int = 0
    complete: bool = False
    violations: list[str] = field(default_factory=list)


def search_together(
    premises: Premises, *, most: int | None = None, progress: Callable[[str], None] = lambda _: None
) -> Together:
    """Every state that the chargers may come to, from where all are idle and known; or what about `most` decisions lead
    to."""
    limits_w = tuple(range(0, premises.rated_w + 1, premises.floor_w))
    life = live(replace(premises, chargers=1), limits_w)
    progress(f"one charger: {life.moments} states, {life.transitions} transitions, {len(life.examples)} kinds of them")
    found = Together(life, violations=list(life.violations))
    reached, decisions = Reached(life, premises.chargers), Decisions(premises, life)
    while todo := reached.not_looked_at(decisions.is_asking):
        for row, lasts in todo:
            for low, (view, of_view) in product((False, True), enumerate(decisions.of_view)):
                if alike := lasts & of_view:
                    found.transitions += _decide(row, alike, decisions.made(row, view, low), reached, found)
            if most is not None and len(decisions.known) >= most:
                break
        progress(f"together: {reached.count()} states with either ceiling, {len(decisions.known)} decisions")
        if most is not None and len(decisions.known) >= most:
            break
    found.complete = not todo
    found.decisions = len(decisions.known)
    found.states = 2 * reached.count()
    found.transitions += found.states + 2 * reached.steps()
    return found


def _decide(row: Kinds, lasts: int, answer: Answer, reached: Reached, found: Together) -> int:
    """In how many ways a decision changes these states, which differ in the kind of the last charger alone; whether one
    of them breaks a promise (I1) is noted."""
    (sent, usable_w), life, last_n = answer, found.life, len(row)
    if not sent:
        return 0
    what = dict(sent)
    rows = list(product(*(life.after[kind][what[n]] if n in what else {kind} for n, kind in enumerate(row))))
    was_w, ways, after_last = sum(life.draws_w(kind) for kind in row), 0, 0
    for last in _bits(lasts):
        nexts = life.after[last][what[last_n]] if last_n in what else {last}
        ways += len(rows) * len(nexts)
        for kind in nexts:
            after_last |= 1 << kind
        most_w = max(life.draws_w(kind) for kind in nexts)
        for after in rows:
            is_w = sum(life.draws_w(kind) for kind in after) + most_w
            if is_w > was_w + life.draws_w(last) and is_w > usable_w:
                words = [life.examples[kind].chargers[NAME] for kind in (*row, last)]
                found.violations.append(f"more than {usable_w} W became {is_w} W: {words} are sent {what}")
    for after in rows:
        reached.add(after, after_last)
    return ways


class Reached:
    """The states reached, as bits: by the kinds of all chargers but one, the kinds of that one. Names do not matter."""

    def __init__(self, life: Life, chargers: int) -> None:
        self._degree = [len(steps) for steps in life.steps]
        self._closed = [_closure(kind, life) for kind in range(len(life.examples))]
        self._members = [list(_bits(closed)) for closed in self._closed]
        self._rows: dict[Kinds, int] = {}
        self._looked_at: dict[Kinds, int] = {}
        self.add((0,) * (chargers - 1), 1)

    def add(self, row: Kinds, lasts: int) -> None:
        """These states, and all that comes of them without another decision."""
        while new := lasts & ~self._rows.get(row, 0):
            for *others, last in set(permutations((*row, next(_bits(new))))):
                closed, rows = self._closed[last], self._rows
                for one in product(*(self._members[kind] for kind in others)):
                    rows[one] = rows.get(one, 0) | closed

    def not_looked_at(self, is_asking: Sequence[bool]) -> list[tuple[Kinds, int]]:
        """In every order of those who ask for power; the order of the others says nothing."""
        fresh: list[tuple[Kinds, int]] = []
        idle = sum(1 << kind for kind, asks in enumerate(is_asking) if not asks)
        for row, reached in self._rows.items():
            if _in_order(row, is_asking):
                last = row[-1]
                in_order = reached if is_asking[last] else reached & idle & -(1 << last)
                if new := in_order & ~self._looked_at.get(row, 0):
                    fresh.append((row, new))
                    self._looked_at[row] = in_order
        return fresh

    def count(self) -> int:
        return sum(lasts.bit_count() for _, lasts in self._nameless())

    def steps(self) -> int:
        """How many ways lead from one of them to another without a decision."""
        return sum(
            lasts.bit_count() * sum(self._degree[kind] for kind in row) + sum(self._degree[n] for n in _bits(lasts))
            for row, lasts in self._nameless()
        )

    def _nameless(self) -> Iterator[tuple[Kinds, int]]:
        """Each of those that differ in names alone once."""
        for row, reached in self._rows.items():
            if all(one <= other for one, other in pairwise(row)):
                yield row, reached & -(1 << row[-1])


class Decisions:
    """What the shipped code decides, worked out once for all that it cannot tell apart."""

    def __init__(self, premises: Premises, life: Life) -> None:
        self._premises, self._life = premises, life
        self._bases = {dropped: _base(premises, dropped) for dropped in (False, True)}
        views: dict[Hashable, int] = {}
        self._views = [views.setdefault(view, len(views)) for view, _ in life.kinds]
        self.of_view = [_mask(self._views, view) for view in range(len(views))]
        self._example = {view: kind for kind, view in reversed(list(enumerate(self._views)))}
        self.is_asking = [
            key_of(NAME) in node.state.active and node.state.charge_points[NAME].ready for node in life.examples
        ]
        self.known: dict[tuple[Kinds, bool], Answer] = {}
        self._placed: dict[tuple[int, int], _Placed] = {}

    def made(self, row: Kinds, view: int, dropped: bool) -> Answer:
        """Where the last charger is seen as `view`."""
        views = (*[self._views[kind] for kind in row], view)
        answer = self.known.get((views, dropped))
        if answer is None:
            answer = self.decided([self._life.examples[self._example[view]] for view in views], dropped)
            self.known[views, dropped] = answer
        return answer

    def decided(self, nodes: Sequence[Node], dropped: bool) -> Answer:
        """In the order in which they began."""
        state = site.copied(self._bases[dropped])
        for n, node in enumerate(nodes):
            placed = self._placed.get((n, id(node)))
            if placed is None:
                placed = self._placed[n, id(node)] = _in_place(str(n), node.state)
            placed.put_into(state)
        intents, _, usable_w = site.decided(state, self._premises)
        return tuple(sorted((int(intent.key.charge_point_id), sent_as(intent)) for intent in intents)), usable_w

    def disagreements(self, times: int, random: Random) -> list[str]:
        """Of so many random worlds, those in which moments of the same kinds are not decided alike."""
        found = []
        for _ in range(times):
            kinds = [random.randrange(len(self._life.examples)) for _ in self._premises.names()]
            others = [random.choice(self._life.others[kind] or [self._life.examples[kind]]) for kind in kinds]
            dropped = random.random() < 0.5
            if self.decided([self._life.examples[kind] for kind in kinds], dropped) != self.decided(others, dropped):
                found.append(str([node.chargers[NAME] for node in others]))
        return found


def _in_order(kinds: Kinds, is_asking: Sequence[bool]) -> bool:
    return all(is_asking[one] or (not is_asking[other] and one <= other) for one, other in pairwise(kinds))


def _base(premises: Premises, dropped: bool) -> State:
    state = site.declared(premises)
    if dropped:
        site.configure(state, premises.dropped_w, premises)
    return state


@dataclass(frozen=True, slots=True)
class _Placed:
    """The facts of one of several chargers."""

    key: ConnectorKey
    charge_point: ChargePoint
    shape: Shape
    connector: Connector | None
    limits: ConnectorLimits | None
    active: Transaction | None

    def put_into(self, state: State) -> None:
        state.charge_points[self.key.charge_point_id] = self.charge_point
        state._shapes[self.key.charge_point_id] = self.shape  # nothing else could put it there
        if self.connector is not None:
            state.connectors[self.key] = self.connector
        if self.limits is not None:
            state.limits[self.key] = self.limits
        if self.active is not None:
            state.active[self.key] = self.active


def _in_place(name: str, alone: State) -> _Placed:
    """The facts of a charger that was alone, under another name; it began after those with lower ones."""
    key = key_of(NAME)
    connector, limits, active = alone.connectors.get(key), alone.limits.get(key), alone.active.get(key)
    return _Placed(
        key_of(name),
        replace(alone.charge_points[NAME], charge_point_id=name),
        alone.shape(NAME),
        replace(connector, charge_point_id=name) if connector is not None else None,
        replace(limits, charge_point_id=name) if limits is not None else None,
        replace(active, charge_point_id=name, started_at_s=float(name) + 1.0) if active is not None else None,
    )


def _closure(kind: int, life: Life) -> int:
    """What may come of a moment of that kind without a decision: bits."""
    reached, todo = 1 << kind, [kind]
    while todo:
        for _, after, _ in life.steps[todo.pop()]:
            if not reached >> after & 1:
                reached |= 1 << after
                todo.append(after)
    return reached


def _mask(views: Sequence[int], view: int) -> int:
    """The kinds that are seen so: bits."""
    return sum(1 << kind for kind, its_view in enumerate(views) if its_view == view)


def _bits(number: int) -> Iterator[int]:
    while number:
        lowest = number & -number
        yield lowest.bit_length() - 1
        number ^= lowest
