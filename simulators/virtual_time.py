"""An asyncio event loop whose clock jumps to the next timer as soon as nothing is ready.

An hour of charging takes milliseconds, and the same program takes the same steps in the same order every time:
the loop has no sockets, no threads and no other source of events than its own timers.
"""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from typing import Any, TypeVar, TypeVarTuple, Unpack

Result = TypeVar("Result")
Arguments = TypeVarTuple("Arguments")

DEFAULT_START_S = 1_767_225_600.0  # 2026-01-01T00:00:00Z, a Thursday


class Deadlock(RuntimeError):
    """Every task waits for something that no timer will ever bring."""


class VirtualTimeLoop(asyncio.BaseEventLoop):
    """An event loop without I/O on virtual time. It is a `Clock` too: `now_s()` is `start_s` plus the time passed.

    Whatever needs a file descriptor, a subprocess or a thread raises; memory pipes take the place of sockets.
    """

    def __init__(self, start_s: float = DEFAULT_START_S) -> None:
        super().__init__()
        self._start_s = start_s
        self._elapsed_s = 0.0
        self._selector = _TimeSelector(self._jump)
        self._clock_resolution = 1e-9

    def time(self) -> float:
        return self._elapsed_s

    def now_s(self) -> float:
        return self._start_s + self._elapsed_s

    def compute(self, duration_s: float) -> None:
        """Time passes as if the caller had computed for so long: nothing else runs meanwhile."""
        self._jump(duration_s)

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[Unpack[Arguments]], Result], *args: *Arguments
    ) -> asyncio.Future[Result]:
        raise RuntimeError("no threads on virtual time: a result from one would arrive at no particular instant")

    def _jump(self, wait_s: float | None) -> None:
        if wait_s is None:
            waiting = sorted(task.get_name() for task in asyncio.all_tasks(self))
            raise Deadlock(f"nothing is ready and no timer is set; waiting: {', '.join(waiting) or 'nobody'}")
        self._elapsed_s += max(wait_s, 0.0)

    # What BaseEventLoop asks of its platform half.

    def _process_events(self, event_list: list[object]) -> None:
        pass

    def _write_to_self(self) -> None:
        pass


class _TimeSelector:
    """Where a real loop waits for sockets, this one lets time pass."""

    def __init__(self, jump: Callable[[float | None], None]) -> None:
        self._jump = jump

    def select(self, timeout: float | None) -> list[object]:
        self._jump(timeout)
        return []


def run(main: Coroutine[Any, Any, Result], *, start_s: float = DEFAULT_START_S) -> Result:
    """Run a coroutine to its end on a new virtual-time loop, as `asyncio.run` would. Raises Deadlock."""
    with asyncio.Runner(loop_factory=lambda: VirtualTimeLoop(start_s)) as runner:
        return runner.run(main)


def virtual_clock() -> VirtualTimeLoop:
    """The running virtual-time loop, as the clock to hand to what runs on it. Raises TypeError on any other."""
    loop = asyncio.get_running_loop()
    if not isinstance(loop, VirtualTimeLoop):
        raise TypeError("the running event loop is not a VirtualTimeLoop")
    return loop
