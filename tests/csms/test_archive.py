"""What charge points tell is kept and bounded."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from typing import Any

import pytest
import pytest_asyncio

from csms.archive import Archive
from csms.domain.records import RecordQuery, Told
from csms.domain.told import LARGEST_VALUE, MOST_KEPT, ToldKind
from csms.store import SyncStore

MOST = MOST_KEPT[ToldKind.RESERVATION]


class Shelf:
    """An archive on a store in memory; what it does in the background is done by `tidied`."""

    def __init__(self) -> None:
        self.store = SyncStore.open()
        self.work: list[Coroutine[Any, Any, None]] = []
        self.archive = Archive(self.store, self.work.append)

    def tell(self, *numbers: int, charge_point_id: str = "CP-1", kind: str = "reservation") -> None:
        for number in numbers:
            self.archive.keep(Told(charge_point_id, kind, f"{number:06}", float(number), {"n": number}))

    async def tidied(self) -> None:
        while self.work:
            await self.work.pop()

    async def kept(self, charge_point_id: str = "CP-1") -> list[int]:
        page = await self.store.records(RecordQuery(Told, where={"charge_point_id": charge_point_id}))
        return [told.value["n"] for told in page.items]


@pytest_asyncio.fixture
async def shelf() -> AsyncIterator[Shelf]:
    made = Shelf()
    yield made
    await made.tidied()
    await made.store.close()


async def test_what_was_told_is_kept_the_last_of_a_name(shelf: Shelf) -> None:
    shelf.tell(1, 2, 2)
    assert await shelf.kept() == [1, 2]
    assert shelf.work == []


async def test_the_oldest_go_once_there_are_too_many_and_nobody_elses(shelf: Shelf) -> None:
    shelf.tell(0, charge_point_id="CP-2")
    for number in range(2 * MOST):
        shelf.tell(number)
        await shelf.tidied()
    kept = await shelf.kept()
    assert MOST <= len(kept) <= MOST + MOST // 4 + 1
    assert kept[-1] == 2 * MOST - 1
    assert kept == list(range(kept[0], 2 * MOST))
    assert await shelf.kept("CP-2") == [0]


async def test_a_flood_that_outruns_the_tidying_is_cut_off(shelf: Shelf) -> None:
    shelf.tell(*range(10 * MOST))
    assert len(await shelf.kept()) <= 2 * MOST + MOST // 4
    await shelf.tidied()
    assert len(await shelf.kept()) == MOST
    shelf.tell(10 * MOST)
    assert (await shelf.kept())[-1] == 10 * MOST


async def test_what_is_too_large_or_too_deep_is_not_kept(shelf: Shelf) -> None:
    deep: list[Any] = []
    for _ in range(1000):
        deep = [deep]
    for value in ({"n": 1, "text": "x" * LARGEST_VALUE}, {"n": 2, "deep": deep}):
        shelf.archive.keep(Told("CP-1", "event", "a", 0.0, value))
    assert await shelf.kept() == []


@pytest.mark.parametrize("told", [MOST, 10 * MOST], ids=["while there is room", "when it is full"])
async def test_tidying_that_fails_is_tried_again(shelf: Shelf, monkeypatch: Any, told: int) -> None:
    async def fails(_query: object) -> None:
        raise OSError("no disk")

    with monkeypatch.context() as broken:
        broken.setattr(shelf.store, "records", fails)
        shelf.tell(*range(told))
        await asyncio.wait_for(shelf.tidied(), 5)
    shelf.tell(told)
    await shelf.tidied()
    assert len(await shelf.kept()) == MOST
    shelf.tell(told + 1)
    assert (await shelf.kept())[-1] == told + 1
