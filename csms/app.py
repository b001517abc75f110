"""The composition root: builds everything, keeps one supervised task per site, and ends it in the right order."""

from __future__ import annotations

import asyncio
import os
import time
import uuid
from collections.abc import Awaitable, Coroutine
from importlib import metadata
from pathlib import Path
from typing import Any

import structlog

from csms.api.server import ApiServer
from csms.api.webhook_sender import Destinations
from csms.archive import Archive
from csms.certificates.authorities import Authorities
from csms.certificates.desk import CertificateDesk
from csms.certificates.signing import Authority
from csms.charge_points.guard import Limits
from csms.charge_points.handshake import Entrance
from csms.charge_points.lifecycle import ChargePoints
from csms.charge_points.server import OcppServer
from csms.charge_points.tls import Tls, TlsFiles
from csms.charge_points.trace import TraceLimits
from csms.config import Config, OcppConfig
from csms.domain.model import Moment
from csms.domain.ports import Clock, Ids, Store
from csms.domain.tallies import ApiTally, OcppTally
from csms.domain.urls import own_urls
from csms.estate import Estate
from csms.fleet import Fleet
from csms.id_tokens import IdTokens
from csms.local_lists import LocalLists
from csms.metrics import Exporter
from csms.security_config import ListenerConfig

log = structlog.get_logger()

CERTIFICATES_LOOKED_AT_EVERY_S = 10.0


class CannotListen(Exception):
    """An address of the configuration at which this machine does not let us listen."""


class SystemClock:
    """The machine's clocks."""

    def now(self) -> Moment:
        return Moment(time.time(), time.monotonic())


class RandomIds:
    """Random version 4 UUIDs (RFC 9562): also the message ids that OCPP-J recommends."""

    def unique(self) -> str:
        return str(uuid.uuid4())


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
        self.estate = Estate(self.fleet, store, clock, config.balancer_settings(), self._spawn)
        self.id_tokens = IdTokens(config.authorization.rules(), store=store, clock=clock, sites=self.fleet, ids=ids)
        self._certificates = certificate_desk(config)
        lists = LocalLists(self.id_tokens, by_default=config.authorization.local_lists, store=store, clock=clock)
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
            local_lists=lists,
            certificates=self._certificates,
            tally=ocpp_tally,
            allowed_urls=tuple(config.ocpp.allowed_urls),
            trace=trace_limits(config.ocpp),
            quiet=config.ocpp.on_boot == "quiet",
        )
        self._server = OcppServer(
            self.fleet,
            self.charge_points,
            direct=config.ocpp.direct_sockets,
            limits=connection_limits(config.ocpp),
            flush=store.flush,
            tally=ocpp_tally,
        )
        self._api = self._operators(ids, lists, ocpp_tally, api_tally)

    def _operators(self, ids: Ids, lists: LocalLists, ocpp_tally: OcppTally, api_tally: ApiTally) -> ApiServer:
        """What operators and their programs connect to."""
        config = self._config
        return ApiServer(
            self.fleet,
            self._store,
            self._clock,
            config.api.keys,
            id_tokens=self.id_tokens,
            local_lists=lists,
            traces=self.charge_points,
            estate=self.estate,
            max_requests_per_s=config.api.max_requests_per_s,
            cors_origins=config.api.cors_origins,
            destinations=Destinations(config.webhooks.allow_private_addresses, config.webhooks.allowed_hosts),
            version=metadata.version("csms"),
            new_request_id=ids.unique,
            tally=api_tally,
            listener_profiles=listener_profiles(config.ocpp),
            scrape=Exporter(self.fleet.all, self._store, ocpp_tally, api_tally, self.fleet.ready).scrape,
            public=["/metrics"] if config.metrics.public else [],
        )

    async def load(self) -> None:
        """Seed the store from the file and start every site; nobody can connect yet."""
        await self.estate.load(self._config.sites)
        await self.id_tokens.load(self._config.id_token_seeds(self._clock.now().utc_s))
        self._spawn(self.id_tokens.refusals.run())
        await self._store.flush()

    async def listen(self) -> tuple[int, int]:
        """Open the doors; returns the port of the first one for charge points and the API's. Raises TlsUnusable and
        CannotListen."""
        ocpp, api = self._config.ocpp, self._config.api
        doors = listeners(ocpp)
        ports = [await _opened("[ocpp]", *door[:2], self._server.start(*door)) for door in doors]
        self.charge_points.also_allow(own_urls(_reachable(doors, ports)))
        self._spawn(self._watch_certificates())
        api_port = await _opened("[api]", api.host, api.port, self._api.start(api.host, api.port))
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


async def _opened(section: str, host: str, port: int, opening: Awaitable[int]) -> int:
    try:
        return await opening
    except OSError as error:
        # What says why a name leads nowhere has a number of its own, below zero.
        why = os.strerror(error.errno) if error.errno is not None and error.errno > 0 else error.strerror
        raise CannotListen(f"{section} host, port: cannot listen on {host}:{port}: {why}") from error


def listeners(ocpp: OcppConfig) -> list[tuple[str, int, Entrance, Tls | None]]:
    """Where charge points are listened for, and what is asked of them there. Raises TlsUnusable."""
    if not ocpp.listeners:
        return [(ocpp.host, ocpp.port, Entrance(), None)]
    return [
        (listener.host, listener.port, Entrance(listener.security_profile, ocpp.organization), _tls(listener))
        for listener in ocpp.listeners
    ]


def listener_profiles(ocpp: OcppConfig) -> tuple[int, ...]:
    """Security profiles that some listener lets in, ascending; over one of profile 0 it may be 1, with a password."""
    asked = {listener.security_profile for listener in ocpp.listeners} or {Entrance().security_profile}
    return tuple(sorted(asked | ({1} if 0 in asked else set())))


def _reachable(doors: list[tuple[str, int, Entrance, Tls | None]], ports: list[int]) -> list[tuple[str, int, bool]]:
    """Not those behind a proxy: what charge points connect to is the proxy."""
    return [
        (host, port, tls is not None)
        for (host, _, entrance, tls), port in zip(doors, ports, strict=True)
        if tls is not None or entrance.security_profile < 2
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
        contract_authorities=None
        if settings.contract_ca_file is None
        else Authorities.read(Path(settings.contract_ca_file)),
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
