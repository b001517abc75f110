"""How much one charge point, one address, one stranger may ask for. Pure: times and values in, decisions out.

A charge point that can prove who it is never is refused here. One that sends more than its allowance has its socket
read later, which costs it nothing but time: thousands of messages that waited out an outage all get through. Only one
that never lets up is closed. A right password opens at once, however many wrong ones came before it.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network
from math import ceil
from typing import Generic, NamedTuple, TypeVar

BURST_S = 10.0
"""An allowance that was not used adds up for so long."""

FLOOD_S = 300.0
"""Who uses up everything for so long on end does not empty a queue."""

CLOSING_INTERVAL_S = 0.1

_SHORTEST_PAUSE_S = 0.05
_REST_S = 5.0
_CLOSED_AT_ONCE = 100

_FREE_PER_IDENTITY = 5
_FREE_PER_ADDRESS = 100
"""Failed logins that are answered at once; a whole car park shares one address."""

_FIRST_DELAY_S = 0.25
_FORGOTTEN_AFTER_S = 600.0
_REMEMBERED = 10_000
_DELAYED_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Limits:
    """See [ocpp] in the reference of the configuration."""

    max_messages_per_s: float = 1000
    max_bytes_per_s: float = 1_000_000
    max_handshakes_per_address: int = 5000
    handshake_timeout_s: float = 10
    failed_login_delay_s: float = 5
    stop_spread_s: float = 3


class Pause(NamedTuple):
    """How long nothing is read. `begins`: this is the first pause in a row; `flood`: there was no end to them."""

    seconds: float
    begins: bool = False
    flood: bool = False


class Allowance:
    """What one charge point may still send: two token buckets, one of messages and one of bytes.

    Counting is all that a message costs. The clock is only asked, by `refill`, when a bucket is empty; what came in
    until then is added at once, so that two bursts may follow each other and never three.
    """

    __slots__ = ("_bytes", "_limits", "_messages", "_pause_s", "_refilled_at_s", "_slowed_since_s")

    def __init__(self, limits: Limits, now_s: float) -> None:
        self._limits = limits
        self._messages = limits.max_messages_per_s * BURST_S
        self._bytes = limits.max_bytes_per_s * BURST_S
        self._refilled_at_s = now_s
        self._pause_s = 0.0
        self._slowed_since_s: float | None = None

    def spend(self, messages: int, size: int) -> bool:
        """Count what was read; False if that was more than is left, and `refill` says how to go on."""
        self._messages -= messages
        self._bytes -= size
        return self._messages >= 0 and self._bytes >= 0

    def refill(self, now_s: float) -> Pause:
        """Add what came in, and say how long not to read until no debt is left."""
        limits, rest_s = self._limits, now_s - self._refilled_at_s - self._pause_s
        income_s = self._pause_s + min(rest_s, BURST_S)
        self._refilled_at_s = now_s
        self._messages = min(self._messages / limits.max_messages_per_s + income_s, BURST_S) * limits.max_messages_per_s
        self._bytes = min(self._bytes / limits.max_bytes_per_s + income_s, BURST_S) * limits.max_bytes_per_s
        debt_s = -min(self._messages / limits.max_messages_per_s, self._bytes / limits.max_bytes_per_s)
        self._pause_s = 0.0 if debt_s <= 0 else max(debt_s, _SHORTEST_PAUSE_S)
        return self._told(now_s, rest_s)

    def _told(self, now_s: float, rest_s: float) -> Pause:
        """The pause as it stands, with what it means after those before it."""
        if rest_s >= _REST_S:
            self._slowed_since_s = None
        if self._pause_s and self._slowed_since_s is None:
            self._slowed_since_s = now_s
            return Pause(self._pause_s, begins=True)
        if self._pause_s and self._slowed_since_s is not None and now_s - self._slowed_since_s >= FLOOD_S:
            self._slowed_since_s = None
            return Pause(0, flood=True)
        return Pause(self._pause_s)


Key = TypeVar("Key")
Value = TypeVar("Value")


class Recent(OrderedDict[Key, Value]):
    """A dictionary that forgets what was set longest ago when it is full."""

    def __init__(self, most: int = _REMEMBERED) -> None:
        super().__init__()
        self._most = most

    def __setitem__(self, key: Key, value: Value) -> None:
        super().__setitem__(key, value)
        self.move_to_end(key)
        if len(self) > self._most:
            self.popitem(last=False)


class Delay(NamedTuple):
    """How long a refusal waits before it is sent; `told`: it is worth a line in the log."""

    seconds: float
    told: bool
    failures: int


class FailedLogins:
    """Makes guessing slow: each failure of an identity, or of an address with very many, is answered later than the
    one before. Waiting takes memory, so it is not for more than a thousand at once.

    Told are an identity's first failure and every doubling of an address's number: a flood fills no disk.
    """

    def __init__(self, longest_delay_s: float) -> None:
        self._longest_delay_s = longest_delay_s
        self._of_identities: Recent[str, _Failures] = Recent()
        self._of_addresses: Recent[str, _Failures] = Recent()

    def failed(self, address: str, identity: str, now_s: float, waiting: int) -> Delay:
        """Somebody could not prove who they are, while so many others are waiting for the same answer."""
        of_identity = _counted(self._of_identities, identity, now_s)
        of_address = _counted(self._of_addresses, address, now_s)
        told = of_address & (of_address - 1) == 0 or (of_identity == 1 and of_address <= _FREE_PER_ADDRESS)
        steps = max(of_identity - _FREE_PER_IDENTITY, of_address - _FREE_PER_ADDRESS)
        if steps <= 0 or waiting >= _DELAYED_AT_ONCE:
            return Delay(0, told, of_address)
        return Delay(min(_FIRST_DELAY_S * 2.0 ** min(steps - 1, 20), self._longest_delay_s), told, of_address)

    def succeeded(self, identity: str) -> None:
        self._of_identities.pop(identity, None)


class _Failures(NamedTuple):
    number: int
    last_s: float


def _counted(table: Recent[str, _Failures], key: str, now_s: float) -> int:
    """One more; earlier ones count unless the last is long ago."""
    earlier = table.get(key)
    number = 1 if earlier is None or now_s - earlier.last_s > _FORGOTTEN_AFTER_S else earlier.number + 1
    table[key] = _Failures(number, now_s)
    return number


class Handshakes(Generic[Key]):
    """The connections that have not yet said who they are, by address, in the order they came.

    When an address has too many, the one that has dawdled longest goes: whoever holds many open must not keep those
    out who share the address.
    """

    def __init__(self, most_per_address: int) -> None:
        self._most = most_per_address
        self._open: dict[str, OrderedDict[Key, None]] = {}
        self._told: set[str] = set()

    def all(self) -> list[Key]:
        return [connection for waiting in self._open.values() for connection in waiting]

    def begun(self, address: str, connection: Key) -> tuple[Key | None, bool]:
        """The connection that has to go for it, and whether it is the first since the address had none open."""
        waiting = self._open.setdefault(address, OrderedDict())
        waiting[connection] = None
        if len(waiting) <= self._most:
            return None, False
        first = address not in self._told
        self._told.add(address)
        return waiting.popitem(last=False)[0], first

    def ended(self, address: str, connection: Key) -> None:
        """It has said who it is, or is gone; more than once changes nothing."""
        waiting = self._open.get(address)
        if waiting is None:
            return
        waiting.pop(connection, None)
        if not waiting:
            del self._open[address]
            self._told.discard(address)


def network_of(host: str) -> str:
    """Who is counted as one: an IPv4 address, or the 64 bits of an IPv6 address that a customer gets."""
    if ":" not in host:
        return host
    try:
        address = IPv6Address(host.partition("%")[0])
    except ValueError:
        return host
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(IPv6Network((int(address) >> 64 << 64, 64)))


def closed_at_a_time(connections: int, spread_s: float) -> int:
    """How many connections a stopping server closes every CLOSING_INTERVAL_S, so that all are closed in that time.

    Few are closed at once; thousands would all come back in the same instant.
    """
    rounds = max(1, min(ceil(connections / _CLOSED_AT_ONCE), int(spread_s / CLOSING_INTERVAL_S + 1e-9)))
    return max(1, ceil(connections / rounds))
