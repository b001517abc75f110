"""A site, a clock and a socket in memory, for the tests of what stands between charger and site."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from itertools import count
from typing import Any, TypeVar

import orjson
import structlog

from csms.charge_points.codec import codec_for
from csms.charge_points.connection import Reply
from csms.charge_points.schemas import JsonObject, response_schema
from csms.charge_points.session import Session
from csms.charge_points.versions import VERSIONS
from csms.domain import events as ev
from csms.domain.model import (
    OCPP16,
    Capabilities,
    ChargePoint,
    ChargePointSettings,
    Connector,
    ConnectorKey,
    Moment,
    SiteSettings,
    Transaction,
)
from csms.domain.ports import ChargePointLink, Registration
from csms.domain.records import Told
from csms.domain.snapshot import Snapshot
from csms.domain.state import State

NOW_S = 1_780_000_000.0  # 2026-05-28T20:26:40Z
NOW = "2026-05-28T20:26:40Z"

E_ = TypeVar("E_", bound=ev.Event)


class FakeClock:
    """Stands still until it is told to move."""

    def __init__(self) -> None:
        self.moment = Moment(NOW_S, 1000.0)

    def now(self) -> Moment:
        return self.moment

    def advance(self, elapsed_s: float) -> None:
        self.moment = Moment(self.moment.utc_s + elapsed_s, self.moment.steady_s + elapsed_s)


class CountingIds:
    def __init__(self, prefix: str = "id") -> None:
        self._numbers = count(1)
        self._prefix = prefix

    def unique(self) -> str:
        return f"{self._prefix}-{next(self._numbers)}"


class FakeSite:
    """A site without a balancer: events change a real State, and are on disk at once unless `held` collects them."""

    def __init__(self, *charge_points: ChargePointSettings) -> None:
        self.state = State(SiteSettings("garage", "Garage", "Europe/London", grid_capacity_w=100_000))
        for settings in charge_points or (charge_point(),):
            self.state.apply(ev.ChargePointDeclared(Moment(0, 0), settings))
        self.events: list[ev.Event] = []
        self.news = asyncio.Event()
        self.links: dict[str, ChargePointLink] = {}
        self.held: list[asyncio.Future[None]] | None = None
        self._session_ids = count(1)

    @property
    def site_id(self) -> str:
        return self.state.site.site_id

    def record(self, event: ev.Event) -> asyncio.Future[None]:
        self.state.apply(event)
        self.events.append(event)
        self.news.set()
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self.held is not None and not isinstance(event, ev.MeterValuesReceived):
            self.held.append(future)
        else:
            future.set_result(None)
        return future

    def promise(self, _charge_point_id: str) -> asyncio.Future[None] | None:
        return self.held[-1] if self.held else None

    def view(self) -> Snapshot:
        return self.state.view()

    def transactions(self, charge_point_id: str) -> list[Transaction]:
        return self.state.transactions(charge_point_id)

    def next_session_id(self) -> int:
        return next(self._session_ids)

    def attach(self, charge_point_id: str, link: ChargePointLink) -> None:
        older = self.links.get(charge_point_id)
        self.links[charge_point_id] = link
        if older is not None:
            older.close(1008, "another connection with the same identity")

    def detach(self, charge_point_id: str, link: ChargePointLink) -> None:
        if self.links.get(charge_point_id) is link:
            del self.links[charge_point_id]

    def recorded(self, kind: type[E_]) -> list[E_]:
        return [event for event in self.events if isinstance(event, kind)]

    def connector(self, connector_id: int, charge_point_id: str = "CP-1") -> Connector:
        return self.state.connectors[ConnectorKey(charge_point_id, connector_id)]

    def learned(self, capabilities: Capabilities, charge_point_id: str = "CP-1") -> None:
        """As if this had been learned on an earlier connection."""
        self.state.apply(ev.CapabilitiesLearned(Moment(0, 0), charge_point_id, capabilities))
        known: ChargePoint = self.state.charge_points[charge_point_id]
        self.state.charge_points[charge_point_id] = replace(known, commissioned_at_s=1.0)


def charge_point(charge_point_id: str = "CP-1", **declared: object) -> ChargePointSettings:
    return replace(ChargePointSettings(charge_point_id, "garage"), **declared)  # type: ignore[arg-type]  # of any field


class FakeArchive:
    """Keeps everything, the last of each name."""

    def __init__(self) -> None:
        self.told: dict[tuple[str, str], Told] = {}
        self._ids = count(1)

    def keep(self, *told: Told) -> None:
        for record in told:
            self.told[record.kind, record.name] = record

    def next_id(self, sequence: str) -> int:
        return next(self._ids)

    def of(self, kind: str) -> dict[str, Mapping[str, Any]]:
        """What was told of a kind, by name."""
        return {name: told.value for (kept, name), told in self.told.items() if kept == kind}


class FakeDirectory:
    """Knows the charge points of one site; `accepted` are the unknown ones it would take in."""

    def __init__(self, site: FakeSite, accepted: Mapping[str, ChargePointSettings] | None = None) -> None:
        self.site = site
        self.accepted = dict(accepted or {})
        self.suspected: list[tuple[str, str, str]] = []

    def find(self, charge_point_id: str) -> Registration | None:
        settings = self.site.state.settings.get(charge_point_id)
        if settings is not None:
            return Registration(
                settings, self.site, credentials=self.site.state.charge_points[charge_point_id].credentials
            )
        unknown = self.accepted.get(charge_point_id)
        return None if unknown is None else Registration(unknown, self.site, declared=False)

    def admit(self, registration: Registration) -> None:
        self.site.record(ev.ChargePointDeclared(Moment(0, 0), registration.settings))

    def suspect(self, charge_point_id: str, kind: str, text: str, _address: str) -> None:
        if charge_point_id in self.site.state.settings:
            self.suspected.append((charge_point_id, kind, text))


class FakeTransport:
    """Keeps what was sent; `closed` is the code and reason it was closed with."""

    def __init__(self) -> None:
        self.sent: list[list[object]] = []
        self.closed: tuple[int, str] | None = None
        self._arrived = asyncio.Event()

    def send(self, text: str) -> None:
        self.sent.append(orjson.loads(text))
        self._arrived.set()

    def close(self, code: int, reason: str) -> None:
        self.closed = (code, reason)

    async def next(self) -> list[object]:
        """The next frame sent; fails after a while without one."""
        async with asyncio.timeout(5):
            while not self.sent:
                self._arrived.clear()
                await self._arrived.wait()
        return self.sent.pop(0)


def session(
    site: FakeSite, protocol: str = OCPP16, clock: FakeClock | None = None, archive: FakeArchive | None = None
) -> Session:
    return Session(
        charge_point_id="CP-1",
        protocol=protocol,
        site=site,
        now=(clock or FakeClock()).now,
        heartbeat_interval_s=60,
        log=structlog.get_logger(),
        archive=archive or FakeArchive(),
    )


def handle(with_session: Session, action: str, payload: JsonObject) -> Reply:
    """What the handler answers to a request that came through the codec; the answer keeps to its schema."""
    protocol = with_session.protocol
    request = codec_for(protocol).validate_request(action, payload)
    reply = VERSIONS[protocol].handlers[action](with_session, request)
    assert response_schema(protocol, action).is_valid(reply.payload), reply.payload
    return reply
