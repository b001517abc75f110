"""What is asked of the store, and what it answers: sessions, decisions, alarms, events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from csms.domain.alarms import Alarm
from csms.domain.events import Event, LimitIssued
from csms.domain.model import Transaction


@dataclass(frozen=True, slots=True)
class SessionQuery:
    """`active` None: both. Times bound the start of the session (its end where the start is not known)."""

    site_id: str | None = None
    charge_point_id: str | None = None
    active: bool | None = None
    from_s: float | None = None
    to_s: float | None = None
    limit: int = 100
    offset: int = 0


@dataclass(frozen=True, slots=True)
class SessionPage:
    """`items` newest first, `site_ids` of each the site; `total` counts all that match."""

    items: tuple[Transaction, ...]
    site_ids: tuple[str, ...]
    total: int


@dataclass(frozen=True, slots=True)
class DecisionQuery:
    """Limits sent within [from_s, to_s) at a site, of one charge point or all; newest first."""

    site_id: str
    from_s: float
    to_s: float
    charge_point_id: str | None = None
    limit: int = 100
    offset: int = 0


@dataclass(frozen=True, slots=True)
class SentLimit:
    """A limit as it was sent, and what became of it.

    `answer` is Accepted, Rejected, Unanswered, or None while it is under way; `detail` is the charger's word.
    `actual_w` is the last draw metered before it was sent. `reason` says which limit or rule decided it; `renewal`: it
    changed nothing.
    """

    limit_id: int
    at_s: float
    charge_point_id: str
    connector_id: int
    transaction_id: str | None
    purpose: str
    limit_w: int
    reason: str
    renewal: bool
    answer: str | None
    answered_at_s: float | None
    detail: str
    actual_w: float | None


@dataclass(frozen=True, slots=True)
class Decision:
    """What led to a decision (`causes`), how the site stood, and the limits it sent.

    `decision_id` None: limits sent before decisions were kept.
    """

    decision_id: int | None
    at_s: float
    causes: tuple[str, ...]
    strategy: str
    budget_w: int
    permitted_w: int
    drawn_w: int
    site_load_w: int
    limits: tuple[SentLimit, ...]


@dataclass(frozen=True, slots=True)
class DecisionPage:
    items: tuple[Decision, ...]
    total: int


@dataclass(frozen=True, slots=True)
class AlarmQuery:
    """`standing` None: both. Times bound when it was raised; newest first."""

    site_id: str | None = None
    standing: bool | None = None
    from_s: float | None = None
    to_s: float | None = None
    limit: int = 100
    offset: int = 0


@dataclass(frozen=True, slots=True)
class AlarmPage:
    """`items` are pairs of site id and alarm."""

    items: tuple[tuple[str, Alarm], ...]
    total: int


@dataclass(frozen=True, slots=True)
class SampleQuery:
    """Meter samples of one connector within [from_s, to_s), oldest first; with `step_s` as means over so many
    seconds."""

    site_id: str
    charge_point_id: str
    connector_id: int
    from_s: float
    to_s: float
    step_s: int | None = None
    limit: int = 100
    offset: int = 0


@dataclass(frozen=True, slots=True)
class MeterSample:
    """A sample, or what is known of a period from `at_s` on: the mean and the highest power, the last of the energy
    register."""

    at_s: float
    power_w: float | None
    max_power_w: float | None
    energy_wh: float | None
    currents_a: tuple[float, ...] | None = None
    transaction_id: str | None = None


@dataclass(frozen=True, slots=True)
class SamplePage:
    """`total` counts all that match."""

    items: tuple[MeterSample, ...]
    total: int


@dataclass(frozen=True, slots=True)
class EventQuery:
    """Recorded events of these types (names of classes of domain.events).

    `after` is an event's number: those after it, oldest first. Else newest first, those before `before` (None: from the
    newest on).
    """

    types: Sequence[str]
    site_id: str | None = None
    charge_point_id: str | None = None
    after: int | None = None
    before: int | None = None
    limit: int = 100


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event with its number. `session` is that of a TransactionEnded as it stands now, `issued` the limit that a
    LimitConfirmed, LimitRejected or LimitUnanswered is about; None: not on record any more."""

    event_id: int
    site_id: str
    event: Event
    session: Transaction | None = None
    issued: LimitIssued | None = None


@dataclass(frozen=True, slots=True)
class EventPage:
    """`reached` is the number up to which (downwards: above which) everything was looked at; there may be none that
    match. `complete`: there is nothing beyond, for now."""

    items: tuple[StoredEvent, ...]
    reached: int
    complete: bool
