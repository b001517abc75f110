"""The yardstick: a `websockets` server on uvloop that sends every text back."""

from __future__ import annotations

import uvloop
from websockets.asyncio.server import ServerConnection, serve
from websockets.typing import Subprotocol

from benchmarks.wire.servers.program import options, tls, until_terminated


async def echo(socket: ServerConnection) -> None:
    async for text in socket:
        await socket.send(text)


async def main() -> None:
    given = options(__doc__ or "")
    subprotocols = [Subprotocol(given.protocol)]
    async with serve(echo, "127.0.0.1", given.port, subprotocols=subprotocols, ssl=tls(given.certificate)):
        await until_terminated()


if __name__ == "__main__":
    uvloop.run(main())
