"""Times on the wire: how we write them, and which of a charger's we believe."""

from __future__ import annotations

from datetime import UTC, datetime

from csms.charge_points.normalise import parse_time

_YEAR_2000_S = 946_684_800.0
_DAY_S = 86_400.0


def rfc3339(at_s: float) -> str:
    """UTC with "Z", in milliseconds."""
    return datetime.fromtimestamp(at_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def charger_time(text: str | None, now_s: float) -> float:
    """A charger's timestamp in seconds since 1970, or `now_s` where it tells nothing.

    Chargers without a set clock send 1970, some are years ahead: before 2000 or more than a day in the future is
    not believed.
    """
    at_s = parse_time(text) if text else None
    if at_s is None or not _YEAR_2000_S <= at_s <= now_s + _DAY_S:
        return now_s
    return at_s
