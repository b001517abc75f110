"""The API keys there are: those of the file, and those made over REST; how often each may ask, and who guesses."""

from __future__ import annotations

import asyncio
import ipaddress
import math
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from csms.api.auth import ApiKey, authorize, includes
from csms.api.problems import Problem
from csms.domain.ports import Clock, Store
from csms.domain.records import ApiKeyRecord, RecordQuery

BURST_S = 5.0
"""A key that has been quiet may save up the requests of so many seconds."""

FAILURES_FREE = 10
LONGEST_DELAY_S = 5.0
_FIRST_DELAY_S = 0.1
_FORGOTTEN_AFTER_S = 600.0
_MOST_ADDRESSES = 10_000
_MOST_WAITING = 500
"""Refusals that wait at a time; more are sent at once, so that nobody can fill the memory with them."""


@dataclass(slots=True)
class _Bucket:
    left: float
    at_s: float


class Keyring:
    """A request is known by its key, and counted. `per_s` is how often one key may ask."""

    def __init__(self, fixed: Sequence[ApiKey], store: Store, clock: Clock, per_s: float) -> None:
        self._fixed = tuple(fixed)
        self._store = store
        self._clock = clock
        self._per_s = per_s
        self._made: dict[str, ApiKeyRecord] = {}
        self._buckets: dict[str, _Bucket] = {}
        self._failures: OrderedDict[str, tuple[int, float]] = OrderedDict()
        self._waiting = 0

    async def load(self) -> None:
        """Those made over REST. A key of the file goes before one of the same name."""
        names = {key.name for key in self._fixed}
        made = await self._store.records(RecordQuery(ApiKeyRecord))
        self._made = {record.name: record for record in made.items if record.name not in names}

    @property
    def fixed(self) -> Sequence[ApiKey]:
        return self._fixed

    @property
    def made(self) -> Sequence[ApiKeyRecord]:
        return list(self._made.values())

    def holds(self, key: ApiKey | None) -> bool:
        """Whether it still opens: a stream lives longer than a request."""
        return key is None or any(key is known for known in self._all())

    def is_last(self, name: str) -> bool:
        """Whether nobody could manage keys without it."""
        return not any(includes(key, "admin") for key in self._all() if key.name != name)

    async def add(self, record: ApiKeyRecord) -> None:
        await self._store.save(record)
        self._made[record.name] = record

    async def remove(self, name: str) -> None:
        """From now on it does not open, whatever becomes of the store."""
        del self._made[name]
        self._buckets.pop(name, None)
        await self._store.remove(ApiKeyRecord, (name,))

    async def admit(self, headers: Mapping[str, str], scope: str, address: str | None) -> ApiKey:
        """The key of a request. Raises Problem 401, 403 or 429."""
        try:
            key = authorize(self._all(), headers, scope)
        except Problem as refused:
            if refused.status == 401 and "Authorization" in headers:
                await self._delay(_network(address))
            raise
        self._count(key.name)
        return key

    def _all(self) -> list[ApiKey]:
        return [*self._fixed, *self._made.values()]

    def _count(self, name: str) -> None:
        """A token bucket."""
        now_s, most = self._clock.now().steady_s, self._per_s * BURST_S
        bucket = self._buckets.setdefault(name, _Bucket(most, now_s))
        bucket.left = min(most, bucket.left + (now_s - bucket.at_s) * self._per_s)
        bucket.at_s = now_s
        if bucket.left < 1:
            retry_s = math.ceil((1 - bucket.left) / self._per_s)
            raise Problem(429, "The key asks too often.", headers={"Retry-After": str(retry_s)})
        bucket.left -= 1

    async def _delay(self, network: str) -> None:
        """A wrong key is answered later each time; a right one never waits."""
        now_s = self._clock.now().steady_s
        count, last_s = self._failures.pop(network, (0, now_s))
        count = 1 if now_s - last_s > _FORGOTTEN_AFTER_S else count + 1
        self._failures[network] = (count, now_s)
        if len(self._failures) > _MOST_ADDRESSES:
            self._failures.popitem(last=False)
        if count <= FAILURES_FREE or self._waiting >= _MOST_WAITING:
            return
        self._waiting += 1
        try:
            await asyncio.sleep(min(LONGEST_DELAY_S, _FIRST_DELAY_S * 2.0 ** min(count - FAILURES_FREE - 1, 10)))
        finally:
            self._waiting -= 1


def _network(address: str | None) -> str:
    """An IPv6 address counts with its /64: whoever has one has all of it."""
    try:
        ip = ipaddress.ip_address(address or "")
    except ValueError:
        return address or ""
    return str(ip) if ip.version == 4 else str(ipaddress.ip_network((ip, 64), strict=False))
