"""2.0.1 block H, reservations. A connector that is reserved says so by its status."""

from __future__ import annotations

from csms.charge_points.connection import Reply
from csms.charge_points.schemas import JsonObject
from csms.charge_points.session import Session
from csms.domain.told import ToldKind


def reservation_status_update(session: Session, payload: JsonObject) -> Reply:
    """H04: it expired, or was removed; answered also where nobody here made it."""
    number = payload["reservationId"]
    value = {"reservationId": number, "reservationUpdateStatus": payload["reservationUpdateStatus"]}
    session.keep(ToldKind.RESERVATION, value, str(number))
    return Reply({})
