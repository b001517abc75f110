"""Reports that come in several messages: which parts are there, and whether any is missing. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

MOST_PARTS = 10_000
"""A report of more messages than that is a mistake."""

_OPEN_AT_ONCE = 16


@dataclass(slots=True)
class Report:
    """The parts of one report so far. They may come in any order, twice, or never; `items` counts what they held."""

    seen: set[int] = field(default_factory=set)
    last: int | None = None
    items: int = 0

    def received(self, seq_no: int | None, more_follows: bool, items: int) -> bool:
        """Count a part; False for one that was here before. Parts without a number (None) come in their order."""
        number = len(self.seen) if seq_no is None else seq_no
        if number in self.seen or not 0 <= number < MOST_PARTS:
            return False
        self.seen.add(number)
        self.items += items
        if not more_follows:
            self.last = number
        return True

    @property
    def complete(self) -> bool:
        """The last part is there and so is every one before it."""
        return self.last is not None and all(number in self.seen for number in range(self.last + 1))


def report_of(reports: dict[str, Report], name: str) -> Report:
    """The report of this name, begun with its first part. Of many that were begun the oldest is forgotten."""
    found = reports.get(name)
    if found is None:
        found = reports[name] = Report()
        if len(reports) > _OPEN_AT_ONCE:
            del reports[next(iter(reports))]
    return found


def summary(report: Report, action: str, request_id: int | None) -> Mapping[str, object]:
    """What is kept of a report as a whole."""
    return {
        "action": action,
        "request_id": request_id,
        "complete": report.complete,
        "parts": len(report.seen),
        "items": report.items,
    }
