"""Servers as processes of their own: started, asked what they cost, and ended by their id."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_START_TIMEOUT_S = 60.0
_STOP_TIMEOUT_S = 15.0
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_WANTED_FILES = 20_000


class NotStarted(Exception):
    """A server ended, or did not listen in time; with the last it said."""


@dataclass(slots=True)
class Server:
    """A running server. Its port accepts connections."""

    name: str
    port: int
    process: subprocess.Popen[str] = field(repr=False)

    def cpu_ns(self) -> int:
        """Processor time of all its threads since it was started, to the nanosecond."""
        # clock_getcpuclockid(3): the complement of the process id, shifted, and 2 for the scheduler's clock.
        return time.clock_gettime_ns((~self.process.pid << 3) | 2)

    def resident_bytes(self) -> int:
        pages = Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]
        return int(pages) * _PAGE_BYTES

    def peak_resident_bytes(self) -> int:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024

    def ask(self, line: str) -> str:
        """Write a line to its standard input and return the line it answers with."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()


@contextlib.contextmanager
def running(name: str, command: Sequence[str], port: int, folder: Path) -> Iterator[Server]:
    """A server until the end of the block. What it logs is in `folder`."""
    log = folder / f"{name}.log"
    with log.open("w") as output:
        process = subprocess.Popen(  # noqa: S603  # programs of this benchmark
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=output, text=True
        )
    server = Server(name, port, process)
    try:
        _wait(server, log)
        yield server
    finally:
        stop(server)


def stop(server: Server) -> None:
    """End it in peace, or else in any way."""
    process = server.process
    process.terminate()
    try:
        process.wait(_STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def end_tidily() -> None:
    """SIGTERM ends this process as Ctrl-C does: it takes the servers with it."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def allow_many_files() -> None:
    """Room for thousands of sockets in this process and those it starts."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _WANTED_FILES if most == resource.RLIM_INFINITY else min(_WANTED_FILES, most)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


def _wait(server: Server, log: Path) -> None:
    deadline_s = time.monotonic() + _START_TIMEOUT_S
    while time.monotonic() < deadline_s:
        if server.process.poll() is not None:
            break
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", server.port), timeout=1):
            return
        time.sleep(0.05)
    said = log.read_text(errors="replace").strip().splitlines()[-15:]
    raise NotStarted("\n".join([f"{server.name} does not listen", *said]))
