"""Passwords and security profiles change over OCPP, in both versions: nobody is locked out, nothing goes down."""

import asyncio
import contextlib
import hashlib
import random
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from support.bare_charger import charger
from support.system import (
    DC_22,
    KEYS,
    PATIENCE_S,
    System,
    configuration,
    dc,
    eventually,
    free_port,
    neighbours,
    serving,
    site,
)
from websockets.exceptions import InvalidStatus

from csms.certs import authority, charge_point, server
from simulators.clock import SystemClock
from simulators.protocol import ChargePointSpec, Version
from simulators.station import SimulatedChargePoint
from simulators.transport import Tls

OLD = "an-old-password-of-some-length"
OLD_SHA256 = hashlib.sha256(OLD.encode()).hexdigest()
ADMIN = KEYS["admin"]


async def gets_in(url: str, password: str | bytes | None, context: ssl.SSLContext | None = None) -> int:
    """The status of the handshake; 101 where it got in."""
    try:
        async with charger(url, "1.6", password, context=context):
            return 101
    except InvalidStatus as refused:
        return refused.response.status_code


async def post(system: System, path: str, body: object = None) -> tuple[int, Any]:
    return await system.request("POST", f"/api/v1/charge-points/CP-1/{path}", body, key=ADMIN)


async def ready(system: System) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not (await system.charge_point("CP-1"))["connection"]["ready"]:
            await asyncio.sleep(0.02)


def document(folder: Path, **point: object) -> dict[str, Any]:
    return configuration(folder, [site([dc("CP-1") | point])])


@pytest.mark.parametrize("protocol", ["1.6", "2.0.1"])
async def test_a_password_the_charger_took_opens_and_the_old_one_until_it_has_come_with_it(
    tmp_path: Path, protocol: Version
) -> None:
    """TC_A_01_CSMS, TC_A_09_CSMS and their 1.6 siblings, with a crash on either side in between."""
    start = document(tmp_path, password_sha256=OLD_SHA256)
    async with serving(start) as ports, neighbours(*ports) as system:
        async with charger(system.ws_url, protocol, OLD) as first:
            await ready(system)
            status, given = await post(system, "password")
            assert (status, given["status"]) == (200, "Accepted")
            new = given["password"]
            assert first.password() == new
            assert len(new) == 40
        assert await gets_in(system.ws_url, OLD) == 101, "it may have crashed before it kept it"
        commands = (await system.get("/api/v1/charge-points/CP-1/commands"))["items"]
        assert new not in orjson.dumps(commands).decode()
    async with serving(start) as ports, neighbours(*ports) as system:  # our restart changes nothing
        assert await gets_in(system.ws_url, OLD) == 101
        assert await gets_in(system.ws_url, bytes.fromhex(new)) == 101, "as bytes, which 1.6 allows"
        assert await gets_in(system.ws_url, OLD) == 401
        assert await gets_in(system.ws_url, new) == 101
    async with serving(start) as ports, neighbours(*ports) as system:
        assert await gets_in(system.ws_url, OLD) == 401, "an accepted change survives"
        assert await gets_in(system.ws_url, new) == 101
        security = (await system.charge_point("CP-1"))["security"]
        assert security == {
            "security_profile": 1,
            "least_profile": 0,
            "offered_profile": None,
            "password_required": True,
            "offered_passwords": 0,
        }


@pytest.mark.parametrize("protocol", ["1.6", "2.0.1"])
@pytest.mark.parametrize(("answer", "opens"), [("Rejected", 401), (None, 101)])
async def test_a_password_opens_unless_it_was_clearly_refused(
    tmp_path: Path, protocol: Version, answer: str | None, opens: int
) -> None:
    async with serving(document(tmp_path, password_sha256=OLD_SHA256)) as ports, neighbours(*ports) as system:
        async with charger(system.ws_url, protocol, OLD, status=answer) as first:
            await ready(system)
            status, given = await post(system, "password")
            assert status == 200
            assert (given["password"] is None) is (answer == "Rejected")
            assert given["status"] == (answer or "Timeout")
            new = first.password()
        assert await gets_in(system.ws_url, OLD) == 101
        assert await gets_in(system.ws_url, new) == opens


async def test_a_password_set_in_ocpps_own_words_counts_too(tmp_path: Path) -> None:
    async with serving(document(tmp_path)) as ports, neighbours(*ports) as system:
        async with charger(system.ws_url, "1.6", None):
            await ready(system)
            payload = {"key": "authorizationKEY", "value": "A0" * 20}
            status, _ = await post(system, "ocpp/ChangeConfiguration", payload)
            assert status == 200
        assert await gets_in(system.ws_url, None) == 101
        assert await gets_in(system.ws_url, bytes.fromhex("A0" * 20)) == 101
        assert await gets_in(system.ws_url, None) == 401


@contextlib.asynccontextmanager
async def secured(folder: Path, **point: object) -> AsyncIterator[tuple[System, str, ssl.SSLContext]]:
    """A system with a plain and a TLS listener."""
    ca = authority("test", 1)
    ca.write(folder / "ca")
    certificate, key = server(ca, ["localhost", "127.0.0.1"], 1).write(folder / "server")
    own = charge_point(ca, "CP-1", 1).write(folder / "CP-1")
    tls = {"certificates": [str(certificate)], "private_keys": [str(key)]}
    plain, secure = free_port(), free_port()
    start = document(folder, **point)
    start["ocpp"]["listeners"] = [
        {"port": plain},
        {"port": secure, "security_profile": 2, **tls},
        {"port": 0, "security_profile": 3, "client_ca_file": str(folder / "ca.pem"), **tls},
    ]
    context = ssl.create_default_context(cafile=folder / "ca.pem")
    context.load_cert_chain(*own)
    async with serving(start) as ports, neighbours(*ports) as system:
        yield system, f"wss://127.0.0.1:{secure}/ocpp", context


@pytest.mark.parametrize("protocol", ["1.6", "2.0.1"])
async def test_a_higher_profile_holds_once_the_charger_has_come_over_it_and_never_goes_down(
    tmp_path: Path, protocol: Version
) -> None:
    """TC_A_19_CSMS and A05 of 1.6."""
    async with secured(tmp_path, password_sha256=OLD_SHA256) as (system, url, context):
        async with charger(system.ws_url, protocol, OLD) as first:
            await ready(system)
            assert (await system.charge_point("CP-1"))["listener_profiles"] == [0, 1, 2, 3]
            body = {"security_profile": 2, **({} if protocol == "1.6" else {"url": url})}
            status, moved = await post(system, "security-profile", body)
            assert (status, moved["status"]) == (200, "Accepted")
            # Not the last that it was told, perhaps: the balancer asks what its limits have become.
            last = {
                "1.6": ("ChangeConfiguration", {"key": "SecurityProfile", "value": "2"}),
                "2.0.1": ("Reset", {"type": "OnIdle"}),
            }
            assert last[protocol] in first.told
        assert (await system.charge_point("CP-1"))["security"]["offered_profile"] == 2
        assert await gets_in(system.ws_url, OLD) == 101, "it falls back where the new one does not work"
        async with charger(url, protocol, OLD, context=context):
            await ready(system)
            security = (await system.charge_point("CP-1"))["security"]
            assert (security["security_profile"], security["least_profile"]) == (2, 2)
            if protocol == "2.0.1":
                elsewhere = {"security_profile": 3, "url": "wss://elsewhere.example/ocpp"}
                status, problem = await post(system, "security-profile", elsewhere)
                assert (status, "allowed_urls" in str(problem)) == (422, True)
            for lower in (1, 2):
                status, problem = await post(system, "security-profile", {"security_profile": lower, "url": None})
                assert status == 409
            downwards = {
                "1.6": ("ChangeConfiguration", {"key": "SecurityProfile", "value": "1"}),
                "2.0.1": (
                    "SetNetworkProfile",
                    {"configurationSlot": 1, "connectionData": _plain_profile(1, system.ws_url)},
                ),
            }
            action, payload = downwards[protocol]
            status, problem = await post(system, f"ocpp/{action}", payload)
            assert (status, "never goes down" in problem["detail"]) == (409, True)
        assert await gets_in(system.ws_url, OLD) == 403
        assert await gets_in(url, OLD, context) == 101


def _plain_profile(profile: int, url: str) -> dict[str, object]:
    return {
        "ocppVersion": "OCPP20",
        "ocppTransport": "JSON",
        "ocppCsmsUrl": url,
        "messageTimeout": 30,
        "securityProfile": profile,
        "ocppInterface": "Wired0",
    }


async def test_a_profile_that_needs_a_password_is_not_asked_for_without_one(tmp_path: Path) -> None:
    async with (
        serving(document(tmp_path)) as ports,
        neighbours(*ports) as system,
        charger(system.ws_url, "1.6", None),
    ):
        await ready(system)
        status, problem = await post(system, "security-profile", {"security_profile": 1})
        assert (status, "needs a password" in problem["detail"]) == (409, True)


async def test_only_an_administrator_changes_how_a_charger_gets_in(tmp_path: Path) -> None:
    async with serving(document(tmp_path)) as ports, neighbours(*ports) as system:
        for path in ("password", "security-profile"):
            status, _ = await system.request(
                "POST", f"/api/v1/charge-points/CP-1/{path}", {"security_profile": 1}, key=KEYS["control"]
            )
            assert status == 403


async def test_wrong_passwords_become_an_event_and_an_alarm(tmp_path: Path) -> None:
    async with serving(document(tmp_path, password_sha256=OLD_SHA256)) as ports, neighbours(*ports) as system:
        for _ in range(10):
            assert await gets_in(system.ws_url, "guessed") == 401
        alarms = await system.alarms(standing=True)
        assert [(alarm["kind"], alarm["subject"]) for alarm in alarms] == [("security_event", "CP-1: wrong_login")]
        assert await gets_in(system.ws_url, OLD) == 101, "the real one is never kept out"


def simulated(url: str, protocol: Version, folder: Path) -> SimulatedChargePoint:
    return SimulatedChargePoint.over_websocket(
        ChargePointSpec("CP-1", protocol, DC_22),
        url,
        rng=random.Random(1),
        clock=SystemClock(),
        password=OLD,
        tls=Tls(folder / "ca.pem"),
    )


@contextlib.asynccontextmanager
async def switched_on(station: SimulatedChargePoint) -> AsyncIterator[None]:
    await station.start()
    try:
        await asyncio.wait_for(station.wait_accepted(), PATIENCE_S)
        yield
    finally:
        await station.stop()


@pytest.mark.parametrize("protocol", ["1.6", "2.0.1"])
async def test_a_simulated_charger_comes_with_the_password_that_it_was_given(tmp_path: Path, protocol: Version) -> None:
    start = document(tmp_path, password_sha256=OLD_SHA256)
    async with serving(start) as ports, neighbours(*ports) as system:
        async with switched_on(simulated(system.ws_url, protocol, tmp_path)):
            await ready(system)
            status, given = await post(system, "password")
            assert (status, given["status"]) == (200, "Accepted")

            async def proved() -> bool:
                security = (await system.charge_point("CP-1"))["security"]
                return bool(security["offered_passwords"] == 0)

            await eventually(proved, "it has come with the new password")
        assert await gets_in(system.ws_url, OLD) == 401


async def test_a_simulated_station_moves_to_the_listener_and_the_profile_that_it_was_given(tmp_path: Path) -> None:
    """TC_A_19_CSMS, with a station that does what it is told."""
    async with (
        secured(tmp_path, password_sha256=OLD_SHA256) as (system, url, _),
        switched_on(simulated(system.ws_url, "2.0.1", tmp_path)),
    ):
        await ready(system)
        status, moved = await post(system, "security-profile", {"security_profile": 2, "url": url})
        assert (status, moved["status"]) == (200, "Accepted"), moved

        async def over_tls() -> bool:
            security = (await system.charge_point("CP-1"))["security"]
            return bool((security["security_profile"], security["least_profile"]) == (2, 2))

        await eventually(over_tls, "it has come over the new profile")
