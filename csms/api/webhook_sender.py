"""One delivery over HTTP: only to where it may go, without redirects, and not longer than a few seconds."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Collection
from dataclasses import dataclass

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from csms.api.webhook_rules import is_public

TIMEOUT_S = 10.0
MOST_AT_ONCE = 128
"""More than there can be webhooks, each of which has one delivery under way: none waits for those that never answer."""


class Forbidden(OSError):
    """The address is none that webhooks may go to."""


@dataclass(frozen=True, slots=True)
class Destinations:
    """`hosts` may have any address; others only public ones, unless `private`."""

    private: bool = False
    hosts: Collection[str] = ()

    def may_be_private(self, host: str) -> bool:
        return self.private or host.lower() in self.hosts


PUBLIC = Destinations()


@dataclass(frozen=True, slots=True)
class Attempt:
    """`status` None: there was no answer; `error` says why, in words."""

    status: int | None
    error: str

    @property
    def delivered(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


class CheckedResolver(AbstractResolver):
    """Names become addresses once, here: what was checked is what is connected to."""

    def __init__(self, destinations: Destinations) -> None:
        self._destinations = destinations

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM, family=family)
        addresses = [(str(address[0]), kind) for kind, _, _, _, address in found]
        if not self._destinations.may_be_private(host) and not all(is_public(address) for address, _ in addresses):
            raise Forbidden("the name has an address that is not public")
        return [
            ResolveResult(hostname=host, host=address, port=port, family=kind, proto=0, flags=socket.AI_NUMERICHOST)
            for address, kind in addresses
        ]

    async def close(self) -> None:
        """Nothing is open."""


class Sender:
    """To be closed."""

    def __init__(self, destinations: Destinations) -> None:
        self._destinations = destinations
        connector = aiohttp.TCPConnector(
            resolver=CheckedResolver(destinations), use_dns_cache=False, limit=MOST_AT_ONCE, force_close=True
        )
        self._http = aiohttp.ClientSession(
            connector=connector,
            timeout=aiohttp.ClientTimeout(total=TIMEOUT_S),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
        )

    async def send(self, url: str, body: bytes, headers: dict[str, str]) -> Attempt:
        """Never raises but for cancellation. What the other side says besides its status is not read."""
        try:
            target = URL(url)
            self._check_literal(target.host or "")
            async with self._http.post(target, data=body, headers=headers, allow_redirects=False) as answer:
                return Attempt(answer.status, "" if 200 <= answer.status < 300 else f"answered {answer.status}")
        except TimeoutError:
            return Attempt(None, f"no answer within {TIMEOUT_S:.0f} s")
        except aiohttp.ClientConnectorCertificateError:
            return Attempt(None, "the certificate is not valid")
        except (aiohttp.ClientError, OSError, ValueError) as failed:
            cause = failed.__cause__ or getattr(failed, "os_error", None)
            if isinstance(failed, Forbidden) or isinstance(cause, Forbidden):
                return Attempt(None, "the address is not public")
            return Attempt(None, f"not reached ({type(failed).__name__})")

    async def close(self) -> None:
        await self._http.close()

    def _check_literal(self, host: str) -> None:
        """An address in the URL is not resolved."""
        try:
            ipaddress.ip_address(host)
        except ValueError:
            if any(letter.isalpha() for letter in host) and not host.lower().startswith("0x"):
                return
            # 127.1, 2130706433: resolvers read these as addresses, and not all of them in the same way
            raise Forbidden("the address is not public") from None
        if not self._destinations.may_be_private(host) and not is_public(host):
            raise Forbidden("the address is not public")
