"""Whose turn it is: one call on the wire, and what can wait waits until nothing else is to be said."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from csms.charge_points.calls import Calls, ConnectionLost, Outgoing
from simulators.virtual_time import run

TIMEOUT_S = 30.0


class Wire:
    """Keeps what was sent."""

    def __init__(self) -> None:
        self.sent: list[str] = []

    def send(self, text: str) -> None:
        self.sent.append(text)


def call(name: str) -> Outgoing:
    return Outgoing(name, name, name)


def play(story: Callable[[Wire, Calls], Awaitable[None]]) -> None:
    async def main() -> None:
        wire = Wire()
        await story(wire, Calls(wire, TIMEOUT_S, max_queued=10))

    run(main())


async def when_quiet(calls: Calls, name: str) -> None:
    await calls.quiet()
    await calls.run(call(name))


def test_what_can_wait_lets_what_an_answer_leads_to_go_first() -> None:
    async def story(wire: Wire, calls: Calls) -> None:
        limit = asyncio.ensure_future(calls.run(call("limit")))
        question = asyncio.ensure_future(when_quiet(calls, "question"))
        await asyncio.sleep(5)
        assert wire.sent == ["limit"]
        calls.finish("limit", {})
        await asyncio.sleep(0.02)
        another = asyncio.ensure_future(calls.run(call("another limit")))
        await asyncio.sleep(5)
        assert wire.sent == ["limit", "another limit"]
        calls.finish("another limit", {})
        await asyncio.sleep(1)
        assert wire.sent == ["limit", "another limit", "question"]
        calls.finish("question", {})
        await asyncio.gather(limit, question, another)

    play(story)


def test_of_several_that_can_wait_one_goes_at_a_time() -> None:
    async def story(wire: Wire, calls: Calls) -> None:
        questions = [asyncio.ensure_future(when_quiet(calls, name)) for name in "ab"]
        await asyncio.sleep(1)
        assert not calls.idle
        calls.finish("a", {})
        await asyncio.sleep(1)
        calls.finish("b", {})
        await asyncio.gather(*questions)
        assert wire.sent == ["a", "b"]

    play(story)


@pytest.mark.parametrize("ends", ["answer", "timeout", "connection"])
def test_who_waits_for_an_idle_line_is_told_once(ends: str) -> None:
    async def story(_wire: Wire, calls: Calls) -> None:
        told: list[bool] = []
        calls.when_idle(lambda: told.append(calls.idle))
        assert told == [True]
        limit = asyncio.ensure_future(calls.run(call("limit")))
        await asyncio.sleep(0)
        calls.when_idle(lambda: told.append(calls.idle))
        assert told == [True]
        if ends == "answer":
            calls.finish("limit", {})
        elif ends == "connection":
            calls.end()
        else:
            await asyncio.sleep(TIMEOUT_S + 1)
        assert told == [True, True]
        await asyncio.gather(limit, return_exceptions=True)
        calls.finish("limit", {})
        assert told == [True, True]

    play(story)


def test_what_waits_is_not_kept_waiting_by_the_end_of_the_connection() -> None:
    async def story(_wire: Wire, calls: Calls) -> None:
        limit = asyncio.ensure_future(calls.run(call("limit")))
        waiting = asyncio.ensure_future(calls.quiet())
        await asyncio.sleep(1)
        calls.end()
        await asyncio.wait_for(waiting, 1)
        with pytest.raises(ConnectionLost):
            await limit

    play(story)
