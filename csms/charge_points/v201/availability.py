"""2.0.1 block G, availability. The domain's connector is the EVSE: its sockets report under it."""

from __future__ import annotations

from collections.abc import Iterable

from csms.charge_points.connection import Reply
from csms.charge_points.schemas import JsonObject
from csms.charge_points.session import Session
from csms.charge_points.v201.transactions import CHARGING_STATES
from csms.domain import events as ev
from csms.domain.model import MAX_CONNECTORS, ConnectorStatus


def status_notification(session: Session, payload: JsonObject) -> Reply:
    """G01."""
    connector_state(session, payload["evseId"], payload["connectorId"], payload["connectorStatus"])
    return Reply({})


def connector_state(session: Session, evse_id: int, connector_id: int, state: str) -> None:
    """Note the state of a connector. "Occupied" says less than the charging state of a running transaction, which then
    stays."""
    if not (0 <= evse_id <= MAX_CONNECTORS and 0 <= connector_id <= MAX_CONNECTORS) or state not in _STATES:
        session.log.warning("ocpp.status_of_unknown_connector", evse_id=evse_id, connector_id=connector_id)
        return
    states = session.connector_states.setdefault(evse_id, {})
    states.pop(connector_id, None)  # the last to report is the last in order
    states[connector_id] = state
    status = evse_status(states.values())
    told_more = session.running(evse_id) is not None and session.status(evse_id) in CHARGING_STATES.values()
    if status is not ConnectorStatus.PREPARING or not told_more:
        session.record(ev.ConnectorStatusChanged(session.now(), session.charge_point_id, evse_id, status=status))
    session.on_status(evse_id)


_STATES = frozenset({"Available", "Occupied", "Reserved", "Unavailable", "Faulted"})


def evse_status(connector_states: Iterable[str]) -> ConnectorStatus:
    """One status for an EVSE's sockets, of which only one can be used at a time: what a car finds there.

    An occupied socket occupies the EVSE, a free one makes it available; otherwise the last report holds.
    """
    states = list(connector_states)
    decisive = next((state for state in ("Occupied", "Available") if state in states), states[-1])
    return ConnectorStatus.PREPARING if decisive == "Occupied" else ConnectorStatus(decisive)
