"""A simulated charge point that runs: the model, a protocol and a connection, on an event loop."""

import asyncio
import random
from collections.abc import Callable, Iterable

from simulators.access import Access
from simulators.behaviour import BY_THE_BOOK, Behaviour
from simulators.car import Car
from simulators.changes import CarArrived, CarLeft, Change, ConnectionChanged, ConnectorView, Registered
from simulators.clock import Clock, parse_timestamp
from simulators.connector import StopReason
from simulators.frames import Answer, Call, Incoming, JsonObject
from simulators.lifeline import Lifeline
from simulators.offers import Permitted
from simulators.outbox import Outbox
from simulators.protocol import Adapter, ChargePointSpec, Registration, simulated_model
from simulators.reporter import Reporter
from simulators.session import OnFrame, Session
from simulators.ticker import Ticker
from simulators.transport import Connect, Dialer, Tls, Transport, TransportClosed, access_over
from simulators.upkeep import security_event
from simulators.v16 import V16
from simulators.v201 import V201

BOOT_S = 2.0
LAST_WORDS_S = 5.0


class SimulatedChargePoint:
    """A charge point on the running event loop. All its time comes from `clock` and that loop, all chance from `rng`.

    `access` is what `connect` goes by, if it can be told to connect elsewhere or with another password. `on_change`
    hears of every change of state, `on_frame` of every frame. Between `start` and `stop` it keeps itself
    connected, charges under the profiles it has, online or not, and reports what it could not report before.
    """

    def __init__(
        self,
        spec: ChargePointSpec,
        *,
        connect: Connect,
        rng: random.Random,
        clock: Clock,
        access: Access | None = None,
        behaviour: Behaviour = BY_THE_BOOK,
        on_change: Callable[["SimulatedChargePoint", Change], None] | None = None,
        on_frame: OnFrame | None = None,
    ) -> None:
        self.spec = spec
        self.model = simulated_model(spec, behaviour, clock.now_s())
        self.adapter: Adapter = V16(spec, self.model, rng) if spec.protocol == "1.6" else V201(spec, self.model, rng)
        self.adapter.access = access or self.adapter.access
        self.boot_reason: str | None = "PowerUp"
        self._lifeline = Lifeline(
            connect,
            name=spec.identity,
            clock=clock,
            rng=rng,
            new_session=self._new_session,
            online=self._online,
            offline=self._offline,
        )
        self._rng = rng
        self._clock = clock
        self._on_change = on_change
        self._on_frame = on_frame
        self._outbox = Outbox()
        self._tasks: list[asyncio.Task[None]] = []
        self._reporter = Reporter(self.model, self.adapter, self._outbox, self._tell)
        self._ticker = Ticker(clock, self._look, self._due_s)
        self._next_heartbeat_s: float | None = None
        self._message_number = 0
        self._reboots_when_idle = False
        self._ever_connected = False
        self._clock_lost = False
        self._accepted = asyncio.Event()

    @classmethod
    def over_websocket(
        cls,
        spec: ChargePointSpec,
        base_url: str,
        *,
        rng: random.Random,
        clock: Clock,
        password: str | None = None,
        tls: Tls | None = None,
        behaviour: Behaviour = BY_THE_BOOK,
        on_change: Callable[["SimulatedChargePoint", Change], None] | None = None,
        on_frame: OnFrame | None = None,
    ) -> "SimulatedChargePoint":
        """One that connects to `base_url`, to which its identity is appended."""
        subprotocol = None if behaviour.no_subprotocol else spec.subprotocol
        access = access_over(base_url, password, tls)
        return cls(
            spec,
            connect=Dialer(access, spec.identity, subprotocol, tls).connect,
            access=access,
            rng=rng,
            clock=clock,
            behaviour=behaviour,
            on_change=on_change,
            on_frame=on_frame,
        )

    @property
    def untold(self) -> int:
        """Of how many connectors the central system has yet to hear that a transaction has begun or ended."""
        return self._outbox.untold

    async def start(self) -> None:
        """Switch it on; it connects and boots by itself."""
        self._tasks = [
            asyncio.create_task(self._lifeline.run(), name=f"{self.spec.identity} connection"),
            asyncio.create_task(self._ticker.run(), name=f"{self.spec.identity} time"),
        ]

    async def stop(self) -> None:
        """Switch it off and close its connection; raises what went wrong inside, if something did."""
        for task in self._tasks:
            task.cancel()
        results = await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        for result in results:
            if isinstance(result, Exception):
                raise result

    async def wait_accepted(self) -> None:
        """Wait until it is connected and the central system has accepted it."""
        await self._accepted.wait()

    @property
    def connected(self) -> bool:
        return self._lifeline.session is not None

    @property
    def behaviour(self) -> Behaviour:
        """How it departs from the book; set it to let it behave otherwise from now on."""
        return self.model.behaviour

    @behaviour.setter
    def behaviour(self, behaviour: Behaviour) -> None:
        self.model.behave(behaviour, self._clock.now_s())
        self._report()

    def connector(self, connector_id: int) -> ConnectorView:
        """One connector as an outside observer sees it now. Nothing is permitted where no car could draw."""
        connector = self.model.connectors[connector_id]
        transaction = connector.transaction
        permitted = self.model.permitted()[connector_id]
        return ConnectorView(
            status=connector.status,
            transaction_id=None if transaction is None else transaction.transaction_id,
            charging=transaction is not None,
            permitted_w=permitted.power_w,
            permitted_a=permitted.currents_a,
            drawn_w=connector.draw.power_w,
            drawn_a=self.spec.hardware.drawn_currents_a(connector.draw),
            energy_wh=connector.energy_wh,
            soc=connector.soc if connector.car is not None else None,
            reachable=self.connected,
        )

    def permitted(self) -> Permitted:
        """What all connectors may draw at the same time: at most their sum, and the station's own limit."""
        return self.model.permitted_together(self._clock.now_s())

    def plug_in(self, connector_id: int, car: Car, id_token: str | None = None) -> None:
        """A car arrives and its driver shows a token; without one it waits for a remote start."""
        now_s = self._clock.now_s()
        self.model.plug_in(connector_id, car, now_s)
        self._tell(CarArrived(now_s, connector_id, car))
        self._report()
        if not self.adapter.car_arrived(connector_id, now_s) and id_token is not None:
            self._present(connector_id, id_token, now_s)
        self._report()

    def unplug(self, connector_id: int) -> None:
        """The car leaves; its transaction ends if it still runs."""
        now_s = self._clock.now_s()
        self.model.advance(now_s)
        soc = self.model.connectors[connector_id].soc
        self.model.unplug(connector_id, now_s)
        self._tell(CarLeft(now_s, connector_id, soc))
        self._report()

    def stop_transaction(self, connector_id: int, reason: StopReason = "Local") -> None:
        """The driver ends the transaction and leaves the car where it is."""
        self.model.stop(connector_id, reason, self._clock.now_s())
        self._report()

    def drop_connection(self, for_s: float) -> None:
        """Lose the connection, and find no network for so many seconds."""
        self._lifeline.drop(for_s)

    def lose_profiles(self) -> None:
        """Forget every charging profile, at once and without a word."""
        self.model.lose_profiles(self._clock.now_s())
        self._report()

    def reboot(self, reason: StopReason = "Reboot") -> None:
        """Restart: transactions end, unreported messages survive, BootNotification follows.

        Profiles and the time of day survive too, unless its behaviour says otherwise.
        """
        now_s = self._clock.now_s()
        for connector_id in self.model.connectors:
            self.model.stop(connector_id, reason, now_s)
        self._report()
        self.boot_reason = "PowerUp" if reason in ("Reboot", "PowerLoss") else "RemoteReset"
        self._message_number = 0
        self.adapter.access.booted()
        if self.behaviour.loses_profiles_on_reboot:
            self.model.lose_profiles(now_s)
        if self.behaviour.clock_after_reboot_s is not None:
            self._clock_lost = True
            self.model.set_clock(self.behaviour.clock_after_reboot_s, now_s)
        self._report()
        self.drop_connection(BOOT_S)

    async def send_raw(self, text: str) -> str | None:
        """Send any text as a frame; for a CALL, the answer's text or None. Raises TransportClosed when offline."""
        if self._lifeline.session is None:
            raise TransportClosed("not connected")
        return await self._lifeline.session.send_raw(text)

    # What a session asks of its owner.

    def registered(self, registration: Registration) -> None:
        now_s = self._clock.now_s()
        self._take_time(registration.time_s)
        self._tell(Registered(now_s, registration.status))
        if registration.status == "Accepted":
            self.boot_reason = None
            self._become_ready(now_s, range(self.spec.connectors + 1))
            if self.behaviour.reports_security_events:
                self._outbox.add([security_event("StartupOfTheDevice", self.adapter.time(now_s))])
                self._report()

    def answered(self, call: Call, payload: JsonObject) -> None:
        if call.action == "BootNotification":
            self._take_time(self.adapter.registration(payload).time_s)
        elif call.action == "Heartbeat":
            self._take_time(parse_timestamp(payload["currentTime"]))
        self.adapter.on_result(call, payload, self._clock.now_s())
        self._report()

    def unanswerable(self, call: Call) -> None:
        """A call about no transaction came to nothing; only authorization has a second way."""
        now_s = self._clock.now_s()
        if call.action == "Authorize" and not self.connected and self.adapter.lets_in(self._offered_token(call), now_s):
            self._start(call.connector_id, self._offered_token(call), now_s)

    def carry_out(self, incoming: Incoming) -> Answer:
        now_s = self._clock.now_s()
        self.model.advance(now_s)
        self.adapter.messages_waiting = self._outbox.holds_transactions
        answer = self.adapter.answer(incoming.action, incoming.payload, now_s)
        self._report()
        return answer

    async def after_answer(self, answer: Answer) -> None:
        if answer.then is not None:
            self._outbox.add(answer.then(self._clock.now_s()))
        self._report()
        if answer.reboot == "OnIdle":
            self._reboots_when_idle = True
        elif answer.reboot is not None:
            await self._reset("SoftReset" if answer.reboot == "SoftReset" else "HardReset")
        elif answer.reconnect:
            self.drop_connection(0.0)

    def new_message_id(self) -> str:
        self._message_number += 1
        return str(self._message_number)

    # Below: how it does what it offers.

    def _new_session(self, transport: Transport) -> Session:
        return Session(
            transport,
            self,
            self.adapter,
            self._outbox,
            version="v16" if self.spec.protocol == "1.6" else "v201",
            rng=self._rng,
            on_frame=self._on_frame,
        )

    def _online(self) -> None:
        now_s = self._clock.now_s()
        self._tell(ConnectionChanged(now_s, True))
        if self._ever_connected and self.behaviour.loses_profiles_on_reconnect:
            self.lose_profiles()
        if self._ever_connected and self.behaviour.boots_on_reconnect and self.boot_reason is None:
            self.boot_reason = "Unknown"
        self._ever_connected = True
        if self.boot_reason is None:
            self._become_ready(now_s)

    def _offline(self) -> None:
        now_s = self._clock.now_s()
        self._next_heartbeat_s = None
        self.adapter.online = False
        self._accepted.clear()
        dropped = self._outbox.connection_lost()
        self._tell(ConnectionChanged(now_s, False))
        for call in dropped:
            self.unanswerable(call)
            self._reporter.went_untold(call)
        self._report()

    def _become_ready(self, now_s: float, connector_ids: Iterable[int] | None = None) -> None:
        """Accepted, or back: report the statuses nobody knows yet, and begin to talk as usual."""
        self._reporter.report_statuses(now_s, connector_ids)
        self.adapter.online = True
        self._accepted.set()
        self._report()

    def _take_time(self, time_s: float | None) -> None:
        """A charger that lost the time believes the central system, however long the answer was under way."""
        if self._clock_lost and time_s is not None:
            self.model.set_clock(time_s, self._clock.now_s())
            self._report()

    async def _reset(self, reason: StopReason) -> None:
        """A reset on demand: transactions end first, and the central system should hear of it (1.6 5.14)."""
        for connector_id in self.model.connectors:
            self.model.stop(connector_id, reason, self._clock.now_s())
        self._report()
        until_s = self._clock.now_s() + LAST_WORDS_S
        while self._outbox.holds_transactions and self._clock.now_s() < until_s:  # noqa: ASYNC110 - bounded
            await asyncio.sleep(0.1)
        self.reboot(reason)

    def _present(self, connector_id: int, id_token: str, now_s: float) -> None:
        """A driver shows a token: ask the central system, or decide by what is known here where that is enough."""
        let_in = self.adapter.lets_in(id_token, now_s)
        if let_in is None:
            self._outbox.add([self.adapter.authorize(connector_id, id_token)])
        elif let_in:
            self._start(connector_id, id_token, now_s)

    def _start(self, connector_id: int, id_token: str, now_s: float) -> None:
        transaction_id = self.adapter.new_transaction_id(now_s)
        self.model.start(connector_id, id_token, now_s, transaction_id=transaction_id)
        self._report()

    def _offered_token(self, call: Call) -> str:
        token = call.payload["idTag"] if "idTag" in call.payload else call.payload["idToken"]["idToken"]
        return str(token)

    def _report(self) -> None:
        """Turn what happened into messages and tell the observer; then look at the clock anew."""
        self._reporter.report()
        if self._lifeline.session is not None:
            self._lifeline.session.wake()
        self._ticker.wake()

    def _tell(self, change: Change) -> None:
        if self._on_change is not None:
            self._on_change(self, change)

    async def _look(self, now_s: float) -> None:
        self.model.advance(now_s)
        for connector_id in self.adapter.remote_starts.overdue(self.model, now_s):
            self.adapter.car_arrived(connector_id, now_s)
        self._beat(now_s)
        self._report()
        if self._reboots_when_idle and not any(self.model.running()):
            self._reboots_when_idle = False
            await self._reset("SoftReset")

    def _due_s(self) -> float | None:
        due_s = (self.model.next_change_s(), self.adapter.remote_starts.next_s(self.model), self._next_heartbeat_s)
        return min((instant for instant in due_s if instant is not None), default=None)

    def _beat(self, now_s: float) -> None:
        interval_s = self.adapter.heartbeat_interval_s
        if not self.adapter.online or interval_s <= 0:
            self._next_heartbeat_s = None
        elif self._next_heartbeat_s is None:
            self._next_heartbeat_s = now_s + interval_s
        elif now_s >= self._next_heartbeat_s:
            self._next_heartbeat_s = now_s + interval_s
            if not self._outbox.holds("Heartbeat"):
                self._outbox.add([self.adapter.heartbeat()])
