"""2.0.1 block B, provisioning: BootNotification; and the heartbeat of block G."""

from __future__ import annotations

from csms.charge_points.connection import Reply
from csms.charge_points.registration import boot_answer
from csms.charge_points.schemas import JsonObject
from csms.charge_points.session import Session
from csms.charge_points.times import rfc3339
from csms.domain import events as ev


def boot_notification(session: Session, payload: JsonObject) -> Reply:
    """B01. The operator says who is accepted; our own questions start once the answer has left."""
    at = session.now()
    station = payload["chargingStation"]
    session.record(
        ev.ChargePointBooted(
            at,
            session.charge_point_id,
            vendor=station["vendorName"],
            model=station["model"],
            serial_number=station.get("serialNumber"),
            firmware_version=station.get("firmwareVersion"),
            reason=payload["reason"],
        )
    )
    return boot_answer(session, at)


def heartbeat(session: Session, _payload: JsonObject) -> Reply:
    return Reply({"currentTime": rfc3339(session.now().utc_s)})
