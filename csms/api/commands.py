"""/api/v1/charge-points/{charge_point_id}: what operators ask of a charge point, and how it ended."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

from csms.api import lookup
from csms.api.commanding import Early, Order, carry_out, check_scope, live, plain
from csms.api.fields import Time, time
from csms.api.message_sizes import check_size
from csms.api.table import Answer, Call, NoBody, Page, PageQuery, Query, Route
from csms.domain.access_requests import touches_access
from csms.domain.masking import masked
from csms.domain.records import CommandRecord, RecordQuery


class OcppPayload(BaseModel):
    """The payload of an OCPP request, in the names of the version."""

    model_config = ConfigDict(extra="allow")


class CommandError(Answer):
    """`code`, `description` and `details` of a CALLERROR; without one `code` is empty and `description` says what
    became of the request."""

    code: str
    description: str
    details: dict[str, Any]


class CommandAnswer(Answer):
    """How a command ended. `status` is Accepted, Rejected, NotSupported, CallError, Timeout or Disconnected;
    `response` what the charge point answered, in its own words. `parameters` is what was asked for, with the numbers
    that were chosen for it."""

    command_id: int
    command: str
    parameters: dict[str, Any]
    status: str
    response: dict[str, Any] | None
    error: CommandError | None
    response_time_ms: float


class CommandRow(Answer):
    """A command as it is kept. `status` null: it is under way, or the central system ended before its answer came."""

    command_id: int
    charge_point_id: str
    at: Time
    command: str
    raw: bool
    parameters: dict[str, Any]
    asked_by: str
    status: str | None
    response: dict[str, Any] | None
    error: CommandError | None
    response_time_ms: float | None


async def post_ocpp(call: Call[Query, OcppPayload]) -> CommandAnswer:
    charge_point_id, action = call.path["charge_point_id"], call.path["action"]
    check_scope(call, touches_access=touches_access(action, call.body.model_extra or {}))
    link = live(call.services, charge_point_id, EARLY.get(action, Early.NEVER))
    payload = plain(call.body.model_extra or {})
    await check_size(call.services, charge_point_id, action, payload)
    order = Order(charge_point_id, action, payload, asked_by(call), raw=True)
    return answer(await carry_out(call.services, order, lambda: link.request(action, payload)))


EARLY = {
    "TriggerMessage": Early.UNLESS_REJECTED,
    "ExtendedTriggerMessage": Early.UNLESS_REJECTED,
    "ChangeConfiguration": Early.PENDING,
    "GetBaseReport": Early.PENDING,
    "GetConfiguration": Early.PENDING,
    "GetReport": Early.PENDING,
    "GetVariables": Early.PENDING,
    "SetVariables": Early.PENDING,
}
"""All that a charge point may be asked before its boot was accepted (1.6 chapter 4.2, 2.0.1 B02.FR.01)."""


async def list_commands(call: Call[PageQuery, NoBody]) -> Page[CommandRow]:
    lookup.charge_point_site(call.services, call.path)
    limit, offset = call.query.limit, call.query.offset
    found = await call.services.store.records(
        RecordQuery(
            CommandRecord,
            where={"charge_point_id": call.path["charge_point_id"]},
            newest_first=True,
            limit=limit,
            offset=offset,
        )
    )
    # What vendors and customers say in free text concerns those who may ask for it, not every reader.
    rows = [_row(record) if call.may("control") else _for_readers(_row(record)) for record in found.items]
    return Page(items=rows, total=found.total, limit=limit, offset=offset)


def asked_by(call: Call[Any, Any]) -> str:
    return "" if call.key is None else call.key.name


def answer(record: CommandRecord) -> CommandAnswer:
    return CommandAnswer(
        command_id=record.command_id,
        command=record.command,
        parameters=dict(record.parameters),
        status=record.status or "",
        response=_object(record.response),
        error=_error(record),
        response_time_ms=record.response_time_ms or 0.0,
    )


def _row(record: CommandRecord) -> CommandRow:
    return CommandRow(
        command_id=record.command_id,
        charge_point_id=record.charge_point_id,
        at=time(record.at_s),
        command=record.command,
        raw=record.raw,
        parameters=dict(record.parameters),
        asked_by=record.asked_by,
        status=record.status,
        response=_object(record.response),
        error=_error(record),
        response_time_ms=record.response_time_ms,
    )


def _for_readers(row: CommandRow) -> CommandRow:
    row.parameters = masked(row.parameters, id_tokens=False, free_text=False)
    row.response = masked(row.response, id_tokens=False, free_text=False)
    if row.error is not None:
        row.error.details = masked(row.error.details, id_tokens=False, free_text=False)
    return row


def _object(payload: Any) -> dict[str, Any] | None:
    return None if payload is None else dict(payload)


def _error(record: CommandRecord) -> CommandError | None:
    return None if record.error is None else CommandError.model_validate(record.error)


_PATH = "/api/v1/charge-points/{charge_point_id}"

ROUTES = (
    Route(
        "POST",
        f"{_PATH}/ocpp/{{action}}",
        "control",
        post_ocpp,
        CommandAnswer,
        "Send a request in OCPP's own words",
        body=OcppPayload,
        body_required=False,
        errors=(404, 409, 503),
    ),
    Route(
        "GET",
        f"{_PATH}/commands",
        "read",
        list_commands,
        Page[CommandRow],
        "Commands that were given, newest first",
        query=PageQuery,
        errors=(404,),
    ),
)
