"""Keys over REST, how often they may ask, who guesses, and what is kept of who changed what."""

from __future__ import annotations

import asyncio
import time

import pytest
from api_fakes import ADMIN, CONTROL, KEYS, NOW_S, READ, FakeClock, FakeStore, running
from structlog.testing import capture_logs

from csms.api import events, keyring
from csms.api.keyring import Keyring
from csms.api.problems import Problem
from csms.domain.records import ApiKeyRecord, AuditEntry, RecordQuery
from csms.keys import sha256_of

PATH = "/api/v1/api-keys"
CONFIG = "/api/v1/smart-charging/sites/depot/config"


async def test_a_key_is_shown_once_opens_at_once_and_is_kept_as_its_digest() -> None:
    async with running() as api:
        made = (await api.call("POST", PATH, {"name": "phone", "scopes": ["read"]})).json
        assert (made["name"], made["source"], made["created_by"]) == ("phone", "api", "administrator")
        assert (await api.get("/api/v1/me", key=made["key"])).json == {"name": "phone", "scopes": ["read"]}
        assert (await api.get(PATH, key=made["key"])).status == 403
        listed = (await api.get(PATH)).json
        assert [(row["name"], row["source"]) for row in listed["items"]][-1] == ("phone", "api")
        assert made["key"] not in str(listed)
        (record,) = (await api.store.records(RecordQuery(ApiKeyRecord))).items
        assert record.sha256 == sha256_of(made["key"])


async def test_a_revoked_key_opens_nothing_any_more_and_ends_its_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "HEARTBEAT_S", 0.05)
    async with running() as api:
        secret = (await api.call("POST", PATH, {"name": "phone", "scopes": ["read"]})).json["key"]
        headers = {"Authorization": f"Bearer {secret}"}
        async with api.client.get(f"{api.base}/api/v1/events", headers=headers) as stream:
            await stream.content.readline()
            assert (await api.call("DELETE", f"{PATH}/phone")).json == {"revoked": True}
            async with asyncio.timeout(5):
                await stream.content.read()
        assert (await api.get("/api/v1/me", key=secret)).status == 401
        assert (await api.call("DELETE", f"{PATH}/phone")).status == 404


async def test_names_are_given_once_and_keys_of_the_file_stay() -> None:
    async with running() as api:
        assert (await api.call("POST", PATH, {"name": "reader", "scopes": ["read"]})).status == 409
        assert (await api.call("DELETE", f"{PATH}/reader")).status == 409
        for body in (
            {"name": "", "scopes": ["read"]},
            {"name": "a/b", "scopes": ["read"]},
            {"name": "a", "scopes": []},
        ):
            assert (await api.call("POST", PATH, body)).status == 422


async def test_the_last_key_that_may_manage_keys_cannot_be_revoked() -> None:
    store, clock = FakeStore(), FakeClock()
    keys = Keyring([KEYS[0]], store, clock, 10)
    await keys.add(ApiKeyRecord("boss", "a" * 64, ("admin",), NOW_S, "x"))
    assert keys.is_last("boss")
    await keys.add(ApiKeyRecord("other", "b" * 64, ("admin",), NOW_S, "x"))
    assert not keys.is_last("boss")
    await store.close()


async def test_keys_are_there_after_a_restart_and_the_file_goes_before_them() -> None:
    store, clock = FakeStore(), FakeClock()
    await store.save(ApiKeyRecord("phone", sha256_of("secret"), ("control",), NOW_S, "x"))
    await store.save(ApiKeyRecord("reader", sha256_of("other"), ("admin",), NOW_S, "x"))
    keys = Keyring(KEYS, store, clock, 10)
    await keys.load()
    assert (await keys.admit({"Authorization": "Bearer secret"}, "read", None)).name == "phone"
    with pytest.raises(Problem):
        await keys.admit({"Authorization": "Bearer other"}, "read", None)
    await store.close()


async def test_a_key_that_asks_too_often_is_told_when_to_ask_again_and_others_are_not_held_up() -> None:
    store, clock = FakeStore(), FakeClock()
    keys = Keyring(KEYS, store, clock, 0.5)
    admin, reader = {"Authorization": f"Bearer {ADMIN}"}, {"Authorization": f"Bearer {READ}"}
    for _ in range(2):
        await keys.admit(admin, "read", None)
    with pytest.raises(Problem) as refused:
        await keys.admit(admin, "read", None)
    assert (refused.value.status, refused.value.headers["Retry-After"]) == (429, "1")
    await keys.admit(reader, "read", None)
    clock.steady_s += 1
    await keys.admit(admin, "read", None)
    with pytest.raises(Problem) as refused:
        await keys.admit(admin, "read", None)
    assert refused.value.headers["Retry-After"] == "2"
    await store.close()


async def test_guesses_are_answered_later_each_time_and_a_right_key_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring, "FAILURES_FREE", 3)
    async with running() as api:

        async def took_s(key: str) -> float:
            began_s = time.monotonic()
            await api.get("/api/v1/me", key=key)
            return time.monotonic() - began_s

        assert sum([await took_s("wrong") for _ in range(3)]) < 0.1
        assert await took_s("wrong") >= 0.1
        assert await took_s("wrong") >= 0.2
        assert await took_s(READ) < 0.1


@pytest.mark.parametrize(
    ("subject", "site_id"),
    [
        ("/api/v1/sites", None),
        ("/api/v1/sites/depot", "depot"),
        ("/api/v1/sites/gone", None),
        ("/api/v1/sites/yard/charge-points", "yard"),
        ("/api/v1/smart-charging/sites/depot/limit", "depot"),
        ("/api/v1/charge-points/CP-1/commands", "depot"),
        ("/api/v1/charge-points/CP%2D2", "depot"),
        ("/api/v1/charge-points/gone/commands", None),
        ("/api/v1/commands/bulk", None),
        ("/api/v1/sessions/7/close", None),
    ],
)
async def test_a_change_tells_the_site_that_it_was_of(subject: str, site_id: str | None) -> None:
    async with running() as api:
        await api.store.save(AuditEntry(1, NOW_S, subject, "k", "POST", "127.0.0.1", 200, "r"))
        assert [row["site_id"] for row in (await api.get("/api/v1/audit")).json["items"]] == [site_id]


async def test_what_changed_something_is_kept_with_who_and_from_where_and_nothing_else_is() -> None:
    async with running() as api:
        await api.call("PUT", CONFIG, {"max_power_kw": 50, "strategy": "equal"}, key=CONTROL)
        await api.call("PUT", CONFIG, {"max_power_kw": -1}, key=CONTROL)
        await api.get(CONFIG)
        load = {"power_kw": 1}
        await api.call("POST", CONFIG.replace("config", "site-load"), load, key=CONTROL)
        await api.call("POST", PATH, {"name": "phone", "scopes": ["read"]}, headers={"X-Request-Id": "ticket-7"})
        rows = (await api.get("/api/v1/audit")).json["items"]
        assert [(row["key"], row["method"], row["subject"], row["address"], row["status"]) for row in rows] == [
            ("administrator", "POST", PATH, "127.0.0.1", 200),
            ("controller", "PUT", CONFIG, "127.0.0.1", 200),
        ]
        assert [row["site_id"] for row in rows] == [None, "depot"]
        assert rows[0]["request_id"] == "ticket-7"
        assert rows[0]["at"] == "2024-06-01T12:00:00.250Z"
        for query, count in (("", 2), ("?to=2024-06-01T12:00:00Z", 0), ("?from=2024-06-01T12:00:00.25Z", 2)):
            assert (await api.get(f"/api/v1/audit{query}")).json["total"] == count
        assert (await api.get(f"/api/v1/audit?subject={CONFIG}")).json["total"] == 1
        assert (await api.get("/api/v1/audit", key=CONTROL)).status == 403


async def test_a_change_that_cannot_be_put_on_record_is_answered_all_the_same() -> None:
    async with running() as api:
        api.store.next_id = _fails  # type: ignore[method-assign, assignment]
        with capture_logs() as logs:
            reply = await api.call("PUT", CONFIG, {"max_power_kw": 50, "strategy": "equal"})
        assert reply.status == 200
        assert "api_audit_failed" in [entry["event"] for entry in logs]
        assert (await api.store.records(RecordQuery(AuditEntry))).total == 0


def _fails(_sequence: str) -> int:
    raise OSError("disk full")


@pytest.mark.parametrize(("said", "taken"), [("abc-1", True), ("a b", False), ("x" * 101, False), ("", False)])
async def test_a_request_has_an_id_in_the_answer_in_problems_and_in_the_log(said: str, taken: bool) -> None:
    async with running() as api:
        with capture_logs() as logs:
            reply = await api.get("/api/v1/sites/nowhere", headers={"X-Request-Id": said})
        name = {key.lower(): value for key, value in reply.headers.items()}["x-request-id"]
        assert (name == said) == taken
        assert name
        assert reply.json["request_id"] == name
        assert logs[-1]["request_id"] == name
