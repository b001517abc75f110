"""Webhooks: the rules, where they may go, and deliveries that survive failures and restarts."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest
from aiohttp import web
from api_fakes import NOW_S, FakeSites, FakeStore, running

from csms.api import webhook_dispatch
from csms.api.feed import Feed
from csms.api.webhook_dispatch import Webhooks
from csms.api.webhook_rules import MOST_ATTEMPTS, is_public, signature, wait_s
from csms.api.webhook_sender import Destinations, Sender
from csms.domain import events as ev
from csms.domain.model import Moment
from csms.domain.records import Delivery, RecordQuery, Webhook

AT = Moment(NOW_S, 500.0)
PATH = "/api/v1/webhooks"
SECRET = "a secret of some length"


@dataclass
class Clock:
    utc_s: float = NOW_S

    def now(self) -> Moment:
        return Moment(self.utc_s, 500.0)


@dataclass
class Receiver:
    """A program that is told; `status` is what it answers."""

    url: str = ""
    status: int = 200
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.got.append((headers, await request.read()))
        return web.Response(status=self.status, headers={"Location": "http://127.0.0.1:1/"})

    def ids(self) -> list[str]:
        return [headers["x-csms-delivery"] for headers, _ in self.got]


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    receiver, application = Receiver(), web.Application()
    application.router.add_post("/hook", receiver.take)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    try:
        yield receiver
    finally:
        await runner.cleanup()


@asynccontextmanager
async def at_work(store: FakeStore, clock: Clock) -> AsyncIterator[Webhooks]:
    feed = Feed(store, FakeSites(), clock)
    hooks = Webhooks(store, feed, clock, Destinations(private=True))
    await hooks.start()
    try:
        yield hooks
    finally:
        await hooks.stop()


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():
            await asyncio.sleep(0.02)


def hook(url: str, **changes: object) -> Webhook:
    values: dict[str, object] = {"types": (), "site_id": None, "secret": SECRET, "enabled": True}
    values |= {"created_at_s": NOW_S, "created_by": "x", **changes}
    return Webhook(webhook_id="1", url=url, **values)  # type: ignore[arg-type]


async def happens(store: FakeStore, *charge_point_ids: str) -> None:
    for charge_point_id in charge_point_ids:
        await store.append("depot", ev.ChargePointConnected(AT, charge_point_id, "c", "ocpp1.6"), [])


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook_dispatch, "_LOOK_S", 0.02)


async def test_an_event_is_delivered_once_signed_and_on_record() -> None:
    store, clock = FakeStore(), Clock()
    async with receiving() as receiver, at_work(store, clock) as hooks:
        await happens(store, "before")
        await hooks.put(hook(receiver.url))
        await happens(store, "a")
        await until(lambda: len(receiver.got) == 1)
        headers, body = receiver.got[0]
        text = headers["x-csms-timestamp"].encode() + b"." + body
        assert headers["x-csms-signature"] == "sha256=" + hmac.new(SECRET.encode(), text, hashlib.sha256).hexdigest()
        assert headers["x-csms-event"] == "charge_point_connected"
        assert b'"charge_point_id":"a"' in body
        await until(lambda: hooks.pending("1") == 0)
        (delivery,) = (await store.records(RecordQuery(Delivery))).items
        assert (delivery.state, delivery.attempts, delivery.status) == ("delivered", 1, 200)
    await store.close()


async def test_what_is_not_taken_is_tried_again_later_and_survives_a_restart() -> None:
    store, clock = FakeStore(), Clock()
    async with receiving() as receiver:
        receiver.status = 302
        async with at_work(store, clock) as hooks:
            await hooks.put(hook(receiver.url))
            await happens(store, "a", "b")
            await until(lambda: len(receiver.got) == 1)
            await asyncio.sleep(0.2)
            assert len(receiver.got) == 1  # neither followed, nor asked for the next before its time
        receiver.status = 204
        clock.utc_s += 11
        async with at_work(store, clock) as hooks:
            await until(lambda: hooks.pending("1") == 0 and len(receiver.got) == 3)
            await happens(store, "c")
            await until(lambda: len(receiver.got) == 4)
    assert len(set(receiver.ids())) == 3
    await store.close()


async def test_receivers_that_never_answer_hold_up_no_other() -> None:
    async def swallow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            await reader.read()  # until the other side has enough
        writer.close()

    store, clock = FakeStore(), Clock()
    tarpit = await asyncio.start_server(swallow, "127.0.0.1", 0)
    port = tarpit.sockets[0].getsockname()[1]
    async with receiving() as receiver, at_work(store, clock) as hooks:
        for number in range(100):
            await hooks.put(replace(hook(f"http://127.0.0.1:{port}/"), webhook_id=f"tarpit-{number}"))
        await hooks.put(hook(receiver.url))
        await happens(store, "a")
        async with asyncio.timeout(8):  # before one of the others is given up
            while not receiver.got:
                await asyncio.sleep(0.02)
    tarpit.close()
    await store.close()


async def test_a_delivery_is_given_up_in_the_end() -> None:
    store, clock = FakeStore(), Clock()
    async with receiving() as receiver, at_work(store, clock) as hooks:
        receiver.status = 500
        await hooks.put(hook(receiver.url))
        await happens(store, "a")
        for attempts in range(1, MOST_ATTEMPTS + 1):
            await until(lambda so_many=attempts: len(receiver.got) == so_many)  # type: ignore[misc]
            await asyncio.sleep(0.03)
            clock.utc_s += 3601
        await until(lambda: hooks.pending("1") == 0)
        (delivery,) = (await store.records(RecordQuery(Delivery))).items
        assert (delivery.state, delivery.attempts, delivery.error) == ("failed", MOST_ATTEMPTS, "answered 500")
    await store.close()


async def test_a_change_while_events_are_written_down_is_not_undone() -> None:
    class SlowStore(FakeStore):
        def save(self, *records: object) -> asyncio.Future[None]:
            written = super().save(*records)
            if not any(isinstance(record, Delivery) for record in records):
                return written
            writing.set()
            return asyncio.ensure_future(self._slowly(written))

        @staticmethod
        async def _slowly(written: asyncio.Future[None]) -> None:
            await may_write.wait()
            await written

    writing, may_write = asyncio.Event(), asyncio.Event()
    store, clock = SlowStore(), Clock()
    async with at_work(store, clock) as hooks:
        await hooks.put(hook("http://old.invalid/"))
        await happens(store, "a")
        await writing.wait()
        change = asyncio.create_task(hooks.put(hook("http://new.invalid/", secret="another secret", enabled=False)))
        await asyncio.sleep(0.05)
        may_write.set()
        await change
        (kept,) = hooks.all()
        assert (kept.url, kept.secret, kept.enabled) == ("http://new.invalid/", "another secret", False)
        assert (await store.records(RecordQuery(Webhook))).items == (kept,)
        assert hooks.pending("1") == 1
    await store.close()


async def test_types_and_site_choose_and_a_removed_webhook_is_told_nothing() -> None:
    store, clock = FakeStore(), Clock()
    async with receiving() as receiver, at_work(store, clock) as hooks:
        await hooks.put(hook(receiver.url, types=("charge_point_disconnected",), site_id="depot"))
        await happens(store, "a")
        await store.append("yard", ev.ChargePointDisconnected(AT, "y", "c", ""), [])
        await store.append("depot", ev.ChargePointDisconnected(AT, "a", "c", ""), [])
        await until(lambda: len(receiver.got) == 1)
        assert b'"charge_point_id":"a"' in receiver.got[0][1]
        await hooks.remove("1")
        await store.append("depot", ev.ChargePointDisconnected(AT, "a", "c", ""), [])
        await asyncio.sleep(0.3)
        assert len(receiver.got) == 1
    await store.close()


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1:248:1893:25c8:1946", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::a00:1", False),
        ("2002:a00:1::1", False),
        ("::10.0.0.1", False),
        ("64:ff9b:1::a00:1", False),
        ("2001:0:a00:1::1", False),
        ("nonsense", False),
    ],
)
def test_only_addresses_of_the_internet_are_public(address: str, public: bool) -> None:
    assert is_public(address) == public


@pytest.mark.parametrize(
    "host", ["127.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.0.0.1.", "0", "[::ffff:7f00:1]"]
)
async def test_other_ways_of_writing_an_address_lead_nowhere(host: str) -> None:
    sender = Sender(Destinations())
    attempt = await sender.send(f"http://{host}:1/hook", b"{}", {})
    assert (attempt.status, attempt.error) == (None, "the address is not public")
    await sender.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
async def test_nothing_is_sent_into_the_network_around_unless_that_is_allowed(host: str) -> None:
    async with receiving() as receiver:
        url = receiver.url.replace("127.0.0.1", host)
        sender = Sender(Destinations())
        attempt = await sender.send(url, b"{}", {})
        assert (attempt.status, attempt.error, receiver.got) == (None, "the address is not public", [])
        await sender.close()
        if host != "[::1]":
            allowed = Sender(Destinations(hosts=[host]))
            assert (await allowed.send(url, b"{}", {})).status == 200
            await allowed.close()


def test_waits_grow_and_end() -> None:
    waits = [wait_s(attempts) for attempts in range(1, MOST_ATTEMPTS + 1)]
    assert waits[:3] == [10.0, 20.0, 40.0]
    assert (waits[-2], waits[-1]) == (3600.0, None)
    assert signature("s", 1, b"x") != signature("s", 2, b"x")


async def test_webhooks_are_made_changed_listed_and_tried_over_rest() -> None:
    async with running() as api:
        made = (await api.call("POST", PATH, {"url": "https://127.0.0.1/hook", "types": ["alarm_raised"]})).json
        assert made["secret"]
        listed = (await api.get(PATH)).json
        assert "secret" not in listed["items"][0]
        one = f"{PATH}/{made['webhook_id']}"
        assert (await api.call("POST", f"{one}/test")).json == {
            "delivered": False,
            "status": None,
            "error": "the address is not public",
        }
        changed = (await api.call("PUT", one, {"url": "https://b.example/", "enabled": False})).json
        assert (changed["url"], changed["types"], changed["enabled"]) == ("https://b.example/", [], False)
        (kept,) = (await api.store.records(RecordQuery(Webhook))).items
        assert kept.secret == made["secret"]
        assert (await api.get(f"{one}/deliveries")).json["total"] == 0
        assert (await api.call("DELETE", one)).json == {"removed": True}
        assert (await api.get(f"{one}/deliveries")).status == 404


async def test_a_secret_that_is_too_short_is_told_how_long_it_must_be() -> None:
    async with running() as api:
        reply = await api.call("POST", PATH, {"url": "https://a.example/", "secret": "short"})
        assert reply.fields == [("secret", "must have at least 16 characters")]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"url": "http://a.example/"}, "url"),
        ({"url": "https://user:pw@a.example/"}, "url"),
        ({"url": "file:///etc/passwd"}, "url"),
        ({"url": "https://a.example/", "types": ["session_updated"]}, "types[0]"),
        ({"url": "https://a.example/", "secret": "short"}, "secret"),
    ],
)
async def test_a_webhook_that_makes_no_sense_is_refused(body: dict[str, object], field: str) -> None:
    async with running() as api:
        assert [name for name, _ in (await api.call("POST", PATH, body)).fields] == [field]
