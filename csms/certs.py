"""Certificates for trying and for tests: an authority of one's own, and what it signs. Files are PEM."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

_CLOCKS_DIFFER = timedelta(minutes=5)
_RSA_BITS = 2048


class Kind(StrEnum):
    """Of a key. Both are at least as strong as A00.FR.501 and its siblings ask for."""

    ECDSA = "ecdsa"
    RSA = "rsa"


@dataclass(frozen=True, slots=True)
class Pair:
    certificate: x509.Certificate
    key: PrivateKey

    def write(self, stem: Path, chain: Sequence[x509.Certificate] = ()) -> tuple[Path, Path]:
        """STEM.pem, with the chain behind it, and STEM.key, which its owner alone can read."""
        stem.parent.mkdir(parents=True, exist_ok=True)
        certificate_file, key_file = Path(f"{stem}.pem"), Path(f"{stem}.key")
        certificate_file.write_bytes(b"".join(pem(certificate) for certificate in (self.certificate, *chain)))
        key_file.unlink(missing_ok=True)  # a file that others can read must not be filled with a key
        key_file.touch(mode=0o600)
        key_file.write_bytes(
            self.key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return certificate_file, key_file

    @classmethod
    def read(cls, certificate_file: Path, key_file: Path) -> Pair:
        """Raises ValueError or OSError."""
        certificate = x509.load_pem_x509_certificate(certificate_file.read_bytes())
        key = serialization.load_pem_private_key(key_file.read_bytes(), None)
        if not isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
            raise ValueError(f"{key_file} holds no RSA or EC key")  # noqa: TRY004  # of a file, not of an argument
        if key.public_key() != certificate.public_key():
            raise ValueError(f"{key_file} is not the key of {certificate_file}")
        return cls(certificate, key)


def authority(name: str, days: int, kind: Kind = Kind.ECDSA) -> Pair:
    """One that signs itself, and may sign others."""
    key, subject = new_key(kind), _name(name, None)
    usage = _usage(signs_certificates=True)
    builder = (
        _builder(subject, subject, key, days)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(usage, critical=True)
    )
    return Pair(builder.sign(key, hashes.SHA256()), key)


def server(
    ca: Pair,
    hosts: Sequence[str],
    days: int,
    kind: Kind = Kind.ECDSA,
    organization: str | None = None,
) -> Pair:
    """For a central system reached by these names and addresses; the first is its CN (A00.FR.509 and .510)."""
    return _signed(ca, _name(hosts[0], organization), ExtendedKeyUsageOID.SERVER_AUTH, days, kind, hosts)


def charge_point(
    ca: Pair,
    charge_point_id: str,
    days: int,
    kind: Kind = Kind.ECDSA,
    organization: str | None = None,
) -> Pair:
    """For a charge point with security profile 3."""
    name = _name(charge_point_id, organization)
    return _signed(ca, name, ExtendedKeyUsageOID.CLIENT_AUTH, days, kind)


def request(key: PrivateKey, common_name: str, organization: str | None = None) -> str:
    """A certificate signing request (PEM), as a charge point sends one."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(_name(common_name, organization))
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def new_key(kind: Kind) -> PrivateKey:
    if kind is Kind.ECDSA:
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(65537, _RSA_BITS)


def pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _signed(
    ca: Pair,
    subject: x509.Name,
    purpose: x509.ObjectIdentifier,
    days: int,
    kind: Kind,
    hosts: Sequence[str] = (),
) -> Pair:
    key = new_key(kind)
    builder = (
        _builder(subject, ca.certificate.subject, key, days)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca.key.public_key()), critical=False)
    )
    if hosts:
        builder = builder.add_extension(x509.SubjectAlternativeName([_host(host) for host in hosts]), critical=False)
    return Pair(builder.sign(ca.key, hashes.SHA256()), key)


def _builder(subject: x509.Name, issuer: x509.Name, key: PrivateKey, days: int) -> x509.CertificateBuilder:
    begins = datetime.now(UTC) - _CLOCKS_DIFFER
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=not signs_certificates,  # TLS_RSA suites send the secret to an RSA key
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _name(common_name: str, organization: str | None) -> x509.Name:
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)]
    if organization is not None:
        parts.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization))
    return x509.Name(parts)


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)
