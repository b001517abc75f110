"""The central system's side of the small world: its State, its decisions, and what the key of a state is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from csms.balancing.allocation import allocate
from csms.balancing.ledger import Ledger, ledger
from csms.balancing.plan import Intent, plan
from csms.domain import events as ev
from csms.domain.limits import ConnectorLimits, Failure, Limit
from csms.domain.model import (
    BalancerSettings,
    Capabilities,
    ChargePointSettings,
    ConnectorKey,
    ConnectorStatus,
    LimitPurpose,
    Moment,
    PowerSource,
    Proof,
    SiteSettings,
    SmartCharging,
)
from csms.domain.rules import IllegalEvent
from csms.domain.state import Row, State

NOW = Moment(1_790_000_000.0, 1_000_000.0)
_HALF_S = 3.0
_LONG_AGO_S = 100_000.0


@dataclass(frozen=True, slots=True)
class Premises:
    """How small the world is, and what happens in it.

    `bound` is how many limits of a connector may be without an answer at once, `news` how many reports a charger that
    is offline may have to make later. `halves`: limits settle and calls grow late in two steps. `counted` is how
    many failures in a row are told apart. `never` names events that do not happen there.
    """

    chargers: int = 3
    capacity_w: int = 20_000
    dropped_w: int = 10_000
    rated_w: int = 20_000
    floor_w: int = 10_000
    default_w: int = 0
    bound: int = 1
    news: int = 2
    leases: bool = False
    rogues: bool = False
    first_contact: bool = False
    halves: bool = False
    counted: int = 1
    never: tuple[str, ...] = ()

    def settings(self) -> BalancerSettings:
        """No timers but those the world has: nothing is rate-limited, and turns last for ever."""
        lease_s = 900.0 if self.leases else 0.0
        return BalancerSettings(settle_s=2 * _HALF_S, raise_interval_s=0.0, lease_s=lease_s, turn_s=1e9)

    def names(self) -> list[str]:
        return [str(n) for n in range(self.chargers)]


def key_of(name: str) -> ConnectorKey:
    return ConnectorKey(name, 1)


def declared(premises: Premises) -> State:
    state = State(SiteSettings("site", "Site", "Europe/London", premises.capacity_w))
    for name in premises.names():
        settings = ChargePointSettings(name, "site", max_power_w=premises.rated_w, offline_limit_w=premises.default_w)
        state.apply(ev.ChargePointDeclared(NOW, settings))
    configure(state, premises.capacity_w, premises)
    return state


def configure(state: State, budget_w: int, premises: Premises) -> None:
    state.apply(ev.SmartChargingConfigured(NOW, SmartCharging(budget_w, "equal", premises.floor_w)))


def connect(state: State, name: str, premises: Premises, *, booted: bool) -> None:
    """On a new connection; what was acknowledged or said on another one was acknowledged and said earlier."""
    limits, connector = state.limits.get(key_of(name)), state.connectors.get(key_of(name))
    if connector is not None:
        state.connectors[key_of(name)] = replace(connector, connection_id="earlier")
    if limits is not None:
        state.limits[key_of(name)] = _edited(limits, lambda limit: replace(limit, connection_id="earlier"))
    state.apply(ev.ChargePointConnected(NOW, name, "live", "ocpp1.6"))
    if booted:
        state.apply(ev.ChargePointBooted(NOW, name))
    state.apply(ev.ChargePointReady(NOW, name, "live"))
    state.apply(ev.CapabilitiesLearned(NOW, name, Capabilities(max_periods=6 if premises.leases else 1)))


def copied(state: State) -> State:
    """Rows are frozen: a copy of the tables is a copy of the state."""
    other = State.__new__(State)
    other.__dict__.update(state.__dict__)
    for table in ("charge_points", "connectors", "active", "limits", "_shapes"):
        setattr(other, table, dict(getattr(state, table)))
    other.ended, other.readings = {}, {}
    return other


def restarted(state: State) -> State:
    """Our process begins again from what the store holds."""
    rows: list[Row] = [state.site, *state.settings.values(), *state.charge_points.values()]
    rows += [*state.connectors.values(), *state.active.values(), *state.limits.values()]
    assert state.smart_charging is not None
    return State.restored([*rows, state.smart_charging])


def decided(state: State, premises: Premises) -> tuple[tuple[Intent, ...], Ledger, int]:
    """What leaves now, the ledger it was decided by, and the budget it must fit."""
    snapshot, settings = state.snapshot(), premises.settings()
    book = ledger(snapshot, NOW, settings.settle_s)
    allocation = allocate(snapshot, NOW, settings, book)
    made = plan(snapshot, allocation, book, NOW, settings)
    return made.intents, book, allocation.budget.usable_w


def issue(state: State, intent: Intent) -> int:
    """Its intent is on record before it leaves; the limit's id."""
    limits = state.limits.get(intent.key)
    limit_id = 1 + max((one.limit_id for one in _all(limits) if one.purpose is intent.purpose), default=0)
    if limit_id == 1 and intent.purpose is LimitPurpose.TRANSACTION:
        limit_id = 100
    state.apply(
        ev.LimitIssued(
            NOW, *intent.key, limit_id, intent.purpose, intent.limit_w, "live", intent.transaction_id, intent.cause,
            intent.lease_s, intent.then_w, intent.phases, renewal=intent.renewal,
        )
    )  # fmt: skip
    return limit_id


def start(state: State, name: str) -> None:
    """Who came first is known by its start; a connector's transactions all have the same name here."""
    last_s = max((t.started_at_s or 0.0 for t in state.active.values()), default=0.0)
    state.ended = {}
    state.apply(ev.ConnectorStatusChanged(NOW, name, 1, ConnectorStatus.CHARGING))
    state.apply(ev.TransactionStarted(NOW, name, 1, f"t{name}", 1, last_s + 1.0))


def stop(state: State, name: str) -> None:
    state.apply(ev.TransactionEnded(NOW, name, 1, f"t{name}", NOW.utc_s, "Local"))
    state.ended = {}


def status(state: State, name: str, status_: ConnectorStatus) -> None:
    state.apply(ev.ConnectorStatusChanged(NOW, name, 1, status_))


def confirm(state: State, name: str, limit_id: int, *, by_default: bool) -> None:
    """A limit of a transaction that is over is no longer expected, and its answer is dropped by whoever gets it."""
    try:
        state.apply(ev.LimitConfirmed(NOW, name, 1, limit_id))
    except IllegalEvent:
        return
    if by_default and state.limits[key_of(name)].default_proof is None:
        state.apply(ev.DefaultProved(NOW, name, 1, Proof.SILENT))


def without_answer(state: State, name: str) -> int:
    """How many limits of a connector may be in force or not, for all we know."""
    limits = state.limits.get(key_of(name))
    return 0 if limits is None else sum(not limit.awaited for limit in limits.outstanding)


def refuse(state: State, name: str, limit_id: int) -> None:
    try:
        state.apply(ev.LimitRejected(NOW, name, 1, limit_id, "Rejected"))
    except IllegalEvent:
        return


def no_answer(state: State, name: str, limit_id: int, cause: str) -> None:
    try:
        state.apply(ev.LimitUnanswered(NOW, name, 1, limit_id, cause))
    except IllegalEvent:
        return


def age(state: State, name: str, *, halves: bool) -> None:
    """A settling time, or half of it, passes for one connector."""
    limits = state.limits[key_of(name)]
    if halves:
        limits = _edited(limits, lambda limit: _older(limit, _HALF_S) if limit.awaited else limit)
    by_s = _HALF_S if halves else 2 * _HALF_S
    settling = tuple(replace(s, since=Moment(NOW.utc_s, s.since.steady_s - by_s)) for s in limits.settling)
    settling = tuple(s for s in settling if NOW.steady_s - s.since.steady_s < 2 * _HALF_S)
    state.limits[key_of(name)] = replace(limits, settling=settling)


def end_leases(state: State, name: str) -> None:
    limits = state.limits[key_of(name)]
    state.limits[key_of(name)] = _edited(
        limits, lambda limit: limit if limit.lease_s is None else _older(limit, _LONG_AGO_S)
    )


def tidied(state: State, name: str, counted: int) -> None:
    """What no rule looks at is forgotten, what only its order matters of is renumbered."""
    limits = state.limits.get(key_of(name))
    if limits is None:
        return
    order = renumbering(state, name)
    limits = _edited(limits, lambda limit: replace(limit, limit_id=order[limit.limit_id]))
    state.limits[key_of(name)] = replace(
        limits,
        default_failure=_capped(limits.default_failure, 1),
        transaction_failure=_capped(limits.transaction_failure, counted),
        served_wh=0.0,
        raised_at=None,
        turn_since=None,
        paused_since=None,
    )


def renumbering(state: State, name: str) -> dict[int, int]:
    """How `tidied` will rename the limits of a connector: their order is compared within a purpose alone."""
    order: dict[int, int] = {}
    for offset, purpose in ((1, LimitPurpose.DEFAULT), (100, LimitPurpose.TRANSACTION)):
        ids = {one.limit_id for one in _all(state.limits.get(key_of(name))) if one.purpose is purpose}
        order |= {limit_id: n for n, limit_id in enumerate(sorted(ids), start=offset)}
    return order


def facts(state: State, name: str, rank: dict[str, int]) -> tuple[object, ...]:
    """Everything of one charger that a rule or a decision looks at, without its name."""
    charge_point, connector = state.charge_points[name], state.connectors.get(key_of(name))
    return (
        charge_point.connected,
        charge_point.commissioned_at_s is not None,
        charge_point.lease_proof,
        connector is not None and (connector.status is ConnectorStatus.AVAILABLE, connector.connection_id),
        rank.get(name, 0),
        _limits_key(state.limits.get(key_of(name))),
    )


def looked_at(state: State, name: str) -> tuple[object, ...]:
    """All of one charger that a decision looks at, as far as decisions can tell: for many a state the same.

    Of one that is away they see what it may draw. Of one that is there they see more: whether its default may be relied
    on, how it obeys, and, if it is not busy, what it was told and whether that must be said again.
    """
    key, charge_point = key_of(name), state.charge_points[name]
    limits, active = state.limits.get(key), key in state.active
    exposure = ledger(state.snapshot(), NOW, 2 * _HALF_S).exposures[key]
    counted = (charge_point.commissioned_at_s is not None, exposure.worst, exposure.lasting)
    if not charge_point.ready or limits is None:
        return (charge_point.ready, active, limits is None, *counted)
    relied_on = limits.default_failure is None and limits.overdraw is None
    seen: tuple[object, ...]
    seen = (limits.in_flight, relied_on, limits.default is None, exposure.worst_w, exposure.granted)
    if not limits.in_flight:
        seen += (_said(limits, LimitPurpose.DEFAULT),)
    if not active:
        return (counted[1], *seen)
    overdraw = min(limits.overdraw.count, 2) if limits.overdraw is not None else 0
    seen += (limits.transaction_failure is not None, overdraw, exposure.lasting_w, exposure.fallback_w)
    return (*counted, *seen) if limits.in_flight else (*counted, *seen, _said(limits, LimitPurpose.TRANSACTION))


def _said(limits: ConnectorLimits, purpose: LimitPurpose) -> tuple[object, ...]:
    """What can be seen of one profile: what it is, whether it must be said again, and whether its lease is over."""
    confirmed = limits.confirmed(purpose)
    doubtful = [limit for limit in limits.outstanding if limit.purpose is purpose]
    failed = limits.failure(purpose) is not None
    if confirmed is None:
        return (failed or bool(doubtful),)
    long_ago = NOW.steady_s - confirmed.issued_at.steady_s > _HALF_S
    again = failed or confirmed.connection_id != "live" or any(o.limit_id > confirmed.limit_id for o in doubtful)
    again = again or (long_ago and any(o.limit_w > confirmed.limit_w for o in doubtful))
    if limits.overdraw is not None and limits.overdraw.at.steady_s > confirmed.issued_at.steady_s:
        again = again or long_ago
    return (again, confirmed.limit_w, confirmed.lease_s is not None and (confirmed.then_w, long_ago))


def ranks(state: State) -> dict[str, int]:
    """In which order those who run a transaction came."""
    began = sorted((t.started_at_s or 0.0, key.charge_point_id) for key, t in state.active.items())
    return {name: n for n, (_, name) in enumerate(began, start=1)}


def _limits_key(limits: ConnectorLimits | None) -> tuple[object, ...]:
    if limits is None:
        return ()
    newest = limits.transaction or limits.default
    slow_s = limits.confirmed_at.steady_s - newest.issued_at.steady_s if newest and limits.confirmed_at else 0.0
    return (
        _confirmed_key(limits.default),
        _confirmed_key(limits.transaction),
        sorted(_outstanding_key(limit) for limit in limits.outstanding),
        sorted(f"{s.limit_w} {s.since.steady_s}" for s in limits.settling),
        limits.default_failure is not None,
        limits.transaction_failure.count if limits.transaction_failure is not None else 0,
        limits.default_proof,
        (limits.overdraw.count, limits.overdraw.idle) if limits.overdraw else None,
        slow_s > 0,
    )


def _confirmed_key(limit: Limit | None) -> tuple[object, ...] | None:
    """On which connection it was acknowledged, and whether its lease is over."""
    if limit is None:
        return None
    return (limit.limit_w, limit.connection_id, limit.lease_s, NOW.steady_s - limit.issued_at.steady_s > _HALF_S)


def _outstanding_key(limit: Limit) -> str:
    age_s = NOW.steady_s - limit.issued_at.steady_s
    return f"{limit.purpose} {limit.limit_id} {limit.limit_w} {limit.awaited} {limit.lease_s} {age_s}"


def _capped(failure: Failure | None, most: int) -> Failure | None:
    if failure is None:
        return None
    return replace(failure, count=min(failure.count, most), at=Moment(NOW.utc_s, NOW.steady_s - _LONG_AGO_S))


def _older(limit: Limit, by_s: float) -> Limit:
    """At least so old."""
    at_s = min(limit.issued_at.steady_s, NOW.steady_s - by_s)
    return replace(limit, issued_at=Moment(NOW.utc_s, at_s))


def _all(limits: ConnectorLimits | None) -> list[Limit]:
    if limits is None:
        return []
    return [limit for limit in (limits.default, limits.transaction, *limits.outstanding) if limit is not None]


def _edited(limits: ConnectorLimits, edit: Callable[[Limit], Limit]) -> ConnectorLimits:
    return replace(
        limits,
        default=edit(limits.default) if limits.default else None,
        transaction=edit(limits.transaction) if limits.transaction else None,
        outstanding=tuple(edit(limit) for limit in limits.outstanding),
    )


def follows(state: State, name: str) -> None:
    """A reading from just now shows nothing drawn; what it says of demand is not looked at here."""
    at = Moment(NOW.utc_s + 1.0, NOW.steady_s + 1.0)
    state.apply(ev.MeterValuesReceived(at, name, 1, at.utc_s, power_w=0.0, source=PowerSource.POWER))
    state.readings = {}
