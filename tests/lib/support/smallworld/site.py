"""The central system's side of the small world: its State and its decisions, by the shipped code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from operator import is_

from csms.balancing.allocation import allocate
from csms.balancing.ledger import Ledger, ledger
from csms.balancing.plan import Intent, plan
from csms.domain import events as ev
from csms.domain.illegal import IllegalEvent
from csms.domain.limits import ConnectorLimits, Limit
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
from csms.domain.state import Row, State

NOW = Moment(1_790_000_000.0, 1_000_000.0)
HALF_S = 3.0
FIRST_OF_TRANSACTION = 100
"""Ids of limits of a transaction begin here, those of defaults at 1."""

LONG_AGO = Moment(NOW.utc_s, NOW.steady_s - 100_000.0)


@dataclass(frozen=True, slots=True)
class Premises:
    """How small the world is, and what happens in it.

    `bound` is how many limits of a connector may be without an answer at once, `news` how many reports a charger that
    is offline may have to make later. `readings`: they show that nothing is drawn, before a cut has settled. `halves`:
    limits settle and calls grow late in two steps. `counted` is how many failures in a row are told apart. `never`
    names events that do not happen there.
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
    readings: bool = False
    halves: bool = False
    counted: int = 1
    never: tuple[str, ...] = ()

    def settings(self) -> BalancerSettings:
        """No timers but those the world has: nothing is rate-limited, and turns last for ever."""
        lease_s = 900.0 if self.leases else 0.0
        return BalancerSettings(settle_s=2 * HALF_S, raise_interval_s=0.0, lease_s=lease_s, turn_s=1e9)

    def names(self) -> list[str]:
        return [str(n) for n in range(self.chargers)]


@cache
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
    """On a new connection."""
    state.apply(ev.ChargePointConnected(NOW, name, "live", "ocpp1.6"))
    if booted:
        state.apply(ev.ChargePointBooted(NOW, name))
    state.apply(ev.ChargePointReady(NOW, name, "live"))
    able = Capabilities(max_periods=6 if premises.leases else 1)
    if state.charge_points[name].capabilities != able:
        state.apply(ev.CapabilitiesLearned(NOW, name, able))


def disconnect(state: State, name: str) -> None:
    state.apply(ev.ChargePointDisconnected(NOW, name, "live"))
    was_connected(state, name)


def was_connected(state: State, name: str) -> None:
    """What was acknowledged or said on the connection that is gone was acknowledged and said earlier. Nobody looks at
    what failed on it: with the next one our patience begins anew (ChargePointReady)."""
    limits, connector = state.limits.get(key_of(name)), state.connectors.get(key_of(name))
    if connector is not None:
        state.connectors[key_of(name)] = replace(connector, connection_id="earlier")
    if limits is not None:
        limits = replace(limits, default_failure=None, transaction_failure=None)
        state.limits[key_of(name)] = edited(limits, _on_an_earlier_connection)


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
    limit_id = 1 + max((one.limit_id for one in all_of(limits) if one.purpose is intent.purpose), default=0)
    if limit_id == 1 and intent.purpose is LimitPurpose.TRANSACTION:
        limit_id = FIRST_OF_TRANSACTION
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


def age(state: State, name: str, premises: Premises) -> None:
    """A settling time, or half of it, passes for one connector; or more, in which its car takes up what it has."""
    limits = state.limits[key_of(name)]
    if premises.halves:
        limits = edited(limits, lambda limit: _older(limit, HALF_S) if limit.awaited else limit)
    by_s = HALF_S if premises.halves else 2 * HALF_S
    settling = tuple(replace(s, since=Moment(NOW.utc_s, s.since.steady_s - by_s)) for s in limits.settling)
    settling = tuple(s for s in settling if NOW.steady_s - s.since.steady_s < 2 * HALF_S)
    taken_up = premises.readings and limits.confirmed_at is not None
    confirmed_at = LONG_AGO if taken_up else limits.confirmed_at
    state.limits[key_of(name)] = replace(limits, settling=settling, confirmed_at=confirmed_at)


def end_leases(state: State, name: str) -> None:
    limits = state.limits[key_of(name)]
    state.limits[key_of(name)] = edited(
        limits, lambda limit: limit if limit.lease_s is None else replace(limit, issued_at=LONG_AGO)
    )


def draws_nothing(state: State, name: str) -> None:
    """A reading from just now shows it; what it says of demand is not looked at here."""
    at = Moment(NOW.utc_s + 1.0, NOW.steady_s + 1.0)
    state.apply(ev.MeterValuesReceived(at, name, 1, at.utc_s, power_w=0.0, source=PowerSource.POWER))
    state.readings = {}


def _older(limit: Limit, by_s: float) -> Limit:
    """At least so old."""
    at_s = min(limit.issued_at.steady_s, NOW.steady_s - by_s)
    return replace(limit, issued_at=Moment(NOW.utc_s, at_s))


def _on_an_earlier_connection(limit: Limit) -> Limit:
    return limit if limit.connection_id == "earlier" else replace(limit, connection_id="earlier")


def all_of(limits: ConnectorLimits | None) -> list[Limit]:
    """Those acknowledged, and those without a clear answer."""
    if limits is None:
        return []
    return [limit for limit in (limits.default, limits.transaction, *limits.outstanding) if limit is not None]


def edited(limits: ConnectorLimits, edit: Callable[[Limit], Limit]) -> ConnectorLimits:
    """The very same object where nothing changes."""
    default = edit(limits.default) if limits.default else None
    transaction = edit(limits.transaction) if limits.transaction else None
    outstanding = tuple([edit(limit) for limit in limits.outstanding])
    same = default is limits.default and transaction is limits.transaction
    if same and all(map(is_, outstanding, limits.outstanding)):
        return limits
    return replace(limits, default=default, transaction=transaction, outstanding=outstanding)
