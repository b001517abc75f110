"""The 1.6 requests we answer."""

from __future__ import annotations

from collections.abc import Mapping

from csms.charge_points.session import Handler
from csms.charge_points.v16.authorization import authorize
from csms.charge_points.v16.certificates import sign_certificate
from csms.charge_points.v16.core import boot_notification, heartbeat, status_notification
from csms.charge_points.v16.firmware import (
    diagnostics_status_notification,
    firmware_status_notification,
    log_status_notification,
    signed_firmware_status_notification,
)
from csms.charge_points.v16.meter_values import meter_values
from csms.charge_points.v16.security import security_event_notification
from csms.charge_points.v16.transactions import start_transaction, stop_transaction
from csms.charge_points.vendors import data_transfer

HANDLERS: Mapping[str, Handler] = {
    "Authorize": authorize,
    "BootNotification": boot_notification,
    "DataTransfer": data_transfer,
    "DiagnosticsStatusNotification": diagnostics_status_notification,
    "FirmwareStatusNotification": firmware_status_notification,
    "Heartbeat": heartbeat,
    "LogStatusNotification": log_status_notification,
    "MeterValues": meter_values,
    "SecurityEventNotification": security_event_notification,
    "SignCertificate": sign_certificate,
    "SignedFirmwareStatusNotification": signed_firmware_status_notification,
    "StartTransaction": start_transaction,
    "StatusNotification": status_notification,
    "StopTransaction": stop_transaction,
}
