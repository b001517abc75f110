"""What chargers send twice, too late, or wrongly, and who may connect at all."""

import asyncio
from pathlib import Path

import orjson
import pytest
from support.system import HUNGRY, VERSIONS, System, dc, eventually, running, sha256, site
from support.wire import START, Wire, start_charging, stop_charging
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from simulators.behaviour import Behaviour
from simulators.protocol import Version

TWICE = Behaviour(repeats_start_with_new_id=True)


@pytest.mark.parametrize("protocol", VERSIONS)
async def test_a_charger_that_says_every_start_twice_has_one_session(tmp_path: Path, protocol: Version) -> None:
    async with running(tmp_path, site([dc("CP-1")])) as system:
        station = await system.charger("CP-1", protocol, behaviour=TWICE)
        station.plug_in(1, HUNGRY, "TAG")
        await system.gives({"CP-1": 22.0})
        station.unplug(1)
        await eventually(lambda: _completed(system), "the session is completed")
        starts = system.said("CP-1", "StartTransaction" if protocol == "1.6" else "TransactionEvent")
        assert starts[0] == starts[1]
        [session] = await system.sessions("CP-1")
    assert session["stop_reason"] == "EVDisconnected"


async def _completed(system: System) -> bool:
    return [session["status"] for session in await system.sessions("CP-1")] == ["completed"]


@pytest.mark.parametrize("protocol", VERSIONS)
async def test_a_start_repeated_with_another_message_id_or_on_another_connection_is_the_same_one(
    tmp_path: Path, protocol: Version
) -> None:
    async with running(tmp_path, site([dc("CP-1")])) as system:
        answers = []
        for connection in range(2):
            async with Wire.connected(system, "CP-1", protocol) as wire:
                for number in range(2):
                    answers.append(await start_charging(wire, at=START, message_id=f"{connection}-{number}"))
        assert len(set(answers)) == 1
        [session] = await system.sessions("CP-1")
        assert (session["transaction_id"], session["started_at"]) == (answers[0], START)


@pytest.mark.parametrize(
    ("protocol", "names"),
    [("1.6", ("0", "-1", "987654")), ("2.0.1", ("never-begun", "0"))],
)
async def test_the_end_of_a_transaction_nobody_knows_is_answered_and_kept_once(
    tmp_path: Path, protocol: Version, names: tuple[str, ...]
) -> None:
    async with (
        running(tmp_path, site([dc("CP-1"), dc("CP-2")])) as system,
        Wire.connected(system, "CP-1", protocol) as wire,
        Wire.connected(system, "CP-2", "1.6") as stranger,
    ):
        of_another = await start_charging(stranger)
        for number, name in enumerate([*names, of_another]):
            for _ in range(2):
                assert await stop_charging(wire, name, at=f"2026-01-05T11:00:0{number}Z") == {}
        kept = await system.sessions("CP-1")
        assert sorted(session["transaction_id"] for session in kept) == sorted([*names, of_another])
        assert {session["status"] for session in kept} == {"completed"}
        assert {session["started_at"] for session in kept} == {None}
        [untouched] = await system.sessions("CP-2")
        assert untouched["status"] == "active"


GARBAGE = (
    "",
    "null",
    "{}",
    "[]",
    "[2]",
    '[2,"a"]',
    "[2,null,null,null]",
    '[9,"b","Heartbeat",{}]',
    '[3,"nobody-asked",{}]',
    '[4,"nobody-asked","GenericError","",{}]',
    "\ud7ff" * 1000,
    "[" * 5000,
    '[2,"c","Heartbeat",{"unknown":1e999}]',
    '[2,"d","StartTransaction",{"connectorId":"one"}]',
    '[2,"e","TransactionEvent",{"eventType":7}]',
    '[2,"f","NoSuchAction",{}]',
    '[2,"' + "g" * 5000 + '","Heartbeat",{}]',
)


@pytest.mark.parametrize("protocol", VERSIONS)
async def test_garbage_of_one_charger_disturbs_nobody(tmp_path: Path, protocol: Version) -> None:
    async with running(tmp_path, site([dc("CP-1"), dc("CP-2"), dc("CP-3")])) as system:
        await system.chargers({"CP-2": "1.6", "CP-3": "2.0.1"})
        for name in ("CP-2", "CP-3"):
            system.stations[name].plug_in(1, HUNGRY, "TAG")
        await system.gives({"CP-2": 22.0, "CP-3": 22.0})
        before = {name: len(system.told(name, "SetChargingProfile")) for name in ("CP-2", "CP-3")}
        async with Wire.connected(system, "CP-1", protocol) as wire:
            for text in GARBAGE:
                await wire.send(text)
            await wire.socket.send(b"\x00\xff binary")
            assert "currentTime" in await wire.call("Heartbeat", {})
            await system.gives({"CP-2": 22.0, "CP-3": 22.0})
        async with Wire.connected(system, "CP-1", protocol) as wire:
            await wire.send("x" * (2 * 1024 * 1024))
            assert await wire.closed() == 1009  # RFC 6455 section 7.4.1: too big
        await system.gives({"CP-2": 22.0, "CP-3": 22.0})
        assert {name: len(system.told(name, "SetChargingProfile")) for name in before} == before
        assert (await system.get("/readyz"))["status"] == "ready"


@pytest.mark.parametrize("protocol", VERSIONS)
async def test_every_wrong_call_is_answered_with_an_error(tmp_path: Path, protocol: Version) -> None:
    spelling = {"1.6": "FormationViolation", "2.0.1": "FormatViolation"}[protocol]
    async with running(tmp_path, site([dc("CP-1")])) as system, Wire.connected(system, "CP-1", protocol) as wire:
        unknown = await wire.exchange("NoSuchAction", {})
        empty = await wire.exchange("Authorize", {})
    assert (unknown[0], unknown[2]) == (4, "NotImplemented")
    assert empty[0] == 4
    assert empty[2] in (spelling, "OccurenceConstraintViolation", "OccurrenceConstraintViolation")


@pytest.mark.parametrize("protocol", VERSIONS)
async def test_an_unknown_charger_is_refused_and_leaves_no_trace(tmp_path: Path, protocol: Version) -> None:
    async with running(tmp_path, site([dc("CP-1")])) as system:
        assert await refusal(system, "CP-9", protocol) == 404
        assert (await system.get("/api/v1/charge-points"))["total"] == 1


@pytest.mark.parametrize("protocol", VERSIONS)
async def test_an_unknown_charger_is_taken_in_where_the_configuration_says_so(
    tmp_path: Path, protocol: Version
) -> None:
    """Of undeclared kind it counts as AC with 3 x 32 A at 230 V, 22.08 kW, until it has confirmed its default."""
    park = site([dc("CP-1")], capacity_kw=30)
    async with running(tmp_path, park, unknown_charge_points="accept", default_site_id="park") as system:
        first = await system.charger("CP-1", "1.6")
        stranger = await system.charger("CP-9", protocol)
        await eventually(lambda: first.connector(1).permitted_w == stranger.connector(1).permitted_w == 0)
        watch = system.watch()
        for station in (first, stranger):
            station.plug_in(1, HUNGRY, "TAG")
        await system.gives({"CP-1": 15.0, "CP-9": 15.0})
        assert (await system.charge_point("CP-9"))["site_id"] == "park"
    assert watch.permitted_w <= 30_000


@pytest.mark.parametrize("protocol", VERSIONS)
async def test_a_charger_with_a_password_gets_in_with_that_alone(tmp_path: Path, protocol: Version) -> None:
    secret = "correct-horse-battery"
    points = [dc("CP-1", password_sha256=sha256(secret)), dc("CP-2")]
    async with running(tmp_path, site(points)) as system:
        assert await refusal(system, "CP-1", protocol) == 401
        assert await refusal(system, "CP-1", protocol, password="wrong") == 401
        station = await system.charger("CP-1", protocol, password=secret)
        station.plug_in(1, HUNGRY, "TAG")
        await system.gives({"CP-1": 22.0})
        assert await refusal(system, "CP-1", protocol, password="wrong") == 401  # nor does it replace the right one
        await system.gives({"CP-1": 22.0})


async def refusal(system: System, name: str, protocol: Version, *, password: str | None = None) -> int:
    """The HTTP status with which the handshake is refused."""
    with pytest.raises(InvalidStatus) as refused:
        async with Wire.connected(system, name, protocol, password=password):
            pass
    return refused.value.response.status_code


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [(["ocpp0.1", "ocpp1.6"], "ocpp1.6"), (["ocpp1.6", "ocpp2.0.1"], "ocpp2.0.1"), (["ocpp2.0.1"], "ocpp2.0.1")],
)
async def test_the_best_common_version_is_spoken(tmp_path: Path, offered: list[str], chosen: str) -> None:
    async with running(tmp_path, site([dc("CP-1")])) as system:
        names = [Subprotocol(name) for name in offered]
        async with connect(f"{system.ws_url}/any/prefix/CP-1", subprotocols=names, proxy=None) as socket:
            assert socket.subprotocol == chosen
            await socket.send('[2,"1","Heartbeat",{}]')
            async with asyncio.timeout(5):
                assert orjson.loads(await socket.recv())[:2] == [3, "1"]
