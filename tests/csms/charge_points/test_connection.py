import asyncio
import itertools
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import ocpp.v16.call
import ocpp.v16.enums
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from csms.charge_points.codec import OCPP16, OCPP201, JsonObject, codec_for
from csms.charge_points.connection import (
    AnswerInvalid,
    CallErrorAnswered,
    CallTimeout,
    Connection,
    ConnectionLost,
    QueueFull,
    Refused,
    Reply,
)

RESET = ocpp.v16.call.Reset(type=ocpp.v16.enums.ResetType.soft)
TIMEOUT_S = 30.0


class Wire:
    """Both ends of a connection without a socket: what was sent and done, in order."""

    def __init__(self) -> None:
        self.log: list[object] = []

    def send(self, text: str) -> None:
        self.log.append(json.loads(text))

    def close(self, code: int, reason: str) -> None:
        self.log.append(("close", code, reason))


class Charger:
    """A connection on a wire, with handlers that record what they were given."""

    def __init__(
        self,
        subprotocol: str = OCPP16,
        handlers: Mapping[str, Callable[[JsonObject], Reply]] | None = None,
        max_queued_calls: int = 100,
    ) -> None:
        self.wire = Wire()
        self.handled: list[JsonObject] = []
        ids = itertools.count(1)
        self.connection = Connection(
            charge_point_id="CP1",
            connection_id="C1",
            codec=codec_for(subprotocol),
            handlers={"Heartbeat": self.heartbeat, "Authorize": self.authorize, **(handlers or {})},
            transport=self.wire,
            call_timeout_s=TIMEOUT_S,
            new_message_id=lambda: f"m{next(ids)}",
            max_queued_calls=max_queued_calls,
            on_call=lambda action: self.wire.log.append(("answered", action)),
        )

    def heartbeat(self, payload: JsonObject) -> Reply:
        self.handled.append(payload)
        return Reply({"currentTime": f"2024-05-01T10:00:0{len(self.handled)}Z"})

    def authorize(self, payload: JsonObject) -> Reply:
        self.handled.append(payload)
        return Reply({"idTagInfo": {"status": "Accepted"}})

    def receive(self, *message: object) -> None:
        self.connection.receive(json.dumps(message))

    @property
    def frames(self) -> list[Any]:
        return [entry for entry in self.wire.log if isinstance(entry, list)]

    def call(self, message: object = RESET) -> asyncio.Task[JsonObject]:
        return asyncio.create_task(self.connection.call(message))


async def settle() -> None:
    """Lets everything run that is ready to run."""
    for _ in range(5):
        await asyncio.sleep(0)


Advance = Callable[[float], Awaitable[None]]


@pytest.fixture
def advance(monkeypatch: pytest.MonkeyPatch) -> Advance:
    """Moves the clock of the event loop: timers fire because it is their time, not because a test waited."""

    async def move(duration_s: float) -> None:
        loop = asyncio.get_running_loop()
        before = loop.time
        monkeypatch.setattr(loop, "time", lambda: before() + duration_s)
        await settle()

    return move


def answer(message_id: str, second: int) -> list[object]:
    return [3, message_id, {"currentTime": f"2024-05-01T10:00:0{second}Z"}]


def test_a_request_is_handled_and_answered_once() -> None:
    charger = Charger()
    charger.receive(2, "a", "Heartbeat", {})
    assert charger.wire.log == [answer("a", 1), ("answered", "Heartbeat")]


def test_a_handler_gets_the_repaired_payload() -> None:
    charger = Charger()
    charger.receive(2, "a", "Authorize", {"idTag": "A" * 21, "extra": None})
    assert charger.handled == [{"idTag": "A" * 20}]


@pytest.mark.parametrize(
    ("subprotocol", "frame", "code"),
    [
        (OCPP16, [2, "a", "NoSuchAction", {}], "NotImplemented"),
        (OCPP16, [2, "a", "BootNotification", {}], "NotImplemented"),
        (OCPP16, [2, "a", "Authorize", {}], "OccurenceConstraintViolation"),
        (OCPP201, [2, "a", "Authorize", {}], "OccurrenceConstraintViolation"),
        (OCPP16, [2, "a", "Authorize", {"idTag": []}], "TypeConstraintViolation"),
        (OCPP16, [2, "a", "Authorize", []], "FormationViolation"),
        (OCPP201, [2, "a", "Authorize", []], "FormatViolation"),
        (OCPP201, [2, "a"], "RpcFrameworkError"),
        (OCPP201, [5, "a", {}], "MessageTypeNotSupported"),
    ],
)
def test_a_request_that_cannot_be_handled_gets_an_error(subprotocol: str, frame: list[object], code: str) -> None:
    charger = Charger(subprotocol)
    charger.receive(*frame)
    assert [sent[:3] for sent in charger.frames] == [[4, "a", code]]
    assert charger.handled == []


@pytest.mark.parametrize(
    ("subprotocol", "answers"),
    [(OCPP16, []), (OCPP201, [[4, "-1", "RpcFrameworkError", "the frame is not valid JSON", {}]])],
)
def test_an_unreadable_frame_is_answered_only_where_the_version_says_so(
    subprotocol: str, answers: list[list[object]]
) -> None:
    charger = Charger(subprotocol)
    charger.connection.receive("{")
    assert charger.wire.log == answers


def test_a_handler_may_refuse_with_an_error_of_its_choice() -> None:
    def refuse(_: JsonObject) -> Reply:
        raise Refused("SecurityError", "not before you are accepted")

    charger = Charger(handlers={"Heartbeat": refuse})
    charger.receive(2, "a", "Heartbeat", {})
    assert charger.frames == [[4, "a", "SecurityError", "not before you are accepted", {}]]


@pytest.mark.parametrize("payload", [None, {"currentTime": object()}, {"currentTime": float("nan")}])
def test_a_handler_that_fails_costs_one_answer_and_is_logged_once(payload: Any) -> None:
    def fail(_: JsonObject) -> Reply:
        if payload is None:
            raise KeyError("a mistake")
        return Reply(payload)

    charger = Charger(handlers={"Heartbeat": fail})
    with capture_logs() as logs:
        charger.receive(2, "a", "Heartbeat", {})
    assert [sent[:3] for sent in charger.frames] == [[4, "a", "InternalError"]]
    assert [(log["event"], log["log_level"], log["exc_info"]) for log in logs] == [
        ("ocpp.handler_failed", "error", True)
    ]
    charger.receive(2, "b", "Authorize", {"idTag": "TAG"})
    assert charger.frames[-1][0] == 3


def test_a_refused_payload_is_logged_once_without_its_content() -> None:
    charger = Charger()
    with capture_logs() as logs:
        charger.receive(2, "a", "Authorize", {"idTag": ["SECRET"]})
    assert logs == [
        {
            "event": "ocpp.payload_invalid",
            "log_level": "warning",
            "charge_point_id": "CP1",
            "connection_id": "C1",
            "action": "Authorize",
            "field": "idTag",
            "rule": "type",
        }
    ]


def test_what_was_left_out_of_a_request_is_logged_once() -> None:
    charger = Charger(handlers={"StatusNotification": lambda _: Reply({})})
    status = {"connectorId": 1, "errorCode": "NoError", "status": "Available", "info": [], "timestamp": "?"}
    with capture_logs() as logs:
        charger.receive(2, "a", "StatusNotification", status)
    assert [(log["event"], log["field"], log["removed"]) for log in logs] == [("ocpp.payload_pruned", "timestamp", 1)]
    assert charger.frames == [[3, "a", {}]]


def test_a_retry_gets_the_same_answer_without_being_handled_again() -> None:
    charger = Charger()
    charger.receive(2, "a", "Authorize", {"idTag": "TAG", "x": 1})
    charger.receive(2, "a", "Authorize", {"idTag": "TAG", "x": 1})
    assert charger.frames[0] == charger.frames[1]
    assert len(charger.frames) == 2
    assert len(charger.handled) == 1


def test_the_same_id_with_another_content_is_another_request() -> None:
    charger = Charger()
    charger.receive(2, "a", "Authorize", {"idTag": "A"})
    charger.receive(2, "a", "Authorize", {"idTag": "B"})
    charger.receive(2, "a", "Heartbeat", {})
    assert charger.handled == [{"idTag": "A"}, {"idTag": "B"}, {}]
    assert len(charger.frames) == 3


def test_the_last_64_requests_are_remembered_and_no_more() -> None:
    charger = Charger()
    for n in range(65):
        charger.receive(2, f"a{n}", "Authorize", {"idTag": "A"})
    charger.receive(2, "a1", "Authorize", {"idTag": "A"})
    assert len(charger.handled) == 65
    charger.receive(2, "a0", "Authorize", {"idTag": "A"})
    assert len(charger.handled) == 66


class Durable:
    """A handler whose answers wait for futures that the test completes."""

    def __init__(self) -> None:
        self.commits: list[asyncio.Future[None]] = []
        self.sent = 0

    def __call__(self, _: JsonObject) -> Reply:
        self.commits.append(asyncio.get_running_loop().create_future())
        return Reply({"transactionId": len(self.commits)}, self.commits[-1], self.count)

    def count(self) -> None:
        self.sent += 1


async def test_an_answer_leaves_when_it_is_durable_and_others_may_overtake_it() -> None:
    start = Durable()
    charger = Charger(handlers={"DataTransfer": start})
    charger.receive(2, "a", "DataTransfer", {"vendorId": "V"})
    charger.receive(2, "b", "Heartbeat", {})
    await settle()
    assert [frame[1] for frame in charger.frames] == ["b"]
    assert start.sent == 0
    start.commits[0].set_result(None)
    await settle()
    assert [frame[1] for frame in charger.frames] == ["b", "a"]
    assert start.sent == 1


async def test_sent_is_called_once_after_the_answer_and_before_the_next_message() -> None:
    charger = Charger(handlers={"Heartbeat": lambda _: Reply({}, None, lambda: charger.wire.log.append("sent"))})
    charger.receive(2, "a", "Heartbeat", {})
    charger.receive(2, "a", "Heartbeat", {})
    assert charger.wire.log == [
        [3, "a", {}],
        "sent",
        ("answered", "Heartbeat"),
        [3, "a", {}],
        ("answered", "Heartbeat"),
    ]


async def test_an_answer_that_is_durable_already_leaves_at_once() -> None:
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    done.set_result(None)
    charger = Charger(handlers={"Heartbeat": lambda _: Reply({}, done)})
    charger.receive(2, "a", "Heartbeat", {})
    assert charger.frames == [[3, "a", {}]]


async def test_retries_before_durability_are_each_answered_when_it_comes() -> None:
    start = Durable()
    charger = Charger(handlers={"DataTransfer": start})
    for _ in range(3):
        charger.receive(2, "a", "DataTransfer", {"vendorId": "V"})
    await settle()
    assert charger.frames == []
    start.commits[0].set_result(None)
    await settle()
    assert charger.frames == [[3, "a", {"transactionId": 1}]] * 3
    assert (len(start.commits), start.sent) == (1, 1)


@pytest.mark.parametrize("failure", [OSError("disk full"), None])
async def test_a_store_that_fails_closes_the_connection_instead_of_answering(failure: Exception | None) -> None:
    start = Durable()
    charger = Charger(handlers={"DataTransfer": start})
    call = charger.call()
    charger.receive(2, "a", "DataTransfer", {"vendorId": "V"})
    await settle()
    with capture_logs() as logs:
        if failure is None:
            start.commits[0].cancel()
        else:
            start.commits[0].set_exception(failure)
        await settle()
    assert [log["event"] for log in logs] == ["ocpp.not_durable"]
    assert charger.wire.log[1:] == [("close", 1011, "the message could not be stored")]
    charger.receive(2, "b", "Heartbeat", {})
    assert charger.handled == []
    with pytest.raises(ConnectionLost):
        await call


@pytest.mark.parametrize("failure", [OSError("disk full"), None])
async def test_nothing_is_answered_once_the_socket_is_gone(failure: Exception | None) -> None:
    start = Durable()
    charger = Charger(handlers={"DataTransfer": start})
    charger.receive(2, "a", "DataTransfer", {"vendorId": "V"})
    charger.connection.closed()
    charger.connection.closed()
    if failure is None:
        start.commits[0].set_result(None)
    else:
        start.commits[0].set_exception(failure)
    await settle()
    charger.receive(2, "b", "Heartbeat", {})
    assert charger.wire.log == []
    assert start.sent == 0


def test_a_hook_that_fails_stops_nothing() -> None:
    def fail() -> None:
        raise RuntimeError("a mistake")

    charger = Charger(handlers={"Heartbeat": lambda _: Reply({}, None, fail)})
    with capture_logs() as logs:
        charger.receive(2, "a", "Heartbeat", {})
    assert charger.wire.log == [[3, "a", {}], ("answered", "Heartbeat")]
    assert [log["event"] for log in logs] == ["ocpp.hook_failed"]


async def test_a_call_returns_the_validated_payload_of_its_answer() -> None:
    charger = Charger()
    call = charger.call()
    await settle()
    assert charger.frames == [[2, "m1", "Reset", {"type": "Soft"}]]
    charger.receive(3, "m1", {"status": "accepted", "extra": 1})
    assert await call == {"status": "Accepted"}


async def test_fifty_calls_go_out_one_at_a_time_in_their_order() -> None:
    charger = Charger()
    calls = [charger.call(("ChangeConfiguration", {"key": f"k{n}", "value": "1"})) for n in range(50)]
    await settle()
    for n in range(50):
        assert len(charger.frames) == n + 1
        assert charger.frames[n] == [2, f"m{n + 1}", "ChangeConfiguration", {"key": f"k{n}", "value": "1"}]
        charger.receive(3, f"m{n + 1}", {"status": "Accepted"})
    assert await asyncio.gather(*calls) == [{"status": "Accepted"}] * 50


async def test_crossing_requests_are_answered_while_a_call_waits() -> None:
    charger = Charger()
    call = charger.call()
    await settle()
    charger.receive(2, "m1", "Heartbeat", {})
    assert charger.frames[1:] == [answer("m1", 1)]
    assert not call.done()
    charger.receive(3, "m1", {"status": "Accepted"})
    assert await call == {"status": "Accepted"}


@pytest.mark.parametrize(
    ("frame", "code", "description", "details"),
    [
        ([4, "m1", "NotSupported", "no", {"a": 1}], "NotSupported", "no", {"a": 1}),
        ([4, "m1", "NotSupported"], "NotSupported", "", {}),
        ([4, "m1"], "GenericError", "", {}),
        ([4, "m1", None, 7, "?"], "GenericError", "", {}),
    ],
)
async def test_an_error_however_short_ends_the_call(
    frame: list[object], code: str, description: str, details: JsonObject
) -> None:
    charger = Charger()
    call = charger.call()
    await settle()
    charger.receive(*frame)
    with pytest.raises(CallErrorAnswered) as error:
        await call
    assert (error.value.code, error.value.description, error.value.details) == (code, description, details)


@pytest.mark.parametrize("payload", [{}, {"status": "Perhaps"}, [], "Accepted", None])
async def test_an_answer_beyond_repair_ends_the_call_and_frees_the_slot(payload: object) -> None:
    charger = Charger()
    first, second = charger.call(), charger.call()
    await settle()
    charger.receive(3, "m1", payload)
    with pytest.raises(AnswerInvalid):
        await first
    assert [frame[1] for frame in charger.frames] == ["m1", "m2"]
    charger.receive(3, "m2", {"status": "Accepted"})
    assert await second == {"status": "Accepted"}


async def test_a_timeout_frees_the_slot_and_a_late_answer_matches_nothing(advance: Advance) -> None:
    charger = Charger()
    first, second = charger.call(), charger.call()
    await settle()
    await advance(TIMEOUT_S)
    with pytest.raises(CallTimeout):
        await first
    with capture_logs() as logs:
        charger.receive(3, "m1", {"status": "Rejected"})
        charger.receive(4, "m1", "InternalError", "", {})
    assert [log["event"] for log in logs] == ["ocpp.answer_unmatched"] * 2
    assert not second.done()
    charger.receive(3, "m2", {"status": "Accepted"})
    assert await second == {"status": "Accepted"}


async def test_the_timeout_counts_from_the_moment_the_frame_is_sent(advance: Advance) -> None:
    charger = Charger()
    first, second = charger.call(), charger.call()
    await settle()
    await advance(TIMEOUT_S - 1)
    assert not first.done()
    charger.receive(3, "m1", {"status": "Accepted"})
    await advance(TIMEOUT_S - 1)
    assert first.done()
    assert not second.done()
    await advance(1)
    with pytest.raises(CallTimeout):
        await second


async def test_a_lost_connection_ends_every_call_and_every_later_one() -> None:
    charger = Charger()
    calls = [charger.call() for _ in range(3)]
    await settle()
    charger.connection.closed()
    outcomes = await asyncio.gather(*calls, charger.call(), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [ConnectionLost] * 4
    assert len(charger.frames) == 1


async def test_a_full_queue_refuses_the_next_call() -> None:
    charger = Charger(max_queued_calls=2)
    calls = [charger.call() for _ in range(3)]
    await settle()
    with pytest.raises(QueueFull):
        await charger.call()
    calls[2].cancel()
    await settle()
    charger.call()
    await settle()
    for message_id in ("m1", "m2", "m5"):
        charger.receive(3, message_id, {"status": "Accepted"})
    assert [frame[1] for frame in charger.frames] == ["m1", "m2", "m5"]


async def test_a_cancelled_call_that_waits_is_never_sent() -> None:
    charger = Charger()
    first, second, third = (charger.call() for _ in range(3))
    await settle()
    second.cancel()
    charger.receive(3, "m1", {"status": "Accepted"})
    await settle()
    assert [frame[1] for frame in charger.frames] == ["m1", "m3"]
    charger.receive(3, "m3", {"status": "Accepted"})
    assert list(await asyncio.gather(first, third)) == [{"status": "Accepted"}] * 2
    assert second.cancelled()


async def test_a_cancelled_call_that_was_sent_keeps_the_slot_until_its_answer() -> None:
    charger = Charger()
    first, second = charger.call(), charger.call()
    await settle()
    first.cancel()
    await settle()
    assert [frame[1] for frame in charger.frames] == ["m1"]
    charger.receive(3, "m1", {"status": "Accepted"})
    await settle()
    assert [frame[1] for frame in charger.frames] == ["m1", "m2"]
    charger.receive(3, "m2", {"status": "Rejected"})
    assert await second == {"status": "Rejected"}


async def test_a_cancelled_call_that_was_sent_frees_the_slot_at_its_timeout(advance: Advance) -> None:
    charger = Charger()
    first, second = charger.call(), charger.call()
    await settle()
    first.cancel()
    await advance(TIMEOUT_S)
    assert [frame[1] for frame in charger.frames] == ["m1", "m2"]
    charger.receive(3, "m2", {"status": "Accepted"})
    assert await second == {"status": "Accepted"}


async def test_a_request_that_breaks_its_schema_is_never_sent_and_takes_no_slot() -> None:
    charger = Charger()
    with pytest.raises(ValueError, match="type"):
        await charger.call(("Reset", {"type": "Warm"}))
    assert charger.frames == []
    call = charger.call()
    await settle()
    charger.receive(3, "m2", {"status": "Accepted"})
    assert await call == {"status": "Accepted"}


IDS = st.text(max_size=40) | st.integers() | st.none() | st.dictionaries(st.text(max_size=2), st.integers(), max_size=1)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=True) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
CALLS = st.tuples(
    st.just(2),
    IDS,
    st.sampled_from(["Heartbeat", "Authorize", "StartTransaction", "MeterValues", "Nonsense"]) | ANYTHING,
    ANYTHING | st.fixed_dictionaries({}, optional={"idTag": ANYTHING, "connectorId": ANYTHING, "meterValue": ANYTHING}),
).map(list)
MESSAGES = (
    CALLS
    | CALLS.map(lambda call: call[:3])
    | st.lists(ANYTHING, max_size=5)
    | st.tuples(st.integers(0, 6), IDS, ANYTHING).map(list)
)


@settings(derandomize=True, max_examples=400, deadline=None)
@given(st.lists(MESSAGES.map(json.dumps) | st.text(max_size=20) | st.binary(max_size=20), max_size=5))
def test_no_frame_raises_and_every_call_with_a_readable_id_gets_exactly_one_answer(frames: list[str | bytes]) -> None:
    for subprotocol in (OCPP16, OCPP201):
        handlers = {action: lambda _: Reply({}) for action in ("StartTransaction", "MeterValues")}
        charger = Charger(subprotocol, handlers)
        for frame in frames:
            before = len(charger.frames)
            charger.connection.receive(frame)
            answers = charger.frames[before:]
            message_id = readable_call_id(frame)
            if message_id is None:
                assert len(answers) <= 1
            else:
                assert [(sent[0] in {3, 4}, sent[1]) for sent in answers] == [(True, message_id)]


def readable_call_id(frame: str | bytes) -> str | None:
    """The id of a frame that strict JSON reads as a CALL with an id."""

    def refuse(_: str) -> None:
        raise ValueError

    try:
        message = json.loads(frame, parse_constant=refuse)
    except ValueError:
        return None
    is_call = isinstance(message, list) and len(message) > 1 and message[0] == 2 and isinstance(message[1], str)
    return message[1] if is_call else None
