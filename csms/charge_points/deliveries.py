"""Requests of ours that follow from an answer: handlers never send, so these leave in tasks of their own."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import structlog

from csms.charge_points.link import Link
from csms.domain.requests import Payload, RequestRefused


class Deliveries:
    """For one connection. Nothing is sent twice: a charge point that misses it asks again (A02.FR.17)."""

    def __init__(
        self, link: Link, spawn: Callable[[Coroutine[Any, Any, None]], object], log: structlog.stdlib.BoundLogger
    ) -> None:
        self._link = link
        self._spawn = spawn
        self._log = log

    def __call__(self, action: str, payload: Payload) -> None:
        self._spawn(self._sent(action, payload))

    async def _sent(self, action: str, payload: Payload) -> None:
        try:
            outcome = await self._link.request(action, payload)
        except RequestRefused as refused:
            self._log.warning("ocpp.not_delivered", action=action, reason=str(refused))
            return
        except Exception:  # noqa: BLE001  # a task's boundary: the reason is logged
            self._log.exception("ocpp.not_delivered", action=action)
            return
        self._log.info("ocpp.delivered", action=action, answer=outcome.answer.value)
