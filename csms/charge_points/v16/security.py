"""1.6 security whitepaper: what a charge point reports of its security."""

from __future__ import annotations

from csms.charge_points.connection import Reply
from csms.charge_points.reporting import security_event
from csms.charge_points.schemas import JsonObject
from csms.charge_points.session import Session


def security_event_notification(session: Session, payload: JsonObject) -> Reply:
    """A04.FR.03: answered whatever it says."""
    return security_event(session, payload)
