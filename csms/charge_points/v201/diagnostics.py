"""2.0.1 block N, diagnostics: logs, events and monitors, customer information."""

from __future__ import annotations

from csms.charge_points.connection import Reply
from csms.charge_points.reporting import part_of_report, progress
from csms.charge_points.schemas import JsonObject
from csms.charge_points.session import Session
from csms.charge_points.v201.availability import connector_state
from csms.charge_points.v201.device_model import variable_name, without_custom_data
from csms.domain.told import ToldKind


def log_status_notification(session: Session, payload: JsonObject) -> Reply:
    """N01."""
    return progress(session, "log", payload)


def notify_event(session: Session, payload: JsonObject) -> Reply:
    """N07, N08: every part is kept. Some stations report the state of a connector this way alone (G01)."""
    for told in payload["eventData"]:
        session.keep(ToldKind.EVENT, without_custom_data(told))
        evse: JsonObject = told["component"].get("evse", {})
        if (told["component"]["name"], told["variable"]["name"]) == ("Connector", "AvailabilityState") and evse:
            connector_state(session, evse["id"], evse.get("connectorId", 1), told["actualValue"])
    return Reply({})


def notify_monitoring_report(session: Session, payload: JsonObject) -> Reply:
    """N02: the monitors of each variable, in place of those it had before."""
    told = payload.get("monitor", [])
    part_of_report(session, "NotifyMonitoringReport", payload, len(told))
    for item in told:
        session.keep(ToldKind.MONITOR, without_custom_data(item), variable_name(item["component"], item["variable"]))
    return Reply({})


def notify_customer_information(session: Session, payload: JsonObject) -> Reply:
    """N09, N10: a text in parts, whose number keeps them in order."""
    number = payload["seqNo"]
    if part_of_report(session, "NotifyCustomerInformation", payload, 1):
        name = f"{payload['requestId']}/{number:06}"
        session.keep(ToldKind.CUSTOMER_INFORMATION, {"seqNo": number, "data": payload["data"]}, name)
    return Reply({})
