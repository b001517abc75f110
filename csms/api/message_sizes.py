"""How many things a station of OCPP 2.0.1 takes in one message, as it told in its device model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from csms.api.problems import invalid
from csms.api.table import Services
from csms.domain.records import RecordQuery, Told
from csms.domain.told import ToldKind
from csms.validation import FieldError

_LISTS = {
    "ClearVariableMonitoring": ("id", "MonitoringCtrlr////ItemsPerMessage/ClearVariableMonitoring"),  # N06.FR.04
    "GetReport": ("componentVariable", "DeviceDataCtrlr////ItemsPerMessage/GetReport"),  # B08.FR.06
    "GetVariables": ("getVariableData", "DeviceDataCtrlr////ItemsPerMessage/GetVariables"),  # B06.FR.05
    "SendLocalList": ("localAuthorizationList", "LocalAuthListCtrlr////ItemsPerMessage/"),  # D01.FR.11
    "SetVariableMonitoring": ("setMonitoringData", "MonitoringCtrlr////ItemsPerMessage/SetVariableMonitoring"),
    "SetVariables": ("setVariableData", "DeviceDataCtrlr////ItemsPerMessage/SetVariables"),  # B05.FR.11
}
"""The list of an action that may be too long, and the variable that says so, by the name it is kept under."""


async def items_per_message(services: Services, charge_point_id: str, actions: Iterable[str]) -> dict[str, int]:
    """By action, for those of which the station told it."""
    names = {_LISTS[action][1]: action for action in actions}
    where = {"charge_point_id": charge_point_id, "kind": ToldKind.VARIABLE.value, "name": list(names)}
    found = await services.store.records(RecordQuery(Told, where=where))
    told = {names[record.name]: _told_number(record) for record in found.items}
    return {action: number for action, number in told.items() if number is not None}


async def check_size(services: Services, charge_point_id: str, action: str, payload: Mapping[str, Any]) -> None:
    """Raises Problem 422 where it is more than the station takes at once."""
    if action not in _LISTS:
        return
    name = _LISTS[action][0]
    items = payload.get(name)
    if not isinstance(items, list):
        return
    most = (await items_per_message(services, charge_point_id, (action,))).get(action)
    if most is not None and len(items) > most:
        raise invalid([FieldError(name, f"has more than the {most} items that the charge point takes at once")])


def _told_number(record: Told) -> int | None:
    values = [str(attribute.get("value", "")) for attribute in record.value.get("variableAttribute", ())]
    return next((int(value) for value in values if value.isdecimal() and 0 < int(value) < 10_000), None)
