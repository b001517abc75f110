"""The events of all sites as they are committed: read once, and followed by any number of streams.

Nothing is queued for a follower. It has a place in the latest events, which are kept for all of them together; one
that has fallen behind those reads on from the store. So the memory that streams take does not depend on who reads how
slowly.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Iterator, Sequence
from dataclasses import dataclass

import structlog

from csms.api.fields import optional_kw, optional_kwh, time
from csms.api.public_events import SESSION_UPDATED, PublicEvent, public, recorded
from csms.api.public_session_events import SessionUpdatedData
from csms.domain.model import ConnectorKey
from csms.domain.ports import Clock, Sites, Store
from csms.domain.queries import EventQuery
from csms.domain.snapshot import Snapshot

log = structlog.get_logger(__name__)

KEPT = 2000
"""Latest events at hand. Trimmed by half, so there may be half as many more."""

SESSION_UPDATES_S = 5.0
"""How often a running session may be told of."""

_GATHER_S = 0.1
"""Events are read at most so often: a burst of commits is one read."""

_READ = 500
_RETRY_S = 1.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of the feed somebody follows; None: all."""

    types: frozenset[str] | None = None
    site_id: str | None = None
    charge_point_id: str | None = None

    def takes(self, event: PublicEvent) -> bool:
        return (
            (self.types is None or event.type in self.types)
            and self.site_id in (None, event.site_id)
            and self.charge_point_id in (None, event.charge_point_id)
        )

    def query(self, *, after: int | None = None, before: int | None = None, limit: int = _READ) -> EventQuery:
        return EventQuery(recorded(self.types), self.site_id, self.charge_point_id, after, before, limit)


@dataclass(frozen=True, slots=True)
class News:
    """Events in their order; `reached` is the number up to which everything has now been told."""

    events: Sequence[PublicEvent]
    reached: int


class Feed:
    """Reads only while somebody follows. Its tasks live from the first follower to `close`, or to the last one."""

    def __init__(self, store: Store, sites: Sites, clock: Clock) -> None:
        self._store = store
        self._sites = sites
        self._clock = clock
        self._followers = 0
        self._tasks: list[asyncio.Task[None]] = []
        self._committed = asyncio.Event()
        self._latest: list[PublicEvent] = []
        self._forgotten = 0  # how many came before the first of `_latest`
        self._reached: int | None = None
        self._told = asyncio.Event()  # replaced at each telling: one call wakes everybody
        self._updated: dict[int, float] = {}
        self.closed = False
        store.on_commit(self._committed.set)

    @property
    def followers(self) -> int:
        return self._followers

    def close(self) -> None:
        """Every follower comes to its end."""
        self.closed = True
        self._tell([])

    async def follow(self, wanted: Wanted, after: int | None, patience_s: float) -> AsyncGenerator[News, None]:
        """What comes after event number `after` (None: from now on), and nothing at least every `patience_s`."""
        with self._joined():
            reached = await self._ready()
            place = self._end if after is None or after >= reached else -1
            told = reached if place >= 0 or after is None else after
            yield News((), told)
            while not self.closed:
                if place < self._forgotten:
                    place, target = self._end, self._reached or 0
                    async with contextlib.aclosing(self._from_store(wanted, told, target)) as pages:
                        async for news in pages:
                            yield news
                    told = target
                    continue
                fresh = [event for event in self._latest[place - self._forgotten :] if wanted.takes(event)]
                place, told, waiting_for = self._end, self._reached or told, self._told
                if fresh:
                    yield News(fresh, told)
                    continue
                try:
                    await asyncio.wait_for(waiting_for.wait(), patience_s)
                except TimeoutError:
                    yield News((), told)

    @property
    def _end(self) -> int:
        return self._forgotten + len(self._latest)

    @contextlib.contextmanager
    def _joined(self) -> Iterator[None]:
        self._followers += 1
        if not self._tasks:
            self._reached = None
            self._tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._watch_sessions())]
        try:
            yield
        finally:
            self._followers -= 1
            if not self._followers:
                for task in self._tasks:
                    task.cancel()
                self._tasks = []
                self._forgotten, self._latest = self._end, []

    async def _ready(self) -> int:
        while self._reached is None and not self.closed:
            await self._told.wait()
        return self._reached or 0

    async def _from_store(self, wanted: Wanted, told: int, target: int) -> AsyncGenerator[News, None]:
        while told < target and not self.closed:
            page = await self._store.events(wanted.query(after=told))
            told = min(target, page.reached) if page.items or not page.complete else target
            yield News([public(stored) for stored in page.items if stored.event_id <= target], told)

    def _tell(self, events: Sequence[PublicEvent]) -> None:
        self._latest += events
        if len(self._latest) > KEPT * 3 // 2:
            excess = len(self._latest) - KEPT
            self._forgotten += excess
            del self._latest[:excess]
        told, self._told = self._told, asyncio.Event()
        told.set()

    async def _read(self) -> None:
        while True:
            try:
                if self._reached is None:
                    self._reached = await self._store.last_event_id()
                    self._tell([])
                await self._committed.wait()
                self._committed.clear()
                await self._read_on(self._reached)
            except Exception:  # a task's boundary: followers wait, and are told later
                log.exception("api_feed_failed")
                self._committed.set()
                await asyncio.sleep(_RETRY_S)
            await asyncio.sleep(_GATHER_S)

    async def _read_on(self, reached: int) -> None:
        complete = False
        while not complete:
            page = await self._store.events(Wanted().query(after=reached))
            reached, complete = page.reached, page.complete
            events = [public(stored) for stored in page.items]
            self._reached = reached
            self._tell(events)

    async def _watch_sessions(self) -> None:
        while True:
            await asyncio.sleep(SESSION_UPDATES_S)
            running: set[int] = set()
            for site_id in list(self._sites.site_ids()):
                site = self._sites.get(site_id)
                if site is not None:
                    try:
                        snapshot = site.snapshot()
                        running.update(transaction.session_id for transaction in snapshot.active.values())
                        self._tell(list(self._updates(snapshot)))
                    except Exception:  # a task's boundary: the other sites are told of, and this one next time
                        log.exception("api_feed_failed", site_id=site_id)
                    await asyncio.sleep(0)  # others have their turn between two sites
            self._updated = {session: at_s for session, at_s in self._updated.items() if session in running}

    def _updates(self, snapshot: Snapshot) -> Iterator[PublicEvent]:
        """Of sessions that were metered since they were last told of."""
        steady_s = self._clock.now().steady_s
        for key, transaction in snapshot.active.items():
            reading = snapshot.readings.get(key)
            if reading is None or self._updated.get(transaction.session_id) == reading.at.steady_s:
                continue
            self._updated[transaction.session_id] = reading.at.steady_s
            yield session_updated(snapshot, key, steady_s)


def session_updated(snapshot: Snapshot, key: ConnectorKey, now_steady_s: float) -> PublicEvent:
    """Of a running session that has been metered."""
    transaction = snapshot.active[key]
    data = SessionUpdatedData(
        session_id=transaction.session_id,
        transaction_id=transaction.transaction_id,
        connector_id=key.connector_id,
        power_kw=optional_kw(snapshot.reading_power_w(key, now_steady_s)),
        energy_kwh=optional_kwh(transaction.energy_wh),
    )
    return PublicEvent(
        event_id=None,
        type=SESSION_UPDATED,
        at=time(snapshot.readings[key].at.utc_s),
        site_id=snapshot.site.site_id,
        charge_point_id=key.charge_point_id,
        data=data.model_dump(),
    )
