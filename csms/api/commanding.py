"""Carries out what operators ask of charge points, and keeps a record of each command and its end."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import orjson

from csms.api import lookup
from csms.api.problems import Problem, invalid
from csms.api.table import Call, Services
from csms.domain.masking import masked
from csms.domain.ports import ChargePointLink
from csms.domain.records import CommandRecord
from csms.domain.requests import ActionUnknown, AgainstTheLedger, LineFull, PayloadBroken, RawOutcome, RequestRefused
from csms.validation import FieldError, field_path


@dataclass(frozen=True, slots=True)
class Order:
    """What somebody asks of a charge point: `command` is one of ours, or an OCPP action where `raw`."""

    charge_point_id: str
    command: str
    parameters: Mapping[str, Any]
    asked_by: str
    raw: bool = False


Work = Callable[[], Awaitable[RawOutcome]]


async def carry_out(services: Services, order: Order, work: Work) -> CommandRecord:
    """Do the work and return its record, which is on disk from before it begins; raises Problem, and leaves no
    record, for what was not sent."""
    begun = services.clock.now()
    record = CommandRecord(
        command_id=services.store.next_id("command"),
        charge_point_id=order.charge_point_id,
        at_s=begun.utc_s,
        command=order.command,
        raw=order.raw,
        parameters=_kept(order.parameters),
        asked_by=order.asked_by,
    )
    services.store.save(record)
    try:
        outcome = await work()
    except RequestRefused as refused:
        services.store.remove(CommandRecord, (record.command_id,))
        raise problem_of(refused) from None
    took_ms = round(1000 * (services.clock.now().steady_s - begun.steady_s), 1)
    ended = replace(
        record,
        status=outcome.answer.value,
        response=None if outcome.response is None else _kept(outcome.response),
        error=_error(outcome),
        response_time_ms=took_ms,
    )
    await services.store.save(ended)
    return ended


def check_scope(call: Call[Any, Any], *, touches_access: bool) -> None:
    """Raises Problem 403: whoever may only control must not learn to connect as a charge point, by whichever way."""
    if touches_access and not call.may("admin"):
        raise Problem(403, "Passwords and security profiles of charge points are set with the scope admin.")


class Early(StrEnum):
    """What a charge point whose boot was not accepted may be asked: nothing; this, while it is Pending (2.0.1
    B02.FR.01, 1.6 chapter 4.2); this, unless it was Rejected, which forbids all (B03.FR.03)."""

    NEVER = "never"
    PENDING = "pending"
    UNLESS_REJECTED = "unless_rejected"


def live(services: Services, charge_point_id: str, early: Early = Early.NEVER) -> ChargePointLink:
    """The charge point's link; Problem 404 where there is no such charge point, 409 while it cannot be commanded.

    `early` is about what it is to be asked.
    """
    snapshot = lookup.charge_point_site(services, {"charge_point_id": charge_point_id})
    link = services.sites.link(charge_point_id)
    if link is None:
        raise Problem(409, "The charge point is not connected.")
    if snapshot.charge_points[charge_point_id].ready:
        return link
    registration = snapshot.settings[charge_point_id].registration
    if registration == "reject":
        raise Problem(409, "The charge point was rejected: nothing is sent to it.")
    if early is Early.UNLESS_REJECTED or (early is Early.PENDING and registration == "pending"):
        return link
    raise Problem(409, f"The charge point has not been accepted yet: {_MAY_BE_ASKED[registration]}.")


_MAY_BE_ASKED = {
    "accept": "it may only be asked to send its boot message",
    "pending": "it may only be asked for messages and settings",
}


def problem_of(refused: RequestRefused) -> Problem:
    """What a refusal is to the caller."""
    match refused:
        case ActionUnknown():
            return Problem(404, "The charge point's version of OCPP has no such request of a central system.")
        case PayloadBroken():
            return invalid([FieldError(field_path(_place(path)), rule) for path, rule in refused.faults])
        case AgainstTheLedger():
            return Problem(409, f"{str(refused)[:1].upper()}{str(refused)[1:]}.")
        case LineFull():
            return Problem(503, "Too many commands are waiting for this charge point.", headers={"Retry-After": "5"})
        case _:
            return Problem(409, str(refused))


def plain(value: Mapping[str, Any]) -> dict[str, Any]:
    """JSON as every reader understands it: whole numbers of 64 bits, no NaN. Raises Problem 422."""
    try:
        json.dumps(value, allow_nan=False)
        copied: dict[str, Any] = orjson.loads(orjson.dumps(value))
    except (TypeError, ValueError, RecursionError):
        raise invalid([FieldError("", "must be JSON without NaN, infinity and numbers beyond 64 bits")]) from None
    return copied


def _place(path: str) -> tuple[int | str, ...]:
    return tuple(int(part) if part.isdecimal() else part for part in path.split(".")) if path else ()


def _kept(value: Any) -> Any:
    """As it is put on record and told: what a vendor answers to a command is what its operator asks for."""
    return masked(value, id_tokens=False, free_text=True)


def _error(outcome: RawOutcome) -> dict[str, Any] | None:
    if not outcome.code and not outcome.description:
        return None
    error = {"code": outcome.code, "description": outcome.description, "details": outcome.details}
    return {name: _kept(part) for name, part in error.items()}
