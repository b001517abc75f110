"""TLS over real sockets, whichever way a socket is read: who gets in, with which certificate, what a reload does."""

import asyncio
import contextlib
import ssl
from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
import uvloop
from charge_point_house import PASSWORD, House
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from structlog.testing import capture_logs
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidMessage, InvalidStatus
from websockets.typing import Subprotocol

from csms.certs import Kind, Pair, authority, charge_point, server
from csms.charge_points import tls
from csms.charge_points.guard import Limits
from csms.charge_points.handshake import Entrance
from csms.charge_points.tls import Tls, TlsFiles, TlsUnusable
from csms.domain import events as ev
from csms.domain.model import OCPP16

CA = authority("the tests' authority", 2)
STRANGER = authority("a stranger", 2)
HOSTS = ("localhost", "127.0.0.1")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("certs")
    CA.write(made / "ca")
    STRANGER.write(made / "stranger-ca")
    for kind in Kind:
        server(CA, HOSTS, 1, kind).write(made / f"server-{kind}")
        charge_point(CA, "CP-1", 1, kind, "Charging Ltd").write(made / f"CP-1-{kind}")
    charge_point(CA, "CP-2", 1, organization="Charging Ltd").write(made / "CP-2")
    charge_point(STRANGER, "CP-1", 1, organization="Charging Ltd").write(made / "stranger")
    charge_point(CA, "CP-1", 1, organization="Somebody").write(made / "organization")
    charge_point(CA, "CP-1", 0).write(made / "expired")
    server(CA, ("CP-1",), 1).write(made / "for-servers")
    return made


def files(folder: Path, *, mutual: bool = False, kinds: tuple[Kind, ...] = tuple(Kind)) -> TlsFiles:
    return TlsFiles(
        tuple(folder / f"server-{kind}.pem" for kind in kinds),
        tuple(folder / f"server-{kind}.key" for kind in kinds),
        folder / "ca.pem" if mutual else None,
    )


@pytest.fixture(params=[True, False], ids=["direct", "public interface"])
async def house(request: pytest.FixtureRequest, folder: Path) -> AsyncIterator[House]:
    """Listens with profile 2."""
    running = House(direct=request.param)
    running.port = await running.server.start("127.0.0.1", 0, Entrance(2), Tls.of(files(folder)))
    yield running
    await running.server.stop()


@pytest.fixture(params=[True, False], ids=["direct", "public interface"])
async def mutual(request: pytest.FixtureRequest, folder: Path) -> AsyncIterator[House]:
    """Listens with profile 3."""
    running = House(direct=request.param)
    context = Tls.of(files(folder, mutual=True))
    running.port = await running.server.start("127.0.0.1", 0, Entrance(3, "Charging Ltd"), context)
    yield running
    await running.server.stop()


def client(folder: Path, certificate: str | None = None, *, ciphers: str | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=folder / "ca.pem")
    if certificate is not None:
        context.load_cert_chain(folder / f"{certificate}.pem", folder / f"{certificate}.key")
    if ciphers is not None:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(ciphers)
    return context


def reach(house: House, context: ssl.SSLContext | None, name: str = "CP-1", password: str | None = None) -> connect:
    basic = b64encode(f"{name}:{password}".encode()).decode()
    return connect(
        f"{'ws' if context is None else 'wss'}://127.0.0.1:{house.port}/ocpp/{name}",
        ssl=context,
        subprotocols=[Subprotocol(OCPP16)],
        additional_headers={} if password is None else {"Authorization": f"Basic {basic}"},
        proxy=None,
        close_timeout=1,
    )


async def works(socket: ClientConnection, message: str = "") -> bool:
    heartbeat = [2, "h", "DataTransfer", {"vendorId": "v", "data": message}] if message else [2, "h", "Heartbeat", {}]
    await socket.send(orjson.dumps(heartbeat).decode())
    async with asyncio.timeout(5):
        while (frame := orjson.loads(await socket.recv()))[:2] != [3, "h"]:
            pass
    return bool(frame)


def serial(socket: ClientConnection) -> int:
    presented = socket.transport.get_extra_info("ssl_object").getpeercert(binary_form=True)
    return x509.load_der_x509_certificate(presented).serial_number


async def test_profile_2_is_tls_and_a_password(house: House, folder: Path) -> None:
    async with reach(house, client(folder), "SAFE", PASSWORD) as socket:
        assert await works(socket)
        assert await works(socket, "x" * 200_000), "a message of many TLS records"
        (connected,) = house.site.recorded(ev.ChargePointConnected)
        assert connected.security_profile == 2


@pytest.mark.parametrize(("name", "password"), [("SAFE", "wrong"), ("SAFE", None), ("CP-1", None), ("CP-1", "any")])
async def test_profile_2_without_the_right_password_is_refused(
    house: House, folder: Path, name: str, password: str | None
) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with reach(house, client(folder), name, password):
            pass
    assert refused.value.response.status_code == 401
    assert [kind for _, kind, _ in house.directory.suspected] == ["wrong_login"]


@pytest.mark.parametrize(
    ("ciphers", "kind"),
    [
        ("ECDHE-ECDSA-AES128-GCM-SHA256", Kind.ECDSA),
        ("ECDHE-ECDSA-AES256-GCM-SHA384", Kind.ECDSA),
        ("AES128-GCM-SHA256", Kind.RSA),
        ("AES256-GCM-SHA384", Kind.RSA),
        ("ECDHE-RSA-AES128-GCM-SHA256", Kind.RSA),
    ],
)
async def test_a_charge_point_gets_the_kind_of_certificate_it_can_read(
    house: House, folder: Path, ciphers: str, kind: Kind
) -> None:
    """The four suites of 2.0.1's A00.FR.318, and what RSA-only clients prefer."""
    expected = Pair.read(folder / f"server-{kind}.pem", folder / f"server-{kind}.key").certificate
    async with reach(house, client(folder, ciphers=ciphers), "SAFE", PASSWORD) as socket:
        assert serial(socket) == expected.serial_number
        assert await works(socket)


@pytest.mark.parametrize("ciphers", ["ECDHE-RSA-CHACHA20-POLY1305", "ECDHE-RSA-AES128-SHA256", "AES128-SHA"])
async def test_other_cipher_suites_are_refused(house: House, folder: Path, ciphers: str) -> None:
    with capture_logs() as lines, pytest.raises((ssl.SSLError, ConnectionError)):
        async with reach(house, client(folder, ciphers=ciphers), "SAFE", PASSWORD):
            pass
    assert [line["reason"] for line in lines if line["event"] == "ocpp.tls_refused"] == ["no shared cipher"]


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
async def test_tls_below_1_2_is_refused_and_told(house: House, folder: Path) -> None:
    old = client(folder)
    old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers("ALL:@SECLEVEL=0")
    with capture_logs() as lines:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            async with reach(house, old, "SAFE", PASSWORD):
                pass
        await until(lambda: any(line["event"] == "ocpp.tls_refused" for line in lines))
    assert [line["reason"] for line in lines if line["event"] == "ocpp.tls_refused"] == ["unsupported protocol"]


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not holds():
            await asyncio.sleep(0.01)


async def test_who_speaks_no_tls_to_a_tls_port_is_refused_and_told(house: House) -> None:
    with capture_logs() as lines, pytest.raises((InvalidMessage, ConnectionError)):
        async with reach(house, None, "SAFE", PASSWORD):
            pass
    assert "http request" in [line["reason"] for line in lines if line["event"] == "ocpp.tls_refused"]


@pytest.mark.parametrize("kind", list(Kind))
async def test_profile_3_is_a_certificate_in_its_name_and_no_password(mutual: House, folder: Path, kind: Kind) -> None:
    async with reach(mutual, client(folder, f"CP-1-{kind}")) as socket:
        assert await works(socket)
        (connected,) = mutual.site.recorded(ev.ChargePointConnected)
        assert connected.security_profile == 3


@pytest.mark.parametrize("certificate", ["CP-2", "organization"])
async def test_profile_3_with_a_certificate_of_somebody_else_is_refused(
    mutual: House, folder: Path, certificate: str
) -> None:
    """A00.FR.404 and A00.FR.405: the authority's signature alone does not open."""
    with pytest.raises(InvalidStatus) as refused:
        async with reach(mutual, client(folder, certificate)):
            pass
    assert refused.value.response.status_code == 401
    assert mutual.site.events == []


@pytest.mark.parametrize(
    ("certificate", "reason"),
    [
        (None, "peer did not return a certificate"),
        ("expired", "certificate verify failed: certificate has expired"),
        ("stranger", "certificate verify failed: unable to get local issuer certificate"),
        ("for-servers", "certificate verify failed: unsuitable certificate purpose"),
    ],
)
async def test_profile_3_without_a_valid_certificate_gets_no_answer_at_all(
    mutual: House, folder: Path, certificate: str | None, reason: str
) -> None:
    with capture_logs() as lines, pytest.raises((ssl.SSLError, ConnectionError, InvalidMessage)):
        async with reach(mutual, client(folder, certificate)):
            pass
    assert reason in [line["reason"] for line in lines if line["event"] == "ocpp.tls_refused"]
    assert mutual.site.events == []


async def test_listeners_share_their_charge_points(folder: Path) -> None:
    house = House()
    plain = await house.server.start("127.0.0.1", 0)
    house.port = secure = await house.server.start("127.0.0.1", 0, Entrance(2), Tls.of(files(folder)))
    async with reach(house, client(folder), "SAFE", PASSWORD) as first:
        house.port = plain
        async with reach(house, None, "SAFE", PASSWORD) as second:
            assert await works(second)
            await first.wait_closed()
            assert (first.close_code, plain == secure) == (1008, False)
            await house.server.stop()
            await second.wait_closed()
            assert second.close_code == 1012


async def test_who_comes_from_elsewhere_while_connected_is_suspected() -> None:
    house = House()
    await house.start()
    elsewhere = await house.server.start("::1", 0)
    async with house.connect() as first:
        assert await works(first)
    async with connect(f"ws://[::1]:{elsewhere}/CP-1", subprotocols=[Subprotocol(OCPP16)], proxy=None) as second:
        assert await works(second)
        assert house.directory.suspected == [], "it was not connected any more"
        async with house.connect() as third:
            assert await works(third)
            async with house.connect() as fourth:
                assert await works(fourth)
    assert [(who, kind) for who, kind, _ in house.directory.suspected] == [("CP-1", "another_address")]
    await house.server.stop()


@pytest.fixture
def copied(folder: Path, tmp_path: Path) -> Path:
    for file in folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    return tmp_path


@contextlib.contextmanager
def told() -> Iterator[list[str]]:
    events: list[str] = []
    with capture_logs() as lines:
        yield events
    events += [line["event"] for line in lines]


def renew(folder: Path, kind: Kind = Kind.ECDSA) -> int:
    made = server(CA, HOSTS, 1, kind)
    made.write(folder / f"server-{kind}")
    return made.certificate.serial_number


async def test_new_certificates_are_for_new_connections_and_old_ones_go_on(copied: Path) -> None:
    house = House()
    house.port = await house.server.start("127.0.0.1", 0, Entrance(2), Tls.of(files(copied)))
    ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256"
    async with reach(house, client(copied, ciphers=ciphers), "SAFE", PASSWORD) as before:
        renewed = renew(copied)
        with told() as events:
            house.server.reload_certificates()
            house.server.reload_certificates()
        assert events == ["ocpp.certificates_reloaded"]
        assert await works(before)
        async with reach(house, client(copied, ciphers=ciphers), "SAFE", PASSWORD) as after:
            assert serial(after) == renewed != serial(before)
    await house.server.stop()


async def test_an_authority_that_was_taken_away_lets_nobody_in_any_more(copied: Path) -> None:
    house = House()
    house.port = await house.server.start("127.0.0.1", 0, Entrance(3), Tls.of(files(copied, mutual=True)))
    context = client(copied, "CP-1-ecdsa")
    async with reach(house, context) as socket:
        assert await works(socket)
    STRANGER.write(copied / "ca")
    house.server.reload_certificates()
    with pytest.raises((ssl.SSLError, ConnectionError, InvalidMessage)):
        async with reach(house, context):
            pass
    await house.server.stop()


@pytest.mark.parametrize(
    "breaks",
    [
        lambda folder: (folder / "server-rsa.pem").write_text("nonsense"),
        lambda folder: (folder / "server-rsa.pem").unlink(),
        lambda folder: (folder / "server-rsa.key").write_bytes((folder / "server-ecdsa.key").read_bytes()),
        lambda folder: (folder / "server-rsa.key").write_bytes(b""),
        lambda folder: (folder / "ca.pem").write_text("nonsense"),
    ],
)
def test_files_that_cannot_be_used_are_told_once_and_change_nothing(
    copied: Path, breaks: Callable[[Path], Any]
) -> None:
    listener = Tls.of(files(copied, mutual=True))
    before = listener._current
    renew(copied)
    breaks(copied)
    with told() as events:
        assert not listener.reload()
        assert not listener.reload()
    assert events == ["ocpp.certificates_unusable"]
    assert listener._current is before
    renew(copied, Kind.RSA)
    CA.write(copied / "ca")
    with told() as events:
        assert listener.reload()
    assert events == ["ocpp.certificates_reloaded"]
    assert listener._current is not before
    breaks(copied)
    with pytest.raises(TlsUnusable, match=r"server-rsa|ca\.pem"):
        Tls.of(files(copied, mutual=True))


def test_a_key_with_a_password_is_refused_and_nobody_is_asked_for_it(copied: Path) -> None:
    encrypted = Pair.read(copied / "server-rsa.pem", copied / "server-rsa.key").key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"secret"),
    )
    (copied / "server-rsa.key").write_bytes(encrypted)
    with pytest.raises(TlsUnusable, match="needs a password"):
        Tls.of(files(copied))


def test_a_failed_handshake_of_each_kind_is_told_at_powers_of_two() -> None:
    complaints = tls._Complaints()
    with capture_logs() as lines:
        for _ in range(9):
            complaints.failed("expired")
        complaints.failed("unknown")
    assert [line["failures"] for line in lines] == [1, 2, 4, 8, 1]


async def dawdling(house: House) -> asyncio.StreamReader:
    """Somebody who connects and never says a word of TLS."""
    reader, writer = await asyncio.open_connection("127.0.0.1", house.port)
    DAWDLERS.append(writer)
    await asyncio.sleep(0.02)
    return reader


DAWDLERS: list[asyncio.StreamWriter] = []


async def ended(reader: asyncio.StreamReader, within_s: float) -> bool:
    try:
        async with asyncio.timeout(within_s):
            return await reader.read(1) == b""
    except ConnectionError:
        return True
    except TimeoutError:
        return False


async def room_for_one_more(folder: Path) -> None:
    house = House(limits=Limits(max_handshakes_per_address=3))
    house.port = await house.server.start("127.0.0.1", 0, Entrance(2), Tls.of(files(folder)))
    try:
        dawdlers = [await dawdling(house) for _ in range(5)]
        assert [await ended(one, 0.2) for one in dawdlers] == [True, True, False, False, False]
        async with reach(house, client(folder), "SAFE", PASSWORD) as socket:
            assert await works(socket)
            assert await ended(dawdlers[2], 2)
        assert not await ended(dawdlers[4], 0.1)
    finally:
        await house.server.stop()
        while DAWDLERS:
            DAWDLERS.pop().close()


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def test_whoever_never_begins_tls_makes_room_too(folder: Path, loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(room_for_one_more(folder))


async def test_what_comes_in_one_piece_with_the_end_of_the_handshake_is_not_lost(house: House, folder: Path) -> None:
    """A client of TLS 1.3 may send its request right behind its last message."""
    reader, writer = await asyncio.open_connection("127.0.0.1", house.port)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls_side = client(folder).wrap_bio(incoming, outgoing, server_hostname="127.0.0.1")

    async def over(step: Callable[[], Any]) -> Any:
        """The result of a step, once enough was received for it."""
        async with asyncio.timeout(5):
            while True:
                try:
                    return step()
                except ssl.SSLWantReadError:
                    writer.write(outgoing.read())
                    incoming.write(await reader.read(65_536))

    await over(tls_side.do_handshake)
    tls_side.write(b"GET /ocpp/NOBODY HTTP/1.1\r\nHost: x\r\n\r\n")
    assert (await over(tls_side.read)).startswith(b"HTTP/1.1 404")
    writer.close()


async def test_a_tls_handshake_that_is_never_finished_ends_in_time(folder: Path) -> None:
    house = House(limits=Limits(handshake_timeout_s=0.2))
    house.port = await house.server.start("127.0.0.1", 0, Entrance(2), Tls.of(files(folder)))
    assert await ended(await dawdling(house), 2)
    DAWDLERS.pop().close()
    assert house.server._doors._handshakes.all() == []
    await house.server.stop()
