"""Which charging profiles a 2.0.1 station has installed, as it reports them: in as many messages as it likes (K09)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count

from csms.charge_points.schemas import JsonObject


@dataclass(frozen=True, slots=True)
class ReportedProfile:
    """`evse_id` 0 is the station as a whole; `purpose` and `source` are the station's own words."""

    profile_id: int
    evse_id: int
    purpose: str
    source: str


@dataclass(slots=True, eq=False)
class Report:
    """What has been reported for one request; `complete` once nothing is to be continued (K09.FR.02)."""

    request_id: int
    profiles: list[ReportedProfile] = field(default_factory=list)
    complete: asyncio.Event = field(default_factory=asyncio.Event)


class ProfileReports:
    """The reports of one connection."""

    def __init__(self) -> None:
        self._request_ids = count(1)
        self._awaited: dict[int, Report] = {}

    @contextmanager
    def awaited(self) -> Iterator[Report]:
        """Collect a report from here on: some stations send it before they answer the request."""
        report = Report(next(self._request_ids))
        self._awaited[report.request_id] = report
        try:
            yield report
        finally:
            del self._awaited[report.request_id]

    def received(self, payload: JsonObject) -> None:
        """Take one ReportChargingProfiles; one that nobody awaits, any more or at all, is of no use."""
        report = self._awaited.get(payload["requestId"])
        if report is None:
            return
        evse_id, source = payload["evseId"], payload["chargingLimitSource"]
        report.profiles += [
            ReportedProfile(profile["id"], evse_id, profile["chargingProfilePurpose"], source)
            for profile in payload["chargingProfile"]
        ]
        if not payload.get("tbc", False):
            report.complete.set()
