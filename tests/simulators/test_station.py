import asyncio
import random
from typing import Any

import orjson
import pytest
from station_scene import BOTH, CAR, JsonObject, Scene, ends, play, starts

from simulators.behaviour import Behaviour
from simulators.clock import parse_timestamp
from simulators.hardware import AC_THREE_PHASES, DC_50, Hardware
from simulators.park import CarPark
from simulators.protocol import Version


def test_a_1_6_session_is_told_in_the_expected_messages() -> None:
    async def script(scene: Scene) -> None:
        await scene.charging()
        await asyncio.sleep(60)
        scene.station.stop_transaction(1)
        await asyncio.sleep(1)
        scene.station.unplug(1)
        await asyncio.sleep(1)

    scene = play("1.6", script)
    told = [f"{a} {p['status']}" if a == "StatusNotification" else a for a, p in scene.central.received]
    assert told == [
        "BootNotification",
        "StatusNotification Available",  # connector 0
        "StatusNotification Available",
        "StatusNotification Preparing",
        "Authorize",
        "StartTransaction",
        "StatusNotification Charging",
        "MeterValues",
        "StopTransaction",
        "StatusNotification Finishing",
        "StatusNotification Available",
    ]
    assert [p["transactionId"] for p in scene.central.payloads("MeterValues")] == [1]
    assert ends(scene)[0]["transactionId"] == 1


def test_a_2_0_1_session_is_told_in_the_expected_events() -> None:
    async def script(scene: Scene) -> None:
        await scene.charging()
        await scene.set_profile(0)
        await asyncio.sleep(60)
        scene.station.unplug(1)
        await asyncio.sleep(1)

    scene = play("2.0.1", script)
    events = scene.central.payloads("TransactionEvent")
    assert [(e["eventType"], e["triggerReason"], e["transactionInfo"]["chargingState"]) for e in events] == [
        ("Started", "Authorized", "Charging"),
        ("Updated", "ChargingStateChanged", "SuspendedEVSE"),
        ("Updated", "MeterValuePeriodic", "SuspendedEVSE"),
        ("Ended", "EVCommunicationLost", "EVConnected"),
    ]
    assert [e["seqNo"] for e in events] == [0, 1, 2, 3]
    statuses = [p["connectorStatus"] for p in scene.central.payloads("StatusNotification")]
    assert statuses == ["Available", "Occupied", "Available"]


@BOTH
@pytest.mark.parametrize(("hardware", "limit", "power_w"), [(AC_THREE_PHASES, 10, 6_900), (DC_50, 9_000, 9_000)])
def test_it_obeys_the_profile_it_accepted(protocol: Version, hardware: Hardware, limit: float, power_w: float) -> None:
    async def script(scene: Scene) -> None:
        assert (await scene.set_profile(0))["status"] == "Accepted"
        assert scene.station.connector(1).permitted_w == 0
        await scene.charging()
        assert scene.station.connector(1).drawn_w == 0
        assert (await scene.set_profile(limit, purpose="TxProfile", level=1))["status"] == "Accepted"
        await asyncio.sleep(1.4)
        view = scene.station.connector(1)
        assert view.permitted_w == pytest.approx(power_w)
        assert view.drawn_w == 0
        await asyncio.sleep(0.2)
        assert scene.station.connector(1).drawn_w == pytest.approx(power_w)

    play(protocol, script, hardware=hardware)


@BOTH
def test_a_lost_connection_loses_no_transaction_message(protocol: Version) -> None:
    async def script(scene: Scene) -> None:
        scene.station.drop_connection(for_s=100)
        await asyncio.sleep(10)
        assert not scene.station.connected
        await scene.charging()
        assert scene.station.connector(1).drawn_w > 0
        scene.station.unplug(1)
        await asyncio.sleep(200)

    scene = play(protocol, script)
    assert scene.central.count("BootNotification") == 1
    assert scene.central.connections == 2
    begun, ended = starts(scene), ends(scene)
    assert (len(begun), len(ended)) == (1, 1)
    assert parse_timestamp(ended[0]["timestamp"]) - parse_timestamp(begun[0]["timestamp"]) == pytest.approx(5)
    assert all(p.get("offline", protocol == "1.6") for p in begun + ended)


@BOTH
def test_a_start_that_got_no_answer_is_sent_again_after_the_reconnect(protocol: Version) -> None:
    action = "StartTransaction" if protocol == "1.6" else "TransactionEvent"

    async def script(scene: Scene) -> None:
        scene.central.silent = [action]
        await scene.charging()
        scene.central.silent = []
        scene.station.drop_connection(for_s=1)
        await asyncio.sleep(10)

    first, second = starts(play(protocol, script))
    assert first == second


@BOTH
def test_only_one_own_call_is_under_way_at_a_time(protocol: Version) -> None:
    async def script(scene: Scene) -> None:
        for _ in range(5):
            await scene.charging()
            scene.station.unplug(1)
        await asyncio.sleep(60)

    slow: dict[str, Any] = {"to_charge_point": lambda _: 0.3, "to_central_system": lambda _: 0.2}
    scene = play(protocol, script, **slow)
    waiting = most = 0
    for line in scene.frames:
        _, direction, text = line.split(" ", 2)
        kind = orjson.loads(text)[0]
        waiting += (direction == ">" and kind == 2) - (direction == "<" and kind != 2)
        most = max(most, waiting)
    assert most == 1
    assert len(ends(scene)) == 5


@BOTH
@pytest.mark.parametrize(("answers", "attempts"), [([], 1), (["Pending"], 2), (["Rejected", "Pending"], 3)])
def test_it_boots_until_it_is_accepted_and_says_nothing_before(
    protocol: Version, answers: list[str], attempts: int
) -> None:
    async def script(scene: Scene) -> None:
        await asyncio.sleep(30)

    scene = play(protocol, script, boot_answers=list(answers))
    assert scene.central.actions()[:attempts] == ["BootNotification"] * attempts
    assert scene.central.count("BootNotification") == attempts
    assert scene.central.count("StatusNotification") > 0


@BOTH
def test_heartbeats_come_at_the_interval_it_was_given(protocol: Version) -> None:
    async def script(scene: Scene) -> None:
        await asyncio.sleep(100)

    assert play(protocol, script, interval_s=20).central.count("Heartbeat") == 5


@BOTH
def test_a_refused_token_starts_no_transaction(protocol: Version) -> None:
    async def script(scene: Scene) -> None:
        await scene.charging()
        assert not scene.station.connector(1).charging

    assert starts(play(protocol, script, token_status="Invalid")) == []


@BOTH
def test_a_token_refused_after_an_offline_start_ends_the_transaction(protocol: Version) -> None:
    async def script(scene: Scene) -> None:
        scene.station.drop_connection(for_s=10)
        await asyncio.sleep(1)
        await scene.charging()
        await asyncio.sleep(20)
        assert not scene.station.connector(1).charging

    assert len(ends(play(protocol, script, token_status="Blocked"))) == 1


@BOTH
def test_a_reset_ends_transactions_and_keeps_profiles(protocol: Version) -> None:
    async def script(scene: Scene) -> None:
        await scene.set_profile(10)
        await scene.charging()
        kind = {"type": "Soft"} if protocol == "1.6" else {"type": "Immediate"}
        assert (await scene.central.call("Reset", kind))["status"] == "Accepted"
        await asyncio.sleep(20)
        assert scene.station.connector(1).permitted_w == pytest.approx(6_900)

    scene = play(protocol, script)
    assert scene.central.count("BootNotification") == 2
    assert len(ends(scene)) == 1


@BOTH
def test_a_remote_start_waits_for_the_car(protocol: Version) -> None:
    async def script(scene: Scene) -> None:
        if protocol == "1.6":
            answer = await scene.central.call("RemoteStartTransaction", {"idTag": "APP", "connectorId": 1})
        else:
            token = {"idToken": "APP", "type": "Central"}
            request = {"idToken": token, "remoteStartId": 77, "evseId": 1}
            answer = await scene.central.call("RequestStartTransaction", request)
        assert answer["status"] == "Accepted"
        scene.station.plug_in(1, CAR)
        await asyncio.sleep(1)
        transaction_id = scene.station.connector(1).transaction_id
        stop, known = ("RemoteStopTransaction", int) if protocol == "1.6" else ("RequestStopTransaction", str)
        assert transaction_id is not None
        answer = await scene.central.call(stop, {"transactionId": known(transaction_id)})
        assert answer["status"] == "Accepted"
        await asyncio.sleep(1)

    scene = play(protocol, script)
    assert scene.central.count("Authorize") == 0
    assert len(starts(scene)) == len(ends(scene)) == 1


REQUESTS_16 = [
    ("GetConfiguration", {"key": ["NumberOfConnectors", "Nonsense"]}, {"unknownKey": ["Nonsense"]}),
    ("ChangeConfiguration", {"key": "NumberOfConnectors", "value": "9"}, {"status": "Rejected"}),
    ("ChangeConfiguration", {"key": "Nonsense", "value": "9"}, {"status": "NotSupported"}),
    ("ChangeConfiguration", {"key": "MeterValuesSampledData", "value": "RPM"}, {"status": "Rejected"}),
    ("ChangeConfiguration", {"key": "MeterValueSampleInterval", "value": "5"}, {"status": "Accepted"}),
    ("ChangeAvailability", {"connectorId": 1, "type": "Inoperative"}, {"status": "Accepted"}),
    ("ClearCache", {}, {"status": "Accepted"}),
    ("ClearChargingProfile", {"id": 5}, {"status": "Unknown"}),
    ("DataTransfer", {"vendorId": "x"}, {"status": "UnknownVendorId"}),
    ("GetCompositeSchedule", {"connectorId": 0, "duration": 60}, {"status": "Accepted"}),
    ("GetCompositeSchedule", {"connectorId": 5, "duration": 60}, {"status": "Rejected"}),
    ("RemoteStopTransaction", {"transactionId": 5}, {"status": "Rejected"}),
    ("TriggerMessage", {"requestedMessage": "MeterValues"}, {"status": "Accepted"}),
    ("TriggerMessage", {"requestedMessage": "FirmwareStatusNotification"}, {"status": "NotImplemented"}),
    ("UnlockConnector", {"connectorId": 1}, {"status": "Unlocked"}),
    ("ReserveNow", {}, {"error": "NotImplemented"}),
    ("Reset", {"type": "Lukewarm"}, {"error": "FormationViolation"}),
]

RATE_UNIT = {"component": {"name": "SmartChargingCtrlr"}, "variable": {"name": "RateUnit"}}
REQUESTS_201 = [
    ("GetVariables", {"getVariableData": [RATE_UNIT]}, None),
    ("SetVariables", {"setVariableData": [RATE_UNIT | {"attributeValue": "W"}]}, None),
    ("GetBaseReport", {"requestId": 1, "reportBase": "FullInventory"}, {"status": "Accepted"}),
    ("GetChargingProfiles", {"requestId": 1, "chargingProfile": {}}, {"status": "NoProfiles"}),
    ("ClearChargingProfile", {"chargingProfileId": 5}, {"status": "Unknown"}),
    ("GetCompositeSchedule", {"evseId": 1, "duration": 60}, {"status": "Accepted"}),
    ("GetTransactionStatus", {}, {"messagesInQueue": False}),
    ("ChangeAvailability", {"operationalStatus": "Inoperative"}, {"status": "Accepted"}),
    ("ClearCache", {}, {"status": "Accepted"}),
    ("DataTransfer", {"vendorId": "x"}, {"status": "UnknownVendorId"}),
    ("RequestStopTransaction", {"transactionId": "x"}, {"status": "Rejected"}),
    ("TriggerMessage", {"requestedMessage": "MeterValues"}, {"status": "Accepted"}),
    ("TriggerMessage", {"requestedMessage": "SignV2GCertificate"}, {"status": "NotImplemented"}),
    ("UnlockConnector", {"evseId": 1, "connectorId": 1}, {"status": "Unlocked"}),
    ("ReserveNow", {}, {"error": "NotImplemented"}),
    ("Reset", {"type": "Lukewarm"}, {"error": "FormatViolation"}),
]
REQUESTS = [("1.6", *row) for row in REQUESTS_16] + [("2.0.1", *row) for row in REQUESTS_201]


@pytest.mark.parametrize(("protocol", "action", "request_", "expected"), REQUESTS)
def test_every_request_gets_a_proper_answer(
    protocol: Version, action: str, request_: JsonObject, expected: JsonObject | None
) -> None:
    async def script(scene: Scene) -> None:
        answer = await scene.central.call(action, request_)
        await asyncio.sleep(1)
        assert answer | (expected or {}) == answer

    play(protocol, script)


def test_a_device_model_is_read_and_written_by_name() -> None:
    async def script(scene: Scene) -> None:
        found = await scene.central.call("GetVariables", {"getVariableData": [RATE_UNIT]})
        assert found["getVariableResult"][0]["attributeValue"] == "A"
        unknown = {"component": {"name": "Toaster"}, "variable": {"name": "Heat"}}
        changed = await scene.central.call(
            "SetVariables",
            {"setVariableData": [row | {"attributeValue": "W"} for row in (RATE_UNIT, unknown)]},
        )
        statuses = [row["attributeStatus"] for row in changed["setVariableResult"]]
        assert statuses == ["Rejected", "UnknownComponent"]

    play("2.0.1", script)


def test_a_base_report_comes_in_parts() -> None:
    async def script(scene: Scene) -> None:
        await scene.central.call("GetBaseReport", {"requestId": 9, "reportBase": "FullInventory"})
        await asyncio.sleep(1)

    parts = play("2.0.1", script).central.payloads("NotifyReport")
    assert [part["seqNo"] for part in parts] == list(range(len(parts)))
    assert [part["tbc"] for part in parts] == [True] * (len(parts) - 1) + [False]


def test_installed_profiles_are_reported_per_evse() -> None:
    async def script(scene: Scene) -> None:
        await scene.set_profile(10)
        answer = await scene.central.call("GetChargingProfiles", {"requestId": 3, "chargingProfile": {}})
        assert answer["status"] == "Accepted"
        await asyncio.sleep(1)

    (report,) = play("2.0.1", script).central.payloads("ReportChargingProfiles")
    assert (report["requestId"], report["evseId"], report["tbc"]) == (3, 1, False)
    assert [profile["id"] for profile in report["chargingProfile"]] == [10]


@BOTH
@pytest.mark.parametrize(
    ("behaviour", "answer", "permitted_w"),
    [
        (Behaviour(rejects_profiles=("TxDefaultProfile",)), {"status": "Rejected"}, 22_080),
        (Behaviour(ignores_profiles=True), {"status": "Accepted"}, 22_080),
        (Behaviour(call_error_for=("SetChargingProfile",)), {"error": "InternalError"}, 22_080),
        (Behaviour(answer_delay_s=(1, 3)), {"status": "Accepted"}, 6_900),
    ],
)
def test_a_charger_may_depart_from_the_book(
    protocol: Version, behaviour: Behaviour, answer: JsonObject, permitted_w: float
) -> None:
    async def script(scene: Scene) -> None:
        given = await scene.set_profile(10)
        assert given | answer == given
        assert scene.station.connector(1).permitted_w == pytest.approx(permitted_w)

    play(protocol, script, behaviour=behaviour)


@BOTH
@pytest.mark.parametrize(("obeys", "permitted_w"), [(False, 22_080), (True, 6_900)])
def test_a_charger_may_never_answer(protocol: Version, obeys: bool, permitted_w: float) -> None:
    async def script(scene: Scene) -> None:
        with pytest.raises(TimeoutError):
            await scene.set_profile(10)
        assert scene.station.connector(1).permitted_w == pytest.approx(permitted_w)

    play(protocol, script, behaviour=Behaviour(never_answers=("SetChargingProfile",), obeys_unanswered=obeys))


@BOTH
def test_a_charger_may_forget_its_profiles_and_boot_on_every_reconnect(protocol: Version) -> None:
    async def script(scene: Scene) -> None:
        await scene.set_profile(10)
        scene.station.drop_connection(for_s=5)
        await asyncio.sleep(20)
        assert scene.station.connector(1).permitted_w == pytest.approx(22_080)

    behaviour = Behaviour(loses_profiles_on_reconnect=True, boots_on_reconnect=True)
    assert play(protocol, script, behaviour=behaviour).central.count("BootNotification") == 2


@BOTH
def test_a_charger_may_repeat_its_start_under_a_new_id(protocol: Version) -> None:
    async def script(scene: Scene) -> None:
        await scene.charging()

    scene = play(protocol, script, behaviour=Behaviour(repeats_start_with_new_id=True))
    first, second = starts(scene)
    assert first == second
    ids = [orjson.loads(line.split(" ", 2)[2])[1] for line in scene.frames if " > [2," in line]
    assert len(set(ids)) == len(ids)


@BOTH
def test_a_charger_may_leave_the_zone_out_of_its_timestamps(protocol: Version) -> None:
    async def script(scene: Scene) -> None:
        await scene.charging()

    odd = ('is not a "date-time"',)
    first = starts(play(protocol, script, behaviour=Behaviour(omits_clock_zone=True), odd=odd))[0]
    assert not first["timestamp"].endswith("Z")


def test_a_raw_frame_goes_out_as_it_stands() -> None:
    async def script(scene: Scene) -> None:
        answer = await scene.station.send_raw('[2,"raw-1","Heartbeat",{}]')
        assert answer is not None
        assert orjson.loads(answer)[:2] == [3, "raw-1"]

    play("1.6", script)


@BOTH
def test_the_same_seed_gives_the_same_frames(protocol: Version) -> None:
    async def script(scene: Scene) -> None:
        park = asyncio.create_task(CarPark([scene.station], rng=random.Random(5), speed=10).run())
        await asyncio.sleep(100)
        scene.station.drop_connection(for_s=20)
        await asyncio.sleep(200)
        park.cancel()
        await asyncio.gather(park, return_exceptions=True)

    first, second = (play(protocol, script, to_charge_point=lambda _: 0.05) for _ in range(2))
    assert first.frames == second.frames
    assert len(ends(first)) > 3
