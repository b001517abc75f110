"""Everything that can happen next in the small world: state in, states out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from csms.balancing.plan import Intent
from csms.domain import events as ev
from csms.domain.model import ConnectorStatus, LimitPurpose, Proof
from csms.domain.state import State
from support.smallworld import identity, site
from support.smallworld.charger import NOT_MEANT_W, SETTLED, Charger, Message
from support.smallworld.site import NOW, Premises, key_of


@dataclass(slots=True)
class Node:
    """The central system's state beside what each charger may truly be doing. `dropped`: the ceiling is low."""

    state: State
    chargers: dict[str, Charger]
    dropped: bool = False

    def copy(self) -> Node:
        return Node(site.copied(self.state), dict(self.chargers), self.dropped)

    def true_w(self) -> int:
        return sum(charger.may_draw_w for charger in self.chargers.values())


@dataclass(frozen=True, slots=True)
class Step:
    """What happened, to whom, and whether an outside event may have made the sum of true draws larger."""

    name: str
    charger: str
    outside: bool = False


Change = Callable[[Node, str], None]


def first(premises: Premises) -> Node:
    """Everybody is connected, idle, and has acknowledged its default; or nobody has ever called."""
    state = site.declared(premises)
    node = Node(state, {name: Charger(premises.rated_w, read=premises.readings) for name in premises.names()})
    if premises.first_contact:
        return node
    for name in premises.names():
        _connects(node, name, premises)
        site.status(state, name, ConnectorStatus.AVAILABLE)
    decides(node, site.decided(state, premises)[0])
    for name, charger in node.chargers.items():
        if charger.waits is not None:
            _answers_yes(node, name, charger.waits)
        if premises.leases:
            state.apply(ev.LeaseProved(NOW, name, Proof.SHOWN))
        tidy(node, name, premises)
    return node


def successors(node: Node, premises: Premises, intents: tuple[Intent, ...]) -> Iterator[tuple[Step, Node]]:
    """Every world that may come next."""
    if intents:
        after = node.copy()
        decides(after, intents)
        yield Step("decision", "all"), after
    for name in premises.names():
        for what, change, outside in events_of(node, name, premises):
            if what in premises.never:
                continue
            after = node.copy()
            change(after, name)
            tidy(after, name, premises)
            yield Step(what, name, outside), after
    yield from _of_the_site(node, premises)


def _of_the_site(node: Node, premises: Premises) -> Iterator[tuple[Step, Node]]:
    after = node.copy()
    after.dropped = not node.dropped
    site.configure(after.state, premises.dropped_w if after.dropped else premises.capacity_w, premises)
    yield Step("ceiling drops" if after.dropped else "ceiling is back", "all", True), after
    if "crash and restart" not in premises.never and all(has_room(node, name, premises) for name in premises.names()):
        yield Step("crash and restart", "all"), restarts(node, premises)


def restarts(node: Node, premises: Premises) -> Node:
    """Our process ends, and begins again from what is stored."""
    after = node.copy()
    after.state = site.restarted(node.state)
    after.chargers = {name: charger.loses_connection() for name, charger in node.chargers.items()}
    for name in premises.names():
        site.was_connected(after.state, name)
        tidy(after, name, premises)
    return after


def events_of(node: Node, name: str, premises: Premises) -> Iterator[tuple[str, Change, bool]]:
    charger = node.chargers[name]
    yield from _answers(node, name, premises)
    if charger.online:
        yield from _online(node, name, premises)
    else:
        yield "reconnects", lambda n, c: _connects(n, c, premises), not charger.known
        yield from _offline(charger, premises)
    if charger.following or key_of(name) in node.state.limits:
        yield "time passes", lambda n, c: _ages(n, c, premises), False
    if premises.leases:
        if charger.waits is None:  # no call takes as long as a lease
            yield "its leases end", _leases_end, False
        if charger.has_stepped_down and key_of(name) in node.state.limits:
            yield "its leases are over for us too", _leases_are_over, False
    if premises.rogues:
        yield from _rogue(node, charger, name)


def _answers(node: Node, name: str, premises: Premises) -> Iterator[tuple[str, Change, bool]]:
    charger = node.chargers[name]
    waits = charger.waits
    if waits is not None:
        yield "acknowledges", lambda n, c: _answers_yes(n, c, waits), False
        yield "rejects", lambda n, c: _answers_no(n, c, waits), False
        if has_room(node, name, premises):
            yield "error or timeout", lambda n, c: _keeps_silent(n, c, "Timeout"), False
    for late in charger.unanswered:
        yield "late answer", lambda n, c, m=late: _answers_yes(n, c, m), False  # type: ignore[misc]  # m is bound now
        yield "late refusal", lambda n, c, m=late: _answers_no(n, c, m), False  # type: ignore[misc]


def has_room(node: Node, name: str, premises: Premises) -> bool:
    """Whether one more call may stay without an answer."""
    return node.chargers[name].waits is None or site.without_answer(node.state, name) < premises.bound


def _online(node: Node, name: str, premises: Premises) -> Iterator[tuple[str, Change, bool]]:
    charger = node.chargers[name]
    if has_room(node, name, premises):
        yield "connection lost", _disconnects, False
        yield "reboots", lambda n, c: _reboots(n, c, premises), False
    if charger.news:
        yield "reports what it has to", _reports, False
    elif charger.running:
        yield "stops", _stops, False
    else:
        yield "starts", _starts, False
    if not charger.news and charger.plugged:
        yield "unplugged", _unplugs, False
    if not charger.news and not charger.plugged:
        yield "plugged in", _plugs, False
    if premises.readings and charger.plugged and charger.following:
        yield "a reading shows that nothing is drawn", _draws_nothing, False


def _offline(charger: Charger, premises: Premises) -> Iterator[tuple[str, Change, bool]]:
    if len(charger.news) < premises.news:
        if charger.running:
            yield "stops offline", lambda n, c: _tells_later(n, c, n.chargers[c].ends(), "stop"), False
        else:
            yield "starts offline", lambda n, c: _tells_later(n, c, n.chargers[c].starts(), "start"), False
        if charger.plugged and not charger.running:
            yield "unplugged offline", lambda n, c: _tells_later(n, c, n.chargers[c].unplugs(), "unplug"), False
        if not charger.plugged:
            yield "plugged in offline", lambda n, c: _tells_later(n, c, n.chargers[c].plugs(), "plug"), False


def _rogue(node: Node, charger: Charger, name: str) -> Iterator[tuple[str, Change, bool]]:
    limits = node.state.limits.get(key_of(name))
    if not charger.rogue:
        yield "ignores its limit or loses its profiles", lambda n, c: _edit(n, c, rogue=True), False
    elif limits is not None and charger.online:
        if (limits.overdraw is None or limits.overdraw.count < 2) and charger.plugged and not charger.news:
            yield "is metered above its limit", _is_exposed, True
        if limits.overdraw is not None:
            yield "obeys again, and has for a while", _reforms, False


def _edit(node: Node, name: str, **changes: bool) -> None:
    node.chargers[name] = replace(node.chargers[name], **changes)  # type: ignore[arg-type]  # all of them are flags


def _is_exposed(node: Node, name: str) -> None:
    _edit(node, name, exposed=True)
    idle = key_of(name) not in node.state.active
    node.state.apply(ev.LimitExceeded(NOW, name, 1, float(node.chargers[name].rated_w), 0, idle))


def _reforms(node: Node, name: str) -> None:
    _edit(node, name, exposed=False, rogue=False)
    node.state.apply(ev.LimitObeyed(NOW, name, 1))


def decides(node: Node, intents: tuple[Intent, ...]) -> None:
    for intent in intents:
        limit_id = site.issue(node.state, intent)
        message = Message(
            limit_id, intent.purpose is LimitPurpose.DEFAULT, intent.limit_w, intent.lease_s is not None, intent.then_w
        )
        name = intent.key.charge_point_id
        charger = node.chargers[name]
        # What was meant for another transaction is thrown away by the charger.
        meant = message.by_default or (charger.running and "stop" not in charger.news)
        sent = message if meant else replace(message, limit_w=NOT_MEANT_W, then_w=NOT_MEANT_W)
        node.chargers[name] = charger.sent(sent)


def _answers_yes(node: Node, name: str, message: Message) -> None:
    node.chargers[name] = node.chargers[name].accepts(message)
    site.confirm(node.state, name, message.limit_id, by_default=message.by_default)


def _answers_no(node: Node, name: str, message: Message) -> None:
    node.chargers[name] = node.chargers[name].refuses(message)
    site.refuse(node.state, name, message.limit_id)


def _keeps_silent(node: Node, name: str, cause: str) -> None:
    waits = node.chargers[name].waits
    if waits is not None:
        node.chargers[name] = node.chargers[name].keeps_silent()
        site.no_answer(node.state, name, waits.limit_id, cause)


def _disconnects(node: Node, name: str) -> None:
    _keeps_silent(node, name, "Disconnected")
    site.disconnect(node.state, name)
    node.chargers[name] = node.chargers[name].loses_connection()


def _connects(node: Node, name: str, premises: Premises, *, booted: bool = False) -> None:
    site.connect(node.state, name, premises, booted=booted)
    charger = node.chargers[name]
    node.chargers[name] = replace(charger, online=True, known=True)
    if premises.first_contact:
        site.status(node.state, name, ConnectorStatus.PREPARING if charger.plugged else ConnectorStatus.AVAILABLE)


def _reboots(node: Node, name: str, premises: Premises) -> None:
    """Whether its transaction goes on, and under which of its profiles, is its affair."""
    _disconnects(node, name)
    _connects(node, name, premises, booted=True)


def _starts(node: Node, name: str) -> None:
    node.chargers[name] = node.chargers[name].starts()
    site.start(node.state, name)


def _stops(node: Node, name: str) -> None:
    node.chargers[name] = node.chargers[name].ends()
    site.stop(node.state, name)


def _plugs(node: Node, name: str) -> None:
    node.chargers[name] = node.chargers[name].plugs()
    site.status(node.state, name, ConnectorStatus.PREPARING)


def _unplugs(node: Node, name: str) -> None:
    """Some chargers say so before they end the transaction."""
    node.chargers[name] = node.chargers[name].unplugs()
    site.status(node.state, name, ConnectorStatus.AVAILABLE)


def _tells_later(node: Node, name: str, charger: Charger, news: str) -> None:
    node.chargers[name] = replace(charger, news=(*charger.news, news))


def _reports(node: Node, name: str) -> None:
    """The oldest message it kept while it was offline."""
    charger = node.chargers[name]
    news, *rest = charger.news
    node.chargers[name] = replace(charger, news=tuple(rest))
    match news:
        case "stop":
            site.stop(node.state, name)
        case "start":
            site.start(node.state, name)
        case "plug":
            site.status(node.state, name, ConnectorStatus.PREPARING)
        case _:
            site.status(node.state, name, ConnectorStatus.AVAILABLE)


def _draws_nothing(node: Node, name: str) -> None:
    node.chargers[name] = node.chargers[name].draws_nothing()
    site.draws_nothing(node.state, name)


def _ages(node: Node, name: str, premises: Premises) -> None:
    node.chargers[name] = node.chargers[name].ages(1 if premises.halves else SETTLED)
    if key_of(name) in node.state.limits:
        site.age(node.state, name, premises)


def _leases_end(node: Node, name: str) -> None:
    node.chargers[name] = node.chargers[name].leases_end()


def _leases_are_over(node: Node, name: str) -> None:
    """Later than the charger steps down, by the margin for its clock and a settling time."""
    site.end_leases(node.state, name)


def tidy(node: Node, name: str, premises: Premises) -> None:
    """Ids that no rule can tell apart are made the same."""
    order = identity.renumbering(node.state, name)
    identity.tidied(node.state, name, order, premises.counted)
    node.chargers[name] = node.chargers[name].renumbered(order)
