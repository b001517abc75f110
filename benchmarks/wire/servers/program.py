"""What the server programs have in common: options, a control line, an end on SIGTERM."""

from __future__ import annotations

import argparse
import asyncio
import signal
import ssl
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

Answer = Callable[[str], Awaitable[str]]
"""Carries out a line of standard input and returns the line to answer with."""


def options(description: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--protocol", default="ocpp1.6", help="(default: %(default)s)")
    parser.add_argument("--charge-points", type=int, default=50, help="as many as may connect (default: %(default)s)")
    parser.add_argument("--certificate", type=Path, help="PEM file with certificate and key: speak TLS")
    return parser.parse_args()


def tls(certificate: Path | None) -> ssl.SSLContext | None:
    if certificate is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


async def until_terminated(answer: Answer | None = None) -> None:
    """Answer lines of standard input until SIGTERM."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    listening = asyncio.create_task(_listen(answer)) if answer is not None else None
    await ended.wait()
    if listening is not None:
        listening.cancel()


async def _listen(answer: Answer) -> None:
    loop = asyncio.get_running_loop()
    lines = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := (await lines.readline()).decode().strip():
        print(await answer(line), flush=True)
