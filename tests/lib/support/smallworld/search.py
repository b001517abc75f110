"""Breadth first through every state of the small world, looking for one in which a promise is broken."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from multiprocessing import get_context

from support.smallworld import site
from support.smallworld.happenings import Node, Step, first, successors
from support.smallworld.site import Premises, key_of

Path = tuple[str, ...]
_CHUNK = 200


@dataclass(slots=True)
class Found:
    """How many states there are, how many ways lead from one to another, and what is wrong in them."""

    states: int = 0
    transitions: int = 0
    depth: int = 0
    complete: bool = True
    violations: list[str] = field(default_factory=list)
    examples: list[Node] = field(default_factory=list)


def search(
    premises: Premises,
    *,
    jobs: int = 1,
    most: int | None = None,
    progress: Callable[[Found, int], None] = lambda _found, _frontier: None,
) -> Found:
    """Visit every reachable state, or the first `most`; stops at the first level in which a promise is broken."""
    found = Found()
    start = first(premises)
    seen = {key(start)}
    frontier: list[tuple[Node, Path]] = [(start, ())]
    with get_context("spawn").Pool(jobs) if jobs > 1 else _Alone() as pool:
        while frontier and not found.violations and (most is None or len(seen) < most):
            chunks = [(premises, frontier[n : n + _CHUNK]) for n in range(0, len(frontier), _CHUNK)]
            frontier = []
            for expanded in pool.imap(expand, chunks):
                found.violations += expanded.violations
                found.transitions += expanded.transitions
                for digest, node, path in expanded.next:
                    if digest not in seen:
                        seen.add(digest)
                        frontier.append((node, path))
            found.depth += 1
            found.states = len(seen)
            found.examples = [*found.examples[-50:], *(node for node, _ in frontier[:: max(1, len(frontier) // 20)])]
            progress(found, len(frontier))
    found.complete = not frontier
    return found


@dataclass(slots=True)
class _Expanded:
    next: list[tuple[bytes, Node, Path]] = field(default_factory=list)
    transitions: int = 0
    violations: list[str] = field(default_factory=list)


class _Alone:
    """One process: a pool that does the work itself."""

    def __enter__(self) -> _Alone:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def imap(
        self,
        work: Callable[[tuple[Premises, Sequence[tuple[Node, Path]]]], _Expanded],
        chunks: Iterable[tuple[Premises, Sequence[tuple[Node, Path]]]],
    ) -> Iterable[_Expanded]:
        return map(work, chunks)


def expand(chunk: tuple[Premises, Sequence[tuple[Node, Path]]]) -> _Expanded:
    """Everything that may come next of these states, each new one once, and what is wrong."""
    premises, nodes = chunk
    expanded, known = _Expanded(), set()
    for node, path in nodes:
        intents, book, usable_w = site.decided(node.state, premises)
        for name, charger in node.chargers.items():
            if book.worst_w(key_of(name)) < charger.may_draw_w:
                says = f"charger {name} may draw {charger.may_draw_w} W, the ledger says {book.worst_w(key_of(name))}"
                expanded.violations.append(f"{says}: {' / '.join(path)}")
        for step, after in successors(node, premises, intents):
            expanded.transitions += 1
            way = (*path, f"{step.name} {step.charger}")
            expanded.violations += broken(node, step, after, usable_w, way)
            digest = key(after)
            if digest not in known:
                known.add(digest)
                expanded.next.append((digest, after, way))
    return expanded


def broken(before: Node, step: Step, after: Node, usable_w: int, way: Path) -> list[str]:
    """I1: nothing but an outside event makes the sum larger where it is above the ceiling."""
    was_w, is_w = before.true_w(), after.true_w()
    if step.outside or is_w <= was_w or is_w <= usable_w:
        return []
    return [f"{was_w} W became {is_w} W of {usable_w} W: {' / '.join(way)}"]


def key(node: Node) -> bytes:
    """The same for worlds that differ only in the names of their chargers."""
    ranks = site.ranks(node.state)
    parts = sorted(f"{site.facts(node.state, name, ranks)}{charger.words()}" for name, charger in node.chargers.items())
    return blake2b(f"{node.dropped}{parts}".encode(), digest_size=16).digest()
