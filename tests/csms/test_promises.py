"""What may be answered while writes are under way, and after one has failed."""

from __future__ import annotations

import asyncio

from csms.domain import events as ev
from csms.domain.model import Moment
from csms.promises import Promises

NOW = Moment(0.0, 0.0)
BOOTED = ev.ChargePointBooted(NOW, "a", "Maker", "One", "S", "1.0", "PowerUp")
FAILURE = OSError("the disk is full")


def write() -> asyncio.Future[None]:
    return asyncio.get_running_loop().create_future()


async def test_a_charge_point_is_promised_what_was_recorded_of_it_last() -> None:
    promises = Promises(lambda _error: None)
    assert promises.of("a") is None
    first, second = write(), write()
    assert promises.keep(BOOTED, first) is first
    promises.keep(BOOTED, second)
    promises.keep(ev.SiteRestarted(NOW, ""), write())
    assert promises.of("a") is second
    assert promises.of("b") is None


async def test_after_a_failure_nobody_is_promised_anything_until_the_site_begins_again() -> None:
    failures: list[BaseException] = []
    promises = Promises(failures.append)
    lost, later = write(), write()
    promises.keep(BOOTED, lost)
    promises.keep(BOOTED, later)
    lost.set_exception(FAILURE)
    later.set_exception(FAILURE)
    await asyncio.sleep(0)
    assert failures == [FAILURE]
    assert promises.of("a") is lost
    assert promises.of("b") is lost
    promises.begin_again()
    assert promises.of("a") is None


async def test_an_event_that_no_database_takes_costs_nothing_but_itself() -> None:
    failures: list[BaseException] = []
    promises, refused = Promises(failures.append), write()
    refused.set_exception(FAILURE)
    assert promises.keep(BOOTED, refused) is refused
    await asyncio.sleep(0)
    assert failures == []
    assert promises.of("a") is None
    assert promises.nothing().done()
