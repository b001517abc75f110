"""The time as chargers write it, made once a millisecond at most."""

from __future__ import annotations

import time
from datetime import UTC, datetime


class WallClock:
    """24 characters: 2026-05-28T20:26:40.123Z."""

    def __init__(self) -> None:
        self._ms = 0
        self._text = b""

    def text(self) -> bytes:
        ms = time.time_ns() // 1_000_000
        if ms != self._ms:
            self._ms = ms
            at = datetime.fromtimestamp(ms // 1000, UTC)
            self._text = b"%s.%03dZ" % (at.strftime("%Y-%m-%dT%H:%M:%S").encode(), ms % 1000)
        return self._text
