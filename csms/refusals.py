"""Sessions whose id token is refused and that go on all the same: ended by the central system where it was asked to."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Protocol

from csms.domain.authorization import InUse
from csms.domain.model import ConnectorKey
from csms.domain.ports import Clock
from csms.domain.snapshot import Snapshot

GRACE_S = 10.0
"""A charge point that was told so ends the transaction by itself (StopTransactionOnInvalidId) within this time."""

_LOOK_EVERY_S = 1.0


class Site(Protocol):
    """The part of a site that this needs."""

    def view(self) -> Snapshot: ...

    def end_session(self, key: ConnectorKey) -> None:
        """Ask the charger to end what runs there; asked again and again, it does so once a minute."""
        ...


class Refusals:
    """`is_refused` says whether a transaction is to be ended still."""

    def __init__(self, site: Callable[[str], Site | None], clock: Clock, is_refused: Callable[[InUse], bool]) -> None:
        self._site = site
        self._clock = clock
        self._is_refused = is_refused
        self._due_s: dict[InUse, float] = {}
        self._news = asyncio.Event()

    def add(self, transaction: InUse, *, grace_s: float = 0.0) -> None:
        self._due_s.setdefault(transaction, self._clock.now().steady_s + grace_s)
        self._news.set()

    async def run(self) -> None:
        """See to them until cancelled."""
        while True:
            self._news.clear()
            self.look()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_EVERY_S if self._due_s else None):
                    await self._news.wait()

    def look(self) -> None:
        """Ask for the end of those that are due; forget those that are over, or refused no longer."""
        now_s = self._clock.now().steady_s
        for transaction, due_s in list(self._due_s.items()):
            site = self._site(transaction.site_id)
            running = None if site is None else site.view().active.get(transaction.key)
            over = running is None or running.transaction_id != transaction.transaction_id
            if site is None or over or not self._is_refused(transaction):
                del self._due_s[transaction]
            elif due_s <= now_s:
                site.end_session(transaction.key)
