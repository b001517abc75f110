"""What RFC 6455 says of frames, whichever way a socket is read; and what the direct way leans on in `websockets`."""

import asyncio
from collections.abc import AsyncIterator

import orjson
import pytest
from charge_point_house import House
from websockets.asyncio.server import ServerConnection
from websockets.protocol import CLIENT, SERVER, Protocol, State

from csms.charge_points import direct, sockets
from csms.charge_points.direct import DirectConnection
from csms.charge_points.sockets import DirectTransport
from csms.domain import events as ev

MASK = b"\x01\x80\xfe\x37"
TEXT, CONTINUATION, BINARY, CLOSE, PING, PONG = 1, 0, 2, 8, 9, 10
MEBIBYTE = 1024 * 1024


def frame(payload: bytes, opcode: int = TEXT, *, fin: bool = True, rsv: int = 0, masked: bool = True) -> bytes:
    """As a client writes it (section 5.2), or as it must not."""
    first, mask_bit = (0x80 if fin else 0) | rsv << 4 | opcode, 0x80 if masked else 0
    length = len(payload)
    if length < 126:
        header = bytes((first, mask_bit | length))
    elif length < 65536:
        header = bytes((first, mask_bit | 126)) + length.to_bytes(2, "big")
    else:
        header = bytes((first, mask_bit | 127)) + length.to_bytes(8, "big")
    if not masked:
        return header + payload
    return header + MASK + bytes(byte ^ MASK[n % 4] for n, byte in enumerate(payload))


def heartbeat(message_id: str) -> bytes:
    return orjson.dumps([2, message_id, "Heartbeat", {}])


def data_transfer(message_id: str, size: int) -> bytes:
    return orjson.dumps([2, message_id, "DataTransfer", {"vendorId": "X", "data": "é" * (size // 2)}])


class Peer:
    """A charge point that writes bytes and reads frames."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer

    @classmethod
    async def open(cls, house: House, behind_the_request: bytes = b"") -> "Peer":
        reader, writer = await asyncio.open_connection("127.0.0.1", house.port)
        request = (
            "GET /ocpp/CP-1 HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Protocol: ocpp1.6\r\n\r\n"
        )
        writer.write(request.encode() + behind_the_request)
        async with asyncio.timeout(5):
            assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
        return cls(reader, writer)

    async def next(self) -> tuple[int, bytes]:
        """Opcode and payload of the next frame from the server, which does not mask."""
        async with asyncio.timeout(5):
            first, length = await self._reader.readexactly(2)
            if length == 126:
                length = int.from_bytes(await self._reader.readexactly(2), "big")
            elif length == 127:
                length = int.from_bytes(await self._reader.readexactly(8), "big")
            return first & 0x0F, await self._reader.readexactly(length)

    async def answered(self) -> str:
        """The id of the next answer; requests and pings of the central system are passed over."""
        while True:
            opcode, payload = await self.next()
            if opcode == TEXT and orjson.loads(payload)[0] != 2:
                return str(orjson.loads(payload)[1])

    async def closed(self) -> int:
        """The code with which the central system closes."""
        while True:
            opcode, payload = await self.next()
            if opcode == CLOSE:
                return int.from_bytes(payload[:2], "big")

    def end(self) -> None:
        self.writer.transport.abort()


@pytest.fixture(params=[True, False], ids=["direct", "public interface"])
async def house(request: pytest.FixtureRequest) -> AsyncIterator[House]:
    running = House(direct=request.param)
    await running.start()
    yield running
    await running.server.stop()


@pytest.fixture
async def peer(house: House) -> AsyncIterator[Peer]:
    connected = await Peer.open(house)
    yield connected
    connected.end()


async def test_frames_that_come_in_one_go_are_answered_in_order(peer: Peer) -> None:
    peer.writer.write(b"".join(frame(heartbeat(f"h{n}")) for n in range(50)))
    assert [await peer.answered() for _ in range(50)] == [f"h{n}" for n in range(50)]


@pytest.mark.parametrize("size", [100, 300, 70_000])
async def test_a_frame_that_comes_in_pieces_is_one_message(peer: Peer, size: int) -> None:
    whole = frame(data_transfer("d", size)) + frame(heartbeat("h"))
    cuts = [1, 2, 3, 5, 7, 9, len(whole) // 2, len(whole) - 3]
    for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True):
        peer.writer.write(whole[start:end])
        await peer.writer.drain()
        await asyncio.sleep(0.002)
    assert [await peer.answered(), await peer.answered()] == ["d", "h"]


async def test_fragments_are_one_message_and_a_ping_between_them_is_answered_first(peer: Peer) -> None:
    text = data_transfer("d", 40)
    cut = text.index("é".encode()) + 1  # within a character
    peer.writer.write(frame(text[:cut], fin=False) + frame(b"between", PING))
    peer.writer.write(frame(text[cut:-2], CONTINUATION, fin=False) + frame(text[-2:], CONTINUATION))
    opcode, payload = await peer.next()
    while opcode != PONG:
        opcode, payload = await peer.next()
    assert payload == b"between"
    assert await peer.answered() == "d"


async def test_no_message_overtakes_another_that_came_in_fragments(peer: Peer) -> None:
    text = heartbeat("first")
    peer.writer.write(frame(text[:4], fin=False) + frame(text[4:], CONTINUATION) + frame(heartbeat("second")))
    assert [await peer.answered(), await peer.answered()] == ["first", "second"]


async def test_frames_right_behind_the_handshake_are_not_lost(house: House) -> None:
    peer = await Peer.open(house, frame(heartbeat("h0")) + frame(heartbeat("h1")))
    peer.writer.write(frame(heartbeat("h2")))
    assert [await peer.answered() for _ in range(3)] == ["h0", "h1", "h2"]
    peer.end()


async def test_an_empty_frame_and_a_pong_nobody_asked_for_are_survived(peer: Peer) -> None:
    peer.writer.write(frame(b"") + frame(b"", PONG) + frame(b"x", PONG) + frame(heartbeat("h")))
    assert await peer.answered() == "h"


@pytest.mark.parametrize(
    ("bytes_sent", "code"),
    [
        pytest.param(frame(heartbeat("h"), masked=False), 1002, id="not masked (section 5.1)"),
        pytest.param(frame(heartbeat("h"), rsv=4), 1002, id="an extension bit without an extension"),
        pytest.param(frame(heartbeat("h"), opcode=3), 1002, id="an opcode that is reserved"),
        pytest.param(frame(b"x", CONTINUATION), 1002, id="a continuation of nothing"),
        pytest.param(frame(b"x", fin=False) + frame(heartbeat("h")), 1002, id="a message within fragments"),
        pytest.param(frame(b"x" * 126, PING), 1002, id="a control frame that is too long"),
        pytest.param(frame(b"[2,\xff\xfe"), 1007, id="text that is not UTF-8 (section 8.1)"),
        pytest.param(frame(b"\xc3", fin=False) + frame(b"(", CONTINUATION), 1007, id="fragments that are not UTF-8"),
        pytest.param(frame(b"x" * (MEBIBYTE + 1)), 1009, id="a frame beyond the limit"),
        pytest.param(
            frame(b"x" * MEBIBYTE, fin=False) + frame(b"x", CONTINUATION), 1009, id="fragments beyond the limit"
        ),
        pytest.param(frame((1000).to_bytes(2, "big"), CLOSE), 1000, id="a close is echoed (section 5.5.1)"),
    ],
)
async def test_what_breaks_the_protocol_closes_the_socket_with_its_code(
    house: House, request: pytest.FixtureRequest, bytes_sent: bytes, code: int
) -> None:
    peer = await Peer.open(house)
    await house.until(ev.ChargePointConnected)
    peer.writer.write(frame(heartbeat("before")) + bytes_sent + frame(heartbeat("after")))
    if request.node.callspec.params["house"]:  # read directly, what came before is answered before
        assert await peer.answered() == "before"
    assert await peer.closed() == code
    peer.end()
    await house.until(ev.ChargePointDisconnected)


async def test_a_length_with_too_many_bytes_is_read_or_refused_and_nothing_else(peer: Peer) -> None:
    """Section 5.2 wants the shortest; the library is lenient."""
    padded = heartbeat("h")
    masked = frame(padded)[2:]
    peer.writer.write(bytes((0x81, 0x80 | 126)) + len(padded).to_bytes(2, "big") + masked)
    assert await peer.answered() == "h"


class Socket:
    """Only what the transport uses."""

    def __init__(self, unsent_bytes: int = 0) -> None:
        self.sent: list[str] = []
        self.closed: list[tuple[int, str]] = []
        self._unsent_bytes = unsent_bytes

    def unsent_bytes(self) -> int:
        return self._unsent_bytes

    def send_text(self, text: str) -> None:
        self.sent.append(text)

    async def close(self, code: int, reason: str) -> None:
        self.closed.append((code, reason))


async def test_a_closing_transport_sends_nothing_more_and_closes_once() -> None:
    socket = Socket()
    transport = DirectTransport(socket)  # type: ignore[arg-type]  # a stand-in
    transport.send("before")
    transport.close(1012, "restart")
    transport.close(1008, "again")
    transport.send("after")
    await asyncio.sleep(0)
    assert (socket.sent, socket.closed) == (["before"], [(1012, "restart")])


async def test_a_peer_that_never_reads_is_closed() -> None:
    socket = Socket(unsent_bytes=sockets.MAX_UNSENT_BYTES + 1)
    transport = DirectTransport(socket)  # type: ignore[arg-type]  # a stand-in
    transport.send("one")
    transport.send("two")
    await asyncio.sleep(0)
    assert (socket.sent, socket.closed) == ([], [(1008, "frames are not read")])


def test_the_library_still_has_what_the_direct_way_leans_on() -> None:
    """If this fails after an upgrade, compare csms/charge_points/direct.py with the library before trusting it."""
    protocol = Protocol(SERVER, max_size=5, state=State.OPEN)
    assert protocol.reader.buffer == b""
    assert (protocol.current_size, protocol.max_message_size, protocol.extensions) == (None, 5, [])
    protocol.receive_data(frame(b"abc")[:5])
    assert len(protocol.reader.buffer) in (3, 5)  # what of a frame has come waits there
    protocol.receive_data(frame(b"abc")[5:])
    assert protocol.reader.buffer == b""
    protocol.receive_data(frame(b"ab", fin=False))
    assert protocol.current_size == 2  # within a fragmented message
    for name in ("data_received", "process_event", "send_data"):
        assert callable(getattr(ServerConnection, name))
    sender = Protocol(CLIENT, state=State.OPEN)
    sender.send_text(b"x")
    assert len(sender.data_to_send()) == 1


@pytest.mark.parametrize("length", [0, 125, 126, 65_535, 65_536])
def test_our_header_is_the_librarys(length: int) -> None:
    protocol = Protocol(SERVER, state=State.OPEN)
    protocol.send_text(b"x" * length)
    assert b"".join(protocol.data_to_send()) == direct._header(length) + b"x" * length


def test_the_direct_connection_is_a_connection_of_the_library() -> None:
    assert issubclass(DirectConnection, ServerConnection)


class Probed(DirectConnection):
    """Its pings fail, or are counted."""

    def __init__(self, error: Exception | None = None) -> None:
        self.pings = 0
        self._error = error

    def probe(self) -> None:
        self.pings += 1
        if self._error is not None:
            raise self._error


async def test_a_ping_that_fails_leaves_the_others_watched_and_comes_again() -> None:
    broken, whole = Probed(OSError("a mistake of ours")), Probed()
    probing = asyncio.create_task(sockets.probe_all(lambda: [broken, whole], 0.001))
    async with asyncio.timeout(5):
        while whole.pings < 2:
            await asyncio.sleep(0.001)
    probing.cancel()
    assert broken.pings >= 2
