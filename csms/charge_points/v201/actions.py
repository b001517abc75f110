"""The 2.0.1 requests we answer."""

from __future__ import annotations

from collections.abc import Mapping

from csms.charge_points.session import Handler
from csms.charge_points.v201.authorization import authorize
from csms.charge_points.v201.availability import status_notification
from csms.charge_points.v201.certificates import (
    get_15118_ev_certificate,
    get_certificate_status,
    sign_certificate,
)
from csms.charge_points.v201.charging_profiles import report_charging_profiles
from csms.charge_points.v201.device_model import notify_report
from csms.charge_points.v201.diagnostics import (
    log_status_notification,
    notify_customer_information,
    notify_event,
    notify_monitoring_report,
)
from csms.charge_points.v201.display_messages import notify_display_messages
from csms.charge_points.v201.firmware import firmware_status_notification, publish_firmware_status_notification
from csms.charge_points.v201.meter_values import meter_values
from csms.charge_points.v201.provisioning import boot_notification, heartbeat
from csms.charge_points.v201.reservation import reservation_status_update
from csms.charge_points.v201.security import security_event_notification
from csms.charge_points.v201.smart_charging import (
    cleared_charging_limit,
    notify_charging_limit,
    notify_ev_charging_needs,
    notify_ev_charging_schedule,
)
from csms.charge_points.v201.transactions import transaction_event
from csms.charge_points.vendors import data_transfer

HANDLERS: Mapping[str, Handler] = {
    "Authorize": authorize,
    "BootNotification": boot_notification,
    "ClearedChargingLimit": cleared_charging_limit,
    "DataTransfer": data_transfer,
    "FirmwareStatusNotification": firmware_status_notification,
    "Get15118EVCertificate": get_15118_ev_certificate,
    "GetCertificateStatus": get_certificate_status,
    "Heartbeat": heartbeat,
    "LogStatusNotification": log_status_notification,
    "MeterValues": meter_values,
    "NotifyChargingLimit": notify_charging_limit,
    "NotifyCustomerInformation": notify_customer_information,
    "NotifyDisplayMessages": notify_display_messages,
    "NotifyEVChargingNeeds": notify_ev_charging_needs,
    "NotifyEVChargingSchedule": notify_ev_charging_schedule,
    "NotifyEvent": notify_event,
    "NotifyMonitoringReport": notify_monitoring_report,
    "NotifyReport": notify_report,
    "PublishFirmwareStatusNotification": publish_firmware_status_notification,
    "ReportChargingProfiles": report_charging_profiles,
    "ReservationStatusUpdate": reservation_status_update,
    "SecurityEventNotification": security_event_notification,
    "SignCertificate": sign_certificate,
    "StatusNotification": status_notification,
    "TransactionEvent": transaction_event,
}
