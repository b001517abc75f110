"""2.0.1 block B, the device model as a station reports it (B07, B08): in as many messages as it likes."""

from __future__ import annotations

from ocpp.v201 import call, enums

from csms.charge_points.connection import Reply
from csms.charge_points.reporting import part_of_report
from csms.charge_points.schemas import JsonObject
from csms.charge_points.session import Session
from csms.domain.local_list import SIZE, size_in
from csms.domain.masking import is_secret
from csms.domain.told import ToldKind


def notify_report(session: Session, payload: JsonObject) -> Reply:
    """B07.FR.03, B08.FR.03. What came is kept, whether or not the rest follows; nobody has to have asked for it."""
    told = payload.get("reportData", [])
    part_of_report(session, "NotifyReport", payload, len(told))
    for item in told:
        name = variable_name(item["component"], item["variable"])
        session.keep(ToldKind.VARIABLE, without_custom_data(_without_secret(item)), name)
        if name == SIZE and (most := size_in(item)) is not None:
            session.on_list_size(most)
    return Reply({})


def full_inventory(request_id: int) -> object:
    """B07, asked for once: what cannot be set is in no other inventory."""
    return call.GetBaseReport(request_id=request_id, report_base=enums.ReportBaseEnumType.full_inventory)


def _without_secret(item: JsonObject) -> JsonObject:
    """The value of what is write-only stays untold (B07.FR.03), and some stations tell it all the same."""
    if not is_secret(item["variable"]["name"]):
        return item
    attributes = [{k: v for k, v in told.items() if k != "value"} for told in item["variableAttribute"]]
    return {**item, "variableAttribute": attributes}


def variable_name(component: JsonObject, variable: JsonObject) -> str:
    """component/instance/evse/connector/variable/instance: what tells a variable from all others of its station."""
    evse: JsonObject = component.get("evse", {})
    parts = (
        component["name"],
        component.get("instance", ""),
        str(evse.get("id", "")),
        str(evse.get("connectorId", "")),
        variable["name"],
        variable.get("instance", ""),
    )
    return "/".join(part.replace("/", "%2F") for part in parts)


def without_custom_data(item: JsonObject) -> JsonObject:
    """What the protocol defines; customData is the vendor's own, of any size and depth."""
    return {name: _plain(value) for name, value in item.items() if name != "customData"}


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return without_custom_data(value)
    return [_plain(item) for item in value] if isinstance(value, list) else value
