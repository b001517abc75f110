"""Which tokens each charge point's local list should hold, and what is remembered of the lists that were sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from csms.domain.authorization import Decision, IdToken, may_charge_at
from csms.domain.local_list import Entry, Held, Standing
from csms.domain.model import ChargePointSettings
from csms.domain.ports import Clock, Store
from csms.domain.records import RecordQuery, Told

KIND = "local_list"
NAME = "sent"


class Tokens(Protocol):
    """The tokens there are."""

    def all(self) -> list[IdToken]: ...

    def on_change(self, listener: Callable[[], None]) -> None: ...


class LocalLists:
    """Implements domain.local_list.LocalLists.

    What a whole site may hold is worked out once for all its charge points, and again when a token has changed.
    """

    def __init__(self, tokens: Tokens, *, by_default: bool, store: Store, clock: Clock) -> None:
        self._tokens = tokens
        self._by_default = by_default
        self._store = store
        self._clock = clock
        self._listeners: dict[int, Callable[[], None]] = {}
        self._numbers = 0
        self._of_sites: dict[str, list[IdToken]] = {}
        self._of_points: dict[str, list[IdToken]] | None = None
        tokens.on_change(self._changed)

    def wanted(self, settings: ChargePointSettings) -> bool:
        return self._by_default if settings.local_list is None else settings.local_list

    def entries(self, settings: ChargePointSettings, longest: int) -> Mapping[str, Entry]:
        """Sorted by token, those that name the charge point first: where not all have room, they come first."""
        named, everywhere = self._found(settings)
        allowed = (
            token
            for token in (*named, *everywhere)
            if len(token.id_token) <= longest and token.current in (None, settings.current or token.current)
        )
        return {token.id_token: _entry(token) for token in allowed}

    async def held(self, charge_point_id: str) -> Held:
        found = await self._store.records(
            RecordQuery(Told, where={"charge_point_id": charge_point_id, "kind": KIND, "name": NAME})
        )
        for told in found.items:
            entries = told.value.get("entries")
            return Held(int(told.value["version"]), entries if isinstance(entries, dict) else None)
        return Held()

    def keep(self, charge_point_id: str, standing: Standing) -> None:
        value: dict[str, Any] = {
            "state": standing.state.value,
            "version": standing.held.version,
            "entries": None if standing.held.entries is None else dict(standing.held.entries),
            "wanted": standing.wanted,
            "left_out": standing.left_out,
        }
        self._store.save(Told(charge_point_id, KIND, NAME, self._clock.now().utc_s, value))

    def on_change(self, listener: Callable[[], None]) -> Callable[[], None]:
        self._numbers += 1
        number = self._numbers
        self._listeners[number] = listener

        def forget() -> None:
            self._listeners.pop(number, None)

        return forget

    def _found(self, settings: ChargePointSettings) -> tuple[list[IdToken], list[IdToken]]:
        if self._of_points is None:
            self._of_points = {}
            for token in self._tokens.all():
                for point in dict.fromkeys(place.partition(":")[0] for place in token.charge_points):
                    self._of_points.setdefault(point, []).append(token)
        named = self._of_points.get(settings.charge_point_id, [])
        if settings.site_id not in self._of_sites:
            nowhere = ""  # no charge point has this name
            self._of_sites[settings.site_id] = [
                token for token in self._tokens.all() if may_charge_at(token, settings.site_id, nowhere)
            ]
        return named, self._of_sites[settings.site_id]

    def _changed(self) -> None:
        self._of_sites.clear()
        self._of_points = None
        for listener in list(self._listeners.values()):
            listener()


def _entry(token: IdToken) -> Entry:
    """Lists hold what does not change by itself: the charge point looks at the expiry."""
    decision = Decision(token.status, token.group_id, token.expires_at_s, priority=token.priority)
    return Entry(token.id_token, decision, token.kind)
