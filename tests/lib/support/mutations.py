"""One broken rule each: an exact string of the source and what it becomes."""

from __future__ import annotations

from dataclasses import dataclass

FACTS, LEDGER, PLAN = "csms/domain/limit_facts.py", "csms/balancing/ledger.py", "csms/balancing/plan.py"
RULES, COMPLIANCE, BUDGET = "csms/domain/rules.py", "csms/balancing/compliance.py", "csms/balancing/budget.py"
ALLOCATION, DIVISION, COMMANDER = "csms/balancing/allocation.py", "csms/balancing/division.py", "csms/commander.py"
YIELDING, CONNECTOR = "csms/balancing/yielding.py", "csms/balancing/facts.py"
TREE, LIMITS, TURNS = "csms/balancing/tree.py", "csms/balancing/limits.py", "csms/balancing/turns.py"


@dataclass(frozen=True, slots=True)
class Mutation:
    """`old` must stand in the file exactly once.

    `seeds` are runs of an hour in which the simulation notices it, found by search. `unseen` says why no simulation
    can: from outside, by construction, there is no difference.
    """

    name: str
    path: str
    old: str
    new: str
    seeds: tuple[int, ...] = ()
    unseen: str = ""


MUTATIONS = (
    Mutation(
        "spend before acknowledgement",
        LEDGER,
        "    acknowledged = [] if limits.transaction is None else [limits.transaction]",
        "    acknowledged = [] if limits.transaction is None or limits.in_flight else [limits.transaction]",
        seeds=(2000000,),
    ),
    Mutation(
        "spend before settle",
        LEDGER,
        "now.steady_s - s.since.steady_s < settle_s]",
        "False]",
        seeds=(2000000,),
    ),
    Mutation(
        "nothing settles",
        FACTS,
        "    return _pruned((*limits.settling, *higher))",
        "    return limits.settling",
        seeds=(2000000,),
    ),
    Mutation(
        "forget an unanswered limit",
        FACTS,
        "    return _failed(replace(limits, outstanding=tuple(unique.values())), limit.purpose",
        "    unique = {k: o for k, o in unique.items() if o.awaited}\n"
        "    return _failed(replace(limits, outstanding=tuple(unique.values())), limit.purpose",
        seeds=(2000000,),
    ),
    Mutation(
        "forget a raise under way",
        LEDGER,
        "[limit for limit in limits.outstanding if limit.purpose is LimitPurpose.TRANSACTION]",
        "[o for o in limits.outstanding if o.purpose is LimitPurpose.TRANSACTION and not o.awaited]",
        seeds=(2000007,),
    ),
    Mutation(
        "a refused cut counts as obeyed",
        FACTS,
        "    return _failed(replace(limits, outstanding=rest), limit.purpose, event.at, event.status)",
        "    limits = replace(limits, transaction=limit if limits.transaction else None)\n"
        "    return _failed(replace(limits, outstanding=rest), limit.purpose, event.at, event.status)",
        seeds=(2500000,),
    ),
    Mutation(
        "what an earlier connection left is overruled",
        FACTS,
        "    return other.connection_id != confirmed.connection_id\n",
        "    return False\n",
        seeds=(2000012,),
    ),
    Mutation(
        "what was sent later is overruled",
        FACTS,
        "    if other.purpose is not confirmed.purpose or other.limit_id > confirmed.limit_id:",
        "    if other.purpose is not confirmed.purpose:",
        unseen="of a connector nothing is sent before what was sent before it was answered or given up, and what was"
        " given up is never confirmed",
    ),
    Mutation(
        "a default overrules the session's limits",
        FACTS,
        "    if other.purpose is not confirmed.purpose or other.limit_id > confirmed.limit_id:",
        "    if other.limit_id > confirmed.limit_id:",
        seeds=(2000012,),
    ),
    Mutation(
        "an unanswered limit that is overruled need not settle",
        FACTS,
        "    higher = known + [_still(possible, at, by_default) for possible in earlier if",
        "    higher = known + [_still(possible, at, by_default) for possible in () if",
        seeds=(2000007,),
    ),
    Mutation(
        "start from zero after a crash",
        "csms/domain/state.py",
        "        return replace(row, outstanding=tuple(replace(limit, awaited=False) for limit in row.outstanding))",
        "        return replace(row, outstanding=())",
        seeds=(2000000,),
    ),
    Mutation(
        "limits are forgotten in a crash",
        "csms/domain/state.py",
        "        return replace(row, outstanding=tuple(replace(limit, awaited=False) for limit in row.outstanding))",
        "        return ConnectorLimits(row.charge_point_id, row.connector_id, default=row.default)",
        seeds=(2000000,),
    ),
    Mutation(
        "ignore a phase",
        TREE,
        "sums[row + 2] += two",
        "sums[row + 2] += 0",
        seeds=(2000000,),
    ),
    Mutation(
        "a circuit does not load its parent",
        TREE,
        "sums[above + dimension] += sums[row + dimension]",
        "pass",
        seeds=(2,),
    ),
    Mutation(
        "rotation is not looked at",
        "csms/domain/electrical.py",
        "    return settings.phase_map[:phases]",
        "    return PHASES[:phases]",
        seeds=(2000000,),
    ),
    Mutation(
        "a fallback counts 0",
        LEDGER,
        "(default.limit_w, default.phases) if default",
        "(0, default.phases) if default",
        seeds=(2000008,),
    ),
    Mutation(
        "an unconfirmed default counts 0",
        LEDGER,
        "believed else (None, None)",
        "believed else (0, None)",
        seeds=(2,),
    ),
    Mutation(
        "a default that was lost again and again is believed",
        "csms/domain/limits.py",
        "        return said and self.default_lost < LOST_FOR_GOOD",
        "        return said",
        seeds=(2600000,),
    ),
    Mutation(
        "a disproved default is believed",
        "csms/domain/limits.py",
        "in (Proof.SHOWN, Proof.SILENT)",
        "in (Proof.SHOWN, Proof.SILENT, Proof.DISPROVED)",
        seeds=(2600005,),
    ),
    Mutation(
        "an unproven lease is believed",
        LEDGER,
        "    if limit.lease_s is None or charge_point.lease_proof is not Proof.SHOWN or not charge_point.reads_leases:",
        "    if limit.lease_s is None or not charge_point.reads_leases:",
        seeds=(3012000,),
    ),
    Mutation(
        "a lease ends without a margin",
        LEDGER,
        "limit.lease_s + LEASE_MARGIN_S + settle_s",
        "limit.lease_s",
        seeds=(2600001,),
    ),
    Mutation(
        "a boot does not end the proof of a lease",
        RULES,
        "        lease_proof=None,  # the clock it reads its schedules by has started anew\n",
        "",
        unseen="a simulated charger takes the time from the answer to its boot, and no session outlives one: its"
        " clock is right before it is told another lease",
    ),
    Mutation(
        "a transaction's end frees at once",
        FACTS,
        "    settling = _pruned((*limits.settling, *permitted))\n",
        "    settling = limits.settling\n",
        seeds=(3002000,),
    ),
    Mutation(
        "any reading settles",
        FACTS,
        "    if not follows(reading, in_force.limit_w, shape.on(in_force.phases)):\n        return limits\n",
        "",
        seeds=(3013000,),
    ),
    Mutation(
        "a reading settles what the car has yet to take up",
        FACTS,
        "    kept = tuple(s for s in limits.settling if measured_s",
        "    kept = tuple(s for s in limits.settling if False and measured_s",
        seeds=(3000000,),
    ),
    Mutation(
        "a stale reading settles",
        FACTS,
        "measured_s is None or measured_s <= limits.confirmed_at.steady_s:",
        "measured_s is None:",
        seeds=(3001000,),
    ),
    Mutation(
        "rated settling is ignored",
        FACTS,
        "    if possible is None:\n        return True\n    fewer",
        "    if possible is None:\n        return False\n    fewer",
        seeds=(3003000,),
    ),
    Mutation(
        "offline counts 0",
        LEDGER,
        "    if charge_point.commissioned_at_s is None or not",
        "    if not charge_point.connected or charge_point.commissioned_at_s is None or not",
        seeds=(2000000,),
    ),
    Mutation(
        "overdraw is ignored",
        LEDGER,
        "    if limits.overdraw is not None:\n        seen",
        "    if False:\n        seen",
        seeds=(15,),
    ),
    Mutation(
        "what is remembered outlives its facts",
        CONNECTOR,
        "same = before.limits is limits and before",
        "same = before",
        seeds=(2000000,),
    ),
    Mutation(
        "one reading is an accident",
        FACTS,
        "DISOBEDIENT = 2",
        "DISOBEDIENT = 1000",
        seeds=(39,),
    ),
    Mutation(
        "no draw exceeds",
        COMPLIANCE,
        "        return ev.LimitExceeded(",
        "        return None if active else ev.LimitExceeded(",
        seeds=(15,),
    ),
    Mutation(
        "a known drop is not anticipated",
        BUDGET,
        "if instant_s <= now.utc_s + lead_s]",
        "if False]",
        seeds=(1,),
    ),
    Mutation(
        "a stale site load is believed",
        BUDGET,
        "age_s < site.site_load_max_age_s",
        "age_s < 1e9",
        seeds=(7,),
    ),
    Mutation(
        "a temporary limit is forgotten",
        BUDGET,
        "min([ceiling.budget_w, *others_w])",
        "ceiling.budget_w",
        seeds=(2000000,),
    ),
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
)
