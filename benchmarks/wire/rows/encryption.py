"""What TLS costs a server: per message and per connection, with a certificate of either kind."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from contextlib import ExitStack
from pathlib import Path

from benchmarks.wire.charger import Address
from benchmarks.wire.figures import Result, Rounds
from benchmarks.wire.load import connected, flood
from benchmarks.wire.mix import identities, session
from benchmarks.wire.processes import Server
from benchmarks.wire.programs import Program, Unavailable, module, started
from benchmarks.wire.rows.section import Given, Section

_CHARGERS = 50
_CONNECTIONS = 200
_SESSIONS = 10
_KEYS = {"P-256": ("ec", "-pkeyopt", "ec_paramgen_curve:P-256"), "RSA 2048": ("rsa:2048",)}


async def measured(given: Given) -> Section:
    """An echo server stands for all: TLS is done by the event loop, below whatever speaks WebSocket."""
    found = {name: ([], []) for name in ("none", *_KEYS)}  # type: dict[str, tuple[list[float], list[float]]]
    with ExitStack() as stack:
        servers: dict[str, tuple[Server, Address]] = {}
        for name in found:
            certificate = None if name == "none" else made_certificate(given.folder, name)
            more = () if certificate is None else ("--certificate", str(certificate))
            program = Program(f"echo-{name.replace(' ', '-')}", name, module("echo", *more), sessions=_SESSIONS)
            server = stack.enter_context(started(program, given.folder, given.protocol, _CHARGERS))
            servers[name] = (server, Address(server.port, given.protocol, tls=_trusting(certificate)))
        drivers = {name: await connected(address, identities(_CHARGERS)) for name, (_, address) in servers.items()}
        for _ in range(given.rounds + 1):
            for name in given.rng.sample(list(servers), len(servers)):
                server, address = servers[name]
                cpu_ns = server.cpu_ns()
                done = await flood(drivers[name], _SESSIONS * len(session(given.protocol)))
                found[name][0].append((server.cpu_ns() - cpu_ns) / 1000 / done.messages)
                found[name][1].append(await _connected_us(server, address, given.sized(_CONNECTIONS)))
    return _section({name: (Rounds(tuple(a[1:])), Rounds(tuple(b[1:]))) for name, (a, b) in found.items()})


async def _connected_us(server: Server, address: Address, count: int) -> float:
    cpu_ns = server.cpu_ns()
    for driver in await connected(address, identities(count), boot=False):
        driver.charger.abort()
    return (server.cpu_ns() - cpu_ns) / 1000 / count


def made_certificate(folder: Path, kind: str) -> Path:
    """A certificate for localhost that vouches for itself, and its key, in one file."""
    openssl = shutil.which("openssl")
    if openssl is None:
        raise Unavailable("openssl is not installed")
    path = folder / f"{kind.replace(' ', '-')}.pem"
    key = folder / "key.pem"
    command = [openssl, "req", "-x509", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-newkey", *_KEYS[kind]]
    subprocess.run([*command, "-keyout", key, "-out", path], check=True, capture_output=True)  # noqa: S603  # openssl
    path.write_text(path.read_text() + key.read_text())
    return path


def _trusting(certificate: Path | None) -> ssl.SSLContext | None:
    if certificate is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _section(found: dict[str, tuple[Rounds, Rounds]]) -> Section:
    message, connection = found["none"]
    return Section(
        "TLS 1.3, an echo server",
        ("", "CPU us per message", "CPU us per connection, closed again"),
        [(name, str(messages), str(connections)) for name, (messages, connections) in found.items()],
        [
            Result("message with TLS (P-256)", "without", found["P-256"][0].over(message), None),
            *(
                Result(f"connection with TLS ({name})", "without", found[name][1].over(connection), None)
                for name in _KEYS
            ),
        ],
        {f"tls {name} message cpu_us": messages for name, (messages, _) in found.items()}
        | {f"tls {name} connection cpu_us": connections for name, (_, connections) in found.items()},
    )
