"""The four security profiles as chargers of both versions meet them, and certificates that change meanwhile."""

import asyncio
import contextlib
import random
import signal
import ssl
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from support.program import served, write_config
from support.system import DC_22, HUNGRY, System, configuration, dc, eventually, free_port, neighbours, serving, site

from csms.certs import Kind, authority, charge_point, server
from simulators.clock import SystemClock
from simulators.protocol import ChargePointSpec, Version
from simulators.station import SimulatedChargePoint
from simulators.transport import Tls

PASSWORD = "a-password-of-some-length"
CA = authority("the tests' authority", 1)


def files(folder: Path) -> dict[str, Any]:
    """Certificates in the folder, and what a TLS listener is told of them."""
    CA.write(folder / "ca")
    charge_point(CA, "CP-1", 1).write(folder / "CP-1")
    charge_point(CA, "CP-2", 1).write(folder / "CP-2")
    pairs = [server(CA, ["localhost", "127.0.0.1"], 1, kind).write(folder / f"server-{kind}") for kind in Kind]
    return {
        "certificates": [str(certificate) for certificate, _ in pairs],
        "private_keys": [str(key) for _, key in pairs],
    }


@contextlib.asynccontextmanager
async def guarded(folder: Path, *, direct: bool = True) -> AsyncIterator[tuple[System, list[str]]]:
    """A system, and the address of each profile's listener."""
    tls, ports = files(folder), [free_port() for _ in range(4)]
    points = [dc("CP-1") | {"password_sha256": sha256(PASSWORD.encode()).hexdigest()}, dc("CP-2")]
    document = configuration(folder, [site(points)], direct_sockets=direct)
    document["ocpp"]["listeners"] = [
        {"port": ports[0]},
        {"port": ports[1], "security_profile": 1},
        {"port": ports[2], "security_profile": 2, **tls},
        {"port": ports[3], "security_profile": 3, **tls, "client_ca_file": str(folder / "ca.pem")},
    ]
    schemes = ("ws", "ws", "wss", "wss")
    async with serving(document) as served_on, neighbours(*served_on) as system:
        yield system, [f"{scheme}://127.0.0.1:{port}/ocpp" for scheme, port in zip(schemes, ports, strict=True)]


def simulated(
    url: str, protocol: Version, folder: Path, *, password: str | None, certificate: str | None
) -> SimulatedChargePoint:
    own = certificate and folder / certificate
    return SimulatedChargePoint.over_websocket(
        ChargePointSpec("CP-1", protocol, DC_22),
        url,
        rng=random.Random(1),
        clock=SystemClock(),
        password=password,
        tls=Tls(folder / "ca.pem", *((Path(f"{own}.pem"), Path(f"{own}.key")) if own else (None, None))),
    )


@pytest.mark.parametrize("direct", [True, False], ids=["direct", "public interface"])
@pytest.mark.parametrize("protocol", ["1.6", "2.0.1"])
@pytest.mark.parametrize("profile", [0, 1, 2, 3])
async def test_a_charger_boots_and_charges_over_every_profile(
    tmp_path: Path, profile: int, protocol: Version, direct: bool
) -> None:
    """TC_A_01_CSMS, TC_A_04_CSMS, TC_A_07_CSMS and their siblings: a session is limited as over any other socket."""
    async with guarded(tmp_path, direct=direct) as (system, urls):
        password, certificate = (None, "CP-1") if profile == 3 else (PASSWORD, None)
        station = simulated(urls[profile], protocol, tmp_path, password=password, certificate=certificate)
        system.stations["CP-1"] = station
        await station.start()
        await asyncio.wait_for(station.wait_accepted(), 12)
        await system.configure(15)
        station.plug_in(1, HUNGRY, "TAG")
        await system.gives({"CP-1": 15.0})
        security = (await system.charge_point("CP-1"))["security"]
        assert security["security_profile"] == (profile or 1), "a password makes profile 1 of none"


@pytest.mark.parametrize("protocol", ["1.6", "2.0.1"])
@pytest.mark.parametrize(
    ("profile", "password", "certificate"),
    [(0, "wrong", None), (1, None, None), (1, "wrong", None), (2, None, None), (2, "wrong", None), (3, None, "CP-2")],
)
async def test_without_the_right_proof_a_charger_stays_outside(
    tmp_path: Path, profile: int, password: str | None, certificate: str | None, protocol: Version
) -> None:
    """TC_A_02_CSMS, TC_A_03_CSMS, TC_A_08_CSMS and their siblings."""
    async with guarded(tmp_path) as (system, urls):
        station = simulated(urls[profile], protocol, tmp_path, password=password, certificate=certificate)
        system.stations["CP-1"] = station
        await station.start()

        async def noticed() -> bool:
            events = (await system.get("/api/v1/events?format=json&charge_point_id=CP-1"))["items"]
            return any(event["type"] == "security_alert" for event in events)

        await eventually(noticed, "it is noticed")
        point = await system.charge_point("CP-1")
        assert (point["connection"]["connected"], point["commissioned_at"]) == (False, None)


async def test_sighup_brings_new_certificates_and_disconnects_nobody(tmp_path: Path) -> None:
    tls, port = files(tmp_path), free_port()
    document = configuration(tmp_path, [site([dc("CP-1")])])
    document["ocpp"]["listeners"] = [
        {"port": port, "security_profile": 3, **tls, "client_ca_file": str(tmp_path / "ca.pem")}
    ]
    config, _, api_port = write_config(tmp_path, document)
    context = ssl.create_default_context(cafile=tmp_path / "ca.pem")
    context.load_cert_chain(tmp_path / "CP-1.pem", tmp_path / "CP-1.key")

    async def presented() -> bytes:
        _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
        found: bytes = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        writer.close()
        return found

    async with neighbours(port, api_port) as system, served(config, api_port) as process:
        station = simulated(f"wss://127.0.0.1:{port}/ocpp", "1.6", tmp_path, password=None, certificate="CP-1")
        system.stations["CP-1"] = station
        await station.start()
        await asyncio.wait_for(station.wait_accepted(), 12)
        before = await presented()
        files(tmp_path)
        process.send_signal(signal.SIGHUP)

        async def renewed() -> bool:
            return await presented() != before

        await eventually(renewed, "the new certificate is presented")
        assert station.connected
