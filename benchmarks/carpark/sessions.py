"""Charging sessions of a car park, read from a CSV file with one line per session."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

STEP_MIN = 5
STEPS_PER_DAY = 24 * 60 // STEP_MIN
STEP_H = STEP_MIN / 60


class SessionsUnreadable(ValueError):
    """The file is not there, or not a table of sessions."""


@dataclass(frozen=True, slots=True)
class Session:
    """A car plugged in from step `arrival` to step `departure` (not included); steps are 5 minutes.

    It asks for `requested_kwh` and draws at most `max_kw`.
    """

    session_id: str
    station_id: str
    arrival: int
    departure: int
    estimated_departure: int
    requested_kwh: float
    max_kw: float
    capacity_kwh: float

    def shifted(self, steps: int) -> Session:
        """The same session, so many steps earlier."""
        return Session(
            self.session_id,
            self.station_id,
            self.arrival - steps,
            self.departure - steps,
            self.estimated_departure - steps,
            self.requested_kwh,
            self.max_kw,
            self.capacity_kwh,
        )


def read_sessions(path: Path) -> list[Session]:
    """All sessions of a file, in its order. Raises SessionsUnreadable, with the line where there is one."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            return [_session(row, path, number) for number, row in enumerate(csv.DictReader(file), start=2)]
    except OSError as error:
        raise SessionsUnreadable(f"{path}: {error.strerror}") from error


def week(sessions: Iterable[Session], first_day: int, days: int = 7) -> list[Session]:
    """The sessions that begin in so many days from day `first_day` on (1 is the file's first), their steps counted
    from its midnight."""
    first = (first_day - 1) * STEPS_PER_DAY
    return [s.shifted(first) for s in sessions if first <= s.arrival < first + days * STEPS_PER_DAY]


def _session(row: dict[str, str], path: Path, number: int) -> Session:
    try:
        session = Session(
            session_id=row["session_id"],
            station_id=row["station_id"],
            arrival=int(row["arrival_5min"]),
            departure=int(row["departure_5min"]),
            estimated_departure=int(row["estimated_departure_5min"]),
            requested_kwh=float(row["requested_kwh"]),
            max_kw=float(row["max_kw"]),
            capacity_kwh=float(row["capacity_kwh"]),
        )
    except KeyError as error:
        raise SessionsUnreadable(f"{path}: no column {error}") from error
    except (TypeError, ValueError) as error:
        raise SessionsUnreadable(f"{path}, line {number}: {error}") from error
    if session.departure <= session.arrival or session.requested_kwh <= 0 or session.max_kw <= 0:
        raise SessionsUnreadable(f"{path}, line {number}: a session lasts, and asks for energy and power")
    return session
