"""Answers that are no JSON document: files to be saved, and those without an end, written as fast as they are read."""

from __future__ import annotations

import asyncio
import contextlib

import structlog
from aiohttp import web

from csms.api.problems import COMMON_HEADERS
from csms.api.table import Download, Stream

SLOW_READER_S = 20.0
"""A client that takes nothing for so long is disconnected. It knows the last event that it was sent."""

log = structlog.get_logger(__name__)


async def stream(request: web.Request, answer: Stream) -> web.StreamResponse:
    """Write until the chunks end or the client is gone. HEAD gets the headers alone."""
    headers = {**COMMON_HEADERS, "Content-Type": answer.content_type, "X-Accel-Buffering": "no"}
    response = web.StreamResponse(headers=headers)
    async with contextlib.aclosing(answer.chunks) as chunks:
        if request.method == "HEAD":
            return web.Response(headers=headers)
        await response.prepare(request)
        try:
            async for chunk in chunks:
                async with asyncio.timeout(SLOW_READER_S):
                    await response.write(chunk)
            await response.write_eof()
        except TimeoutError:
            log.info("api_stream_dropped", path=request.rel_url.raw_path)
            if request.transport is not None:
                request.transport.abort()
        except ConnectionError:
            pass  # the client has gone
    return response


def download(answer: Download) -> web.Response:
    """`file_name` has no characters that would need quoting."""
    disposition = f'attachment; filename="{answer.file_name}"'
    return web.Response(
        body=answer.content, content_type=answer.content_type, headers={"Content-Disposition": disposition}
    )
