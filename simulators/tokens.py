"""What a charge point knows of id tokens by itself: its local authorization list, and a cache of what it was told.

OCPP 1.6 3.5 and 7.28, 2.0.1 C10 to C15. The list goes before the cache; tokens compare without regard to case.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

UpdateStatus = Literal["Accepted", "Failed", "VersionMismatch"]


@dataclass(frozen=True, slots=True)
class KnownToken:
    """`status` is the central system's word; from `expires_s` (epoch) on it does not count."""

    status: str
    group: str | None = None
    expires_s: float | None = None


class KnownTokens:
    """Both outlive a reboot. `most` is how many the list holds, `per_message` how many one message may bring."""

    def __init__(self, *, most: int, per_message: int) -> None:
        self.most = most
        self.per_message = per_message
        self.version = 0
        self._listed: dict[str, KnownToken] = {}
        self._cached: dict[str, KnownToken] = {}

    @property
    def listed(self) -> Mapping[str, KnownToken]:
        """The list, by token in lower case."""
        return self._listed

    def update(self, version: int, kind: str, entries: list[tuple[str, KnownToken | None]]) -> UpdateStatus:
        """A SendLocalList; an entry None removes its token. What is refused changes nothing."""
        if kind == "Differential" and version <= self.version:
            return "VersionMismatch"  # D01.FR.19
        listed = {} if kind == "Full" else dict(self._listed)
        for token, known in entries:
            if known is None:
                listed.pop(token.casefold(), None)
            else:
                listed[token.casefold()] = known
        if len(entries) > self.per_message or len(listed) > self.most:
            return "Failed"
        self.version, self._listed = version, listed
        return "Accepted"

    def learn(self, token: str, known: KnownToken) -> None:
        """The central system has answered for a token."""
        self._cached[token.casefold()] = known

    def clear_cache(self) -> None:
        self._cached.clear()

    def status(self, token: str, at_s: float) -> str | None:
        """What it knows of a token; None where it knows nothing that still counts."""
        key = token.casefold()
        for known in (self._listed.get(key), self._cached.get(key)):
            if known is not None and (known.expires_s is None or at_s < known.expires_s):
                return known.status
        return None
