"""What each event does to a state: one function per kind of event, from the state before to the rows it changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from csms.domain import access_rules, capability_rules, transaction_rules
from csms.domain import events as ev
from csms.domain import limit_facts as facts
from csms.domain.alarms import Alarm
from csms.domain.capability_rules import known_anew, seen_to_have_several, started_afresh
from csms.domain.demand import with_demand
from csms.domain.energy import denied_by_register, energy_after, slope_power_w
from csms.domain.freshness import age
from csms.domain.grid import OperatorLimit
from csms.domain.illegal import IllegalEvent
from csms.domain.limits import ConnectorLimits
from csms.domain.model import (
    MAX_CONNECTORS,
    ChargePoint,
    Connector,
    ConnectorKey,
    ConnectorStatus,
    LimitPurpose,
    MeterReading,
    Moment,
    PowerSource,
    Proof,
)
from csms.domain.snapshot import meter_interval_s
from csms.domain.transaction_rules import unplugged

if TYPE_CHECKING:
    from csms.domain.state import Row, State


def _site_declared(_state: State, event: ev.SiteDeclared) -> tuple[Row, ...]:
    return (event.settings,)


def _charge_point_declared(state: State, event: ev.ChargePointDeclared) -> tuple[Row, ...]:
    if event.settings.site_id != state.site.site_id:
        raise IllegalEvent(f"charge point {event.settings.charge_point_id!r} belongs to another site")
    return (event.settings, *known_anew(state, event.settings))


def _charge_point_removed(state: State, event: ev.ChargePointRemoved) -> tuple[Row, ...]:
    charge_point = state.charge_point(event)
    if charge_point.connected or any(transaction.active for transaction in state.transactions(event.charge_point_id)):
        raise IllegalEvent("a charge point that is connected or charges cannot be removed")
    return ()


def _smart_charging_configured(_state: State, event: ev.SmartChargingConfigured) -> tuple[Row, ...]:
    return (event.smart_charging,)


def _no_change(_state: State, _event: ev.Event) -> tuple[Row, ...]:
    return ()


def _connected(state: State, event: ev.ChargePointConnected) -> tuple[Row, ...]:
    charge_point = state.charge_point(event)
    return (
        replace(
            charge_point,
            connection_id=event.connection_id,
            ready=False,
            protocol=event.protocol,
            security_profile=event.security_profile,
            connected_at_s=event.at.utc_s,
            contact_at=event.at,
            commissioned_at_s=charge_point.commissioned_at_s or event.at.utc_s,
        ),
    )


def _ready(state: State, event: ev.ChargePointReady) -> tuple[Row, ...]:
    charge_point = state.charge_point(event)
    if charge_point.connection_id != event.connection_id:
        raise IllegalEvent("the connection that became ready is not the live one")
    patient = [
        replace(limits, default_failure=None, transaction_failure=None)
        for key, limits in state.limits.items()
        if key.charge_point_id == event.charge_point_id and (limits.default_failure or limits.transaction_failure)
    ]
    return (replace(charge_point, ready=True), *patient)


def _disconnected(state: State, event: ev.ChargePointDisconnected) -> tuple[Row, ...]:
    charge_point = state.charge_point(event)
    if charge_point.connection_id != event.connection_id:
        return ()  # the late end of a connection that was replaced
    return (replace(charge_point, connection_id=None, ready=False, disconnected_at_s=event.at.utc_s),)


def _booted(state: State, event: ev.ChargePointBooted) -> tuple[Row, ...]:
    charge_point = state.charge_point(event)
    booted = replace(
        charge_point,
        vendor=event.vendor,
        model=event.model,
        serial_number=event.serial_number,
        firmware_version=event.firmware_version,
        booted_at_s=event.at.utc_s,
        lease_proof=None,  # the clock it reads its schedules by has started anew
        commissioned_at_s=charge_point.commissioned_at_s or event.at.utc_s,
        external_limits=(),  # what still holds is reported anew
    )
    return (started_afresh(state, charge_point, booted),)


def _operator_limit_set(state: State, event: ev.OperatorLimitSet) -> tuple[Row, ...]:
    charge_point = state.charge_point(event)
    if not 0 <= event.limit.connector_id <= MAX_CONNECTORS:
        raise IllegalEvent(f"connector_id {event.limit.connector_id} is not within 0..{MAX_CONNECTORS}")
    others = _operator_limits_beside(charge_point, event.limit.connector_id, event.at.utc_s)
    return (replace(charge_point, operator_limits=(*others, event.limit)),)


def _operator_limit_cleared(state: State, event: ev.OperatorLimitCleared) -> tuple[Row, ...]:
    charge_point = state.charge_point(event)
    others = _operator_limits_beside(charge_point, event.connector_id, event.at.utc_s)
    if others == charge_point.operator_limits:
        raise IllegalEvent(f"no limit of an operator on connector {event.connector_id}")
    return (replace(charge_point, operator_limits=others),)


def _operator_limits_beside(charge_point: ChargePoint, connector_id: int, utc_s: float) -> tuple[OperatorLimit, ...]:
    limits = charge_point.operator_limits
    return tuple(one for one in limits if one.connector_id != connector_id and not one.over_at(utc_s))


def _external_limit_set(state: State, event: ev.ExternalLimitSet) -> tuple[Row, ...]:
    charge_point, limit = state.charge_point(event), event.limit
    if not 0 <= limit.connector_id <= MAX_CONNECTORS:
        raise IllegalEvent(f"connector_id {limit.connector_id} is not within 0..{MAX_CONNECTORS}")
    if {(one.source, one.connector_id) for one in event.higher} - {(limit.source, limit.connector_id)}:
        raise IllegalEvent("limits of one report are of one source and connector")
    others = tuple(
        one
        for one in charge_point.external_limits
        if (one.source, one.connector_id) != (limit.source, limit.connector_id) and not one.over_at(event.at.utc_s)
    )
    return (replace(charge_point, external_limits=(*others, limit, *event.higher)),)


def _external_limit_cleared(state: State, event: ev.ExternalLimitCleared) -> tuple[Row, ...]:
    charge_point = state.charge_point(event)
    others = tuple(
        one
        for one in charge_point.external_limits
        if one.source != event.source or event.connector_id not in (None, one.connector_id)
    )
    return (replace(charge_point, external_limits=others),)


def _status_changed(state: State, event: ev.ConnectorStatusChanged) -> tuple[Row, ...]:
    key = state.connector_key(event)
    suspended = _suspended_since(state.connectors.get(key), event)
    connection_id = state.charge_points[event.charge_point_id].connection_id
    connector = Connector(*key, event.status, event.error_code, event.at.utc_s, suspended, connection_id)
    rows = (connector, *seen_to_have_several(state, event))
    limits = state.limits.get(key)
    if limits is None or key in state.active or not unplugged(state, key, connector):
        return rows
    drew_alone = limits.overdraw is not None and limits.overdraw.idle
    calm = replace(limits, settling=(), overdraw=None if drew_alone else limits.overdraw)
    return rows if calm == limits else (*rows, calm)


def _suspended_since(before: Connector | None, event: ev.ConnectorStatusChanged) -> Moment | None:
    """A car that we paused (SuspendedEVSE) after it had stopped asking has not begun to ask."""
    since = before.suspended_since if before else None
    if event.status is ConnectorStatus.SUSPENDED_EV:
        return since or event.at
    return since if event.status is ConnectorStatus.SUSPENDED_EVSE else None


def _meter_values(state: State, event: ev.MeterValuesReceived) -> tuple[Row, ...]:
    key = state.connector_key(event)
    before = state.readings.get(key)
    if event.power_w is None and before is not None and _still_tells_power(state, before, event):
        # Some chargers send power and energy in separate messages.
        return (replace(before, energy_wh=event.energy_wh), *_energy_counted(state, key, event))
    age_s, least_lag_s, least_lag_since = age(event.at, event.measured_at_s, before)
    reading = MeterReading(
        *key,
        at=event.at,
        measured_at_s=event.measured_at_s,
        power_w=event.power_w,
        source=event.source,
        energy_wh=event.energy_wh,
        currents_a=event.currents_a,
        age_s=age_s,
        least_lag_s=least_lag_s,
        least_lag_since=least_lag_since,
    )
    if before is not None and (reading.power_w is None or denied_by_register(before, reading)):
        slope_w = slope_power_w(before, reading)
        if slope_w is not None:
            reading = replace(reading, power_w=slope_w, source=PowerSource.ENERGY_SLOPE)
    limits = state.limits.get(key)
    reading = with_demand(reading, before, limits, state.shape(key.charge_point_id)) if key in state.active else reading
    settled = limits and facts.metered(limits, reading, state.shape(key.charge_point_id))
    return (reading, *([settled] if settled and settled is not limits else []), *_energy_counted(state, key, event))


def _still_tells_power(state: State, before: MeterReading, event: ev.MeterValuesReceived) -> bool:
    metered = before.source in (PowerSource.POWER, PowerSource.CURRENT)
    interval_s = meter_interval_s(state.charge_points[event.charge_point_id])
    return metered and event.at.steady_s - before.at.steady_s <= interval_s


def _energy_counted(state: State, key: ConnectorKey, event: ev.MeterValuesReceived) -> tuple[Row, ...]:
    transaction = state.active.get(key)
    if transaction is None or event.energy_wh is None:
        return ()
    return (energy_after(transaction, event.energy_wh),)


def _limit_issued(state: State, event: ev.LimitIssued) -> tuple[Row, ...]:
    key = state.connector_key(event, lowest=1)
    return (facts.issued(state.limits_of(key), event),)


def _limit_requested(state: State, event: ev.LimitRequested) -> tuple[Row, ...]:
    key = state.connector_key(event, lowest=1)
    if key not in state.active:
        raise IllegalEvent("a limit was requested where no session runs")
    return (replace(state.limits_of(key), requested_at=event.at),)


def _limit_answered(
    rule: Callable[[ConnectorLimits, Any, facts.Circumstances], ConnectorLimits | None],
) -> Callable[[State, Any], tuple[Row, ...]]:
    def apply(state: State, event: ev.LimitConfirmed | ev.LimitRejected | ev.LimitUnanswered) -> tuple[Row, ...]:
        key = state.connector_key(event, lowest=1)
        connector = state.connectors.get(key)
        active = key in state.active
        at_hand = facts.Circumstances(
            idle=not active and unplugged(state, key, connector),
            by_default=state.charge_points[key.charge_point_id].limit_by is LimitPurpose.DEFAULT,
            active=active,
            lease_shown=state.charge_points[key.charge_point_id].lease_proof is Proof.SHOWN,
            forgets=not state.charge_points[key.charge_point_id].keeps_profiles,
        )
        limits = rule(state.limits_of(key), event, at_hand)
        if limits is None:
            raise IllegalEvent(f"no limit {event.limit_id} awaits an answer")
        return (limits,)

    return apply


def _limit_shown(state: State, event: ev.LimitShown) -> tuple[Row, ...]:
    return (facts.shown(state.limits_of(state.connector_key(event, lowest=1)), event),)


def _default_proved(state: State, event: ev.DefaultProved) -> tuple[Row, ...]:
    return (facts.proved(state.limits_of(state.connector_key(event, lowest=1)), event),)


def _lease_proved(state: State, event: ev.LeaseProved) -> tuple[Row, ...]:
    return (replace(state.charge_point(event), lease_proof=event.proof),)


def _limit_exceeded(state: State, event: ev.LimitExceeded) -> tuple[Row, ...]:
    return (facts.exceeded(state.limits_of(state.connector_key(event, lowest=1)), event),)


def _limit_obeyed(state: State, event: ev.LimitObeyed) -> tuple[Row, ...]:
    return (replace(state.limits_of(state.connector_key(event, lowest=1)), overdraw=None),)


def _temporary_limit_set(_state: State, event: ev.TemporaryLimitSet) -> tuple[Row, ...]:
    return (event.limit,)


def _temporary_limits_withdrawn(state: State, event: ev.TemporaryLimitsWithdrawn) -> tuple[Row, ...]:
    """They end now, and stay on record as ended."""
    return tuple(
        replace(limit, valid_until_s=event.at.utc_s)
        for limit in state.temporary_limits.values()
        if event.source in (None, limit.source) and not limit.over_at(event.at.utc_s)
    )


def _site_load_reported(state: State, event: ev.SiteLoadReported) -> tuple[Row, ...]:
    before = state.site_load
    if before is not None and event.load.measured_at_s < before.measured_at_s:
        raise IllegalEvent("a site load measured before the last one")
    return (event.load,)


def _alarm_raised(state: State, event: ev.AlarmRaised) -> tuple[Row, ...]:
    standing = state.alarms.get((event.kind, event.subject))
    raised = Alarm(
        alarm_id=event.alarm_id,
        kind=event.kind,
        subject=event.subject,
        text=event.text,
        raised_at_s=event.at.utc_s,
        excess_w=event.excess_w,
        excess_a=event.excess_a,
        holders=event.holders,
    )
    if standing is not None and standing.standing:
        raised = replace(raised, alarm_id=standing.alarm_id, raised_at_s=standing.raised_at_s)
    return (raised,)


def _alarm_cleared(state: State, event: ev.AlarmCleared) -> tuple[Row, ...]:
    standing = state.alarms.get((event.kind, event.subject))
    if standing is None or not standing.standing:
        raise IllegalEvent(f"no alarm {event.kind} of {event.subject!r} stands")
    return (replace(standing, cleared_at_s=event.at.utc_s),)


RULES: dict[type[ev.Event], Callable[[State, Any], tuple[Row, ...]]] = {
    ev.SiteDeclared: _site_declared,
    ev.SiteRestarted: _no_change,
    ev.SiteRemoved: _no_change,
    ev.ChargePointRemoved: _charge_point_removed,
    ev.DecisionMade: _no_change,
    ev.TemporaryLimitSet: _temporary_limit_set,
    ev.TemporaryLimitsWithdrawn: _temporary_limits_withdrawn,
    ev.SiteLoadReported: _site_load_reported,
    ev.AlarmRaised: _alarm_raised,
    ev.AlarmCleared: _alarm_cleared,
    ev.LimitShown: _limit_shown,
    ev.DefaultProved: _default_proved,
    ev.LeaseProved: _lease_proved,
    ev.LimitExceeded: _limit_exceeded,
    ev.LimitObeyed: _limit_obeyed,
    ev.ChargePointDeclared: _charge_point_declared,
    ev.SmartChargingConfigured: _smart_charging_configured,
    ev.ChargePointConnected: _connected,
    ev.ChargePointReady: _ready,
    ev.ChargePointDisconnected: _disconnected,
    ev.ChargePointFlapping: _no_change,
    **access_rules.RULES,
    ev.ChargePointBooted: _booted,
    **capability_rules.RULES,
    ev.ExternalLimitSet: _external_limit_set,
    ev.ExternalLimitCleared: _external_limit_cleared,
    ev.OperatorLimitSet: _operator_limit_set,
    ev.OperatorLimitCleared: _operator_limit_cleared,
    ev.ProgressReported: _no_change,
    ev.SecurityEventReported: _no_change,
    ev.ConnectorStatusChanged: _status_changed,
    ev.TransactionRefused: _no_change,
    ev.MeterValuesReceived: _meter_values,
    **transaction_rules.RULES,
    ev.LimitIssued: _limit_issued,
    ev.LimitRequested: _limit_requested,
    ev.LimitConfirmed: _limit_answered(facts.confirmed),
    ev.LimitRejected: _limit_answered(facts.rejected),
    ev.LimitUnanswered: _limit_answered(facts.unanswered),
}
