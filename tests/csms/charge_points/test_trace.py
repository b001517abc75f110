"""The trace of a charge point: what it keeps, and how little."""

from __future__ import annotations

import itertools
import json

from csms.charge_points.codec import OCPP16, codec_for
from csms.charge_points.connection import Connection, Reply
from csms.charge_points.trace import LARGEST_FRAME, Trace, TraceLimits
from csms.domain.model import Moment


def _trace(messages: int = 4, characters: int = 1000) -> Trace:
    ticks = itertools.count(100)
    return Trace(lambda: Moment(float(next(ticks)), 0.0), TraceLimits(messages, characters))


def _texts(trace: Trace, after: int = 0, limit: int = 100) -> list[str]:
    return [message.text for message in trace.messages(after, limit).items]


def test_it_keeps_the_last_messages_and_counts_all() -> None:
    trace = _trace()
    for number in range(1, 11):
        trace.note(f"m{number}", number % 2 == 0)
    found = trace.messages(0, 100)
    assert [(m.number, m.text, m.sent, m.at_s) for m in found.items] == [
        (7, "m7", False, 106.0),
        (8, "m8", True, 107.0),
        (9, "m9", False, 108.0),
        (10, "m10", True, 109.0),
    ]
    assert found.newest == 10


def test_it_keeps_no_more_characters_than_it_may() -> None:
    trace = _trace(messages=100, characters=10)
    for text in ("aaaa", "bbbb", "cccc"):
        trace.note(text, False)
    assert _texts(trace) == ["bbbb", "cccc"]
    trace.note("d" * 11, False)
    assert _texts(trace) == []
    assert trace.messages(0, 1).newest == 4


def test_a_question_goes_on_from_a_number_and_takes_the_last_of_too_many() -> None:
    trace = _trace(messages=10)
    for number in range(1, 6):
        trace.note(f"m{number}", False)
    assert _texts(trace, after=3) == ["m4", "m5"]
    assert _texts(trace, after=5) == []
    assert _texts(trace, limit=2) == ["m4", "m5"]
    assert _texts(trace, after=1000, limit=2) == ["m4", "m5"]  # a number of an earlier process


def test_of_a_huge_frame_only_the_beginning_is_kept() -> None:
    trace = _trace(characters=1_000_000)
    trace.note(b"\xff" + b"x" * LARGEST_FRAME, False)
    (message,) = trace.messages(0, 1).items
    assert (message.size, len(message.text), message.text[0]) == (LARGEST_FRAME + 1, LARGEST_FRAME, "�")


def test_a_connection_tells_every_frame_that_comes_and_every_one_that_leaves() -> None:
    class Wire:
        def __init__(self) -> None:
            self.sent: list[str] = []

        def send(self, text: str) -> None:
            self.sent.append(text)

        def close(self, code: int, reason: str) -> None: ...

    wire, told = Wire(), list[tuple[str | bytes, bool]]()
    connection = Connection(
        charge_point_id="CP1",
        connection_id="C1",
        codec=codec_for(OCPP16),
        handlers={"Heartbeat": lambda _payload: Reply({"currentTime": "2024-06-01T12:00:00Z"})},
        transport=wire,
        call_timeout_s=5,
        new_message_id=lambda: "m",
        trace=lambda frame, sent: told.append((frame, sent)),
    )
    call = json.dumps([2, "1", "Heartbeat", {}])
    for frame in (call, "nonsense"):
        connection.receive(frame)
    assert told == [(call, False), (wire.sent[0], True), ("nonsense", False), *((text, True) for text in wire.sent[1:])]
    connection.closed()
    connection.receive(call)
    assert len(told) == 2 + len(wire.sent)
