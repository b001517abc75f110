"""Both stores, on the same file each time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from store_examples import Open

from csms.domain.ports import Store
from csms.store import AsyncStore, SyncStore


@pytest.fixture(params=["asynchronous", "synchronous"])
async def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Open]:
    """Opens the same file each time; whatever is open at the end is closed."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'csms.db'}"
    opened: list[Store] = []

    async def opener() -> Store:
        store: Store = await AsyncStore.open(url) if request.param == "asynchronous" else SyncStore.open(url)
        opened.append(store)
        return store

    yield opener
    for store in opened:
        await store.close()


@pytest.fixture
async def store(open_store: Open) -> Store:
    return await open_store()
