"""The charging profiles a charger has installed: which ones it takes, which it throws out, what they permit."""

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from simulators.charging_profile import (
    ChargingProfile,
    Limit,
    Purpose,
    Running,
    Unit,
    counts_from_s,
    limit_at,
    next_change_s,
)
from simulators.readings import BY_THE_TEXT, Readings


@dataclass(frozen=True, slots=True)
class StoreRules:
    """What the store takes.

    `duplicates` is where the versions differ: 1.6 replaces a profile of the same purpose and stack level (3.13.2),
    2.0.1 refuses it under another id (K01.FR.06, .39, .52, .53). `units` are those the charger understands.
    """

    duplicates: Literal["replace", "reject"]
    units: tuple[Unit, ...]
    max_stack_level: int = 10
    max_periods: int = 24
    max_profiles: int = 30


@dataclass(frozen=True, slots=True)
class Installed:
    """A profile where it was set, and when; connector 0 is the whole charge point."""

    connector_id: int
    profile: ChargingProfile
    received_s: float


@dataclass(slots=True)
class ProfileStore:
    """Everything installed, in the order it came. Connector ids outside `connectors` (1..n) and 0 are refused.

    What it permits follows the charger's `readings`. A `running` maps connectors to their transactions; idle ones are
    left out. `held` are connectors that stand at 0 whatever is installed; `divided` says that every connector has a
    fixed part of the station's maximum, see `offers.py`.
    """

    rules: StoreRules
    connectors: tuple[int, ...]
    readings: Readings = BY_THE_TEXT
    installed: list[Installed] = field(default_factory=list)
    divided: bool = False
    held: frozenset[int] = frozenset()

    def install(
        self, connector_id: int, profile: ChargingProfile, running: Mapping[int, Running], received_s: float
    ) -> str | None:
        """Take a profile, or return why not as one of 2.0.1's reason codes (appendix 5)."""
        new = Installed(connector_id, profile, received_s)
        refusal = self._misplaced(new, running) or self._malformed(profile) or self._duplicate(new)
        if refusal is None:
            kept = [old for old in self.installed if not self._replaces(new, old)]
            if len(kept) >= self.rules.max_profiles:
                return "TooManyElements"
            self.installed = [*kept, new]
        return refusal

    def clear(
        self,
        *,
        profile_id: int | None = None,
        connector_id: int | None = None,
        purpose: Purpose | None = None,
        stack_level: int | None = None,
    ) -> int:
        """Remove what matches every criterion given, and say how many; an id alone decides when it is given."""

        def doomed(item: Installed) -> bool:
            profile = item.profile
            if profile_id is not None:
                return profile.profile_id == profile_id
            return (
                connector_id in (None, item.connector_id)
                and purpose in (None, profile.purpose)
                and stack_level in (None, profile.stack_level)
            )

        before = len(self.installed)
        self.installed = [item for item in self.installed if not doomed(item)]
        return before - len(self.installed)

    def end_transaction(self, connector_id: int) -> None:
        """A transaction's profiles end with it (1.6 3.13.1, 2.0.1 K02.FR.05)."""
        self.clear(connector_id=connector_id, purpose="Tx")

    def connector_limit(self, connector_id: int, at_s: float, running: Running | None) -> Limit | None:
        """What a connector's own profiles permit: TxProfile, else TxDefaultProfile, else None for no limit."""
        if connector_id in self.held:
            return Limit(self.rules.units[0], 0.0)
        if running is not None:
            limit = self._prevailing("Tx", (connector_id,), at_s, running)
            if limit is not None:
                return limit
        return self._prevailing("TxDefault", self._default_places(connector_id), at_s, running)

    def station_limit(self, at_s: float) -> Limit | None:
        """The cap on the sum of all connectors, or None."""
        return self._prevailing("ChargePointMax", (0,), at_s, None)

    def next_change_s(self, at_s: float, running: Mapping[int, Running]) -> float | None:
        """The next instant after `at_s` at which any limit may change."""
        instants = (
            next_change_s(item.profile, at_s, self._counts_from_s(item, transaction))
            for item in self.installed
            for transaction in self._followed(item, running)
        )
        return min((instant for instant in instants if instant is not None), default=None)

    def _followed(self, item: Installed, running: Mapping[int, Running]) -> Iterable[Running | None]:
        """The transactions a profile may count from; a dated one counts for itself."""
        if item.profile.is_dated:
            return [None]
        return [running.get(item.connector_id)] if item.connector_id else [None, *running.values()]

    def _counts_from_s(self, item: Installed, running: Running | None) -> float | None:
        return counts_from_s(item.profile, item.received_s, running, self.readings)

    def _default_places(self, connector_id: int) -> tuple[int, ...]:
        if self.readings.own_default == "replaces" and any(
            item.connector_id == connector_id and item.profile.purpose == "TxDefault" for item in self.installed
        ):
            return (connector_id,)
        return (connector_id, 0)

    def _prevailing(
        self, purpose: Purpose, places: tuple[int, ...], at_s: float, running: Running | None
    ) -> Limit | None:
        """The limit of the highest stack level that says something now; a connector's own beats connector 0's."""
        best: tuple[tuple[int, bool], Limit] | None = None
        for item in self.installed:
            if item.profile.purpose != purpose or item.connector_id not in places:
                continue
            limit = limit_at(item.profile, at_s, self._counts_from_s(item, running), self.readings)
            rank = (item.profile.stack_level, item.connector_id == places[0])
            if limit is not None and (best is None or rank > best[0]):
                best = (rank, limit)
        return best and best[1]

    def _misplaced(self, new: Installed, running: Mapping[int, Running]) -> str | None:
        profile = new.profile
        if new.connector_id and new.connector_id not in self.connectors:
            return "UnknownEvse"
        if profile.purpose == "ChargePointMax":
            # 2.0.1 K01.FR.38: the station as a whole has no moment to be relative to.
            return "InvalidProfile" if new.connector_id or profile.kind == "Relative" else None
        if profile.purpose != "Tx":
            return None
        transaction = running.get(new.connector_id)
        if not new.connector_id or transaction is None:
            return "TxNotFound"
        wanted = profile.transaction_id
        if wanted is None:  # 1.6 5.16.2 leaves it out for the running one; 2.0.1 K01.FR.03 does not
            return None if self.rules.duplicates == "replace" else "MissingParam"
        return None if wanted == transaction.transaction_id else "TxNotFound"

    def _malformed(self, profile: ChargingProfile) -> str | None:
        schedule = profile.schedule
        starts = [period.start_s for period in schedule.periods]
        if not 0 <= profile.stack_level <= self.rules.max_stack_level:
            return "InvalidStackLevel"
        if schedule.unit not in self.rules.units:
            return "UnsupportedRateUnit"
        if not starts or starts[0] != 0 or any(b <= a for a, b in itertools.pairwise(starts)):
            return "InvalidSchedule"
        if len(starts) > self.rules.max_periods or any(period.limit < 0 for period in schedule.periods):
            return "InvalidSchedule"
        if profile.kind == "Recurring" and (profile.recurrence is None or schedule.start_at_s is None):
            return "InvalidProfile"
        if self.rules.duplicates == "reject" and (schedule.start_at_s is None) != (profile.kind == "Relative"):
            return "InvalidSchedule"  # K01.FR.40, .41; 1.6 tolerates both
        return None

    def _duplicate(self, new: Installed) -> str | None:
        if self.rules.duplicates == "replace":
            return None
        clash = any(self._clashes(new, old) for old in self.installed)
        return "DuplicateProfile" if clash else None

    def _clashes(self, new: Installed, old: Installed) -> bool:
        one, other = new.profile, old.profile
        if one.profile_id == other.profile_id:
            return False
        if (one.purpose, one.stack_level) != (other.purpose, other.stack_level):
            return False
        if one.purpose == "Tx":
            return one.transaction_id == other.transaction_id
        if new.connector_id == old.connector_id:
            return one.overlaps(other)
        return one.purpose == "TxDefault" and 0 in (new.connector_id, old.connector_id)

    def _replaces(self, new: Installed, old: Installed) -> bool:
        one, other = new.profile, old.profile
        if one.profile_id == other.profile_id:
            return True  # 1.6 5.16, 2.0.1 K01.FR.05
        same_rank = (one.purpose, one.stack_level) == (other.purpose, other.stack_level)
        return self.rules.duplicates == "replace" and same_rank and new.connector_id == old.connector_id
