"""The 2.0.1 requests we answer."""

from __future__ import annotations

from collections.abc import Mapping

from csms.charge_points.session import Handler
from csms.charge_points.v201.authorization import authorize, data_transfer
from csms.charge_points.v201.availability import status_notification
from csms.charge_points.v201.charging_profiles import report_charging_profiles
from csms.charge_points.v201.meter_values import meter_values
from csms.charge_points.v201.provisioning import boot_notification, heartbeat
from csms.charge_points.v201.transactions import transaction_event

HANDLERS: Mapping[str, Handler] = {
    "Authorize": authorize,
    "BootNotification": boot_notification,
    "DataTransfer": data_transfer,
    "Heartbeat": heartbeat,
    "MeterValues": meter_values,
    "ReportChargingProfiles": report_charging_profiles,
    "StatusNotification": status_notification,
    "TransactionEvent": transaction_event,
}
