"""OCPP-J on the wire, both versions: identities, subprotocols, framing, correlation, errors, the life of a socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

import orjson
import pytest
import pytest_asyncio
from conformance_client import (
    BOOT,
    PASSWORD,
    Answer,
    Central,
    ChargePoint,
    Frame,
    JsonObject,
    central_system,
    eventually,
    now,
    obey,
)

from csms.charge_points import server

pytestmark = pytest.mark.asyncio(loop_scope="module")

VERSIONS = ("ocpp1.6", "ocpp2.0.1")
both_versions = pytest.mark.parametrize("version", VERSIONS)
ODD = "Büro Süd/2 +&"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def central(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Central]:
    folder: Path = tmp_path_factory.mktemp("transport")
    async with central_system(folder, unknown_charge_points="accept", default_site_id="park") as system:
        yield system


def start(
    version: str, transaction: str = "T-1", connector_id: int = 1, at: str | None = None
) -> tuple[str, JsonObject]:
    """The request that begins a transaction."""
    timestamp = at or now()
    if version == "ocpp1.6":
        return "StartTransaction", {
            "connectorId": connector_id,
            "idTag": transaction,
            "meterStart": 0,
            "timestamp": timestamp,
        }
    return "TransactionEvent", {
        "eventType": "Started",
        "timestamp": timestamp,
        "triggerReason": "CablePluggedIn",
        "seqNo": 0,
        "transactionInfo": {"transactionId": transaction, "chargingState": "Charging"},
        "evse": {"id": connector_id, "connectorId": 1},
    }


# Identity, credentials, subprotocol: checklist, transport 1, 2 and 9.


@pytest.mark.parametrize(
    ("path", "identity"),
    [
        ("/P-1", "P-1"),
        ("/ocpp/P-2", "P-2"),
        ("/ocpp/1.6/P-3", "P-3"),
        ("/ocpp16/P-4", "P-4"),
        ("/any/where/at%20all/P-5", "P-5"),
        ("/ocpp/P-6?token=x/y", "P-6"),
        ("/ocpp/P%2D7", "P-7"),
        ("/ocpp/" + quote(ODD, safe=""), ODD),
        ("/ocpp/" + "x" * 48, "x" * 48),
        ("/ocpp/" + quote("ü" * 48), "ü" * 48),
    ],
)
async def test_the_identity_is_the_decoded_last_segment_of_any_path(central: Central, path: str, identity: str) -> None:
    socket = await central.open(path, ["ocpp1.6"])
    try:
        shown = await central.shown(identity)
        assert (shown["charge_point_id"], shown["connection"]["connected"]) == (identity, True)
    finally:
        await socket.close()


@pytest.mark.parametrize("segment", ["", "x" * 49, "a%3Ab", "a:b", "%ff", "a%00b", "a%0Ab", quote("ü" * 49)])
async def test_what_is_no_identity_is_not_found(central: Central, segment: str) -> None:
    assert await central.refusal(f"/ocpp/{segment}", ["ocpp1.6"]) == 404


@both_versions
@pytest.mark.parametrize("password", [PASSWORD.encode(), PASSWORD.upper().encode(), bytes.fromhex(PASSWORD)])
async def test_tc_a_01_csms_the_right_password_is_let_in_as_text_or_as_the_bytes_it_stands_for(
    central: Central, version: str, password: bytes
) -> None:
    name = central.take("LOCKED")
    async with central.charge_point(name, version, credentials=f"{name}:".encode() + password) as point:
        assert "currentTime" in await point.call("Heartbeat", {})


async def test_tc_a_02_and_03_csms_wrong_credentials_are_refused_for_known_identities_alone(central: Central) -> None:
    name = central.take("LOCKED")
    attempts = {
        None,
        b"",
        b"no colon",
        f"{name}:wrong".encode(),
        f"other:{PASSWORD}".encode(),
        f":{PASSWORD}".encode(),
        f"{name}:{PASSWORD} ".encode(),
        f"{name}:\xff\xfe".encode("latin-1"),
    }
    for credentials in sorted(attempts, key=str):
        assert await central.refusal(f"/ocpp/{name}", ["ocpp2.0.1"], credentials=credentials) == 401, credentials


async def test_an_unknown_identity_is_not_found_and_leaves_no_trace(tmp_path: Path) -> None:
    async with central_system(tmp_path) as strict:
        before = (await strict.get("charge-points"))["total"]
        for credentials in (None, b"NOBODY:password"):
            assert await strict.refusal("/ocpp/NOBODY", ["ocpp1.6"], credentials=credentials) == 404
        assert (await strict.get("charge-points"))["total"] == before


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        (["ocpp1.6"], "ocpp1.6"),
        (["ocpp2.0.1"], "ocpp2.0.1"),
        (["ocpp0.1", "ocpp1.6"], "ocpp1.6"),
        (["ocpp1.6", "ocpp2.0.1"], "ocpp2.0.1"),
        (["ocpp2.0.1", "ocpp1.6"], "ocpp2.0.1"),
        (["ocpp2.1", "ocpp2.0", "ocpp1.6", "ocpp1.5"], "ocpp1.6"),
    ],
)
async def test_tc_b_58_csms_exactly_the_best_common_subprotocol_is_chosen(
    central: Central, offered: list[str], chosen: str
) -> None:
    socket = await central.open(f"/ocpp/{central.take()}", offered)
    await socket.close()
    assert socket.response is not None
    assert socket.response.headers.get_all("Sec-WebSocket-Protocol") == [chosen]


@pytest.mark.parametrize("offered", [None, ["ocpp2.0"], ["ocpp2.1", "ocpp1.5"], ["OCPP1.6"]])
async def test_without_a_common_subprotocol_nothing_is_upgraded(central: Central, offered: list[str] | None) -> None:
    name = central.take()
    assert await central.refusal(f"/ocpp/{name}", offered) == 400
    assert (await central.shown(name))["connection"]["since"] is None


@pytest.mark.parametrize(("kind", "version"), [("MUTE16", "ocpp1.6"), ("MUTE201", "ocpp2.0.1")])
async def test_a_charge_point_that_offers_nothing_speaks_what_was_declared(
    central: Central, kind: str, version: str
) -> None:
    name = central.take(kind)
    socket = await central.open(f"/ocpp/{name}", None)
    assert socket.response is not None
    assert "Sec-WebSocket-Protocol" not in socket.response.headers
    assert (await central.shown(name))["protocol"] == version
    await socket.close()
    assert await central.refusal(f"/ocpp/{name}", ["ocpp0.1"]) == 400


# Calls: checklist, transport 3 and 4.


@both_versions
async def test_fifty_commands_at_once_go_out_one_by_one_and_crossing_calls_are_answered(
    central: Central, version: str
) -> None:
    name = central.take("MANY")
    outstanding: list[int] = []

    def count(action: str, payload: JsonObject) -> Answer:
        calls = sum(frame[0] == 2 for frame in point.received)
        outstanding.append(calls - len(outstanding))
        return obey(action, payload)

    async with central.charge_point(name, version, boots=False) as point:
        point.answers = count
        await point.call("Heartbeat", {})
        for connector_id in range(1, 51):
            await point.call(*start(version, f"T-{connector_id}", connector_id))
        await eventually(lambda: _confirmed(central, name), True)
        point.received.clear()
        outstanding.clear()
        rebalancing = asyncio.create_task(central.rebalance())
        for _ in range(20):
            assert "currentTime" in await point.call("Heartbeat", {})
        await rebalancing
        told = [told.get("connectorId") or told["evseId"] for told in point.profiles("TxProfile")]
    assert sorted(told) == list(range(1, 51))
    assert set(outstanding) == {1}


async def _confirmed(central: Central, name: str) -> object:
    row = await central.allocated(name)
    return row is not None and row["confirmed"]


@both_versions
async def test_a_timeout_frees_the_slot_and_a_late_result_confirms_nothing(central: Central, version: str) -> None:
    name = central.take()

    def silent_about_limits(action: str, payload: JsonObject) -> Answer:
        return None if action == "SetChargingProfile" else obey(action, payload)

    async with central.charge_point(name, version, answers=silent_about_limits) as point:
        await point.wait(lambda: point.unanswered[1:] or None, "the next call after a timeout")
        late, current = point.unanswered
        for answer in ([3, late, {"status": "Accepted"}], [4, "never-asked", "GenericError", "", {}]):
            await point.send(answer)
        assert "currentTime" in await point.call("Heartbeat", {})
        limits = (await central.connector(name))["limits"]
        assert (limits["default_kw"], bool(limits["outstanding"])) == (None, True)
        await point.send([3, current, {"status": "Accepted"}])
        await eventually(lambda: _default_kw(central, name), 0.0)


async def _default_kw(central: Central, name: str) -> object:
    return (await central.connector(name))["limits"]["default_kw"]


@both_versions
async def test_a_call_that_is_never_answered_does_not_keep_the_charge_point_waiting(
    central: Central, version: str
) -> None:
    async with central.charge_point(central.take(), version, answers=lambda _action, _payload: None) as point:
        await point.wait(lambda: point.unanswered or None, "a call")
        assert "currentTime" in await point.call("Heartbeat", {})
        assert (await point.exchange([2, "s", *start(version)]))[:2] == [3, "s"]


@both_versions
async def test_the_same_id_action_and_payload_is_a_retry_answered_again_and_executed_once(
    central: Central, version: str
) -> None:
    name = central.take()
    async with central.charge_point(name, version) as point:
        frame: Frame = [2, "42", *start(version)]
        reordered = [2, "42", frame[2], dict(reversed(list(frame[3].items())))]
        answers = [await point.exchange(frame), await point.exchange(frame), await point.exchange(reordered)]
        assert answers[0] == answers[1] == answers[2]
        beat = [await point.exchange([2, "43", "Heartbeat", {}]) for _ in range(2)]
        assert beat[0] == beat[1]
        again = await point.exchange([2, "42", *start(version, "T-2", at=now(1))])
        assert again[0] == 3
        assert [session["status"] for session in await central.sessions(name)] == ["active", "completed"]
    async with central.charge_point(name, version) as point:
        await point.exchange([2, "42", *start(version, "T-3", at=now(2))])
    assert len(await central.sessions(name)) == 3


@both_versions
async def test_retries_that_overtake_their_answer_are_each_answered(central: Central, version: str) -> None:
    name = central.take()
    async with central.charge_point(name, version) as point:
        frame = [2, "42", *start(version)]
        for _ in range(5):
            await point.send(frame)

        def answers() -> list[Frame] | None:
            found = [f for f in point.received if f[:2] == [3, "42"]]
            return found if len(found) == 5 else None

        first, *others = await point.wait(answers, "five answers")
        assert others == [first] * 4
    assert len(await central.sessions(name)) == 1


# Errors: checklist, transport 5.

FORMAT = {"ocpp1.6": "FormationViolation", "ocpp2.0.1": "FormatViolation"}
OCCURRENCE = {"ocpp1.6": "OccurenceConstraintViolation", "ocpp2.0.1": "OccurrenceConstraintViolation"}
FRAMEWORK = {"ocpp1.6": "FormationViolation", "ocpp2.0.1": "RpcFrameworkError"}


@both_versions
@pytest.mark.parametrize(
    ("tail", "codes"),
    [
        (["NoSuchAction", {}], dict.fromkeys(VERSIONS, "NotImplemented")),
        (["SetChargingProfile", {}], dict.fromkeys(VERSIONS, "NotImplemented")),
        (["DataTransfer", {}], OCCURRENCE),
        (["DataTransfer", {"vendorId": ["no", "text"]}], dict.fromkeys(VERSIONS, "TypeConstraintViolation")),
        (["DataTransfer", "no object"], FORMAT),
        (["DataTransfer", [{}]], FORMAT),
        (["DataTransfer"], FRAMEWORK),
        ([17, {}], FRAMEWORK),
        ([], FRAMEWORK),
        (["Heartbeat", {}, "one too many"], FRAMEWORK),
    ],
)
async def test_every_wrong_call_has_the_error_of_its_version(
    central: Central, version: str, tail: Frame, codes: dict[str, str]
) -> None:
    async with central.charge_point(central.take(), version) as point:
        answer = await point.exchange([2, "wrong", *tail])
        assert answer[:3] == [4, "wrong", codes[version]]
        assert answer[4] == {}
        assert "currentTime" in await point.call("Heartbeat", {})


@both_versions
async def test_an_enumeration_breaks_a_property_constraint(central: Central, version: str) -> None:
    payload = {
        "ocpp1.6": {"connectorId": 1, "errorCode": "NoError", "status": "Sleepy"},
        "ocpp2.0.1": {"evseId": 1, "connectorId": 1, "connectorStatus": "Sleepy", "timestamp": now()},
    }[version]
    async with central.charge_point(central.take(), version) as point:
        answer = await point.exchange([2, "wrong", "StatusNotification", payload])
        assert answer[:3] == [4, "wrong", "PropertyConstraintViolation"]


@both_versions
async def test_an_error_description_is_no_longer_than_allowed(central: Central, version: str) -> None:
    async with central.charge_point(central.take(), version) as point:
        answer = await point.exchange([2, "wrong", "X" * 10_000, {}])
        assert answer[2] == "NotImplemented"
        assert len(answer[3]) <= 255


UNREADABLE = ("", " ", "{", "null", "{}", "[]", "17", '"text"', "[true]", "\x00", "[" * 5000)


@pytest.mark.parametrize("text", UNREADABLE)
async def test_in_201_a_frame_whose_id_cannot_be_read_is_answered_with_minus_one(central: Central, text: str) -> None:
    async with central.charge_point(central.take(), "ocpp2.0.1") as point:
        point.received.clear()
        await point.socket.send(text)
        frame = await point.wait(lambda: next((f for f in point.received if f[0] == 4), None), "an error")
        assert frame[1] == "-1"
        assert frame[2] in ("RpcFrameworkError", "MessageTypeNotSupported")
        assert "currentTime" in await point.call("Heartbeat", {})


@pytest.mark.parametrize("frame", [[2, 17, "Heartbeat", {}], [2, None, "Heartbeat", {}], [2]])
async def test_in_201_a_call_without_a_readable_id_is_an_rpc_framework_error(central: Central, frame: Frame) -> None:
    async with central.charge_point(central.take(), "ocpp2.0.1") as point:
        await point.send(frame)
        answer = await point.wait(lambda: next((f for f in point.received if f[0] == 4), None), "an error")
        assert answer[:3] == [4, "-1", "RpcFrameworkError"]


@pytest.mark.parametrize("text", [*UNREADABLE, '[5,"x",{}]', '["2","x","Heartbeat",{}]'])
async def test_in_16_what_is_no_message_is_ignored(central: Central, text: str) -> None:
    async with central.charge_point(central.take()) as point:
        await point.socket.send(text)
        assert "currentTime" in await point.call("Heartbeat", {})
        assert [frame for frame in point.received if frame[0] == 4] == []


async def test_in_201_an_unknown_message_type_is_not_supported(central: Central) -> None:
    async with central.charge_point(central.take(), "ocpp2.0.1") as point:
        answer = await point.exchange([5, "x", "Heartbeat", {}])
        assert answer[:3] == [4, "x", "MessageTypeNotSupported"]


@both_versions
async def test_broken_answers_and_errors_of_a_charge_point_end_only_the_call_they_answer(
    central: Central, version: str
) -> None:
    name = central.take()
    broken: list[Answer] = [
        {"status": 17},
        {},
        ["GenericError"],
        ["", None, None],
        ["InternalError", "x" * 5000, {"a": 1}],
    ]

    def answers(action: str, payload: JsonObject) -> Answer:
        return broken.pop() if broken and action == "ClearChargingProfile" else obey(action, payload)

    while broken:
        async with central.charge_point(name, version, answers=answers) as point:
            await point.profile("TxDefaultProfile")
            for text in ('[3,"x"]', "[3]", '[4,"x"]', "[4]", '[3,"x",null]', '[3,"x",[]]', "[3,null,{}]"):
                await point.socket.send(text)
            assert "currentTime" in await point.call("Heartbeat", {})
        broken = broken[:-1]


@both_versions
async def test_a_null_payload_and_null_optionals_count_as_left_out(central: Central, version: str) -> None:
    async with central.charge_point(central.take(), version) as point:
        assert "currentTime" in await point.call("Heartbeat", None)
        transfer = {"vendorId": "X", "messageId": None, "data": None}
        assert await point.call("DataTransfer", transfer) == {"status": "UnknownVendorId"}


@both_versions
async def test_a_binary_frame_is_read_like_text_or_ignored(central: Central, version: str) -> None:
    async with central.charge_point(central.take(), version) as point:
        await point.socket.send(b"\x00\xff\xfe")
        await point.socket.send(b'[2,"bin","Heartbeat",{}]')
        answer = await point.wait(lambda: next((f for f in point.received if f[1] == "bin"), None), "an answer")
        assert answer[0] == 3


@both_versions
async def test_a_frame_that_is_too_big_closes_the_socket_with_1009(central: Central, version: str) -> None:
    name = central.take()
    async with central.charge_point(name, version, boots=False) as point:
        await point.socket.send('[2,"big","DataTransfer",{"vendorId":"' + "x" * 1_100_000 + '"}]')
        assert await point.closed() == 1009
    async with central.charge_point(name, version, boots=False) as point:
        await point.socket.send('[2,"big","DataTransfer",{"vendorId":"X","data":"' + "x" * 900_000 + '"}]')
        assert await point.wait(lambda: next((f for f in point.received if f[1] == "big"), None), "an answer")


@both_versions
async def test_what_the_field_writes_and_the_schemas_refuse_is_no_reason_to_lose_a_session(
    central: Central, version: str
) -> None:
    name = central.take()
    action, payload = start(version, "A-TAG-OF-21-CHARACTER")
    odd = payload | {"timestamp": "2026-01-05 10:00:00", "reservationId": None, "vendorExtension": {"a": [None]}}
    async with central.charge_point(name, version) as point:
        await point.call(action, odd)
        await point.call(action, odd)
    [session] = await central.sessions(name)
    assert (session["status"], session["started_at"]) == ("active", "2026-01-05T10:00:00Z")


# The life of a socket: checklist, transport 6 to 8.


async def test_permessage_deflate_is_used_where_it_is_offered(central: Central) -> None:
    for compression, expected in (("deflate", True), (None, False)):
        name = central.take()
        async with central.charge_point(name, "ocpp2.0.1", compression=compression) as point:
            assert point.socket.response is not None
            header = point.socket.response.headers.get("Sec-WebSocket-Extensions", "")
            assert ("permessage-deflate" in header) is expected
            await point.profile("TxDefaultProfile")
            data = {"vendorId": "X", "data": "0" * 200_000}
            assert await point.call("DataTransfer", data) == {"status": "UnknownVendorId"}


@both_versions
async def test_boot_and_status_in_one_go_are_answered_in_order(central: Central, version: str) -> None:
    name = central.take("TWO")
    boot, statuses = {
        "ocpp1.6": (
            {"chargePointVendor": "V", "chargePointModel": "M"},
            [{"connectorId": n, "errorCode": "NoError", "status": "Available"} for n in (0, 1, 2)],
        ),
        "ocpp2.0.1": (
            {"reason": "PowerUp", "chargingStation": {"vendorName": "V", "model": "M"}},
            [{"evseId": n, "connectorId": 1, "connectorStatus": "Available", "timestamp": now()} for n in (1, 2)],
        ),
    }[version]
    frames = [[2, "boot", "BootNotification", boot]]
    frames += [[2, f"status-{n}", "StatusNotification", status] for n, status in enumerate(statuses)]
    async with central.charge_point(name, version, boots=False) as point:
        for frame in frames:
            await point.send(frame)
        last = frames[-1][1]
        await point.wait(lambda: next((f for f in point.received if f[1] == last), None), "the last answer")
        answered = [frame[1] for frame in point.received if frame[0] == 3]
        assert answered == [frame[1] for frame in frames]
        shown = await central.shown(name)
        assert [connector["status"] for connector in shown["connectors"]] == ["Available", "Available"]
        assert shown["booted_at"] is not None


@both_versions
async def test_no_command_about_a_transaction_leaves_before_the_answer_that_created_it(
    central: Central, version: str
) -> None:
    name = central.take("MANY")
    async with central.charge_point(name, version) as point:
        await eventually(lambda: _default_kw(central, name), 0.0)
        point.received.clear()
        for connector_id in range(1, 21):
            await point.send([2, f"start-{connector_id}", *start(version, f"T-{connector_id}", connector_id)])
        await point.wait(lambda: len(point.profiles("TxProfile")) >= 20 or None, "a limit for everyone")
        order = [_about(frame) for frame in point.received]
    for connector_id in range(1, 21):
        assert order.index(f"start-{connector_id}") < order.index(connector_id)


def _about(frame: Frame) -> object:
    """The id of an answer; the connector of a limit for its transaction."""
    if frame[0] != 2 or '"TxProfile"' not in orjson.dumps(frame[3]).decode():
        return frame[1]
    return frame[3].get("connectorId", frame[3].get("evseId"))


@both_versions
async def test_a_reconnect_without_a_boot_works_at_once(central: Central, version: str) -> None:
    name = central.take()
    async with central.charge_point(name, version) as point:
        await point.call(*start(version))
        await point.profile("TxProfile")
        await eventually(lambda: _confirmed(central, name), True)
    await eventually(lambda: _connected(central, name), False)
    assert [session["status"] for session in await central.sessions(name)] == ["active"]
    async with central.charge_point(name, version, boots=False) as point:
        await point.call("Heartbeat", {})
        await point.profile("TxProfile")
        [trigger, *_] = await point.wait(lambda: point.told("TriggerMessage") or None, "a trigger")
        evse = {} if version == "ocpp1.6" else {"evse": {"id": 1, "connectorId": 1}}
        assert trigger == {"requestedMessage": "StatusNotification", **evse}
        assert point.told("GetConfiguration") + point.told("GetVariables") == []
        shown = await central.shown(name)
        assert (shown["connection"]["connected"], shown["connection"]["ready"]) == (True, True)


async def _connected(central: Central, name: str) -> object:
    return (await central.shown(name))["connection"]["connected"]


@both_versions
async def test_a_second_socket_is_authenticated_first_and_then_replaces_the_first_for_good(
    central: Central, version: str
) -> None:
    name = central.take("LOCKED")
    right = f"{name}:{PASSWORD}".encode()
    async with central.charge_point(name, version, credentials=right) as old:
        assert await central.refusal(f"/ocpp/{name}", [version], credentials=b"wrong") == 401
        assert "currentTime" in await old.call("Heartbeat", {})
        async with central.charge_point(name, version, credentials=right, boots=False) as new:
            assert await old.closed() == 1008
            await new.call("Heartbeat", {})
            assert await _connected(central, name)
            await new.call(*start(version))
            await new.profile("TxProfile")
    await eventually(lambda: _connected(central, name), False)
    assert old.profiles("TxProfile") == []


async def test_a_dead_peer_is_noticed_by_pings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert server.PING_INTERVAL_S <= 30  # some paths drop sockets that are idle for a minute or two
    monkeypatch.setattr(server, "PING_INTERVAL_S", 0.1)
    monkeypatch.setattr(server, "_CLOSE_TIMEOUT_S", 0.1)
    async with central_system(tmp_path) as impatient, impatient.charge_point("DC-0") as point:
        point.socket.transport.pause_reading()
        await eventually(lambda: _connected(impatient, "DC-0"), False)
        point.socket.transport.abort()


async def test_any_frame_of_a_client_that_is_no_charge_point_harms_nobody(central: Central) -> None:
    name = central.take()
    async with central.charge_point(name, boots=False) as point:
        for text in ('[2,"a","Heartbeat",' + '{"a":' * 400 + "1" + "}" * 401, '[2,"b","Heartbeat",{"a":1e999}]'):
            await point.socket.send(text)
        for action in ("StartTransaction", "StopTransaction", "MeterValues", "StatusNotification"):
            values: Frame = [None, {}, [], "x", -1, 1e300, {"connectorId": -5}]
            for value in values:
                await point.socket.send(orjson.dumps([2, "c", action, value]).decode())
        assert "currentTime" in await point.call("Heartbeat", {})


async def test_a_stop_answers_what_was_read_and_keeps_what_was_answered(tmp_path: Path) -> None:
    async with central_system(tmp_path) as stopped:
        point = ChargePoint(await stopped.open("/ocpp/MANY-0", ["ocpp1.6"]), "MANY-0", "ocpp1.6", obey)
        await point.call("BootNotification", BOOT["ocpp1.6"])
        for connector_id in range(1, 51):
            await point.send([2, f"start-{connector_id}", *start("ocpp1.6", f"T-{connector_id}", connector_id)])
        await point.wait(lambda: _started(point) or None, "the first answer")
    assert await point.closed() == 1012
    await point.close()
    async with central_system(tmp_path) as again:
        known = {session["transaction_id"] for session in await again.sessions("MANY-0")}
    assert {str(number) for number in _started(point)} <= {str(number) for number in known}


def _started(point: ChargePoint) -> list[int]:
    """The transactions that it was told the ids of."""
    answers = (frame for frame in point.received if frame[0] == 3 and frame[1].startswith("start-"))
    return [frame[2]["transactionId"] for frame in answers]
