"""What charge points told of themselves: their settings, and what they reported beside their sessions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

from pydantic import Field

from csms.api import lookup
from csms.api.fields import Id, Time, time
from csms.api.table import Answer, Call, NoBody, Page, PageQuery, Route, Services
from csms.domain.masking import masked
from csms.domain.records import RecordPage, RecordQuery, Told
from csms.domain.told import ToldKind

ReportKind = Literal[
    "charging_limit",
    "charging_needs",
    "charging_schedule",
    "customer_information",
    "display_message",
    "event",
    "monitor",
    "report",
    "reservation",
    "security_event",
    "status",
]


class VariablesQuery(PageQuery):
    """`component`: only the variables of components with this name, in all their instances."""

    component: Id | None = None


class ReportsQuery(PageQuery):
    kind: ReportKind


class VariableRow(Answer):
    """A variable of the device model (OCPP 2.0.1). `attributes` and `characteristics` are the station's own words."""

    component: str
    component_instance: str | None
    evse_id: int | None
    connector_id: int | None
    variable: str
    variable_instance: str | None
    attributes: list[dict[str, Any]]
    characteristics: dict[str, Any] | None
    told_at: Time


class ConfigurationRow(Answer):
    """A configuration key (OCPP 1.6); `value` null: it is not told."""

    key: str
    value: str | None
    read_only: bool
    told_at: Time


class ReportRow(Answer):
    """`name` tells it from others of its kind; `value` has the fields of OCPP."""

    kind: str
    name: str
    told_at: Time
    value: dict[str, Any] = Field(default_factory=dict)


async def list_variables(call: Call[VariablesQuery, NoBody]) -> Page[VariableRow]:
    found = await _find(call.services, call.path, ToldKind.VARIABLE, call.query, call.query.component)
    return _page(found, call.query, _variable)


async def list_configuration(call: Call[PageQuery, NoBody]) -> Page[ConfigurationRow]:
    found = await _find(call.services, call.path, ToldKind.CONFIGURATION_KEY, call.query)
    return _page(found, call.query, _configuration_key)


async def list_reports(call: Call[ReportsQuery, NoBody]) -> Page[ReportRow]:
    found = await _find(call.services, call.path, call.query.kind, call.query, newest_first=True)
    return _page(found, call.query, lambda told: _report(told, private=call.may("admin")))


async def _find(
    services: Services,
    path: Mapping[str, str],
    kind: str,
    page: PageQuery,
    component: str | None = None,
    newest_first: bool = False,
) -> RecordPage[Told]:
    """Problem 404 where there is no such charge point."""
    lookup.charge_point_site(services, path)
    # Names begin with that of the component and a "/", which "0" follows in every alphabet of a database.
    prefix = None if component is None else component.replace("/", "%2F")
    query = RecordQuery(
        Told,
        where={"charge_point_id": path["charge_point_id"], "kind": kind},
        above={} if prefix is None else {"name": f"{prefix}/"},
        below={} if prefix is None else {"name": f"{prefix}0"},
        newest_first=newest_first,
        limit=page.limit,
        offset=page.offset,
    )
    return await services.store.records(query)


def _page(found: RecordPage[Told], query: PageQuery, row: Callable[[Told], Any]) -> Page[Any]:
    return Page(items=[row(told) for told in found.items], total=found.total, limit=query.limit, offset=query.offset)


def _variable(told: Told) -> VariableRow:
    component, variable = told.value["component"], told.value["variable"]
    evse = component.get("evse", {})
    return VariableRow(
        component=component["name"],
        component_instance=component.get("instance"),
        evse_id=evse.get("id"),
        connector_id=evse.get("connectorId"),
        variable=variable["name"],
        variable_instance=variable.get("instance"),
        attributes=list(told.value.get("variableAttribute", ())),
        characteristics=told.value.get("variableCharacteristics"),
        told_at=time(told.at_s),
    )


def _configuration_key(told: Told) -> ConfigurationRow:
    value = told.value
    return ConfigurationRow(
        key=value["key"], value=value.get("value"), read_only=value.get("readonly", False), told_at=time(told.at_s)
    )


def _report(told: Told, *, private: bool) -> ReportRow:
    """As in the trace of messages: who a customer is, and free text, are an administrator's to see."""
    value = masked(dict(told.value), id_tokens=private, free_text=private)
    return ReportRow(kind=told.kind, name=told.name, told_at=time(told.at_s), value=value)


_PATH = "/api/v1/charge-points/{charge_point_id}"

ROUTES = (
    Route(
        "GET",
        f"{_PATH}/variables",
        "read",
        list_variables,
        Page[VariableRow],
        "Its device model, as it reported it (OCPP 2.0.1)",
        query=VariablesQuery,
        errors=(404,),
    ),
    Route(
        "GET",
        f"{_PATH}/configuration",
        "read",
        list_configuration,
        Page[ConfigurationRow],
        "Its configuration keys, as it told them (OCPP 1.6)",
        query=PageQuery,
        errors=(404,),
    ),
    Route(
        "GET",
        f"{_PATH}/reports",
        "read",
        list_reports,
        Page[ReportRow],
        "What it reported beside its sessions",
        query=ReportsQuery,
        errors=(404,),
    ),
)
