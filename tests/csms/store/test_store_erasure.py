"""A token is taken out of sessions and events, however it is spelled; everything else of them stays."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from store_examples import AT, Open, transaction

from csms.domain import events as ev
from csms.domain.authorization import IdToken
from csms.domain.ports import Store
from csms.domain.queries import SessionQuery
from csms.domain.records import RecordQuery
from csms.store import erasure


def started(id_token: str | None, session_id: int = 1, **more: Any) -> ev.TransactionStarted:
    return ev.TransactionStarted(AT, "a", 1, f"t{session_id}", session_id, AT.utc_s, id_token, **more)


async def test_sessions_keep_their_energy_and_lose_the_token(store: Store) -> None:
    mine = transaction(1, id_token="Tag", start_key="1|then|0|TAG", energy_wh=5000.0, ended_at_s=AT.utc_s + 9)
    other = transaction(2, id_token="TAG2", start_key="1|then|0|TAG2")
    await store.append("s", started("Tag"), [mine])
    await store.append("s", started("TAG2", 2), [other])
    assert await store.erase_id_token("tAG", "nobody") == (1, 1)
    items = (await store.sessions(SessionQuery())).items
    assert items == (other, replace(mine, id_token="nobody", start_key=""))
    assert await store.erase_id_token("TAG", "somebody") == (0, 0)


async def test_no_trace_is_left_in_the_file(open_store: Open, tmp_path: Path) -> None:
    store = await open_store()
    token = "SECRET-TOKEN"
    await store.append("s", started(token, start_key=f"1|then|0|{token}"), [transaction(1, id_token=token)])
    await store.append("s", ev.TransactionAuthorized(AT, "a", 1, "t1", token.lower()), [])
    await store.append("s", ev.TransactionOrphaned(AT, "a", 1, "t9", 9, AT.utc_s, "Local", token), [])
    assert await store.erase_id_token(token, "nobody") == (1, 3)
    await store.close()
    text = (tmp_path / "csms.db").read_bytes().lower()
    assert b"nobody" in text
    assert token.lower().encode() not in text


async def test_a_value_that_happens_to_be_the_same_stays(open_store: Open, tmp_path: Path) -> None:
    store = await open_store()
    await store.append("s", started("t1"), [transaction(1, id_token="t1")])
    await store.erase_id_token("t1", "nobody")
    (session,) = (await store.sessions(SessionQuery())).items
    assert (session.transaction_id, session.id_token) == ("t1", "nobody")
    await store.close()
    with contextlib.closing(sqlite3.connect(tmp_path / "csms.db")) as database:
        (data,) = database.execute("SELECT data FROM events").fetchone()
    event = json.loads(data)
    assert (event["transaction_id"], event["id_token"]) == ("t1", "nobody")


async def test_it_goes_on_over_many_steps(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erasure, "STEP_ROWS", 3)
    for number in range(1, 11):
        name = "TAG" if number % 2 else "OTHER"
        await store.append("s", started(name, number), [transaction(number, id_token=name)])
    assert await store.erase_id_token("TAG", "nobody") == (5, 5)
    tokens = [session.id_token for session in (await store.sessions(SessionQuery())).items]
    assert tokens == ["OTHER", "nobody"] * 5


async def test_what_was_said_of_tokens_is_kept_like_any_record(store: Store) -> None:
    said = IdToken("Tag", group_id="G", sites=("s",), expires_at_s=5.5, end_session_when_blocked=True)
    await store.save(said, IdToken("Other"))
    assert (await store.records(RecordQuery(IdToken, where={"group_id": "G"}))).items == (said,)
