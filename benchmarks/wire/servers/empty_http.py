"""The yardstick of the API: an aiohttp handler that answers with an empty object, on uvloop."""

from __future__ import annotations

import uvloop
from aiohttp import web

from benchmarks.wire.servers.program import options, until_terminated


async def answer(_request: web.Request) -> web.Response:
    return web.Response(body=b"{}", content_type="application/json")


async def main() -> None:
    given = options(__doc__ or "")
    application = web.Application()
    application.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", given.port).start()
    await until_terminated()
    await runner.cleanup()


if __name__ == "__main__":
    uvloop.run(main())
