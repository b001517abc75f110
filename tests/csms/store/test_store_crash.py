from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from csms.domain.queries import SessionQuery
from csms.store import AsyncStore, StoreInUse
from csms.store.sequences import BLOCK

APPENDER = Path(__file__).with_name("store_appender.py")


async def test_what_was_acknowledged_before_kill_9_is_kept_and_no_number_comes_twice(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'csms.db'}"
    acknowledged: list[int] = []
    for _ in range(2):  # the second time on the file that the first left behind
        acknowledged += await killed_after(url, 300)
    store = await AsyncStore.open(url)
    kept = {row.session_id for row in (await store.sessions(SessionQuery(limit=1_000_000))).items}
    following = store.next_id("session")
    await store.close()
    assert len(acknowledged) == len(set(acknowledged)) >= 600
    assert set(acknowledged) <= kept
    assert max(kept) < following <= max(kept) + 2 * BLOCK


async def killed_after(url: str, lines: int) -> list[int]:
    with subprocess.Popen([sys.executable, str(APPENDER), url], stdout=subprocess.PIPE, text=True) as process:  # noqa: ASYNC220  our own program; nothing else runs on this loop
        assert process.stdout is not None
        printed = [process.stdout.readline() for _ in range(lines)]
        with pytest.raises(StoreInUse):
            await AsyncStore.open(url)
        process.kill()
        printed += process.stdout.read().splitlines(keepends=True)
    return [int(line) for line in printed if line.endswith("\n")]
