"""The authority: what it signs, for whom, and what is in it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from csms.certificates.signing import Authority, AuthorityUnusable
from csms.certs import Kind, Pair, authority, charge_point, new_key, request
from csms.domain.certificates import CertificateRefused, SigningRequest

ROOT = authority("root", 1000)
NOW = datetime.now(UTC).replace(microsecond=0)
NOW_S = NOW.timestamp()
KEY = new_key(Kind.ECDSA)


def signer(**changes: Any) -> Authority:
    settings: dict[str, Any] = {"validity_days": 30, "kinds": ["ChargingStationCertificate"], "organization": None}
    return Authority(changes.pop("pair", ROOT), changes.pop("above", ()), **(settings | changes))


def ask(key: Any, *names: str, algorithm: Any = None) -> str:
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, name) for name in names]
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(parts))
    return builder.sign(key, algorithm).public_bytes(serialization.Encoding.PEM).decode()


@pytest.mark.parametrize("kind", list(Kind))
def test_what_is_signed_is_the_key_under_the_name_that_was_checked_and_nothing_else(kind: Kind) -> None:
    key = new_key(kind)
    builder = x509.CertificateSigningRequestBuilder().subject_name(
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "CP-1"), x509.NameAttribute(NameOID.COUNTRY_NAME, "XX")])
    )
    greedy = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    csr = greedy.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()
    signed = signer().sign(SigningRequest(csr, "CP-1"), NOW_S)
    certificate = x509.load_pem_x509_certificate(signed.chain.encode())
    certificate.verify_directly_issued_by(ROOT.certificate)
    assert certificate.public_key() == key.public_key()
    assert certificate.subject == x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "CP-1")])
    assert not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    usages = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usages) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert certificate.not_valid_after_utc == NOW + timedelta(days=30)
    assert certificate.not_valid_before_utc <= NOW
    assert signed.expires_at_s == (NOW + timedelta(days=30)).timestamp()
    assert int(signed.serial_number, 16) == certificate.serial_number


def forged(name: str) -> str:
    """Somebody else's key: the request is not signed with it."""
    der = x509.load_pem_x509_csr(request(KEY, name).encode()).public_bytes(serialization.Encoding.DER)
    changed = der[:-1] + bytes([der[-1] ^ 1])
    return x509.load_der_x509_csr(changed).public_bytes(serialization.Encoding.PEM).decode()


WEAK = rsa.generate_private_key(65537, 1024)  # noqa: S505  # that is what it is for


@pytest.mark.parametrize(
    ("csr", "reason"),
    [
        ("", "PEM"),
        ("-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n", "PEM"),
        ("\ud800", "PEM"),
        (request(KEY, "CP-2"), "common name must be CP-1"),
        (ask(KEY, "CP-1", "CP-2", algorithm=hashes.SHA256()), "common name must be CP-1"),
        (ask(KEY, algorithm=hashes.SHA256()), "common name must be CP-1"),
        (ask(WEAK, "CP-1", algorithm=hashes.SHA256()), "2048"),
        (ask(ec.generate_private_key(ec.SECP192R1()), "CP-1", algorithm=hashes.SHA256()), "P-256"),
        (ask(ed25519.Ed25519PrivateKey.generate(), "CP-1"), "SHA-256"),
        (forged("CP-1"), "signature is not valid"),
    ],
)
def test_a_request_that_is_not_what_it_should_be_is_refused_with_the_reason(csr: str, reason: str) -> None:
    with pytest.raises(CertificateRefused, match=reason):
        signer().sign(SigningRequest(csr, "CP-1"), NOW_S)


def test_a_request_of_another_organization_is_refused_and_the_right_one_is_in_the_certificate() -> None:
    ours = signer(organization="Charging Ltd")
    with pytest.raises(CertificateRefused, match="Charging Ltd"):
        ours.sign(SigningRequest(request(KEY, "CP-1", "Somebody"), "CP-1"), NOW_S)
    signed = ours.sign(SigningRequest(request(KEY, "CP-1", "Charging Ltd"), "CP-1"), NOW_S)
    subject = x509.load_pem_x509_certificate(signed.chain.encode()).subject
    assert [part.value for part in subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)] == ["Charging Ltd"]


def test_only_the_types_that_are_allowed_are_signed() -> None:
    csr = request(KEY, "CP-1")
    with pytest.raises(CertificateRefused, match="V2GCertificate"):
        signer().sign(SigningRequest(csr, "CP-1", "V2GCertificate"), NOW_S)
    for_cars = signer(kinds=["V2GCertificate"]).sign(SigningRequest(csr, "CP-1", "V2GCertificate"), NOW_S)
    certificate = x509.load_pem_x509_certificate(for_cars.chain.encode())
    usages = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usages) == [ExtendedKeyUsageOID.SERVER_AUTH]


def test_nothing_outlives_the_authority() -> None:
    short = authority("short", 2)
    signed = signer(pair=short).sign(SigningRequest(request(KEY, "CP-1"), "CP-1"), NOW_S)
    assert signed.expires_at_s == short.certificate.not_valid_after_utc.timestamp()
    with pytest.raises(CertificateRefused, match="expired"):
        signer(pair=short).sign(SigningRequest(request(KEY, "CP-1"), "CP-1"), NOW_S + 3 * 86_400)


def test_the_chain_has_what_is_between_the_certificate_and_the_root() -> None:
    between = authority("between", 100)
    signed_by_root = (
        x509.CertificateBuilder()
        .subject_name(between.certificate.subject)
        .issuer_name(ROOT.certificate.subject)
        .public_key(between.key.public_key())
        .serial_number(5)
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=100))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(ROOT.key, hashes.SHA256())
    )
    pair = Pair(signed_by_root, between.key)
    signed = signer(pair=pair, above=[ROOT.certificate]).sign(SigningRequest(request(KEY, "CP-1"), "CP-1"), NOW_S)
    leaf, *above = x509.load_pem_x509_certificates(signed.chain.encode())
    assert above == [signed_by_root]
    leaf.verify_directly_issued_by(signed_by_root)
    with pytest.raises(CertificateRefused, match="too long"):
        signer(pair=pair, above=[signed_by_root] * 20).sign(SigningRequest(request(KEY, "CP-1"), "CP-1"), NOW_S)


def test_files_that_are_no_authority_are_refused_with_their_names(tmp_path: Path) -> None:
    def read(name: str, key: str) -> Authority:
        return Authority.read(tmp_path / name, tmp_path / key, validity_days=1, kinds=[], organization=None)

    ROOT.write(tmp_path / "ca")
    charge_point(ROOT, "CP-1", 1).write(tmp_path / "leaf")
    assert read("ca.pem", "ca.key") is not None
    for name, key in (("leaf.pem", "leaf.key"), ("ca.pem", "leaf.key"), ("none.pem", "ca.key"), ("ca.key", "ca.key")):
        with pytest.raises(AuthorityUnusable, match=name):
            read(name, key)
