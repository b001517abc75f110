"""Our server without what it is for: it decodes, validates and answers every message, and keeps nothing of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from itertools import count
from typing import Any

import uvloop

from benchmarks.wire.mix import DEFAULT_KW, RATED_KW, identities
from benchmarks.wire.servers.program import options, until_terminated
from csms import logs
from csms.app import RandomIds, SystemClock
from csms.charge_points.guard import Limits
from csms.charge_points.lifecycle import ChargePoints
from csms.charge_points.server import OcppServer
from csms.domain import events as ev
from csms.domain.commands import Answer, SetLimit
from csms.domain.electrical import LimitForm
from csms.domain.model import ChargePointSettings, Current, LimitPurpose, Moment, SiteSettings, Transaction
from csms.domain.ports import ChargePointLink, Registration
from csms.domain.records import Told
from csms.domain.snapshot import Snapshot
from csms.domain.state import State
from csms.garbage import look_seldom

SITE_ID = "forgetful"


class ForgetfulSite:
    """Implements ports.ChargePointSite: it looks as it did in the beginning, whatever is recorded."""

    def __init__(self, charge_points: int) -> None:
        state = State(SiteSettings(SITE_ID, "Forgetful", "Europe/London", grid_capacity_w=1_000_000_000))
        for identity in identities(charge_points):
            state.apply(ev.ChargePointDeclared(Moment(0, 0), _settings(identity)))
        self._snapshot = state.snapshot()
        self._session_ids = count(1)
        self._done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._done.set_result(None)
        self.links: dict[str, ChargePointLink] = {}

    @property
    def site_id(self) -> str:
        return SITE_ID

    def record(self, _event: ev.Event) -> asyncio.Future[None]:
        return self._done

    def promise(self, _charge_point_id: str) -> asyncio.Future[None]:
        return self._done

    def view(self) -> Snapshot:
        return self._snapshot

    def transactions(self, _charge_point_id: str) -> list[Transaction]:
        return []

    def next_session_id(self) -> int:
        return next(self._session_ids)

    def attach(self, charge_point_id: str, link: ChargePointLink) -> None:
        self.links[charge_point_id] = link

    def detach(self, charge_point_id: str, link: ChargePointLink) -> None:
        if self.links.get(charge_point_id) is link:
            del self.links[charge_point_id]


class OneSite:
    """Implements ports.Directory."""

    def __init__(self, site: ForgetfulSite) -> None:
        self._site = site

    def find(self, charge_point_id: str) -> Registration | None:
        settings = self._site.view().settings.get(charge_point_id)
        return None if settings is None else Registration(settings, self._site)

    def admit(self, registration: Registration) -> None:
        raise NotImplementedError(f"{registration.settings.charge_point_id} is not declared")

    def suspect(self, charge_point_id: str, kind: str, text: str, _address: str) -> None:
        raise NotImplementedError(f"{kind} of {charge_point_id}: {text}")


def _settings(identity: str) -> ChargePointSettings:
    return ChargePointSettings(
        identity,
        SITE_ID,
        max_power_w=round(1000 * RATED_KW),
        current=Current.AC,
        phases=3,
        offline_limit_w=round(1000 * DEFAULT_KW),
    )


async def tell_all(site: ForgetfulSite, limit_w: int) -> str:
    """Tell every charger a limit of its session, as the balancer tells it; how many have accepted theirs."""
    start_s = time.time() - 60.0
    sending = [link.send(_limit(number, limit_w, start_s)) for number, link in enumerate(site.links.values(), start=1)]
    outcomes = await asyncio.gather(*sending)
    return str(sum(outcome.answer is Answer.ACCEPTED for outcome in outcomes))


def _limit(number: int, limit_w: int, start_s: float) -> SetLimit:
    return SetLimit(
        connector_id=1,
        purpose=LimitPurpose.TRANSACTION,
        limit_w=limit_w,
        form=LimitForm("A", phases=3, voltage_v=230.0, step_a=0.1, stack_level=8),
        profile_start_s=start_s,
        transaction_id=str(number),
        lease_s=900.0,
        then_w=round(1000 * DEFAULT_KW),
    )


class NoArchive:
    """Keeps nothing: only sessions are measured."""

    def keep(self, *told: Told) -> None:
        pass

    def next_id(self, sequence: str) -> int:
        return 1


async def main() -> None:
    given = options(__doc__ or "")
    logs.configure()
    site = ForgetfulSite(given.charge_points)
    directory = OneSite(site)
    tasks: set[asyncio.Task[Any]] = set()

    def spawn(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        return task

    charge_points = ChargePoints(
        directory=directory,
        archive=NoArchive(),
        clock=SystemClock(),
        ids=RandomIds(),
        call_timeout_s=30,
        heartbeat_interval_s=60,
        metering_interval_s=10,
        spawn=spawn,
    )
    unlimited = Limits(max_messages_per_s=1_000_000, max_bytes_per_s=1_000_000_000)
    server = OcppServer(directory, charge_points, limits=unlimited)
    await server.start("127.0.0.1", given.port)
    look_seldom()
    await until_terminated(lambda line: tell_all(site, int(line)))
    await server.stop()


if __name__ == "__main__":
    uvloop.run(main())
