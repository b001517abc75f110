"""Operators' commands as requests of a version, and the answers to several of them as one. Pure.

A version's table has a function per command; it returns the requests to send, in their order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from csms.charge_points.schemas import JsonObject
from csms.charge_points.times import rfc3339
from csms.domain import operator_commands as oc
from csms.domain.commands import Answer
from csms.domain.requests import RawOutcome


@dataclass(frozen=True, slots=True)
class Request:
    """An action and its payload; `of` says in the answer to several which one this is."""

    action: str
    payload: JsonObject
    of: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the charge point that shapes its requests: items that it takes in one message, by action."""

    items_per_message: Mapping[str, int] = field(default_factory=dict)

    def chunks(self, action: str, items: Sequence[JsonObject]) -> Iterable[list[JsonObject]]:
        """So many at once as it takes (B05.FR.11, B06.FR.05); few stations take less than four."""
        size = max(1, self.items_per_message.get(action, _ITEMS_PER_MESSAGE))
        return [list(items[start : start + size]) for start in range(0, len(items), size)]


_ITEMS_PER_MESSAGE = 4


def given(**fields: object) -> JsonObject:
    """Those that have a value: what has none is left out, OCPP knows no null."""
    return {name: value for name, value in fields.items() if value is not None}


def time_or_none(at_s: float | None) -> str | None:
    return None if at_s is None else rfc3339(at_s)


# What both versions say alike.


def cancel_reservation(command: oc.CancelReservation, _known: Known) -> Sequence[Request]:
    """1.6 chapter 5.1, 2.0.1 H02."""
    return [Request("CancelReservation", {"reservationId": command.reservation_id})]


def clear_cache(_command: oc.ClearCache, _known: Known) -> Sequence[Request]:
    """1.6 chapter 5.4, 2.0.1 C11."""
    return [Request("ClearCache", {})]


def delete_certificate(command: oc.DeleteCertificate, _known: Known) -> Sequence[Request]:
    """1.6 security extension M04, 2.0.1 M04: named by the hashes that the charge point told, of its algorithm."""
    hashes = {
        "hashAlgorithm": command.hash_algorithm,
        "issuerNameHash": command.issuer_name_hash,
        "issuerKeyHash": command.issuer_key_hash,
        "serialNumber": command.serial_number,
    }
    return [Request("DeleteCertificate", {"certificateHashData": hashes})]


# The command is one of the table's own kind; Callable cannot say so for a table of all.
Translate = Callable[[Any, Known], Sequence[Request]]
Requests = Mapping[type, Translate]


def requests_of(table: Requests, command: oc.OperatorCommand, known: Known) -> Sequence[Request]:
    """Raises NotInVersion, or ValueImpossible."""
    translate = table.get(type(command))
    if translate is None:
        raise oc.NotInVersion(f"this version of OCPP has no {type(command).__name__}")
    return translate(command, known)


def as_one(parts: Sequence[tuple[Request, RawOutcome]]) -> RawOutcome:
    """The end of several requests: the first that was not accepted says how; lists are joined, other answers are
    listed."""
    if len(parts) == 1:
        return parts[0][1]
    worst = next((end for _, end in parts if end.answer is not Answer.ACCEPTED), parts[0][1])
    answered = [(request, end.response) for request, end in parts if end.response is not None]
    response = _joined([payload for _, payload in answered])
    if response is None:
        response = {"responses": [{**request.of, **payload} for request, payload in answered]}
    return RawOutcome(worst.answer, response if answered else None, worst.code, worst.description, worst.details)


def _joined(payloads: Sequence[Mapping[str, Any]]) -> JsonObject | None:
    """Answers that are lists under the same names, as one; None for others."""
    names = {name for payload in payloads for name, value in payload.items() if isinstance(value, list)}
    if not names:
        return None
    joined: JsonObject = {name: value for payload in payloads for name, value in payload.items()}
    return joined | {name: [item for payload in payloads for item in payload.get(name, ())] for name in sorted(names)}
