"""Watches over who pretends to be a charge point: suspicions become events, and where they add up, an alarm."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from csms.domain import events as ev
from csms.domain.alarms import SECURITY_EVENT
from csms.domain.ports import Clock
from csms.domain.suspicion import Suspicions


class Recorder(Protocol):
    def record(self, event: ev.Event) -> asyncio.Future[None]: ...


class Vigil:
    """For all sites of this process."""

    def __init__(self, clock: Clock, new_alarm_id: Callable[[], int]) -> None:
        self._clock = clock
        self._new_alarm_id = new_alarm_id
        self._suspicions = Suspicions()

    def suspect(self, site: Recorder, charge_point_id: str, kind: str, text: str, address: str) -> None:
        """The charge point is one of the site's."""
        now = self._clock.now()
        notice = self._suspicions.noticed(charge_point_id, kind, now.steady_s)
        if notice is None:
            return
        site.record(ev.SecurityAlert(now, charge_point_id, kind, text, address, notice.count))
        if notice.alarm:
            words = f"somebody may pretend to be {charge_point_id}: {text}"
            site.record(ev.AlarmRaised(now, self._new_alarm_id(), SECURITY_EVENT, f"{charge_point_id}: {kind}", words))
