"""Answers that others must be asked for first: awaited for a bounded time, and only a few of them at once."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable

import structlog

from csms.charge_points.schemas import JsonObject

LATER_S = 20.0
"""Below the patience of every charger known; most wait 30 s for an answer."""

_AT_ONCE = 8

Then = Callable[[JsonObject | None], None]
"""Takes the payload, or None where there is none to be had."""


class LaterAnswers:
    """Those that one charge point waits for. What comes when nobody wants it any more is cancelled."""

    def __init__(self, log: structlog.stdlib.BoundLogger) -> None:
        self._log = log
        self._awaited: set[asyncio.Future[JsonObject]] = set()

    def when_known(self, action: str, later: asyncio.Future[JsonObject], then: Then) -> None:
        """Call `then` once: when `later` is done, fails, or has taken LATER_S; never after `end`."""
        self._awaited.add(later)
        too_long = later.get_loop().call_later(LATER_S, later.cancel)
        later.add_done_callback(functools.partial(self._done, action, then, too_long))
        if len(self._awaited) > _AT_ONCE:
            later.cancel()

    def end(self) -> None:
        awaited, self._awaited = self._awaited, set()
        for later in awaited:
            later.cancel()

    def _done(self, action: str, then: Then, too_long: asyncio.TimerHandle, later: asyncio.Future[JsonObject]) -> None:
        too_long.cancel()
        failure = None if later.cancelled() else later.exception()  # asked for in any case: asyncio reports the unasked
        if later not in self._awaited:
            return
        self._awaited.discard(later)
        if later.cancelled():
            self._log.warning("ocpp.answer_not_had", action=action, reason="it took too long")
        elif failure is not None:
            self._log.error("ocpp.answer_not_had", action=action, exc_info=failure)
        then(None if later.cancelled() or failure is not None else later.result())
