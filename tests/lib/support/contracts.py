"""Contract certificates with the authorities above them, good and bad, and what OCSP responders say of them."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

from csms.certs import Pair, PrivateKey, pem
from csms.domain.certificates import StatusRequest

GOOD, REVOKED, UNKNOWN = ocsp.OCSPCertStatus.GOOD, ocsp.OCSPCertStatus.REVOKED, ocsp.OCSPCertStatus.UNKNOWN
SHA256 = hashes.SHA256()
EMAID = "DE-ABC-C12345678-9"


def issued(
    name: str,
    issuer: Pair | None,
    *,
    ca: bool | None = True,
    below: int | None = None,
    days: tuple[float, float] = (-10, 10),
    since: datetime | None = None,
    key: PrivateKey | None = None,
    signed_by: Pair | None = None,
    digest: Any = SHA256,
    responder: str | None = None,
    extensions: Sequence[tuple[x509.ExtensionType, bool]] = (),
) -> Pair:
    """A certificate of this name, valid so many days from now; `signed_by` signs in the issuer's name."""
    key, now = key or ec.generate_private_key(ec.SECP256R1()), since or datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)] if name else [])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if issuer is None else issuer.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(days=days[0]))
        .not_valid_after(now + timedelta(days=days[1]))
    )
    if ca is not None:
        builder = builder.add_extension(x509.BasicConstraints(ca, below if ca else None), critical=True)
    if responder is not None:
        access = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(responder))
        builder = builder.add_extension(x509.AuthorityInformationAccess([access]), critical=False)
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    signer = signed_by or issuer
    return Pair(builder.sign(key if signer is None else signer.key, digest), key)


def usage(*, digital_signature: bool) -> tuple[x509.ExtensionType, bool]:
    others = dict.fromkeys(
        ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "key_cert_sign"), False
    )
    bits = {**others, "crl_sign": not digital_signature, "encipher_only": False, "decipher_only": False}
    return x509.KeyUsage(digital_signature=digital_signature, **bits), True


ANSWERS_FOR_OTHERS: tuple[x509.ExtensionType, bool] = (
    x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING]),
    False,
)


@dataclass
class MobilityOperator:
    """A root, two authorities below it and a contract, each of which names a responder where there is one."""

    responder: str | None = None
    emaid: str = EMAID
    root: Pair = field(init=False)
    upper: Pair = field(init=False)
    lower: Pair = field(init=False)
    contract: Pair = field(init=False)

    def __post_init__(self) -> None:
        self.root = issued("MO root", None)
        self.upper = issued("MO sub 1", self.root, below=1, responder=self.responder)
        self.lower = issued("MO sub 2", self.upper, below=0, responder=self.responder)
        self.contract = issued(self.emaid, self.lower, ca=False, responder=self.responder)

    @property
    def chain(self) -> str:
        return chain(self.contract, self.lower, self.upper)

    @property
    def issuers(self) -> list[tuple[Pair, Pair]]:
        """Each certificate, and the one above it."""
        return list(pairwise((self.contract, self.lower, self.upper, self.root)))

    def hashes(self, url: str) -> tuple[StatusRequest, ...]:
        return tuple(asked(it, issuer, url) for it, issuer in self.issuers)


def chain(*pairs: Pair) -> str:
    return b"".join(pem(pair.certificate) for pair in pairs).decode()


def asked(it: Pair, issuer: Pair, url: str = "http://ocsp.example/", algorithm: Any = SHA256) -> StatusRequest:
    built = ocsp.OCSPRequestBuilder().add_certificate(it.certificate, issuer.certificate, algorithm).build()
    names = (built.issuer_name_hash.hex(), built.issuer_key_hash.hex())
    return StatusRequest(algorithm.name.upper(), *names, f"{built.serial_number:x}", url)


def answer(
    it: Pair,
    issuer: Pair,
    status: ocsp.OCSPCertStatus = GOOD,
    *,
    signer: Pair | None = None,
    by: ocsp.OCSPResponderEncoding = ocsp.OCSPResponderEncoding.HASH,
    along: Sequence[Pair] = (),
    hours: tuple[float, float | None] = (0, 24),
    since: datetime | None = None,
    algorithm: Any = SHA256,
    digest: Any = SHA256,
    extensions: Sequence[tuple[x509.ExtensionType, bool]] = (),
) -> bytes:
    """DER. Signed by the issuer if nobody else is said, and in the signer's name."""
    now, signer = since or datetime.now(UTC), signer or issuer
    begins, ends = (None if h is None else now + timedelta(hours=h) for h in hours)
    assert begins is not None
    at = (now - timedelta(days=1), None) if status is REVOKED else (None, None)
    builder = (
        ocsp.OCSPResponseBuilder()
        .add_response(it.certificate, issuer.certificate, algorithm, status, begins, ends, *at)
        .responder_id(by, signer.certificate)
    )
    if along:
        builder = builder.certificates([pair.certificate for pair in along])
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(signer.key, digest).public_bytes(serialization.Encoding.DER)


def rsa_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


def weak_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP224R1())


Answers = Callable[[int], bytes]
"""What is answered about a serial number."""


class Responder:
    """On the loopback interface; `answers` may be changed as it goes."""

    def __init__(self) -> None:
        self.host = ""
        self.answers: Answers = lambda _serial_number: b""
        self.asked: list[int] = []

    @property
    def url(self) -> str:
        return f"http://{self.host}/"

    async def respond(self, request: web.BaseRequest) -> web.StreamResponse:
        serial_number = ocsp.load_der_ocsp_request(await request.read()).serial_number
        self.asked.append(serial_number)
        return web.Response(body=self.answers(serial_number), content_type="application/ocsp-response")


@contextlib.asynccontextmanager
async def responder() -> AsyncIterator[Responder]:
    made = Responder()
    runner = web.ServerRunner(web.Server(made.respond))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.host = f"127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield made
    finally:
        await runner.cleanup()
