"""What a simulated charge point knows of id tokens by itself, and whom it lets in without asking."""

import asyncio
from typing import Any

import pytest
from station_scene import BOTH, CAR, JsonObject, Scene, play, starts

from simulators.clock import timestamp
from simulators.protocol import Version
from simulators.tokens import KnownToken, KnownTokens
from simulators.virtual_time import virtual_clock

YES, NO = KnownToken("Accepted"), KnownToken("Blocked")


def tokens(*listed: tuple[str, KnownToken | None]) -> KnownTokens:
    made = KnownTokens(most=3, per_message=2)
    assert made.update(5, "Full", list(listed)) == "Accepted"
    return made


@pytest.mark.parametrize(
    ("version", "kind", "entries", "answer", "held"),
    [
        (6, "Differential", [("B", NO)], "Accepted", {"a": YES, "b": NO}),
        (6, "Differential", [("A", NO)], "Accepted", {"a": NO}),
        (6, "Differential", [("a", None)], "Accepted", {}),
        (6, "Differential", [], "Accepted", {"a": YES}),
        (5, "Differential", [("B", YES)], "VersionMismatch", {"a": YES}),
        (6, "Full", [("B", YES)], "Accepted", {"b": YES}),
        (1, "Full", [("B", YES)], "Accepted", {"b": YES}),
        (6, "Full", [], "Accepted", {}),
        (6, "Full", [("A", YES), ("B", YES), ("C", YES)], "Failed", {"a": YES}),
    ],
)
def test_a_list_is_updated(version: int, kind: str, entries: list[Any], answer: str, held: dict[str, Any]) -> None:
    known = tokens(("A", YES))
    assert known.update(version, kind, entries) == answer
    assert known.listed == held
    assert known.version == (version if answer == "Accepted" else 5)


def test_a_list_that_would_grow_too_long_stays_as_it_was() -> None:
    known = tokens(("A", YES), ("B", YES))
    assert known.update(6, "Differential", [("C", YES), ("D", YES)]) == "Failed"
    assert sorted(known.listed) == ["a", "b"]


def test_the_list_goes_before_the_cache_and_expired_tokens_are_not_known() -> None:
    known = tokens(("LISTED", NO), ("OLD", KnownToken("Accepted", expires_s=100.0)))
    known.learn("listed", YES)
    known.learn("Cached", YES)
    assert [known.status(name, 50.0) for name in ("Listed", "CACHED", "old", "nobody")] == [
        "Blocked",
        "Accepted",
        "Accepted",
        None,
    ]
    assert known.status("OLD", 100.0) is None
    known.clear_cache()
    assert known.status("CACHED", 50.0) is None


def entry(protocol: Version, token: str, status: str, expires: str | None = None) -> JsonObject:
    if protocol == "1.6":
        return {"idTag": token, "idTagInfo": {"status": status, **({"expiryDate": expires} if expires else {})}}
    info = {"status": status, **({"cacheExpiryDateTime": expires} if expires else {})}
    return {"idToken": {"idToken": token, "type": "ISO14443"}, "idTokenInfo": info}


async def send_list(scene: Scene, protocol: Version, *entries: JsonObject) -> None:
    name = "listVersion" if protocol == "1.6" else "versionNumber"
    request = {name: 3, "updateType": "Full", "localAuthorizationList": list(entries)}
    assert await scene.central.call("SendLocalList", request) == {"status": "Accepted"}
    assert await scene.central.call("GetLocalListVersion", {}) == {name: 3}


async def configure(scene: Scene, protocol: Version, key: str, component: str, variable: str, value: str) -> None:
    if protocol == "1.6":
        assert await scene.central.call("ChangeConfiguration", {"key": key, "value": value}) == {"status": "Accepted"}
        return
    data = {"component": {"name": component}, "variable": {"name": variable}, "attributeValue": value}
    answer = await scene.central.call("SetVariables", {"setVariableData": [data]})
    assert answer["setVariableResult"][0]["attributeStatus"] == "Accepted"


@BOTH
@pytest.mark.parametrize(
    ("token", "unknown_ones", "let_in"),
    [
        ("listed", True, True),
        ("BLOCKED", True, False),
        ("NOBODY", True, True),
        ("NOBODY", False, False),
        ("LISTED", False, True),
        ("EXPIRED", False, False),
    ],
)
def test_a_charger_that_is_offline_decides_by_its_list(
    protocol: Version, token: str, unknown_ones: bool, let_in: bool
) -> None:
    async def script(scene: Scene) -> None:
        past = timestamp(virtual_clock().now_s() - 60)
        entries = [entry(protocol, "Listed", "Accepted"), entry(protocol, "Blocked", "Blocked")]
        await send_list(scene, protocol, *entries, entry(protocol, "Expired", "Accepted", past))
        key = ("AllowOfflineTxForUnknownId", "AuthCtrlr", "OfflineTxForUnknownIdEnabled")
        await configure(scene, protocol, *key, str(unknown_ones).lower())
        scene.station.drop_connection(for_s=100)
        await asyncio.sleep(5)
        scene.station.plug_in(1, CAR, token)
        await asyncio.sleep(5)
        assert scene.station.connector(1).charging is let_in
        await asyncio.sleep(200)

    assert len(starts(play(protocol, script))) == int(let_in)


@BOTH
def test_what_the_central_system_refused_once_is_refused_offline(protocol: Version) -> None:
    async def script(scene: Scene) -> None:
        scene.station.plug_in(1, CAR, "TAG")
        await asyncio.sleep(5)
        scene.station.unplug(1)
        scene.station.drop_connection(for_s=100)
        await asyncio.sleep(5)
        scene.station.plug_in(1, CAR, "tag")
        await asyncio.sleep(5)
        assert not scene.station.connector(1).charging
        await asyncio.sleep(150)
        assert await scene.central.call("ClearCache", {}) == {"status": "Accepted"}
        scene.station.drop_connection(for_s=100)
        await asyncio.sleep(5)
        scene.station.unplug(1)
        scene.station.plug_in(1, CAR, "TAG")
        await asyncio.sleep(5)
        assert scene.station.connector(1).charging

    play(protocol, script, token_status="Blocked")


@BOTH
def test_with_local_pre_authorization_a_listed_token_is_not_asked_for(protocol: Version) -> None:
    async def script(scene: Scene) -> None:
        await send_list(scene, protocol, entry(protocol, "Listed", "Accepted"))
        await configure(scene, protocol, "LocalPreAuthorize", "AuthCtrlr", "LocalPreAuthorize", "true")
        scene.station.plug_in(1, CAR, "LISTED")
        await asyncio.sleep(5)
        assert scene.station.connector(1).charging

    scene = play(protocol, script)
    assert (len(starts(scene)), scene.central.count("Authorize")) == (1, 0)
