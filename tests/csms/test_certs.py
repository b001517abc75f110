"""csms certs: files that OpenSSL takes, keys that others cannot read, and an authority that is not overwritten."""

import ssl
import stat
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID
from typer.testing import CliRunner, Result

from csms.certs import Pair
from csms.cli import app


def run(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ("certs", *arguments, "--folder", str(folder)))


def test_an_authority_a_server_and_a_charge_point_fit_together(tmp_path: Path) -> None:
    for command in (
        ("ca", "--name", "Test"),
        ("server", "--host", "csms.example", "--host", "127.0.0.1", "--organization", "CSMS Ltd"),
        ("charge-point", "CP 1", "--organization", "Charging Ltd", "--kind", "rsa"),
    ):
        assert run(tmp_path, *command).exit_code == 0
    names = ["ca", "server-ecdsa", "server-rsa", "CP 1"]
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted(
        name + end for name in names for end in (".pem", ".key")
    )
    ca = Pair.read(tmp_path / "ca.pem", tmp_path / "ca.key").certificate
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    for name in names:
        pair = Pair.read(tmp_path / f"{name}.pem", tmp_path / f"{name}.key")
        pair.certificate.verify_directly_issued_by(ca)
        context.load_cert_chain(tmp_path / f"{name}.pem", tmp_path / f"{name}.key")
        assert stat.S_IMODE((tmp_path / f"{name}.key").stat().st_mode) == 0o600
    hosts = Pair.read(tmp_path / "server-rsa.pem", tmp_path / "server-rsa.key").certificate
    alternative = hosts.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert alternative.get_values_for_type(x509.DNSName) == ["csms.example"]
    assert [part.value for part in hosts.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)] == ["CSMS Ltd"]
    subject = pair.certificate.subject
    assert [part.value for part in subject.get_attributes_for_oid(NameOID.COMMON_NAME)] == ["CP 1"]
    assert [part.value for part in subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)] == ["Charging Ltd"]


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (("server", "--host", "x"), "make one with csms certs ca"),
        (("charge-point", "../CP-1"), "cannot be the name of a file"),
    ],
)
def test_what_cannot_be_made_is_refused_with_the_reason(tmp_path: Path, command: tuple[str, ...], reason: str) -> None:
    result = run(tmp_path, *command)
    assert (result.exit_code, reason in result.output) == (2, True)


def test_an_authority_is_not_overwritten_and_other_certificates_are_made_anew(tmp_path: Path) -> None:
    assert run(tmp_path, "ca").exit_code == 0
    before = (tmp_path / "ca.key").read_bytes()
    assert run(tmp_path, "ca").exit_code == 2
    assert (tmp_path / "ca.key").read_bytes() == before
    (tmp_path / "CP-1.key").touch(0o644)
    for _ in range(2):
        assert run(tmp_path, "charge-point", "CP-1").exit_code == 0
    assert stat.S_IMODE((tmp_path / "CP-1.key").stat().st_mode) == 0o600
