"""The id tokens in memory: what has been said of each, and where it is in use. Decisions are made at message time.

Everything that was said is in the store; what is in use follows from the sites' running transactions, which are asked
before anything is believed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import structlog

from csms.domain import events as ev
from csms.domain.authorization import (
    Asked,
    AuthorizationRules,
    Decision,
    Erased,
    IdToken,
    InUse,
    Purpose,
    Status,
    TokenInUse,
    decide,
    ends_session,
    token_key,
)
from csms.domain.failures import StoreFailed
from csms.domain.model import ConnectorKey
from csms.domain.ports import Clock, Ids, Store
from csms.domain.records import RecordQuery
from csms.refusals import GRACE_S, Refusals
from csms.refusals import Site as SiteToEnd

log = structlog.get_logger()

_LONGEST_TOKEN = 36

_SAVED_AT_ONCE = 200
"""Some milliseconds of work."""

_FORGOTTEN_AT = 1000
"""Ended transactions are forgotten when so many more are held than twice as many as were left the last time."""


class Site(SiteToEnd, Protocol):
    """The part of a site that this needs."""

    def sessions_of(self, key: str) -> list[int]:
        """The sessions that ended lately, and are remembered, of the token with this key."""
        ...

    def record(self, event: ev.Event, *, origin: str = ...) -> asyncio.Future[None]: ...


class Sites(Protocol):
    """All sites, as this needs them."""

    def site_ids(self) -> Sequence[str]: ...

    def get(self, site_id: str) -> Site | None: ...


@dataclass(frozen=True, slots=True)
class TokenSeed:
    """What the file changes: records to save, tokens to remove, and how many REST has changed since."""

    saved: tuple[IdToken, ...]
    removed: tuple[str, ...]
    overruled: int


def seed_tokens(declared: Iterable[IdToken], stored: Iterable[IdToken]) -> TokenSeed:
    """The file seeds, later changes over REST win; what the file made and no longer names goes."""
    held = {record.key: record for record in stored}
    wanted = {record.key: record for record in declared}
    by_rest = {key for key in wanted if key in held and held[key].origin != FILE}
    changed = [
        replace(record, id_token=held[key].id_token, created_at_s=held[key].created_at_s) if key in held else record
        for key, record in wanted.items()
        if key not in by_rest and (key not in held or not _same(held[key], record))
    ]
    gone = [record.id_token for key, record in held.items() if record.origin == FILE and key not in wanted]
    overruled = sum(not _same(held[key], wanted[key]) for key in by_rest)
    return TokenSeed(tuple(changed), tuple(gone), overruled)


class IdTokens:
    """Implements domain.authorization.Authorization, and keeps the records for REST."""

    def __init__(self, rules: AuthorizationRules, *, store: Store, clock: Clock, sites: Sites, ids: Ids) -> None:
        self._rules = rules
        self._store = store
        self._clock = clock
        self._sites = sites
        self._ids = ids
        self._records: dict[str, IdToken] = {}
        self._in_use: dict[str, set[InUse]] = {}
        self._held = 0
        self._forget_at = _FORGOTTEN_AT
        self._listeners: list[Callable[[Sequence[str]], None]] = []
        self._erasers: list[Callable[[str], Awaitable[None]]] = []
        self.refusals = Refusals(sites.get, clock, self._is_to_end)

    async def load(self, declared: Iterable[IdToken]) -> None:
        """Read the store, seed it from the file, and learn from the sites, loaded before, which tokens are in use."""
        stored = (await self._store.records(RecordQuery(IdToken))).items
        made = seed_tokens(declared, stored)
        if made.overruled:
            log.info("config.id_tokens_overruled_by_store", id_tokens=made.overruled)
        self._records = {record.key: record for record in stored}
        await self.save(made.saved)
        await self.remove(made.removed)
        for site_id in self._sites.site_ids():
            site = self._sites.get(site_id)
            for key, running in ({} if site is None else site.view().active).items():
                self._note(site_id, key, running.transaction_id, running.id_token)
        self._end_blocked(list(self._in_use))

    @property
    def rules(self) -> AuthorizationRules:
        return self._rules

    def decide(self, asked: Asked) -> Decision:
        return self._decide(asked, None)

    def noted(self, site_id: str, event: ev.TransactionStarted | ev.TransactionAuthorized) -> None:
        key = ConnectorKey(event.charge_point_id, event.connector_id)
        self._note(site_id, key, event.transaction_id, event.id_token)

    def refused(self, transaction: InUse) -> None:
        self.refusals.add(transaction, grace_s=GRACE_S)

    def in_use(self, key: str) -> Sequence[InUse]:
        """The running transactions of a token, in the order of their places."""
        found = [transaction for transaction in self._in_use.get(key, ()) if self._runs(transaction, key)]
        if found:
            self._in_use[key] = set(found)
        else:
            self._in_use.pop(key, None)
        return sorted(found, key=lambda transaction: (transaction.site_id, transaction.key))

    def find(self, id_token: str) -> IdToken | None:
        return self._records.get(token_key(id_token))

    def all(self) -> list[IdToken]:
        """In the order of their keys."""
        return [self._records[key] for key in sorted(self._records)]

    def on_change(self, listener: Callable[[Sequence[str]], None]) -> None:
        """Call it with the keys of records whenever some have changed."""
        self._listeners.append(listener)

    def on_erase(self, eraser: Callable[[str], Awaitable[None]]) -> None:
        """Call it with the key of a token that is to be erased: what it has written holds the token too."""
        self._erasers.append(eraser)

    async def save(self, records: Sequence[IdToken]) -> None:
        """Create or replace them; on disk when this returns. Sessions of what is blocked now end where asked for.

        Very many are saved a part at a time, so that nobody else waits for all of them. Raises StoreFailed: what came
        before the part that could not be written is saved.
        """
        for start in range(0, len(records), _SAVED_AT_ONCE):
            if start:
                await asyncio.sleep(0)
            await self._save(records[start : start + _SAVED_AT_ONCE])

    async def _save(self, records: Sequence[IdToken]) -> None:
        known = [self._as_spelled(record) for record in records]
        keys = [record.key for record in known]
        before = {key: self._records[key] for key in keys if key in self._records}
        durable = self._store.save(*known)
        self._records.update(zip(keys, known, strict=True))
        self._changed(keys)
        await self._kept(durable, keys, before)

    async def remove(self, id_tokens: Sequence[str]) -> None:
        """Forget what was said of them; on disk when this returns."""
        known = [record for record in map(self.find, id_tokens) if record is not None]
        if not known:
            return
        durable = self._store.remove(IdToken, *((record.id_token,) for record in known))
        before = {record.key: self._records.pop(record.key) for record in known if record.key in self._records}
        self._changed(list(before))
        await self._kept(durable, list(before), before)

    async def _kept(self, durable: asyncio.Future[None], keys: Sequence[str], before: Mapping[str, IdToken]) -> None:
        """What is said of them holds at once; where it cannot be stored, it is again as the store has it."""
        try:
            await durable
        except StoreFailed:
            for key in keys:
                self._records.pop(key, None)
            self._records.update(before)
            self._changed(keys)
            raise

    async def erase(self, id_token: str) -> Erased:
        """Forget the token, and replace it in what is kept of the past by something that leads back to nobody."""
        key = token_key(id_token)
        if self.in_use(key):
            raise TokenInUse
        stand_in = f"erased-{self._ids.unique()}"[:_LONGEST_TOKEN]
        await self.remove([id_token])
        for eraser in self._erasers:
            await eraser(key)
        remembered = 0
        for site_id in self._sites.site_ids():
            site = self._sites.get(site_id)
            if site is not None and (ended := site.sessions_of(key)):
                remembered += len(ended)
                await site.record(ev.IdTokenErased(self._clock.now(), tuple(ended), stand_in), origin="api")
        sessions, records = await self._store.erase_id_token(id_token, stand_in)
        log.info("id_token.erased", sessions=remembered + sessions, records=records)
        return Erased(remembered + sessions, records)

    def _decide(self, asked: Asked, at_s: float | None) -> Decision:
        key = token_key(asked.id_token)
        record = self._records.get(key)
        in_use = self.in_use(key) if record is not None and record.one_at_a_time else ()
        return decide(record, self._rules, asked, self._clock.now().utc_s if at_s is None else at_s, in_use)

    def _as_spelled(self, record: IdToken) -> IdToken:
        """One token has one row, however it is spelled."""
        known = self._records.get(record.key)
        return record if known is None else replace(record, id_token=known.id_token)

    def _changed(self, keys: Sequence[str]) -> None:
        self._end_blocked(keys)
        for listener in self._listeners:
            listener(keys)

    def _end_blocked(self, keys: Iterable[str]) -> None:
        """Where two transactions of a token run that may have one, both were let in: neither is ended for the other."""
        for key in keys:
            for transaction in self.in_use(key) if key in self._in_use else ():
                if self._refusal(transaction) not in (None, Status.CONCURRENT_TX):
                    self.refusals.add(transaction)

    def _is_to_end(self, transaction: InUse) -> bool:
        return self._refusal(transaction) is not None

    def _refusal(self, transaction: InUse) -> Status | None:
        """Why a running transaction would not be let in again, if such sessions are to be ended.

        What holds is the time of its start: a token that has expired meanwhile was let in (2.0.1 IdTokenInfoType).
        """
        site = self._sites.get(transaction.site_id)
        running = None if site is None else site.view().active.get(transaction.key)
        if site is None or running is None or running.id_token is None:
            return None
        record = self.find(running.id_token)
        if not ends_session(record, self._rules):
            return None
        settings = site.view().settings.get(transaction.key.charge_point_id)
        asked = Asked(
            running.id_token,
            transaction.site_id,
            transaction.key.charge_point_id,
            transaction.key.connector_id,
            None if settings is None else settings.current,
            Purpose.START,
            transaction.transaction_id,
        )
        decision = self._decide(asked, running.started_at_s)
        return None if decision.accepted else decision.status

    def _note(self, site_id: str, key: ConnectorKey, transaction_id: str, id_token: str | None) -> None:
        if id_token is None:
            return
        self._in_use.setdefault(token_key(id_token), set()).add(InUse(site_id, key, transaction_id))
        self._held += 1  # transactions and not tokens: a car park may have one token for everybody
        if self._held > self._forget_at:
            self._held = sum(len(self.in_use(token)) for token in list(self._in_use))
            self._forget_at = 2 * self._held + _FORGOTTEN_AT

    def _runs(self, transaction: InUse, key: str) -> bool:
        site = self._sites.get(transaction.site_id)
        running = None if site is None else site.view().active.get(transaction.key)
        return (
            running is not None
            and running.transaction_id == transaction.transaction_id
            and running.id_token is not None
            and token_key(running.id_token) == key
        )


FILE = "file"


def _same(held: IdToken, wanted: IdToken) -> bool:
    """Whether they say the same, whenever and by whomever it was said."""
    return held == replace(
        wanted,
        id_token=held.id_token,
        origin=held.origin,
        created_at_s=held.created_at_s,
        updated_at_s=held.updated_at_s,
    )
