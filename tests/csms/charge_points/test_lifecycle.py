"""From connecting to disconnecting, over a socket in memory."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import orjson
import pytest
from charge_point_fakes import CountingIds, FakeArchive, FakeClock, FakeDirectory, FakeSite, FakeTransport, charge_point

from csms.charge_points import lifecycle
from csms.charge_points.lifecycle import ChargePoints, LiveChargePoint, NotAdmitted
from csms.domain import events as ev
from csms.domain.commands import Answer, SetLimit, Trigger
from csms.domain.electrical import LimitForm
from csms.domain.model import OCPP16, OCPP201, Capabilities, LimitPurpose
from simulators.virtual_time import run

KNOWN = Capabilities(rate_units=("A",), max_stack_level=3)
BOOT_16 = {"chargePointVendor": "Acme", "chargePointModel": "One"}
BOOT_201 = {"reason": "PowerUp", "chargingStation": {"vendorName": "Acme", "model": "Two"}}
REPORT = {
    "requestId": 1,
    "chargingLimitSource": "CSO",
    "evseId": 1,
    "chargingProfile": [
        {
            "id": 500,
            "stackLevel": 0,
            "chargingProfilePurpose": "TxDefaultProfile",
            "chargingProfileKind": "Relative",
            "chargingSchedule": [
                {"id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16.0}]}
            ],
        }
    ],
}
NOT_SUPPORTED = "NotSupported"
PAUSE = SetLimit(1, LimitPurpose.DEFAULT, 0, LimitForm("A", 3, 230.0, 0.1, 0), profile_start_s=0.0)
DECIDED_S = 0.02
"""What a decision takes that an answer leads to."""


class House:
    """A site, its directory and the charge points, wired as the application does it."""

    def __init__(
        self,
        site: FakeSite | None = None,
        directory: FakeDirectory | None = None,
        call_timeout_s: float = 0.05,
    ) -> None:
        self.site = site or FakeSite()
        self.clock = FakeClock()
        self.tasks: list[asyncio.Task[None]] = []
        self.charge_points = ChargePoints(
            directory=directory or FakeDirectory(self.site),
            archive=FakeArchive(),
            clock=self.clock,
            ids=CountingIds(),
            call_timeout_s=call_timeout_s,
            heartbeat_interval_s=60,
            metering_interval_s=10,
            spawn=self._spawn,
        )

    def connect(self, protocol: str = OCPP16, charge_point_id: str = "CP-1") -> tuple[LiveChargePoint, FakeTransport]:
        transport = FakeTransport()
        return self.charge_points.accept(charge_point_id, protocol, transport), transport

    async def settled(self) -> None:
        """Until nothing is being asked any more."""
        async with asyncio.timeout(5):
            await asyncio.gather(*self.tasks, return_exceptions=True)

    def kinds(self) -> list[type[ev.Event]]:
        return [type(event) for event in self.site.events]

    def _spawn(self, coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(coroutine)
        self.tasks.append(task)
        return task


def say(live: LiveChargePoint, action: str, payload: object, message_id: str = "m") -> None:
    live.receive(orjson.dumps([2, message_id, action, payload]).decode())


async def refuse_all(live: LiveChargePoint, transport: FakeTransport, house: House) -> list[tuple[str, Any]]:
    """Answer every request with NotSupported until nothing is asked any more; what was asked."""
    asked = []
    while not all(task.done() for task in house.tasks):
        frame = await asyncio.wait_for(_next_or_done(transport, house), 5)
        if frame is not None and frame[0] == 2:
            asked.append((str(frame[2]), frame[3]))
            live.receive(orjson.dumps([4, frame[1], NOT_SUPPORTED, "", {}]).decode())
    return asked


async def _next_or_done(transport: FakeTransport, house: House) -> list[Any] | None:
    arrived = asyncio.create_task(transport.next())
    await asyncio.wait([arrived, *house.tasks], return_when=asyncio.FIRST_COMPLETED)
    if arrived.done():
        return arrived.result()
    if not all(task.done() for task in house.tasks):
        return await arrived
    arrived.cancel()
    return None


async def test_a_charge_point_connects_and_is_ready_once_its_boot_is_answered() -> None:
    house = House()
    live, transport = house.connect()
    assert house.kinds() == [ev.ChargePointConnected]
    say(live, "BootNotification", BOOT_16)
    assert house.kinds()[1:] == [ev.ChargePointBooted, ev.ChargePointReady]
    assert transport.sent[0][:2] == [3, "m"]
    assert house.site.state.charge_points["CP-1"].ready
    await refuse_all(live, transport, house)
    assert house.kinds()[3:] == [ev.CapabilitiesLearned]


async def test_a_first_boot_is_followed_by_questions_and_the_clearing_of_foreign_profiles() -> None:
    house = House()
    live, transport = house.connect()
    say(live, "BootNotification", BOOT_16)
    asked = await refuse_all(live, transport, house)
    actions = [action for action, _ in asked]
    assert actions[0] == "GetConfiguration"
    assert actions[-1] == "ClearChargingProfile"
    assert "TriggerMessage" not in actions


async def test_a_first_boot_of_2_0_1_clears_what_the_station_reports_and_is_not_ours() -> None:
    house = House()
    live, transport = house.connect(OCPP201)
    say(live, "BootNotification", BOOT_201)
    actions = []
    while not house.site.recorded(ev.CapabilitiesLearned):
        frame = await _next_or_done(transport, house)
        if frame is None or frame[0] != 2:
            continue
        actions.append(frame[2])
        if frame[2] in ("GetChargingProfiles", "ClearChargingProfile"):
            live.receive(orjson.dumps([3, frame[1], {"status": "Accepted"}]).decode())
        else:
            live.receive(orjson.dumps([4, frame[1], NOT_SUPPORTED, "", {}]).decode())
        if frame[2] == "GetChargingProfiles":
            say(live, "ReportChargingProfiles", REPORT, "report")
            assert [3, "report", {}] in transport.sent
        if frame[2] == "ClearChargingProfile":
            assert frame[3] == {"chargingProfileId": 500}
    assert actions[-3:] == ["GetChargingProfiles", "ClearChargingProfile", "GetBaseReport"]
    live.closed("1000")


async def test_the_end_of_a_connection_ends_the_wait_for_a_report() -> None:
    house = House(call_timeout_s=60.0)
    live, transport = house.connect(OCPP201)
    say(live, "BootNotification", BOOT_201)
    while (frame := await transport.next())[2] != "GetChargingProfiles":
        if frame[0] == 2:
            live.receive(orjson.dumps([4, frame[1], NOT_SUPPORTED, "", {}]).decode())
    live.receive(orjson.dumps([3, frame[1], {"status": "Accepted"}]).decode())
    await asyncio.sleep(0)
    live.closed("1006")
    await house.settled()
    assert ev.CapabilitiesLearned not in house.kinds()


async def test_a_first_contact_without_a_boot_is_asked_as_well() -> None:
    house = House()
    live, transport = house.connect()
    say(live, "Heartbeat", {})
    asked = await refuse_all(live, transport, house)
    assert [action for action, _ in asked][-2:] == ["ClearChargingProfile", "TriggerMessage"]
    assert ev.CapabilitiesLearned in house.kinds()


@pytest.mark.parametrize(
    ("protocol", "triggers"),
    [
        (OCPP16, [{"requestedMessage": "StatusNotification"}]),
        (
            OCPP201,
            [
                {"requestedMessage": "StatusNotification", "evse": {"id": 1, "connectorId": 1}},
                {"requestedMessage": "StatusNotification", "evse": {"id": 2, "connectorId": 1}},
            ],
        ),
    ],
)
async def test_a_known_charge_point_that_comes_back_only_reports_its_statuses(
    protocol: str, triggers: list[object]
) -> None:
    house = House(FakeSite(charge_point(connectors=2)))
    house.site.learned(KNOWN)
    live, transport = house.connect(protocol)
    say(live, "Heartbeat", {})
    assert await refuse_all(live, transport, house) == [("TriggerMessage", payload) for payload in triggers]
    assert ev.CapabilitiesLearned not in house.kinds()


@pytest.mark.parametrize(("protocol", "boot"), [(OCPP16, BOOT_16), (OCPP201, BOOT_201)])
def test_a_charge_point_that_boots_again_is_asked_only_when_all_its_limits_were_said(
    protocol: str, boot: object
) -> None:
    """One takes a call at a time: until its questions were answered nobody could cut it."""

    async def story() -> None:
        house = House(call_timeout_s=30.0)
        house.site.learned(KNOWN)
        live, transport = house.connect(protocol)
        say(live, "BootNotification", boot)
        assert (await transport.next())[:2] == [3, "m"]
        for _ in range(3):
            await asyncio.sleep(DECIDED_S)
            saying = asyncio.create_task(house.site.links["CP-1"].send(PAUSE))
            frame = await transport.next()
            assert frame[2] == "SetChargingProfile"
            await asyncio.sleep(10)
            assert transport.sent == []
            live.receive(orjson.dumps([3, frame[1], {"status": "Accepted"}]).decode())
            assert (await saying).answer is Answer.ACCEPTED
        asked = await refuse_all(live, transport, house)
        assert asked[0][0] in {"GetConfiguration", "GetVariables"}
        assert house.kinds().count(ev.CapabilitiesLearned) == 1

    run(story())


def test_a_charge_point_of_which_nothing_is_known_is_asked_before_anybody_else_has_anything_to_say() -> None:
    """Whatever it is told before is a guess, and takes the line for as long as it likes."""

    async def story() -> None:
        house = House(call_timeout_s=30.0)
        live, transport = house.connect()
        say(live, "BootNotification", BOOT_16)
        await asyncio.sleep(DECIDED_S)
        said = asyncio.create_task(house.site.links["CP-1"].send(PAUSE))
        await asyncio.sleep(1)
        assert [frame[2] for frame in transport.sent if frame[0] == 2] == ["GetConfiguration"]
        live.closed("1000")
        assert (await said).answer is Answer.DISCONNECTED

    run(story())


async def test_a_boot_right_after_the_first_message_asks_its_questions_once() -> None:
    house = House()
    live, transport = house.connect()
    say(live, "StatusNotification", {"connectorId": 0, "errorCode": "NoError", "status": "Available"}, "1")
    say(live, "BootNotification", BOOT_16, "2")
    asked = await refuse_all(live, transport, house)
    assert [action for action, _ in asked].count("GetConfiguration") == 1
    assert house.kinds().count(ev.ChargePointReady) == 1
    assert house.kinds().count(ev.CapabilitiesLearned) == 1


async def test_a_known_charge_point_that_keeps_silent_becomes_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lifecycle, "SILENCE_S", 0.01)
    house = House()
    house.site.learned(KNOWN)
    _, transport = house.connect()
    assert not house.site.state.charge_points["CP-1"].ready
    assert (await transport.next())[2] == "TriggerMessage"
    assert house.site.state.charge_points["CP-1"].ready


async def test_a_charge_point_that_was_never_here_and_keeps_silent_is_left_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lifecycle, "SILENCE_S", 0.0)
    house = House()
    _, transport = house.connect()
    await asyncio.sleep(0.02)
    assert not house.site.state.charge_points["CP-1"].ready
    assert transport.sent == []


async def test_a_charge_point_that_answers_nothing_has_capabilities_all_the_same() -> None:
    house = House()
    live, transport = house.connect()
    say(live, "BootNotification", BOOT_16)
    await house.settled()
    assert [frame[2] for frame in transport.sent if frame[0] == 2] == ["GetConfiguration"]
    assert house.site.state.charge_points["CP-1"].capabilities == Capabilities()


async def test_a_mistake_of_ours_in_provisioning_leaves_the_assumed_capabilities(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def broken(*_arguments: object) -> Capabilities:
        raise RuntimeError("a mistake")

    monkeypatch.setattr(lifecycle, "provision", broken)
    house = House()
    live, _ = house.connect()
    say(live, "BootNotification", BOOT_16)
    await house.settled()
    assert house.site.state.charge_points["CP-1"].capabilities == Capabilities()
    live.closed("1000")


async def test_a_charge_point_whose_connection_breaks_when_it_is_asked_is_not_asked_for_ever() -> None:
    house = House()
    for _ in range(3):
        live, transport = house.connect()
        say(live, "BootNotification", BOOT_16)
        await transport.next()
        await asyncio.sleep(0)
        live.closed("reboots")
    assert house.site.state.charge_points["CP-1"].capabilities == Capabilities()
    assert transport.sent == []


async def test_the_end_of_a_connection_is_recorded_once_and_stops_what_was_asked() -> None:
    house = House()
    live, _ = house.connect()
    say(live, "BootNotification", BOOT_16)
    live.closed("1006")
    live.closed("again")
    await house.settled()
    assert [event.reason for event in house.site.recorded(ev.ChargePointDisconnected)] == ["1006"]
    assert house.site.links == {}
    assert ev.CapabilitiesLearned not in house.kinds()


async def test_a_second_connection_replaces_the_first_whose_late_end_changes_nothing() -> None:
    house = House()
    old, old_transport = house.connect()
    new, _ = house.connect()
    assert old_transport.closed is not None
    assert old_transport.closed[0] == 1008
    old.closed("1008")
    state = house.site.state.charge_points["CP-1"]
    assert state.connection_id == house.site.links["CP-1"].connection_id
    new.closed("1000")
    assert house.site.state.charge_points["CP-1"].connection_id is None
    assert house.site.links == {}


async def test_commands_go_through_the_link_the_site_was_given() -> None:
    house = House()
    live, transport = house.connect()
    sending = asyncio.create_task(house.site.links["CP-1"].send(Trigger("Heartbeat")))
    frame = await transport.next()
    assert frame[2:] == ["TriggerMessage", {"requestedMessage": "Heartbeat"}]
    live.receive(orjson.dumps([3, frame[1], {"status": "Accepted"}]).decode())
    assert (await sending).answer is Answer.ACCEPTED


async def test_an_unknown_charge_point_is_admitted_when_it_connects() -> None:
    site = FakeSite()
    house = House(site, FakeDirectory(site, {"NEW": charge_point("NEW")}))
    house.connect(charge_point_id="NEW")
    assert house.kinds() == [ev.ChargePointDeclared, ev.ChargePointConnected]


async def test_a_charge_point_that_is_not_known_is_not_admitted() -> None:
    with pytest.raises(NotAdmitted):
        House().connect(charge_point_id="CP-9")


async def test_five_connections_in_a_minute_are_flapping_and_are_reported_once_a_minute() -> None:
    house = House()
    for _ in range(12):
        house.connect()
        house.clock.advance(10)
    reports = house.site.recorded(ev.ChargePointFlapping)
    assert [(report.connections, report.at.steady_s) for report in reports] == [(5, 1040.0), (7, 1100.0)]


async def test_a_connection_now_and_then_is_not_flapping() -> None:
    house = House()
    for _ in range(12):
        house.connect()
        house.clock.advance(16)
    assert house.site.recorded(ev.ChargePointFlapping) == []


async def test_a_message_that_is_answered_with_an_error_proves_life_too() -> None:
    house = House()
    live, _ = house.connect()
    say(live, "NoSuchAction", {})
    assert house.site.state.charge_points["CP-1"].ready
    live.closed("1000")
    await house.settled()
