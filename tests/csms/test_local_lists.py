"""Which tokens a charge point's list should hold, and what is remembered of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

import pytest

from csms.domain.authorization import IdToken, Status, token_key
from csms.domain.local_list import MOST, NOTHING_KNOWN, SIZE, Capacity, Held, ListAnswer, ListState, Sent, Standing
from csms.domain.model import ChargePointSettings, Current, Moment
from csms.domain.records import Told
from csms.domain.told import ToldKind
from csms.local_lists import LocalLists
from csms.store.sync_store import SyncStore

POINT = ChargePointSettings("CP-1", "home", current=Current.AC)


class Clock:
    def now(self) -> Moment:
        return Moment(5.0, 5.0)


class Tokens:
    def __init__(self, *tokens: IdToken) -> None:
        self.tokens = list(tokens)
        self.listeners: list[Callable[[Sequence[str]], None]] = []
        self.erasers: list[Callable[[str], Awaitable[None]]] = []

    def all(self) -> list[IdToken]:
        return self.tokens

    def find(self, id_token: str) -> IdToken | None:
        return next((token for token in self.tokens if token.key == token_key(id_token)), None)

    def on_change(self, listener: Callable[[Sequence[str]], None]) -> None:
        self.listeners.append(listener)

    def on_erase(self, eraser: Callable[[str], Awaitable[None]]) -> None:
        self.erasers.append(eraser)

    def change(self, *tokens: IdToken) -> None:
        """These and no others, from now on."""
        keys = [token.key for token in (*self.tokens, *tokens)]
        self.tokens = list(tokens)
        for listener in self.listeners:
            listener(keys)


def shown(kept: LocalLists, settings: ChargePointSettings = POINT) -> list[str]:
    return list(kept.entries(settings, 20, 100)[0])


def lists(tokens: Tokens, *, by_default: bool = True) -> LocalLists:
    return LocalLists(tokens, by_default=by_default, store=SyncStore.open(), clock=Clock())


@pytest.mark.parametrize(
    ("token", "listed"),
    [
        (IdToken("T"), True),
        (IdToken("T", status=Status.BLOCKED), True),
        (IdToken("T", expires_at_s=1.0), True),
        (IdToken("T", sites=("home",)), True),
        (IdToken("T", sites=("away",)), False),
        (IdToken("T", charge_points=("CP-1",)), True),
        (IdToken("T", charge_points=("CP-1:2",)), True),
        (IdToken("T", charge_points=("CP-2",)), False),
        (IdToken("T", sites=("away",), charge_points=("CP-1:1",)), True),
        (IdToken("T", current=Current.AC), True),
        (IdToken("T", current=Current.DC), False),
        (IdToken("T" * 20), True),
        (IdToken("T" * 21), False),
    ],
)
async def test_a_token_is_listed_where_it_may_charge(token: IdToken, listed: bool) -> None:
    assert shown(lists(Tokens(token))) == ([token.id_token] if listed else [])


async def test_a_token_is_listed_once_and_those_that_name_the_charge_point_come_first() -> None:
    tokens = Tokens(IdToken("A"), IdToken("B", sites=("home",), charge_points=("CP-1:2", "CP-1:1")), IdToken("C"))
    assert shown(lists(tokens)) == ["B", "A", "C"]
    assert [(list(found), more) for found, more in [lists(tokens).entries(POINT, 20, 2)]] == [(["B", "A"], 1)]


async def test_an_entry_says_what_does_not_change_by_itself() -> None:
    expired = IdToken("T", group_id="G", expires_at_s=1.0, kind="eMAID", priority=2)
    entry = lists(Tokens(expired)).entries(POINT, 20, 1)[0]["T"]
    assert (entry.decision.status, entry.decision.group_id, entry.decision.expires_at_s) == (Status.ACCEPTED, "G", 1.0)
    assert (entry.kind, entry.decision.priority) == ("eMAID", 2)


@pytest.mark.parametrize(
    "after",
    [
        [],
        [IdToken("A"), IdToken("B")],
        [IdToken("A", sites=("away",))],
        [IdToken("A", charge_points=("CP-1:2",))],
        [IdToken("A", charge_points=("CP-2",))],
        [IdToken("A", status=Status.BLOCKED)],
        [IdToken("A", current=Current.DC), IdToken("B", charge_points=("CP-1", "CP-2"))],
    ],
)
async def test_a_change_shows_as_if_it_had_been_so_from_the_beginning(after: list[IdToken]) -> None:
    tokens = Tokens(IdToken("A"), IdToken("C", charge_points=("CP-1",)))
    kept = lists(tokens)
    others = [replace(POINT, charge_point_id="CP-2"), replace(POINT, current=None), replace(POINT, site_id="away")]
    for point in (POINT, *others):
        shown(kept, point)
    tokens.change(*after)
    for point in (POINT, *others):
        assert kept.entries(point, 20, 100) == lists(Tokens(*after)).entries(point, 20, 100)


async def test_who_listens_is_told_of_a_change_until_it_forgets() -> None:
    tokens, news = Tokens(), list[str]()
    forget = lists(tokens).on_change(lambda: news.append("changed"))
    tokens.change(IdToken("A"))
    forget()
    tokens.change()
    assert news == ["changed"]


@pytest.mark.parametrize(
    ("by_default", "own", "expected"),
    [(False, None, False), (True, None, True), (False, True, True), (True, False, False)],
)
async def test_a_charge_point_may_depart_from_the_rule(by_default: bool, own: bool | None, expected: bool) -> None:
    assert lists(Tokens(), by_default=by_default).wanted(replace(POINT, local_list=own)) is expected


@pytest.mark.parametrize("held", [Held(), Held(7, {"A": "f1", "B": "f2"}), Held(7, {}), Held(7)])
@pytest.mark.parametrize("sent", [None, Sent(5.5, 7, True, 2, ListAnswer.FAILED)])
async def test_how_a_list_stood_is_remembered(held: Held, sent: Sent | None) -> None:
    kept = lists(Tokens())
    standing = Standing(ListState.REFUSED, held, 2, 1, 6, Capacity(20, 500, 16_384), sent)
    kept.keep("CP-1", standing)
    assert await kept.known("CP-1") == standing
    assert await kept.known("CP-2") == NOTHING_KNOWN


async def test_what_an_earlier_release_kept_of_a_list_is_read() -> None:
    store = SyncStore.open()
    kept = LocalLists(Tokens(), by_default=True, store=store, clock=Clock())
    value = {"state": "in_step", "version": 7, "entries": {"A": "f"}, "wanted": 1, "left_out": 0}
    store.save(Told("CP-1", ToldKind.LOCAL_LIST, "sent", 5.0, value))
    assert await kept.known("CP-1") == Standing(ListState.IN_STEP, Held(7, {"A": "f"}), 1, 0)


def test_a_list_is_sent_anew_on_the_connection_that_follows_it_now() -> None:
    kept, told = lists(Tokens()), list[str]()
    assert not kept.resend("CP-1")
    first = kept.on_resend("CP-1", lambda: told.append("first"))
    second = kept.on_resend("CP-1", lambda: told.append("second"))
    first()  # the earlier connection ends after the later one has begun
    assert kept.resend("CP-1")
    assert not kept.resend("CP-2")
    second()
    assert not kept.resend("CP-1")
    assert told == ["second"]


async def test_of_a_list_that_holds_an_erased_token_only_the_version_is_remembered() -> None:
    tokens = Tokens()
    kept = lists(tokens)
    holding = {f"CP-{n}" for n in range(0, 250, 50)}
    for n in range(250):
        name = f"CP-{n}"
        kept.keep(name, Standing(ListState.IN_STEP, Held(7, {"Tag" if name in holding else "TAG2": "f"}), 1, 0))
    kept.keep("CP-X", Standing(ListState.BEHIND, Held(7, None), 1, 0))
    (erase,) = tokens.erasers
    await erase("tag")
    for n in range(250):
        name = f"CP-{n}"
        assert (await kept.known(name)).held == (Held(7) if name in holding else Held(7, {"TAG2": "f"})), name


@pytest.mark.parametrize(("most", "size"), [(7, 7), (7.0, 7), (10**9, MOST), (0, None), (-1, None), (None, None)])
async def test_how_many_a_list_can_hold_is_what_its_station_last_reported(most: float | None, size: int | None) -> None:
    kept = lists(Tokens())
    variable = {} if most is None else {"variableCharacteristics": {"maxLimit": most}}
    await kept._store.save(Told("CP-1", ToldKind.VARIABLE, SIZE, 1.0, variable))
    assert await kept.size("CP-1") == size
    assert await kept.size("CP-2") is None
