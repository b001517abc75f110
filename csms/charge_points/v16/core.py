"""1.6 core profile, the messages around transactions: boot, heartbeat, status."""

from __future__ import annotations

from csms.charge_points.connection import Reply
from csms.charge_points.registration import boot_answer
from csms.charge_points.schemas import JsonObject
from csms.charge_points.session import Session
from csms.charge_points.times import rfc3339
from csms.domain import events as ev
from csms.domain.model import ConnectorStatus


def boot_notification(session: Session, payload: JsonObject) -> Reply:
    """Chapter 4.2. The operator says who is accepted; provisioning starts once the answer has left."""
    at = session.now()
    session.record(
        ev.ChargePointBooted(
            at,
            session.charge_point_id,
            vendor=payload["chargePointVendor"],
            model=payload["chargePointModel"],
            serial_number=payload.get("chargePointSerialNumber") or payload.get("chargeBoxSerialNumber"),
            firmware_version=payload.get("firmwareVersion"),
        )
    )
    return boot_answer(session, at)


def heartbeat(session: Session, _payload: JsonObject) -> Reply:
    return Reply({"currentTime": rfc3339(session.now().utc_s)})


def status_notification(session: Session, payload: JsonObject) -> Reply:
    """Chapter 4.9. Connector 0 is the charge point itself; the time of receipt counts."""
    error_code = payload["errorCode"]
    session.record(
        ev.ConnectorStatusChanged(
            session.now(),
            session.charge_point_id,
            payload["connectorId"],
            status=ConnectorStatus(payload["status"]),
            error_code=None if error_code == "NoError" else error_code,
        )
    )
    session.on_status(payload["connectorId"])
    return Reply({})
