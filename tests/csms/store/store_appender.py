"""Run as a program and killed by test_store_crash: appends sessions for ever, prints those that were acknowledged."""

from __future__ import annotations

import asyncio
import sys

from store_examples import site_declared, started, transaction

from csms.store import AsyncStore


async def append(store: AsyncStore) -> None:
    while True:
        row = transaction(store.next_id("session"))
        await store.append("s", started(row), [row])
        print(row.session_id, flush=True)


async def main(url: str) -> None:
    store = await AsyncStore.open(url)
    event, row = site_declared()
    await store.append("s", event, [row])
    await asyncio.gather(*(append(store) for _ in range(5)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
