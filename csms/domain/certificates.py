"""What charge points ask about certificates, and who answers: values and a protocol, no cryptography."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

CHARGING_STATION = "ChargingStationCertificate"
"""For TLS with a central system (security profile 3); the other type, V2GCertificate, is for cars."""


class CertificateRefused(Exception):
    """A certificate that is not signed; says which rule the request breaks."""


@dataclass(frozen=True, slots=True)
class SigningRequest:
    """`csr` as the charge point sent it (PEM); its CN must be `name`. `kind` is OCPP's certificate type."""

    csr: str
    name: str
    kind: str = CHARGING_STATION


@dataclass(frozen=True, slots=True)
class Signed:
    """`chain` is PEM: the certificate, then those above it without the root."""

    chain: str
    serial_number: str
    expires_at_s: float


@dataclass(frozen=True, slots=True)
class StatusRequest:
    """A certificate that a car or a charge point wants to know about (2.0.1 OCSPRequestDataType): hashes and the
    serial number in hexadecimal."""

    hash_algorithm: str
    issuer_name_hash: str
    issuer_key_hash: str
    serial_number: str
    responder_url: str


class Validity(StrEnum):
    """What a responder says of a certificate (RFC 6960 section 2.2). UNKNOWN also where there is no answer to be had,
    or none that still holds and is surely its issuer's; DOUBTED where only such an answer says that it is revoked."""

    GOOD = "good"
    REVOKED = "revoked"
    UNKNOWN = "unknown"
    DOUBTED = "doubted"


@dataclass(frozen=True, slots=True)
class ContractCertificate:
    """What comes with the token of a contract (2.0.1 C07): `chain` is PEM; `hashes` are what to ask responders."""

    emaid: str = field(repr=False)
    chain: str | None = field(repr=False)
    hashes: tuple[StatusRequest, ...]


class Standing(StrEnum):
    """Of a contract certificate and those above it. UNCERTAIN where nothing speaks against it, and nobody who could
    be believed speaks for it."""

    VALID = "valid"
    EXPIRED = "expired"
    REVOKED = "revoked"
    INVALID = "invalid"
    UNCERTAIN = "uncertain"


@dataclass(frozen=True, slots=True)
class Examined:
    """How it stands without asking anybody, and why if it is bad; `ask` asks the responders, where any may be asked."""

    standing: Standing
    reason: str = ""
    ask: Callable[[], Awaitable[Standing]] | None = None


class Certificates(Protocol):
    """Who signs certificates and asks others about them."""

    def sign(self, request: SigningRequest, now_s: float) -> Signed:
        """Raises CertificateRefused."""
        ...

    async def status(self, request: StatusRequest) -> str | None:
        """The responder's OCSPResponse, DER in base64; None where there is none to be had."""
        ...

    def examine(self, contract: ContractCertificate, now_s: float) -> Examined: ...

    async def ev_certificate(self, charge_point_id: str, payload: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """What the backend answers to Get15118EVCertificate, in OCPP's words; None where it does not."""
        ...


class NoCertificates:
    """Implements Certificates where nothing is configured."""

    def sign(self, request: SigningRequest, now_s: float) -> Signed:
        raise CertificateRefused("no authority is configured")

    async def status(self, request: StatusRequest) -> str | None:
        return None

    def examine(self, contract: ContractCertificate, now_s: float) -> Examined:
        return Examined(Standing.UNCERTAIN)

    async def ev_certificate(self, charge_point_id: str, payload: Mapping[str, Any]) -> Mapping[str, Any] | None:
        return None
