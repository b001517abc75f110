"""A request in the words of OCPP itself, as an operator writes it: how it ended, and why it may not leave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from csms.domain.commands import Answer

Payload = Mapping[str, Any]
"""An OCPP payload: JSON, in the version's own names."""


@dataclass(frozen=True, slots=True)
class RawOutcome:
    """`response` is the charge point's payload where it answered with one; `code`, `description` and `details` are
    those of its CALLERROR, or say in `description` what became of the request."""

    answer: Answer
    response: Payload | None = None
    code: str = ""
    description: str = ""
    details: Payload = field(default_factory=dict)


class RequestRefused(Exception):
    """The request was not sent, and changed nothing."""


class ActionUnknown(RequestRefused):
    """The charge point's version has no such action that a central system sends."""


class PayloadBroken(RequestRefused):
    """Fields break rules: pairs of a path like `meterValue.0.timestamp` ("" for the whole) and the rule in words."""

    def __init__(self, faults: tuple[tuple[str, str], ...]) -> None:
        super().__init__("; ".join(f"{path or 'payload'} {rule}" for path, rule in faults))
        self.faults = faults


class AgainstTheLedger(RequestRefused):
    """It could change what a connector may draw without the balancer knowing; the text says what to do instead."""


class AccessLowered(RequestRefused):
    """It would let the charge point in over a lower security profile."""


class LineFull(RequestRefused):
    """Too many requests of operators are waiting for this charge point."""
