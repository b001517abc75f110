"""What is counted of the traffic with a charge point."""

import asyncio
import itertools
import json
from collections.abc import Callable, Mapping

import pytest

from csms.charge_points.codec import JsonObject, codec_for
from csms.charge_points.connection import CallFailed, Connection, QueueFull, Refused, Reply
from csms.domain.tallies import OcppTally
from simulators.virtual_time import run

RESET = ("Reset", {"type": "Soft"})


class Silence:
    """A transport that keeps what is sent to itself."""

    def send(self, text: str) -> None:
        pass

    def close(self, code: int, reason: str) -> None:
        pass


def connection(tally: OcppTally, **handlers: Callable[[JsonObject], Reply]) -> Connection:
    ids = itertools.count(1)
    return Connection(
        charge_point_id="CP1",
        connection_id="C1",
        codec=codec_for("ocpp1.6"),
        handlers={"Heartbeat": lambda _payload: Reply({"currentTime": "2024-05-01T10:00:00Z"}), **handlers},
        transport=Silence(),
        call_timeout_s=30,
        new_message_id=lambda: f"m{next(ids)}",
        max_queued_calls=1,
        tally=tally,
    )


def counted(requests: Mapping[tuple[str, str], Mapping[str, int]]) -> dict[tuple[str, str, str], int]:
    """By protocol, action and result, where there was any."""
    return {
        (protocol, action, result): number
        for (protocol, result), by_action in requests.items()
        for action, number in by_action.items()
        if number
    }


def refuse(_payload: JsonObject) -> Reply:
    raise Refused("SecurityError", "not you")


RECEIVED = [
    (["Heartbeat", {}], ("ocpp1.6", "Heartbeat", "Answered")),
    (["StatusNotification", {}], ("ocpp1.6", "unknown", "NotImplemented")),
    (["Whatever " * 1000, {}], ("ocpp1.6", "unknown", "NotImplemented")),
    (["Authorize", {"idTag": "A"}], ("ocpp1.6", "Authorize", "SecurityError")),
    (["BootNotification", {}], ("ocpp1.6", "BootNotification", "OccurenceConstraintViolation")),
]


@pytest.mark.parametrize(("said", "expected"), RECEIVED, ids=lambda value: str(value)[:40])
def test_a_request_is_counted_by_its_action_and_what_it_was_answered_with(
    said: list[object], expected: tuple[str, str, str]
) -> None:
    tally = OcppTally()
    connection(tally, Authorize=refuse, BootNotification=refuse).receive(json.dumps([2, "1", *said]))
    assert counted(tally.received) == {expected: 1}


@pytest.mark.parametrize("frame", ["", "[]", "hello", '[2, "1", "Heartbeat", []]', "[2, 1]"])
def test_a_frame_that_is_no_message_is_counted_by_itself(frame: str) -> None:
    tally = OcppTally()
    connection(tally).receive(frame)
    assert (tally.undecodable, counted(tally.received)) == (1, {})


async def test_an_answer_that_could_not_be_stored_is_told_from_one_that_left() -> None:
    tally = OcppTally()
    durable = asyncio.get_running_loop().create_future()
    talk = connection(tally, Heartbeat=lambda _payload: Reply({"currentTime": "2024-05-01T10:00:00Z"}, durable))
    talk.receive('[2, "1", "Heartbeat", {}]')
    assert not counted(tally.received)
    durable.set_exception(OSError("the disk is full"))
    await asyncio.sleep(0)
    assert counted(tally.received) == {("ocpp1.6", "Heartbeat", "NotStored"): 1}


def test_a_repeated_request_counts_each_time_it_is_answered() -> None:
    tally = OcppTally()
    talk = connection(tally)
    for _ in range(3):
        talk.receive('[2, "1", "Heartbeat", {}]')
    assert counted(tally.received) == {("ocpp1.6", "Heartbeat", "Answered"): 3}


ANSWERS = [
    ('[3, "m1", {"status": "Accepted"}]', "Answered"),
    ('[3, "m1", {"status": 7}]', "AnswerInvalid"),
    ('[4, "m1", "GenericError", "", {}]', "CallErrorAnswered"),
    (None, "CallTimeout"),
    ("lost", "ConnectionLost"),
]


@pytest.mark.parametrize(("answer", "result"), ANSWERS)
def test_a_request_of_ours_is_counted_by_what_became_of_it_and_timed(answer: str | None, result: str) -> None:
    async def story() -> None:
        tally = OcppTally()
        talk = connection(tally)
        call = asyncio.ensure_future(talk.call(RESET))
        await asyncio.sleep(2)
        assert tally.waiting == 1
        if answer == "lost":
            talk.closed()
        elif answer is not None:
            talk.receive(answer)
        await asyncio.gather(call, return_exceptions=True)
        assert counted(tally.sent) == {("ocpp1.6", "Reset", result): 1}
        assert round(tally.answer_times["Reset"].total, 3) == (30 if answer is None else 2)
        assert tally.waiting == 0

    run(story())


def test_a_request_that_never_left_is_counted_and_not_timed() -> None:
    async def story() -> None:
        tally = OcppTally()
        talk = connection(tally)
        calls = [asyncio.ensure_future(talk.call(RESET)) for _ in range(2)]
        await asyncio.sleep(1)
        with pytest.raises(QueueFull):
            await talk.call(RESET)
        talk.closed()
        assert all(isinstance(end, CallFailed) for end in await asyncio.gather(*calls, return_exceptions=True))
        assert counted(tally.sent) == {
            ("ocpp1.6", "Reset", "QueueFull"): 1,
            ("ocpp1.6", "Reset", "ConnectionLost"): 2,
        }
        assert sum(tally.answer_times["Reset"].counts) == 1

    run(story())
