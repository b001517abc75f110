"""Which tokens each charge point's local list should hold, and what is remembered of the lists that were sent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from itertools import chain, islice
from typing import NamedTuple, Protocol

from csms.domain.authorization import Decision, IdToken, token_key
from csms.domain.local_list import NOTHING_KNOWN, SIZE, Entry, Standing, from_value, size_in, to_value
from csms.domain.model import ChargePointSettings, Current
from csms.domain.ports import Clock, Store
from csms.domain.records import RecordQuery, Told
from csms.domain.told import ToldKind

_AT_ONCE = 100
"""Lists read at once when a token is erased: each may be long."""


class Tokens(Protocol):
    """The tokens there are; a key is `token_key` of a token."""

    def all(self) -> list[IdToken]: ...

    def find(self, id_token: str) -> IdToken | None: ...

    def on_change(self, listener: Callable[[Sequence[str]], None]) -> None: ...

    def on_erase(self, eraser: Callable[[str], Awaitable[None]]) -> None: ...


class LocalLists:
    """Implements domain.local_list.LocalLists and ListDesk.

    What all charge points of a kind at a site may hold is worked out once, and then changes with the tokens that do: a
    fleet of chargers and tokens by the hundred thousand must not be gone through at every change.
    """

    def __init__(self, tokens: Tokens, *, by_default: bool, store: Store, clock: Clock) -> None:
        self._tokens = tokens
        self._by_default = by_default
        self._store = store
        self._clock = clock
        self._listeners: dict[int, Callable[[], None]] = {}
        self._resenders: dict[str, Callable[[], None]] = {}
        self._numbers = 0
        self._entries: dict[str, Entry] = {}
        self._of_kinds: dict[_Kind, dict[str, IdToken]] = {}
        self._of_points: dict[str, dict[str, IdToken]] | None = None
        self._points_of: dict[str, list[str]] = {}
        tokens.on_change(self._changed)
        tokens.on_erase(self._erase)

    def wanted(self, settings: ChargePointSettings) -> bool:
        return self._by_default if settings.local_list is None else settings.local_list

    def entries(self, settings: ChargePointSettings, longest: int, room: int) -> tuple[Mapping[str, Entry], int]:
        """Those that name the charge point come first, so that they have room."""
        kind = _Kind(settings.site_id, settings.current, longest)
        named = {key: token for key, token in self._named(settings).items() if kind.allows(token)}
        others = self._of_kind(kind)
        both = sum(key in others for key in named)
        rest = (token for key, token in others.items() if key not in named)
        entries = {token.id_token: self._entry(token) for token in islice(chain(named.values(), rest), room)}
        return entries, len(named) + len(others) - both - len(entries)

    async def known(self, charge_point_id: str) -> Standing:
        found = await self._store.records(
            RecordQuery(Told, where={"charge_point_id": charge_point_id, "kind": ToldKind.LOCAL_LIST})
        )
        return next((from_value(told.value) for told in found.items), NOTHING_KNOWN)

    async def size(self, charge_point_id: str) -> int | None:
        where = {"charge_point_id": charge_point_id, "kind": ToldKind.VARIABLE, "name": SIZE}
        found = await self._store.records(RecordQuery(Told, where=where))
        return next((size_in(told.value) for told in found.items), None)

    def keep(self, charge_point_id: str, standing: Standing) -> None:
        now_s = self._clock.now().utc_s
        self._store.save(Told(charge_point_id, ToldKind.LOCAL_LIST, "sent", now_s, to_value(standing)))

    def on_change(self, listener: Callable[[], None]) -> Callable[[], None]:
        self._numbers += 1
        number = self._numbers
        self._listeners[number] = listener

        def forget() -> None:
            self._listeners.pop(number, None)

        return forget

    def on_resend(self, charge_point_id: str, resend: Callable[[], None]) -> Callable[[], None]:
        self._resenders[charge_point_id] = resend

        def forget() -> None:
            if self._resenders.get(charge_point_id) is resend:  # not that of a later connection
                del self._resenders[charge_point_id]

        return forget

    def resend(self, charge_point_id: str) -> bool:
        resend = self._resenders.get(charge_point_id)
        if resend is not None:
            resend()
        return resend is not None

    async def _erase(self, key: str) -> None:
        """Of a list that holds the token only its version is remembered: its charge point is sent all of it next."""
        page, offset = None, 0
        while page is None or offset < page.total:
            query = RecordQuery(Told, where={"kind": ToldKind.LOCAL_LIST}, limit=_AT_ONCE, offset=offset)
            page = await self._store.records(query)
            offset += _AT_ONCE
            holding = [told for told in page.items if key in map(token_key, told.value["entries"] or ())]
            if holding:
                await self._store.save(*(replace(told, value={**told.value, "entries": None}) for told in holding))

    def _named(self, settings: ChargePointSettings) -> Mapping[str, IdToken]:
        """The tokens whose places name this charge point, or a connector of it."""
        if self._of_points is None:
            self._of_points = {}
            for token in self._tokens.all():
                self._name(self._of_points, token.key, token)
        return self._of_points.get(settings.charge_point_id, {})

    def _name(self, points: dict[str, dict[str, IdToken]], key: str, token: IdToken | None) -> None:
        """The token as it is now at the charge points it names, and no more at those it named before."""
        for point in self._points_of.pop(key, ()):
            del points[point][key]
        if token is not None and token.charge_points:
            named = list(dict.fromkeys(place.partition(":")[0] for place in token.charge_points))
            for point in named:
                points.setdefault(point, {})[key] = token
            self._points_of[key] = named

    def _of_kind(self, kind: _Kind) -> dict[str, IdToken]:
        found = self._of_kinds.get(kind)
        if found is None:
            found = self._of_kinds[kind] = {token.key: token for token in self._tokens.all() if kind.holds(token)}
        return found

    def _entry(self, token: IdToken) -> Entry:
        """Lists hold what does not change by itself: the charge point looks at the expiry."""
        entry = self._entries.get(token.key)
        if entry is None:
            decision = Decision(token.status, token.group_id, token.expires_at_s, priority=token.priority)
            entry = self._entries[token.key] = Entry.of(token.id_token, decision, token.kind)
        return entry

    def _changed(self, keys: Sequence[str]) -> None:
        for key in keys:
            token = self._tokens.find(key)
            self._entries.pop(key, None)
            for kind, tokens in self._of_kinds.items():
                if token is not None and kind.holds(token):
                    tokens[key] = token
                else:
                    tokens.pop(key, None)
            if self._of_points is not None:
                self._name(self._of_points, key, token)
        for listener in list(self._listeners.values()):
            listener()


class _Kind(NamedTuple):
    """What decides which tokens a charge point may hold, but for those that name it."""

    site_id: str
    current: Current | None
    longest: int

    def allows(self, token: IdToken) -> bool:
        return len(token.id_token) <= self.longest and token.current in (None, self.current or token.current)

    def holds(self, token: IdToken) -> bool:
        anywhere = not (token.sites or token.charge_points) or self.site_id in token.sites
        return anywhere and self.allows(token)
