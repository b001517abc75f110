"""Chargers that nothing helps against, that forget, that meter oddly; what operators pin, and what is remembered."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from support.system import (
    HUNGRY,
    KEYS,
    VERSIONS,
    JsonObject,
    System,
    configuration,
    eventually,
    neighbours,
    running,
    serving,
    site,
)

from simulators.protocol import Version
from simulators.station import SimulatedChargePoint

CEILING_KW = 15
PASSWORD = "/api/v1/charge-points/CP-1/password"


def ac(charge_point_id: str, **more: object) -> JsonObject:
    return {"charge_point_id": charge_point_id, "current": "AC", "phases": 3, "max_power_kw": 22.08, **more}


def park(*odd: JsonObject, capacity_kw: float = CEILING_KW) -> JsonObject:
    return site([*odd, ac("CP-2")], capacity_kw=capacity_kw)


async def resting(system: System, name: str, protocol: Version, **more: Any) -> list[SimulatedChargePoint]:
    """An odd charger and one by the book, neither of which may draw."""
    odd = await system.behaves_like("CP-1", name, protocol, **more)
    other = await system.charger("CP-2", "1.6", odd.spec.hardware)
    await eventually(lambda: odd.connector(1).permitted_w == other.connector(1).permitted_w == 0, "both rest")
    await eventually(system.quiet, "no limit is under way")
    return [odd, other]


async def blamed(system: System, charge_point_id: str) -> bool:
    """Whether it has an alarm of its own, for drawing more than it is permitted."""
    standing = await system.alarms(standing=True)
    return any((alarm["kind"], alarm["subject"]) == ("limit_exceeded", charge_point_id) for alarm in standing)


@pytest.mark.parametrize("protocol", VERSIONS)
async def test_a_charger_that_keeps_16_a_is_given_room_and_there_is_an_alarm(tmp_path: Path, protocol: Version) -> None:
    """15 kW: it is told 7.4 and draws 11; as it does that again it counts at 22, which the site has not."""
    async with running(tmp_path, park(ac("CP-1"))) as system:
        odd, other = await resting(system, "heidelberg-keeps-16a", protocol)
        other.plug_in(1, HUNGRY, "TAG")
        await eventually(lambda: other.connector(1).drawn_w > 14_000, "the other has all")
        odd.plug_in(1, HUNGRY, "TAG")
        await eventually(lambda: odd.connector(1).drawn_w == 11_040, "it draws 16 A")
        await eventually(lambda: other.connector(1).drawn_w == 0, "the other gives way")
        await eventually(lambda: blamed(system, "CP-1"), "there is an alarm that names it")
        row = await system.row("CP-1")
        assert row is not None
        assert row["reason"].startswith("keeps drawing more than it is permitted")


@pytest.mark.parametrize("protocol", VERSIONS)
async def test_a_charger_that_stays_at_9_a_is_counted_at_what_it_draws(tmp_path: Path, protocol: Version) -> None:
    """10 kW: it is told 7.2 A and draws 9, 6.2 kW."""
    async with running(tmp_path, park(ac("CP-1"), capacity_kw=10)) as system:
        odd, other = await resting(system, "wallbox-stays-at-9a", protocol, vendor="Nobody")
        for station in (odd, other):
            station.plug_in(1, HUNGRY, "TAG")
        await eventually(lambda: odd.connector(1).drawn_w == 6_210, "it draws 9 A")
        await eventually(lambda: other.connector(1).drawn_w == 0, "the other gives way")
        await eventually(lambda: blamed(system, "CP-1"), "there is an alarm that names it")


@pytest.mark.parametrize("protocol", VERSIONS)
async def test_a_charger_that_forgets_has_its_whole_rating_kept_free_while_it_is_gone(
    tmp_path: Path, protocol: Version
) -> None:
    """30 kW: gone, it may come back at 22 at any moment; the other has 7.9 until it has been told again."""
    async with running(tmp_path, park(ac("CP-1"), capacity_kw=30)) as system:
        odd, other = await resting(system, "go-e-forgets", protocol)
        watch = system.watch()
        other.plug_in(1, HUNGRY, "TAG")
        await eventually(lambda: other.connector(1).drawn_w == 22_080, "the other has its rating")
        await system.lose("CP-1")
        await eventually(lambda: other.connector(1).drawn_w < 7_920, "the other makes room")
        assert (await system.allocation())["reserved_kw"] == 22.08
        system.find("CP-1")
        await eventually(lambda: odd.connected and odd.connector(1).permitted_w == 0, "it is told again")
        await eventually(lambda: other.connector(1).drawn_w == 22_080, "the other has its rating again")
    assert watch.permitted_w <= 30_000


@pytest.mark.parametrize("protocol", VERSIONS)
async def test_whole_amperes_are_pinned_by_the_operator(tmp_path: Path, protocol: Version) -> None:
    """No answer says that a tenth of an ampere was too fine; an operator who reads the manual does."""
    async with running(tmp_path, park(ac("CP-1"))) as system:
        odd, other = await resting(system, "whole-amperes", protocol)
        body = {"current_step_a": 1, "limit_by": "transaction"}
        status, told = await system.request("PUT", "/api/v1/charge-points/CP-1/quirks", body)
        assert status == 200, told
        watch = system.watch()
        for station in (odd, other):
            station.plug_in(1, HUNGRY, "TAG")
        await eventually(lambda: odd.connector(1).drawn_w == 6_900, lambda: system.said_of(odd))
        await eventually(lambda: other.connector(1).drawn_w > 7_000, "the other has the rest")
        assert watch.permitted_w <= CEILING_KW * 1000
        status, told = await system.request("DELETE", "/api/v1/charge-points/CP-1/quirks")
        assert (status, told["pinned"]) == (200, None)


async def test_a_car_that_does_not_wake_keeps_its_floor_where_that_is_declared(tmp_path: Path) -> None:
    """5 kW are one floor: a car that must not pause has it, and still charges after its turn would have been over."""
    async with running(tmp_path, park(ac("CP-1", never_pause=True), capacity_kw=5)) as system:
        odd, other = await resting(system, "zoe-no-wake", "1.6")
        other.plug_in(1, HUNGRY, "TAG")
        await eventually(lambda: other.connector(1).drawn_w > 0, "the other charges")
        odd.plug_in(1, HUNGRY, "TAG")
        await eventually(lambda: odd.connector(1).drawn_w > 4_000, "it charges")
        await eventually(lambda: other.connector(1).drawn_w == 0, "the other waits")
        assert odd.connector(1).status == "Charging"


@pytest.mark.parametrize(
    ("protocol", "action"), [("1.6", "RemoteStartTransaction"), ("2.0.1", "RequestStartTransaction")]
)
async def test_a_charger_that_stays_finishing_says_so_and_refuses_a_start(
    tmp_path: Path, protocol: Version, action: str
) -> None:
    async with running(tmp_path, park(ac("CP-1"))) as system:
        odd, _other = await resting(system, "autel-finishing", protocol)
        odd.plug_in(1, HUNGRY, "TAG")
        await eventually(lambda: odd.connector(1).drawn_w > 0, "it charges")
        odd.stop_transaction(1)
        await eventually(lambda: odd.connector(1).status == "Finishing", "it stays finishing")
        token = {"idTag": "TAG", "connectorId": 1}
        if protocol == "2.0.1":
            token = {"idToken": {"idToken": "TAG", "type": "ISO14443"}, "remoteStartId": 1, "evseId": 1}
        _, told = await system.request("POST", f"/api/v1/charge-points/CP-1/ocpp/{action}", token, key=KEYS["admin"])
        assert told["status"] == "Rejected", told
        odd.unplug(1)
        await eventually(lambda: odd.connector(1).permitted_w == 0, "its room is free")


async def test_a_charger_that_restarts_when_its_password_is_set_has_its_limit_again(tmp_path: Path) -> None:
    async with running(tmp_path, park(ac("CP-1"))) as system:
        odd, _other = await resting(system, "restarts-on-key", "1.6")
        booted_at = (await system.charge_point("CP-1"))["booted_at"]
        watch = system.watch()
        status, told = await system.request("POST", PASSWORD, {}, key=KEYS["admin"])
        assert status in (200, 201), told

        async def rebooted() -> bool:
            return bool((await system.charge_point("CP-1"))["booted_at"] > booted_at)

        await eventually(rebooted, lambda: system.said_of(odd))
        odd.plug_in(1, HUNGRY, "TAG")
        await eventually(lambda: odd.connector(1).drawn_w > 14_000, lambda: system.said_of(odd))
        assert watch.permitted_w <= CEILING_KW * 1000


@pytest.mark.parametrize("protocol", VERSIONS)
@pytest.mark.parametrize("name", ["clock-years-ahead", "local-time"])
async def test_a_charger_whose_clock_stays_ahead_teaches_that_nothing_is_leased_to_it(
    tmp_path: Path, name: str, protocol: Version
) -> None:
    """For such a charger every lease is over when it comes, which its composite schedule shows."""
    async with running(tmp_path, park(ac("CP-1"))) as system:
        odd, other = await resting(system, name, protocol)
        watch = system.watch()
        for station in (odd, other):
            station.plug_in(1, HUNGRY, "TAG")
        await eventually(lambda: odd.connector(1).drawn_w > 7_000, lambda: system.said_of(odd))
        await eventually(lambda: other.connector(1).drawn_w > 7_000, lambda: system.said_of(other))
        (session,) = await system.sessions("CP-1")
        assert session["status"] == "active"
        assert watch.permitted_w <= CEILING_KW * 1000
        told = (await system.charge_point("CP-1"))["quirks"]
        assert {"name": "leases", "value": False, "source": "learned"} in told["knobs"]


@pytest.mark.parametrize("protocol", VERSIONS)
async def test_a_charger_that_loses_the_time_with_each_restart_permits_no_more_for_it(
    tmp_path: Path, protocol: Version
) -> None:
    """In 1970 no profile may seem to lie in the future, and then it is told the time."""
    async with running(tmp_path, park(ac("CP-1"))) as system:
        odd, other = await resting(system, "loses-the-time", protocol)
        watch = system.watch()
        for station in (odd, other):
            station.plug_in(1, HUNGRY, "TAG")
        await eventually(lambda: odd.connector(1).drawn_w > 7_000, lambda: system.said_of(odd))
        odd.reboot()
        assert odd.connector(1).permitted_w == 0
        odd.unplug(1)
        await eventually(lambda: odd.connected, "it is back")
        await eventually(system.quiet, "no limit is under way")
        assert odd.connector(1).permitted_w == 0
        odd.plug_in(1, HUNGRY, "TAG")
        await eventually(lambda: odd.connector(1).drawn_w > 7_000, lambda: system.said_of(odd))
        assert watch.permitted_w <= CEILING_KW * 1000


@pytest.mark.parametrize("protocol", VERSIONS)
async def test_a_charger_without_smart_charging_has_its_rating_kept_free(tmp_path: Path, protocol: Version) -> None:
    """30 kW: it takes 22 whatever anybody says; the other has what is left, also before the first car comes there."""
    async with running(tmp_path, park(ac("CP-1"), capacity_kw=30)) as system:
        odd = await system.behaves_like("CP-1", "no-smart-charging", protocol)
        other = await system.charger("CP-2", "1.6", odd.spec.hardware)
        await eventually(lambda: other.connector(1).permitted_w == 0, "the other rests")
        watch = system.watch()
        other.plug_in(1, HUNGRY, "TAG")
        await eventually(lambda: other.connector(1).drawn_w > 7_000, lambda: system.said_of(other))
        odd.plug_in(1, HUNGRY, "TAG")
        await eventually(lambda: odd.connector(1).drawn_w == 22_080, "it has its rating")
        await eventually(lambda: 7_000 < other.connector(1).drawn_w < 7_920, lambda: system.said_of(other))
        row = await system.row("CP-1")
        assert row is not None
        assert (row["permitted_kw"], row["confirmed"]) == (22.08, False)
        assert watch.permitted_w <= 30_000


METERS: Mapping[str, Mapping[str, object]] = {
    "meters-0-w": {},
    "meters-energy-alone": {},
    "meters-energy-per-phase": {},
    "meters-kwh-as-wh": {"register_unit": "kWh"},
    "meters-l1-n": {},
    "meters-per-phase": {},
    "meters-phase-sum": {"current_sums_phases": True},
    "meters-power-twice": {},
    "meters-resetting": {},
    "meters-wh-as-kwh": {"register_unit": "Wh"},
}


@pytest.mark.parametrize("protocol", VERSIONS)
@pytest.mark.parametrize("name", METERS)
async def test_what_a_meter_means_is_understood(tmp_path: Path, name: str, protocol: Version) -> None:
    """It draws 6.9 kW, which is told within a tenth; and its energy is counted as it is drawn."""
    quirks = {"quirks": METERS[name]} if METERS[name] else {}
    async with running(tmp_path, park(ac("CP-1", **quirks), capacity_kw=6.9)) as system:
        odd, _other = await resting(system, name, protocol)
        odd.plug_in(1, HUNGRY, "TAG")
        await eventually(lambda: odd.connector(1).drawn_w == 6_900, lambda: system.said_of(odd))

        async def told() -> bool:
            row = await system.row("CP-1")
            return row is not None and row["actual_kw"] is not None and 6.2 <= row["actual_kw"] <= 7.6

        await eventually(told, lambda: system.said_of(odd))

        async def counted() -> bool:
            energy_kwh = (await system.sessions("CP-1"))[0]["energy_kwh"] or 0.0
            drawn_kwh = odd.connector(1).energy_wh / 1000
            return bool(0.003 < energy_kwh <= drawn_kwh + 0.001)

        await eventually(counted, lambda: system.said_of(odd))


async def test_what_was_learned_outlives_our_own_end_and_the_chargers_reboot(tmp_path: Path) -> None:
    document = configuration(tmp_path, [park(ac("CP-1"))], metering_interval_s=1)
    for run in range(2):
        async with serving(document) as ports, neighbours(*ports) as system:
            await resting(system, "says-amperes-takes-watts", "1.6", vendor="Nobody")
            told = (await system.charge_point("CP-1"))["quirks"]
            assert {"name": "rate_units", "value": ["W"], "source": "learned"} in told["knobs"]
            profiles = system.told("CP-1", "SetChargingProfile")
            units = [told["csChargingProfiles"]["chargingSchedule"]["chargingRateUnit"] for told in profiles]
            assert ("A" in units) is (run == 0), units
