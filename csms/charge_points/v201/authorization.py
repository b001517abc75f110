"""2.0.1 block C, authorization."""

from __future__ import annotations

from csms.charge_points.connection import Reply
from csms.charge_points.schemas import JsonObject
from csms.charge_points.session import Session


def authorize(_session: Session, _payload: JsonObject) -> Reply:
    return Reply({"idTokenInfo": {"status": "Accepted"}})
