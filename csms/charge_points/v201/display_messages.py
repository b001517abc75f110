"""2.0.1 block O, what a station shows."""

from __future__ import annotations

from csms.charge_points.connection import Reply
from csms.charge_points.reporting import part_of_report
from csms.charge_points.schemas import JsonObject
from csms.charge_points.session import Session
from csms.charge_points.v201.device_model import without_custom_data
from csms.domain.told import ToldKind


def notify_display_messages(session: Session, payload: JsonObject) -> Reply:
    """O03, O04: the messages it has, by their ids."""
    told = payload.get("messageInfo", [])
    part_of_report(session, "NotifyDisplayMessages", payload, len(told))
    for message in told:
        session.keep(ToldKind.DISPLAY_MESSAGE, without_custom_data(message), str(message["id"]))
    return Reply({})
