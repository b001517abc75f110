"""What a simulated charge point needs of a connection, and the real one over WebSocket."""

import base64
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import quote, unquote

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as websocket_connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI
from websockets.typing import Subprotocol

from simulators.access import Access


class TransportClosed(Exception):
    """The connection is gone, or could not be made."""


class Transport(Protocol):
    """One connection to a central system, text frames in both directions."""

    async def send(self, text: str) -> None:
        """Send one frame; raises TransportClosed."""
        ...

    async def receive(self) -> str:
        """The next frame; raises TransportClosed once the connection is gone."""
        ...

    async def close(self) -> None:
        """End the connection; harmless when it has ended already."""
        ...


Connect = Callable[[], Awaitable[Transport]]
"""Makes one connection; raises TransportClosed or OSError when there is nobody to talk to."""


def charge_point_url(base_url: str, identity: str) -> str:
    """The address of one charge point: the base address, with or without a slash, and the identity (OCPP-J 3.1.1)."""
    return f"{base_url.rstrip('/')}/{quote(identity, safe='')}"


@dataclass(frozen=True, slots=True)
class Tls:
    """PEM files: whom to trust (None: the machine's authorities), and what to prove oneself with (profile 3)."""

    ca_file: Path | None = None
    certificate: Path | None = None
    key: Path | None = None

    def context(self) -> ssl.SSLContext:
        """Raises OSError for files that cannot be used."""
        made = ssl.create_default_context(cafile=self.ca_file)
        if self.certificate is not None:
            made.load_cert_chain(self.certificate, self.key)
        return made


_PING_INTERVAL_S = 30.0


def websocket_transport(
    url: str,
    subprotocol: str | None,
    password: str | None = None,
    *,
    tls: Tls | None = None,
) -> Connect:
    """A factory of real connections to `url`, whose last segment is the identity and the Basic auth user.

    `subprotocol` is `ocpp1.6` or `ocpp2.0.1`, or None to offer none, as some older firmware does. Raises OSError for
    TLS files that cannot be used.
    """
    identity = unquote(url.rstrip("/").rpartition("/")[2])
    headers = {} if password is None else {"Authorization": _basic(identity, password)}
    subprotocols = None if subprotocol is None else [Subprotocol(subprotocol)]

    context = (tls or Tls()).context() if url.startswith("wss:") else None

    async def connect() -> Transport:
        try:
            connection = await websocket_connect(
                url,
                ssl=context,
                subprotocols=subprotocols,
                additional_headers=headers,
                ping_interval=_PING_INTERVAL_S,
                open_timeout=10,
                close_timeout=2,
                proxy=None,
            )
        except (InvalidHandshake, InvalidURI, TimeoutError, ssl.SSLError) as error:
            raise TransportClosed(str(error)) from error
        return _WebSocket(connection)

    return connect


class Dialer:
    """Connections to wherever `access` says, with the password it says, of the charge point with this identity.

    Raises OSError for TLS files that cannot be used.
    """

    def __init__(self, access: Access, identity: str, subprotocol: str | None, tls: Tls | None) -> None:
        self._access = access
        self._identity = identity
        self._subprotocol = subprotocol
        self._tls = tls
        self._made = self._make()

    async def connect(self) -> Transport:
        """As `Connect` says."""
        access = self._access
        try:
            if self._made[:2] != (access.url, access.password):
                self._made = self._make()
            transport = await self._made[2]()
        except (TransportClosed, OSError):
            access.failed()
            raise
        access.reached()
        return transport

    def _make(self) -> tuple[str, str | None, Connect]:
        url, password = self._access.url, self._access.password
        dial = websocket_transport(charge_point_url(url, self._identity), self._subprotocol, password, tls=self._tls)
        return url, password, dial


def access_over(base_url: str, password: str | None, tls: Tls | None) -> Access:
    """As delivered: what it has decides the security profile."""
    if not base_url.startswith("wss:"):
        return Access(base_url, 0 if password is None else 1, password)
    mutual = tls is not None and tls.certificate is not None
    return Access(base_url, 3 if mutual else 2, password)


class _WebSocket:
    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    async def send(self, text: str) -> None:
        try:
            await self._connection.send(text)
        except ConnectionClosed as error:
            raise TransportClosed(str(error)) from error

    async def receive(self) -> str:
        try:
            return await self._connection.recv(decode=True)
        except ConnectionClosed as error:
            raise TransportClosed(str(error)) from error

    async def close(self) -> None:
        await self._connection.close()


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
