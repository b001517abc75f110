"""How a server stops, whichever way a socket is read: nothing is lost, and not everybody comes back at once."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import orjson
import pytest
import structlog
from charge_point_house import House
from websockets.exceptions import ConnectionClosed, InvalidStatus

from csms.charge_points import guard, server, sockets
from csms.charge_points.sockets import QueuedTransport
from csms.domain import events as ev

PATHS = ("/ocpp/CP-1", "/ocpp/OLD", "/ocpp/FREE")


class Disk:
    """What the store's flush waits for: everything that is held is written once it turns again."""

    def __init__(self) -> None:
        self.house: House | None = None
        self.turns = asyncio.Event()
        self.flushes = 0

    async def flush(self) -> None:
        self.flushes += 1
        await self.turns.wait()
        assert self.house is not None
        for future in self.house.site.held or []:
            if not future.done():
                future.set_result(None)


@pytest.fixture
def disk() -> Disk:
    return Disk()


@pytest.fixture(params=[True, False], ids=["direct", "public interface"])
async def house(request: pytest.FixtureRequest, disk: Disk) -> AsyncIterator[House]:
    running = House(direct=request.param, flush=disk.flush)
    disk.house = running
    await running.start()
    yield running
    disk.turns.set()
    await running.server.stop()


def start(message_id: str) -> str:
    payload = {"connectorId": 1, "idTag": "TAG", "meterStart": 0, "timestamp": "2026-05-28T20:26:40Z"}
    return orjson.dumps([2, message_id, "StartTransaction", payload]).decode()


async def until(reached: Callable[[], object]) -> None:
    async with asyncio.timeout(5):
        while not reached():
            await asyncio.sleep(0.01)


async def the_rest(socket: Any) -> tuple[list[str], int]:
    """The ids of the answers that still came, and the code it was closed with."""
    ids = []
    with contextlib.suppress(ConnectionClosed):
        async with asyncio.timeout(5):
            while True:
                frame = orjson.loads(await socket.recv())
                if frame[0] == 3:
                    ids.append(frame[1])
    return ids, socket.close_code


async def test_one_charge_point_is_closed_at_once(house: House, disk: Disk) -> None:
    disk.turns.set()
    async with house.connect() as socket:
        await house.until(ev.ChargePointConnected)
        resting = asyncio.create_task(the_rest(socket))
        begun_s = asyncio.get_running_loop().time()
        await house.server.stop()
        assert asyncio.get_running_loop().time() - begun_s < 0.5
        assert await resting == ([], 1012)


async def test_what_waits_for_the_disk_is_answered_before_the_socket_is_closed(house: House, disk: Disk) -> None:
    house.site.held = []
    async with house.connect() as socket:
        await socket.send(start("s-1"))
        await house.until(ev.TransactionStarted)
        stopping = asyncio.create_task(house.server.stop())
        await until(lambda: disk.flushes)
        disk.turns.set()
        assert await the_rest(socket) == (["s-1"], 1012)
        await stopping


async def test_what_comes_while_it_is_written_is_answered_or_not_begun(
    house: House, disk: Disk, request: pytest.FixtureRequest
) -> None:
    async with house.connect() as socket:
        await house.until(ev.ChargePointConnected)
        stopping = asyncio.create_task(house.server.stop())
        await until(lambda: disk.flushes)
        house.site.held = []
        await socket.send(start("late"))
        await asyncio.sleep(0.1)
        disk.turns.set()
        answers, code = await the_rest(socket)
        await stopping
    begun = len(house.site.recorded(ev.TransactionStarted))
    direct = request.node.callspec.params["house"]
    assert (begun, answers, code) == ((0, [], 1012) if direct else (1, ["late"], 1012))


async def test_whoever_knocks_meanwhile_is_told_to_come_later(house: House, disk: Disk) -> None:
    async with house.connect() as socket:
        await house.until(ev.ChargePointConnected)
        stopping = asyncio.create_task(house.server.stop())
        await until(lambda: disk.flushes)
        with pytest.raises(InvalidStatus) as refused:
            async with house.connect("/ocpp/OLD", open_timeout=5):
                pass
        assert refused.value.response.status_code == 503
        disk.turns.set()
        assert (await the_rest(socket))[1] == 1012
        await stopping
    with pytest.raises(OSError, match="Connect call failed"):
        async with house.connect():
            pass


async def test_many_are_closed_one_after_the_other(house: House, disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "_CLOSED_AT_ONCE", 1)
    disk.turns.set()
    loop, ends_s = asyncio.get_running_loop(), list[float]()

    async def note_the_end(socket: Any) -> None:
        assert await the_rest(socket) == ([], 1012)
        ends_s.append(loop.time())

    async with contextlib.AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(house.connect(path)) for path in PATHS]
        await until(lambda: len(house.site.recorded(ev.ChargePointConnected)) == len(PATHS))
        noting = [asyncio.create_task(note_the_end(socket)) for socket in sockets]
        await house.server.stop()
        await asyncio.gather(*noting)
    assert ends_s[-1] - ends_s[0] >= 0.15
    assert disk.flushes == len(PATHS)
    assert len(house.site.recorded(ev.ChargePointDisconnected)) == len(PATHS)


async def test_a_disk_that_hangs_or_fails_holds_nobody_up_for_long(
    house: House, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "_CLOSED_AT_ONCE", 1)
    monkeypatch.setattr(server, "_FLUSH_TIMEOUT_S", 0.1)
    async with house.connect() as one, house.connect("/ocpp/OLD") as other:
        await until(lambda: len(house.site.recorded(ev.ChargePointConnected)) == 2)
        with structlog.testing.capture_logs() as lines:
            resting = [asyncio.create_task(the_rest(socket)) for socket in (one, other)]
            await house.server.stop()
            assert [code for _, code in await asyncio.gather(*resting)] == [1012, 1012]
    assert [line["event"] for line in lines if line["log_level"] == "error"] == ["ocpp.flush_failed"]
    assert disk.flushes == 1


async def test_who_does_not_close_is_cut_and_recorded(
    house: House, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "STOP_TIMEOUT_S", 0.3)
    disk.turns.set()
    async with house.connect(close_timeout=0.1) as socket:
        await house.until(ev.ChargePointConnected)
        socket.transport.pause_reading()
        begun_s = asyncio.get_running_loop().time()
        await house.server.stop()
        assert asyncio.get_running_loop().time() - begun_s < 1.5
        assert len(house.site.recorded(ev.ChargePointDisconnected)) == 1
        socket.transport.abort()


async def test_who_never_said_who_it_is_holds_nobody_up(house: House, disk: Disk) -> None:
    disk.turns.set()
    reader, writer = await asyncio.open_connection("127.0.0.1", house.port)
    await asyncio.sleep(0.05)
    begun_s = asyncio.get_running_loop().time()
    await house.server.stop()
    assert asyncio.get_running_loop().time() - begun_s < 1
    with contextlib.suppress(ConnectionError):
        assert await reader.read() == b""
    writer.close()


class SlowSocket:
    """A socket whose network takes its time, or all the time there is."""

    def __init__(self, takes_s: float) -> None:
        self.seen: list[object] = []
        self._takes_s = takes_s

    async def send(self, text: str) -> None:
        await asyncio.sleep(self._takes_s)
        self.seen.append(text)

    async def close(self, code: int, _reason: str) -> None:
        self.seen.append(code)


@pytest.mark.parametrize(("takes_s", "seen"), [(0.02, ["one", "two", 1012]), (60, [1012])])
async def test_a_queue_is_emptied_before_the_close_but_not_for_ever(
    monkeypatch: pytest.MonkeyPatch, takes_s: float, seen: list[object]
) -> None:
    monkeypatch.setattr(sockets, "_LAST_FRAMES_S", 0.3)
    socket = SlowSocket(takes_s)
    transport = QueuedTransport(socket)  # type: ignore[arg-type]  # only what the transport uses
    writing = asyncio.create_task(transport.write())
    transport.send("one")
    transport.send("two")
    transport.leave(1012, "restart")
    await until(lambda: 1012 in socket.seen)
    assert socket.seen == seen
    writing.cancel()
