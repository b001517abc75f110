"""Commands in no version's words: what they are carried out with, for one charge point."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from csms.api import lookup
from csms.api.command_bodies import (
    Body,
    ClearPowerLimit,
    CommandBody,
    GetConfiguration,
    Ordered,
    SetConfiguration,
    SetPowerLimit,
    StopSession,
    TriggerMessage,
    fields_of,
    parameters,
)
from csms.api.commanding import Early, Order, Work, carry_out, check_scope, live
from csms.api.commands import CommandAnswer, answer, asked_by
from csms.api.fields import optional_time
from csms.api.message_sizes import items_per_message
from csms.api.problems import invalid
from csms.api.table import Call, Query, Route, Services
from csms.domain import access_requests
from csms.domain import operator_commands as oc
from csms.domain.commands import Answer
from csms.domain.grid import OperatorLimit
from csms.domain.model import SmartCharging, Transaction
from csms.domain.ports import SiteAccess
from csms.domain.records import CommandRecord
from csms.domain.requests import RawOutcome
from csms.domain.snapshot import Snapshot
from csms.validation import FieldError, kw, watts


async def post_command(call: Call[Query, CommandBody]) -> CommandAnswer:
    check_scope(call, touches_access=sets_access(call.body.root))
    return answer(await give(call.services, call.path["charge_point_id"], call.body.root, asked_by(call)))


async def give(services: Services, charge_point_id: str, body: Body, by: str) -> CommandRecord:
    """Carry out a command; raises Problem for what is not sent."""
    snapshot = lookup.charge_point_site(services, {"charge_point_id": charge_point_id})
    wanted = parameters(body)
    if isinstance(body, SetPowerLimit | ClearPowerLimit):
        work = _limit_work(services, snapshot, charge_point_id, body)
    else:
        ordered = _ordered(services, snapshot, charge_point_id, body)
        wanted |= _numbers(ordered)
        work = await _charge_point_work(services, charge_point_id, body, ordered)
    return await carry_out(services, Order(charge_point_id, body.command, wanted, by), work)


def sets_access(body: Body) -> bool:
    """Whether it changes how a charge point gets in."""
    return isinstance(body, SetConfiguration) and any(
        access_requests.sets_access(name, value) for name, value in body.values.items()
    )


def _ordered(services: Services, snapshot: Snapshot, charge_point_id: str, body: Body) -> oc.OperatorCommand:
    if isinstance(body, Ordered):
        return body.order(services.store.next_id)
    if isinstance(body, StopSession):
        return oc.StopSession(_transaction_id(snapshot, charge_point_id, body))
    raise TypeError(f"nobody said what {type(body).__name__} asks of a charge point")


async def _charge_point_work(services: Services, charge_point_id: str, body: Body, ordered: oc.OperatorCommand) -> Work:
    many = isinstance(body, GetConfiguration | SetConfiguration)
    early = Early.UNLESS_REJECTED if isinstance(body, TriggerMessage) else Early.PENDING if many else Early.NEVER
    link = live(services, charge_point_id, early)
    items = await items_per_message(services, charge_point_id, ("GetVariables", "SetVariables")) if many else {}
    return lambda: link.perform(ordered, items)


# Chosen here, and needed to recognise what the charge point tells later.
_NUMBERS = frozenset({"remote_start_id", "request_id", "reservation_id", "message_id"})


def _numbers(ordered: oc.OperatorCommand) -> dict[str, Any]:
    named = {field.name for field in fields(ordered)} & _NUMBERS
    told = ((name, getattr(ordered, name)) for name in sorted(named))
    return {name: number for name, number in told if isinstance(number, int) and number > 0}


def _transaction_id(snapshot: Snapshot, charge_point_id: str, body: StopSession) -> str:
    """The running session that was named; Problem 422 where there is none, or several."""
    if body.transaction_id is not None:
        return body.transaction_id
    running = [t for key, t in snapshot.active.items() if key.charge_point_id == charge_point_id]
    found = [transaction for transaction in running if _is_meant(transaction, body)]
    if len(found) == 1:
        return found[0].transaction_id
    name = next((n for n in ("session_id", "connector_id") if getattr(body, n) is not None), "session_id")
    raise invalid([FieldError(name, "is required: several sessions run" if found else "must be of a running session")])


def _is_meant(transaction: Transaction, body: StopSession) -> bool:
    by_session = body.session_id in (None, transaction.session_id)
    return by_session and body.connector_id in (None, transaction.connector_id)


def _limit_work(
    services: Services, snapshot: Snapshot, charge_point_id: str, body: SetPowerLimit | ClearPowerLimit
) -> Work:
    site = lookup.site(services, {"site_id": snapshot.site.site_id})
    if body.connector_id is not None and body.connector_id not in snapshot.connector_ids(charge_point_id):
        raise invalid([FieldError("connector_id", "must be a connector of the charge point")])
    if isinstance(body, ClearPowerLimit):
        return lambda: _clear(site, charge_point_id, body.connector_id or 0)
    if body.until is not None and body.until <= services.clock.now().utc_s:
        raise invalid([FieldError("until", "must be in the future")])
    limit = OperatorLimit(body.connector_id or 0, watts(body.max_power_kw), body.until)
    least_w = _least_w(snapshot, charge_point_id, limit.connector_id)
    if limit.max_power_w < least_w:
        rule = f"must be at least {kw(least_w):.12g} at a charge point that never pauses"
        raise invalid([FieldError("max_power_kw", rule)])
    return lambda: _set(site, charge_point_id, limit)


def _least_w(snapshot: Snapshot, charge_point_id: str, connector_id: int) -> int:
    """What a cap must leave to a charge point where cars do not wake up from a pause; 0 elsewhere."""
    settings = snapshot.settings[charge_point_id]
    if not settings.never_pause:
        return 0
    config = snapshot.smart_charging or SmartCharging(0, "equal")
    floor_w = snapshot.shapes[charge_point_id].floor_w(config.min_power_per_charger_w)
    return floor_w * (1 if connector_id else settings.connectors)


async def _set(site: SiteAccess, charge_point_id: str, limit: OperatorLimit) -> RawOutcome:
    await site.set_operator_limit(charge_point_id, limit)
    told = {
        "connector_id": limit.connector_id or None,
        "max_power_kw": kw(limit.max_power_w),
        "until": optional_time(limit.valid_until_s),
    }
    return RawOutcome(Answer.ACCEPTED, told)


async def _clear(site: SiteAccess, charge_point_id: str, connector_id: int) -> RawOutcome:
    cleared = await site.clear_operator_limit(charge_point_id, connector_id)
    return RawOutcome(Answer.ACCEPTED, {"connector_id": connector_id or None, "cleared": cleared})


ROUTES = (
    Route(
        "POST",
        "/api/v1/charge-points/{charge_point_id}/commands",
        "control",
        post_command,
        CommandAnswer,
        "Give a command, in no version's words",
        body=CommandBody,
        named=fields_of,
        errors=(404, 409, 503),
    ),
)
