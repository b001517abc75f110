"""1.6 firmware management profile, and its secure successors of the security whitepaper."""

from __future__ import annotations

from csms.charge_points.connection import Reply
from csms.charge_points.reporting import progress
from csms.charge_points.schemas import JsonObject
from csms.charge_points.session import Session


def diagnostics_status_notification(session: Session, payload: JsonObject) -> Reply:
    """Chapter 4.4."""
    return progress(session, "diagnostics", payload)


def firmware_status_notification(session: Session, payload: JsonObject) -> Reply:
    """Chapter 4.5."""
    return progress(session, "firmware", payload)


def signed_firmware_status_notification(session: Session, payload: JsonObject) -> Reply:
    """Security whitepaper 5.19: of a signed update; it is the same firmware."""
    return progress(session, "firmware", payload)


def log_status_notification(session: Session, payload: JsonObject) -> Reply:
    """Security whitepaper 5.13."""
    return progress(session, "log", payload)
