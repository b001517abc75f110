"""[[ocpp.listeners]] and [certificates]: what is asked of them, and what check-config says of their files."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from typer.testing import CliRunner

from csms.app import listener_profiles
from csms.certs import authority, server
from csms.cli import app
from csms.config import Config, OcppConfig
from csms.validation import field_errors

SITES = [{"site_id": "a", "grid_capacity_kw": 50.0}]
TLS: dict[str, Any] = {"certificates": ["a.pem"], "private_keys": ["a.key"]}
MUTUAL: dict[str, Any] = {"security_profile": 3, **TLS, "client_ca_file": "ca.pem"}


def errors(document: dict[str, Any]) -> list[tuple[str, str]]:
    try:
        Config.model_validate({"sites": SITES, **document})
    except ValidationError as invalid:
        return [(error.field, error.rule) for error in field_errors(invalid)]
    return []


@pytest.mark.parametrize(
    ("listener", "field", "rule"),
    [
        ({"security_profile": 4}, "security_profile", "must be at most 3"),
        ({"security_profile": "2"}, "security_profile", "must be a whole number"),
        ({"security_profile": 2}, "certificates", "is required for security_profile 2 and 3"),
        ({"security_profile": 1, **TLS}, "certificates", "must be absent for security_profile 0 and 1"),
        (
            {"security_profile": 2, "certificates": ["a.pem", "b.pem"], "private_keys": ["a.key"]},
            "private_keys",
            "must have one key for each of certificates, in their order",
        ),
        ({"security_profile": 3, **TLS}, "client_ca_file", "is required for security_profile 3"),
        (MUTUAL | {"security_profile": 2}, "client_ca_file", "must be absent unless security_profile is 3"),
        ({"behind_tls_proxy": True}, "behind_tls_proxy", "needs security_profile to be 2"),
        (MUTUAL | {"behind_tls_proxy": True}, "behind_tls_proxy", "needs security_profile to be 2"),
        (
            {"security_profile": 2, "behind_tls_proxy": True, **TLS},
            "certificates",
            "must be absent where behind_tls_proxy is true",
        ),
        ({"ports": 1}, "ports", "is not a known field"),
    ],
)
def test_a_listener_must_have_what_its_profile_needs(listener: dict[str, Any], field: str, rule: str) -> None:
    found = errors({"ocpp": {"listeners": [{"port": 1}, {"port": 9443, **listener}]}})
    assert (f"ocpp.listeners[1].{field}", rule) in found


def test_listeners_of_every_profile_stand_side_by_side() -> None:
    profiles: list[dict[str, Any]] = [{}, {"security_profile": 1}, {"security_profile": 2, **TLS}, MUTUAL]
    profiles.append({"security_profile": 2, "behind_tls_proxy": True})
    assert errors({"ocpp": {"listeners": [{"port": n, **profile} for n, profile in enumerate(profiles)]}}) == []


@pytest.mark.parametrize(
    ("section", "field", "rule"),
    [
        ({"ca_certificate": "ca.pem"}, "ca_private_key", "must be given together with ca_certificate"),
        ({"ca_private_key": "ca.key"}, "ca_private_key", "must be given together with ca_certificate"),
        ({"validity_days": 0}, "validity_days", "must be at least 1"),
        ({"allowed_ocsp_hosts": ["http://x"]}, "allowed_ocsp_hosts[0]", "must be a host name or an address"),
        ({"allowed_ocsp_hosts": ["x", "x"]}, "allowed_ocsp_hosts[1]", "must not be repeated"),
        ({"ev_certificate_url": "ftp://x"}, "ev_certificate_url", "must be an http or https address"),
        ({"ev_certificate_url": "http://user:secret@x"}, "ev_certificate_url", "must be an http or https address"),
    ],
)
def test_the_section_of_certificates_is_checked(section: dict[str, Any], field: str, rule: str) -> None:
    assert errors({"certificates": section}) == [(f"certificates.{field}", rule)]


def test_check_config_says_which_file_cannot_be_used(tmp_path: Path) -> None:
    def checked(text: str) -> tuple[int, str]:
        path = tmp_path / "config.toml"
        path.write_text(f'{text}\n[[sites]]\nsite_id = "a"\ngrid_capacity_kw = 50\n')
        result = CliRunner().invoke(app, ("check-config", str(path)))
        return result.exit_code, result.output

    ca = authority("ca", 1)
    ca.write(tmp_path / "ca")
    certificate, key = server(ca, ["localhost"], 1).write(tmp_path / "server")
    listener = f'[[ocpp.listeners]]\nport = 0\nsecurity_profile = 2\ncertificates = ["{certificate}"]\n'
    storage = f'[storage]\nurl = "sqlite+aiosqlite:///{tmp_path}/csms.db"\n'
    good = f'{storage}{listener}private_keys = ["{key}"]\n'
    assert checked(good) == (0, f"{tmp_path}/config.toml: 1 site(s), no errors\n")
    idle = "ocpp.port has no effect: [[ocpp.listeners]] say where charge points connect"
    assert checked(f"ocpp.port = 9000\n{good}")[1].splitlines()[1:] == [idle]
    code, output = checked(f'{storage}{listener}private_keys = ["{tmp_path}/none.key"]\n')
    assert (code, "none.key" in output) == (2, True)
    signing = f'[certificates]\nca_certificate = "{certificate}"\nca_private_key = "{key}"\n'
    code, output = checked(good + signing)
    assert (code, "is not the certificate of an authority" in output) == (2, True)
    contracts = '[certificates]\ncontract_ca_file = "{}"\n'
    assert checked(good + contracts.format(tmp_path / "ca.pem"))[0] == 0
    code, output = checked(good + contracts.format(certificate))
    assert (code, "contract_ca_file" in output) == (2, True)


@pytest.mark.parametrize(
    ("listeners", "expected"),
    [
        ([], (0, 1)),
        ([{"port": 9000}], (0, 1)),
        ([{"port": 9001, "security_profile": 1}], (1,)),
        ([{"port": 9443, "security_profile": 2, "behind_tls_proxy": True}, {"port": 9000}], (0, 1, 2)),
    ],
)
def test_the_profiles_that_listeners_let_in_are_known(listeners: list[Any], expected: tuple[int, ...]) -> None:
    assert listener_profiles(OcppConfig.model_validate({"listeners": listeners})) == expected
