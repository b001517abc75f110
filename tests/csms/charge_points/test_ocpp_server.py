"""The server over real sockets on the loopback interface."""

import asyncio
import logging
from base64 import b64encode
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
from charge_point_house import PASSWORD, House
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus

from csms.charge_points.sockets import QueuedTransport
from csms.domain import events as ev
from csms.domain.model import OCPP16, OCPP201


@pytest.fixture
async def house() -> AsyncIterator[House]:
    running = House()
    await running.start()
    yield running
    await running.server.stop()


def credentials(user: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + b64encode(f"{user}:{password}".encode()).decode()}


async def ask(socket: ClientConnection, action: str, payload: object) -> list[Any]:
    await socket.send(orjson.dumps([2, "m-1", action, payload]).decode())
    return await answer(socket)


async def answer(socket: ClientConnection) -> list[Any]:
    """The next frame that is an answer to us."""
    async with asyncio.timeout(5):
        while True:
            frame = orjson.loads(await socket.recv())
            if frame[0] != 2:
                assert isinstance(frame, list)
                return frame


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        (("ocpp0.1", "ocpp1.6"), OCPP16),
        (("ocpp1.6", "ocpp2.0.1"), OCPP201),
        (("ocpp2.0.1", "ocpp1.6"), OCPP201),
    ],
)
async def test_exactly_the_best_common_subprotocol_is_confirmed(
    house: House, offered: tuple[str, ...], chosen: str
) -> None:
    async with house.connect(offered=offered) as socket:
        assert socket.response is not None
        assert socket.response.headers.get_all("Sec-WebSocket-Protocol") == [chosen]
        await house.until(ev.ChargePointConnected)
        assert house.site.state.charge_points["CP-1"].protocol == chosen


async def test_a_charge_point_without_a_subprotocol_speaks_the_one_it_is_declared_with(house: House) -> None:
    async with house.connect("/ocpp/OLD", offered=()) as socket:
        assert socket.subprotocol is None
        assert (await ask(socket, "Heartbeat", {}))[0] == 3
        assert house.site.state.charge_points["OLD"].protocol == OCPP16


@pytest.mark.parametrize(
    ("path", "offered", "headers", "status"),
    [
        ("/ocpp/CP-1", (), {}, 400),
        ("/ocpp/CP-1", ("ocpp1.5",), {}, 400),
        ("/ocpp/CP-9", (OCPP16,), {}, 404),
        ("/ocpp/CP-1/", (OCPP16,), {}, 404),
        ("/ocpp/CP%3A1", (OCPP16,), {}, 404),
        ("/ocpp/SAFE", (OCPP16,), {}, 401),
        ("/ocpp/SAFE", (OCPP16,), credentials("SAFE", "wrong"), 401),
        ("/ocpp/SAFE", (OCPP16,), credentials("CP-1", PASSWORD), 401),
    ],
)
async def test_whoever_may_not_connect_is_not_upgraded(
    house: House, path: str, offered: tuple[str, ...], headers: dict[str, str], status: int
) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with house.connect(path, offered, additional_headers=headers):
            pass
    assert refused.value.response.status_code == status
    assert ("WWW-Authenticate" in refused.value.response.headers) is (status == 401)
    assert house.site.events == []


async def test_the_right_password_opens(house: House) -> None:
    async with house.connect("/any/prefix/SAFE", additional_headers=credentials("SAFE", PASSWORD)) as socket:
        assert (await ask(socket, "Heartbeat", {}))[0] == 3


async def test_a_start_is_answered_over_the_socket(house: House) -> None:
    async with house.connect() as socket:
        start = {"connectorId": 1, "idTag": "TAG", "meterStart": 0, "timestamp": "2026-05-28T20:26:40Z"}
        assert await ask(socket, "StartTransaction", start) == [
            3,
            "m-1",
            {"transactionId": 1, "idTagInfo": {"status": "Accepted"}},
        ]


async def test_garbage_is_survived(house: House) -> None:
    async with house.connect(offered=(OCPP201,)) as socket:
        for garbage in ("", "{", "[]", "null", "[2]", '[2,"x"]', "[9,1,2]", '[3,"nothing","asked"]', b"\xff\xfe"):
            await socket.send(garbage)
        assert (await ask(socket, "NoSuchAction", {}))[0] == 4
        await socket.send(orjson.dumps([2, "last", "Heartbeat", {}]).decode())
        while (frame := await answer(socket))[1] != "last":
            assert frame[0] == 4
        assert frame[0] == 3


async def test_a_frame_beyond_a_mebibyte_closes_the_connection(house: House) -> None:
    async with house.connect() as socket:
        await socket.send("x" * (1024 * 1024 + 1))
        with pytest.raises(ConnectionClosed) as closed:
            await answer(socket)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1009
    await house.until(ev.ChargePointDisconnected)


async def test_a_second_connection_with_the_same_identity_replaces_the_first(house: House) -> None:
    async with house.connect() as first, house.connect() as second:
        assert (await ask(second, "Heartbeat", {}))[0] == 3
        with pytest.raises(ConnectionClosed) as closed:
            await answer(first)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1008
        await house.until(ev.ChargePointDisconnected)
        assert house.site.state.charge_points["CP-1"].connected
        assert (await ask(second, "Heartbeat", {"x": 1}))[0] == 3


async def test_a_connection_that_fails_to_authenticate_replaces_nothing(house: House) -> None:
    async with house.connect("/SAFE", additional_headers=credentials("SAFE", PASSWORD)) as socket:
        with pytest.raises(InvalidStatus):
            async with house.connect("/SAFE", additional_headers=credentials("SAFE", "guess")):
                pass
        assert (await ask(socket, "Heartbeat", {}))[0] == 3


async def test_the_end_of_a_socket_is_recorded_with_its_code(house: House) -> None:
    async with house.connect() as socket:
        await socket.close(1000, "bye")
    await house.until(ev.ChargePointDisconnected)
    assert house.site.recorded(ev.ChargePointDisconnected)[0].reason == "1000 bye"


async def test_a_stopping_server_says_that_it_restarts(house: House) -> None:
    async with house.connect() as socket:
        await house.until(ev.ChargePointConnected)
        await house.server.stop()
        with pytest.raises(ConnectionClosed) as closed:
            await answer(socket)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1012
    assert len(house.site.recorded(ev.ChargePointDisconnected)) == 1
    with pytest.raises(OSError, match="Connect call failed"):
        async with house.connect():
            pass
    await house.server.stop()


async def test_a_scanner_leaves_no_traceback(house: House, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        for request in (b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x00", b"POST /ocpp/CP-1 HTTP/1.1\r\n\r\n"):
            reader, writer = await asyncio.open_connection("127.0.0.1", house.port)
            writer.write(request)
            writer.write_eof()
            async with asyncio.timeout(5):
                await reader.read()
            writer.close()
            await writer.wait_closed()
    assert [record for record in caplog.records if record.exc_info] == []


async def test_a_peer_that_never_reads_is_closed() -> None:
    class Stuck:
        """A socket whose peer has stopped reading."""

        closed: tuple[int, str] | None = None

        async def send(self, _text: str) -> None:
            await asyncio.Event().wait()

        async def close(self, code: int, reason: str) -> None:
            self.closed = (code, reason)

    socket = Stuck()
    transport = QueuedTransport(socket)  # type: ignore[arg-type]  # only what the transport uses
    writer = asyncio.create_task(transport.write())
    for number in range(1002):
        transport.send(str(number))
        await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert socket.closed == (1008, "frames are not read")
    writer.cancel()
