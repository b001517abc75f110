"""What the installed profiles permit, worked out once for as long as nothing about them changes."""

import math
from collections.abc import Mapping

from simulators.car import Offer
from simulators.charging_profile import Limit, Running
from simulators.hardware import Hardware
from simulators.offers import offers_at
from simulators.profiles import Installed, ProfileStore

GRAIN_S = 0.001
"""Instants are floats: this close to one at which a profile changes, nothing is taken for what it was."""


class Outlook:
    """`look` before anything is read; `next_change_s` is the store's."""

    def __init__(self, hardware: Hardware, profiles: ProfileStore) -> None:
        self.offers: dict[int, Offer] = {}
        self.station_limit: Limit | None = None
        self.next_change_s: float | None = None
        self._hardware = hardware
        self._profiles = profiles
        self._installed: list[Installed] | None = None
        self._held: frozenset[int] = frozenset()
        self._running: Mapping[int, Running] = {}
        self._from_s = math.inf
        self._until_s = -math.inf

    def look(self, running: Mapping[int, Running], at_s: float) -> None:
        """At an instant, by the charger's own clock."""
        profiles = self._profiles
        unchanged = self._installed is profiles.installed and self._held == profiles.held and running == self._running
        if unchanged and (self._from_s == at_s or self._from_s < at_s < self._until_s):
            return
        self._installed, self._held = profiles.installed, profiles.held
        self._running, self._from_s = running, at_s
        self.offers = offers_at(self._hardware, self._profiles, running, at_s)
        self.station_limit = self._profiles.station_limit(at_s)
        self.next_change_s = self._profiles.next_change_s(at_s, running)
        self._until_s = self._steady_until_s(at_s)

    def _steady_until_s(self, at_s: float) -> float:
        last_s = self._profiles.next_change_s(at_s - GRAIN_S, self._running)
        if last_s is not None and last_s <= at_s:
            return at_s
        return math.inf if self.next_change_s is None else self.next_change_s - GRAIN_S
