"""Id tokens on the wire, in both versions: who is let in, who is not and why, and what becomes of their sessions.

Named by certification case where one exists: OCPP 1.6 CSMS cases, OCPP 2.0.1 part 6.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from conformance_client import (
    V16,
    V201,
    Answer,
    Central,
    ChargePoint,
    JsonObject,
    central_system,
    eventually,
    now,
    obey,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

PAST, FUTURE = "2020-01-01T00:00:00.000Z", "2099-01-01T00:00:00.000Z"
TOKENS: list[JsonObject] = [
    {"id_token": "GOOD", "group_id": "FAMILY", "expires_at": FUTURE, "priority": 2},
    {"id_token": "SISTER", "group_id": "FAMILY"},
    {"id_token": "BLOCKED", "status": "Blocked", "group_id": "FAMILY"},
    {"id_token": "EXPIRED", "expires_at": PAST},
    {"id_token": "EARLY", "valid_from": FUTURE},
    {"id_token": "BROKE", "status": "NoCredit"},
    {"id_token": "ELSEWHERE", "sites": ["another"]},
    {"id_token": "SECOND", "charge_points": [f"TWO-{n}:2" for n in range(12)]},
    {"id_token": "ALTERNATING", "current": "AC"},
    {"id_token": "ONCE", "one_at_a_time": True},
    {"id_token": "ONCE-MORE", "one_at_a_time": True},
    {"id_token": "CONTRACT", "type": "eMAID"},
    {"id_token": "OFFICER", "group_id": "POLICE"},
    {"id_token": "WATCHED", "end_session_when_blocked": True},
    {"id_token": "UNWATCHED"},
    *({"id_token": f"ERASED-{version}"} for version in (V16, V201)),
]
RULES: JsonObject = {"unknown_id_tokens": "reject", "master_pass_group": "Police", "local_lists": True}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def central(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Central]:
    sections = {"authorization": RULES, "id_tokens": TOKENS}
    async with central_system(tmp_path_factory.mktemp("tokens"), sections=sections) as system:
        yield system


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def open_house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Central]:
    """Unknown tokens are accepted; sessions of refused ones are ended."""
    sections = {
        "authorization": {"end_session_when_blocked": True, "contract_certificates": "trust"},
        "id_tokens": [{"id_token": "BLOCKED", "status": "Blocked"}, {"id_token": "DE-1", "type": "eMAID"}],
    }
    async with central_system(tmp_path_factory.mktemp("open"), sections=sections) as system:
        yield system


BOTH = pytest.mark.parametrize("version", [V16, V201])


class Driver:
    """Shows tokens at a charge point of either version, and tells what came back."""

    def __init__(self, point: ChargePoint) -> None:
        self.point = point
        self.v16 = point.version == V16

    async def authorize(self, token: str, kind: str = "ISO14443") -> JsonObject:
        """idTagInfo, or idTokenInfo."""
        if self.v16:
            info: JsonObject = (await self.point.call("Authorize", {"idTag": token}))["idTagInfo"]
        else:
            request = {"idToken": {"idToken": token, "type": kind}}
            info = (await self.point.call("Authorize", request))["idTokenInfo"]
        return info

    async def start(self, token: str, *, connector: int = 1, at: str | None = None) -> tuple[str, JsonObject]:
        """The transaction's id, and what is said of the token."""
        if self.v16:
            start = {"connectorId": connector, "idTag": token, "meterStart": 0, "timestamp": at or now()}
            answer = await self.point.call("StartTransaction", start)
            return str(answer["transactionId"]), answer["idTagInfo"]
        name = f"T-{self.point.identity}-{connector}-{token}"
        answer = await self._event("Started", "Authorized", name, token, connector, at)
        return name, answer["idTokenInfo"]

    async def stop(self, transaction_id: str, token: str | None = None, reason: str = "Local") -> JsonObject:
        """What is said of the token that stops it."""
        if self.v16:
            stop = {"transactionId": int(transaction_id), "meterStop": 5000, "timestamp": now(), "reason": reason}
            answer = await self.point.call("StopTransaction", stop if token is None else {**stop, "idTag": token})
            stopped: JsonObject = answer.get("idTagInfo", {})
            return stopped
        answer = await self._event("Ended", "StopAuthorized", transaction_id, token, 1, None, reason)
        info: JsonObject = answer.get("idTokenInfo", {})
        return info

    async def _event(
        self, kind: str, trigger: str, name: str, token: str | None, evse: int, at: str | None, reason: str = ""
    ) -> JsonObject:
        payload: JsonObject = {
            "eventType": kind,
            "timestamp": at or now(),
            "triggerReason": trigger,
            "seqNo": 0 if kind == "Started" else 1,
            "transactionInfo": {"transactionId": name, **({"stoppedReason": reason} if reason else {})},
            "evse": {"id": evse, "connectorId": 1},
            **({} if token is None else {"idToken": {"idToken": token, "type": "ISO14443"}}),
            **({} if at is None else {"offline": True}),
        }
        return await self.point.call("TransactionEvent", payload)


REFUSED = [
    ("NOBODY", "Invalid", "Unknown"),
    ("BLOCKED", "Blocked", "Blocked"),
    ("EXPIRED", "Expired", "Expired"),
    ("EARLY", "Invalid", "NotAtThisTime"),
    ("BROKE", "Blocked", "NoCredit"),
    ("ELSEWHERE", "Invalid", "NotAtThisLocation"),
    ("ALTERNATING", "Invalid", "NotAllowedTypeEVSE"),
]


@BOTH
@pytest.mark.parametrize(("token", "in_16", "in_201"), REFUSED)
async def test_tc_023_and_tc_c_02_06_07_csms_a_token_is_refused_with_its_reason(
    central: Central, version: str, token: str, in_16: str, in_201: str
) -> None:
    async with central.charge_point(central.take(), version) as point:
        assert (await Driver(point).authorize(token))["status"] == (in_16 if version == V16 else in_201)


@BOTH
@pytest.mark.parametrize("token", ["GOOD", "good", "Good"])
async def test_tc_004_1_and_tc_c_39_csms_a_token_is_let_in_with_group_and_expiry(
    central: Central, version: str, token: str
) -> None:
    async with central.charge_point(central.take(), version) as point:
        info = await Driver(point).authorize(token)
    if version == V16:
        assert info == {"status": "Accepted", "expiryDate": FUTURE, "parentIdTag": "FAMILY"}
    else:
        assert info == {
            "status": "Accepted",
            "cacheExpiryDateTime": FUTURE,
            "groupIdToken": {"idToken": "FAMILY", "type": "Central"},
            "chargingPriority": 2,
        }


@BOTH
async def test_tc_c_43_csms_a_refused_token_of_a_group_names_its_group(central: Central, version: str) -> None:
    async with central.charge_point(central.take(), version) as point:
        info = await Driver(point).authorize("BLOCKED")
        assert ("parentIdTag" if version == V16 else "groupIdToken") in info


@BOTH
async def test_unknown_tokens_are_let_in_where_they_may(open_house: Central, version: str) -> None:
    async with open_house.charge_point(open_house.take(), version) as point:
        driver = Driver(point)
        assert await driver.authorize("NOBODY") == {"status": "Accepted"}
        assert await driver.authorize("blocked") == {"status": "Blocked"}


@BOTH
async def test_tc_c_08_csms_a_token_let_in_by_the_chargers_cache_is_checked_again(
    central: Central, version: str
) -> None:
    identity = central.take()
    async with central.charge_point(identity, version) as point:
        transaction_id, info = await Driver(point).start("GOOD")
        assert info["status"] == "Accepted"
        (session,) = await central.sessions(identity)
        assert (session["transaction_id"], session["id_token"]) == (transaction_id, "GOOD")


@BOTH
@pytest.mark.parametrize(("token", "in_16", "in_201"), REFUSED)
async def test_tc_c_20_csms_a_refused_start_is_a_session_with_its_energy(
    central: Central, version: str, token: str, in_16: str, in_201: str
) -> None:
    identity = central.take()
    async with central.charge_point(identity, version) as point:
        driver = Driver(point)
        transaction_id, info = await driver.start(token)
        assert info["status"] == (in_16 if version == V16 else in_201)
        assert await central.allocated(identity) is not None  # it counts until the charger has ended it
        await driver.stop(transaction_id, reason="DeAuthorized")
    (session,) = await central.sessions(identity)
    assert (session["id_token"], session["stop_reason"], session["status"]) == (token, "DeAuthorized", "completed")
    page = await central.get(f"events?format=json&charge_point_id={identity}&type=session_refused")
    assert [event["data"]["status"] for event in page["items"]] == [in_201]


@BOTH
async def test_tc_037_csms_a_start_of_the_time_without_connection_is_refused_later(
    central: Central, version: str
) -> None:
    identity = central.take()
    async with central.charge_point(identity, version) as point:
        transaction_id, info = await Driver(point).start("NOBODY", at=now(-1800))
        assert info["status"] == ("Invalid" if version == V16 else "Unknown")
        (session,) = await central.sessions(identity)
        assert (session["transaction_id"], session["status"]) == (transaction_id, "active")
        assert int(transaction_id) > 0 if version == V16 else transaction_id


@BOTH
async def test_a_token_that_may_be_used_once_is_refused_elsewhere_until_its_session_ends(
    central: Central, version: str
) -> None:
    token = "ONCE" if version == V16 else "ONCE-MORE"
    async with (
        central.charge_point(central.take(), version) as one,
        central.charge_point(central.take(), V201 if version == V16 else V16) as other,
    ):
        here, there = Driver(one), Driver(other)
        transaction_id, info = await here.start(token)
        assert info["status"] == "Accepted"
        assert (await here.authorize(token))["status"] == "Accepted"  # it may be there to stop
        assert (await there.authorize(token))["status"] == "ConcurrentTx"
        second, info = await there.start(token)
        assert info["status"] == "ConcurrentTx"
        assert (await there.stop(second, token)) == {"status": "Accepted"}
        assert (await here.stop(transaction_id, token))["status"] == "Accepted"
        assert (await there.authorize(token))["status"] == "Accepted"


@BOTH
async def test_tokens_of_a_group_stop_each_others_transactions(central: Central, version: str) -> None:
    """The charger compares the groups; both must have come back the same."""
    identity = central.take()
    name = "parentIdTag" if version == V16 else "groupIdToken"
    async with central.charge_point(identity, version) as point:
        driver = Driver(point)
        transaction_id, started = await driver.start("GOOD")
        assert (await driver.authorize("sister"))[name] == started[name]
        assert (await driver.stop(transaction_id, "SISTER"))[name] == started[name]
    (session,) = await central.sessions(identity)
    assert (session["id_token"], session["status"]) == ("GOOD", "completed")


@BOTH
async def test_tc_c_47_48_49_csms_a_master_pass_is_let_in_and_starts_nothing(central: Central, version: str) -> None:
    async with central.charge_point(central.take(), version) as point:
        driver = Driver(point)
        transaction_id, _ = await driver.start("GOOD")
        info = await driver.authorize("OFFICER")
        group = "POLICE" if version == V16 else {"idToken": "POLICE", "type": "Central"}
        assert info == {"status": "Accepted", "parentIdTag" if version == V16 else "groupIdToken": group}
        assert (await driver.stop(transaction_id, "OFFICER"))["status"] == "Accepted"
        assert (await driver.start("OFFICER"))[1]["status"] == "Invalid"


async def test_a_token_for_one_evse_names_it(central: Central) -> None:
    async with central.charge_point(central.take("TWO"), V201) as point:
        driver = Driver(point)
        assert await driver.authorize("SECOND") == {"status": "Accepted", "evseId": [2]}
        assert (await driver.start("SECOND", connector=1))[1]["status"] == "NotAtThisLocation"
        assert (await driver.start("SECOND", connector=2))[1]["status"] == "Accepted"
    async with central.charge_point(central.take("TWO"), V16) as point:
        driver = Driver(point)
        assert (await driver.authorize("SECOND"))["status"] == "Accepted"
        assert (await driver.start("SECOND", connector=1))[1]["status"] == "Invalid"
        assert (await driver.start("SECOND", connector=2))[1]["status"] == "Accepted"


@pytest.mark.parametrize(
    ("token", "kind", "expected"),
    [
        ("", "NoAuthorization", "Accepted"),
        ("APP-123", "Central", "Accepted"),
        ("TICKET-9", "Local", "Unknown"),
        ("CONTRACT", "eMAID", "Accepted"),
        ("CONTRACT", "ISO14443", "Unknown"),
        ("GOOD", "KeyCode", "Accepted"),
        ("4711", "KeyCode", "Invalid"),  # C04.FR.01
        ("GOOD", "MacAddress", "Accepted"),
    ],
)
async def test_types_of_tokens_are_told_apart(central: Central, token: str, kind: str, expected: str) -> None:
    async with central.charge_point(central.take(), V201) as point:
        assert (await Driver(point).authorize(token, kind))["status"] == expected


async def test_tc_c_50_csms_a_contract_certificate_is_answered_with_its_status(
    central: Central, open_house: Central
) -> None:
    contract = {"idToken": "DE-1", "type": "eMAID"}
    request: JsonObject = {"idToken": contract, "certificate": "-----BEGIN CERTIFICATE-----"}
    async with open_house.charge_point(open_house.take(), V201) as point:
        accepted = {"idTokenInfo": {"status": "Accepted"}, "certificateStatus": "Accepted"}
        assert await point.call("Authorize", request) == accepted
        contract["idToken"] = "BLOCKED"
        cancelled = {"idTokenInfo": {"status": "Blocked"}, "certificateStatus": "ContractCancelled"}
        assert await point.call("Authorize", request) == cancelled
    async with central.charge_point(central.take(), V201) as point:
        unverified = {"idTokenInfo": {"status": "Invalid"}, "certificateStatus": "CertChainError"}
        assert await point.call("Authorize", request) == unverified


@BOTH
async def test_a_token_blocked_during_a_session_ends_it_where_that_was_asked_for(
    central: Central, version: str
) -> None:
    stop = "RemoteStopTransaction" if version == V16 else "RequestStopTransaction"
    async with (
        central.charge_point(central.take(), version, answers=_obeys_stops) as watched,
        central.charge_point(central.take(), version, answers=_obeys_stops) as unwatched,
    ):
        transaction_id, _ = await Driver(watched).start("WATCHED")
        await Driver(unwatched).start("UNWATCHED")
        for token in ("WATCHED", "UNWATCHED"):
            await central.change("PATCH", f"id-tokens/{token}", {"status": "Blocked"})
        told = await watched.wait(lambda: next(iter(watched.told(stop)), None), stop)
        assert str(told["transactionId"]) == transaction_id
        assert unwatched.told(stop) == []
        await Driver(watched).stop(transaction_id, reason="Remote")
        for token in ("WATCHED", "UNWATCHED"):
            await central.change("PATCH", f"id-tokens/{token}", {"status": "Accepted"})


@BOTH
async def test_personal_data_is_erased_and_the_energy_stays(central: Central, version: str) -> None:
    identity, token = central.take(), f"ERASED-{version}"
    async with central.charge_point(identity, version) as point:
        driver = Driver(point)
        transaction_id, _ = await driver.start(token)
        await driver.stop(transaction_id, token)
    before = (await central.sessions(identity))[0]
    erased = await central.change("DELETE", f"id-tokens/{token}/personal-data")
    assert erased["sessions"] == 1
    after = (await central.sessions(identity))[0]
    assert after.pop("id_token").startswith("erased-")
    assert {**after, "id_token": token} == before


# Local authorization lists.


class ListHolder:
    """A charger's half of local lists; `instead` is answered to the next ones."""

    def __init__(self, version: str, settings: JsonObject | None = None) -> None:
        self.version_name = "listVersion" if version == V16 else "versionNumber"
        self.settings = settings or {}
        self.version = 0
        self.tokens: dict[str, Any] = {}
        self.instead: list[str] = []

    def __call__(self, action: str, payload: JsonObject) -> Answer:
        match action:
            case "GetLocalListVersion":
                return {self.version_name: self.version}
            case "SendLocalList":
                return {"status": self.instead.pop(0) if self.instead else self._take(payload)}
            case "GetConfiguration":
                rows = [{"key": key, "readonly": True, "value": text} for key, text in self.settings.items()]
                return {"configurationKey": rows}
            case _:
                return obey(action, payload)

    def _take(self, payload: JsonObject) -> str:
        if payload["updateType"] == "Full":
            self.tokens = {}
        elif payload[self.version_name] <= self.version:
            return "VersionMismatch"
        self.version = payload[self.version_name]
        for item in payload.get("localAuthorizationList", ()):
            token = item["idTag"] if "idTag" in item else item["idToken"]["idToken"]
            info = item.get("idTagInfo", item.get("idTokenInfo"))
            self.tokens.pop(token, None)
            if info is not None:
                self.tokens[token] = info["status"]
        return "Accepted"


async def _in_step(central: Central, identity: str) -> str | None:
    """How the list stands, once anything is known of it."""
    status, body = await central.ask(f"charge-points/{identity}/local-list")
    return body["state"] if status == 200 else None


@BOTH
async def test_tc_042_043_and_tc_d_01_02_08_csms_a_list_is_sent_whole_and_kept_in_step(
    central: Central, version: str
) -> None:
    identity, holder = central.take(), ListHolder(version)
    async with central.charge_point(identity, version, answers=holder) as point:
        await eventually(lambda: _in_step(central, identity), "in_step")
        first = point.told("SendLocalList")[0]
        assert (first["updateType"], first[holder.version_name] > 0) == ("Full", True)
        assert {"GOOD": "Accepted", "BLOCKED": "Blocked", "EXPIRED": "Accepted"}.items() <= holder.tokens.items()
        assert not {"ELSEWHERE", "ALTERNATING", "SECOND"} & holder.tokens.keys()
        token = f"NEW-{version}"
        await central.change("POST", "id-tokens", {"id_token": token})
        await _until(point, lambda: holder.tokens.get(token) == "Accepted")
        await central.change("PATCH", f"id-tokens/{token}", {"status": "Blocked"})
        await _until(point, lambda: holder.tokens.get(token) == "Blocked")
        await central.change("DELETE", f"id-tokens/{token}")
        await _until(point, lambda: token not in holder.tokens)
        changes = point.told("SendLocalList")
        versions = [told[holder.version_name] for told in changes]
        assert versions == sorted(set(versions))
        assert {told["updateType"] for told in changes[-3:]} == {"Differential"}
        assert len(changes[-1]["localAuthorizationList"]) == 1
    shown = await central.get(f"charge-points/{identity}/local-list")
    assert (shown["state"], sorted(shown["id_tokens"])) == ("in_step", sorted(holder.tokens))
    holder_before = len(holder.tokens)
    async with central.charge_point(identity, version, answers=holder) as point:
        await point.wait(lambda: point.told("GetLocalListVersion") or None, "GetLocalListVersion")
        await eventually(lambda: _in_step(central, identity), "in_step")
        assert point.told("SendLocalList") == []
    assert len(holder.tokens) == holder_before


@BOTH
@pytest.mark.parametrize("answer", ["VersionMismatch", "Failed"])
async def test_tc_043_csms_a_refused_change_is_followed_by_the_whole_list(
    central: Central, version: str, answer: str
) -> None:
    identity, holder = central.take(), ListHolder(version)
    async with central.charge_point(identity, version, answers=holder) as point:
        await eventually(lambda: _in_step(central, identity), "in_step")
        before = len(point.told("SendLocalList"))
        holder.instead = [answer]
        token = f"{answer}-{version}"[:20]
        await central.change("POST", "id-tokens", {"id_token": token})
        await _until(point, lambda: token in holder.tokens)
        kinds = [told["updateType"] for told in point.told("SendLocalList")[before:]]
        assert kinds[:2] == ["Differential", "Full"]
        await central.change("DELETE", f"id-tokens/{token}")


async def test_a_long_list_goes_in_parts_and_what_has_no_room_is_left_out(central: Central) -> None:
    settings = {"SendLocalListMaxLength": "3", "LocalAuthListMaxLength": "7"}
    identity, holder = central.take(), ListHolder(V16, settings)
    async with central.charge_point(identity, V16, answers=holder) as point:
        await eventually(lambda: _in_step(central, identity), "in_step")
        told = point.told("SendLocalList")
        assert [len(message["localAuthorizationList"]) for message in told[:3]] == [3, 3, 1]
        assert [message["updateType"] for message in told[:3]] == ["Full", "Differential", "Differential"]
        shown = await central.get(f"charge-points/{identity}/local-list")
        assert (shown["wanted"], len(holder.tokens)) == (7, 7)
        assert shown["left_out"] > 0


async def _until(point: ChargePoint, holds: Any) -> None:
    await point.wait(lambda: True if holds() else None, "the list")


def _obeys_stops(action: str, payload: JsonObject) -> Answer:
    known = action in ("RemoteStopTransaction", "RequestStopTransaction")
    return {"status": "Accepted"} if known else obey(action, payload)
