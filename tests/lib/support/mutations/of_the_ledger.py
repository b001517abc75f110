"""What is known of limits, what it loads, and what may be drawn: the rules of the ledger, of compliance and budget."""

from __future__ import annotations

from support.mutations.mutation import Mutation

FACTS = "csms/domain/limit_facts.py"
LEDGER = "csms/balancing/ledger.py"
RULES = "csms/domain/rules.py"
COMPLIANCE = "csms/balancing/compliance.py"
BUDGET = "csms/balancing/budget.py"
CONNECTOR = "csms/balancing/facts.py"
TREE = "csms/balancing/tree.py"

OF_THE_LEDGER = (
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
        seeds=(3015001,),
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
        seeds=(3004000,),
    ),
    Mutation(
        "a default that was lost again and again is believed",
        "csms/domain/limits.py",
        "        return said and self.default_lost < LOST_FOR_GOOD",
        "        return said",
        unseen="one that another may have replaced is not believed anyway; what is left is the moment between an"
        " acknowledgement and the next question, in which no run has shown an excess",
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
        "    if follows(reading, in_force.limit_w, form):\n",
        "    if True:\n",
        seeds=(3013000,),
    ),
    Mutation(
        "a reading settles what the car has yet to take up",
        FACTS,
        "        kept = tuple(s for s in limits.settling if measured_s",
        "        kept = tuple(s for s in limits.settling if False and measured_s",
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
        "a default that a later one may have replaced is believed",
        "csms/balancing/proofs.py",
        "(seen is None and replaced and key in older)",
        "False",
        seeds=(3019000, 3019002),
    ),
    Mutation(
        "any reading ends a settling that nothing else can",
        "csms/domain/demand.py",
        "TOLERANCE = 0.03\n",
        "TOLERANCE = 10.0\n",
        unseen="a charger that has not followed ten seconds after it acknowledged a cut breaks what it acknowledged,"
        " which is excused",
    ),
    Mutation(
        "nobody is asked for a reading",
        "csms/asking.py",
        "            if at_s <= now_s:\n",
        "            if False:\n",
        seeds=(3017000,),
    ),
)
