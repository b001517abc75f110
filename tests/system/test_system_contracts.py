"""Contract certificates in Authorize of OCPP 2.0.1 (C07), with a responder and the authorities above them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from cryptography.x509 import ocsp
from support.bare_charger import charger
from support.contracts import (
    ANSWERS_FOR_OTHERS,
    EMAID,
    GOOD,
    REVOKED,
    UNKNOWN,
    MobilityOperator,
    Responder,
    answer,
    chain,
    issued,
    responder,
)
from support.system import JsonObject, configuration, dc, free_port, serving, site

from csms.certs import Pair

pytestmark = pytest.mark.asyncio(loop_scope="module")

TOKENS = [
    {"id_token": EMAID, "type": "eMAID"},
    {"id_token": "DE-ABC-C00000000-1", "type": "eMAID", "status": "Blocked"},
]
ACCEPTED = ("Accepted", "Accepted")
REFUSED = ("Invalid", "CertChainError")


@dataclass
class Scene:
    """A central system that believes one mobility operator, the responder of that one, and a charger."""

    mo: MobilityOperator
    responder: Responder
    charger: Any

    async def authorize(self, *, text: str | None = None, hashed: bool = False, emaid: str = EMAID) -> tuple[str, str]:
        """The status of the token, and of its certificate."""
        request: JsonObject = {"idToken": {"idToken": emaid, "type": "eMAID"}}
        if text is not None:
            request["certificate"] = text
        if hashed:
            request["iso15118CertificateHashData"] = [
                _ocpp(asdict(each)) for each in self.mo.hashes(self.responder.url)
            ]
        told = (await self.charger.call("Authorize", request))[2]
        return told["idTokenInfo"]["status"], told["certificateStatus"]

    def answers(self, status: ocsp.OCSPCertStatus = GOOD, of: Pair | None = None, **how: Any) -> None:
        """`status` of one certificate, of the contract if nothing is said; the others are good."""
        bad = (of or self.mo.contract).certificate.serial_number

        def respond(serial_number: int) -> bytes:
            it, issuer = next(pair for pair in self.mo.issuers if pair[0].certificate.serial_number == serial_number)
            return answer(it, issuer, status, **how) if serial_number == bad else answer(it, issuer)

        self.responder.answers = respond


def _ocpp(request: JsonObject) -> JsonObject:
    names = {
        "hash_algorithm": "hashAlgorithm",
        "issuer_name_hash": "issuerNameHash",
        "issuer_key_hash": "issuerKeyHash",
    }
    names |= {"serial_number": "serialNumber", "responder_url": "responderURL"}
    return {names[name]: value for name, value in request.items()}


@asynccontextmanager
async def scene(folder: Path, *, believed: bool = True, trusts: bool = False) -> AsyncIterator[Scene]:
    async with responder() as made:
        mo = MobilityOperator(made.url)
        file, port = folder / "contracts.pem", free_port()
        file.write_text(chain(mo.root, mo.upper, mo.lower))
        document = configuration(folder, [site([dc("CP-1")])], port=port)
        document["authorization"] = {"contract_certificates": "trust" if trusts else "refuse"}
        document["id_tokens"] = TOKENS
        document["certificates"] = {"allowed_ocsp_hosts": [made.host]}
        if believed:
            document["certificates"]["contract_ca_file"] = str(file)
        async with (
            serving(document),
            charger(f"ws://127.0.0.1:{port}/ocpp", "2.0.1", None) as connected,
        ):
            yield Scene(mo, made, connected)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def central(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    async with scene(tmp_path_factory.mktemp("contracts")) as made:
        yield made


@pytest.fixture(scope="module")
def delegate(central: Scene) -> Pair:
    return issued("responder", central.mo.lower, ca=False, extensions=[ANSWERS_FOR_OTHERS])


WAYS = pytest.mark.parametrize("way", ["certificate", "hashes", "both"])


async def shown(central: Scene, way: str) -> tuple[str, str]:
    text = None if way == "hashes" else central.mo.chain
    return await central.authorize(text=text, hashed=way != "certificate")


@WAYS
async def test_tc_c_50_csms_tc_c_52_csms_a_good_contract_is_accepted(central: Scene, way: str) -> None:
    central.answers()
    central.responder.asked.clear()
    assert await shown(central, way) == ACCEPTED
    line = [it.certificate.serial_number for it, _ in central.mo.issuers]
    assert sorted(central.responder.asked) == sorted(line)


@WAYS
async def test_tc_c_51_csms_a_revoked_contract_is_refused(central: Scene, way: str) -> None:
    central.answers(REVOKED)
    assert await shown(central, way) == ("Invalid", "CertificateRevoked")


@WAYS
async def test_a_contract_below_a_revoked_authority_is_refused(central: Scene, way: str) -> None:
    central.answers(REVOKED, of=central.mo.upper)
    assert await shown(central, way) == ("Invalid", "CertificateRevoked")


@WAYS
async def test_a_responder_of_the_issuer_is_believed(central: Scene, way: str, delegate: Pair) -> None:
    central.answers(GOOD, signer=delegate, along=[delegate])
    assert await shown(central, way) == ACCEPTED
    central.answers(REVOKED, signer=delegate, along=[delegate])
    assert await shown(central, way) == ("Invalid", "CertificateRevoked")


@WAYS
@pytest.mark.parametrize("status", [GOOD, REVOKED])
async def test_an_answer_that_others_signed_is_not_believed(
    central: Scene, way: str, status: ocsp.OCSPCertStatus
) -> None:
    stranger = MobilityOperator().lower
    fake = issued("responder", stranger, ca=False, extensions=[ANSWERS_FOR_OTHERS])
    for how in ({"signer": stranger}, {"signer": fake, "along": [fake, stranger]}):
        central.answers(status, **how)
        assert await shown(central, way) == REFUSED


@WAYS
async def test_an_answer_that_is_over_or_knows_nothing_is_not_believed(central: Scene, way: str) -> None:
    central.answers(GOOD, hours=(-48, -24))
    assert await shown(central, way) == REFUSED
    central.answers(UNKNOWN)
    assert await shown(central, way) == REFUSED
    central.responder.answers = lambda _serial_number: b"<html>"
    assert await shown(central, way) == REFUSED


async def test_a_contract_that_was_cancelled_is_said_to_be(central: Scene) -> None:
    mo = central.mo
    blocked = issued("DE-ABC-C00000000-1", mo.lower, ca=False, responder=central.responder.url)
    central.responder.answers = lambda serial_number: (
        answer(blocked, mo.lower)
        if serial_number == blocked.certificate.serial_number
        else next(answer(it, by) for it, by in mo.issuers if it.certificate.serial_number == serial_number)
    )
    told = await central.authorize(text=chain(blocked, mo.lower, mo.upper), emaid="DE-ABC-C00000000-1")
    assert told == ("Blocked", "ContractCancelled")


async def test_a_chain_that_does_not_hold_is_refused_and_nobody_is_asked(central: Scene) -> None:
    central.answers()
    central.responder.asked.clear()
    stranger = MobilityOperator(central.responder.url)
    forged = issued(EMAID, central.mo.lower, ca=False, signed_by=stranger.lower, responder=central.responder.url)
    for text in (stranger.chain, chain(forged, central.mo.lower, central.mo.upper), "-----BEGIN CERTIFICATE-----", "x"):
        assert await central.authorize(text=text) == REFUSED
    old = issued(EMAID, central.mo.lower, ca=False, days=(-9, -1), responder=central.responder.url)
    assert await central.authorize(text=chain(old, central.mo.lower)) == ("Expired", "CertificateExpired")
    assert central.responder.asked == []


async def test_somebody_elses_certificate_is_none(central: Scene) -> None:
    central.answers()
    assert await central.authorize(text=central.mo.chain, emaid="DE-ABC-C99999999-9") == REFUSED


@pytest.mark.parametrize("trusts", [False, True])
async def test_without_authorities_no_responder_is_believed_and_the_file_says_what_then(
    tmp_path: Path, trusts: bool
) -> None:
    async with scene(tmp_path, believed=False, trusts=trusts) as central:
        central.answers()
        for way in ("certificate", "hashes", "both"):
            assert await shown(central, way) == (ACCEPTED if trusts else REFUSED)
        central.answers(REVOKED)
        assert await shown(central, "hashes") == REFUSED


async def test_trust_is_for_what_nobody_can_tell_and_not_for_what_does_not_hold(tmp_path: Path) -> None:
    async with scene(tmp_path, trusts=True) as central:
        central.answers(UNKNOWN)
        assert await shown(central, "certificate") == ACCEPTED
        central.answers(REVOKED, signer=MobilityOperator().lower)
        assert await shown(central, "hashes") == REFUSED
        assert await central.authorize(text=MobilityOperator(central.responder.url).chain) == REFUSED
