"""How a charge point gets in: its password, and the central systems it knows, in the order in which it tries them."""

from collections.abc import Sequence
from dataclasses import dataclass

SLOTS = (1, 2)
ATTEMPTS = 2
"""At one address, before the next is tried (2.0.1 NetworkProfileConnectionAttempts)."""


@dataclass(frozen=True, slots=True)
class Network:
    """Where to connect, without an identity, and by which security profile."""

    url: str
    security_profile: int


class Access:
    """What is in slot 1 is what it was delivered with. A new order counts from the next boot on (2.0.1 B10); a new
    password from the next connection on, which has to follow at once (A01 of both versions)."""

    def __init__(self, url: str = "", security_profile: int = 0, password: str | None = None) -> None:
        self.password = password
        self.security_profile = security_profile
        self._slots = {1: Network(url, security_profile)}
        self._order = [1]
        self._trying = [1]
        self._failures = 0

    @property
    def url(self) -> str:
        return self._slots[self._trying[0]].url

    @property
    def order(self) -> Sequence[int]:
        return self._order

    def store(self, slot: int, network: Network) -> str | None:
        """Keep it for later; the reason where it is not one to keep (B09)."""
        scheme = "wss://" if network.security_profile > 1 else "ws://"
        if slot not in SLOTS or not network.url.startswith(scheme):
            return "InvalidNetworkConf"
        if network.security_profile < self.security_profile:
            return "NoSecurityDowngrade"  # B09.FR.04
        self._slots[slot] = network
        return None

    def prefer(self, order: Sequence[int]) -> bool:
        """Try them in this order; False where it is none."""
        known = [self._slots.get(slot) for slot in order]
        if not order or any(one is None or one.security_profile < self.security_profile for one in known):
            return False
        self._order = list(order)
        return True

    def booted(self) -> None:
        self._trying, self._failures = list(self._order), 0

    def failed(self) -> None:
        """Nobody answered, or it was not let in."""
        self._failures += 1
        if self._failures >= ATTEMPTS:
            self._failures = 0
            self._trying = [*self._trying[1:], self._trying[0]]

    def reached(self) -> None:
        self._failures = 0
        self.security_profile = self._slots[self._trying[0]].security_profile
