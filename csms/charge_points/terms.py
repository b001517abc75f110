"""What holds for every connection of this process alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from csms.domain.tallies import OcppTally


@dataclass(frozen=True, slots=True)
class Terms:
    """See [ocpp] in the reference of the configuration. `quiet`: nothing is asked before a session runs."""

    call_timeout_s: float
    metering_interval_s: int
    abandoned_after_s: float
    allowed_urls: tuple[str, ...]
    quiet: bool
    new_message_id: Callable[[], str]
    tally: OcppTally
