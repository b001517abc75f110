"""Which sites there are: loaded at the start, each run and supervised, and changed over REST while they run."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import structlog

from csms.domain import events as ev
from csms.domain.illegal import IllegalEvent
from csms.domain.limit_facts import broken_off
from csms.domain.limits import ConnectorLimits
from csms.domain.model import BalancerSettings, ChargePointSettings, Moment, SiteSettings, SmartCharging
from csms.domain.ports import REMOVED, Clock, Spawn, Store
from csms.domain.removal import naming_only
from csms.domain.state import Row, State
from csms.fleet import Fleet
from csms.seed import API, FILE, DeclaredSite, Seed, seed
from csms.site import Site
from csms.site_config import SiteConfig

log = structlog.get_logger()

SERVICE_RESTART = 1012
"""RFC 6455 registry of close codes: the client may reconnect, after a random delay."""

LEAVE_S = 12.0
"""A charge point that is removed has so long to close its connection; a peer that does not answer is cut before."""

_FIRST_RESTART_DELAY_S = 1.0
_LONGEST_RESTART_DELAY_S = 30.0


@dataclass(slots=True)
class Estate:
    """The sites of a fleet; `spawn` starts a task that ends with the process. Implements ports.Estate."""

    fleet: Fleet
    store: Store
    clock: Clock
    settings: BalancerSettings
    spawn: Spawn
    _tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def load(self, declared: Sequence[SiteConfig]) -> None:
        """Seed the store from the file, and start its sites and those that were created over REST."""
        for site in declared:
            if (await self.store.origins(site.site_id)).get("site") == REMOVED:
                log.info("config.overruled_by_store", site_id=site.site_id, changed_over_rest=["site"])
            else:
                self._start(await self._load(site, ids_elsewhere(declared, site.site_id)))
        named = {site.site_id for site in declared}
        for site_id in await self.store.site_ids():
            if site_id not in named and (await self.store.origins(site_id)).get("site") == API:
                self._start(await self._restore(site_id, ids_elsewhere(declared, site_id)))

    async def create_site(
        self, settings: SiteSettings, charge_points: Sequence[ChargePointSettings], configured: SmartCharging | None
    ) -> None:
        """On disk when this returns. Raises IllegalEvent if there is one."""
        if self.fleet.get(settings.site_id) is not None:
            raise IllegalEvent("there is a site with this id")
        now = self.clock.now()
        site = self._site(State(settings))
        events: list[ev.Event] = [ev.SiteDeclared(now, settings)]
        events += [ev.ChargePointDeclared(now, declared) for declared in charge_points]
        events += [] if configured is None else [ev.SmartChargingConfigured(now, configured)]
        durable = [site.record(event, origin=API) for event in events]
        self._start(site)
        try:
            await asyncio.gather(*durable)
        except BaseException:
            await self._stop(settings.site_id)  # there is nothing in the store that it could begin again from
            raise
        log.info("site.created", site_id=settings.site_id)

    async def change_site(self, settings: SiteSettings, moved: Sequence[ChargePointSettings]) -> None:
        """`moved` are charge points that hang elsewhere in its tree from now on. On disk when this returns."""
        site, now = self._find(settings.site_id), self.clock.now()
        durable = [site.record(ev.SiteDeclared(now, settings), origin=API)]
        durable += [site.record(ev.ChargePointDeclared(now, declared), origin=API) for declared in moved]
        await asyncio.gather(*durable)

    async def remove_site(self, site_id: str, *, force: bool) -> None:
        """Its charge points are disconnected; with `force` what runs there ends. Raises IllegalEvent, see ports."""
        async with self._lock:
            site = self._find(site_id)
            await self._empty(site, list(site.view().settings), force=force)
            for alarm in site.alarms():
                site.record(ev.AlarmCleared(self.clock.now(), alarm.kind, alarm.subject), origin=API)
            settings = site.view().site
            await self._stop(site_id)
            await self.store.forget_site(site_id)
            await self.store.append(site_id, ev.SiteRemoved(self.clock.now()), [settings], origin=REMOVED)
            log.info("site.removed", site_id=site_id)

    async def declare_charge_point(self, settings: ChargePointSettings) -> None:
        """A new one, or other settings of one that is there. On disk when this returns.

        With another password, security profile or certificate it has to sign in again.
        """
        site = self._find(settings.site_id)
        before = site.settings(settings.charge_point_id)
        durable = site.record(ev.ChargePointDeclared(self.clock.now(), settings), origin=API)
        link = site.link(settings.charge_point_id)
        if before is not None and link is not None and _signs_in(before) != _signs_in(settings):
            link.close(1008, "the charge point has to sign in again")
        await durable

    async def remove_charge_point(self, charge_point_id: str, *, force: bool) -> None:
        """It is disconnected; with `force` what runs there ends. Raises IllegalEvent, see ports."""
        async with self._lock:
            site = next((site for site in self.fleet.all() if site.settings(charge_point_id) is not None), None)
            if site is None:
                raise IllegalEvent("there is no such charge point")
            await self._empty(site, [charge_point_id], force=force)
            await self._tidy(site)
            log.info("charge_point.removed", site_id=site.site_id, charge_point_id=charge_point_id)

    async def _empty(self, site: Site, charge_point_ids: Sequence[str], *, force: bool) -> None:
        """Nobody reconnects meanwhile; nothing is forgotten of a charge point that is connected or charges."""
        self._refuse_running(site, charge_point_ids, force=force)
        self.fleet.leaving.update(charge_point_ids)
        try:
            left = await asyncio.gather(*(site.leave(name, LEAVE_S) for name in charge_point_ids))
            if not all(left):
                raise IllegalEvent("a charge point does not close its connection")
            self._refuse_running(site, charge_point_ids, force=force)
            for event in _ends(site, charge_point_ids, self.clock.now()):
                site.record(event, origin=API)
            for charge_point_id in charge_point_ids:
                await site.forget(charge_point_id)
        finally:
            self.fleet.leaving.difference_update(charge_point_ids)

    async def _tidy(self, site: Site) -> None:
        """Smart charging names no charge point that is not there. Whose it is, the file's or REST's, stays."""
        known = site.view()
        if known.smart_charging is None:
            return
        left = naming_only(known.smart_charging, known.settings.__contains__)
        if left is not known.smart_charging:
            now, origins = self.clock.now(), await self.store.origins(site.site_id)
            changed = ev.SmartChargingConfigured(now, replace(left, updated_at_s=now.utc_s))
            log.info("smart_charging.names_removed", site_id=site.site_id, strategy=left.strategy)
            await site.record(changed, origin=origins.get("smart_charging", API))

    def _refuse_running(self, site: Site, charge_point_ids: Sequence[str], *, force: bool) -> None:
        if not force and any(key.charge_point_id in charge_point_ids for key in site.view().active):
            raise IllegalEvent("a session is running")

    def _find(self, site_id: str) -> Site:
        site = self.fleet.get(site_id)
        if site is None:
            raise IllegalEvent("there is no such site")
        return site

    def _site(self, state: State) -> Site:
        return Site(state, store=self.store, clock=self.clock, settings=self.settings)

    def _start(self, site: Site) -> None:
        self.fleet.add(site)
        self._tasks[site.site_id] = self.spawn(self._supervise(site))

    async def _stop(self, site_id: str) -> None:
        task = self._tasks.pop(site_id)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        self.fleet.remove(site_id)

    async def _load(self, declared: SiteConfig, elsewhere: frozenset[str]) -> Site:
        made = await seed_site(self.store, declared, elsewhere, self.clock.now())
        if made.overruled:
            log.info("config.overruled_by_store", site_id=declared.site_id, changed_over_rest=list(made.overruled))
        for charge_point_id in made.forgotten:
            await self._forget(declared.site_id, charge_point_id)
        rows = await self.store.load_site(declared.site_id, self.clock.now())
        site = self._site(State.restored(rows) if rows else State(declared.settings()))
        for event in _broken_off(rows, self.clock.now()):
            site.record(event)
        for seeded in made.events:
            site.record(seeded, origin=FILE)
        await self._tidy(site)
        return site

    async def _restore(self, site_id: str, elsewhere: frozenset[str]) -> Site:
        """One that the file does not know; what the file declares at another site is there."""
        for name in await self.store.origins(site_id):
            charge_point_id = name.removeprefix("charge_point/")
            if name != charge_point_id and charge_point_id in elsewhere:
                await self._forget(site_id, charge_point_id)
        rows = await self.store.load_site(site_id, self.clock.now())
        site = self._site(State.restored(rows))
        for event in _broken_off(rows, self.clock.now()):
            site.record(event)
        await self._tidy(site)
        return site

    async def _forget(self, site_id: str, charge_point_id: str) -> None:
        """The file no longer declares it: what still runs there ends for us, and its state goes."""
        now = self.clock.now()
        state = State.restored(await self.store.load_site(site_id, now))
        for transaction in state.transactions(charge_point_id):
            if transaction.active:
                ended = ev.TransactionEnded(
                    now, *transaction.key, transaction.transaction_id, now.utc_s, "ChargePointRemoved"
                )
                self.store.append(site_id, ended, state.apply(ended), origin=FILE)
        log.info("charge_point.forgotten", site_id=site_id, charge_point_id=charge_point_id)
        await self.store.forget_charge_point(site_id, charge_point_id)

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
            # First of all, so that a store that takes no writes is noticed before every charger is sent away again.
            await self.store.append(site.site_id, ev.SiteRestarted(self.clock.now(), cause), [])
            rows = await self.store.load_site(site.site_id, self.clock.now())
            site.restore(State.restored(rows))
            site.disconnect_all(SERVICE_RESTART, "the site was started again")
            for event in _broken_off(rows, self.clock.now()):
                site.record(event)
        except Exception:  # a task's boundary: it is tried again, with growing patience
            log.exception("site.not_restored", site_id=site.site_id)
            return False
        return True


def ids_elsewhere(declared: Iterable[SiteConfig], site_id: str) -> frozenset[str]:
    """The charge points that the file declares at other sites."""
    others = (other for other in declared if other.site_id != site_id)
    return frozenset(point.charge_point_id for other in others for point in other.charge_points)


async def seed_site(store: Store, declared: SiteConfig, elsewhere: frozenset[str], now: Moment) -> Seed:
    """What the file changes in the store, and what it does not because it was changed over REST."""
    wanted = DeclaredSite(
        declared.settings(), tuple(declared.charge_point_settings()), declared.smart_charging_settings(now.utc_s)
    )
    stored = await store.load_site(declared.site_id, now)
    return seed(wanted, stored, await store.origins(declared.site_id), now, elsewhere)


def _broken_off(rows: Sequence[Row], now: Moment) -> list[ev.LimitUnanswered]:
    """Calls that were under way when the process or the site's task ended."""
    return [event for row in rows if isinstance(row, ConnectorLimits) for event in broken_off(row, now)]


def _ends(site: Site, charge_point_ids: Sequence[str], now: Moment) -> list[ev.TransactionEnded]:
    """Of what runs there."""
    return [
        ev.TransactionEnded(now, *key, transaction.transaction_id, now.utc_s, "ChargePointRemoved")
        for key, transaction in site.view().active.items()
        if key.charge_point_id in charge_point_ids
    ]


def _signs_in(settings: ChargePointSettings) -> tuple[object, ...]:
    return settings.password_sha256, settings.security_profile, settings.certificate_name
