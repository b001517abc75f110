"""What operators, grid operators and meters change at a site while it runs: each change is an event of the site."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from csms.domain import events as ev
from csms.domain.alarms import SECURITY_EVENT
from csms.domain.capabilities import Knobs
from csms.domain.closing import closed_by_operator
from csms.domain.grid import OperatorLimit, TemporaryLimit
from csms.domain.illegal import IllegalEvent
from csms.domain.model import SiteLoad, SmartCharging, Transaction
from csms.domain.ports import Clock
from csms.domain.state import State


class Steering:
    """The part of a site that is steered over REST; the site records the events."""

    _clock: Clock
    _state: State

    def record(self, event: ev.Event, *, origin: str = "ocpp") -> asyncio.Future[None]:
        """The site's own: apply the event, then write it."""
        raise NotImplementedError

    async def configure(self, smart_charging: SmartCharging) -> SmartCharging:
        now = self._clock.now()
        stored = replace(smart_charging, updated_at_s=now.utc_s)
        await self.record(ev.SmartChargingConfigured(now, stored), origin="api")
        return stored

    async def set_temporary_limit(self, limit: TemporaryLimit) -> None:
        """It replaces one of the same source and start; on disk when this returns."""
        await self.record(ev.TemporaryLimitSet(self._clock.now(), limit), origin="api")

    async def withdraw_temporary_limits(self, source: str | None) -> int:
        """End those of this source (None: of all) now; how many there were."""
        now = self._clock.now()
        standing = [
            limit
            for limit in self._state.temporary_limits.values()
            if source in (None, limit.source) and not limit.over_at(now.utc_s)
        ]
        if standing:
            await self.record(ev.TemporaryLimitsWithdrawn(now, source), origin="api")
        return len(standing)

    async def set_operator_limit(self, charge_point_id: str, limit: OperatorLimit) -> None:
        """It replaces an earlier one of the same connector; the balancer keeps to it at once. On disk when this
        returns."""
        await self.record(ev.OperatorLimitSet(self._clock.now(), charge_point_id, limit), origin="api")

    async def clear_operator_limit(self, charge_point_id: str, connector_id: int) -> bool:
        """Whether there was one."""
        try:
            durable = self.record(
                ev.OperatorLimitCleared(self._clock.now(), charge_point_id, connector_id), origin="api"
            )
        except IllegalEvent:
            return False
        await durable
        return True

    async def pin_quirks(self, charge_point_id: str, quirks: Knobs | None) -> None:
        """See SiteAccess."""
        await self.record(ev.QuirksPinned(self._clock.now(), charge_point_id, quirks), origin="api")

    async def report_site_load(
        self, power_w: int, measured_at_s: float, currents_a: tuple[float, ...] | None = None
    ) -> bool:
        """What the site draws besides its chargers; False if a later measurement is known already."""
        now = self._clock.now()
        try:
            durable = self.record(
                ev.SiteLoadReported(now, SiteLoad(power_w, measured_at_s, now, currents_a)), origin="api"
            )
        except IllegalEvent:
            return False
        await durable
        return True

    async def clear_alarm(self, alarm_id: int) -> bool:
        """Clear one that only an operator can; see SiteAccess."""
        standing = (alarm for alarm in self._state.alarms.values() if alarm.standing and alarm.alarm_id == alarm_id)
        alarm = next(standing, None)
        if alarm is None:
            return False
        if alarm.kind != SECURITY_EVENT:
            raise IllegalEvent("the balancer clears it when it is over")
        await self.record(ev.AlarmCleared(self._clock.now(), alarm.kind, alarm.subject), origin="api")
        return True

    async def close_session(self, session_id: int) -> Transaction | None:
        """End one that its charger has forgotten; None if it does not run here. On disk when this returns.

        Raises IllegalEvent where somebody may be charging.
        """
        ended = closed_by_operator(self._state.view(), session_id, self._clock.now())
        if ended is None:
            return None
        await self.record(ended, origin="api")
        return self._state.transaction(ended.charge_point_id, ended.transaction_id)
