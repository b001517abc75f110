"""Sites are started again whatever goes wrong while they are."""

from __future__ import annotations

import asyncio

import pytest

from csms.domain import events as ev
from csms.domain.model import BalancerSettings, Moment, SiteSettings
from csms.domain.queries import EventQuery
from csms.estate import Estate
from csms.fleet import Fleet
from csms.site import Site
from csms.store import SyncStore

DEPOT = SiteSettings("depot", "Depot", "UTC", 30_000)


class Clock:
    def now(self) -> Moment:
        return Moment(1_780_000_000.0, 1000.0)


async def test_a_start_that_fails_half_way_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    attempts: list[str] = []
    runs: list[str] = []

    async def run(site: Site) -> None:
        runs.append(site.site_id)
        if len(runs) <= 2:
            raise RuntimeError("a mistake of ours")
        await asyncio.Event().wait()

    def disconnect_all(_site: Site, _code: int, reason: str) -> None:
        attempts.append(reason)
        if len(attempts) == 1:
            raise OSError("a socket of ours")

    monkeypatch.setattr(Site, "run", run)
    monkeypatch.setattr(Site, "disconnect_all", disconnect_all)
    monkeypatch.setattr("csms.estate._FIRST_RESTART_DELAY_S", 0.001)
    store, clock = SyncStore.open(), Clock()
    fleet = Fleet(store, clock)
    estate = Estate(fleet, store, clock, BalancerSettings(), asyncio.create_task)
    await estate.create_site(DEPOT, [], None)
    async with asyncio.timeout(5):
        while len(runs) < 3:
            await asyncio.sleep(0.001)
    assert fleet.ready()
    assert len(attempts) == 3
    restarts = await store.events(EventQuery([ev.SiteRestarted.__name__]))
    assert len(restarts.items) == 3  # each attempt is told: that is how the store is asked whether it takes writes
    await estate.remove_site("depot", force=False)
    await store.close()
