"""A site with links that answer as they are told, on virtual time with a store in memory."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any

from csms.domain import events as ev
from csms.domain.commands import Answer, ClearLimits, Command, Outcome, ReadSchedule, SetLimit, StopSession
from csms.domain.model import (
    BalancerSettings,
    Capabilities,
    ChargePointSettings,
    ConnectorStatus,
    LimitPurpose,
    Moment,
    SiteSettings,
)
from csms.domain.operator_commands import OperatorCommand
from csms.domain.requests import Payload, RawOutcome
from csms.domain.state import State
from csms.site import Site
from csms.store.sync_store import SyncStore
from simulators.virtual_time import VirtualTimeLoop, run
from support.simulation import VirtualClock

ACCEPTED = Outcome(Answer.ACCEPTED)


class ScriptedLink:
    """Answers every limit with what `answer` says, one at a time, and keeps what it was told.

    `schedule` answers questions for a composite schedule; `asked` keeps the connectors they were about.
    """

    def __init__(self, site: Site, connection_id: str, answer: Callable[[SetLimit], Awaitable[Outcome]]) -> None:
        self.connection_id = connection_id
        self.told: list[SetLimit] = []
        self.asked: list[int] = []
        self.stopped: list[str] = []
        self.cleared: list[ClearLimits] = []
        self.schedule: Callable[[ReadSchedule], Awaitable[Outcome]] = not_supported
        self.stored_before: list[bool] = []
        self.closed: list[int] = []
        self.idle = True
        self._when_idle: list[Callable[[], None]] = []
        self._site = site
        self._answer = answer

    async def send(self, command: Command) -> Outcome:
        if not isinstance(command, SetLimit):
            await self._quiet()
        assert self.idle, "a limit leaves at once or not at all"
        self.idle = False
        try:
            return await self._take(command)
        finally:
            self.idle = True
            told, self._when_idle = self._when_idle, []
            for then in told:
                then()

    def when_idle(self, then: Callable[[], None]) -> None:
        self._when_idle.append(then)

    async def _quiet(self) -> None:
        await asyncio.sleep(0.05)
        while not self.idle:
            await asyncio.sleep(0.05)

    async def _take(self, command: Command) -> Outcome:
        if isinstance(command, ReadSchedule):
            self.asked.append(command.connector_id)
            return await self.schedule(command)
        if isinstance(command, StopSession):
            self.stopped.append(command.transaction_id)
        if isinstance(command, ClearLimits):
            self.cleared.append(command)
        if not isinstance(command, SetLimit):
            return Outcome(Answer.NOT_SUPPORTED)
        self.told.append(command)
        limits = self._site.snapshot().limits.values()
        self.stored_before.append(any(limit.in_flight for limit in limits))
        return await self._answer(command)

    async def request(self, _action: str, _payload: Payload) -> RawOutcome:
        return RawOutcome(Answer.NOT_SUPPORTED)

    async def perform(self, _command: OperatorCommand, _items_per_message: Mapping[str, int]) -> RawOutcome:
        return RawOutcome(Answer.NOT_SUPPORTED)

    def close(self, code: int, _reason: str) -> None:
        self.closed.append(code)

    def limits_kw(self) -> list[float]:
        return [told.limit_w / 1000 for told in self.told if told.purpose is LimitPurpose.TRANSACTION]


async def not_supported(_command: ReadSchedule) -> Outcome:
    return Outcome(Answer.NOT_SUPPORTED)


async def accept(_command: SetLimit) -> Outcome:
    return ACCEPTED


class Fixture:
    """A site of 40 kW with chargers of 22 kW."""

    def __init__(self, names: str) -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualTimeLoop)
        self.clock = VirtualClock(loop)
        self.store = SyncStore.open()
        self.site = Site(
            State(SiteSettings("s", "S", "Europe/London", 40_000)),
            store=self.store,
            clock=self.clock,
            settings=BalancerSettings(),
        )
        self.site.record(ev.SiteDeclared(self.now, SiteSettings("s", "S", "Europe/London", 40_000)))
        for name in names:
            self.site.record(ev.ChargePointDeclared(self.now, ChargePointSettings(name, "s", max_power_w=22_000)))
        self.links: dict[str, ScriptedLink] = {}
        self._sessions = 0

    @property
    def now(self) -> Moment:
        return self.clock.now()

    def connect(
        self,
        name: str,
        answer: Callable[[SetLimit], Awaitable[Outcome]] = accept,
        connection: str = "c1",
        connectors: int = 1,
    ) -> ScriptedLink:
        link = self.links[name] = ScriptedLink(self.site, connection, answer)
        self.site.record(ev.ChargePointConnected(self.now, name, connection, "ocpp1.6"))
        self.site.attach(name, link)
        for number in range(1, connectors + 1):
            self.site.record(ev.ConnectorStatusChanged(self.now, name, number, ConnectorStatus.AVAILABLE))
        self.site.record(ev.CapabilitiesLearned(self.now, name, Capabilities()))
        self.site.record(ev.ChargePointReady(self.now, name, connection))
        return link

    def start(self, name: str, connector_id: int = 1) -> str:
        self._sessions += 1
        self.site.record(ev.ConnectorStatusChanged(self.now, name, connector_id, ConnectorStatus.CHARGING))
        self.site.record(
            ev.TransactionStarted(self.now, name, connector_id, f"t{self._sessions}", self._sessions, self.now.utc_s)
        )
        return f"t{self._sessions}"

    def stop(self, name: str, transaction_id: str) -> None:
        self.site.record(ev.TransactionEnded(self.now, name, 1, transaction_id, self.now.utc_s, "Local"))


def play(story: Callable[[Fixture], Coroutine[Any, Any, None]], names: str = "ab") -> None:
    async def main() -> None:
        fixture = Fixture(names)
        running = asyncio.create_task(fixture.site.run())
        try:
            await story(fixture)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await fixture.store.close()

    run(main())
