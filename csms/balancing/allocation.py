"""allocate(snapshot, now) -> Allocation: what every running session should have, and why.

Pure and deterministic: one frozen snapshot in, shares in whole watts out, each on the grid its charger can follow. What
cannot be commanded (idle connectors, offline and refusing chargers) is taken off the budget at its worst case first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from csms.balancing.ledger import Ledger, ledger, summed_w
from csms.balancing.limits import Bounds, divide
from csms.balancing.schedule import Ceiling, ceiling_at, lowest_ceiling, next_change_s
from csms.balancing.strategies import STRATEGIES
from csms.domain.electrical import LimitForm, fallback_w, floor_w, limit_form
from csms.domain.model import BalancerSettings, ConnectorKey, Moment, SmartCharging
from csms.domain.snapshot import Snapshot

_REFUSALS_BELIEVED = 3
"""One refused raise may be an accident (a message that crossed another); a third one in a row is not."""


@dataclass(frozen=True, slots=True)
class Share:
    """What one connector with a running transaction should have. `waiting`: its floor does not fit."""

    limit_w: int
    reason: str
    waiting: bool = False
    commanded: bool = True
    """False for a charger that is offline or out of service: nothing can be told to it."""
    refusing: bool = False
    """It does not take its limit: it is asked again, and counted at its worst case meanwhile."""


@dataclass(frozen=True, slots=True)
class Allocation:
    """`budget_w` is in force now; `usable_w` already fits what a window brings while a cut is under way.

    `shares` stand in the order in which they were served; `charge_point_limits_w` are the caps of a time window, which
    no raise may pass. `next_change_s` (UTC) is when time alone changes it.
    """

    strategy: str
    budget_w: int
    usable_w: int
    shares: Mapping[ConnectorKey, Share]
    charge_point_limits_w: Mapping[str, int]
    next_change_s: float | None


@dataclass(frozen=True, slots=True)
class _Wish:
    """A connector that can be given power: between its floor and its cap; `fallback_w` is held for it anyway.

    `charge_point_cap_w` is for all connectors of its charge point together.
    """

    key: ConnectorKey
    form: LimitForm
    floor_w: int
    cap_w: int
    charge_point_cap_w: int
    fallback_w: int
    started_at_s: float
    capped_by: str


def effective_config(snapshot: Snapshot) -> SmartCharging:
    """The site's configuration; without one it is balanced equally at its grid capacity."""
    capacity_w = snapshot.site.grid_capacity_w
    config = snapshot.smart_charging
    if config is None:
        return SmartCharging(max_power_w=capacity_w, strategy="equal")
    return replace(config, max_power_w=min(config.max_power_w, capacity_w))


def allocate(snapshot: Snapshot, now: Moment, settings: BalancerSettings, book: Ledger | None = None) -> Allocation:
    """Divide the site's power among its running transactions. `book` is the ledger of the same snapshot and moment."""
    book = book or ledger(snapshot, now, settings.settle_s)
    config = effective_config(snapshot)
    now_ceiling, ceiling, change_s = _ceilings(snapshot, config, now, settings)
    wishes = _wishes(snapshot, config, ceiling, book)
    shares = _divide(snapshot, config, ceiling, wishes, book)
    refusing = {
        wish.key: refused
        for wish in wishes
        if (refused := _refused(snapshot, wish.key, shares[wish.key], book)) is not None
    }
    if refusing:
        obeying = [wish for wish in wishes if wish.key not in refusing]
        shares = {**_divide(snapshot, config, ceiling, obeying, book), **refusing}
    calm = {key: _calm(snapshot, key, share, settings.min_change_w) for key, share in shares.items()}
    return Allocation(
        strategy=config.strategy,
        budget_w=now_ceiling.budget_w,
        usable_w=ceiling.budget_w,
        shares={**calm, **_uncommanded(snapshot, book)},
        charge_point_limits_w=ceiling.charge_point_limits_w,
        next_change_s=change_s,
    )


def _ceilings(
    snapshot: Snapshot, config: SmartCharging, now: Moment, settings: BalancerSettings
) -> tuple[Ceiling, Ceiling, float | None]:
    """What holds now, what a limit sent now must fit, and when to look again.

    A window's cut is complete at its start: it begins a call timeout and a settling time earlier.
    """
    capacity_w, timezone = snapshot.site.grid_capacity_w, snapshot.site.timezone
    if not STRATEGIES[config.strategy].uses_schedule:
        flat = Ceiling(config.max_power_w)
        return flat, flat, None
    lead_s = settings.call_timeout_s + settings.settle_s
    in_force = ceiling_at(config, timezone, now.utc_s)
    foreseen = lowest_ceiling(config, timezone, now.utc_s, now.utc_s + lead_s)
    return (
        replace(in_force, budget_w=min(in_force.budget_w, capacity_w)),
        replace(foreseen, budget_w=min(foreseen.budget_w, capacity_w)),
        next_change_s(config, timezone, now.utc_s, lead_s),
    )


def _wishes(snapshot: Snapshot, config: SmartCharging, ceiling: Ceiling, book: Ledger) -> list[_Wish]:
    """Every connected charger's running transactions, those who came first at the head."""
    wishes: list[_Wish] = []
    for key, transaction in snapshot.active.items():
        settings = snapshot.settings[key.charge_point_id]
        charge_point = snapshot.charge_points[key.charge_point_id]
        if not charge_point.connected or not settings.in_service:
            continue
        form = limit_form(snapshot.site, settings, charge_point.capabilities)
        rated = settings.max_power_w if settings.max_power_w is not None else ceiling.budget_w
        window_cap = ceiling.charge_point_limits_w.get(key.charge_point_id, rated)
        cap = min(rated, window_cap)
        wishes.append(
            _Wish(
                key=key,
                form=form,
                floor_w=floor_w(snapshot.site, settings, form, config.min_power_per_charger_w),
                cap_w=form.floor_w(cap),
                charge_point_cap_w=cap,
                fallback_w=_kept_w(snapshot, key, book),
                started_at_s=transaction.started_at_s or 0.0,
                capped_by=_capped_by(settings.max_power_w, window_cap, rated),
            )
        )
    return sorted(wishes, key=lambda wish: (wish.started_at_s, wish.key))


def _divide(
    snapshot: Snapshot, config: SmartCharging, ceiling: Ceiling, wishes: Sequence[_Wish], book: Ledger
) -> dict[ConnectorKey, Share]:
    tiers = _tiers(config, wishes)
    capacity_w = ceiling.budget_w - _reserved_w(snapshot, wishes, book)
    served = _serve_floors(tiers, wishes, capacity_w)
    shares: dict[ConnectorKey, Share] = {}
    for wish in wishes:
        if wish.key not in served:
            why = "its cap" if wish.charge_point_cap_w < wish.floor_w else "no room"
            shares[wish.key] = Share(0, f"waits: needs {_kw(wish.floor_w)}, {why}", waiting=True)
    costs_w = {w.key: max(w.fallback_w, w.floor_w if w.key in served else 0) for w in wishes}
    for rank, tier in enumerate(tiers, start=1):
        members = [wish for wish in tier if wish.key in served]
        room_w = capacity_w - sum(costs_w.values()) + sum(costs_w[wish.key] for wish in members)
        for wish, share_w in zip(members, _fill(members, room_w), strict=True):
            limit_w = wish.form.floor_w(share_w)
            costs_w[wish.key] = max(wish.fallback_w, limit_w)
            shares[wish.key] = Share(limit_w, _reason(config, wish, share_w, rank, len(members), room_w))
    return shares


def _tiers(config: SmartCharging, wishes: Sequence[_Wish]) -> list[list[_Wish]]:
    """The wishes in the order of the strategy; within a tier those who came first at the head."""
    wanting = list(dict.fromkeys(wish.key.charge_point_id for wish in wishes))
    tiers = STRATEGIES[config.strategy].tiers(config, wanting)
    rank = {charge_point_id: n for n, tier in enumerate(tiers) for charge_point_id in tier}
    ordered: list[list[_Wish]] = [[] for _ in tiers]
    for wish in wishes:
        ordered[rank[wish.key.charge_point_id]].append(wish)
    return ordered


def _reserved_w(snapshot: Snapshot, wishes: Sequence[_Wish], book: Ledger) -> int:
    """What everything else holds: idle connectors their fallback, offline and refusing ones their worst case."""
    wished = {wish.key for wish in wishes}
    held = {
        key: exposure.worst_w if key in snapshot.active else _kept_w(snapshot, key, book)
        for key, exposure in book.exposures.items()
        if key not in wished
    }
    return sum(summed_w(snapshot, held).values())


def _kept_w(snapshot: Snapshot, key: ConnectorKey, book: Ledger) -> int:
    """What a connector keeps when nobody gives it anything: its default profile, once that is in force.

    A connected charger that has not refused is about to have it; to cut everybody else for that moment, in which the
    ledger counts it at its rated maximum, would not be faster. Offline or refusing, it keeps what the ledger says.
    """
    settings = snapshot.settings[key.charge_point_id]
    charge_point = snapshot.charge_points[key.charge_point_id]
    limits = snapshot.limits.get(key)
    refused = limits is not None and limits.default_failure is not None
    if not charge_point.connected or refused or not settings.in_service:
        return book.exposures[key].fallback_w
    return fallback_w(snapshot.site, settings, limit_form(snapshot.site, settings, charge_point.capabilities))


def _serve_floors(tiers: Sequence[Sequence[_Wish]], wishes: Sequence[_Wish], capacity_w: int) -> set[ConnectorKey]:
    """Who gets at least its floor: by tier, then first come, first served; whoever does not fit waits."""
    room_w = capacity_w - sum(wish.fallback_w for wish in wishes)
    inside_w = {wish.key.charge_point_id: wish.charge_point_cap_w for wish in wishes}
    served: set[ConnectorKey] = set()
    for wish in (wish for tier in tiers for wish in tier):
        extra_w = max(0, wish.floor_w - wish.fallback_w)
        if wish.floor_w <= inside_w[wish.key.charge_point_id] and extra_w <= max(0, room_w):
            served.add(wish.key)
            room_w -= extra_w
            inside_w[wish.key.charge_point_id] -= wish.floor_w
    return served


def _fill(members: Sequence[_Wish], capacity_w: int) -> list[int]:
    """Shares go to charge points, then to their active connectors."""
    groups: dict[str, list[_Wish]] = {}
    for wish in members:
        groups.setdefault(wish.key.charge_point_id, []).append(wish)
    bounds = [_group_bounds(group) for group in groups.values()]
    given: dict[ConnectorKey, int] = {}
    for group, share_w in zip(groups.values(), divide(capacity_w, bounds), strict=True):
        inner = divide(share_w, [Bounds(w.floor_w, w.cap_w) for w in group])
        given.update(zip((w.key for w in group), inner, strict=True))
    return [given[wish.key] for wish in members]


def _group_bounds(group: Sequence[_Wish]) -> Bounds:
    return Bounds(
        floor_w=sum(wish.floor_w for wish in group),
        cap_w=min(group[0].charge_point_cap_w, sum(wish.cap_w for wish in group)),
        reserved_w=sum(wish.fallback_w for wish in group),
    )


def _capped_by(declared_w: int | None, window_cap_w: int, rated_w: int) -> str:
    if window_cap_w < rated_w:
        return "limit of the time window"
    return "the whole budget" if declared_w is None else "rated power"


def _reason(config: SmartCharging, wish: _Wish, share_w: int, rank: int, members: int, capacity_w: int) -> str:
    if share_w >= wish.cap_w:
        return wish.capped_by
    if config.strategy == "priority" and wish.key.charge_point_id in config.priority_order:
        return f"rank {rank}" if share_w > wish.floor_w else f"rank {rank}, floor"
    if members > 1:
        return f"shares {_kw(capacity_w)} equally with {members - 1} other{'s' if members > 2 else ''}"
    return f"all that is left of the budget: {_kw(capacity_w)}"


def _refused(snapshot: Snapshot, key: ConnectorKey, share: Share, book: Ledger) -> Share | None:
    """What becomes of a share that its charger does not take; None if it does.

    A refused cut: it is asked for its share again, and the others make room for its worst case at once. A raise
    refused repeatedly: the others get its share, and it is asked to confirm what it has; once it does, it is obeying.
    """
    limits, exposure = snapshot.limits.get(key), book.exposures[key]
    failure = limits.transaction_failure if limits else None
    if failure is None:
        return None
    held_w = exposure.worst_w
    reason = f"does not take its limit ({failure.cause}): {_kw(held_w)} reserved"
    if held_w > max(share.limit_w, exposure.fallback_w):
        return replace(share, refusing=True, reason=reason)
    if share.limit_w > exposure.lasting_w and failure.count >= _REFUSALS_BELIEVED:
        return replace(share, limit_w=exposure.lasting_w, refusing=True, reason=reason)
    return None


def _uncommanded(snapshot: Snapshot, book: Ledger) -> dict[ConnectorKey, Share]:
    shares: dict[ConnectorKey, Share] = {}
    for key in snapshot.active:
        if not snapshot.settings[key.charge_point_id].in_service:
            shares[key] = Share(0, "out of service", commanded=False)
        elif not snapshot.charge_points[key.charge_point_id].connected:
            worst_w = book.worst_w(key)
            shares[key] = Share(worst_w, f"offline: {_kw(worst_w)} reserved", commanded=False)
    return shares


def _calm(snapshot: Snapshot, key: ConnectorKey, share: Share, min_change_w: int) -> Share:
    """A raise too small to matter is not made; a cut always is, because somebody else was promised the room."""
    limits = snapshot.limits.get(key)
    current = limits.transaction if limits else None
    if current is None or current.limit_w == 0 or not 0 < share.limit_w - current.limit_w < min_change_w:
        return share
    return replace(share, limit_w=current.limit_w)


def _kw(power_w: int) -> str:
    return f"{power_w / 1000:.3f}".rstrip("0").rstrip(".") + " kW"
