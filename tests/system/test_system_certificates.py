"""Certificates that charge points ask for and about, in both versions, up to the connection made with one."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from cryptography import x509
from support.bare_charger import charger
from support.system import System, configuration, dc, free_port, neighbours, serving, site

from csms.certs import Kind, Pair, authority, new_key, request, server
from simulators.protocol import Version

PASSWORD = "a-password-of-some-length"
CA = authority("the system's authority", 2)
OCSP = {
    "hashAlgorithm": "SHA256",
    "issuerNameHash": "aa" * 32,
    "issuerKeyHash": "bb" * 32,
    "serialNumber": "1",
}
EV = {"iso15118SchemaVersion": "urn:iso:15118:2:2013:MsgDef", "action": "Install", "exiRequest": "abc"}


@asynccontextmanager
async def secured(folder: Path, **certificates: object) -> AsyncIterator[tuple[System, dict[int, str]]]:
    """A system with a listener for each profile, and their addresses."""
    ca_file, ca_key = CA.write(folder / "ca")
    certificate, key = server(CA, ["localhost", "127.0.0.1"], 1).write(folder / "server")
    tls = {"certificates": [str(certificate)], "private_keys": [str(key)]}
    ports = [free_port() for _ in range(3)]
    password_sha256 = sha256(PASSWORD.encode()).hexdigest()
    points = [dc("CP-1") | {"password_sha256": password_sha256}, dc("FREE")]
    document = configuration(folder, [site(points)])
    document["ocpp"]["listeners"] = [
        {"port": ports[0]},
        {"port": ports[1], "security_profile": 2, **tls},
        {"port": ports[2], "security_profile": 3, "client_ca_file": str(ca_file), **tls},
    ]
    signing = {"ca_certificate": str(ca_file), "ca_private_key": str(ca_key)}
    document["certificates"] = {**signing, **certificates} if certificates.get("signs", True) else {}
    document["certificates"].pop("signs", None)
    async with serving(document) as served, neighbours(*served) as system:
        yield (
            system,
            {
                0: f"ws://127.0.0.1:{ports[0]}/ocpp",
                2: f"wss://127.0.0.1:{ports[1]}/ocpp",
                3: f"wss://127.0.0.1:{ports[2]}/ocpp",
            },
        )


def trusting(folder: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=folder / "ca.pem")


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("protocol", ["1.6", "2.0.1"])
async def test_a_charger_that_asks_for_a_certificate_gets_one_and_comes_in_with_it(
    tmp_path: Path, protocol: Version, kind: Kind
) -> None:
    """A03 of both versions; then security profile 3."""
    key = new_key(kind)
    async with secured(tmp_path) as (system, urls):
        async with charger(urls[2], protocol, PASSWORD, context=trusting(tmp_path)) as asking:
            asked = {"csr": request(key, "CP-1")}
            if protocol == "2.0.1":
                asked["certificateType"] = "ChargingStationCertificate"
            assert (await asking.call("SignCertificate", asked))[2] == {"status": "Accepted"}
            told = await asking.was_told("CertificateSigned")
            assert told.get("certificateType") == asked.get("certificateType")
        chain = told["certificateChain"]
        Pair(x509.load_pem_x509_certificate(chain.encode()), key).write(tmp_path / "own")
        (tmp_path / "own.pem").write_text(chain)
        context = trusting(tmp_path)
        context.load_cert_chain(tmp_path / "own.pem", tmp_path / "own.key")
        async with charger(urls[3], protocol, None, context=context):
            assert (await system.charge_point("CP-1"))["security"]["security_profile"] == 3


@pytest.mark.parametrize("protocol", ["1.6", "2.0.1"])
async def test_a_request_in_somebody_elses_name_is_refused_clearly_and_nothing_follows(
    tmp_path: Path, protocol: Version
) -> None:
    async with (
        secured(tmp_path) as (_, urls),
        charger(urls[2], protocol, PASSWORD, context=trusting(tmp_path)) as asking,
    ):
        frame = await asking.call("SignCertificate", {"csr": request(new_key(Kind.ECDSA), "CP-2")})
        assert (frame[0], frame[2]["status"]) == (3, "Rejected")
        if protocol == "2.0.1":
            assert "CP-1" in frame[2]["statusInfo"]["additionalInfo"]
        await asyncio.sleep(0.2)
        assert "CertificateSigned" not in [action for action, _ in asking.told]


@pytest.mark.parametrize("protocol", ["1.6", "2.0.1"])
async def test_without_an_authority_a_request_is_refused(tmp_path: Path, protocol: Version) -> None:
    async with (
        secured(tmp_path, signs=False) as (_, urls),
        charger(urls[2], protocol, PASSWORD, context=trusting(tmp_path)) as asking,
    ):
        frame = await asking.call("SignCertificate", {"csr": request(new_key(Kind.ECDSA), "CP-1")})
        assert (frame[0], frame[2]["status"]) == (3, "Rejected")


async def test_who_has_proved_nothing_gets_no_certificate(tmp_path: Path) -> None:
    async with secured(tmp_path) as (_, urls), charger(urls[0], "1.6", None, identity="FREE") as asking:
        frame = await asking.call("SignCertificate", {"csr": request(new_key(Kind.ECDSA), "FREE")})
        assert frame[2] == {"status": "Rejected"}


@asynccontextmanager
async def backend(answer: object, status: int = 200) -> AsyncIterator[tuple[str, list[Any]]]:
    seen: list[Any] = []

    async def respond(asked: web.BaseRequest) -> web.StreamResponse:
        seen.append(await asked.json())
        return web.json_response(answer, status=status)

    runner = web.ServerRunner(web.Server(respond))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/ev", seen
    finally:
        await runner.cleanup()


async def test_a_cars_certificate_is_asked_of_the_backend_and_its_answer_passed_on(tmp_path: Path) -> None:
    """TC_M_26_CSMS."""
    answer = {"status": "Accepted", "exiResponse": "xyz"}
    async with (
        backend(answer) as (url, seen),
        secured(tmp_path, ev_certificate_url=url) as (_, urls),
        charger(urls[2], "2.0.1", PASSWORD, context=trusting(tmp_path)) as asking,
    ):
        assert (await asking.call("Get15118EVCertificate", EV))[2] == answer
        assert seen == [{"charge_point_id": "CP-1", **EV}]


@pytest.mark.parametrize(("answer", "status"), [({"status": "Perhaps"}, 200), ({}, 200), ({"status": "Accepted"}, 500)])
async def test_a_backend_that_answers_nonsense_is_a_failure_to_the_charger(
    tmp_path: Path, answer: object, status: int
) -> None:
    async with (
        backend(answer, status) as (url, _),
        secured(tmp_path, ev_certificate_url=url) as (_, urls),
        charger(urls[2], "2.0.1", PASSWORD, context=trusting(tmp_path)) as asking,
    ):
        frame = await asking.call("Get15118EVCertificate", EV)
        assert frame[2] == {"status": "Failed", "exiResponse": ""}


async def test_a_status_is_asked_of_nobody_who_is_not_allowed(tmp_path: Path) -> None:
    """M06, and what keeps a charger from making us ask any host it names."""
    async with (
        backend({}) as (url, seen),
        secured(tmp_path, allowed_ocsp_hosts=["ocsp.example"]) as (_, urls),
        charger(urls[2], "2.0.1", PASSWORD, context=trusting(tmp_path)) as asking,
    ):
        frame = await asking.call("GetCertificateStatus", {"ocspRequestData": {**OCSP, "responderURL": url}})
        assert frame[2] == {"status": "Failed"}
        assert seen == []
