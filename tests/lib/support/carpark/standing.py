"""One charger as the observer judges it: can it be told anything, does it keep what it acknowledged, who knows of it.

Everything here comes from outside csms: from the charger itself, from its connection and from what was drawn for it.
"""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, replace

from simulators.behaviour import Behaviour
from simulators.charge_point import ChargePoint
from support.carpark.ceilings import Vector
from support.carpark.contribution import NOTHING, Parts, highest, lowest, summed
from support.carpark.draw_behaviour import AT_RUN_TIME, fault_of
from support.carpark.scenario import PointPlan

HEALING_S = 180.0
"""How long after a charger is back one may believe what it has forgotten: by then it can have been told again."""

FOLLOWING_S = 1.0
"""What following a limit may take beyond the car's reaction: the charger's own ticks."""

LONGEST_REACTION_S = 60.0

SAID_AGAIN_S = 180.0
"""How long after a charger that was known to disobey has come to reason it can have been told again: once a reading,
which may take two minutes, has shown that it draws more than it should."""

TRUSTED_S = 600.0
"""Who has kept to what it was told for so long is trusted again, and in doubt."""

GREETING_S = 3.0
"""Who has come back may have to boot: it is sent nothing before it has spoken, or kept silent for so long."""

SAMPLES = 3
"""So many readings of a connector in a row above what was permitted are no accident. It takes two; a first may show
what was drawn before the last limit had been followed."""

LEASE_ENDS_LATE_S = 66.0
"""Only then is a lease over for certain: the charger's clock may be a minute behind, and its car has yet to follow."""

CALL_TIMEOUT_S = 30.0
LAST_SENT = 64
"""So many CALLs are remembered: more than can be answered while a case is open."""

UNCLEAR_ANSWERS = "unclear answers"
UNCLEAR = ("chance_call_lost", "chance_answer_lost", "chance_call_error", "chance_answered_late", "never_answers")
REFUSING = ("rejects_profile_chance", "rejects_profiles", "honours_only", "takes_kinds", "call_error_for")


@dataclass(frozen=True, slots=True)
class Doubt:
    """It may draw more than it acknowledged, and nobody can know: `believed` is the most that each of its connectors
    must be taken for; where that is less, for what it permits now. Nothing: none of them for anything."""

    cause: str
    believed: Parts
    since_s: float
    until_s: float = math.inf
    """From then on not to know is no excuse any more."""
    leased_until_s: float = math.inf
    """From then on it is taken for nothing while it is out of reach: had it not forgotten, it had stepped down."""


@dataclass(slots=True)
class Outstanding:
    """A CALL of ours: until it is answered or times out no other may follow (OCPP-J 4.1.1)."""

    sent_s: float
    answered_s: float = math.inf

    def over_s(self) -> float:
        return min(self.answered_s, self.sent_s + CALL_TIMEOUT_S)


def leased_until_s(plan: PointPlan, told_s: float, lease_minutes: float) -> float:
    """Until when everybody must reckon with what a charger out of reach was told last."""
    return told_s + lease_minutes * 60 + LEASE_ENDS_LATE_S if plan.shows_steps else math.inf


class Standing:
    """What is known of one charger at this moment. `now_s` are seconds of the virtual loop.

    `rests`: no car is plugged in. `untold`: of so many connectors a transaction has begun or ended without our knowing
    of it. `on_revealed` hears the name of what has just become known, which is the moment to act on it.
    """

    def __init__(self, plan: PointPlan, on_revealed: Callable[[str], None]) -> None:
        self.plan = plan
        self.vector: Vector = NOTHING
        self.parts: Parts = ()
        self.reachable_since_s: float | None = None
        self.doubt: Doubt | None = Doubt("not commissioned", (), 0.0)
        self.known_fault: str | None = None
        self.infamous = False
        self.held: str | None = "first contact"
        self.rests = False
        self.untold = 0
        self.noisy = False
        self.outstanding: Outstanding | None = None
        self.sent_s: deque[float] = deque(maxlen=LAST_SENT)
        self.returned_with: Vector = NOTHING
        self._left_with: Vector = NOTHING
        self._on_revealed = on_revealed
        self._seen = False
        self._had_defaults = self._present = self._misbehaves = False
        self._first_told_s = self._greeted_s = -math.inf
        self._installed = 0
        self._revealing_samples: Counter[int] = Counter()
        self._higher_samples: Counter[int] = Counter()
        self._lost_call: Outstanding | None = None
        self._heals_s: float | None = None
        self._revealed_s = -math.inf
        self._told_again_s: float | None = None
        self._obeys_since_s: float | None = None
        self._reaction_s = 0.0
        self._behaviour: Behaviour | None = None
        self._earlier: list[tuple[float, Vector]] = []
        self._fault: str | None = None
        self._unclear = False
        self._foreign = frozenset(item.profile.profile_id for item in plan.behaviour.foreign_profiles)

    @property
    def cause(self) -> str:
        """Why it holds what it draws although everybody wants it to stop."""
        if self.doubt is not None:
            return self.doubt.cause
        if self.reachable_since_s is None:
            return "offline"
        return self.known_fault or ("noisy" if self.noisy else None) or self.held or "latency"

    @property
    def told_in_vain(self) -> bool:
        """Whether it does what it is told, if only what it is told arrives: it may stay where it is, but does not rise
        without a command of ours."""
        deaf = self.noisy or self.held == UNCLEAR_ANSWERS
        return deaf and self.reachable_since_s is not None and self.known_fault is None and self.doubt is None

    @property
    def falls_back(self) -> bool:
        """Whether every connector has a default profile of ours."""
        return self._present

    @property
    def took_no_default(self) -> bool:
        """Whether it has been in reach and never taken a default profile, so that it is free when its session ends."""
        return self._seen and not self._had_defaults

    def changes(self, vector: Vector, parts: Parts, now_s: float) -> None:
        """From now on it contributes this, and each of its connectors that."""
        self._earlier = [(at_s, v) for at_s, v in self._earlier if now_s - at_s <= LONGEST_REACTION_S]
        self._earlier.append((now_s, self.vector))
        self.vector, self.parts = vector, parts

    def following(self, now_s: float) -> Vector:
        """What its cars may draw as long as they have yet to react to what they were told last."""
        most = self.vector
        for until_s, vector in self._earlier:
            if now_s - until_s <= self._reaction_s + FOLLOWING_S:
                most = highest(most, vector)
        return most

    def believed(self, now_s: float) -> Vector:
        """What it has to be taken for while nobody can know better."""
        doubt = self.doubt
        if doubt is None or now_s >= doubt.until_s:
            return self.vector
        if self.reachable_since_s is None and now_s >= doubt.leased_until_s:
            return NOTHING
        return lowest(self.vector, summed(map(lowest, doubt.believed, self.parts)))

    def may_hold(self, now_s: float, leased_until_s: float) -> Vector:
        """What it must be taken for while nobody can tell it anything: who is out of reach, for what it left with as
        well, as long as that was leased to it. That a session has ended nobody learns before it is back."""
        if self.reachable_since_s is None and now_s < leased_until_s:
            return highest(self.vector, self._left_with)
        return self.vector

    def free_at_s(self, from_s: float, waited_for: Outstanding | None) -> float:
        """When a 0 sent at `from_s`, or as soon as it could be sent after that, is what the car draws."""
        if self.reachable_since_s is None or self.held or self.noisy or self.known_fault or self.doubt:
            return math.inf
        waits_s = [call.over_s() for call in (waited_for, self._lost_call) if call is not None]
        sent_s = max(from_s, self.reachable_since_s, self._greeted_s, *waits_s)
        behaviour = self.plan.behaviour
        takes_s = self.plan.latency_s[1] + behaviour.answer_delay_s[1] + behaviour.applies_after_s[1]
        # Every connector takes a CALL of its own, one after the other's answer; and one that is refused where we think
        # of another transaction than there is.
        before_s = (self.plan.connectors - 1 + self.untold) * (takes_s + self.plan.latency_s[0])
        first_followed_s = self._first_told_s + self._reaction_s + FOLLOWING_S
        return max(sent_s + before_s + takes_s + self._reaction_s, first_followed_s)

    def look(self, model: ChargePoint, now_s: float, online: bool) -> None:
        """Judge it anew; to be called before its vector changes."""
        self.end_doubt(now_s)
        self._note_contact(now_s, online)
        if model.behaviour is not self._behaviour:
            self._behaviour, self._fault = model.behaviour, fault_of(model.behaviour)
            self._unclear = any(getattr(model.behaviour, name) for name in UNCLEAR + REFUSING)
            self._unclear |= self.plan.stores_limits
        self._present = all(self._has_default(model, number) for number in model.connectors)
        self._note_fault(self._fault, now_s)
        self._note_profiles(model, now_s)
        self._note_clock(model, now_s)
        self.rests = all(c.car is None for c in model.connectors.values())
        self._reaction_s = max((c.car.reaction_s for c in model.connectors.values() if c.car is not None), default=0.0)

    def sampled(self, connector_id: int, drawn_w: float, told_w: float, now_s: float) -> None:
        """A reading of a connector has reached us: several above what it was told reveal the charger.

        One that is not clearly above it reveals nothing, but nobody can be blamed either who takes it for disobedience.
        """
        clearly = drawn_w > told_w * 1.03 + 0.5 * 253 * 3
        if self.known_fault is not None:
            self._note_obedience(self.known_fault, not clearly, now_s)
            return
        commissioned = self.doubt is not None and self.doubt.cause != "not commissioned"
        higher, revealing = self._higher_samples, self._revealing_samples
        higher[connector_id] = higher[connector_id] + 1 if commissioned and drawn_w > told_w * 1.005 else 0
        revealing[connector_id] = revealing[connector_id] + 1 if commissioned and clearly else 0
        self.infamous |= higher[connector_id] == SAMPLES
        if self.doubt is not None and revealing[connector_id] == SAMPLES:
            self._reveal(self.doubt.cause)

    def _note_obedience(self, fault: str, obeys: bool, now_s: float) -> None:
        if not obeys or self._obeys_since_s is None:
            self._obeys_since_s = now_s
        elif now_s - self._obeys_since_s >= TRUSTED_S:
            self.known_fault = self._obeys_since_s = None
            self.doubt = Doubt(fault, (), now_s)

    def waits_for(self, outstanding: Outstanding | None) -> None:
        """Our CALL that is under way, if there is one: nothing else can be sent before its answer."""
        self.outstanding = outstanding
        if outstanding is not None:
            self.sent_s.append(outstanding.sent_s)

    def was_told_within(self, from_s: float, to_s: float) -> bool:
        """Whether one of our last CALLs left within this time."""
        return any(from_s <= sent_s <= to_s for sent_s in self.sent_s)

    def _told_nothing_since(self, from_s: float, now_s: float) -> bool:
        """Although it was in reach."""
        in_reach = self.reachable_since_s is not None and self.reachable_since_s <= from_s
        return in_reach and not self.was_told_within(from_s, now_s)

    def noise_ends(self, now_s: float) -> None:
        """It is heard again; but a CALL that may have been lost must time out before the next."""
        self.noisy = False
        if self.reachable_since_s is not None:
            self.reachable_since_s, self._lost_call = now_s, self.outstanding

    def forgot(self, cause: str, before: Parts, now_s: float, leased_until_s: float = math.inf) -> None:
        """It has just lost its profiles: it is still believed to be where it was before, out of reach until its lease
        is over; while it is in doubt already, where it was believed to be then, or where it has come down to since.
        What it was about to be told again, and so to be known for, it has lost too."""
        self.end_doubt(now_s)
        if self.doubt is not None:
            believed = tuple(map(lowest, self.doubt.believed, before))
            until_s = min(self.doubt.leased_until_s, leased_until_s)
            self.doubt = replace(self.doubt, believed=believed, leased_until_s=until_s)
            if self._had_defaults and self.doubt.until_s < math.inf:
                self.doubt = replace(self.doubt, cause=cause, until_s=math.inf)
                self._told_again_s = None
        elif self._had_defaults:
            self.doubt = Doubt(cause, before, now_s, leased_until_s=leased_until_s)

    def transaction_over(self) -> None:
        """What was known of a charger's disobedience was known of that transaction; without one, what it has forgotten
        is its default, and nobody could take it for more than that."""
        self._revealing_samples.clear()
        if self.doubt is not None and self.doubt.cause.startswith("forgets"):
            self.doubt = replace(self.doubt, believed=())
        if self.doubt is not None and self.doubt.cause == "heals":
            self.doubt = None
        if self.known_fault is not None:
            self.known_fault = None

    def end_doubt(self, now_s: float) -> None:
        """A doubt that is over excuses nothing any more."""
        if self.doubt is not None and now_s >= self.doubt.until_s:
            self._doubt_ends(now_s)

    def _doubt_ends(self, now_s: float) -> None:
        """What it has forgotten may have hidden until now that it does not obey."""
        self.doubt = self._told_again_s = None
        self._note_fault(self._fault, now_s)

    def _reveal(self, cause: str) -> None:
        self.doubt, self.known_fault, self.infamous = None, cause, True
        self._obeys_since_s = None
        self._on_revealed(cause)

    def _note_contact(self, now_s: float, online: bool) -> None:
        if not online:
            if self.reachable_since_s is not None:
                self.reachable_since_s, self._left_with = None, self.vector
            return
        if self.reachable_since_s is None:
            self.reachable_since_s, self.returned_with = now_s, self.vector
            self._greeted_s = now_s + GREETING_S
            if self.doubt is not None and self.doubt.cause.startswith("forgets"):
                rounds_s = 10 * sum(self.plan.latency_s)
                self.doubt = replace(self.doubt, until_s=now_s + HEALING_S + rounds_s)
        if not self._seen:
            self._seen = True
            self.doubt = None
            self._on_revealed("first contact")

    def _note_fault(self, fault: str | None, now_s: float) -> None:
        lasting = fault in ("ignores", "at_rating", "overdraws", "charges_freely", "wrong_clock", "late_application")
        if self._seen and fault is not None and lasting and self.doubt is None and self.known_fault is None:
            self.doubt = Doubt(fault, (), now_s)
            self.infamous |= fault == "overdraws"  # by amperes any draw may show it, however many phases it is on
        elif self.doubt is not None and fault is None:
            self._come_to_reason(self.doubt, now_s)
        self._misbehaves = fault in AT_RUN_TIME
        if fault is not None:
            self._heals_s = None
        elif self.known_fault is not None:
            self._note_healing(self.known_fault, now_s)

    def _come_to_reason(self, doubt: Doubt, now_s: float) -> None:
        """It obeys again, but what it was told meanwhile is lost: the next renewal brings limits of sessions, but what
        it falls back to is told again only when it comes back."""
        if not self._present and self._misbehaves:
            self.doubt = replace(doubt, cause="forgets", until_s=math.inf)
        elif doubt.cause in AT_RUN_TIME:
            self.doubt = replace(doubt, cause="heals", until_s=now_s + HEALING_S)

    def _note_healing(self, fault: str, now_s: float) -> None:
        """It obeys again, but only what it is told from now on, and nobody can know before it is told again. One that
        is known to have forgotten, was in reach all the while and was told nothing is no excuse any more."""
        if self._heals_s is None:
            self._heals_s, self._revealed_s = now_s + SAID_AGAIN_S + 10 * sum(self.plan.latency_s), now_s
        if now_s >= self._heals_s or self.vector == NOTHING:
            self.known_fault = self._heals_s = None
            if not (
                self._present or (fault.startswith("forgets") and self._told_nothing_since(self._revealed_s, now_s))
            ):
                self.doubt = Doubt("forgets", (), now_s)

    def _note_profiles(self, model: ChargePoint, now_s: float) -> None:
        before, self._installed = self._installed, len(model.profiles.installed)
        if before and not self._installed:
            self.forgot("forgets", self.parts, now_s)  # a while after a reboot began, or on the next connection
        if not self._present and not self._had_defaults:
            return
        if not self._had_defaults:
            self._had_defaults, self._first_told_s = True, now_s
        self.held = UNCLEAR_ANSWERS if self._unclear else None
        if self._present and self.doubt is not None and self.doubt.cause.startswith("forgets"):
            self._is_told_again(self.doubt, now_s)

    def _is_told_again(self, doubt: Doubt, now_s: float) -> None:
        """It has its default again; what it was offered meanwhile, its cars have yet to follow, up and down again."""
        if self._told_again_s is None:
            self._told_again_s = now_s
        follows_s = self._told_again_s + self._reaction_s + FOLLOWING_S
        if now_s < follows_s:
            self.doubt = replace(doubt, until_s=follows_s)
        else:
            self._doubt_ends(now_s)

    def _note_clock(self, model: ChargePoint, now_s: float) -> None:
        wrong = abs(model.clock_ahead_s - self.plan.behaviour.clock_ahead_s) > 60
        if wrong and self.doubt is None and self._seen:
            self.doubt = Doubt("loses_clock", self.parts, now_s)
        elif not wrong and self.doubt is not None and self.doubt.cause == "loses_clock":
            self._doubt_ends(now_s)

    def _has_default(self, model: ChargePoint, number: int) -> bool:
        return any(
            item.profile.purpose == "TxDefault"
            and item.connector_id in (0, number)
            and item.profile.profile_id not in self._foreign
            for item in model.profiles.installed
        )
