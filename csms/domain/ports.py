"""What the core needs from the outside, and what the outside may ask of a site: protocols, no code."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from csms.domain.capabilities import Knobs
from csms.domain.commands import Command, Outcome
from csms.domain.events import Event
from csms.domain.grid import OperatorLimit, TemporaryLimit
from csms.domain.history import HistoryBucket, MinuteRecord
from csms.domain.model import (
    AS_DECLARED,
    ChargePointSettings,
    Credentials,
    Moment,
    SiteSettings,
    SmartCharging,
    Transaction,
)
from csms.domain.operator_commands import OperatorCommand
from csms.domain.queries import (
    AlarmPage,
    AlarmQuery,
    DecisionPage,
    DecisionQuery,
    EventPage,
    EventQuery,
    SamplePage,
    SampleQuery,
    SessionPage,
    SessionQuery,
)
from csms.domain.records import RecordPage, RecordQuery, Told
from csms.domain.reports import Rebalanced, SiteAllocation
from csms.domain.requests import Payload, RawOutcome
from csms.domain.snapshot import Snapshot
from csms.domain.state import Row
from csms.domain.tallies import StoreFigures

RecordT = TypeVar("RecordT")

Spawn = Callable[[Coroutine[Any, Any, None]], "asyncio.Task[None]"]  # a task that ends with the process at the latest

REMOVED = "removed"
"""The origin of a declaration that stands for what was removed over REST, so that the file does not bring it back."""


class Clock(Protocol):
    """The only source of time below the composition root."""

    def now(self) -> Moment: ...


class Ids(Protocol):
    """The only source of random identifiers (connections, messages) below the composition root."""

    def unique(self) -> str: ...


class ChargePointLink(Protocol):
    """A live charge point, as those who command it see it."""

    @property
    def connection_id(self) -> str: ...

    async def send(self, command: Command) -> Outcome:
        """Send the command and wait for its end; never raises but for cancellation. A limit leaves when what is under
        way has been answered, anything else when there is also no limit to be sent."""
        ...

    async def request(self, action: str, payload: Payload) -> RawOutcome:
        """Send a request in OCPP's own words when it is quiet, and wait for its end; one operator's after the other.

        Raises RequestRefused for what is not sent (domain.requests).
        """
        ...

    async def perform(self, command: OperatorCommand, items_per_message: Mapping[str, int]) -> RawOutcome:
        """Carry out an operator's command with as many requests as it takes; `items_per_message` says, by action, how
        many items the charge point takes at once, where that is known. Raises RequestRefused, with nothing sent."""
        ...

    @property
    def idle(self) -> bool:
        """Whether a limit would leave at once."""
        ...

    def when_idle(self, then: Callable[[], None]) -> None:
        """Call `then` once, as soon as it is idle, or at the end of the connection."""
        ...

    def close(self, code: int, reason: str) -> None: ...


class Archive(Protocol):
    """What charge points told of themselves, beside the state of their site: kept, bounded, never waited for."""

    def keep(self, *told: Told) -> None: ...

    def next_id(self, sequence: str) -> int:
        """The next number of a named sequence; see Store.next_id."""
        ...


class SiteRecorder(Protocol):
    """A site as a charge point's message handlers see it: record what happened, look, never send."""

    @property
    def site_id(self) -> str: ...

    def record(self, event: Event) -> asyncio.Future[None]:
        """Apply the event and write it; the future is done when it is on disk.

        Raises IllegalEvent, with nothing changed, when the event contradicts the state.
        """
        ...

    def promise(self, charge_point_id: str) -> asyncio.Future[None] | None:
        """Done when what was recorded of it is on disk, and fails if that is lost; None: it is there."""
        ...

    def view(self) -> Snapshot:
        """The state as it stands, not copied: to be looked at and not to be kept."""
        ...

    def transactions(self, charge_point_id: str) -> list[Transaction]:
        """Running ones first, then the last that ended, newest first."""
        ...

    def next_session_id(self) -> int: ...


class ChargePointSite(SiteRecorder, Protocol):
    """What the server that accepts sockets needs of a site besides."""

    def attach(self, charge_point_id: str, link: ChargePointLink) -> None:
        """From now on this link is the charge point's; an older one is closed. ChargePointConnected came before."""
        ...

    def detach(self, charge_point_id: str, link: ChargePointLink) -> None:
        """The link is gone; ignored if another one has replaced it."""
        ...


@dataclass(frozen=True, slots=True)
class Registration:
    """A charge point that may connect. `declared` False: unknown so far, and unknown ones are accepted."""

    settings: ChargePointSettings
    site: ChargePointSite
    declared: bool = True
    credentials: Credentials = AS_DECLARED


class Directory(Protocol):
    """Who may connect, and where they belong."""

    def find(self, charge_point_id: str) -> Registration | None:
        """None if the identity is unknown and unknown ones are not accepted; changes nothing."""
        ...

    def admit(self, registration: Registration) -> None:
        """Declare a charge point that was unknown so far; called once its handshake is complete."""
        ...

    def suspect(self, charge_point_id: str, kind: str, text: str, address: str) -> None:
        """Somebody may be pretending to be this charge point; nothing happens if it is not known."""
        ...


@dataclass(frozen=True, slots=True)
class TracedMessage:
    """A frame as it went over the wire, `sent` by us or not. `size` is its length, `text` as much as was kept of it.

    `number` counts the messages of its charge point since the process began.
    """

    number: int
    at_s: float
    sent: bool
    text: str
    size: int


@dataclass(frozen=True, slots=True)
class TracedMessages:
    """Oldest first. `newest` is the number of the last message there was, 0 before the first."""

    items: tuple[TracedMessage, ...]
    newest: int


class Traces(Protocol):
    """The last messages of each charge point, kept in memory."""

    def messages(self, charge_point_id: str, after: int, limit: int) -> TracedMessages:
        """The last `limit` of those with numbers above `after` (one of an earlier process: of all)."""
        ...


class SiteAccess(Protocol):
    """A site as the REST interface sees it."""

    def snapshot(self) -> Snapshot: ...

    def allocation(self) -> SiteAllocation: ...

    async def configure(self, smart_charging: SmartCharging) -> SmartCharging:
        """Store it, apply it at once and return it with `updated_at_s` set; on disk when this returns."""
        ...

    def preview(self, smart_charging: SmartCharging) -> SiteAllocation:
        """What would be decided now if the site divided its power this way. Changes nothing."""
        ...

    async def rebalance(self, timeout_s: float) -> Rebalanced: ...

    async def history(self, from_s: float, to_s: float, granularity_s: int) -> list[HistoryBucket]: ...

    async def set_temporary_limit(self, limit: TemporaryLimit) -> None:
        """It replaces one of the same source and start; on disk when this returns."""
        ...

    async def withdraw_temporary_limits(self, source: str | None) -> int:
        """End those of this source (None: of all) now; how many there were."""
        ...

    async def set_operator_limit(self, charge_point_id: str, limit: OperatorLimit) -> None:
        """It replaces an earlier one of the same connector; on disk when this returns."""
        ...

    async def clear_operator_limit(self, charge_point_id: str, connector_id: int) -> bool:
        """Whether there was one."""
        ...

    async def pin_quirks(self, charge_point_id: str, quirks: Knobs | None) -> None:
        """What an operator knows of a charge point of this site; None leaves it to the file. On disk when this
        returns."""
        ...

    async def report_site_load(
        self, power_w: int, measured_at_s: float, currents_a: tuple[float, ...] | None = None
    ) -> bool:
        """What the site draws besides its chargers; False if a later measurement is known already."""
        ...

    async def close_session(self, session_id: int) -> Transaction | None:
        """End one that its charger has forgotten; None if it does not run here. On disk when this returns.

        Raises IllegalEvent where somebody may be charging.
        """
        ...

    async def clear_alarm(self, alarm_id: int) -> bool:
        """Clear one that only an operator can; False if none of this number stands here. On disk when this returns.

        Raises IllegalEvent for one that the balancer raises and clears by itself.
        """
        ...


class Estate(Protocol):
    """Which sites and charge points there are, for the REST interface. What it is given fits (site_rules).

    Everything is on disk when a call returns. Raises IllegalEvent, with nothing removed, if there is no such thing, if
    there is one already, or if what is to be removed has running sessions and `force` is not given.
    """

    async def create_site(
        self, settings: SiteSettings, charge_points: Sequence[ChargePointSettings], configured: SmartCharging | None
    ) -> None: ...

    async def change_site(self, settings: SiteSettings, moved: Sequence[ChargePointSettings]) -> None:
        """`moved` are charge points that hang elsewhere in its tree from now on."""
        ...

    async def remove_site(self, site_id: str, *, force: bool) -> None: ...

    async def declare_charge_point(self, settings: ChargePointSettings) -> None:
        """A new one, or other settings of one that is there."""
        ...

    async def remove_charge_point(self, charge_point_id: str, *, force: bool) -> None: ...


class Sites(Protocol):
    """All sites, for the REST interface."""

    def site_ids(self) -> Sequence[str]: ...

    def get(self, site_id: str) -> SiteAccess | None: ...

    def link(self, charge_point_id: str) -> ChargePointLink | None:
        """The live charge point; None while it is not connected."""
        ...

    def ready(self) -> bool:
        """Whether every site's task runs and the store takes writes."""
        ...


class Store(Protocol):
    """Durable memory. Writes are queued in order and committed in groups; a future is done when its commit is."""

    def append(self, site_id: str, event: Event, rows: Sequence[Row], *, origin: str = "ocpp") -> asyncio.Future[None]:
        """Event and changed rows in one commit. `origin` is "file", "api" or "ocpp": who wanted the change.

        With "removed" a row stands for what was removed: it is not loaded any more, and `origins` knows of it.
        """
        ...

    def sample(self, site_id: str, event: Event, rows: Sequence[Row]) -> None:
        """Meter values: written behind, at most a second late."""
        ...

    def record_minute(self, site_id: str, record: MinuteRecord) -> None:
        """Replaces the record of that minute; written behind, at most a second late."""
        ...

    def next_id(self, sequence: str) -> int:
        """The next number of a named sequence, starting at 1; never handed out twice, not even after a crash."""
        ...

    async def load_site(self, site_id: str, now: Moment) -> Sequence[Row]:
        """The site's rows; empty if it was never stored. Times of limits count as if they had just happened."""
        ...

    async def site_ids(self) -> Sequence[str]: ...

    async def origins(self, site_id: str) -> dict[str, str]:
        """Who last wanted each declared thing: keys "site", "smart_charging", "charge_point/ID"."""
        ...

    async def forget_charge_point(self, site_id: str, charge_point_id: str) -> None:
        """Remove its declaration and state rows (not its sessions and events)."""
        ...

    async def forget_site(self, site_id: str) -> None:
        """Remove what is stored of it (not its sessions, events, history and alarms)."""
        ...

    def save(self, *records: Any) -> asyncio.Future[None]:
        """Insert or replace records (domain.records), all in one commit."""
        ...

    def remove(self, kind: type, *keys: tuple[str | int, ...]) -> asyncio.Future[None]:
        """Delete records of a kind by their keys, all in one commit; those that are not there are no error."""
        ...

    async def records(self, query: RecordQuery[RecordT]) -> RecordPage[RecordT]: ...

    async def erase_id_token(self, id_token: str, stand_in: str) -> tuple[int, int]:
        """Replace a token, however it is spelled, in sessions and in what was recorded; how many of each were changed.

        On disk when this returns, step by step: what is written meanwhile waits for no more than a step.
        """
        ...

    async def sessions(self, query: SessionQuery) -> SessionPage: ...

    async def decisions(self, query: DecisionQuery) -> DecisionPage: ...

    async def alarms(self, query: AlarmQuery) -> AlarmPage: ...

    async def samples(self, query: SampleQuery) -> SamplePage: ...

    async def events(self, query: EventQuery) -> EventPage:
        """Of what is committed; nothing is written first."""
        ...

    async def last_event_id(self) -> int:
        """The number of the last event that is committed; 0 before the first."""
        ...

    def on_commit(self, then: Callable[[], None]) -> None:
        """Call `then` after each commit that wrote events."""
        ...

    async def history(self, site_id: str, from_s: float, to_s: float, granularity_s: int) -> list[HistoryBucket]: ...

    async def current_minute(self, site_id: str, minute_start_s: int) -> MinuteRecord | None: ...

    async def flush(self) -> None:
        """Return when everything queued so far is on disk."""
        ...

    @property
    def healthy(self) -> bool: ...

    def figures(self) -> StoreFigures:
        """What was committed since it was opened, and what waits."""
        ...

    async def close(self) -> None:
        """Write what is queued and close."""
        ...
