"""What is said of a decision, worked out once for as long as nothing changes: whoever asks, asks often."""

from __future__ import annotations

from dataclasses import dataclass, replace

from csms.balancing.allocation import Allocation
from csms.balancing.ledger import Ledger
from csms.balancing.report import figures, site_allocation
from csms.domain.history import Figures
from csms.domain.model import Moment
from csms.domain.reports import SiteAllocation
from csms.domain.snapshot import Snapshot

Decision = tuple[Snapshot, Allocation, Ledger]

_REPORT_LASTS_S = 1.0


@dataclass(frozen=True, slots=True)
class _Reported:
    """A report, and what it was made from."""

    decision: Decision
    current: Snapshot
    at: Moment
    report: SiteAllocation


@dataclass(frozen=True, slots=True)
class _Noted:
    """Figures, what they follow from besides the readings, and until when (steady) no reading grows too old."""

    decision: Decision
    figures: Figures
    until_s: float


class Reports:
    """The last report and the last figures of a site.

    `current` is the state now: a reading that decides anything has led to a new decision, so its readings may be newer
    than the decision.
    """

    def __init__(self) -> None:
        self._reported: _Reported | None = None
        self._noted: _Noted | None = None

    def allocation(self, decision: Decision, current: Snapshot, now: Moment) -> SiteAllocation:
        """The same object, until something has happened or a second has passed."""
        known = self._reported
        if known is None or known.decision is not decision or known.current is not current or _is_old(known, now):
            snapshot, allocation, book = decision
            fresh = replace(snapshot, readings=current.readings)
            known = self._reported = _Reported(decision, current, now, site_allocation(fresh, allocation, book, now))
        return known.report

    def figures(self, decision: Decision, current: Snapshot, now: Moment) -> Figures:
        """Added up anew when something was decided, was metered (`metered`), or is too old to count."""
        if self._noted is None or self._noted.decision is not decision or now.steady_s >= self._noted.until_s:
            snapshot, allocation, _ = decision
            fresh = replace(snapshot, readings=current.readings)
            until_s = fresh.readings_hold_until_s(allocation.shares, now.steady_s)
            self._noted = _Noted(decision, figures(fresh, allocation, now), until_s)
        return self._noted.figures

    def metered(self) -> None:
        """A reading has come: the figures are no longer true."""
        self._noted = None


def _is_old(known: _Reported, now: Moment) -> bool:
    return now.steady_s - known.at.steady_s >= _REPORT_LASTS_S
