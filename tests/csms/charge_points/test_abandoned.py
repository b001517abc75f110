"""Transactions that their charger has forgotten are ended, late enough for its own stop, and only where it says so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import orjson
import pytest
from charge_point_fakes import (
    NOW,
    CountingIds,
    FakeArchive,
    FakeClock,
    FakeDirectory,
    FakeSite,
    FakeTransport,
    charge_point,
)

from csms.charge_points.lifecycle import ChargePoints, LiveChargePoint
from csms.domain import events as ev
from csms.domain.commands import Trigger
from csms.domain.model import OCPP16, OCPP201, Capabilities, ConnectorStatus, Transaction
from csms.domain.transaction_rules import ABANDONED

GRACE_S = 0.05
BOOT: dict[str, dict[str, Any]] = {
    OCPP16: {"chargePointVendor": "Acme", "chargePointModel": "One"},
    OCPP201: {"reason": "PowerUp", "chargingStation": {"vendorName": "Acme", "model": "Two"}},
}
TOKEN = {"idToken": "TAG", "type": "ISO14443"}


class Charger:
    """One charge point on one connection; what it is asked is answered from `answers`, else NotImplemented."""

    def __init__(self, protocol: str = OCPP16, site: FakeSite | None = None, **declared: Any) -> None:
        self.protocol = protocol
        self.site = site or FakeSite(charge_point(**declared))
        self.site.learned(Capabilities())
        self.answers: dict[str, dict[str, Any]] = {}
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.transport = FakeTransport()
        self._tasks: set[asyncio.Task[None]] = set()
        self._numbers = iter(range(10_000))
        self.charge_points = ChargePoints(
            directory=FakeDirectory(self.site),
            archive=FakeArchive(),
            clock=FakeClock(),
            ids=CountingIds(),
            call_timeout_s=1,
            heartbeat_interval_s=60,
            metering_interval_s=10,
            spawn=self._spawn,
            abandoned_after_s=GRACE_S,
        )
        self.live: LiveChargePoint = self.charge_points.accept("CP-1", protocol, self.transport)

    def say(self, action: str, payload: dict[str, Any]) -> list[Any]:
        """The frame of the answer, which comes at once."""
        number = f"c{next(self._numbers)}"
        before = len(self.transport.sent)
        self.live.receive(orjson.dumps([2, number, action, payload]).decode())
        return next(frame for frame in self.transport.sent[before:] if frame[1] == number)

    def boot(self) -> None:
        assert self.say("BootNotification", BOOT[self.protocol])[0] == 3

    def start(self) -> None:
        if self.protocol == OCPP16:
            self.say("StartTransaction", {"connectorId": 1, "idTag": "T", "meterStart": 0, "timestamp": NOW})
        else:
            self.event("Started", "EVConnected")

    def event(self, kind: str, state: str) -> None:
        info = {"transactionId": "1", "chargingState": state}
        payload = {"eventType": kind, "timestamp": NOW, "triggerReason": "Trigger", "seqNo": 0, "evse": {"id": 1}}
        self.say("TransactionEvent", {**payload, "transactionInfo": info})

    def status(self, name: str) -> None:
        if self.protocol == OCPP16:
            self.say("StatusNotification", {"connectorId": 1, "errorCode": "NoError", "status": name})
        else:
            told = {"evseId": 1, "connectorId": 1, "connectorStatus": name, "timestamp": NOW}
            self.say("StatusNotification", told)

    async def obey(self) -> None:
        while True:
            frame = await self.transport.next()
            if frame[0] == 2:
                self.asked.append((str(frame[2]), frame[3]))  # type: ignore[arg-type]  # an object, as the codec wrote it
                answer = self.answers.get(str(frame[2]))
                error = [4, frame[1], "NotImplemented", "", {}]
                self.live.receive(orjson.dumps(error if answer is None else [3, frame[1], answer]).decode())

    @property
    def transaction(self) -> Transaction:
        return self.site.transactions("CP-1")[0]

    async def later(self) -> Transaction:
        await asyncio.sleep(4 * GRACE_S)
        return self.transaction

    def _spawn(self, coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


@asynccontextmanager
async def charging(protocol: str = OCPP16) -> AsyncIterator[Charger]:
    charger = Charger(protocol)
    obeying = asyncio.create_task(charger.obey())
    charger.boot()
    charger.start()
    yield charger
    obeying.cancel()
    charger.live.closed("the end")


@pytest.mark.parametrize("protocol", [OCPP16, OCPP201])
async def test_a_transaction_on_a_free_connector_ends_after_a_while(protocol: str) -> None:
    async with charging(protocol) as charger:
        charger.status("Available")
        assert charger.transaction.active
        ended = await charger.later()
    assert ended.stop_reason == ABANDONED


async def test_its_own_stop_comes_first_or_takes_the_place_of_what_was_presumed() -> None:
    stop = {"transactionId": 1, "meterStop": 500, "timestamp": NOW, "reason": "Local"}
    async with charging() as charger:
        charger.status("Available")
        charger.say("StopTransaction", stop)
        assert (await charger.later()).stop_reason == "Local"
    async with charging() as charger:
        charger.status("Available")
        await charger.later()
        charger.say("StopTransaction", stop)
        assert (charger.transaction.stop_reason, charger.transaction.energy_wh) == ("Local", 500.0)


async def test_a_connector_that_was_free_for_a_moment_is_not_forgotten() -> None:
    async with charging() as charger:
        charger.status("Available")
        charger.status("Charging")
        assert (await charger.later()).active


async def test_a_status_from_before_the_start_proves_nothing() -> None:
    charger = Charger()
    charger.boot()
    charger.status("Available")
    charger.start()
    assert (await charger.later()).active
    charger.live.closed("the end")


async def test_where_power_is_drawn_somebody_charges_whatever_the_status_says() -> None:
    async with charging() as charger:
        sampled = [{"value": "7000", "measurand": "Power.Active.Import"}]
        values = {"connectorId": 1, "transactionId": 1, "meterValue": [{"timestamp": NOW, "sampledValue": sampled}]}
        charger.say("MeterValues", values)
        charger.status("Available")
        assert (await charger.later()).active


@pytest.mark.parametrize(
    ("status", "active"), [("Preparing", False), ("Finishing", False), ("Charging", True), ("SuspendedEV", True)]
)
async def test_after_a_boot_a_car_that_does_not_charge_on_is_another_matter(status: str, active: bool) -> None:
    async with charging() as charger:
        charger.status(status)
        assert (await charger.later()).active  # without a boot nothing follows from it
        charger.boot()
        charger.status(status)
        assert (await charger.later()).active is active


@pytest.mark.parametrize(
    ("status", "answer", "active"),
    [
        ("Available", {"ongoingIndicator": True, "messagesInQueue": False}, True),
        ("Available", {"ongoingIndicator": False, "messagesInQueue": False}, False),
        ("Available", {"messagesInQueue": False}, False),
        ("Available", {"ongoingIndicator": False, "messagesInQueue": True}, True),
        ("Available", None, False),
        ("Occupied", {"ongoingIndicator": False, "messagesInQueue": False}, False),
        ("Occupied", {"messagesInQueue": False}, True),
        ("Occupied", None, True),
    ],
)
async def test_a_station_of_2_0_1_is_asked_about_a_transaction_in_doubt_and_its_word_holds(
    status: str, answer: dict[str, Any] | None, active: bool
) -> None:
    async with charging(OCPP201) as charger:
        if answer is not None:
            charger.answers["GetTransactionStatus"] = answer
        charger.boot()
        charger.status(status)
        assert (await charger.later()).active is active
    assert ("GetTransactionStatus", {"transactionId": "1"}) in charger.asked


async def test_a_station_that_goes_on_with_its_transaction_after_a_boot_is_not_asked() -> None:
    async with charging(OCPP201) as charger:
        charger.boot()
        charger.event("Updated", "Charging")
        charger.status("Occupied")
        assert (await charger.later()).active
    assert "GetTransactionStatus" not in [action for action, _ in charger.asked]


async def test_what_a_new_connection_says_is_not_taken_for_the_end_of_a_question_on_the_old_one() -> None:
    charger = Charger(OCPP201)
    charger.boot()
    charger.start()
    charger.status("Available")
    await asyncio.sleep(2 * GRACE_S)
    while all(frame[:1] != [2] or frame[2] != "GetTransactionStatus" for frame in charger.transport.sent):
        pending = next(frame for frame in charger.transport.sent if frame[0] == 2)
        charger.transport.sent.remove(pending)
        charger.live.receive(orjson.dumps([4, pending[1], "NotImplemented", "", {}]).decode())
        await asyncio.sleep(0.01)
    charger.live.closed("replaced")
    charger.live = charger.charge_points.accept("CP-1", OCPP201, FakeTransport())
    charger.site.record(ev.ConnectorStatusChanged(FakeClock().now(), "CP-1", 1, ConnectorStatus.AVAILABLE))
    await asyncio.sleep(0.01)
    assert charger.transaction.active
    charger.live.closed("the end")


async def test_nothing_is_ended_on_a_connection_that_is_gone() -> None:
    charger = Charger()
    charger.boot()
    charger.start()
    charger.status("Available")
    charger.live.closed("gone")
    assert (await charger.later()).active


# Registration.


async def test_what_a_station_that_is_not_accepted_says_is_refused_unless_it_was_asked_for() -> None:
    charger = Charger(OCPP201, registration="pending")
    charger.boot()
    status = {"evseId": 1, "connectorId": 1, "connectorStatus": "Available", "timestamp": NOW}
    assert charger.say("StatusNotification", status)[:3][2] == "SecurityError"
    link = charger.site.links["CP-1"]
    obeying = asyncio.create_task(charger.obey())
    charger.answers["TriggerMessage"] = {"status": "Accepted"}
    await link.send(Trigger("StatusNotification", 1))
    assert charger.say("StatusNotification", status)[0] == 3
    assert charger.say("StatusNotification", status)[2] == "SecurityError"
    obeying.cancel()
    settings = replace(charger.site.state.settings["CP-1"], registration="accept")
    charger.site.record(ev.ChargePointDeclared(FakeClock().now(), settings))
    charger.boot()
    assert charger.say("StatusNotification", status)[0] == 3
    assert charger.site.recorded(ev.ChargePointReady)
    charger.live.closed("the end")


async def test_a_charge_point_of_1_6_that_is_not_accepted_loses_no_session() -> None:
    charger = Charger(OCPP16, registration="pending")
    charger.boot()
    charger.start()
    assert charger.transaction.active
    charger.live.closed("the end")
