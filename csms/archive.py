"""What charge points told of themselves, kept in the store and bounded: a charger that never stops telling fills
nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Coroutine
from typing import Any, Protocol

import orjson
import structlog

from csms.domain.ports import Store
from csms.domain.records import RecordQuery, Told
from csms.domain.told import LARGEST_VALUE, MOST_KEPT

log = structlog.get_logger()

_Drawer = tuple[str, str]
"""Charge point and kind."""


class Spawn(Protocol):
    def __call__(self, work: Coroutine[Any, Any, None], /) -> object: ...


class Archive:
    """Implements domain.ports.Archive.

    What exceeds the bound of its kind is removed in the background, the oldest first, each time a quarter more has
    come. While that is under way at most as many again are taken, so that the bound is one whoever sends however much.
    """

    def __init__(self, store: Store, spawn: Spawn) -> None:
        self._store = store
        self._spawn = spawn
        self._new: Counter[_Drawer] = Counter()
        self._tidying: set[_Drawer] = set()

    def keep(self, *told: Told) -> None:
        """Write it behind whatever else is to be written; the last of a name replaces those before."""
        taken = [record for record in told if self._has_room(record)]
        if taken:
            self._store.save(*taken)

    def next_id(self, sequence: str) -> int:
        return self._store.next_id(sequence)

    def _has_room(self, record: Told) -> bool:
        if not _is_handy(record):
            log.info("told.too_large", charge_point_id=record.charge_point_id, kind=record.kind)
            return False
        drawer, quarter = (record.charge_point_id, record.kind), MOST_KEPT[record.kind] // 4
        full = MOST_KEPT[record.kind] + quarter
        has_room = self._new[drawer] < full
        if has_room:
            self._new[drawer] += 1
            if self._new[drawer] == full:
                log.warning("told.too_much", charge_point_id=record.charge_point_id, kind=record.kind)
        if self._new[drawer] > quarter and drawer not in self._tidying:  # full or not: the last time it may have failed
            self._tidying.add(drawer)
            self._spawn(self._tidy(drawer))
        return has_room

    async def _tidy(self, drawer: _Drawer) -> None:
        charge_point_id, kind = drawer
        counted = self._new[drawer]
        try:
            query = RecordQuery(Told, where={"charge_point_id": charge_point_id, "kind": kind})
            page = await self._store.records(query)
            newest = sorted(page.items, key=lambda told: (told.at_s, told.name), reverse=True)
            too_old = [(charge_point_id, kind, told.name) for told in newest[MOST_KEPT[kind] :]]
            if too_old:
                await self._store.remove(Told, *too_old)
            self._new[drawer] -= counted
        except Exception:  # a task's boundary: it is tried again when more comes
            log.exception("told.not_tidied", charge_point_id=charge_point_id, kind=kind)
        finally:
            self._tidying.discard(drawer)


def _is_handy(record: Told) -> bool:
    try:
        return len(orjson.dumps(record.value)) <= LARGEST_VALUE
    except orjson.JSONEncodeError:  # nested too deeply
        return False
