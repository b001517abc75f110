"""2.0.1 block C, authorization, and the data transfer of block P."""

from __future__ import annotations

from csms.charge_points.connection import Reply
from csms.charge_points.schemas import JsonObject
from csms.charge_points.session import Session


def authorize(_session: Session, _payload: JsonObject) -> Reply:
    return Reply({"idTokenInfo": {"status": "Accepted"}})


def data_transfer(_session: Session, _payload: JsonObject) -> Reply:
    """P02.FR.06: no vendor's extension is known here."""
    return Reply({"status": "UnknownVendorId"})
