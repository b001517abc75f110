"""Transactions that begin and end while nobody hears of them: held by the default profile, told afterwards."""

import asyncio

import pytest
from station_scene import BOTH, HUNGRY, JsonObject, Scene, ends, play, starts

from simulators.clock import parse_timestamp
from simulators.protocol import Version


async def three_offline_sessions(scene: Scene) -> None:
    await scene.set_profile(10)
    scene.station.drop_connection(for_s=1000)
    await asyncio.sleep(5)
    for _ in range(3):
        await scene.charging(HUNGRY)
        view = scene.station.connector(1)
        assert not view.reachable
        assert view.permitted_w == pytest.approx(6_900)
        assert view.drawn_w == pytest.approx(6_900)
        await asyncio.sleep(115)
        scene.station.unplug(1)
        await asyncio.sleep(30)
    assert starts(scene) == []
    await asyncio.sleep(800)


@BOTH
def test_sessions_held_offline_are_told_in_order_afterwards(protocol: Version) -> None:
    scene = play(protocol, three_offline_sessions)
    begun, ended = starts(scene), ends(scene)
    assert (len(begun), len(ended)) == (3, 3)
    lengths_s = [
        parse_timestamp(e["timestamp"]) - parse_timestamp(b["timestamp"]) for b, e in zip(begun, ended, strict=True)
    ]
    assert lengths_s == pytest.approx([120] * 3)
    told = [name for name, _ in order_of(scene)]
    assert told == ["start", "end"] * 3
    numbers = [number for _, number in order_of(scene)]
    assert numbers[0::2] == numbers[1::2]
    assert len(set(numbers)) == 3


@BOTH
def test_their_energy_is_that_of_the_default_profile(protocol: Version) -> None:
    scene = play(protocol, three_offline_sessions)
    for begun, ended in zip(starts(scene), ends(scene), strict=True):
        energy_wh = register_wh(ended, "meterStop") - register_wh(begun, "meterStart")
        assert energy_wh == pytest.approx(6_900 * (120 - 1.5) / 3600, abs=1)  # the car begins after 1.5 s


@BOTH
def test_a_session_that_spans_the_gap_is_told_once(protocol: Version) -> None:
    async def script(scene: Scene) -> None:
        await scene.charging()
        scene.station.drop_connection(for_s=200)
        await asyncio.sleep(100)
        await asyncio.sleep(200)
        scene.station.unplug(1)
        await asyncio.sleep(5)

    scene = play(protocol, script)
    assert (len(starts(scene)), len(ends(scene))) == (1, 1)
    if protocol == "2.0.1":
        events = scene.central.payloads("TransactionEvent")
        assert [event["seqNo"] for event in events] == list(range(len(events)))
        offline = [event for event in events if event.get("offline")]
        assert 3 <= len(offline) < len(events)


def order_of(scene: Scene) -> list[tuple[str, str]]:
    """Starts and ends as they came, with their transaction's id: in 1.6 that of the start's answer."""
    told: list[tuple[str, str]] = []
    for action, payload in scene.central.received:
        if action == "StartTransaction":
            told.append(("start", str(1 + sum(name == "start" for name, _ in told))))
        elif action == "StopTransaction":
            told.append(("end", str(payload["transactionId"])))
        elif action == "TransactionEvent" and payload["eventType"] != "Updated":
            name = {"Started": "start", "Ended": "end"}[payload["eventType"]]
            told.append((name, payload["transactionInfo"]["transactionId"]))
    return told


def register_wh(event: JsonObject, key: str) -> float:
    if key in event:
        return float(event[key])
    samples = event["meterValue"][0]["sampledValue"]
    return next(float(s["value"]) for s in samples if s["measurand"] == "Energy.Active.Import.Register")
