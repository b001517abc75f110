"""What is asked of a charge point's socket and of strangers, over real sockets, whichever way a socket is read."""

import asyncio
import contextlib
import dataclasses
from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Iterator, MutableMapping, Sequence
from typing import Any

import orjson
import pytest
import structlog
from charge_point_house import PASSWORD, House
from websockets.exceptions import ConnectionClosed

from csms.app import connection_limits
from csms.charge_points import guard, server
from csms.charge_points.guard import Limits
from csms.config import OcppConfig

UPGRADE = (
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)

Lines = list[MutableMapping[str, Any]]
Open = Callable[[Limits], Any]


@pytest.fixture(params=[True, False], ids=["direct", "public interface"])
def opened(request: pytest.FixtureRequest) -> Open:
    @contextlib.asynccontextmanager
    async def opened(limits: Limits) -> AsyncIterator[House]:
        house = House(direct=request.param, limits=limits)
        await house.start()
        try:
            yield house
        finally:
            await house.server.stop()

    return opened


@pytest.fixture
def lines() -> Iterator[Lines]:
    with structlog.testing.capture_logs() as captured:
        yield captured


def told(lines: Lines, event: str) -> Lines:
    return [line for line in lines if line["event"] == event]


def heartbeats(numbers: range) -> list[str]:
    return [orjson.dumps([2, f"h{n}", "Heartbeat", {}]).decode() for n in numbers]


def basic(password: str, user: str = "SAFE") -> dict[str, str]:
    return {"Authorization": "Basic " + b64encode(f"{user}:{password}".encode()).decode()}


async def answered(socket: Any, count: int) -> list[str]:
    """The ids of so many answers; requests of the central system are passed over."""
    ids: list[str] = []
    async with asyncio.timeout(20):
        while len(ids) < count:
            frame = orjson.loads(await socket.recv())
            if frame[0] == 3:
                ids.append(frame[1])
    return ids


async def send_all(socket: Any, messages: Sequence[str]) -> None:
    with contextlib.suppress(ConnectionClosed):
        for message in messages:
            await socket.send(message)


@pytest.mark.parametrize("section", [{}, {field.name: n + 1 for n, field in enumerate(dataclasses.fields(Limits))}])
def test_the_limits_are_those_of_the_configuration(section: dict[str, int]) -> None:
    if section:
        section = section | {"max_bytes_per_s": 2000, "stop_spread_s": 1}
    assert connection_limits(OcppConfig.model_validate(section)) == Limits(**section)


# Messages.


@pytest.mark.parametrize("compression", [None, "deflate"])
async def test_a_queue_that_waited_out_an_outage_is_answered_in_order_and_told_once(
    opened: Open, lines: Lines, compression: str | None
) -> None:
    async with opened(Limits(max_messages_per_s=200)) as house, house.connect(compression=compression) as socket:
        begun_s = asyncio.get_running_loop().time()
        sending = asyncio.create_task(send_all(socket, heartbeats(range(2400))))
        assert await answered(socket, 2400) == [f"h{n}" for n in range(2400)]
        await sending
        await send_all(socket, heartbeats(range(1)))
        assert await answered(socket, 1) == ["h0"]
        took_s = asyncio.get_running_loop().time() - begun_s
    assert took_s >= 1.9
    assert told(lines, "charge_point.slowed") == [
        {"event": "charge_point.slowed", "log_level": "info", "charge_point_id": "CP-1"}
    ]
    assert told(lines, "charge_point.flood") == []


async def test_many_bytes_are_read_slowly_too(opened: Open, lines: Lines) -> None:
    long = orjson.dumps([2, "long", "DataTransfer", {"vendorId": "X", "data": "y" * 25_000}]).decode()
    async with opened(Limits(max_bytes_per_s=20_000)) as house, house.connect() as socket:
        begun_s = asyncio.get_running_loop().time()
        for number in range(9):
            await send_all(socket, [long.replace("long", f"long{number}")])
            await answered(socket, 1)
        await send_all(socket, heartbeats(range(1)))
        await answered(socket, 1)
        assert asyncio.get_running_loop().time() - begun_s >= 1.0
    assert len(told(lines, "charge_point.slowed")) == 1


@pytest.mark.parametrize("compression", [None, "deflate"])
async def test_only_who_never_lets_up_is_closed_and_that_is_told_once(
    opened: Open, lines: Lines, monkeypatch: pytest.MonkeyPatch, compression: str | None
) -> None:
    monkeypatch.setattr(guard, "FLOOD_S", 0.3)
    monkeypatch.setattr(server, "_CLOSE_TIMEOUT_S", 0.3)
    async with (
        opened(Limits(max_messages_per_s=100)) as house,
        house.connect(close_timeout=1, compression=compression) as socket,
    ):

        async def flood() -> None:
            for size in (1000, *[20] * 1000):
                for message in heartbeats(range(size)):
                    await socket.send(message)
                await answered(socket, size)

        with pytest.raises(ConnectionClosed) as closed:
            await flood()
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1008, "too many messages")
    assert [line["charge_point_id"] for line in told(lines, "charge_point.flood")] == ["CP-1"]


async def test_connecting_again_brings_no_new_allowance(opened: Open, lines: Lines) -> None:
    async with opened(Limits(max_messages_per_s=20)) as house:
        for expected in (0, 1):
            async with house.connect() as socket:
                await send_all(socket, heartbeats(range(105)))
                assert len(await answered(socket, 105)) == 105
            assert len(told(lines, "charge_point.slowed")) == expected


async def test_thousands_of_empty_fragments_are_too_many(opened: Open) -> None:
    async with opened(Limits()) as house, house.connect() as socket:

        async def fragments() -> AsyncIterator[str]:
            for _ in range(5000):
                yield ""

        with contextlib.suppress(ConnectionClosed):
            await socket.send(fragments())
        with pytest.raises(ConnectionClosed) as closed:
            await answered(socket, 1)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1009


async def test_who_is_read_slowly_is_not_taken_for_dead(lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "PING_INTERVAL_S", 0.2)
    house = House(limits=Limits(max_messages_per_s=100))
    await house.start()
    async with house.connect() as socket:
        await send_all(socket, heartbeats(range(1200)))
        assert len(await answered(socket, 1200)) == 1200
        await send_all(socket, heartbeats(range(1)))
        assert await answered(socket, 1) == ["h0"]
    await house.server.stop()
    assert len(told(lines, "charge_point.slowed")) == 1


# Handshakes.


async def silent(house: House) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", house.port)


async def ended(reader: asyncio.StreamReader, within_s: float = 5) -> bool:
    try:
        async with asyncio.timeout(within_s):
            return await reader.read(1) == b""
    except ConnectionError:
        return True
    except TimeoutError:
        return False


async def test_who_does_not_say_who_it_is_is_dropped_in_time(opened: Open) -> None:
    async with opened(Limits(handshake_timeout_s=0.2)) as house:
        reader, writer = await silent(house)
        writer.write(b"GET /ocpp/CP-1 HTTP/1.1\r\nHost: x\r\n")
        assert await ended(reader)
        writer.close()


async def test_dawdlers_make_room_for_a_charge_point_with_their_address(opened: Open, lines: Lines) -> None:
    async with opened(Limits(max_handshakes_per_address=3)) as house:
        dawdlers = []
        for _ in range(6):
            dawdlers.append(await silent(house))
            await asyncio.sleep(0.02)
        for reader, _ in dawdlers[:3]:
            assert await ended(reader)
        assert not await ended(dawdlers[3][0], within_s=0.1)
        async with house.connect() as socket:
            assert await ended(dawdlers[3][0])
            await send_all(socket, heartbeats(range(1)))
            assert await answered(socket, 1) == ["h0"]
        assert not await ended(dawdlers[5][0], within_s=0.1)
        for _, writer in dawdlers:
            writer.close()
    assert [line["address"] for line in told(lines, "ocpp.too_many_handshakes")] == ["127.0.0.1"]


async def test_connections_that_said_who_they_are_do_not_count(opened: Open, lines: Lines) -> None:
    async with opened(Limits(max_handshakes_per_address=2)) as house, contextlib.AsyncExitStack() as stack:
        paths = ("/ocpp/CP-1", "/ocpp/OLD")
        sockets = [await stack.enter_async_context(house.connect(path)) for path in paths]
        dawdlers = [await silent(house) for _ in range(2)]
        await asyncio.sleep(0.05)
        for socket in sockets:
            await send_all(socket, heartbeats(range(1)))
            assert await answered(socket, 1) == ["h0"]
        for reader, writer in dawdlers:
            assert not await ended(reader, within_s=0.05)
            writer.close()
    assert told(lines, "ocpp.too_many_handshakes") == []


# Failed logins.


async def refused(house: House, password: str, path: str = "/ocpp/SAFE", *, leaves: bool = False) -> int:
    """The status a guess is answered with; who leaves does not wait for it."""
    reader, writer = await silent(house)
    try:
        headers = "".join(f"{name}: {value}\r\n" for name, value in basic(password).items())
        writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\n{UPGRADE}{headers}\r\n".encode())
        if leaves:
            await asyncio.sleep(0.05)
            return 0
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        assert ("WWW-Authenticate: Basic" in head) is (" 401 " in head)
        return int(head.split()[1])
    finally:
        writer.transport.abort()


async def test_the_right_password_opens_while_wrong_ones_wait(opened: Open) -> None:
    async with opened(Limits(failed_login_delay_s=30, handshake_timeout_s=60)) as house:
        guesses = [asyncio.create_task(refused(house, f"guess {n}")) for n in range(14)]
        async with asyncio.timeout(5):
            while sum(guess.done() for guess in guesses) < 6:
                await asyncio.sleep(0.01)
        async with house.connect("/ocpp/SAFE", additional_headers=basic(PASSWORD)) as socket:
            await send_all(socket, heartbeats(range(1)))
            assert await answered(socket, 1) == ["h0"]
        assert sum(not guess.done() for guess in guesses) >= 3
        assert {guess.result() for guess in guesses if guess.done()} == {401}
        for guess in guesses:
            guess.cancel()
        await asyncio.gather(*guesses, return_exceptions=True)


@pytest.mark.parametrize(("path", "status"), [("/ocpp/SAFE", 401), ("/ocpp/NOBODY", 404)])
async def test_a_late_refusal_is_the_same_refusal(opened: Open, path: str, status: int) -> None:
    async with opened(Limits()) as house:
        loop = asyncio.get_running_loop()
        took_s = []
        for _ in range(7):
            begun_s = loop.time()
            assert await refused(house, "wrong", path) == status
            took_s.append(loop.time() - begun_s)
        async with asyncio.timeout(1):  # read again, so that its end is noticed
            while house.server._servers[0].handler_tasks:
                await asyncio.sleep(0.01)
    assert took_s[5] >= 0.25
    assert took_s[6] >= 0.5


async def test_no_refusal_takes_longer_than_a_handshake_may(opened: Open) -> None:
    async with opened(Limits(failed_login_delay_s=30, handshake_timeout_s=1.0)) as house:
        assert {await refused(house, "wrong") for _ in range(9)} == {401}


async def test_nothing_is_read_from_who_waits_for_a_refusal_and_who_leaves_harms_nobody(opened: Open) -> None:
    async with opened(Limits(failed_login_delay_s=30, handshake_timeout_s=60)) as house:
        for _ in range(10):
            await refused(house, "wrong", leaves=True)
        _, writer = await silent(house)
        writer.write(f"GET /ocpp/SAFE HTTP/1.1\r\nHost: x\r\n{UPGRADE}\r\n".encode())
        await asyncio.sleep(0.2)
        writer.write(b"x" * 50_000_000)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await writer.drain()
        writer.transport.abort()
        async with house.connect() as socket:
            await send_all(socket, heartbeats(range(1)))
            assert await answered(socket, 1) == ["h0"]


async def test_a_flood_of_guesses_is_told_in_a_few_lines_without_its_passwords(opened: Open, lines: Lines) -> None:
    async with opened(Limits(failed_login_delay_s=0)) as house:
        for n in range(20):
            assert await refused(house, f"secret-{n}") == 401
    assert [line["failures"] for line in told(lines, "ocpp.refused")] == [1, 2, 4, 8, 16]
    assert {line["address"] for line in told(lines, "ocpp.refused")} == {"127.0.0.1"}
    assert "secret" not in repr(lines)
