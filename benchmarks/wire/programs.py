"""The servers that stand beside each other, and how each is started."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.wire.mix import RATED_KW, identities
from benchmarks.wire.park import Layout, parks, write_config
from benchmarks.wire.processes import Server, free_port, running

PER_SITE = 50

Command = Callable[[Path, int, str, int], Sequence[str]]
"""The command line, for a folder of its own, a port, a protocol and so many charge points."""


@dataclass(frozen=True, slots=True)
class Program:
    """A server. `sessions` are as many per charger and round as take it about half a second; after a round it works
    on for `tail_s`: what it writes behind belongs to what it costs."""

    name: str
    title: str
    command: Command
    sessions: int
    tail_s: float = 0.0


class Unavailable(Exception):
    """A server cannot be had here; says why."""


def module(name: str, *more: str) -> Command:
    """A server of this benchmark."""

    def command(_folder: Path, port: int, protocol: str, charge_points: int) -> Sequence[str]:
        given = ("--port", str(port), "--protocol", protocol, "--charge-points", str(charge_points))
        return [sys.executable, "-m", f"benchmarks.wire.servers.{name}", *given, *more]

    return command


def serve(folder: Path, port: int, _protocol: str, charge_points: int) -> Sequence[str]:
    """The system as it is shipped, its database in a file; its sites have fifty charge points each."""
    return system(folder, Layout(parks(identities(charge_points), PER_SITE)), port, free_port())


def serve_plenty(folder: Path, port: int, _protocol: str, charge_points: int) -> Sequence[str]:
    """The same with power for everybody: a session that begins or ends changes nobody else's limit."""
    return system(folder, Layout(parks(identities(charge_points), PER_SITE, RATED_KW)), port, free_port())


def system(folder: Path, layout: Layout, port: int, api_port: int) -> Sequence[str]:
    config = write_config(folder, layout, port, api_port)
    return [sys.executable, "-m", "csms", "serve", "--config", str(config)]


NODE = Path(__file__).parent / "node"
NODE_BUILD = Path("build") / "node"


def node(_folder: Path, port: int, protocol: str, _charge_points: int) -> Sequence[str]:
    """`ocpp-rpc` in strict mode, which npm installs when it is first wanted."""
    found, npm = shutil.which("node"), shutil.which("npm")
    if found is None or npm is None:
        raise Unavailable("node and npm are not installed")
    NODE_BUILD.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json", "server.js"):
        shutil.copyfile(NODE / name, NODE_BUILD / name)
    if not (NODE_BUILD / "node_modules" / "ocpp-rpc").exists():
        command = [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
        done = subprocess.run(command, cwd=NODE_BUILD, capture_output=True, text=True, check=False)  # noqa: S603  # npm
        if done.returncode:
            raise Unavailable(f"npm ci failed: {done.stderr.strip().splitlines()[-1:]}")
    return [found, str(NODE_BUILD / "server.js"), str(port), protocol]


PROGRAMS = {
    program.name: program
    for program in (
        Program("echo", "websockets echo on uvloop", module("echo"), sessions=20),
        Program("plain", "plain ocpp package", module("plain"), sessions=1),
        Program("codec", "validated, answered, not kept", module("codec"), sessions=20),
        Program("system", "csms serve", serve, sessions=10, tail_s=1.3),
        Program("node", "ocpp-rpc strict on Node", node, sessions=20),
    )
}


@contextlib.contextmanager
def started(program: Program, folder: Path, protocol: str, charge_points: int) -> Iterator[Server]:
    """One of them, in a folder of its own, until the end of the block. Raises Unavailable, NotStarted."""
    own = folder / f"{program.name}-{protocol}"
    own.mkdir(parents=True)
    port = free_port()
    with running(program.name, program.command(own, port, protocol, charge_points), port, own) as server:
        yield server
