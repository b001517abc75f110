"""One live charge point: correlates calls and answers, and dispatches its requests (OCPP-J section 4).

It sees its socket only as a `Transport`, and owns no task: whatever happens, happens in `receive`, in the callback
of a durability future, or in the task that awaits `call`.
"""

from __future__ import annotations

import asyncio
import functools
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ParamSpec, Protocol

import structlog

from csms.charge_points.calls import (
    AnswerInvalid,
    CallErrorAnswered,
    CallFailed,
    Calls,
    CallTimeout,
    ConnectionLost,
    Outgoing,
    QueueFull,
)
from csms.charge_points.codec import (
    ActionUnknown,
    Call,
    CallError,
    CallResult,
    Codec,
    Fault,
    JsonObject,
    PayloadInvalid,
    Undecodable,
)
from csms.charge_points.later import LaterAnswers
from csms.charge_points.schemas import response_schema
from csms.charge_points.wire import action_of
from csms.domain.failures import StoreFailed
from csms.domain.tallies import UNKNOWN_ACTION, OcppTally

__all__ = [
    "AnswerInvalid",
    "CallErrorAnswered",
    "CallFailed",
    "CallTimeout",
    "Connection",
    "ConnectionLost",
    "Handlers",
    "QueueFull",
    "Refused",
    "Reply",
    "Transport",
]


P = ParamSpec("P")


class Transport(Protocol):
    """Where frames go. Neither method blocks or raises, whatever has become of the socket."""

    def send(self, text: str) -> None: ...

    def close(self, code: int, reason: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Reply:
    """A handler's answer: it leaves when `durable` is done; `sent` is called once, right after it has left.

    `later` is the payload where others must be asked for it first; `payload` is then the answer if that fails, breaks
    its schema or takes too long (see later.py).
    """

    payload: JsonObject
    durable: asyncio.Future[None] | None = None
    sent: Callable[[], None] | None = None
    later: asyncio.Future[JsonObject] | None = None


# One handler per action, already bound to its charge point.
Handlers = Mapping[str, Callable[[JsonObject], Reply]]


class Refused(Exception):
    """A handler's wish to answer with a CALLERROR."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(f"{code}: {description}")
        self.code = code
        self.description = description


class Connection:
    """Frames in through `receive`, frames out through the transport.

    `on_call(action)` is called after each answer to a request, `on_request(message)` before each request of ours and
    `on_result(action, payload)` with its answer, `trace(frame, sent)` with every frame that comes or is sent.
    `call_timeout_s` counts from the moment a call's frame is sent, not while it waits for its turn. `tally` counts what
    is said, and may be shared by connections.
    """

    def __init__(
        self,
        *,
        charge_point_id: str,
        connection_id: str,
        codec: Codec,
        handlers: Handlers,
        transport: Transport,
        call_timeout_s: float,
        new_message_id: Callable[[], str],
        max_queued_calls: int = 100,
        on_call: Callable[[str], None] | None = None,
        on_request: Callable[[object], None] | None = None,
        on_result: Callable[[str, JsonObject], None] | None = None,
        tally: OcppTally | None = None,
        trace: Callable[[str | bytes, bool], None] | None = None,
    ) -> None:
        self.charge_point_id = charge_point_id
        self.connection_id = connection_id
        self.subprotocol = codec.subprotocol
        self._codec = codec
        self._handlers = handlers
        self._trace = trace
        self._transport = transport if trace is None else _Traced(transport, trace)
        self._new_message_id = new_message_id
        self._on_call = on_call
        self._on_request = on_request
        self._on_result = on_result
        self._log = structlog.get_logger().bind(charge_point_id=charge_point_id, connection_id=connection_id)
        self._answers: OrderedDict[str, _Answer] = OrderedDict()
        self._later = LaterAnswers(self._log)
        self._tally = tally if tally is not None else OcppTally()
        self._answered = self._tally.answered_of(codec.subprotocol, handlers)
        self._calls = Calls(self._transport, call_timeout_s, max_queued_calls, self._tally, codec.subprotocol)
        self._ended = False

    def receive(self, frame: str | bytes) -> None:
        """Takes one frame from the charge point. Never raises."""
        if self._ended:
            return
        if self._trace is not None:
            self._trace(frame, False)
        try:
            self._dispatch(self._codec.decode(frame), frame)
        except Exception:  # noqa: BLE001  # the reader must outlive whatever a frame can do
            self._log.exception("ocpp.receive_failed")

    async def call(self, message: object) -> JsonObject:
        """Sends a request when its turn comes, and returns the payload of its answer.

        `message` is a class of `ocpp.v16.call` or `ocpp.v201.call`, or a pair of action and payload. Raises a
        CallFailed, or ValueError for a request that breaks its schema. A cancelled call that is still waiting
        is never sent; one already sent keeps its turn until its answer or timeout.
        """
        if self._ended:
            raise ConnectionLost("the connection has ended")
        message_id = self._new_message_id()
        frame = self._codec.encode_call(message_id, message)
        if self._on_request is not None:
            self._on_request(message)
        return await self._calls.run(Outgoing(message_id, action_of(message), frame))

    async def call_when_quiet(self, message: object) -> JsonObject:
        """`call` for what can wait: nothing that is more urgent then waits for its answer."""
        await self.quiet()
        return await self.call(message)

    async def quiet(self) -> None:
        """Wait until nobody has anything to say to the charge point; returns at once when the connection has ended."""
        if not self._ended:
            await self._calls.quiet()

    @property
    def idle(self) -> bool:
        """Whether a call would leave at once."""
        return self._calls.idle

    def when_idle(self, then: Callable[[], None]) -> None:
        """Call `then` once, as soon as no call is on the wire or in line."""
        self._calls.when_idle(then)

    def closed(self) -> None:
        """The socket is gone: every waiting call ends with ConnectionLost, and nothing is answered any more."""
        self._ended = True
        self._answers.clear()
        self._calls.end()
        self._later.end()

    def _dispatch(self, message: Call | CallResult | CallError | Undecodable, frame: str | bytes) -> None:
        if isinstance(message, Call):
            self._receive_call(message, hash(frame))
        elif isinstance(message, CallResult):
            self._receive_result(message)
        elif isinstance(message, CallError):
            error = CallErrorAnswered(message.code, message.description, message.details)
            self._finish_call(message.message_id, error)
        else:
            self._receive_undecodable(message)

    def _receive_call(self, call: Call, fingerprint: int) -> None:
        earlier = self._answers.get(call.message_id)
        if earlier is not None and earlier.fingerprint == fingerprint:
            self._repeat(earlier)
            return
        answer = self._answers[call.message_id] = _Answer(call.action, fingerprint)
        self._answers.move_to_end(call.message_id)
        if len(self._answers) > _REMEMBERED_CALLS:
            self._answers.popitem(last=False)
        try:
            reply = self._handle(call)
            answer.text = self._codec.encode_result(call.message_id, reply.payload)
        except Refused as refused:
            self._answer_error(answer, call.message_id, refused.code, refused.description)
        except StoreFailed as failure:
            self._not_stored(answer, failure)
        except Exception:  # noqa: BLE001  # a handler's mistake costs one answer, not the connection
            self._log.exception("ocpp.handler_failed", action=call.action)
            self._answer_error(answer, call.message_id, "InternalError", "the request could not be processed")
        else:
            if reply.later is None:
                self._answer_when_durable(answer, reply)
            else:
                then = functools.partial(self._take_later, answer, reply, call.message_id)
                self._later.when_known(call.action, reply.later, then)

    def _handle(self, call: Call) -> Reply:
        """The handler's reply; raises Refused, or what the handler raises."""
        handler = self._handlers.get(call.action)
        if handler is None:
            self._log.info("ocpp.action_not_implemented", action=call.action[:_LOGGED_CHARACTERS])
            raise Refused("NotImplemented", "the action is not known here")
        faults: list[Fault] = []
        try:
            payload = self._codec.validate_request(call.action, call.payload, faults.append)
        except PayloadInvalid as invalid:
            self._log.warning("ocpp.payload_invalid", action=call.action, field=invalid.field_path, rule=invalid.rule)
            raise Refused(invalid.code, str(invalid)) from None
        except ActionUnknown:
            raise Refused("NotImplemented", "this version of OCPP has no such action") from None
        self._report(call.action, faults)
        return handler(payload)

    def _report(self, action: str, faults: list[Fault]) -> None:
        if faults:
            first = faults[0]
            self._log.warning(
                "ocpp.payload_pruned", action=action, field=first.field_path, rule=first.rule, removed=len(faults)
            )

    def _answer_error(self, answer: _Answer, message_id: str, code: str, description: str) -> None:
        answer.error = code
        answer.text = self._codec.encode_error(message_id, code, description)
        self._send_answer(answer, None)

    def _answer_when_durable(self, answer: _Answer, reply: Reply) -> None:
        if reply.durable is None:
            self._send_answer(answer, reply.sent)
        elif reply.durable.done():
            self._when_durable(answer, reply.sent, reply.durable)
        else:
            reply.durable.add_done_callback(functools.partial(self._when_durable, answer, reply.sent))

    def _take_later(self, answer: _Answer, reply: Reply, message_id: str, payload: JsonObject | None) -> None:
        """Until now `answer` held the fallback. What others said is not trusted to keep to the schema."""
        if payload is not None and response_schema(self.subprotocol, answer.action).is_valid(payload):
            answer.text = self._codec.encode_result(message_id, payload)
        elif payload is not None:
            self._log.warning("ocpp.answer_not_had", action=answer.action, reason="it breaks the schema")
        self._answer_when_durable(answer, reply)

    def _when_durable(self, answer: _Answer, sent: Callable[[], None] | None, durable: asyncio.Future[None]) -> None:
        failure = asyncio.CancelledError() if durable.cancelled() else durable.exception()
        if self._ended:
            return
        if failure is None:
            self._send_answer(answer, sent)
            return
        self._not_stored(answer, failure)

    def _not_stored(self, answer: _Answer, failure: BaseException) -> None:
        """An answer would promise what was not kept; without one the charge point sends the message again."""
        self._log.error("ocpp.not_durable", action=answer.action, exc_info=failure)
        self._count(answer, "NotStored")
        self.closed()
        self._transport.close(1011, "the message could not be stored")

    def _send_answer(self, answer: _Answer, sent: Callable[[], None] | None) -> None:
        if self._ended:
            return
        answer.ready = True
        self._send_once(answer, sent)
        for _ in range(answer.repeats):
            self._send_once(answer, None)

    def _send_once(self, answer: _Answer, sent: Callable[[], None] | None) -> None:
        self._transport.send(answer.text)
        if answer.error is None:
            self._answered[answer.action] += 1
        else:
            self._count(answer, answer.error)
        if sent is not None:
            self._run(sent)
        if self._on_call is not None:
            self._run(self._on_call, answer.action)

    def _repeat(self, answer: _Answer) -> None:
        # Part 4 section 4.1.4: the same id is the same message; the charge point has not seen our answer. Some begin
        # to count anew after a reboot, so the frame must be the same too.
        self._log.debug("ocpp.call_repeated", action=answer.action)
        if answer.ready:
            self._send_answer(answer, None)
        else:
            answer.repeats += 1

    def _count(self, answer: _Answer, result: str) -> None:
        action = answer.action if answer.action in self._handlers else UNKNOWN_ACTION
        self._tally.refuse(self.subprotocol, action, result)

    def _run(self, hook: Callable[P, None], *arguments: P.args, **named: P.kwargs) -> None:
        try:
            hook(*arguments, **named)
        except Exception:  # noqa: BLE001  # the answer is out; a hook's mistake must not undo that
            self._log.exception("ocpp.hook_failed")

    def _receive_result(self, result: CallResult) -> None:
        action = self._calls.action_of(result.message_id)
        outcome: JsonObject | CallFailed = result.payload
        faults: list[Fault] = []
        if action is not None:
            try:
                outcome = answer = self._codec.validate_response(action, result.payload, faults.append)
                if self._on_result is not None:
                    self._run(self._on_result, action, answer)
            except PayloadInvalid as invalid:
                self._log.warning("ocpp.answer_invalid", action=action, field=invalid.field_path, rule=invalid.rule)
                outcome = AnswerInvalid(str(invalid))
            self._report(action, faults)
        self._finish_call(result.message_id, outcome)

    def _receive_undecodable(self, frame: Undecodable) -> None:
        self._tally.undecodable += 1
        self._log.warning("ocpp.frame_undecodable", reason=frame.reason)
        if frame.code is not None:
            message_id = "-1" if frame.message_id is None else frame.message_id
            self._transport.send(self._codec.encode_error(message_id, frame.code, frame.reason))
        elif frame.is_answer and frame.message_id is not None:
            self._finish_call(frame.message_id, AnswerInvalid(frame.reason))

    def _finish_call(self, message_id: str, outcome: JsonObject | CallFailed) -> None:
        if not self._calls.finish(message_id, outcome):
            self._log.info("ocpp.answer_unmatched")  # too late, or to nothing we sent


class _Traced:
    """A transport that tells what is sent."""

    __slots__ = ("_send", "_trace", "close")

    def __init__(self, transport: Transport, trace: Callable[[str | bytes, bool], None]) -> None:
        self._send = transport.send
        self._trace = trace
        self.close = transport.close

    def send(self, text: str) -> None:
        self._trace(text, True)
        self._send(text)


_REMEMBERED_CALLS = 64
_LOGGED_CHARACTERS = 50


@dataclass(slots=True, eq=False)
class _Answer:
    """What a request was, or will be, answered with; `repeats` counts retries that came before it was ready.

    `fingerprint` is a hash of the request's frame, `error` the code of a CALLERROR.
    """

    action: str
    fingerprint: int
    error: str | None = None
    text: str = ""
    ready: bool = False
    repeats: int = 0
