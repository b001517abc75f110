"""The composition root: builds everything, keeps one supervised task per site, and ends it in the right order."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Coroutine, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import structlog

from csms.api.server import ApiServer
from csms.archive import Archive
from csms.certificates.desk import CertificateDesk
from csms.certificates.signing import Authority
from csms.charge_points.guard import Limits
from csms.charge_points.handshake import Entrance
from csms.charge_points.lifecycle import ChargePoints
from csms.charge_points.server import OcppServer
from csms.charge_points.tls import Tls, TlsFiles
from csms.charge_points.trace import TraceLimits
from csms.config import Config, OcppConfig
from csms.domain import events as ev
from csms.domain.limit_facts import broken_off
from csms.domain.limits import ConnectorLimits
from csms.domain.model import ChargePointSettings, Moment
from csms.domain.ports import ChargePointLink, Clock, Ids, Registration, Store
from csms.domain.state import Row, State
from csms.domain.tallies import ApiTally, OcppTally
from csms.id_tokens import IdTokens
from csms.local_lists import LocalLists
from csms.metrics import Exporter
from csms.security_config import ListenerConfig
from csms.seed import FILE, DeclaredSite, Seed, seed
from csms.site import Site
from csms.site_config import SiteConfig
from csms.vigil import Vigil

log = structlog.get_logger()

SERVICE_RESTART = 1012
"""RFC 6455 registry of close codes: the client may reconnect, after a random delay."""

CERTIFICATES_LOOKED_AT_EVERY_S = 10.0

_FIRST_RESTART_DELAY_S = 1.0
_LONGEST_RESTART_DELAY_S = 30.0


class SystemClock:
    """The machine's clocks."""

    def now(self) -> Moment:
        return Moment(time.time(), time.monotonic())


class RandomIds:
    """Random version 4 UUIDs (RFC 9562): also the message ids that OCPP-J recommends."""

    def unique(self) -> str:
        return str(uuid.uuid4())


class Fleet:
    """All sites of this process: who may connect and where (Directory), and what the API may ask (Sites)."""

    def __init__(self, store: Store, clock: Clock, default_site_id: str | None = None) -> None:
        self._store = store
        self._clock = clock
        self._default_site_id = default_site_id
        self._vigil = Vigil(clock, partial(store.next_id, "alarm"))
        self._sites: dict[str, Site] = {}
        self._down: set[str] = set()

    def add(self, site: Site) -> None:
        self._sites[site.site_id] = site

    def all(self) -> list[Site]:
        return list(self._sites.values())

    def site_ids(self) -> Sequence[str]:
        return list(self._sites)

    def get(self, site_id: str) -> Site | None:
        return self._sites.get(site_id)

    def link(self, charge_point_id: str) -> ChargePointLink | None:
        return next((link for site in self._sites.values() if (link := site.link(charge_point_id)) is not None), None)

    def ready(self) -> bool:
        return not self._down and self._store.healthy

    def mark(self, site_id: str, *, down: bool) -> None:
        (self._down.add if down else self._down.discard)(site_id)

    def find(self, charge_point_id: str) -> Registration | None:
        for site in self._sites.values():
            settings = site.settings(charge_point_id)
            if settings is not None:
                return Registration(settings, site, credentials=site.view().charge_points[charge_point_id].credentials)
        default = self._sites.get(self._default_site_id) if self._default_site_id else None
        if default is None:
            return None
        return Registration(ChargePointSettings(charge_point_id, default.site_id), default, declared=False)

    def admit(self, registration: Registration) -> None:
        site = self._sites[registration.settings.site_id]
        log.info("charge_point.admitted", site_id=site.site_id, charge_point_id=registration.settings.charge_point_id)
        site.record(ev.ChargePointDeclared(self._clock.now(), registration.settings))

    def suspect(self, charge_point_id: str, kind: str, text: str, address: str) -> None:
        site = next((site for site in self._sites.values() if site.settings(charge_point_id) is not None), None)
        if site is not None:
            self._vigil.suspect(site, charge_point_id, kind, text, address)


class Application:
    """The central system: charge points on one port, operators on another, one store."""

    def __init__(self, config: Config, *, store: Store, clock: Clock, ids: Ids) -> None:
        self._config = config
        self._store = store
        self._clock = clock
        self._tasks: set[asyncio.Task[Any]] = set()
        ocpp_tally, api_tally = OcppTally(), ApiTally()
        accepts = config.ocpp.unknown_charge_points == "accept"
        self.fleet = Fleet(store, clock, config.ocpp.default_site_id if accepts else None)
        self.id_tokens = IdTokens(config.authorization.rules(), store=store, clock=clock, sites=self.fleet, ids=ids)
        self._certificates = certificate_desk(config)
        self.charge_points = ChargePoints(
            directory=self.fleet,
            archive=Archive(store, self._spawn),
            clock=clock,
            ids=ids,
            call_timeout_s=config.ocpp.call_timeout_s,
            abandoned_after_s=config.ocpp.abandoned_after_s,
            heartbeat_interval_s=config.ocpp.heartbeat_interval_s,
            metering_interval_s=config.ocpp.metering_interval_s,
            spawn=self._spawn,
            authorization=self.id_tokens,
            local_lists=LocalLists(
                self.id_tokens, by_default=config.authorization.local_lists, store=store, clock=clock
            ),
            certificates=self._certificates,
            tally=ocpp_tally,
            allowed_urls=tuple(config.ocpp.allowed_urls),
            trace=trace_limits(config.ocpp),
        )
        self._server = OcppServer(
            self.fleet,
            self.charge_points,
            direct=config.ocpp.direct_sockets,
            limits=connection_limits(config.ocpp),
            flush=store.flush,
            tally=ocpp_tally,
        )
        self._api = ApiServer(
            self.fleet,
            store,
            clock,
            config.api.keys,
            id_tokens=self.id_tokens,
            traces=self.charge_points,
            tally=api_tally,
            scrape=Exporter(self.fleet.all, store, ocpp_tally, api_tally, self.fleet.ready).scrape,
            public=["/metrics"] if config.metrics.public else [],
        )

    async def load(self) -> None:
        """Seed the store from the file and start every site; nobody can connect yet."""
        for declared in self._config.sites:
            site = await self._load_site(declared, ids_elsewhere(self._config, declared))
            self.fleet.add(site)
            self._spawn(self._supervise(site))
        await self.id_tokens.load(self._config.id_token_seeds(self._clock.now().utc_s))
        self._spawn(self.id_tokens.refusals.run())
        await self._store.flush()

    async def listen(self) -> tuple[int, int]:
        """Open the doors; returns the port of the first one for charge points and the API's. Raises TlsUnusable."""
        ocpp, api = self._config.ocpp, self._config.api
        doors = listeners(ocpp)
        ports = [await self._server.start(*door) for door in doors]
        self._spawn(self._watch_certificates())
        api_port = await self._api.start(api.host, api.port)
        schemes = ["wss" if tls else "ws" for _, _, _, tls in doors]
        urls = [f"{scheme}://{door[0]}:{port}/ocpp/" for scheme, door, port in zip(schemes, doors, ports, strict=True)]
        log.info("listening", ocpp=", ".join(urls), api=f"http://{api.host}:{api_port}/")
        return ports[0], api_port

    async def stop(self) -> None:
        """Doors first, then the sites. The store is its opener's to close, after this: then all is on disk."""
        await asyncio.gather(self._api.stop(), self._server.stop())  # each may need seconds; there are not ten of them
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._certificates.close()

    def reload_certificates(self) -> None:
        """Take the listeners' certificates from their files, changed or not (SIGHUP)."""
        self._server.reload_certificates(only_if_changed=False)

    def limits_sent(self) -> int:
        """How many limits left for chargers since the start."""
        return sum(site.tally.limits_sent for site in self.fleet.all())

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _watch_certificates(self) -> None:
        while True:
            await asyncio.sleep(CERTIFICATES_LOOKED_AT_EVERY_S)
            self._server.reload_certificates()

    async def _load_site(self, declared: SiteConfig, elsewhere: frozenset[str]) -> Site:
        made = await seed_site(self._store, declared, elsewhere, self._clock.now())
        if made.overruled:
            log.info("config.overruled_by_store", site_id=declared.site_id, changed_over_rest=list(made.overruled))
        for charge_point_id in made.forgotten:
            await self._forget(declared.site_id, charge_point_id)
        rows = await self._store.load_site(declared.site_id, self._clock.now())
        state = State.restored(rows) if rows else State(declared.settings())
        site = Site(state, store=self._store, clock=self._clock, settings=self._config.balancer_settings())
        for broken_off_call in _broken_off(rows, self._clock.now()):
            site.record(broken_off_call)
        for event in made.events:
            site.record(event, origin=FILE)
        return site

    async def _forget(self, site_id: str, charge_point_id: str) -> None:
        """The file no longer declares it: what still runs there ends for us, and its state goes."""
        now = self._clock.now()
        state = State.restored(await self._store.load_site(site_id, now))
        for transaction in state.transactions(charge_point_id):
            if transaction.active:
                ended = ev.TransactionEnded(
                    now, *transaction.key, transaction.transaction_id, now.utc_s, "ChargePointRemoved"
                )
                self._store.append(site_id, ended, state.apply(ended), origin=FILE)
        log.info("charge_point.forgotten", site_id=site_id, charge_point_id=charge_point_id)
        await self._store.forget_charge_point(site_id, charge_point_id)

    async def _supervise(self, site: Site) -> None:
        """Run a site; when it fails, start it again from the store. No other site notices."""
        while True:
            try:
                await site.run()
            except Exception as error:  # a task's boundary: the reason is logged and kept as an event
                log.exception("site.failed", site_id=site.site_id)
                self.fleet.mark(site.site_id, down=True)
                cause = repr(error)
            delay_s = _FIRST_RESTART_DELAY_S
            await asyncio.sleep(delay_s)
            while not await self._restored(site, cause):
                delay_s = min(2 * delay_s, _LONGEST_RESTART_DELAY_S)
                await asyncio.sleep(delay_s)
            self.fleet.mark(site.site_id, down=False)

    async def _restored(self, site: Site, cause: str) -> bool:
        """Begin again from what is on disk; chargers reconnect, so that nothing is believed that was not stored."""
        try:
            await self._store.flush()
            rows = await self._store.load_site(site.site_id, self._clock.now())
            site.restore(State.restored(rows))
        except Exception:  # a task's boundary: it is tried again, with growing patience
            log.exception("site.not_restored", site_id=site.site_id)
            return False
        site.disconnect_all(SERVICE_RESTART, "the site was started again")
        for event in _broken_off(rows, self._clock.now()):
            site.record(event)
        site.record(ev.SiteRestarted(self._clock.now(), cause))
        return True


def listeners(ocpp: OcppConfig) -> list[tuple[str, int, Entrance, Tls | None]]:
    """Where charge points are listened for, and what is asked of them there. Raises TlsUnusable."""
    if not ocpp.listeners:
        return [(ocpp.host, ocpp.port, Entrance(), None)]
    return [
        (listener.host, listener.port, Entrance(listener.security_profile, ocpp.organization), _tls(listener))
        for listener in ocpp.listeners
    ]


def certificate_desk(config: Config) -> CertificateDesk:
    """Raises AuthorityUnusable."""
    settings, authority = config.certificates, None
    if settings.ca_certificate is not None and settings.ca_private_key is not None:
        authority = Authority.read(
            Path(settings.ca_certificate),
            Path(settings.ca_private_key),
            validity_days=settings.validity_days,
            kinds=settings.allowed_types,
            organization=config.ocpp.organization,
        )
    return CertificateDesk(
        authority,
        allowed_ocsp_hosts=settings.allowed_ocsp_hosts,
        ev_certificate_url=settings.ev_certificate_url,
    )


def _tls(listener: ListenerConfig) -> Tls | None:
    if not listener.certificates:
        return None
    return Tls.of(
        TlsFiles(
            certificates=tuple(map(Path, listener.certificates)),
            private_keys=tuple(map(Path, listener.private_keys)),
            client_ca=None if listener.client_ca_file is None else Path(listener.client_ca_file),
        )
    )


def trace_limits(ocpp: OcppConfig) -> TraceLimits | None:
    """What is kept of each charge point's messages; None: nothing."""
    return TraceLimits(ocpp.trace_messages, ocpp.trace_bytes) if ocpp.trace_messages else None


def connection_limits(ocpp: OcppConfig) -> Limits:
    """What charge points and strangers may ask for."""
    return Limits(
        max_messages_per_s=ocpp.max_messages_per_s,
        max_bytes_per_s=ocpp.max_bytes_per_s,
        max_handshakes_per_address=ocpp.max_handshakes_per_address,
        handshake_timeout_s=ocpp.handshake_timeout_s,
        failed_login_delay_s=ocpp.failed_login_delay_s,
        stop_spread_s=ocpp.stop_spread_s,
    )


def _broken_off(rows: Sequence[Row], now: Moment) -> list[ev.LimitUnanswered]:
    """Calls that were under way when the process or the site's task ended."""
    return [event for row in rows if isinstance(row, ConnectorLimits) for event in broken_off(row, now)]


def ids_elsewhere(config: Config, site: SiteConfig) -> frozenset[str]:
    """The charge points that the file declares at other sites."""
    others = (other for other in config.sites if other.site_id != site.site_id)
    return frozenset(point.charge_point_id for other in others for point in other.charge_points)


async def seed_site(store: Store, declared: SiteConfig, elsewhere: frozenset[str], now: Moment) -> Seed:
    """What the file changes in the store, and what it does not because it was changed over REST."""
    wanted = DeclaredSite(
        declared.settings(), tuple(declared.charge_point_settings()), declared.smart_charging_settings(now.utc_s)
    )
    stored = await store.load_site(declared.site_id, now)
    return seed(wanted, stored, await store.origins(declared.site_id), now, elsewhere)
