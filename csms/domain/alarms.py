"""Alarms as rows: what is wrong at a site, since when, and until when it was."""

from __future__ import annotations

from dataclasses import dataclass

SECURITY_EVENT = "security_event"
"""Kind of an alarm that a charge point raised and nobody but an operator clears: it tells what happened, and not how
the site stands."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """`kind` and `subject` (a node of the limit tree, a charge point) name what is wrong; one of a name is raised at a
    time.

    `excess_w` and `excess_a` say by how much a limit may be exceeded, `holders` which charge points hold it.
    `cleared_at_s` None: it stands. Times are UTC.
    """

    alarm_id: int
    kind: str
    subject: str
    text: str
    raised_at_s: float
    cleared_at_s: float | None = None
    excess_w: int = 0
    excess_a: float = 0.0
    holders: tuple[str, ...] = ()

    @property
    def standing(self) -> bool:
        return self.cleared_at_s is None
