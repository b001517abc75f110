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
from zoneinfo import ZoneInfo

from annotated_types import Ge, Gt, Le
from pydantic import AfterValidator, AllowInfNan, BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic import ValidationInfo as Info

from csms.domain.model import BalancerSettings, ChargePointSettings, Current, SiteSettings, SmartCharging
from csms.smart_charging import (
    Broken,
    Kilowatts,
    Place,
    PositiveKilowatts,
    SiteRules,
    SmartChargingConfig,
    broken_rule,
    broken_rules,
    field_errors,
    field_path,
    repeated,
    to_domain,
    watts,
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
    errors += [ConfigError(field_path(place), rule) for place, rule in _identity_errors(document)]
    if config is None or errors:
        raise ConfigInvalid(errors)
    return config


def _matching(pattern: str, rule: str) -> AfterValidator:
    def check(text: str) -> str:
        if re.fullmatch(pattern, text) is None:
            raise broken_rule(rule)
        return text

    return AfterValidator(check)


def _known_timezone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as unknown:  # no such zone, a path that leaves the database, a folder in it
        raise broken_rule("must be a time zone such as Europe/London") from unknown
    return name


def _identity(text: str) -> str:
    """OCPP-J 1.6 chapter 3.1.1: the identity is a segment of the URL and a user name, which excludes "/" and ":"."""
    if any(c in ":/" or not c.isprintable() for c in text) or text != text.strip() or text in {".", ".."}:
        raise broken_rule('must be without ":", "/", control characters and outer spaces')
    return text


def _one_or_three(phases: int) -> int:
    if phases not in (1, 3):  # a Literal would take true for 1
        raise broken_rule("must be 1 or 3")
    return phases


Sha256 = Annotated[str, _matching("[0-9a-fA-F]{64}", "must be 64 hexadecimal digits"), AfterValidator(str.lower)]
Host = Annotated[str, _matching(r"[A-Za-z0-9.:_-]{1,255}", "must be a host name or an address")]
Port = Annotated[int, Ge(0), Le(65535)]
Volts = Annotated[float, AllowInfNan(False), Ge(100), Le(500)]
Label = Annotated[str, Field(max_length=200), _matching(r"[^\x00-\x1f\x7f]*\S[^\x00-\x1f\x7f]*", "must be a name")]
ChargePointId = Annotated[str, Field(min_length=1, max_length=48), AfterValidator(_identity)]
SiteId = Annotated[
    str, _matching("[A-Za-z0-9_~-][A-Za-z0-9._~-]{0,63}", "must be 1 to 64 letters, digits, or - _ . ~, not . first")
]
Scope = Literal["read", "control", "admin"]


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class OcppConfig(Section):
    """[ocpp]: where charge points connect. Port 0 takes a free one."""

    host: Host = "127.0.0.1"
    port: Port = 9000
    heartbeat_interval_s: Annotated[int, Ge(1), Le(86_400)] = 60
    call_timeout_s: Annotated[float, AllowInfNan(False), Gt(0), Le(300)] = 30
    unknown_charge_points: Literal["reject", "accept"] = "reject"
    default_site_id: str | None = Field(default=None, validate_default=True)

    @field_validator("default_site_id")
    @classmethod
    def _needed_to_accept(cls, site_id: str | None, info: Info) -> str | None:
        if site_id is None and info.data.get("unknown_charge_points") == "accept":
            raise broken_rule('is required when unknown_charge_points is "accept"')
        return site_id


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


class ApiConfig(Section):
    """[api]: where operators' programs connect. Port 0 takes a free one."""

    host: Host = "127.0.0.1"
    port: Port = 8080
    keys: list[ApiKeyConfig] = Field(default_factory=list)

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
        str, _matching(r"sqlite\+aiosqlite:///[^\x00]+", "must be sqlite+aiosqlite:/// and the path of a file")
    ] = "sqlite+aiosqlite:///csms.db"


class BalancerConfig(Section):
    """[balancer]: see domain.model.BalancerSettings."""

    settle_s: Annotated[float, AllowInfNan(False), Ge(0), Le(600)] = 6
    min_change_w: Annotated[int, Ge(0), Le(100_000)] = 100
    raise_interval_s: Annotated[float, AllowInfNan(False), Ge(0), Le(3600)] = 5


class ChargePointConfig(Section):
    """[[sites.charge_points]]: electrical fields are optional; domain.electrical says what is assumed."""

    charge_point_id: ChargePointId
    connectors: Annotated[int, Ge(1), Le(64)] = 1
    max_power_kw: PositiveKilowatts | None = None
    current: Literal["AC", "DC"] | None = None
    phases: Annotated[int, AfterValidator(_one_or_three)] | None = None
    in_service: bool = True
    offline_limit_kw: Kilowatts = 0
    protocol: Literal["ocpp1.6", "ocpp2.0.1"] | None = None
    password_sha256: Sha256 | None = Field(default=None, repr=False)

    @field_validator("phases")
    @classmethod
    def _of_alternating_current(cls, phases: int | None, info: Info) -> int | None:
        if phases is not None and info.data.get("current") == "DC":
            raise broken_rule("must be absent where current is DC")
        return phases

    @field_validator("offline_limit_kw")
    @classmethod
    def _at_most_rated(cls, offline_kw: float, info: Info) -> float:
        rated_kw = info.data.get("max_power_kw")
        if rated_kw is not None and offline_kw > rated_kw:
            raise broken_rule("must be at most max_power_kw")
        return offline_kw

    def settings(self, site_id: str) -> ChargePointSettings:
        return ChargePointSettings(
            charge_point_id=self.charge_point_id,
            site_id=site_id,
            connectors=self.connectors,
            max_power_w=None if self.max_power_kw is None else watts(self.max_power_kw),
            current=None if self.current is None else Current(self.current),
            phases=self.phases,
            in_service=self.in_service,
            offline_limit_w=watts(self.offline_limit_kw),
            protocol=self.protocol,
            password_sha256=self.password_sha256,
        )


class SiteConfig(Section):
    """[[sites]]: the order of the fields matters, later ones are checked against earlier ones."""

    site_id: SiteId
    name: Label | None = None
    timezone: Annotated[str, AfterValidator(_known_timezone)] = "Europe/London"
    grid_capacity_kw: PositiveKilowatts
    voltage_v: Volts = 230
    voltage_max_v: Volts | None = None
    charge_points: list[ChargePointConfig] = Field(default_factory=list)
    smart_charging: SmartChargingConfig | None = None

    @field_validator("voltage_max_v")
    @classmethod
    def _at_least_nominal(cls, highest_v: float | None, info: Info) -> float | None:
        if highest_v is not None and highest_v < info.data.get("voltage_v", highest_v):
            raise broken_rule("must be at least voltage_v")
        return highest_v

    @field_validator("charge_points")
    @classmethod
    def _offline_limits_fit(cls, charge_points: list[ChargePointConfig], info: Info) -> list[ChargePointConfig]:
        # A charge point that lost us charges at its offline limit on every connector, whatever the others do.
        offline_w = sum(watts(point.offline_limit_kw) * point.connectors for point in charge_points)
        capacity_kw = info.data.get("grid_capacity_kw")
        if capacity_kw is not None and offline_w > watts(capacity_kw):
            raise broken_rule("the offline_limit_kw of all connectors together must be at most grid_capacity_kw")
        return charge_points

    @field_validator("smart_charging", mode="before")
    @classmethod
    def _for_this_site(cls, section: object, info: Info) -> object:
        if section is None:
            return None
        capacity_kw, points = info.data.get("grid_capacity_kw"), info.data.get("charge_points")
        rules = SiteRules(
            None if capacity_kw is None else watts(capacity_kw),
            None if points is None else frozenset(point.charge_point_id for point in points),
        )
        return SmartChargingConfig.model_validate(section, context=rules)

    def settings(self) -> SiteSettings:
        return SiteSettings(
            site_id=self.site_id,
            name=self.name or self.site_id,
            timezone=self.timezone,
            grid_capacity_w=watts(self.grid_capacity_kw),
            voltage_v=self.voltage_v,
            voltage_max_v=self.voltage_max_v,
        )

    def charge_point_settings(self) -> list[ChargePointSettings]:
        return [point.settings(self.site_id) for point in self.charge_points]

    def smart_charging_settings(self, updated_at_s: float) -> SmartCharging | None:
        return None if self.smart_charging is None else to_domain(self.smart_charging, updated_at_s)


class Config(Section):
    """The whole file."""

    ocpp: OcppConfig = OcppConfig()
    api: ApiConfig = ApiConfig()
    storage: StorageConfig = StorageConfig()
    balancer: BalancerConfig = BalancerConfig()
    sites: list[SiteConfig] = Field(min_length=1)

    def balancer_settings(self) -> BalancerSettings:
        return BalancerSettings(
            settle_s=self.balancer.settle_s,
            min_change_w=self.balancer.min_change_w,
            raise_interval_s=self.balancer.raise_interval_s,
            call_timeout_s=self.ocpp.call_timeout_s,
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


def _identity_errors(document: Mapping[str, Any]) -> list[Broken]:
    """Ids used twice, and a default site that does not exist: on the raw file, so that other errors hide none."""
    sites = _tables((), document, "sites")
    points = [row for place, site in sites for row in _tables(place, site, "charge_points")]
    found = _used_twice(sites, "site_id") + _used_twice(points, "charge_point_id")
    ocpp = document.get("ocpp")
    default = ocpp.get("default_site_id") if isinstance(ocpp, dict) else None
    if isinstance(default, str) and all(site.get("site_id") != default for _, site in sites):
        found.append((("ocpp", "default_site_id"), "must be the site_id of a site of this file"))
    return found


def _tables(place: Place, parent: Mapping[str, Any], name: str) -> list[tuple[Place, dict[str, Any]]]:
    items = parent.get(name)
    return [
        ((*place, name, n), t) for n, t in enumerate(items if isinstance(items, list) else []) if isinstance(t, dict)
    ]


def _used_twice(rows: list[tuple[Place, dict[str, Any]]], field: str) -> list[Broken]:
    first: dict[str, Place] = {}
    found: list[Broken] = []
    for place, row in rows:
        value = row.get(field)
        if isinstance(value, str) and first.setdefault(value, place) != place:
            found.append(((*place, field), f"must be unique; {field_path(first[value])} has it too"))
    return found
