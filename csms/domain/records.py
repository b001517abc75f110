"""What is kept beside the state of the sites: id tokens, commands, what charge points told, keys, webhooks, audit.

Nothing here takes part in a decision of a balancer. A record is a frozen dataclass; its table and its key are a row of
store.records.RECORDS.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

RecordT = TypeVar("RecordT")


@dataclass(frozen=True, slots=True)
class RecordQuery(Generic[RecordT]):
    """Records of one kind: those whose columns have these values (a list: one of them), in the order of their keys.

    `below` and `above` bound a column strictly. `limit` None: all.
    """

    kind: type[RecordT]
    where: Mapping[str, str | int | float | bool | Sequence[str] | None] = field(default_factory=dict)
    below: Mapping[str, float | str] = field(default_factory=dict)
    above: Mapping[str, float | str] = field(default_factory=dict)
    newest_first: bool = False
    limit: int | None = None
    offset: int = 0


@dataclass(frozen=True, slots=True)
class RecordPage(Generic[RecordT]):
    """`total` counts all that match."""

    items: tuple[RecordT, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Told:
    """Something a charge point told of itself, or was told. `kind` is one of told.ToldKind; `name` tells it from others
    of its kind; `value` is JSON.
    """

    charge_point_id: str
    kind: str
    name: str
    at_s: float
    value: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CommandRecord:
    """A command that an operator gave, and how it ended; id tokens and secrets in it are masked.

    `command` is one of ours, or an OCPP action where `raw`. `status` None: under way, or the central system ended
    before the answer came. `asked_by` is the name of the API key; `error` has code, description and details.
    """

    command_id: int
    charge_point_id: str
    at_s: float
    command: str
    raw: bool
    parameters: Mapping[str, Any]
    asked_by: str
    status: str | None = None
    response: Mapping[str, Any] | None = None
    error: Mapping[str, Any] | None = None
    response_time_ms: float | None = None


@dataclass(frozen=True, slots=True)
class ApiKeyRecord:
    """A key made over REST: only its SHA-256 is kept. `created_by` is the name of the key it was made with."""

    name: str
    sha256: str = field(repr=False)
    scopes: tuple[str, ...]
    created_at_s: float
    created_by: str


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """A request that changed something: `subject` is its path, `key` the name of its key."""

    audit_id: int
    at_s: float
    subject: str
    key: str
    method: str
    address: str
    status: int
    request_id: str


@dataclass(frozen=True, slots=True)
class Webhook:
    """Who is told of what happens: `types` empty is all of it, `reached` the event up to which it has been queued."""

    webhook_id: str
    url: str
    types: tuple[str, ...]
    site_id: str | None
    secret: str = field(repr=False)
    enabled: bool
    created_at_s: float
    created_by: str
    reached: int = 0


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event for one webhook. `state` is "pending", "delivered" or "failed"; `due_at_s` is when it is tried next, or
    when it ended; `status` and `error` are of the last attempt."""

    delivery_id: int
    webhook_id: str
    state: str
    due_at_s: float
    created_at_s: float
    event_id: int
    type: str
    body: str
    attempts: int = 0
    status: int | None = None
    error: str = ""
