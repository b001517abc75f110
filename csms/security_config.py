"""How config.toml says who gets in and whose certificates are made: [[ocpp.listeners]] and [certificates]."""

from __future__ import annotations

from typing import Annotated, Literal

from annotated_types import Ge, Le
from pydantic import Field, field_validator
from pydantic import ValidationInfo as Info

from csms.validation import Section, broken_rule, broken_rules, matching, repeated

Host = Annotated[str, matching(r"[A-Za-z0-9.:_-]{1,255}", "must be a host name or an address")]
Port = Annotated[int, Ge(0), Le(65535)]
SecurityProfile = Annotated[int, Ge(0), Le(3)]
FilePath = Annotated[str, matching(r"[^\x00]+", "must be the path of a file")]

BackendUrl = Annotated[
    str, Field(max_length=1000), matching(r"https?://[^\s/?#@]+([/?#]\S*)?", "must be an http or https address")
]

CertificateType = Literal["ChargingStationCertificate", "V2GCertificate"]


def _for_charge_points() -> list[CertificateType]:
    return ["ChargingStationCertificate"]


class ListenerConfig(Section):
    """[[ocpp.listeners]]: profiles 2 and 3 need TLS, 3 the authority of client certificates too."""

    host: Host = "127.0.0.1"
    port: Port
    security_profile: SecurityProfile = 0
    behind_tls_proxy: bool = False
    certificates: list[FilePath] = Field(default_factory=list, max_length=4, validate_default=True)
    private_keys: list[FilePath] = Field(default_factory=list, max_length=4, validate_default=True)
    client_ca_file: FilePath | None = Field(default=None, validate_default=True)

    @field_validator("behind_tls_proxy")
    @classmethod
    def _counts_as_tls(cls, behind: bool, info: Info) -> bool:
        if behind and info.data.get("security_profile", 2) != 2:
            raise broken_rule("needs security_profile to be 2")
        return behind

    @field_validator("certificates")
    @classmethod
    def _for_tls(cls, files: list[str], info: Info) -> list[str]:
        profile = info.data.get("security_profile")
        if info.data.get("behind_tls_proxy"):
            if files:
                raise broken_rule("must be absent where behind_tls_proxy is true")
            return files
        if profile in (2, 3) and not files:
            raise broken_rule("is required for security_profile 2 and 3")
        if profile in (0, 1) and files:
            raise broken_rule("must be absent for security_profile 0 and 1")
        return files

    @field_validator("private_keys")
    @classmethod
    def _one_for_each(cls, files: list[str], info: Info) -> list[str]:
        if len(files) != len(info.data.get("certificates", files)):
            raise broken_rule("must have one key for each of certificates, in their order")
        return files

    @field_validator("client_ca_file")
    @classmethod
    def _for_mutual_tls(cls, file: str | None, info: Info) -> str | None:
        profile = info.data.get("security_profile")
        if profile == 3 and file is None:
            raise broken_rule("is required for security_profile 3")
        if profile in (0, 1, 2) and file is not None:
            raise broken_rule("must be absent unless security_profile is 3")
        return file


class CertificatesConfig(Section):
    """[certificates]: what is done about certificates that charge points ask for."""

    ca_certificate: FilePath | None = None
    ca_private_key: FilePath | None = Field(default=None, validate_default=True)
    validity_days: Annotated[int, Ge(1), Le(3650)] = 365
    allowed_types: list[CertificateType] = Field(default_factory=_for_charge_points)
    allowed_ocsp_hosts: list[Host] = Field(default_factory=list, max_length=100)
    contract_ca_file: FilePath | None = None
    ev_certificate_url: BackendUrl | None = None

    @field_validator("ca_private_key")
    @classmethod
    def _with_its_certificate(cls, key: str | None, info: Info) -> str | None:
        if (key is None) is not (info.data.get("ca_certificate") is None):
            raise broken_rule("must be given together with ca_certificate")
        return key

    @field_validator("allowed_types", "allowed_ocsp_hosts")
    @classmethod
    def _distinct(cls, items: list[str]) -> list[str]:
        broken_rules(repeated(items))
        return items
