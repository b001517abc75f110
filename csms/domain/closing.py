"""When an operator may end a session by hand: a function of the state, because the charger is not asked."""

from __future__ import annotations

from csms.domain import events as ev
from csms.domain.illegal import IllegalEvent
from csms.domain.model import ConnectorKey, ConnectorStatus, Moment, Transaction
from csms.domain.snapshot import Snapshot
from csms.domain.transaction_rules import CLOSED_BY_OPERATOR

DRAWING_W = 100.0
"""Where more than this is metered somebody charges."""

_IDLE = frozenset(ConnectorStatus) - {
    ConnectorStatus.CHARGING,
    ConnectorStatus.SUSPENDED_EV,
    ConnectorStatus.SUSPENDED_EVSE,
}


def closed_by_operator(snapshot: Snapshot, session_id: int, now: Moment) -> ev.TransactionEnded | None:
    """The end of a session that runs for us alone; None if it does not run.

    The power of an ended session is given to others, so it must be certain that it is not drawn: raises IllegalEvent
    unless the charger is connected and says that nothing charges there, or the operator has declared it switched off.
    """
    running = next((t for t in snapshot.active.values() if t.session_id == session_id), None)
    if running is None:
        return None
    objection = _objection(snapshot, running, now)
    if objection is not None:
        raise IllegalEvent(objection)
    ended_at_s = max(now.utc_s, running.started_at_s or now.utc_s)
    return ev.TransactionEnded(now, *running.key, running.transaction_id, ended_at_s, CLOSED_BY_OPERATOR)


def forgotten(snapshot: Snapshot, running: Transaction, now: Moment) -> bool:
    """Whether its charger seems to have forgotten it: an operator may end it, and no car is just about to begin."""
    connector = snapshot.connectors.get(running.key)
    begins = connector is not None and connector.status is ConnectorStatus.PREPARING
    in_service = snapshot.settings[running.charge_point_id].in_service
    return _objection(snapshot, running, now) is None and not (in_service and begins)


def _objection(snapshot: Snapshot, running: Transaction, now: Moment) -> str | None:
    """Why it is not certain that nothing is drawn; None: it is."""
    key: ConnectorKey = running.key
    if not snapshot.settings[key.charge_point_id].in_service:
        return None
    charge_point, connector = snapshot.charge_points[key.charge_point_id], snapshot.connectors.get(key)
    if not charge_point.connected:
        return "its charger is offline and may go on charging"
    told = connector is not None and connector.connection_id == charge_point.connection_id
    if connector is None or not told or connector.status not in _IDLE:
        return "its charger does not say that nothing charges there: stop the session instead"
    if (snapshot.reading_power_w(key, now.steady_s) or 0.0) > DRAWING_W:
        return "power is metered there: stop the session instead"
    return None
