"""All sites of this process."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import structlog

from csms.domain import events as ev
from csms.domain.model import ChargePointSettings
from csms.domain.ports import ChargePointLink, Clock, Registration, Store
from csms.site import Site
from csms.vigil import Vigil

log = structlog.get_logger()


class Fleet:
    """All sites of this process: who may connect and where (Directory), and what the API may ask (Sites)."""

    def __init__(self, store: Store, clock: Clock, default_site_id: str | None = None) -> None:
        self._store = store
        self._clock = clock
        self._default_site_id = default_site_id
        self._vigil = Vigil(clock, partial(store.next_id, "alarm"))
        self._sites: dict[str, Site] = {}
        self.leaving: set[str] = set()
        """Charge points that are being removed: they may not connect any more."""
        self._down: set[str] = set()

    def add(self, site: Site) -> None:
        self._sites[site.site_id] = site

    def remove(self, site_id: str) -> None:
        del self._sites[site_id]
        self._down.discard(site_id)

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
        if charge_point_id in self.leaving:
            return None
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
