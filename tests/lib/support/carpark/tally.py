"""What one run, or many together, came to; and how it reads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from support.carpark.blame import OUR_FAULT

OK_KWS = 0.001
"""Less than this is the rounding of floats over hours."""


@dataclass(slots=True)
class Tally:
    """Sums. Energies in Wh, times in seconds; `excesses` by node kind, unit (kW or A) and cause, times seconds."""

    seed: int
    site_s: float = 0.0
    session_s: float = 0.0
    sessions: int = 0
    events: int = 0
    frames: int = 0
    commands: int = 0
    changes: int = 0
    renewals: int = 0
    crashes: int = 0
    delivered_wh: float = 0.0
    oracle_wh: float = 0.0
    wall_s: float = 0.0
    excesses: dict[tuple[str, str, str], float] = field(default_factory=dict)
    starved: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    failed: list[int] = field(default_factory=list)

    def avoidable(self) -> float:
        """kW-seconds and ampere-seconds above a limit that we are to blame for."""
        return sum(amount for (_, _, cause), amount in self.excesses.items() if cause in OUR_FAULT)

    def held(self) -> bool:
        return self.avoidable() < OK_KWS and not self.starved and not self.failed

    def add(self, other: Tally) -> None:
        """Take another run in."""
        for name in ("site_s", "session_s", "sessions", "events", "frames", "commands", "changes", "renewals"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in ("crashes", "delivered_wh", "oracle_wh", "wall_s"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for key, amount in other.excesses.items():
            self.excesses[key] = self.excesses.get(key, 0.0) + amount
        self.starved += other.starved
        self.notes += other.notes
        self.failed += other.failed
        if not other.held() and other.seed not in self.failed:
            self.failed.append(other.seed)

    def lines(self, hours: float, elapsed_s: float) -> Iterable[str]:
        """The report, a fact per line."""
        site_h, session_h = self.site_s / 3600, max(self.session_s / 3600, 1e-9)
        yield f"site-hours               {site_h:12,.1f}"
        yield f"sessions, session-hours  {self.sessions:12,d} {session_h:12,.1f}"
        yield f"events, frames           {self.events:12,d} {self.frames:12,d}"
        yield f"commands, our crashes    {self.commands:12,d} {self.crashes:12,d}"
        yield f"limit changes            {self.changes / session_h:12.2f} per session-hour"
        yield f"lease renewals           {self.renewals / session_h:12.2f} per session-hour"
        yield f"delivered                {self.delivered_wh / 1000:12,.1f} kWh"
        share = 100 * self.delivered_wh / self.oracle_wh if self.oracle_wh else 100.0
        yield f"of the oracle's energy   {share:12.2f} %"
        yield f"starved cars             {len(self.starved):12,d}"
        yield f"speed                    {site_h / max(elapsed_s, 1e-9):12.2f} site-hours per second"
        yield from self._excess_lines()
        for seed in sorted(self.failed):
            yield f"FAILED; replay: python tests/simulation --run {seed} --hours {hours:g}"

    def _excess_lines(self) -> Iterable[str]:
        yield "above a limit, avoidable:"
        avoidable = {key: amount for key, amount in self.excesses.items() if key[2] in OUR_FAULT and amount >= OK_KWS}
        for (kind, unit, cause), amount in sorted(avoidable.items()):
            yield f"  {kind:14} {amount:14,.3f} {unit}s  {cause.removeprefix('avoidable').lstrip(', ')}".rstrip()
        if not avoidable:
            yield f"  {'none':14} {0.0:14,.3f} kWs"
        yield "above a limit, unavoidable, by cause:"
        for (kind, unit, cause), amount in sorted(self.excesses.items()):
            if cause not in OUR_FAULT:
                yield f"  {kind:14} {amount:14,.1f} {unit}s  {cause}"
