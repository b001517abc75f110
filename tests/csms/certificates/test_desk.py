"""Whom the desk asks over HTTP, and what it makes of their answers: real sockets on the loopback interface."""

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import structlog
from aiohttp import web
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp
from support.contracts import EMAID, MobilityOperator, answer, chain, issued, responder

from csms.certificates import desk as desk_module
from csms.certificates.authorities import Authorities
from csms.certificates.desk import CertificateDesk
from csms.certificates.ocsp import may_ask, question, result
from csms.certs import authority, charge_point
from csms.domain.certificates import ContractCertificate, Standing, StatusRequest

CA = authority("root", 10)
LEAF = charge_point(CA, "CP-1", 1)
SHA256 = hashes.SHA256()


def asked(url: str = "http://ocsp.example/") -> StatusRequest:
    built = ocsp.OCSPRequestBuilder().add_certificate(LEAF.certificate, CA.certificate, SHA256).build()
    return StatusRequest(
        "SHA256", built.issuer_name_hash.hex(), built.issuer_key_hash.hex(), f"{built.serial_number:x}", url
    )


NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


def good() -> bytes:
    builder = ocsp.OCSPResponseBuilder().add_response(
        LEAF.certificate, CA.certificate, SHA256, ocsp.OCSPCertStatus.GOOD, NOW, NOW + timedelta(days=1), None, None
    )
    signed = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, CA.certificate).sign(CA.key, SHA256)
    return signed.public_bytes(serialization.Encoding.DER)


@pytest.mark.parametrize(
    ("url", "allowed", "may"),
    [
        ("http://ocsp.example/x", ["ocsp.example"], True),
        ("https://OCSP.example/", ["ocsp.EXAMPLE"], True),
        ("http://ocsp.example:80/", ["ocsp.example"], True),
        ("http://ocsp.example:8080/", ["ocsp.example"], False),
        ("http://ocsp.example:8080/", ["ocsp.example:8080"], True),
        ("http://ocsp.example/", [], False),
        ("http://other.example/", ["ocsp.example"], False),
        ("http://ocsp.example.evil/", ["ocsp.example"], False),
        ("http://ocsp.example@evil/", ["ocsp.example"], False),
        ("http://evil@ocsp.example/", ["ocsp.example"], False),
        ("ftp://ocsp.example/", ["ocsp.example"], False),
        ("//ocsp.example/", ["ocsp.example"], False),
        ("http://ocsp.example:99999/", ["ocsp.example"], False),
        ("http://[::1", ["::1"], False),
        ("", [""], False),
    ],
)
def test_only_allowed_hosts_are_asked(url: str, allowed: Sequence[str], may: bool) -> None:
    assert may_ask(url, allowed) is may


def test_the_question_names_the_certificate_by_the_hashes_that_were_given() -> None:
    loaded = ocsp.load_der_ocsp_request(question(asked()))
    assert loaded.serial_number == LEAF.certificate.serial_number
    assert loaded.issuer_key_hash.hex() == asked().issuer_key_hash


@pytest.mark.parametrize(
    "change",
    [{"hash_algorithm": "MD5"}, {"issuer_name_hash": "xyz"}, {"issuer_key_hash": "00"}, {"serial_number": "not hex"}],
)
def test_what_makes_no_question_raises_value_error(change: dict[str, str]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # the library's own
        question(replace(asked(), **change))


def test_only_a_successful_answer_about_that_certificate_is_passed_on() -> None:
    told = result(good(), asked())
    assert told is not None
    assert base64.b64decode(told) == good() or ocsp.load_der_ocsp_response(base64.b64decode(told)).serial_number
    refused = ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.OCSPResponseStatus.TRY_LATER)
    assert result(refused.public_bytes(serialization.Encoding.DER), asked()) is None
    assert result(good(), replace(asked(), serial_number="1")) is None
    assert result(b"<html>", asked()) is None


Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


@contextlib.asynccontextmanager
async def elsewhere(handler: Handler) -> AsyncIterator[str]:
    """A host on the loopback interface that answers every POST so."""
    runner = web.ServerRunner(web.Server(handler))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@contextlib.asynccontextmanager
async def desk(host: str, path: str = "/") -> AsyncIterator[CertificateDesk]:
    made = CertificateDesk(None, allowed_ocsp_hosts=[host], ev_certificate_url=f"http://{host}{path}")
    try:
        yield made
    finally:
        await made.close()


async def test_the_status_comes_from_the_responder() -> None:
    seen: list[Any] = []

    async def respond(request: web.BaseRequest) -> web.Response:
        body = await request.read()
        seen.append((request.content_type, ocsp.load_der_ocsp_request(body).serial_number))
        return web.Response(body=good(), content_type="application/ocsp-response")

    async with elsewhere(respond) as host, desk(host) as made:
        assert await made.status(asked(f"http://{host}/")) is not None
        assert await made.status(asked("http://127.0.0.1:9/")) is None
        assert await made.status(replace(asked(f"http://{host}/"), serial_number="zz")) is None
    assert seen == [("application/ocsp-request", LEAF.certificate.serial_number)]


async def test_a_contract_is_what_its_responder_says_in_the_name_of_an_authority_that_is_believed() -> None:
    now_s = datetime.now(UTC).timestamp()
    async with responder() as made:
        mo = MobilityOperator(made.url)
        believed = Authorities([pair.certificate for pair in (mo.root, mo.upper, mo.lower)])
        made.answers = lambda serial_number: next(
            answer(it, issuer) for it, issuer in mo.issuers if it.certificate.serial_number == serial_number
        )
        silent = issued(EMAID, mo.lower, ca=False)
        contracts = [
            (ContractCertificate(EMAID, mo.chain, ()), Standing.VALID),
            (ContractCertificate(EMAID, None, mo.hashes(made.url)), Standing.VALID),
            (ContractCertificate(EMAID, chain(silent, mo.lower), ()), Standing.UNCERTAIN),
        ]
        for contract, expected in contracts:
            async with contract_desk(made.host, believed) as desk:
                examined = desk.examine(contract, now_s)
                assert (examined.standing, examined.ask is None) == (Standing.UNCERTAIN, False)
                assert examined.ask is not None
                assert await examined.ask() is expected
        with structlog.testing.capture_logs() as lines:
            async with contract_desk(made.host, None) as desk:
                examined = desk.examine(ContractCertificate(EMAID, None, mo.hashes(made.url)), now_s)
                assert examined.ask is not None
                assert await examined.ask() is Standing.UNCERTAIN
        told = {(line["event"], line["validity"], line["reason"]) for line in lines}
        assert told == {("certificates.answer_not_believed", "unknown", "no issuer is known")}


async def test_nobody_is_asked_about_a_contract_who_may_not_be_and_the_log_says_so() -> None:
    mo = MobilityOperator("http://127.0.0.1:9/")
    async with contract_desk("ocsp.example", Authorities([mo.root.certificate])) as desk:
        with structlog.testing.capture_logs() as lines:
            examined = desk.examine(ContractCertificate(EMAID, mo.chain, ()), datetime.now(UTC).timestamp())
    assert (examined.standing, examined.ask) == (Standing.UNCERTAIN, None)
    assert {(line["event"], line["url"]) for line in lines} == {
        ("certificates.responder_not_allowed", "http://127.0.0.1:9/")
    }


@contextlib.asynccontextmanager
async def contract_desk(host: str, believed: Authorities | None) -> AsyncIterator[CertificateDesk]:
    made = CertificateDesk(None, allowed_ocsp_hosts=[host], ev_certificate_url=None, contract_authorities=believed)
    try:
        yield made
    finally:
        await made.close()


async def redirects(request: web.BaseRequest) -> web.StreamResponse:
    """To where there would be an answer to either question."""
    if request.path != "/elsewhere":
        return web.Response(status=307, headers={"Location": "/elsewhere"})
    if request.content_type == "application/json":
        return web.json_response({"status": "Accepted", "exiResponse": ""})
    return web.Response(body=good())


async def fails(_request: web.BaseRequest) -> web.StreamResponse:
    return web.Response(status=500)


async def floods(_request: web.BaseRequest) -> web.StreamResponse:
    return web.Response(body=b"x" * 1_000_000)


async def dawdles(_request: web.BaseRequest) -> web.StreamResponse:
    await asyncio.sleep(5)
    return web.Response(body=good())


async def babbles(_request: web.BaseRequest) -> web.StreamResponse:
    return web.Response(body=b"[1, 2]")


@pytest.mark.parametrize("handler", [redirects, fails, floods, dawdles, babbles])
async def test_whatever_else_a_host_does_there_is_no_answer(handler: Handler, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk_module, "_TIMEOUT_S", 0.3)
    async with elsewhere(handler) as host, desk(host) as made:
        assert await made.status(asked(f"http://{host}/")) is None
        assert await made.ev_certificate("CP-1", {"action": "Install"}) is None


async def test_the_backend_gets_the_request_and_its_answer_is_passed_on_in_ocpps_fields_alone() -> None:
    seen: list[Any] = []

    async def respond(request: web.BaseRequest) -> web.Response:
        seen.append(await request.json())
        return web.json_response({"status": "Accepted", "exiResponse": "abc", "internal": "secret"})

    async with elsewhere(respond) as host, desk(host, "/ev") as made:
        answer = await made.ev_certificate(
            "CP-1", {"charge_point_id": "CP-2", "action": "Install", "exiRequest": "xyz"}
        )
    assert answer == {"status": "Accepted", "exiResponse": "abc"}
    assert seen == [{"charge_point_id": "CP-1", "action": "Install", "exiRequest": "xyz"}]


async def test_without_a_backend_nobody_is_asked() -> None:
    made = CertificateDesk(None, allowed_ocsp_hosts=[], ev_certificate_url=None)
    assert await made.ev_certificate("CP-1", {}) is None
    assert await made.status(asked()) is None
