"""Events: what a charge point reports beside its sessions. A part of domain.events, from where they are known."""

from __future__ import annotations

from dataclasses import dataclass

from csms.domain.event import ChargePointEvent
from csms.domain.grid import ExternalLimit


@dataclass(frozen=True, slots=True)
class ProgressReported(ChargePointEvent):
    """How far it is with something it was told to do: `task` is "firmware", "published_firmware", "diagnostics" or
    "log", `status` OCPP's word."""

    task: str
    status: str
    request_id: int | None = None


@dataclass(frozen=True, slots=True)
class SecurityEventReported(ChargePointEvent):
    """A critical security event of the charge point; `kind` is OCPP's name of it, `reported_at_s` its own time."""

    kind: str
    reported_at_s: float
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ExternalLimitSet(ChargePointEvent):
    """A charge point reports a limit of others; it replaces earlier ones of the same source and connector.

    `higher` are limits of the same that hold as well, each longer than the one before: what is left of it by and by.
    """

    limit: ExternalLimit
    higher: tuple[ExternalLimit, ...] = ()


@dataclass(frozen=True, slots=True)
class ExternalLimitCleared(ChargePointEvent):
    """The limits of a source are no more: those of one connector (0: of the whole charge point), or all (None)."""

    source: str
    connector_id: int | None = None
