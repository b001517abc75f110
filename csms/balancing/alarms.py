"""What is wrong at a site right now, in words: a pure function of what was decided."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from csms.balancing.allocation import Allocation, Excess
from csms.balancing.words import kw, place
from csms.domain import events as ev
from csms.domain.alarms import SECURITY_EVENT, Alarm
from csms.domain.electrical import voltages
from csms.domain.grid import GRID
from csms.domain.limit_facts import DISOBEDIENT
from csms.domain.model import Moment, Proof
from csms.domain.snapshot import Snapshot

CEILING_EXCEEDED = "ceiling_exceeded"
LIMIT_EXCEEDED = "limit_exceeded"
LIMIT_REFUSED = "limit_refused"
DEFAULT_NOT_KEPT = "default_not_kept"
SITE_LOAD_UNKNOWN = "site_load_unknown"


@dataclass(frozen=True, slots=True)
class Trouble:
    """`kind` and `subject` name it; see domain.alarms.Alarm."""

    kind: str
    subject: str
    text: str
    excess_w: int = 0
    excess_a: float = 0.0
    holders: tuple[str, ...] = ()


def troubles(snapshot: Snapshot, allocation: Allocation) -> list[Trouble]:
    """Everything an operator should be told, at most one of each name."""
    found = [*_ceilings(snapshot, allocation), *_chargers(snapshot, allocation)]
    if not allocation.budget.load_known:
        load = kw(allocation.budget.load_w)
        text = f"nobody tells what else the site draws: its worst case of {load} is counted"
        found.append(Trouble(SITE_LOAD_UNKNOWN, GRID, text))
    return list({(trouble.kind, trouble.subject): trouble for trouble in found}.values())


def alarm_events(
    found: Iterable[Trouble],
    alarms: Mapping[tuple[str, str], Alarm],
    now: Moment,
    new_id: Callable[[], int],
) -> list[ev.AlarmRaised | ev.AlarmCleared]:
    """What has become of `alarms`, which go by kind and subject: raised, raised again because it is worse, cleared."""
    standing = {name: alarm for name, alarm in alarms.items() if alarm.standing and alarm.kind != SECURITY_EVENT}
    events: list[ev.AlarmRaised | ev.AlarmCleared] = []
    for trouble in found:
        alarm = standing.pop((trouble.kind, trouble.subject), None)
        if alarm is None or trouble.excess_w > alarm.excess_w or trouble.excess_a > alarm.excess_a:
            alarm_id = alarm.alarm_id if alarm is not None else new_id()
            events.append(
                ev.AlarmRaised(
                    now,
                    alarm_id,
                    trouble.kind,
                    trouble.subject,
                    trouble.text,
                    trouble.excess_w,
                    trouble.excess_a,
                    trouble.holders,
                )
            )
    return events + [ev.AlarmCleared(now, kind, subject) for kind, subject in standing]


def _ceilings(snapshot: Snapshot, allocation: Allocation) -> Iterator[Trouble]:
    per_ampere = voltages(snapshot.site).quanta_per_ma * 1000
    for excess in allocation.excesses:
        where, held_by = place(excess.node, excess.dimension), ", ".join(excess.holders)
        if excess.dimension == 0:
            by_w = -(-excess.amount // 1000)
            text = f"{where} may be exceeded by {kw(by_w)}, held by {held_by}"
            yield Trouble(CEILING_EXCEEDED, _subject(excess), text, excess_w=by_w, holders=excess.holders)
        else:
            by_a = round(excess.amount / per_ampere, 3)
            text = f"{where} may be exceeded by {by_a:g} A, held by {held_by}"
            yield Trouble(CEILING_EXCEEDED, _subject(excess), text, excess_a=by_a, holders=excess.holders)


def _subject(excess: Excess) -> str:
    return excess.node if excess.dimension == 0 else f"{excess.node}/L{excess.dimension}"


def _chargers(snapshot: Snapshot, allocation: Allocation) -> Iterator[Trouble]:
    for key, limits in snapshot.limits.items():
        charge_point_id = key.charge_point_id
        if charge_point_id not in snapshot.settings or not snapshot.settings[charge_point_id].in_service:
            continue
        if limits.overdraw is not None and limits.overdraw.count >= DISOBEDIENT:
            drawn = kw(round(limits.overdraw.power_w))
            what = "without a session" if limits.overdraw.idle else "more than it is permitted"
            yield Trouble(LIMIT_EXCEEDED, charge_point_id, f"connector {key.connector_id} draws {drawn}, {what}")
        if limits.default_proof is Proof.DISPROVED:
            text = f"connector {key.connector_id} does not keep its default profile"
            yield Trouble(DEFAULT_NOT_KEPT, charge_point_id, text)
    for key, share in allocation.shares.items():
        facts = snapshot.limits.get(key)
        if share.refusing and (facts is None or facts.overdraw is None):
            yield Trouble(LIMIT_REFUSED, key.charge_point_id, f"connector {key.connector_id} {share.reason}")
