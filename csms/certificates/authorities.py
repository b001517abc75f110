"""Whose contract certificates are believed: mobility operators' roots and the authorities below them. Pure, but for
reading their file once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.verification import Criticality, ExtensionPolicy, Policy, PolicyBuilder, Store, VerificationError

from csms.certificates.signing import AuthorityUnusable
from csms.certificates.strength import HASHES, is_strong
from csms.domain.certificates import StatusRequest

ALGORITHMS: dict[str, hashes.HashAlgorithm] = {
    "SHA256": hashes.SHA256(),
    "SHA384": hashes.SHA384(),
    "SHA512": hashes.SHA512(),
}
"""HashAlgorithmEnumType."""

MOST_BETWEEN = 3
"""Authorities between a contract and its root; ISO 15118-2 has two at most."""

_ANY_LEAF = (x509.SubjectAlternativeName, x509.ExtendedKeyUsage, x509.AuthorityKeyIdentifier)
"""What the web asks of certificates of servers and clients, and ISO 15118 does not of contracts."""


UNREADABLE = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)
"""What looking at a certificate of others may raise."""


class NoPath(Exception):
    """A certificate that leads to no authority; says why, and names nobody."""


class Authorities:
    """Each is believed as it stands, but those whose issuer is here too: they need it, and count as long as it does."""

    def __init__(self, certificates: Sequence[x509.Certificate]) -> None:
        """Raises ValueError."""
        distinct = list(dict.fromkeys(certificates))
        for certificate in distinct:
            _must_be_an_authority(certificate)
        self._above = {c: [a for a in distinct if a != c and is_issued_by(c, a)] for c in distinct}
        roots = [c for c, above in self._above.items() if not above or is_issued_by(c, c)]
        if not roots:
            raise ValueError("there is no root among them")
        self._roots = frozenset(roots)
        self._store = Store(roots)
        self._below = [c for c in distinct if c not in self._roots]
        self._known: dict[tuple[str, str, str], list[x509.Certificate]] = {}
        for certificate in distinct:
            for name, algorithm in ALGORITHMS.items():
                self._known.setdefault((name, *identity(certificate, algorithm)), []).append(certificate)

    @classmethod
    def read(cls, file: Path) -> Authorities:
        """Raises AuthorityUnusable."""
        try:
            return cls(x509.load_pem_x509_certificates(file.read_bytes()))
        except (OSError, *UNREADABLE) as error:
            raise AuthorityUnusable(f"[certificates] contract_ca_file {file}: {error}") from error

    def issuers(self, request: StatusRequest, now: datetime) -> tuple[x509.Certificate, ...]:
        """Of the certificate that is asked about: those here that have this name and key, and count now."""
        key = (request.hash_algorithm, request.issuer_name_hash.lower(), request.issuer_key_hash.lower())
        return tuple(c for c in self._known.get(key, ()) if self._counts(c, now))

    def some_expired(self, now: datetime) -> bool:
        return any(certificate.not_valid_after_utc < now for certificate in self._above)

    def path(
        self, contract: x509.Certificate, sent: Sequence[x509.Certificate], now: datetime
    ) -> list[x509.Certificate]:
        """From the contract up to one that is believed as it stands, over those that came with it (RFC 5280 section 6).

        Raises NoPath.
        """
        builder = PolicyBuilder().store(self._store).time(now).max_chain_depth(MOST_BETWEEN)
        verifier = builder.extension_policies(ca_policy=_authority_policy(), ee_policy=_contract_policy())
        try:
            return verifier.build_client_verifier().verify(contract, [*sent, *self._below]).chain
        except (VerificationError, *UNREADABLE) as error:
            # What stands in brackets is the certificate with its name, and the name of a contract is a person's.
            raise NoPath(str(error).split(" (encountered")[0].removeprefix("validation failed: ")) from None

    def _counts(self, certificate: x509.Certificate, now: datetime, height: int = 0) -> bool:
        if height > MOST_BETWEEN + 1 or not is_valid(certificate, now):
            return False
        return certificate in self._roots or any(
            self._counts(above, now, height + 1) for above in self._above[certificate]
        )


def identity(issuer: x509.Certificate, algorithm: hashes.HashAlgorithm) -> tuple[str, str]:
    """The hashes of its name and its key, in hexadecimal: so those call an issuer who ask about what it issued (RFC
    6960 section 4.1.1). Raises UnsupportedAlgorithm."""
    return _hash(issuer.subject.public_bytes(), algorithm), _hash(_bits(issuer.public_key()), algorithm)


def _bits(key: object) -> bytes:
    """What the BIT STRING of a public key holds."""
    if isinstance(key, ec.EllipticCurvePublicKey):
        return key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    if isinstance(key, rsa.RSAPublicKey):
        return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.PKCS1)
    raise UnsupportedAlgorithm("neither RSA nor elliptic curve")


def _hash(data: bytes, algorithm: hashes.HashAlgorithm) -> str:
    made = hashes.Hash(algorithm)
    made.update(data)
    return made.finalize().hex()


def is_valid(certificate: x509.Certificate, now: datetime) -> bool:
    return certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc


def is_issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """By name, and by a signature that is strong enough."""
    try:
        if not isinstance(certificate.signature_hash_algorithm, HASHES):
            return False
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, *UNREADABLE):
        return False
    return True


def is_authority(certificate: x509.Certificate) -> bool:
    """Whether it says of itself that it may issue others. Raises what is UNREADABLE."""
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _must_be_an_authority(certificate: x509.Certificate) -> None:
    """Raises ValueError."""
    name = certificate.subject.rfc4514_string()
    if not is_authority(certificate):
        raise ValueError(f"{name} is not the certificate of an authority")
    if not is_strong(certificate.public_key()):
        raise ValueError(f"the key of {name} must be RSA of 2048 to 8192 bits, or of the curve P-256, P-384 or P-521")


def _authority_policy() -> ExtensionPolicy:
    policy = ExtensionPolicy.webpki_defaults_ca()
    policy = policy.may_be_present(x509.KeyUsage, Criticality.AGNOSTIC, _must_sign_certificates)
    return policy.may_be_present(x509.ExtendedKeyUsage, Criticality.AGNOSTIC, None)


def _must_sign_certificates(_policy: Policy, _certificate: x509.Certificate, usage: x509.KeyUsage | None) -> None:
    """Where it says what for at all (RFC 5280 section 6.1.4 n). Raises ValueError."""
    if usage is not None and not usage.key_cert_sign:
        raise ValueError("an authority may not sign certificates")


def _contract_policy() -> ExtensionPolicy:
    policy = ExtensionPolicy.webpki_defaults_ee()
    for extension in _ANY_LEAF:
        policy = policy.may_be_present(extension, Criticality.AGNOSTIC, None)
    return policy
