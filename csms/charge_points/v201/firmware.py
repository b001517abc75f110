"""2.0.1 block L, firmware management."""

from __future__ import annotations

from csms.charge_points.connection import Reply
from csms.charge_points.reporting import progress
from csms.charge_points.schemas import JsonObject
from csms.charge_points.session import Session


def firmware_status_notification(session: Session, payload: JsonObject) -> Reply:
    """L01, L02."""
    return progress(session, "firmware", payload)


def publish_firmware_status_notification(session: Session, payload: JsonObject) -> Reply:
    """L03: a local controller has firmware for others; `location` says where."""
    return progress(session, "published_firmware", payload)
