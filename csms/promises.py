"""What of a site is on its way to the disk: what may be answered, and when nothing may be."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from csms.domain import events as ev


class Promises:
    """The writes of a site's events.

    After one that failed the site's state holds what the disk does not. A message that comes again then changes
    nothing, so its answer would promise what was lost: nothing is promised any more until the site begins again from
    the store.
    """

    def __init__(self, on_failure: Callable[[BaseException], None]) -> None:
        self._on_failure = on_failure
        self._last: dict[str, asyncio.Future[None]] = {}
        self._failed: asyncio.Future[None] | None = None
        self._nothing: asyncio.Future[None] | None = None

    def keep(self, event: ev.Event, written: asyncio.Future[None]) -> asyncio.Future[None]:
        """Watch a write; the same future."""
        if written.done():  # on disk; or refused by itself, for what it holds, and nothing else was lost with it
            return written
        if isinstance(event, ev.ChargePointEvent):
            self._last[event.charge_point_id] = written
        written.add_done_callback(self._look)
        return written

    def of(self, charge_point_id: str) -> asyncio.Future[None] | None:
        """Done when everything recorded of a charge point is on disk, whatever connection it came over; None: it is."""
        return self._failed or self._last.get(charge_point_id)

    def nothing(self) -> asyncio.Future[None]:
        """Done: there is nothing to wait for."""
        if self._nothing is None:
            self._nothing = asyncio.get_running_loop().create_future()
            self._nothing.set_result(None)
        return self._nothing

    def begin_again(self) -> None:
        """The site's state is what the store holds."""
        self._last.clear()
        self._failed = None

    def _look(self, written: asyncio.Future[None]) -> None:
        if not written.cancelled() and (error := written.exception()) is not None and self._failed is None:
            self._failed = written
            self._on_failure(error)
