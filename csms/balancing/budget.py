"""What the chargers of a site may draw together: now, and by what is already known of the next minutes.

The least of: grid capacity less what the site itself draws and a reserve, the configured maximum or the time window in
its place, and every temporary limit in force.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from csms.balancing.memory import OPERATOR, Cap
from csms.balancing.schedule import Ceiling, boundaries, ceiling_at
from csms.balancing.strategies import STRATEGIES
from csms.domain.grid import ExternalLimit, OperatorLimit
from csms.domain.model import BalancerSettings, ConnectorKey, Moment, SmartCharging
from csms.domain.snapshot import Snapshot

Currents = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Budget:
    """`now_w` is in force, `usable_w` already fits what begins while a cut would be under way.

    `charge_point_limits_w` are the caps of time windows, `load_w` and `load_currents_a` what else the site draws.
    `next_change_s` (UTC) is when time alone changes it, `drop_at_s` when it will be lower than `usable_w`; `reason`
    says which of its parts is the lowest. `caps` are the limits of operators and others that hold, connector 0 being
    the whole charge point: those are among `charge_point_limits_w` too, the lower of both.
    """

    now_w: int
    usable_w: int
    reason: str
    charge_point_limits_w: Mapping[str, int]
    load_w: int
    load_currents_a: Currents
    load_known: bool
    next_change_s: float | None
    drop_at_s: float | None
    caps: Mapping[ConnectorKey, Cap] = field(default_factory=dict)


def effective_config(snapshot: Snapshot) -> SmartCharging:
    """The site's configuration; without one it is balanced equally at its grid capacity."""
    capacity_w = snapshot.site.grid_capacity_w
    config = snapshot.smart_charging
    if config is None:
        return SmartCharging(max_power_w=capacity_w, strategy="equal")
    return replace(config, max_power_w=min(config.max_power_w, capacity_w))


def budget(snapshot: Snapshot, config: SmartCharging, now: Moment, settings: BalancerSettings) -> Budget:
    """The budget at `now`. A known drop is finished at its boundary: what is sent two call timeouts and a settling time
    before must fit it already."""
    load_w, currents_a, fresh_until_s = _site_load(snapshot, now)
    net_w = snapshot.site.grid_capacity_w - load_w - snapshot.site.reserve_w
    lead_s = _lead_s(snapshot, settings)
    instants = sorted(set(_boundaries(snapshot, config, now.utc_s)))
    here = _ceiling(snapshot, config, now.utc_s)
    soon = [_ceiling(snapshot, config, instant_s) for instant_s in instants if instant_s <= now.utc_s + lead_s]

    def drops(at_s: float) -> bool:
        return _drops(here, _ceiling(snapshot, config, at_s))

    others, ends_s = _others_limits(snapshot, now.utc_s)
    looks = [moment_s for instant_s in instants for moment_s in (instant_s - lead_s, instant_s)] + ends_s
    if fresh_until_s is not None:
        looks.append(fresh_until_s)
    return Budget(
        now_w=max(0, min(net_w, here.budget_w)),
        usable_w=max(0, min(net_w, *(ceiling.budget_w for ceiling in (here, *soon)))),
        reason=_reason(snapshot, config, here, net_w, load_w, now),
        charge_point_limits_w=_with_others(_tightest([here, *soon]), others),
        load_w=load_w,
        load_currents_a=currents_a,
        load_known=fresh_until_s is not None or not _expects_load(snapshot),
        next_change_s=min((look_s for look_s in looks if look_s > now.utc_s), default=None),
        drop_at_s=next((at_s for at_s in instants if at_s > now.utc_s + lead_s and drops(at_s)), None),
        caps=others,
    )


def _lead_s(snapshot: Snapshot, settings: BalancerSettings) -> float:
    """How long a cut may take: a charger takes one call at a time, so those of its connectors follow one another, and
    the first follows whatever is under way."""
    active = Counter(key.charge_point_id for key in snapshot.active)
    return settings.call_timeout_s * (1 + max(active.values(), default=1)) + settings.settle_s


def _ceiling(snapshot: Snapshot, config: SmartCharging, utc_s: float) -> Ceiling:
    scheduled = STRATEGIES[config.strategy].uses_schedule
    ceiling = ceiling_at(config, snapshot.site.timezone, utc_s) if scheduled else Ceiling(config.max_power_w)
    others_w = [limit.max_power_w for limit in snapshot.temporary_limits if limit.holds_at(utc_s)]
    return replace(ceiling, budget_w=min([ceiling.budget_w, *others_w]))


def _boundaries(snapshot: Snapshot, config: SmartCharging, from_s: float) -> list[float]:
    """Instants after `from_s` at which another ceiling begins."""
    found: list[float] = []
    if STRATEGIES[config.strategy].uses_schedule:
        found += boundaries(config, snapshot.site.timezone, from_s)
    for limit in snapshot.temporary_limits:
        found += [edge_s for edge_s in (limit.valid_from_s, limit.valid_until_s) if edge_s is not None]
    return [instant_s for instant_s in found if instant_s > from_s]


def _drops(before: Ceiling, after: Ceiling) -> bool:
    if after.budget_w < before.budget_w:
        return True
    unlimited = before.budget_w
    return any(
        limit_w < before.charge_point_limits_w.get(charge_point_id, unlimited)
        for charge_point_id, limit_w in after.charge_point_limits_w.items()
    )


def _tightest(ceilings: list[Ceiling]) -> Mapping[str, int]:
    caps: dict[str, int] = {}
    for ceiling in ceilings:
        for charge_point_id, limit_w in ceiling.charge_point_limits_w.items():
            caps[charge_point_id] = min(limit_w, caps.get(charge_point_id, limit_w))
    return caps


def _others_limits(snapshot: Snapshot, utc_s: float) -> tuple[dict[ConnectorKey, Cap], list[float]]:
    """The lowest limit that holds on each connector of operators, and of those whom charge points report, and when
    (UTC) they end. One that ends only makes room, so nothing has to be finished by then."""
    lowest: dict[ConnectorKey, Cap] = {}
    ends_s: list[float] = []
    for charge_point in snapshot.charge_points.values():
        limits: tuple[OperatorLimit | ExternalLimit, ...] = charge_point.operator_limits
        for limit in limits + charge_point.external_limits:
            if limit.over_at(utc_s):
                continue
            if limit.valid_until_s is not None:
                ends_s.append(limit.valid_until_s)
            whose = limit.source if isinstance(limit, ExternalLimit) else OPERATOR
            key = ConnectorKey(charge_point.charge_point_id, limit.connector_id)
            if key not in lowest or limit.max_power_w < lowest[key].limit_w:
                lowest[key] = Cap(limit.max_power_w, whose)
    return lowest, ends_s


def _with_others(caps_w: Mapping[str, int], others: Mapping[ConnectorKey, Cap]) -> Mapping[str, int]:
    """The caps of charge points, those of operators and of others among them."""
    lower = {
        key.charge_point_id: min(cap.limit_w, caps_w.get(key.charge_point_id, cap.limit_w))
        for key, cap in others.items()
        if key.connector_id == 0
    }
    return {**caps_w, **lower} if lower else caps_w


def _expects_load(snapshot: Snapshot) -> bool:
    return snapshot.site_load is not None or snapshot.site.site_load_max_w is not None


def _site_load(snapshot: Snapshot, now: Moment) -> tuple[int, Currents, float | None]:
    """What else the site draws, per phase too, and until when (UTC) that is known; None: it is not.

    A missing measurement counts as the worst case; a power without its phases may be on any one of them.
    """
    site, load = snapshot.site, snapshot.site_load
    # It was measured before it arrived; a meter whose clock is ahead measured it then.
    age_s = now.steady_s - load.at.steady_s + max(0.0, load.at.utc_s - load.measured_at_s) if load is not None else 0.0
    if load is not None and age_s < site.site_load_max_age_s:
        fresh_until_s = now.utc_s + site.site_load_max_age_s - age_s
        if load.currents_a is not None:
            one, two, three = load.currents_a
            return load.power_w, (one, two, three), fresh_until_s
        current_a = load.power_w / site.lowest_voltage_v
        return load.power_w, (current_a, current_a, current_a), fresh_until_s
    if not _expects_load(snapshot):
        return 0, (0.0, 0.0, 0.0), None
    worst_w = site.grid_capacity_w if site.site_load_max_w is None else site.site_load_max_w
    worst_a = site.site_load_max_current_a
    worst_a = worst_w / site.lowest_voltage_v if worst_a is None else worst_a
    return worst_w, (worst_a, worst_a, worst_a), None


def _reason(snapshot: Snapshot, config: SmartCharging, here: Ceiling, net_w: int, load_w: int, now: Moment) -> str:
    if net_w < here.budget_w:
        parts = [f"{load_w / 1000:g} kW of other loads"] if load_w else []
        parts += [f"{snapshot.site.reserve_w / 1000:g} kW in reserve"] if snapshot.site.reserve_w else []
        return "grid capacity" + (f" less {' and '.join(parts)}" if parts else "")
    for limit in snapshot.temporary_limits:
        if limit.max_power_w == here.budget_w and limit.holds_at(now.utc_s):
            return f"temporary limit of {limit.source}"
    if here.window is not None:
        return "time window"
    return "grid capacity" if config.max_power_w == snapshot.site.grid_capacity_w else "configured maximum"
