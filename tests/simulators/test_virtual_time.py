import asyncio

import pytest

from simulators.memory import MemoryPipe
from simulators.transport import TransportClosed
from simulators.virtual_time import DEFAULT_START_S, Deadlock, VirtualTimeLoop, run, virtual_clock


def test_an_hour_passes_at_once_and_exactly() -> None:
    async def main() -> tuple[float, float]:
        await asyncio.sleep(3600)
        return asyncio.get_running_loop().time(), virtual_clock().now_s()

    assert run(main()) == (3600.0, DEFAULT_START_S + 3600.0)


def test_waiting_for_nothing_is_a_deadlock_that_names_who_waits() -> None:
    async def main() -> None:
        await asyncio.create_task(asyncio.Event().wait(), name="the one who waits")

    with pytest.raises(Deadlock, match="the one who waits"):
        run(main())


def test_threads_are_refused() -> None:
    async def main() -> None:
        await asyncio.to_thread(lambda: None)

    with pytest.raises(RuntimeError, match="no threads on virtual time"):
        run(main())


async def test_the_virtual_clock_exists_on_virtual_time_only() -> None:
    assert not isinstance(asyncio.get_running_loop(), VirtualTimeLoop)
    with pytest.raises(TypeError, match="not a VirtualTimeLoop"):
        virtual_clock()


def test_frames_take_their_time_and_never_overtake_each_other() -> None:
    async def main() -> list[tuple[str, float]]:
        near, far = MemoryPipe.pair(to_second=lambda text: {"slow": 5.0, "fast": 1.0, "last": 1.0}[text])
        for text in ("slow", "fast", "last"):
            await near.send(text)
        loop = asyncio.get_running_loop()
        return [(await far.receive(), loop.time()) for _ in range(3)]

    assert run(main()) == [("slow", 5.0), ("fast", 5.0), ("last", 5.0)]


def test_a_closed_pipe_delivers_what_was_sent_before() -> None:
    async def main() -> str:
        near, far = MemoryPipe.pair(to_second=lambda _: 2.0)
        await near.send("goodbye")
        await near.close()
        text = await far.receive()
        with pytest.raises(TransportClosed):
            await far.receive()
        with pytest.raises(TransportClosed):
            await far.send("too late")
        return text

    assert run(main()) == "goodbye"


def test_a_cut_pipe_loses_what_is_under_way() -> None:
    async def main() -> None:
        near, far = MemoryPipe.pair(to_second=lambda _: 2.0)
        await near.send("lost")
        near.cut()
        with pytest.raises(TransportClosed):
            await far.receive()

    run(main())
