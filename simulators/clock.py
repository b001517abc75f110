"""The time of day as an argument: what a simulator reads instead of the machine's clock."""

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Says what time it is; the only source of time in this package."""

    def now_s(self) -> float:
        """Seconds since 1970-01-01T00:00:00Z."""
        ...


class SystemClock:
    """The machine's own clock, for simulators run from the command line."""

    def now_s(self) -> float:
        return time.time()


def timestamp(at_s: float, *, zone: bool = True) -> str:
    """RFC 3339 in UTC with milliseconds; without `zone` the way careless firmware writes it (no `Z`)."""
    text = datetime.fromtimestamp(round(at_s, 3), UTC).replace(tzinfo=None).isoformat(timespec="milliseconds")
    return f"{text}Z" if zone else text


def parse_timestamp(text: str) -> float:
    """Epoch seconds of an RFC 3339 text; one without a zone is read as UTC. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
