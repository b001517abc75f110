"""TLS on a socket that is there already, without losing what its peer says meanwhile.

Event loops offer `start_tls` for that. As a task of its own it would begin an iteration later than the socket is read
(uvloop reads as soon as `connection_made` returns), and the peer's first words would be gone. Here it begins at once:
up to its first waiting, which is the handshake's, it runs in the caller's own step.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Coroutine, Generator
from typing import Any, Generic, TypeVar

Result = TypeVar("Result")


def secured(
    transport: asyncio.Transport, protocol: asyncio.Protocol, tls: ssl.SSLContext, handshake_timeout_s: float
) -> asyncio.Task[asyncio.Transport | None]:
    """The transport of the encrypted side, once the handshake is over; None if it never is. To be called in
    `connection_made`; `protocol` may be told of data before the task is done."""
    loop = asyncio.get_running_loop()
    handshake = loop.start_tls(transport, protocol, tls, server_side=True, ssl_handshake_timeout=handshake_timeout_s)
    return loop.create_task(_end_of(_Begun(handshake)))


async def _end_of(handshake: _Begun[asyncio.Transport | None]) -> asyncio.Transport | None:
    try:
        return await handshake
    except OSError:  # whatever TLS or the network says, a time that is over included
        return None


class _Begun(Generic[Result]):
    """A coroutine that has run up to its first waiting, and is awaited for the rest."""

    def __init__(self, coroutine: Coroutine[Any, None, Result]) -> None:
        self._coroutine = coroutine
        self._waits_for = coroutine.send(None)

    def __await__(self) -> Generator[Any, None, Result]:
        try:
            yield self._waits_for
        except BaseException as thrown:  # noqa: BLE001  what ends its waiting, a cancellation too, is its affair
            self._coroutine.throw(thrown)
        return (yield from self._coroutine.__await__())
