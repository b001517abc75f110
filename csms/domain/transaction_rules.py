"""What events about transactions do to a state: as domain.rules, of which they are a part."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

from csms.domain import events as ev
from csms.domain import limit_facts as facts
from csms.domain.capability_rules import seen_to_have_several
from csms.domain.energy import energy_after
from csms.domain.illegal import IllegalEvent
from csms.domain.model import Connector, ConnectorKey, ConnectorStatus, Moment, SiteSettings, Transaction

if TYPE_CHECKING:
    from csms.domain.state import Row, State

SUPERSEDED = "Superseded"
"""Stop reason of a transaction whose connector started another one without ending it."""

ABANDONED = "Abandoned"
"""Stop reason of one that its charger has forgotten: it says that the connector is free, or does not know it."""

CLOSED_BY_OPERATOR = "ClosedByOperator"

PRESUMED = frozenset({SUPERSEDED, ABANDONED, CLOSED_BY_OPERATOR})
"""Ends that no charger told: its own, if it comes after all, takes their place."""


def _transaction_started(state: State, event: ev.TransactionStarted) -> tuple[Row, ...]:
    key = state.connector_key(event, lowest=1)
    if state.transaction(event.charge_point_id, event.transaction_id) is not None:
        raise IllegalEvent(f"transaction {event.transaction_id!r} exists already")
    started = Transaction(
        session_id=event.session_id,
        transaction_id=event.transaction_id,
        charge_point_id=event.charge_point_id,
        connector_id=event.connector_id,
        id_token=event.id_token,
        started_at_s=event.started_at_s,
        start_key=event.start_key,
        energy_wh=None if event.register_wh is None else 0.0,
        register_wh=event.register_wh,
        trigger_reason=event.trigger_reason,
        remote_start_id=event.remote_start_id,
    )
    rows: list[Row] = [started, *seen_to_have_several(state, event)]
    running = state.active.get(key)
    if running is not None:  # a connector has one transaction; the charger forgot to end this one
        ended_at_s = max(running.started_at_s or event.started_at_s, event.started_at_s)
        rows.insert(0, _cost(state.site, replace(running, ended_at_s=ended_at_s, stop_reason=SUPERSEDED)))
        rows.extend(_connector_freed(state, key, event.at))
    return tuple(rows)


def _transaction_authorized(state: State, event: ev.TransactionAuthorized) -> tuple[Row, ...]:
    transaction = state.transaction(event.charge_point_id, event.transaction_id)
    if transaction is None or not transaction.active or transaction.id_token is not None:
        raise IllegalEvent(f"transaction {event.transaction_id!r} is not running without an id token")
    remote_start_id = transaction.remote_start_id if event.remote_start_id is None else event.remote_start_id
    return (replace(transaction, id_token=event.id_token, remote_start_id=remote_start_id),)


def _transaction_ended(state: State, event: ev.TransactionEnded) -> tuple[Row, ...]:
    transaction = state.transaction(event.charge_point_id, event.transaction_id)
    if transaction is None:
        raise IllegalEvent(f"unknown transaction {event.transaction_id!r}")
    if not transaction.active and transaction.stop_reason not in PRESUMED:
        raise IllegalEvent(f"transaction {event.transaction_id!r} has ended before")
    ended = replace(energy_after(transaction, event.register_wh), ended_at_s=event.ended_at_s, stop_reason=event.reason)
    ended = _cost(state.site, ended)
    if not transaction.active:
        return (ended,)
    return (ended, *_connector_freed(state, transaction.key, event.at))


def _connector_freed(state: State, key: ConnectorKey, at: Moment) -> tuple[Row, ...]:
    """What a connector drew belongs to its transaction: the next one must not inherit the reading."""
    limits = facts.transaction_ended(state.limits_of(key), at)
    if unplugged(state, key, state.connectors.get(key)):
        limits = replace(limits, settling=())
    reading = state.readings.get(key)
    if reading is None:
        return (limits,)
    return (
        limits,
        replace(
            reading, power_w=None, source=None, currents_a=None, low_since=None, peak_demand_w=0.0, recent_since=None
        ),
    )


def _transaction_orphaned(state: State, event: ev.TransactionOrphaned) -> tuple[Row, ...]:
    state.connector_key(event)
    return (
        Transaction(
            session_id=event.session_id,
            transaction_id=event.transaction_id,
            charge_point_id=event.charge_point_id,
            connector_id=event.connector_id,
            id_token=event.id_token,
            started_at_s=None,
            ended_at_s=event.ended_at_s,
            register_wh=event.register_wh,
            stop_reason=event.reason,
            orphan=True,
        ),
    )


def unplugged(state: State, key: ConnectorKey, connector: Connector | None) -> bool:
    """Nothing is plugged in, so nothing draws and nothing has to settle: as far as it was said on this connection."""
    if connector is None or connector.status is not ConnectorStatus.AVAILABLE:
        return False
    return connector.connection_id == state.charge_points[key.charge_point_id].connection_id


def cost_so_far(site: SiteSettings, transaction: Transaction) -> float | None:
    """What a transaction costs at the site's price now, to the cent; None where no price or no energy is known."""
    if site.price_per_kwh is None or (site.price_per_kwh > 0 and transaction.energy_wh is None):
        return None
    exact = Decimal(str(site.price_per_kwh)) * Decimal(str(transaction.energy_wh or 0)) / 1000
    return float(exact.quantize(Decimal("0.01"), ROUND_HALF_UP))


def _cost(site: SiteSettings, transaction: Transaction) -> Transaction:
    """With what it costs, if that is known."""
    cost = cost_so_far(site, transaction)
    return transaction if cost is None else replace(transaction, cost=cost, currency=site.currency)


def _events_missing(state: State, event: ev.EventsMissing) -> tuple[Row, ...]:
    transaction = state.transaction(event.charge_point_id, event.transaction_id)
    if transaction is None:
        raise IllegalEvent(f"unknown transaction {event.transaction_id!r}")
    return (replace(transaction, missing_events=event.missing),)


def _id_token_erased(state: State, event: ev.IdTokenErased) -> tuple[Row, ...]:
    """What recognises a repeated start holds the token too."""
    wanted = set(event.session_ids)
    remembered = (t for ended in state.ended.values() for t in ended if t.session_id in wanted)
    return tuple(replace(t, id_token=event.stand_in, start_key="") for t in remembered)


RULES: dict[type[ev.Event], Callable[[State, Any], tuple[Row, ...]]] = {
    ev.TransactionStarted: _transaction_started,
    ev.TransactionAuthorized: _transaction_authorized,
    ev.TransactionEnded: _transaction_ended,
    ev.IdTokenErased: _id_token_erased,
    ev.TransactionOrphaned: _transaction_orphaned,
    ev.EventsMissing: _events_missing,
}
