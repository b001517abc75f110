"""The command line as a user has it: processes of their own, each ended by its own id."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from support.system import JsonObject, eventually, free_port, toml

Process = asyncio.subprocess.Process

START_S = 30.0
CSMS = (sys.executable, "-m", "csms")
ROOT = Path(__file__).parents[3]


@dataclass(frozen=True, slots=True)
class Finished:
    code: int
    out: str
    err: str


async def csms(*arguments: str, cwd: Path, environment: Mapping[str, str] | None = None) -> Finished:
    """Run a command to its end."""
    process = await _start(*CSMS, *arguments, cwd=cwd, environment=environment, capture=True)
    async with _ending(process), asyncio.timeout(START_S):
        out, err = await process.communicate()
    assert process.returncode is not None
    return Finished(process.returncode, out.decode(), err.decode())


@contextlib.asynccontextmanager
async def served(config: Path, api_port: int, program: Sequence[str] = ()) -> AsyncIterator[Process]:
    """`csms serve`, or a program that does the same, ready; killed at the end if it still runs."""
    words = program or (*CSMS, "serve", "--config", str(config))
    process = await _start(*words, cwd=config.parent, environment=None, capture=False)
    async with _ending(process), aiohttp.ClientSession() as http:
        await eventually(lambda: _ready(process, http, api_port), "it is ready")
        yield process


def write_config(folder: Path, document: JsonObject) -> tuple[Path, int, int]:
    """The file, with two free ports in it: for charge points, and for operators."""
    ports = free_port(), free_port()
    for section, port in zip(("ocpp", "api"), ports, strict=True):
        document[section]["port"] = port
    path = folder / "config.toml"
    path.write_text(toml(document), encoding="utf-8")
    return path, *ports


async def _start(
    *words: str, cwd: Path, environment: Mapping[str, str] | None, capture: bool
) -> asyncio.subprocess.Process:
    stream = asyncio.subprocess.PIPE if capture else asyncio.subprocess.DEVNULL
    return await asyncio.create_subprocess_exec(
        *words,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), **(environment or {})},
        stdout=stream,
        stderr=stream,
    )


@contextlib.asynccontextmanager
async def _ending(process: Process) -> AsyncIterator[None]:
    try:
        yield
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _ready(process: Process, http: aiohttp.ClientSession, api_port: int) -> bool:
    assert process.returncode is None, "it ended before it was ready"
    try:
        async with http.get(f"http://127.0.0.1:{api_port}/readyz") as answer:
            return answer.status == 200
    except aiohttp.ClientConnectionError:
        return False
