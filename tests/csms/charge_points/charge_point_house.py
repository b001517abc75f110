"""A server for charge points on a free port of the loopback interface."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from hashlib import sha256
from typing import Any

from charge_point_fakes import CountingIds, FakeArchive, FakeClock, FakeDirectory, FakeSite, charge_point
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from csms.charge_points.guard import Limits
from csms.charge_points.lifecycle import ChargePoints
from csms.charge_points.server import OcppServer
from csms.domain import events as ev
from csms.domain.model import OCPP16

PASSWORD = "correct horse"


class House:
    """A server on a free port, in front of a site with four charge points."""

    def __init__(
        self,
        *,
        direct: bool = True,
        limits: Limits | None = None,
        flush: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self.site = FakeSite(
            charge_point("CP-1"),
            charge_point("OLD", protocol=OCPP16),
            charge_point("FREE"),
            charge_point("SAFE", password_sha256=sha256(PASSWORD.encode()).hexdigest()),
        )
        directory = FakeDirectory(self.site)
        self._tasks: set[asyncio.Task[None]] = set()
        charge_points = ChargePoints(
            directory=directory,
            archive=FakeArchive(),
            clock=FakeClock(),
            ids=CountingIds(),
            call_timeout_s=5,
            heartbeat_interval_s=60,
            metering_interval_s=10,
            spawn=self._spawn,
        )
        self.directory = directory
        self.server = OcppServer(directory, charge_points, direct=direct, limits=limits or Limits(), flush=flush)
        self.port = 0

    async def start(self) -> None:
        self.port = await self.server.start("127.0.0.1", 0)

    def connect(self, path: str = "/ocpp/CP-1", offered: tuple[str, ...] = (OCPP16,), **options: Any) -> connect:
        subprotocols = [Subprotocol(name) for name in offered] or None
        return connect(f"ws://127.0.0.1:{self.port}{path}", subprotocols=subprotocols, proxy=None, **options)

    async def until(self, kind: type[ev.Event]) -> None:
        """Until such an event has been recorded."""
        async with asyncio.timeout(5):
            while not self.site.recorded(kind):
                self.site.news.clear()
                await self.site.news.wait()

    def _spawn(self, coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
