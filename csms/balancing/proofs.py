"""What a composite schedule proves of the profiles we set: values in, verdicts out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from csms.domain.commands import ScheduleLimit
from csms.domain.electrical import Shape
from csms.domain.limits import Limit
from csms.domain.model import ConnectorKey, Proof

LEASE_LATE_S = 60.0
"""A step shown later than this after its lease is not the one we set, or not by a clock to be trusted."""

_TOLERANCE_W = 50.0


def shows_default(schedule: Sequence[ScheduleLimit], default: Limit, shape: Shape) -> bool:
    """Whether the schedule begins at or below the default profile that was acknowledged."""
    return bool(schedule) and _watts(schedule[0], shape) <= default.limit_w + _TOLERANCE_W


def shows_limit(schedule: Sequence[ScheduleLimit], limit: Limit, shape: Shape) -> bool:
    """Whether the schedule begins at or below this limit; one that tells nothing is no objection."""
    if not schedule:
        return True
    return _watts(schedule[0], shape.on(limit.phases)) <= 1.03 * limit.limit_w + _TOLERANCE_W


def default_proofs(
    shown: Mapping[ConnectorKey, bool | None],
    before: Mapping[ConnectorKey, Proof | None],
    told: Mapping[ConnectorKey, int],
    *,
    lost: bool,
) -> dict[ConnectorKey, Proof]:
    """The verdicts over the connectors of one charge point, where there is a new one; `shown` None: it could not be
    asked about that one. `before` is what stood until now, `told` the id of each one's default, in the order in which
    they were told; `lost`: this charger has lost a default before.

    Many chargers answer for an idle connector as if it had no limit. Only who shows the default on one connector, now
    or before, is taken at its word about the others: some replace the default of connector 1 by that of connector 2.
    What was proven stands while it cannot be asked; but where defaults get lost, not beside one that was told later,
    unless two are seen to stand beside each other.
    """
    tells = any(shown.values()) or any(proof in (Proof.SHOWN, Proof.DISPROVED) for proof in before.values())
    newest = max(told.values(), default=0)
    older = {key for key in shown if told.get(key, newest) < newest}
    loses = tells and (lost or False in shown.values())
    replaced = loses and not any(shown[key] for key in older)
    proofs: dict[ConnectorKey, Proof] = {}
    for key, seen in shown.items():
        if seen:
            proofs[key] = Proof.SHOWN
        elif (seen is False and tells) or (seen is None and replaced and key in older):
            proofs[key] = Proof.DISPROVED
        elif before.get(key) is None:
            proofs[key] = Proof.SILENT
    return proofs


def lease_proof(schedule: Sequence[ScheduleLimit], limit: Limit, age_s: float, shape: Shape) -> Proof:
    """Whether the schedule shows, about when its lease ends, the step down from a limit that was issued `age_s` ago."""
    if not schedule or limit.lease_s is None:
        return Proof.SILENT
    shape = shape.on(limit.phases)
    due_s = limit.lease_s - age_s
    holds = abs(_watts(schedule[0], shape) - limit.limit_w) <= _TOLERANCE_W + 0.03 * limit.limit_w
    steps = (step for step in schedule[1:] if _watts(step, shape) <= limit.then_w + _TOLERANCE_W)
    shown = any(step.start_s <= due_s + LEASE_LATE_S for step in steps)
    return Proof.SHOWN if holds and shown else Proof.DISPROVED


def is_over_at_once(schedule: Sequence[ScheduleLimit], limit: Limit, shape: Shape) -> bool:
    """Whether the schedule begins where the limit was to end, though its lease has just begun."""
    if not schedule or limit.lease_s is None or limit.limit_w <= limit.then_w + 2 * _TOLERANCE_W:
        return False
    return _watts(schedule[0], shape.on(limit.phases)) <= limit.then_w + _TOLERANCE_W


def _watts(limit: ScheduleLimit, shape: Shape) -> float:
    if limit.unit == "W":
        return limit.limit
    return limit.limit * shape.form.voltage_v * (limit.phases or shape.form.phases)
