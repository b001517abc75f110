"""What changes what is known of a charge point: rules, as those of domain.rules."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from csms.domain import events as ev
from csms.domain.capabilities import NOTHING_LEARNED, Knowledge, LimitPurpose, effective
from csms.domain.electrical import limit_form
from csms.domain.limits import ConnectorLimits
from csms.domain.model import ChargePoint, ChargePointSettings

if TYPE_CHECKING:
    from csms.domain.state import Row, State


def _capabilities_learned(state: State, event: ev.CapabilitiesLearned) -> tuple[Row, ...]:
    charge_point = state.charge_point(event)
    knowledge = replace(charge_point.knowledge, told=event.capabilities, quirk=event.quirk)
    known = _knowing(state, charge_point, knowledge)
    return (known, *_said_in_another_unit(state, charge_point, known))


def _way_learned(state: State, event: ev.WayLearned) -> tuple[Row, ...]:
    """The next way is tried soon, however often the last one was refused."""
    charge_point = state.charge_point(event)
    changed = event.learned.knobs != charge_point.knowledge.learned.knobs
    rows: list[Row] = [_knowing(state, charge_point, replace(charge_point.knowledge, learned=event.learned))]
    for key, limits in state.limits.items():
        if changed and key.charge_point_id == event.charge_point_id:
            default, transaction = limits.default_failure, limits.transaction_failure
            soon = replace(
                limits,
                default_failure=default and replace(default, count=1),
                transaction_failure=transaction and replace(transaction, count=1),
            )
            rows += [soon] if soon != limits else []
    return tuple(rows)


def _quirks_pinned(state: State, event: ev.QuirksPinned) -> tuple[Row, ...]:
    """What was learned beside other pins may not hold beside these."""
    charge_point = state.charge_point(event)
    learned = replace(NOTHING_LEARNED, worked=charge_point.knowledge.learned.worked)
    knowledge = replace(charge_point.knowledge, pinned=event.quirks, learned=learned)
    known = _knowing(state, charge_point, knowledge)
    return (known, *_said_in_another_unit(state, charge_point, known))


def known_anew(state: State, settings: ChargePointSettings) -> tuple[Row, ...]:
    """The charge point as the quirks of another declaration leave it."""
    before = state.settings.get(settings.charge_point_id)
    charge_point = state.charge_points.get(settings.charge_point_id)
    same = before is not None and (before.quirks, before.connectors) == (settings.quirks, settings.connectors)
    if charge_point is None or charge_point.knowledge.told is None or same:
        return ()
    learned = replace(NOTHING_LEARNED, worked=charge_point.knowledge.learned.worked)
    known = _knowing(state, charge_point, replace(charge_point.knowledge, learned=learned), settings)
    return (known, *_said_in_another_unit(state, charge_point, known))


def seen_to_have_several(state: State, event: ev.ConnectorEvent) -> tuple[Row, ...]:
    """The charge point, once it speaks of a second connector, where its limits were written for it as a whole."""
    charge_point = state.charge_points[event.charge_point_id]
    known = charge_point.capabilities
    as_a_whole = known is not None and (known.default_on_station or known.limit_by is LimitPurpose.STATION)
    if event.connector_id < 2 or not as_a_whole:
        return ()
    return (_knowing(state, charge_point, charge_point.knowledge, several=True),)


def started_afresh(state: State, before: ChargePoint, booted: ChargePoint) -> ChargePoint:
    """Another make or firmware has to be learned anew; the same one goes on, but tries again what it gave up."""
    same = _make(before) == _make(booted)
    learned = before.knowledge.learned
    if learned == NOTHING_LEARNED or (same and not learned.given_up):
        return booted
    learned = replace(NOTHING_LEARNED, worked=learned.worked) if same else NOTHING_LEARNED
    return _knowing(state, booted, replace(before.knowledge, learned=learned))


_NOT_AGAIN = ""
"""The connection of a limit that must be said again on every one."""


def _said_in_another_unit(state: State, before: ChargePoint, known: ChargePoint) -> list[ConnectorLimits]:
    """What was said in watts is no number of amperes, and the other way round: it is said again as it counts now."""
    settings = state.settings.get(before.charge_point_id)
    if settings is None or before.capabilities is None:
        return []
    units = {limit_form(state.site, settings, one.capabilities).unit for one in (before, known)}
    of_it = [limits for key, limits in state.limits.items() if key.charge_point_id == before.charge_point_id]
    return [] if len(units) == 1 else [_to_be_said_again(limits) for limits in of_it]


def _to_be_said_again(limits: ConnectorLimits) -> ConnectorLimits:
    default, transaction = limits.default, limits.transaction
    return replace(
        limits,
        default=default and replace(default, connection_id=_NOT_AGAIN),
        transaction=transaction and replace(transaction, connection_id=_NOT_AGAIN),
    )


def _make(charge_point: ChargePoint) -> tuple[str | None, str | None, str | None]:
    return charge_point.vendor, charge_point.model, charge_point.firmware_version


def _knowing(
    state: State,
    charge_point: ChargePoint,
    knowledge: Knowledge,
    settings: ChargePointSettings | None = None,
    *,
    several: bool = False,
) -> ChargePoint:
    charge_point_id = charge_point.charge_point_id
    settings = settings or state.settings.get(charge_point_id)
    quirks, connectors = (settings.quirks, settings.connectors) if settings is not None else (None, 1)
    if charge_point_id in state.settings:
        connectors = max(connectors, len(state.view().connector_ids(charge_point_id)))
    capabilities = effective(knowledge, quirks, max(2, connectors) if several else connectors)
    if knowledge.told is None:
        capabilities = charge_point.capabilities  # as an earlier version of this program kept them
    return replace(charge_point, knowledge=knowledge, capabilities=capabilities)


RULES: dict[type[ev.Event], Callable[[State, Any], tuple[Row, ...]]] = {
    ev.CapabilitiesLearned: _capabilities_learned,
    ev.WayLearned: _way_learned,
    ev.QuirksPinned: _quirks_pinned,
}
