"""The tokens in memory: seeded from the file, in use where the sites' transactions say so, blocked at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from csms.domain import events as ev
from csms.domain.authorization import (
    Asked,
    AuthorizationRules,
    IdToken,
    Purpose,
    Status,
    TokenInUse,
    token_key,
)
from csms.domain.model import ChargePointSettings, ConnectorKey, Moment, SiteSettings
from csms.domain.queries import SessionQuery
from csms.domain.snapshot import Snapshot
from csms.domain.state import State
from csms.id_tokens import IdTokens, seed_tokens
from csms.store.sync_store import SyncStore

START = Moment(1_780_000_000.0, 1000.0)


class Clock:
    def __init__(self) -> None:
        self.moment = START

    def now(self) -> Moment:
        return self.moment

    def advance(self, elapsed_s: float) -> None:
        self.moment = Moment(self.moment.utc_s + elapsed_s, self.moment.steady_s + elapsed_s)


class Site:
    """Two chargers, and a memory of what was asked of them."""

    def __init__(self, site_id: str, *charge_points: str) -> None:
        self.state = State(SiteSettings(site_id, site_id, "UTC", 100_000))
        self.ended: list[ConnectorKey] = []
        for charge_point_id in charge_points:
            self.state.apply(ev.ChargePointDeclared(START, ChargePointSettings(charge_point_id, site_id)))

    def view(self) -> Snapshot:
        return self.state.view()

    def end_session(self, key: ConnectorKey) -> None:
        self.ended.append(key)

    def sessions_of(self, key: str) -> list[int]:
        ended = [transaction for remembered in self.state.ended.values() for transaction in remembered]
        return [t.session_id for t in ended if token_key(t.id_token or "") == key]

    def record(self, event: ev.Event, *, origin: str = "ocpp") -> asyncio.Future[None]:
        self.state.apply(event)
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        done.set_result(None)
        return done


@dataclass
class House:
    """Two sites, and a store in memory."""

    rules: AuthorizationRules = field(default_factory=AuthorizationRules)
    clock: Clock = field(default_factory=Clock)
    sites: dict[str, Site] = field(
        default_factory=lambda: {"home": Site("home", "CP-1", "CP-2"), "away": Site("away", "CP-9")}
    )
    session_id: int = 0
    store: SyncStore = field(default_factory=SyncStore.open)
    tokens: IdTokens = field(init=False)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        self.tokens = IdTokens(self.rules, store=self.store, clock=self.clock, sites=self, ids=self)

    def site_ids(self) -> Sequence[str]:
        return list(self.sites)

    def unique(self) -> str:
        return "0f0e0d0c-0b0a-4000-8000-000000000000"

    def get(self, site_id: str) -> Site | None:
        return self.sites.get(site_id)

    def start(self, charge_point_id: str, id_token: str, site_id: str = "home") -> str:
        """A transaction begins, and its handler says so."""
        self.session_id += 1
        at = self.clock.now()
        started = ev.TransactionStarted(
            at, charge_point_id, 1, str(self.session_id), self.session_id, at.utc_s, id_token
        )
        self.sites[site_id].state.apply(started)
        self.tokens.noted(site_id, started)
        return str(self.session_id)

    def end(self, charge_point_id: str, transaction_id: str, site_id: str = "home") -> None:
        now = self.clock.now()
        self.sites[site_id].state.apply(
            ev.TransactionEnded(now, charge_point_id, 1, transaction_id, now.utc_s, "Local")
        )

    def status(self, id_token: str, charge_point_id: str = "CP-1", **more: Any) -> Status:
        return self.tokens.decide(Asked(id_token, "home", charge_point_id, **more)).status

    def ended(self) -> list[ConnectorKey]:
        """The sessions that were asked to end, at all sites, since the last look."""
        self.tokens.refusals.look()
        found = [key for site in self.sites.values() for key in site.ended]
        for site in self.sites.values():
            site.ended.clear()
        return found


@asynccontextmanager
async def house(*declared: IdToken, **rules: Any) -> AsyncIterator[House]:
    built = House(AuthorizationRules(**rules))
    await built.tokens.load(declared)
    yield built
    await built.store.close()


def of_file(id_token: str, **more: Any) -> IdToken:
    return IdToken(id_token, origin="file", created_at_s=1.0, updated_at_s=1.0, **more)


STORED = of_file("TAG")
BY_REST = replace(STORED, origin="api", status=Status.BLOCKED)


@pytest.mark.parametrize(
    ("declared", "stored", "saved", "removed", "overruled"),
    [
        ([], [], [], [], 0),
        ([STORED], [], [STORED], [], 0),
        ([STORED], [STORED], [], [], 0),
        ([replace(STORED, updated_at_s=9.0, created_at_s=9.0)], [STORED], [], [], 0),
        # Another spelling is the same token, and changes nothing by itself.
        ([replace(STORED, id_token="tag")], [STORED], [], [], 0),
        (
            [replace(STORED, id_token="tag", note="new", created_at_s=9.0, updated_at_s=9.0)],
            [STORED],
            [replace(STORED, note="new", updated_at_s=9.0)],
            [],
            0,
        ),
        ([], [STORED], [], ["TAG"], 0),
        # Later changes over REST win, and what REST made or changed stays.
        ([STORED], [BY_REST], [], [], 1),
        ([STORED], [replace(STORED, origin="api")], [], [], 0),
        ([], [BY_REST], [], [], 0),
    ],
)
def test_the_file_seeds_the_store(
    declared: list[IdToken], stored: list[IdToken], saved: list[IdToken], removed: list[str], overruled: int
) -> None:
    made = seed_tokens(declared, stored)
    assert (list(made.saved), list(made.removed), made.overruled) == (saved, removed, overruled)


async def test_what_was_said_of_a_token_is_there_after_a_restart() -> None:
    async with house(of_file("FILE"), accept_unknown=False) as built:
        await built.tokens.save([IdToken("Rest", status=Status.BLOCKED)])
        built.restart()
        await built.tokens.load([of_file("FILE")])
        assert [built.status(name) for name in ("file", "rEST", "other")] == ["Accepted", "Blocked", "Unknown"]


async def test_a_token_the_file_names_no_longer_is_unknown_after_a_restart() -> None:
    async with house(of_file("FILE"), accept_unknown=False) as built:
        built.restart()
        await built.tokens.load([])
        assert built.status("FILE") is Status.UNKNOWN


async def test_a_token_has_one_row_however_it_is_spelled() -> None:
    async with house() as built:
        await built.tokens.save([IdToken("Tag", note="first")])
        await built.tokens.save([IdToken("TAG", note="second")])
        assert [(record.id_token, record.note) for record in built.tokens.all()] == [("Tag", "second")]
        await built.tokens.remove(["tAG", "nobody"])
        assert built.tokens.all() == []


async def test_a_token_in_use_at_another_site_is_refused_until_that_transaction_ends() -> None:
    async with house(of_file("ONE", one_at_a_time=True)) as built:
        running = built.start("CP-9", "one", "away")
        assert built.status("ONE") is Status.CONCURRENT_TX
        built.end("CP-9", running, "away")
        assert built.status("ONE") is Status.ACCEPTED


async def test_what_is_in_use_is_known_after_a_restart() -> None:
    async with house(of_file("ONE", one_at_a_time=True)) as built:
        built.start("CP-9", "one", "away")
        built.restart()
        await built.tokens.load([of_file("ONE", one_at_a_time=True)])
        assert built.status("ONE") is Status.CONCURRENT_TX


@pytest.mark.parametrize("tokens", [5000, 1], ids=["a token each", "one token for everybody"])
async def test_what_is_in_use_is_forgotten_in_the_end(tokens: int) -> None:
    async with house() as built:
        for number in range(5000):
            built.end("CP-1", built.start("CP-1", f"T-{number % tokens}"))
        built.start("CP-2", "STAYS")
        assert sum(map(len, built.tokens._in_use.values())) < 2000
        assert [use.key.charge_point_id for use in built.tokens.in_use("stays")] == ["CP-2"]


async def test_a_token_blocked_during_a_session_ends_it_where_asked_for() -> None:
    async with house(end_session_when_blocked=True) as built:
        built.start("CP-1", "TAG")
        built.start("CP-2", "OTHER")
        built.start("CP-9", "tag", "away")
        assert built.ended() == []
        await built.tokens.save([IdToken("TAG", status=Status.BLOCKED)])
        assert built.ended() == [ConnectorKey("CP-1", 1), ConnectorKey("CP-9", 1)]


async def test_a_token_decides_for_itself_whether_its_sessions_are_ended() -> None:
    async with house() as built:
        built.start("CP-1", "TAG")
        await built.tokens.save([IdToken("TAG", status=Status.BLOCKED)])
        assert built.ended() == []
        await built.tokens.save([IdToken("TAG", status=Status.BLOCKED, end_session_when_blocked=True)])
        assert built.ended() == [ConnectorKey("CP-1", 1)]


async def test_a_session_is_asked_to_end_until_it_has_and_not_once_the_token_is_let_in_again() -> None:
    async with house(end_session_when_blocked=True) as built:
        running = built.start("CP-1", "TAG")
        await built.tokens.save([IdToken("TAG", status=Status.BLOCKED)])
        assert built.ended() == built.ended() == [ConnectorKey("CP-1", 1)]
        built.end("CP-1", running)
        assert built.ended() == []
        built.start("CP-2", "TAG")
        await built.tokens.save([IdToken("TAG", status=Status.BLOCKED)])
        await built.tokens.save([IdToken("TAG")])
        assert built.ended() == []


async def test_a_token_that_is_forgotten_ends_its_session_where_unknown_ones_are_rejected() -> None:
    async with house(of_file("TAG"), end_session_when_blocked=True, accept_unknown=False) as built:
        built.start("CP-1", "TAG")
        await built.tokens.remove(["TAG"])
        assert built.ended() == [ConnectorKey("CP-1", 1)]


async def test_a_session_that_was_to_end_is_remembered_over_a_restart() -> None:
    blocked = of_file("TAG", status=Status.BLOCKED)
    async with house(blocked, end_session_when_blocked=True) as built:
        built.start("CP-1", "TAG")
        built.restart()
        await built.tokens.load([blocked])
        assert built.ended() == [ConnectorKey("CP-1", 1)]


async def test_a_token_that_expires_during_a_session_does_not_end_it() -> None:
    expiring = of_file("TAG", expires_at_s=START.utc_s + 60)
    async with house(expiring, end_session_when_blocked=True) as built:
        built.start("CP-1", "TAG")
        built.clock.advance(120)
        await built.tokens.save([replace(expiring, note="changed")])
        assert built.status("TAG") is Status.EXPIRED
        assert built.ended() == []


async def test_two_sessions_of_a_token_that_may_have_one_from_now_on_both_go_on() -> None:
    async with house(end_session_when_blocked=True) as built:
        built.start("CP-1", "TAG")
        built.start("CP-2", "TAG")
        await built.tokens.save([IdToken("TAG", one_at_a_time=True)])
        assert built.ended() == []


async def test_a_refused_start_has_some_time_to_end_by_itself() -> None:
    async with house(end_session_when_blocked=True, accept_unknown=False) as built:
        refused = built.start("CP-1", "TAG")
        (use,) = built.tokens.in_use("tag")
        built.tokens.refused(use)
        assert built.ended() == []
        built.clock.advance(11)
        assert built.ended() == [ConnectorKey("CP-1", 1)]
        built.end("CP-1", refused)
        built.start("CP-1", "TAG")
        assert built.ended() == []


async def test_the_second_session_of_a_token_that_may_have_one_is_ended_and_the_first_goes_on() -> None:
    async with house(of_file("ONE", one_at_a_time=True), end_session_when_blocked=True) as built:
        built.start("CP-1", "ONE")
        second = built.start("CP-2", "ONE")
        use = next(use for use in built.tokens.in_use("one") if use.transaction_id == second)
        assert built.status("ONE", "CP-2", purpose=Purpose.START, connector_id=1, transaction_id=second) == (
            Status.CONCURRENT_TX
        )
        built.tokens.refused(use)
        built.clock.advance(11)
        assert built.ended() == [ConnectorKey("CP-2", 1)]


async def test_a_refused_start_is_left_alone_where_nobody_asked_for_its_end() -> None:
    async with house(accept_unknown=False) as built:
        built.start("CP-1", "TAG")
        built.tokens.refused(built.tokens.in_use("tag")[0])
        built.clock.advance(11)
        assert built.ended() == []


async def test_an_erased_token_is_forgotten_here_in_the_sites_and_in_the_store() -> None:
    async with house(of_file("TAG"), accept_unknown=False) as built:
        site = built.sites["home"]
        built.end("CP-1", built.start("CP-1", "tag"))
        built.end("CP-2", built.start("CP-2", "OTHER"))
        await built.store.append("home", ev.ChargePointFlapping(START, "CP-1", 1, 1.0), site.state.transactions("CP-1"))
        erased = await built.tokens.erase("TAG")
        assert erased.sessions == 2  # in the memory of the site, and on disk: this site writes nothing
        assert built.status("TAG") is Status.UNKNOWN
        tokens = [t.id_token for name in ("CP-1", "CP-2") for t in site.state.transactions(name)]
        assert tokens == ["erased-0f0e0d0c-0b0a-4000-8000-00000", "OTHER"]
        assert (await built.store.sessions(SessionQuery())).items[0].id_token == tokens[0]


async def test_a_token_in_use_is_not_erased() -> None:
    async with house() as built:
        built.start("CP-1", "TAG")
        with pytest.raises(TokenInUse):
            await built.tokens.erase("tag")


async def test_very_many_are_saved_a_part_at_a_time_and_others_have_their_turn_between() -> None:
    async with house() as built:
        others: list[int] = []

        async def look() -> None:
            while len(built.tokens.all()) < 1000:
                others.append(len(built.tokens.all()))
                await asyncio.sleep(0)

        looking = asyncio.create_task(look())
        await built.tokens.save([IdToken(f"T-{number}") for number in range(1000)])
        await looking
        assert set(others) == {200, 400, 600, 800}
