"""Sites, a store and a clock in memory, and a running server in front of them."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import aiohttp
import orjson
from yarl import URL

from csms.api.routes import ROUTES
from csms.api.server import ApiServer
from csms.api.table import Route
from csms.domain import events as ev
from csms.domain.alarms import SECURITY_EVENT
from csms.domain.authorization import AuthorizationRules, token_key
from csms.domain.capabilities import Knobs
from csms.domain.closing import closed_by_operator
from csms.domain.grid import Circuit, OperatorLimit, TemporaryLimit
from csms.domain.history import HistoryBucket
from csms.domain.illegal import IllegalEvent
from csms.domain.model import (
    Capabilities,
    ChargePointSettings,
    ConnectorKey,
    ConnectorStatus,
    Current,
    LimitPurpose,
    Moment,
    PowerSource,
    SiteLoad,
    SiteSettings,
    SmartCharging,
    Transaction,
)
from csms.domain.ports import ChargePointLink, TracedMessage, TracedMessages
from csms.domain.queries import SessionPage, SessionQuery
from csms.domain.reports import ChargerReport, CircuitReport, ConnectorReport, Rebalanced, SiteAllocation
from csms.domain.snapshot import Snapshot
from csms.domain.state import State
from csms.id_tokens import IdTokens
from csms.keys import sha256_of
from csms.local_lists import LocalLists
from csms.store import SyncStore
from csms.store.database import Database

NOW_S = 1_717_243_200.25  # 2024-06-01T12:00:00.250Z
HOUR_S = 3600.0

READ, CONTROL, ADMIN = "key-read", "key-control", "key-admin"


@dataclass
class FakeClock:
    steady_s: float = 500.0

    def now(self) -> Moment:
        return Moment(NOW_S, self.steady_s)


@dataclass(frozen=True)
class FakeKey:
    name: str
    sha256: str = field(repr=False)
    scopes: Sequence[str]


KEYS = (
    FakeKey("reader", sha256_of(READ), ["read"]),
    FakeKey("controller", sha256_of(CONTROL), ["control"]),
    FakeKey("administrator", sha256_of(ADMIN), ["read", "admin"]),
)


class FakeSite:
    """Keeps a real State; its figures are set by hand."""

    def __init__(self, state: State, clock: FakeClock) -> None:
        self.state = state
        self.clock = clock
        self.report = _empty_report(state.site.site_id)
        self.buckets: list[HistoryBucket] = []
        self.history_asked: list[tuple[float, float, int]] = []
        self.rebalance_timeouts: list[float] = []
        self.failure: Exception | None = None
        self.asked_to_end: list[ConnectorKey] = []
        self.events: list[tuple[ev.Event, str]] = []

    def snapshot(self) -> Snapshot:
        return self.state.snapshot()

    def view(self) -> Snapshot:
        return self.state.view()

    def end_session(self, key: ConnectorKey) -> None:
        self.asked_to_end.append(key)

    def sessions_of(self, key: str) -> list[int]:
        ended = (transaction for remembered in self.state.ended.values() for transaction in remembered)
        return [t.session_id for t in ended if t.id_token is not None and token_key(t.id_token) == key]

    def record(self, event: ev.Event, *, origin: str = "ocpp") -> asyncio.Future[None]:
        self.state.apply(event)
        self.events.append((event, origin))
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        done.set_result(None)
        return done

    def allocation(self) -> SiteAllocation:
        return self.report

    async def configure(self, smart_charging: SmartCharging) -> SmartCharging:
        if self.failure is not None:
            raise self.failure
        stored = replace(smart_charging, updated_at_s=self.clock.now().utc_s)
        self.state.apply(ev.SmartChargingConfigured(self.clock.now(), stored))
        return stored

    async def close_session(self, session_id: int) -> Transaction | None:
        ended = closed_by_operator(self.state.view(), session_id, self.clock.now())
        if ended is None:
            return None
        self.state.apply(ended)
        return self.state.transaction(ended.charge_point_id, ended.transaction_id)

    async def clear_alarm(self, alarm_id: int) -> bool:
        for alarm in self.state.alarms.values():
            if alarm.standing and alarm.alarm_id == alarm_id:
                if alarm.kind != SECURITY_EVENT:
                    raise IllegalEvent("not by hand")
                self.state.apply(ev.AlarmCleared(self.clock.now(), alarm.kind, alarm.subject))
                return True
        return False

    def preview(self, smart_charging: SmartCharging) -> SiteAllocation:
        return replace(self.report, strategy=smart_charging.strategy, budget_w=smart_charging.max_power_w)

    async def rebalance(self, timeout_s: float) -> Rebalanced:
        if self.failure is not None:
            raise self.failure
        self.rebalance_timeouts.append(timeout_s)
        return Rebalanced(self.clock.now().utc_s, self.report)

    async def set_temporary_limit(self, limit: TemporaryLimit) -> None:
        if self.failure is not None:
            raise self.failure
        self.state.apply(ev.TemporaryLimitSet(self.clock.now(), limit))

    async def withdraw_temporary_limits(self, source: str | None) -> int:
        return len(self.state.apply(ev.TemporaryLimitsWithdrawn(self.clock.now(), source)))

    async def set_operator_limit(self, charge_point_id: str, limit: OperatorLimit) -> None:
        self.state.apply(ev.OperatorLimitSet(self.clock.now(), charge_point_id, limit))

    async def clear_operator_limit(self, charge_point_id: str, connector_id: int) -> bool:
        try:
            self.state.apply(ev.OperatorLimitCleared(self.clock.now(), charge_point_id, connector_id))
        except IllegalEvent:
            return False
        return True

    async def pin_quirks(self, charge_point_id: str, quirks: Knobs | None) -> None:
        self.state.apply(ev.QuirksPinned(self.clock.now(), charge_point_id, quirks))

    async def report_site_load(
        self, power_w: int, measured_at_s: float, currents_a: tuple[float, ...] | None = None
    ) -> bool:
        known = self.state.site_load
        if known is not None and measured_at_s < known.measured_at_s:
            return False
        load = SiteLoad(power_w, measured_at_s, self.clock.now(), currents_a)
        self.state.apply(ev.SiteLoadReported(self.clock.now(), load))
        return True

    async def history(self, from_s: float, to_s: float, granularity_s: int) -> list[HistoryBucket]:
        self.history_asked.append((from_s, to_s, granularity_s))
        return self.buckets


class FakeSites:
    def __init__(self, *sites: FakeSite) -> None:
        self._sites = {site.state.site.site_id: site for site in sites}
        self.is_ready = True
        self.links: dict[str, ChargePointLink] = {}

    def link(self, charge_point_id: str) -> ChargePointLink | None:
        return self.links.get(charge_point_id)

    def add(self, site: FakeSite) -> None:
        self._sites[site.state.site.site_id] = site

    def site_ids(self) -> Sequence[str]:
        return list(self._sites)

    def get(self, site_id: str) -> FakeSite | None:
        return self._sites.get(site_id)

    def ready(self) -> bool:
        return self.is_ready


class FakeTraces:
    """Messages as they were put in."""

    def __init__(self) -> None:
        self.kept: list[TracedMessage] = []

    def messages(self, charge_point_id: str, after: int, limit: int) -> TracedMessages:
        newest = self.kept[-1].number if self.kept and charge_point_id == "CP-1" else 0
        found = [message for message in self.kept if message.number > (after if after <= newest else 0)]
        return TracedMessages(tuple(found[-limit:]) if newest else (), newest)


class FakeEstate:
    """Applies to the states of the fake sites what the estate records at real ones."""

    def __init__(self, sites: FakeSites, clock: FakeClock) -> None:
        self._sites, self._clock = sites, clock
        self.removed: list[tuple[str, bool]] = []

    async def create_site(
        self, settings: SiteSettings, charge_points: Sequence[ChargePointSettings], configured: SmartCharging | None
    ) -> None:
        site = FakeSite(State(settings), self._clock)
        self._sites.add(site)
        for declared in charge_points:
            await self.declare_charge_point(declared)
        if configured is not None:
            await site.configure(configured)

    async def change_site(self, settings: SiteSettings, moved: Sequence[ChargePointSettings]) -> None:
        site = self._sites.get(settings.site_id)
        assert site is not None
        site.state.apply(ev.SiteDeclared(self._clock.now(), settings))
        for declared in moved:
            await self.declare_charge_point(declared)

    async def declare_charge_point(self, settings: ChargePointSettings) -> None:
        site = self._sites.get(settings.site_id)
        assert site is not None
        site.state.apply(ev.ChargePointDeclared(self._clock.now(), settings))

    async def remove_site(self, site_id: str, *, force: bool) -> None:
        self.removed.append((site_id, force))

    async def remove_charge_point(self, charge_point_id: str, *, force: bool) -> None:
        self.removed.append((charge_point_id, force))


class FakeStore(SyncStore):
    """A store in memory whose sessions are a list of (site_id, transaction). `well` is what it says of its health."""

    def __init__(self) -> None:
        super().__init__(Database("sqlite://"))
        self.kept: list[tuple[str, Transaction]] = []
        self.asked: list[SessionQuery] = []
        self.well = True

    @property
    def healthy(self) -> bool:
        return self.well

    async def sessions(self, query: SessionQuery) -> SessionPage:
        self.asked.append(query)
        found = [
            (site_id, transaction)
            for site_id, transaction in sorted(self.kept, key=lambda row: -row[1].session_id)
            if query.site_id in (None, site_id)
            and query.charge_point_id in (None, transaction.charge_point_id)
            and query.active in (None, transaction.active)
        ]
        page = found[query.offset : query.offset + query.limit]
        return SessionPage(tuple(item for _, item in page), tuple(site_id for site_id, _ in page), len(found))


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.content)

    @property
    def fields(self) -> list[tuple[str, str]]:
        """What a 422 blames, as (field, rule)."""
        return [(error["field"], error["rule"]) for error in self.json["errors"]]


class FakeIds:
    def unique(self) -> str:
        return "12345678-0000-4000-8000-000000000000"


class Api:
    """A client of a running server, and the fakes behind it. The path given is sent as it stands."""

    def __init__(self, sites: FakeSites, store: FakeStore, clock: FakeClock) -> None:
        self.sites, self.store, self.clock = sites, store, clock
        self.traces = FakeTraces()
        self.estate = FakeEstate(sites, clock)
        self.base = ""
        self.client: aiohttp.ClientSession
        self.server: ApiServer
        self.tokens = IdTokens(AuthorizationRules(), store=store, clock=clock, sites=sites, ids=FakeIds())
        self.local_lists = LocalLists(self.tokens, by_default=True, store=store, clock=clock)

    def site(self, site_id: str) -> FakeSite:
        site = self.sites.get(site_id)
        assert site is not None
        return site

    @property
    def depot(self) -> FakeSite:
        return self.site("depot")

    async def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        key: str | None = ADMIN,
        headers: dict[str, str] | None = None,
    ) -> Reply:
        """`body`: bytes go as they are, anything else as JSON."""
        content = body if isinstance(body, bytes) or body is None else orjson.dumps(body)
        sent = {"Content-Type": "application/json"} if content is not None else {}
        if key is not None:
            sent["Authorization"] = f"Bearer {key}"
        sent.update(headers or {})
        url = URL(self.base + path, encoded=True)
        data = io.BytesIO(content) if content is not None and len(content) > 2**20 else content
        async with self.client.request(method, url, data=data, headers=sent, allow_redirects=False) as answer:
            return Reply(answer.status, dict(answer.headers), await answer.read())

    async def get(self, path: str, **options: Any) -> Reply:
        return await self.call("GET", path, **options)


@asynccontextmanager
async def running(routes: Sequence[Route] = ROUTES, *, cors_origins: Sequence[str] = ()) -> AsyncIterator[Api]:
    """A site "depot" with CP-1 (charging), CP-2 (connected, silent) and CP-3 (never heard of), and an empty "yard"."""
    clock = FakeClock()
    store = FakeStore()
    depot = FakeSite(_depot(), clock)
    yard = FakeSite(_yard(), clock)
    store.kept += [("depot", transaction) for transaction in depot.state.active.values()]
    api = Api(FakeSites(depot, yard), store, clock)
    server = api.server = ApiServer(
        api.sites,
        store,
        clock,
        KEYS,
        routes,
        traces=api.traces,
        estate=api.estate,
        id_tokens=api.tokens,
        local_lists=api.local_lists,
        cors_origins=cors_origins,
    )
    api.base = f"http://127.0.0.1:{await server.start('127.0.0.1', 0)}"
    try:
        async with aiohttp.ClientSession(skip_auto_headers=["Content-Type"]) as api.client:
            yield api
    finally:
        await server.stop()
        await store.close()


def _yard() -> State:
    """Nobody is there, but everything that can be declared of a grid connection is."""
    return State(
        SiteSettings(
            "yard",
            "Yard",
            "UTC",
            30_000,
            voltage_max_v=253.0,
            voltage_min_v=210.5,
            grid_max_current_a=63.0,
            circuits=(Circuit("hall", None, 20_000), Circuit("row", "hall", None, 32.0)),
            reserve_w=500,
            site_load_max_age_s=90.0,
            site_load_max_w=10_000,
            site_load_max_current_a=16.0,
        )
    )


def _depot() -> State:
    state = State(SiteSettings("depot", "Depot", "Europe/London", 100_000))
    then = Moment(NOW_S - HOUR_S, 400.0)
    charger = ChargePointSettings("CP-1", "depot", 2, 22_000, Current.AC, 3, offline_limit_w=4200)
    state.apply(ev.ChargePointDeclared(then, replace(charger, password_sha256="a" * 64)))
    state.apply(ev.ChargePointDeclared(then, ChargePointSettings("CP-2", "depot")))
    state.apply(ev.ChargePointDeclared(then, ChargePointSettings("CP-3", "depot", in_service=False)))
    state.apply(ev.ChargePointConnected(then, "CP-1", "c1", "ocpp1.6"))
    state.apply(ev.ChargePointReady(then, "CP-1", "c1"))
    state.apply(ev.ChargePointBooted(then, "CP-1", "Maker", "One", "S-1", "1.0"))
    known = Capabilities(rate_units=("A",), max_stack_level=8, meter_interval_s=60.0)
    state.apply(ev.CapabilitiesLearned(then, "CP-1", known))
    state.apply(ev.ChargePointConnected(then, "CP-2", "c2", "ocpp2.0.1"))
    state.apply(ev.ConnectorStatusChanged(then, "CP-1", 1, ConnectorStatus.CHARGING))
    state.apply(ev.ConnectorStatusChanged(then, "CP-1", 2, ConnectorStatus.AVAILABLE))
    started_s = NOW_S - HOUR_S
    state.apply(ev.TransactionStarted(then, "CP-1", 1, "77", 7, started_s, "TAG-1", "start", 1000.0))
    state.apply(ev.LimitIssued(then, "CP-1", 1, 1, LimitPurpose.DEFAULT, 4200, "c1"))
    state.apply(ev.LimitConfirmed(then, "CP-1", 1, 1))
    state.apply(ev.LimitIssued(then, "CP-1", 1, 2, LimitPurpose.TRANSACTION, 11_000, "c1", "77"))
    state.apply(ev.LimitConfirmed(then, "CP-1", 1, 2))
    state.apply(ev.LimitIssued(then, "CP-1", 1, 3, LimitPurpose.TRANSACTION, 22_000, "c1", "77"))
    state.apply(ev.LimitUnanswered(then, "CP-1", 1, 3, "Timeout"))
    fresh = Moment(NOW_S - 10, 490.0)
    state.apply(ev.MeterValuesReceived(fresh, "CP-1", 1, fresh.utc_s, "77", 7360.4, PowerSource.POWER, 3345.0))
    return state


def _empty_report(site_id: str) -> SiteAllocation:
    return SiteAllocation(site_id, "equal", 0, NOW_S, (), 0, 0, (), ())


def busy_report() -> SiteAllocation:
    """Two chargers; 7.36 + 22.0 kW allocated."""
    connector = ConnectorReport(1, "77", 7360, 11_000, 7001, False, "Charging")
    some = ChargerReport("CP-1", 7360, 11_000, 7001, False, "Charging", "site budget", (connector,))
    other = ChargerReport("CP-2", 22_000, 22_000, None, True, "Offline", "rated power", (), NOW_S + 600)
    circuits = (
        CircuitReport("grid", 50_000, None, 33_000, (48.0, 47.8, 47.8)),
        CircuitReport("hall", None, 63.0, 11_000, (16.0, 15.9, 15.9)),
    )
    return SiteAllocation(
        "depot",
        "equal",
        50_000,
        NOW_S,
        (some, other),
        33_000,
        4200,
        ("CP-2", "CP-9"),
        ("CP-3",),
        circuits,
        7300,
        "configured maximum",
    )


def conflict() -> Exception:
    return IllegalEvent("secret detail")
