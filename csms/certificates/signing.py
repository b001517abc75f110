"""An authority that signs what charge points ask for (SignCertificate). Pure, but for reading its files once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from csms.certificates.strength import HASHES, is_strong
from csms.certs import Pair
from csms.domain.certificates import CHARGING_STATION, CertificateRefused, Signed, SigningRequest

_CLOCKS_DIFFER = timedelta(minutes=5)
_LONGEST_CHAIN = 10_000
"""Characters that CertificateSigned takes in either version."""


class AuthorityUnusable(Exception):
    """The files of the authority cannot be used; says which and why."""


class Authority:
    """Signs only what it was told to: `kinds` of certificates, and where `organization` is given, only its own."""

    def __init__(
        self,
        pair: Pair,
        above: Sequence[x509.Certificate],
        *,
        validity_days: int,
        kinds: Sequence[str],
        organization: str | None,
    ) -> None:
        self._pair = pair
        self._above = [c for c in (pair.certificate, *above) if c.issuer != c.subject]  # charge points have the root
        self._validity = timedelta(days=validity_days)
        self._kinds = frozenset(kinds)
        self._organization = organization

    @classmethod
    def read(
        cls,
        certificate_file: Path,
        key_file: Path,
        *,
        validity_days: int,
        kinds: Sequence[str],
        organization: str | None,
    ) -> Authority:
        """Raises AuthorityUnusable."""
        try:
            pair = Pair.read(certificate_file, key_file)
            chain = x509.load_pem_x509_certificates(certificate_file.read_bytes())
            constraints = pair.certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
        except (OSError, ValueError, TypeError, x509.ExtensionNotFound) as error:
            raise AuthorityUnusable(f"[certificates] {certificate_file}, {key_file}: {error}") from error
        if not constraints.ca:
            raise AuthorityUnusable(f"[certificates] {certificate_file} is not the certificate of an authority")
        return cls(pair, chain[1:], validity_days=validity_days, kinds=kinds, organization=organization)

    def sign(self, request: SigningRequest, now_s: float) -> Signed:
        """Raises CertificateRefused."""
        if request.kind not in self._kinds:
            raise CertificateRefused(f"certificates of type {request.kind} are not signed here")
        csr = _checked(request.csr, request.name, self._organization)
        certificate = self._certificate(csr, request, datetime.fromtimestamp(now_s, UTC))
        parts = [certificate, *self._above]
        chain = b"".join(part.public_bytes(serialization.Encoding.PEM) for part in parts).decode()
        if len(chain) > _LONGEST_CHAIN:
            raise CertificateRefused("the chain is too long for OCPP: it would have more than 10000 characters")
        expires_at_s = certificate.not_valid_after_utc.timestamp()
        return Signed(chain, f"{certificate.serial_number:x}", expires_at_s)

    def _certificate(
        self, csr: x509.CertificateSigningRequest, request: SigningRequest, now: datetime
    ) -> x509.Certificate:
        """With nothing of the request in it but its key, and the name that was checked."""
        issuer = self._pair.certificate
        expires = min(now + self._validity, issuer.not_valid_after_utc)
        if expires <= now:
            raise CertificateRefused("the authority's own certificate has expired")
        key = csr.public_key()
        if not isinstance(key, ec.EllipticCurvePublicKey | rsa.RSAPublicKey):
            raise CertificateRefused("the key is neither RSA nor elliptic curve")
        for_us = request.kind == CHARGING_STATION
        purpose = ExtendedKeyUsageOID.CLIENT_AUTH if for_us else ExtendedKeyUsageOID.SERVER_AUTH
        return (
            x509.CertificateBuilder()
            .subject_name(_subject(request.name, self._organization))
            .issuer_name(issuer.subject)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(max(now - _CLOCKS_DIFFER, issuer.not_valid_before_utc))
            .not_valid_after(expires)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(encipherment=isinstance(key, rsa.RSAPublicKey)), critical=True)
            .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._pair.key.public_key()), critical=False
            )
            .sign(self._pair.key, hashes.SHA256())
        )


def _checked(text: str, name: str, organization: str | None) -> x509.CertificateSigningRequest:
    """A request that proves its key, is strong enough, and asks for its own name. Raises CertificateRefused."""
    try:
        csr = x509.load_pem_x509_csr(text.encode())
        signed = csr.is_signature_valid
        key, algorithm = csr.public_key(), csr.signature_hash_algorithm
        names = [str(part.value) for part in csr.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
        organizations = [str(part.value) for part in csr.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)]
    except (ValueError, TypeError, UnsupportedAlgorithm) as unreadable:
        raise CertificateRefused("it is no certificate signing request in PEM that can be read") from unreadable
    if not signed:
        raise CertificateRefused("its signature is not valid")
    if not isinstance(algorithm, HASHES):
        raise CertificateRefused("it must be signed with SHA-256, SHA-384 or SHA-512")
    if not is_strong(key):
        raise CertificateRefused("its key must be RSA of 2048 to 8192 bits, or of the curve P-256, P-384 or P-521")
    if names != [name]:
        raise CertificateRefused(f"its common name must be {name}")
    if organization is not None and organization not in organizations:
        raise CertificateRefused(f"its organization must be {organization}")
    return csr


def _subject(name: str, organization: str | None) -> x509.Name:
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, name)]
    if organization is not None:
        parts.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization))
    return x509.Name(parts)


def _usage(*, encipherment: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=encipherment,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
