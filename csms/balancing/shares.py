"""What a decision gives one connector."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)  # not frozen: of so many made in a decision it would be felt
class Share:
    """What one connector with a running transaction should have. `waiting`: its floor does not fit.

    `expected_start_s` (steady clock) is about when a waiting one gets its turn. `phases` 1: on one phase only.
    """

    limit_w: int
    reason: str
    waiting: bool = False
    commanded: bool = True
    """False for a charger that is offline or out of service: nothing can be told to it."""
    refusing: bool = False
    """It does not take its limit: it is asked again, and counted at its worst case meanwhile."""
    phases: int | None = None
    expected_start_s: float | None = None
