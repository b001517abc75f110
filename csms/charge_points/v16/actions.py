"""The 1.6 requests we answer."""

from __future__ import annotations

from collections.abc import Mapping

from csms.charge_points.session import Handler
from csms.charge_points.v16.core import authorize, boot_notification, data_transfer, heartbeat, status_notification
from csms.charge_points.v16.meter_values import meter_values
from csms.charge_points.v16.transactions import start_transaction, stop_transaction

HANDLERS: Mapping[str, Handler] = {
    "Authorize": authorize,
    "BootNotification": boot_notification,
    "DataTransfer": data_transfer,
    "Heartbeat": heartbeat,
    "MeterValues": meter_values,
    "StartTransaction": start_transaction,
    "StatusNotification": status_notification,
    "StopTransaction": stop_transaction,
}
