"""What one charger may truly be doing, by the plainest reading of the protocol; it knows nothing of the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

NOT_MEANT_W = -1
"""The limit of a profile for another transaction than the running one."""

SETTLED = 2
"""After so many steps of ageing a car has followed a limit."""


@dataclass(frozen=True, slots=True, order=True)
class Message:
    """A limit on its way. `leased`: it steps down to `then_w` by itself, and then is a limit of just that."""

    limit_id: int
    by_default: bool
    limit_w: int
    leased: bool = False
    then_w: int = 0


@dataclass(frozen=True, slots=True)
class Charger:
    """A charger with one connector; `rated_w` is what it draws where no limit holds it.

    `profiles` and `defaults` are the limits of each purpose that may be in force (several where an answer is missing);
    no profile: the default governs. `following` are limits its car may still be drawing at, with their age, and whether
    it may have yet to take them up; it has taken up those in force but `lately` (told apart where it is `read`: where
    readings are told). `waits` is the call under way; `unanswered` those whose answer we no longer wait for. `news` is
    what it has yet to report. `ghosts` are those that an earlier connection left without an answer: it may apply them
    late, at any time. `known`: it has called before; nobody counts it until then. `rogue`: it has lost its profiles or
    ignores them, `exposed`: and was metered.
    """

    rated_w: int
    online: bool = False
    known: bool = False
    plugged: bool = False
    running: bool = False
    profiles: frozenset[Message] = frozenset()
    defaults: frozenset[Message] = frozenset()
    following: frozenset[tuple[int, int, bool]] = frozenset()
    read: bool = False
    lately: frozenset[int] = frozenset()
    waits: Message | None = None
    unanswered: tuple[Message, ...] = ()
    news: tuple[str, ...] = ()
    ghosts: frozenset[Message] = frozenset()
    rogue: bool = False
    exposed: bool = False

    @property
    def may_draw_w(self) -> int:
        """The most it may draw now or after a moment in which its transaction ends and another one starts."""
        if not self.known:
            return 0
        if self.exposed:
            return self.rated_w
        limits_w = [message.limit_w for message in self.defaults] or [self.rated_w]
        limits_w += [message.limit_w for message in (*self.profiles, *self.ghosts)] + [
            limit_w for limit_w, _, _ in self.following
        ]
        if self.waits is not None and self._matters(self.waits):
            limits_w.append(self.waits.limit_w)
        return max(limits_w)

    def _matters(self, message: Message) -> bool:
        """A profile of a transaction that is over is refused or thrown away (OCPP 1.6 5.16, 2.0.1 K01.FR.09)."""
        return message.by_default or (self.running and message.limit_w != NOT_MEANT_W)

    def sent(self, message: Message) -> Charger:
        return replace(self, waits=message)

    def accepts(self, message: Message) -> Charger:
        """It has applied the message, and answers so: whatever it was told before no longer matters."""
        charger = self._no_longer_waits(message)
        if not self._matters(message):
            return charger
        before = self._of(message.by_default) or (self.defaults if not message.by_default else frozenset())
        kept = tuple(
            m for m in charger.unanswered if m.by_default != message.by_default or m.limit_id > message.limit_id
        )
        later = [m for m in kept if m.by_default == message.by_default and self._matters(m)]
        in_force = frozenset([message, *later])
        if message.by_default:
            charger = replace(charger, defaults=in_force, unanswered=kept)
        else:
            charger = replace(charger, profiles=in_force, unanswered=kept)
        for m in before or (_unlimited(self),):
            charger = charger._cut(m.limit_w, message.limit_w, fresh=m in self.unanswered or m.limit_w in self.lately)
        return replace(charger, lately=charger.lately | {message.limit_w}) if self.read and message.limit_w else charger

    def refuses(self, message: Message) -> Charger:
        """What was in force stays in force; a late refusal tells that this one never was, and nobody follows it."""
        charger = self._no_longer_waits(message)
        profiles, defaults = charger.profiles - {message}, charger.defaults - {message}
        following = charger.following
        if message.limit_w not in {m.limit_w for m in (*profiles, *defaults, *charger.ghosts)}:
            following = frozenset(one for one in following if one[0] != message.limit_w)
        return replace(charger, profiles=profiles, defaults=defaults, following=following)

    def keeps_silent(self) -> Charger:
        """No answer, an error, or the connection is gone: it may have applied the message, or will."""
        message = self.waits
        if message is None:
            return self
        charger = replace(self, waits=None, unanswered=(*self.unanswered, message))
        if not self._matters(message):
            return charger
        if message.by_default:
            return replace(charger, defaults=(self.defaults or frozenset([_unlimited(self)])) | {message})
        return replace(charger, profiles=self.profiles | {message})

    def ends(self) -> Charger:
        """Its transaction ends, and its profiles with it, also those on their way; a car takes a moment to stop."""
        open_to = [*self.unanswered, *self.ghosts, *([self.waits] if self.waits is not None else [])]
        fresh_w = [m.limit_w for m in open_to if m in self.ghosts or not m.by_default]
        fresh_w += [m.limit_w for m in self.profiles if m.limit_w in self.lately]
        drawn_w = [m.limit_w for m in self.profiles]
        waits = self.waits if self.waits is not None and self.waits.by_default else None
        unanswered = tuple(m for m in self.unanswered if m.by_default)
        ghosts = frozenset(m for m in self.ghosts if m.by_default)
        idle = replace(self, running=False, profiles=frozenset(), ghosts=ghosts, waits=waits, unanswered=unanswered)
        idle = replace(idle, lately=frozenset())._cut(max(fresh_w, default=0), 0, fresh=True)
        return idle._cut(max(drawn_w, default=0), 0, fresh=False)

    def loses_connection(self) -> Charger:
        """What it was told and has not answered it may still apply, but nobody hears its answer."""
        silent = self.keeps_silent()
        left = [message for message in silent.unanswered if silent._matters(message)]
        return replace(silent, online=False, unanswered=(), ghosts=silent.ghosts | frozenset(left))

    def starts(self) -> Charger:
        return replace(self, running=True, plugged=True)

    def plugs(self) -> Charger:
        return replace(self, plugged=True)

    def unplugs(self) -> Charger:
        return replace(self, plugged=False, following=frozenset(), exposed=False)

    def ages(self, steps: int) -> Charger:
        older = frozenset((limit_w, age + steps, new) for limit_w, age, new in self.following if age + steps < SETTLED)
        return replace(self, following=older, lately=frozenset() if steps >= SETTLED else self.lately)

    def draws_nothing(self) -> Charger:
        """Whatever it had taken up it follows down; what it has not it may yet take up, a moment before it follows."""
        return replace(self, following=frozenset(one for one in self.following if one[2]))

    def leases_end(self) -> Charger:
        """Those it has, and those it may still be reading; a car takes a moment to follow. No answer takes so long."""
        waits = self.waits
        drawn = [m for m in (*self.profiles, *self.ghosts, *([waits] if waits is not None else [])) if m.leased]
        stepped = replace(
            self,
            profiles=frozenset(_stepped(m) for m in self.profiles),
            unanswered=(),
            ghosts=frozenset(_stepped(m) for m in self.ghosts),
            waits=_stepped(waits) if waits is not None else None,
        )
        return stepped._cut(max((m.limit_w for m in drawn), default=0), 0, fresh=True)

    @property
    def has_stepped_down(self) -> bool:
        """Every lease is over, and was long enough ago for its car to have followed."""
        waits = [self.waits] if self.waits is not None else []
        return not self.following and not any(
            m.leased for m in (*self.profiles, *self.unanswered, *self.ghosts, *waits)
        )

    def renumbered(self, order: Mapping[int, int]) -> Charger:
        """With the ids of its messages in their order; those whose answer nobody expects any more have none."""
        waits = _renamed(self.waits, order) if self.waits is not None else None
        unanswered = tuple([_renamed(m, order) for m in self.unanswered if m.limit_id in order])
        expected = {before: after for before, after in order.items() if any(m.limit_id == after for m in unanswered)}
        profiles, defaults = _all_renamed(self.profiles, expected), _all_renamed(self.defaults, expected)
        ghosts = _all_renamed(self.ghosts, {})
        told = (profiles, defaults, ghosts, unanswered, waits)
        if told == (self.profiles, self.defaults, self.ghosts, self.unanswered, self.waits):
            return self
        return replace(self, profiles=profiles, defaults=defaults, ghosts=ghosts, unanswered=unanswered, waits=waits)

    def _of(self, by_default: bool) -> frozenset[Message]:
        return self.defaults if by_default else self.profiles

    def _cut(self, before_w: int, after_w: int, *, fresh: bool) -> Charger:
        if before_w <= after_w or not self.plugged:
            return self
        return replace(self, following=self.following | {(before_w, 0, fresh and self.read)})

    def _no_longer_waits(self, message: Message) -> Charger:
        if self.waits == message:
            return replace(self, waits=None)
        return replace(self, unanswered=tuple(m for m in self.unanswered if m != message))


def _renamed(message: Message, order: Mapping[int, int]) -> Message:
    limit_id = order.get(message.limit_id, 0)
    return message if limit_id == message.limit_id else replace(message, limit_id=limit_id)


def _all_renamed(messages: frozenset[Message], order: Mapping[int, int]) -> frozenset[Message]:
    return frozenset([_renamed(message, order) for message in messages]) if messages else messages


def _unlimited(charger: Charger) -> Message:
    return Message(0, True, charger.rated_w)


def _stepped(message: Message) -> Message:
    return replace(message, limit_w=message.then_w, leased=False, then_w=0) if message.leased else message
