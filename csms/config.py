"""config.toml: its models, how it is read, and what it means to the domain. The only reader of files and environment.

Unknown keys are errors, and every error is reported at once with its path in the file.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt, Le
from pydantic import AfterValidator, AllowInfNan, Field, ValidationError, field_validator
from pydantic import ValidationInfo as Info

from csms.config_ids import identity_errors
from csms.domain.authorization import AuthorizationRules, IdToken, token_key
from csms.domain.model import BalancerSettings
from csms.domain.urls import url_understood
from csms.operation_config import LogConfig, MetricsConfig, RetentionConfig, WebhooksConfig
from csms.security_config import CertificatesConfig, Host, ListenerConfig, Port
from csms.site_config import SiteConfig
from csms.token_models import IdTokenConfig, TokenText
from csms.validation import (
    Label,
    Section,
    Sha256,
    broken_rule,
    broken_rules,
    field_errors,
    field_path,
    matching,
    repeated,
)

ENVIRONMENT_VARIABLE = "CSMS_CONFIG"
DEFAULT_PATH = Path("config.toml")


@dataclass(frozen=True, slots=True)
class ConfigError:
    """`path` is where in the file, such as `sites[0].charge_points[2].max_power_kw`, or the file itself."""

    path: str
    rule: str

    def __str__(self) -> str:
        return f"{self.path}: {self.rule}"


class ConfigInvalid(Exception):
    """Everything that is wrong with a configuration file."""

    def __init__(self, errors: list[ConfigError]) -> None:
        super().__init__("\n".join(str(error) for error in errors))
        self.errors = errors


def find_path(environ: Mapping[str, str], given: Path | None = None) -> Path:
    """The file to read: as given, else as CSMS_CONFIG names it, else config.toml in the working directory."""
    return given or (Path(environ[ENVIRONMENT_VARIABLE]) if environ.get(ENVIRONMENT_VARIABLE) else DEFAULT_PATH)


def load(path: Path) -> Config:
    """Read and check a configuration file; raises ConfigInvalid."""
    document = _read(path)
    errors: list[ConfigError] = []
    config = None
    try:
        config = Config.model_validate(document)
    except ValidationError as invalid:
        errors += [ConfigError(error.field, error.rule) for error in field_errors(invalid)]
    errors += [ConfigError(field_path(place), rule) for place, rule in identity_errors(document)]
    if config is None or errors:
        raise ConfigInvalid(errors)
    return config


def _understood(url: str) -> str:
    if not url_understood(url):
        raise broken_rule("must be an http, https, ftp, ftps, sftp, ws or wss address with a host")
    return url


UrlPrefix = Annotated[str, AfterValidator(_understood)]
Scope = Literal["read", "control", "admin"]


class OcppConfig(Section):
    """[ocpp]: where charge points connect. Port 0 takes a free one."""

    host: Host = "127.0.0.1"
    port: Port = 9000
    heartbeat_interval_s: Annotated[int, Ge(1), Le(86_400)] = 60
    call_timeout_s: Annotated[float, AllowInfNan(False), Gt(0), Le(300)] = 30
    metering_interval_s: Annotated[int, Ge(1), Le(900)] = 10
    on_boot: Literal["full", "quiet"] = "full"
    abandoned_after_s: Annotated[float, AllowInfNan(False), Ge(1), Le(86_400)] = 120
    unknown_charge_points: Literal["reject", "accept"] = "reject"
    default_site_id: str | None = Field(default=None, validate_default=True)
    allowed_urls: list[UrlPrefix] = Field(default_factory=list, max_length=100)
    direct_sockets: bool = True
    max_messages_per_s: Annotated[int, Ge(1), Le(1_000_000)] = 1000
    max_bytes_per_s: Annotated[int, Ge(1000), Le(1_000_000_000)] = 1_000_000
    max_handshakes_per_address: Annotated[int, Ge(1), Le(100_000)] = 5000
    handshake_timeout_s: Annotated[float, AllowInfNan(False), Ge(1), Le(60)] = 10
    failed_login_delay_s: Annotated[float, AllowInfNan(False), Ge(0), Le(30)] = 5
    stop_spread_s: Annotated[float, AllowInfNan(False), Ge(0), Le(3)] = 3
    organization: Label | None = None
    listeners: list[ListenerConfig] = Field(default_factory=list, max_length=16)
    trace_messages: Annotated[int, Ge(0), Le(10_000)] = 100
    trace_bytes: Annotated[int, Ge(1000), Le(10_000_000)] = 65_536

    @field_validator("default_site_id")
    @classmethod
    def _needed_to_accept(cls, site_id: str | None, info: Info) -> str | None:
        if site_id is None and info.data.get("unknown_charge_points") == "accept":
            raise broken_rule('is required when unknown_charge_points is "accept"')
        return site_id

    @property
    def without_effect(self) -> list[str]:
        """Settings that were written and say nothing: nobody listens there any more."""
        return [name for name in ("host", "port") if self.listeners and name in self.model_fields_set]


class ApiKeyConfig(Section):
    """[[api.keys]]: only the SHA-256 of a key is kept; each scope includes the ones before it."""

    name: Label
    sha256: Sha256 = Field(repr=False)
    scopes: list[Scope] = Field(min_length=1)

    @field_validator("scopes")
    @classmethod
    def _distinct(cls, scopes: list[Scope]) -> list[Scope]:
        broken_rules(repeated(scopes))
        return scopes


Origin = Annotated[
    str, matching(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?", "must be an origin such as https://a.example")
]


class ApiConfig(Section):
    """[api]: where operators' programs connect. Port 0 takes a free one."""

    host: Host = "127.0.0.1"
    port: Port = 8080
    keys: list[ApiKeyConfig] = Field(default_factory=list)
    max_requests_per_s: Annotated[float, AllowInfNan(False), Ge(1), Le(100_000)] = 200
    cors_origins: list[Origin] = Field(default_factory=list)

    @field_validator("keys")
    @classmethod
    def _distinct_keys(cls, keys: list[ApiKeyConfig]) -> list[ApiKeyConfig]:
        for field in ("name", "sha256"):
            found = repeated([getattr(key, field) for key in keys])
            broken_rules(((*place, field), rule) for place, rule in found)
        return keys


class StorageConfig(Section):
    """[storage]"""

    url: Annotated[
        str, matching(r"sqlite\+aiosqlite:///[^\x00]+", "must be sqlite+aiosqlite:/// and the path of a file")
    ] = "sqlite+aiosqlite:///csms.db"


class BalancerConfig(Section):
    """[balancer]: see domain.model.BalancerSettings."""

    settle_s: Annotated[float, AllowInfNan(False), Ge(0), Le(600)] = 6
    min_change_w: Annotated[int, Ge(0), Le(100_000)] = 100
    raise_interval_s: Annotated[float, AllowInfNan(False), Ge(0), Le(3600)] = 5
    lease_minutes: Annotated[float, AllowInfNan(False), Ge(0), Le(1440)] = 15
    turn_minutes: Annotated[float, AllowInfNan(False), Gt(0), Le(1440)] = 15
    reclaim_after_s: Annotated[float, AllowInfNan(False), Ge(0), Le(3600)] = 60
    suspended_after_s: Annotated[float, AllowInfNan(False), Ge(0), Le(86_400)] = 180

    @field_validator("lease_minutes")
    @classmethod
    def _long_enough(cls, lease_min: float) -> float:
        # A lease is renewed at half its time, and the renewal may wait for an answer before.
        if 0 < lease_min < 1:
            raise broken_rule("must be 0 or at least 1")
        return lease_min


class AuthorizationConfig(Section):
    """[authorization]: see domain.authorization.AuthorizationRules."""

    unknown_id_tokens: Literal["accept", "reject"] = "accept"
    end_session_when_blocked: bool = False
    master_pass_group: TokenText | None = None
    contract_certificates: Literal["refuse", "trust"] = "refuse"
    local_lists: bool = False

    def rules(self) -> AuthorizationRules:
        return AuthorizationRules(
            accept_unknown=self.unknown_id_tokens == "accept",
            end_session_when_blocked=self.end_session_when_blocked,
            master_pass_group=self.master_pass_group,
            trust_contracts=self.contract_certificates == "trust",
            local_lists=self.local_lists,
        )


class Config(Section):
    """The whole file."""

    ocpp: OcppConfig = OcppConfig()
    api: ApiConfig = ApiConfig()
    storage: StorageConfig = StorageConfig()
    balancer: BalancerConfig = BalancerConfig()
    authorization: AuthorizationConfig = AuthorizationConfig()
    id_tokens: list[IdTokenConfig] = Field(default_factory=list)
    metrics: MetricsConfig = MetricsConfig()
    certificates: CertificatesConfig = CertificatesConfig()
    webhooks: WebhooksConfig = WebhooksConfig()
    log: LogConfig = LogConfig()
    retention: RetentionConfig = RetentionConfig()
    sites: list[SiteConfig] = Field(min_length=1)

    @field_validator("id_tokens")
    @classmethod
    def _distinct_tokens(cls, id_tokens: list[IdTokenConfig]) -> list[IdTokenConfig]:
        found = repeated([token_key(row.id_token) for row in id_tokens])
        broken_rules(((*place, "id_token"), rule) for place, rule in found)
        return id_tokens

    def id_token_seeds(self, at_s: float) -> list[IdToken]:
        return [row.seed(at_s) for row in self.id_tokens]

    def balancer_settings(self) -> BalancerSettings:
        return BalancerSettings(
            settle_s=self.balancer.settle_s,
            min_change_w=self.balancer.min_change_w,
            raise_interval_s=self.balancer.raise_interval_s,
            call_timeout_s=self.ocpp.call_timeout_s,
            idle_defaults=self.ocpp.on_boot == "full",
            lease_s=60 * self.balancer.lease_minutes,
            turn_s=60 * self.balancer.turn_minutes,
            reclaim_after_s=self.balancer.reclaim_after_s,
            suspended_after_s=self.balancer.suspended_after_s,
        )


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as unreadable:
        raise ConfigInvalid([ConfigError(str(path), f"cannot be read: {unreadable.strerror}")]) from unreadable
    except UnicodeDecodeError as unreadable:
        raise ConfigInvalid([ConfigError(str(path), "must be UTF-8")]) from unreadable
    except RecursionError as nested:
        raise ConfigInvalid([ConfigError(str(path), "is nested too deeply")]) from nested
    except ValueError as malformed:  # TOMLDecodeError, and integers of thousands of digits
        line = re.search(r"at line (\d+)", str(malformed))
        place = f"{path}:{line[1]}" if line else str(path)
        raise ConfigInvalid([ConfigError(place, f"is not valid TOML: {malformed}")]) from malformed
