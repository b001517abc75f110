"""Who is given what, and which limits leave when: the rules of allocation, plan and commander."""

from __future__ import annotations

from support.mutations.mutation import Mutation

PLAN = "csms/balancing/plan.py"
BUDGET = "csms/balancing/budget.py"
ALLOCATION = "csms/balancing/allocation.py"
DIVISION = "csms/balancing/division.py"
COMMANDER = "csms/commander.py"
YIELDING = "csms/balancing/yielding.py"
CONNECTOR = "csms/balancing/facts.py"
LIMITS = "csms/balancing/limits.py"
TURNS = "csms/balancing/turns.py"

OF_DECISIONS = (
    Mutation(
        "a raise does not wait for room",
        PLAN,
        "return fits and self._fits_inside(case)",
        "return True",
        seeds=(2000000,),
    ),
    Mutation(
        "one room for many raises",
        PLAN,
        "            self._room[row] -= extra[dimension]",
        "            pass",
        seeds=(2000000,),
    ),
    Mutation(
        "a raise waits for everybody",
        PLAN,
        "        return fits and self._fits_inside(case)",
        "        return fits and not any(f.limits.in_flight for f in self._book.facts.values() if f.limits)",
        seeds=(3004000,),
    ),
    Mutation(
        "a busy charger is told more",
        CONNECTOR,
        "if limits is not None and limits.in_flight:",
        "if False:",
        unseen="what is planned for a charger that is being told something does not leave: the commander lets nothing"
        " out before it has answered, and what is planned then is decided anew",
    ),
    Mutation(
        "nothing is said again after a reconnect",
        PLAN,
        "!= case.facts.charge_point.connection_id:\n            return True",
        "!= case.facts.charge_point.connection_id:\n            return False",
        seeds=(15,),
    ),
    Mutation(
        "nobody gives way",
        YIELDING,
        "        if excesses is None:\n",
        "        if True:\n",
        seeds=(2500001,),
    ),
    Mutation(
        "one gives way for half of the excess",
        YIELDING,
        "max(0, worst[dimension] - excess)",
        "max(0, worst[dimension] - excess // 2)",
        seeds=(2500001,),
    ),
    Mutation(
        "default profiles do not give way",
        "csms/balancing/defaults.py",
        "        return facts.shape.lowest_w if self.gives_way(facts) else ",
        "        return facts.shape.lowest_w if False else ",
        seeds=(3005000,),
    ),
    Mutation(
        "what is exceeded is not said again",
        PLAN,
        "            return self._is_due(confirmed.issued_at.steady_s + _FORGOTTEN_S)",
        "            return False",
        seeds=(3006000,),
    ),
    Mutation(
        "floors need not fit",
        DIVISION,
        "        if fits and wish.floor_w",
        "        if wish.floor_w",
        seeds=(1,),
    ),
    Mutation(
        "steps round up",
        "csms/domain/electrical.py",
        "return power_w * under // over",
        "return power_w * under // over + 1",
        seeds=(2000000,),
    ),
    Mutation(
        "a full row stops nobody",
        LIMITS,
        "                    self._stop(row)",
        "                    pass",
        seeds=(1000001,),
    ),
    Mutation(
        "idle connectors are not held for",
        ALLOCATION,
        "        if wish is None:\n            loads[key] = standing.held(",
        "        if wish is None:\n            continue\n            loads[key] = standing.held(",
        seeds=(1,),
    ),
    Mutation(
        "what a session may fall back to is permitted where it does not fit",
        ALLOCATION,
        "    shares = _beside(standing, limits, division, wishes, holding) if holding else",
        "    shares = _beside(standing, limits, division, wishes, holding) if False else",
        seeds=(3007000,),
    ),
    Mutation(
        "who is told less than it may fall back to counts for no more",
        ALLOCATION,
        "limits.loads(_kept(standing, others)))), **holding}",
        "limits.loads(_kept(standing, [*others, *(replace(w, reserved_w=holding[w.key].limit_w) for w in wishes if"
        " w.key in holding and not holding[w.key].refusing)])))), **holding}",
        seeds=(3008000,),
    ),
    Mutation(
        "nobody's turn ends",
        TURNS,
        "wish.turn_since_s < self._turn_s",
        "wish.turn_since_s < 1e9",
        seeds=(3009000,),
    ),
    Mutation(
        "a limit leaves before it is on disk",
        COMMANDER,
        "            await durable\n            self._tally.limits_sent",
        "            self._tally.limits_sent",
        seeds=(3010000,),
    ),
    Mutation(
        "limits queue",
        COMMANDER,
        "charge_point_id not in first and link.idle:",
        "charge_point_id not in first:",
        seeds=(3014002,),
    ),
    Mutation(
        "a known drop is begun a call too late",
        BUDGET,
        "(1 + max(active",
        "(max(active",
        seeds=(3011001,),
    ),
    Mutation(
        "an unclear answer is taken for a refusal",
        COMMANDER,
        "    if outcome.clear:\n",
        "    if True:\n",
        seeds=(2000000,),
    ),
    Mutation(
        "defaults do not give way to a cut without an answer",
        "csms/balancing/defaults.py",
        "        obeys = _has_or_will(facts, now) and not _is_in_doubt(facts, now)\n",
        "        obeys = _has_or_will(facts, now)\n",
        seeds=(3018000,),
    ),
)
