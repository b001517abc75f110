"""One connection of a charge point: one own CALL at a time, answers to the central system meanwhile."""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable
from typing import Protocol

import structlog

from simulators.behaviour import Behaviour, Span
from simulators.frames import (
    CALL,
    Answer,
    Call,
    Incoming,
    JsonObject,
    decode,
    encode_answer,
    encode_call,
    error_answer,
)
from simulators.misconduct import Mishap, duration_s, mishap, rejects_by_chance
from simulators.outbox import Outbox
from simulators.protocol import Adapter, Registration
from simulators.schemas import Version, problem
from simulators.transport import Transport, TransportClosed

log = structlog.get_logger(__name__)

RAW_TIMEOUT_S = 30.0
RETRY_INTERVAL_S = 10.0
MOST_ATTEMPTS = 3
BOOT_RETRY_S = 10.0  # where the central system names no interval (1.6 4.2)

OnFrame = Callable[[str, str], None]
"""Sees every frame: `>` or `<` as the charge point sends or receives it, and its text."""


class Owner(Protocol):
    """What a session needs of the charge point it belongs to."""

    boot_reason: str | None

    @property
    def behaviour(self) -> Behaviour: ...

    def registered(self, registration: Registration) -> None: ...

    def answered(self, call: Call, payload: JsonObject) -> None: ...

    def unanswerable(self, call: Call) -> None: ...

    def carry_out(self, incoming: Incoming) -> Answer: ...

    async def after_answer(self, answer: Answer) -> None: ...

    def new_message_id(self) -> str: ...


class Session:
    """Runs until the connection is gone; what remains to be said stays in the outbox."""

    def __init__(
        self,
        transport: Transport,
        owner: Owner,
        adapter: Adapter,
        outbox: Outbox,
        *,
        version: Version,
        rng: random.Random,
        on_frame: OnFrame | None,
    ) -> None:
        self._transport = transport
        self._owner = owner
        self._adapter = adapter
        self._outbox = outbox
        self._version = version
        self._rng = rng
        self._on_frame = on_frame
        self._calls: asyncio.Queue[Incoming] = asyncio.Queue()
        self._news = asyncio.Event()
        self._reply: asyncio.Future[Incoming] | None = None
        self._raw: dict[str, asyncio.Future[str]] = {}
        self._refused = False
        self._late: set[asyncio.Task[None]] = set()

    @property
    def _behaviour(self) -> Behaviour:
        return self._owner.behaviour

    async def run(self) -> None:
        """Talk until the connection is lost; raises nothing but what is a mistake of ours."""
        tasks = [asyncio.create_task(self._guarded(self._talk)), asyncio.create_task(self._guarded(self._serve))]
        try:
            while True:
                self._take(await self._transport.receive())
        except TransportClosed as closed:
            log.debug("connection lost", reason=str(closed))
        finally:
            tasks += self._late
            for task in tasks:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
            await self._transport.close()
        for result in results:
            if isinstance(result, Exception):
                raise result

    def wake(self) -> None:
        """The outbox has something new."""
        self._news.set()

    async def send_raw(self, text: str) -> str | None:
        """Send a frame as it stands; for a CALL, wait for its answer and return that, None if none comes."""
        frame = decode(text)
        if frame is None or frame.kind != CALL:
            await self._send(text)
            return None
        self._raw[frame.message_id] = asyncio.get_running_loop().create_future()
        await self._send(text)
        try:
            async with asyncio.timeout(RAW_TIMEOUT_S):
                return await self._raw[frame.message_id]
        except TimeoutError:
            return None
        finally:
            del self._raw[frame.message_id]

    async def _guarded(self, work: Callable[[], Awaitable[None]]) -> None:
        """Let a half of the session that fails take the whole connection with it."""
        try:
            await work()
        except TransportClosed:
            pass
        finally:
            await self._transport.close()

    async def _talk(self) -> None:
        while self._owner.boot_reason is not None:
            await self._boot(self._owner.boot_reason)
        while True:
            call = self._outbox.take()
            if call is None:
                await self._wait_for_news(None)
            else:
                await self._make(call)

    async def _boot(self, reason: str) -> None:
        reply = await self._request(self._adapter.boot(reason))
        registration = Registration("Pending", 0)
        if reply is not None and reply.error is None:
            registration = self._adapter.registration(reply.payload)
        self._refused = registration.status == "Rejected"
        self._owner.registered(registration)
        if registration.status != "Accepted":
            await self._wait_for_another_chance(registration.interval_s or BOOT_RETRY_S)

    async def _wait_for_another_chance(self, wait_s: float) -> None:
        """Say only what we are asked for until the interval is over (1.6 4.2, 2.0.1 B02)."""
        loop = asyncio.get_running_loop()
        until = loop.time() + wait_s
        while (left_s := until - loop.time()) > 0:
            call = self._outbox.take_triggered()
            if call is None:
                await self._wait_for_news(left_s)
            elif call.action == "BootNotification":
                return
            else:
                await self._make(call)

    async def _wait_for_news(self, at_most_s: float | None) -> None:
        self._news.clear()
        if at_most_s is None:
            await self._news.wait()
            return
        try:
            async with asyncio.timeout(at_most_s):
                await self._news.wait()
        except TimeoutError:
            return

    async def _make(self, call: Call) -> None:
        reply = await self._request(call)
        if reply is not None and reply.error is None:
            self._owner.answered(call, reply.payload)
        elif call.transaction is None:
            self._owner.unanswerable(call)
        elif reply is None:
            self._outbox.put_back(call)  # under its old id: the central system may have seen it
        elif call.attempts < MOST_ATTEMPTS:
            call.message_id = ""
            self._outbox.put_back(call)
            await asyncio.sleep(RETRY_INTERVAL_S * call.attempts)  # 1.6 3.7.1

    async def _request(self, call: Call) -> Incoming | None:
        """Make a call and wait for its answer; None when none came in time."""
        call.message_id = call.message_id or self._owner.new_message_id()
        call.attempts += 1
        self._outbox.in_flight = call
        self._reply = asyncio.get_running_loop().create_future()
        await self._send(encode_call(call.message_id, call.action, self._adapter.payload_of(call)))
        try:
            async with asyncio.timeout(self._behaviour.call_timeout_s):
                reply = await self._reply
        except TimeoutError:
            log.info("call unanswered", action=call.action)
            self._outbox.in_flight = None
            return None
        self._outbox.in_flight = None
        fault = reply.error or problem(self._version, f"{call.action}Response", reply.payload)
        if fault is not None:
            log.warning("call failed", action=call.action, fault=fault)
            return Incoming(reply.kind, reply.message_id, error=fault)
        return reply

    def _take(self, text: str) -> None:
        self._trace("<", text)
        incoming = decode(text)
        if incoming is None:
            log.warning("unreadable frame")
        elif incoming.kind == CALL:
            self._calls.put_nowait(incoming)
        elif incoming.message_id in self._raw:
            self._raw[incoming.message_id].set_result(text)
        elif self._awaits(incoming.message_id) and self._reply is not None and not self._reply.done():
            self._reply.set_result(incoming)

    def _awaits(self, message_id: str) -> bool:
        return self._outbox.in_flight is not None and self._outbox.in_flight.message_id == message_id

    async def _serve(self) -> None:
        while True:
            incoming = await self._calls.get()
            fate = mishap(self._behaviour, incoming.action, self._rng)
            # A charge point that was rejected answers nothing until it is accepted (1.6 4.2).
            if self._refused or fate == "call_lost":
                continue
            answer = self._answer(incoming, fate)
            if fate == "answered_late":
                late = asyncio.create_task(self._answer_late(incoming, answer))
                self._late.add(late)
                late.add_done_callback(self._late.discard)
                continue
            await self._hesitate(self._behaviour.answer_delay_s)
            for _ in range({"answer_lost": 0, "answered_twice": 2}.get(fate or "", 1)):
                await self._send(encode_answer(incoming.message_id, answer))
            await self._owner.after_answer(answer)

    async def _answer_late(self, incoming: Incoming, answer: Answer) -> None:
        """Answer while other calls are attended to; what follows an answer waits for it."""
        await self._hesitate(self._behaviour.late_answer_s)
        with contextlib.suppress(TransportClosed):
            await self._send(encode_answer(incoming.message_id, answer))
            await self._owner.after_answer(answer)

    def _answer(self, incoming: Incoming, fate: Mishap | None) -> Answer:
        if fate == "call_error":
            return error_answer("InternalError", "simulated")
        if incoming.action in self._behaviour.lacks or not self._adapter.knows(incoming.action):
            return error_answer("NotImplemented", f"{incoming.action} is not implemented")
        fault = problem(self._version, incoming.action, incoming.payload)
        if fault is not None:
            # The two versions spell it differently (OCPP-J 1.6 4.2.3, 2.0.1 part 4 4.3).
            return error_answer("FormationViolation" if self._version == "v16" else "FormatViolation", fault)
        if rejects_by_chance(self._behaviour, incoming.action, self._rng):
            return Answer({"status": "Rejected"})
        return self._owner.carry_out(incoming)

    async def _hesitate(self, span: Span) -> None:
        delay_s = duration_s(span, self._rng)
        if delay_s > 0:
            await asyncio.sleep(delay_s)

    async def _send(self, text: str) -> None:
        self._trace(">", text)
        await self._transport.send(text)

    def _trace(self, direction: str, text: str) -> None:
        if self._on_frame is not None:
            self._on_frame(direction, text)
