"""[[sites]] of config.toml: a grid connection, the circuits below it, and the charge points on them."""

from __future__ import annotations

from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from annotated_types import Ge, Le
from pydantic import AfterValidator, AllowInfNan, Field, field_validator, model_validator
from pydantic import ValidationInfo as Info

from csms.domain.grid import GRID, Circuit
from csms.domain.identity import LONGEST_IDENTITY, is_identity
from csms.domain.model import ChargePointSettings, Current, SiteSettings, SmartCharging
from csms.quirks_config import ONE_CONNECTOR, QuirksConfig
from csms.site_rules import SiteRules, site_errors, site_rules
from csms.smart_charging import SmartChargingConfig, to_domain
from csms.validation import (
    Amperes,
    Broken,
    Key,
    Kilowatts,
    Label,
    PositiveAmperes,
    PositiveKilowatts,
    Section,
    Sha256,
    broken_rule,
    broken_rules,
    matching,
    to_the_thousandth,
    watts,
)

Rotation = Literal["RST", "RTS", "SRT", "STR", "TRS", "TSR"]
"""ConnectorPhaseRotation of OCPP 1.6 chapter 9.1.7: which of the site's phases R, S, T feed L1, L2, L3."""


def _known_timezone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as unknown:  # no such zone, a path that leaves the database, a folder in it
        raise broken_rule("must be a time zone such as Europe/London") from unknown
    return name


def _identity(text: str) -> str:
    if not is_identity(text):
        raise broken_rule('must be without ":", control characters and outer spaces, and neither "." nor ".."')
    return text


def _one_to_three(phases: int) -> int:
    if phases not in (1, 2, 3):  # a Literal would take true for 1
        raise broken_rule("must be 1, 2 or 3")
    return phases


def _not_the_root(circuit_id: str) -> str:
    if circuit_id == GRID:
        raise broken_rule("must not be grid: that is the grid connection")
    return circuit_id


Volts = Annotated[float, AllowInfNan(False), Ge(100), Le(500), AfterValidator(to_the_thousandth)]
Price = Annotated[float, AllowInfNan(False), Ge(0), Le(1000)]
ChargePointId = Annotated[str, Field(min_length=1, max_length=LONGEST_IDENTITY), AfterValidator(_identity)]
CircuitId = Annotated[Key, AfterValidator(_not_the_root)]


class CircuitConfig(Section):
    """[[sites.circuits]]: a feeder with limits of its own, below the grid connection or another circuit."""

    circuit_id: CircuitId
    parent: Key | None = None
    max_power_kw: PositiveKilowatts | None = None
    max_current_a: PositiveAmperes | None = Field(default=None, validate_default=True)
    charge_points: list[ChargePointId] = Field(default_factory=list)

    @field_validator("max_current_a")
    @classmethod
    def _limits_something(cls, current_a: float | None, info: Info) -> float | None:
        if current_a is None and info.data.get("max_power_kw", 0) is None:
            raise broken_rule("is required where max_power_kw is absent")
        return current_a

    def circuit(self) -> Circuit:
        return Circuit(
            circuit_id=self.circuit_id,
            parent=None if self.parent == GRID else self.parent,
            max_power_w=None if self.max_power_kw is None else watts(self.max_power_kw),
            max_current_a=self.max_current_a,
        )


class ChargePointFields(Section):
    """What is declared of a charge point besides its identity."""

    connectors: Annotated[int, Ge(1), Le(64)] = 1
    max_power_kw: PositiveKilowatts | None = None
    current: Literal["AC", "DC"] | None = None
    phases: Annotated[int, AfterValidator(_one_to_three)] | None = None
    phase_rotation: Rotation | None = None
    phase: Literal["L1", "L2", "L3"] | None = None
    grid_factor: Annotated[float, AllowInfNan(False), Ge(1), Le(2), AfterValidator(to_the_thousandth)] = 1
    in_service: bool = True
    never_pause: bool = False
    offline_limit_kw: Kilowatts = 0
    protocol: Literal["ocpp1.6", "ocpp2.0.1"] | None = None
    registration: Literal["accept", "pending", "reject"] = "accept"
    password_sha256: Sha256 | None = Field(default=None, repr=False)
    local_list: bool | None = None
    security_profile: Annotated[int, Ge(0), Le(3)] = 0
    certificate_name: (
        Annotated[str, Field(max_length=64), matching(r"[\x20-\x7e]+", "must be a common name")] | None
    ) = None

    quirks: QuirksConfig | None = None

    @field_validator("quirks")
    @classmethod
    def _of_one_connector(cls, quirks: QuirksConfig | None, info: Info) -> QuirksConfig | None:
        field = None if quirks is None else quirks.too_many(info.data.get("connectors", 1))
        if field is not None:
            broken_rules([((field,), ONE_CONNECTOR)])
        return quirks

    @field_validator("phases")
    @classmethod
    def _of_alternating_current(cls, phases: int | None, info: Info) -> int | None:
        if phases is not None and info.data.get("current") == "DC":
            raise broken_rule("must be absent where current is DC")
        return phases

    @field_validator("phase_rotation")
    @classmethod
    def _of_several_phases(cls, rotation: str | None, info: Info) -> str | None:
        if rotation is not None and info.data.get("phases", 3) not in (2, 3):
            raise broken_rule("needs phases to be 2 or 3")
        return rotation

    @field_validator("phase")
    @classmethod
    def _of_a_single_phase(cls, phase: str | None, info: Info) -> str | None:
        if phase is not None and info.data.get("phases", 1) != 1:
            raise broken_rule("needs phases to be 1")
        return phase

    @field_validator("grid_factor")
    @classmethod
    def _of_direct_current(cls, factor: float, info: Info) -> float:
        if factor != 1 and info.data.get("current", "DC") != "DC":
            raise broken_rule("must be absent unless current is DC")
        return factor

    @field_validator("offline_limit_kw")
    @classmethod
    def _at_most_rated(cls, offline_kw: float, info: Info) -> float:
        rated_kw = info.data.get("max_power_kw")
        if rated_kw is not None and offline_kw > rated_kw:
            raise broken_rule("must be at most max_power_kw")
        return offline_kw

    @property
    def phase_map(self) -> tuple[int, ...] | None:
        """Which of the site's phases feed its conductors, as indices; None: not known."""
        if self.phase is not None:
            return (("L1", "L2", "L3").index(self.phase),)
        rotation = "RST" if self.phases == 3 and self.phase_rotation is None else self.phase_rotation
        return None if rotation is None else tuple("RST".index(letter) for letter in rotation[: self.phases])


class ChargePointConfig(ChargePointFields):
    """[[sites.charge_points]]: electrical fields are optional; domain.electrical says what is assumed."""

    charge_point_id: ChargePointId

    def settings(self, site_id: str, circuit_id: str | None = None) -> ChargePointSettings:
        return ChargePointSettings(
            charge_point_id=self.charge_point_id,
            site_id=site_id,
            connectors=self.connectors,
            max_power_w=None if self.max_power_kw is None else watts(self.max_power_kw),
            current=None if self.current is None else Current(self.current),
            phases=self.phases,
            in_service=self.in_service,
            offline_limit_w=watts(self.offline_limit_kw),
            circuit_id=circuit_id,
            phase_map=self.phase_map,
            grid_factor=self.grid_factor,
            never_pause=self.never_pause,
            protocol=self.protocol,
            registration=self.registration,
            password_sha256=self.password_sha256,
            local_list=self.local_list,
            security_profile=self.security_profile,
            certificate_name=self.certificate_name,
            quirks=None if self.quirks is None else self.quirks.knobs(),
        )


class SiteFields(Section):
    """What is declared of a site besides its id, its charge points and how it divides its power.

    The order of the fields matters, later ones are checked against earlier ones.
    """

    name: Label | None = None
    timezone: Annotated[str, AfterValidator(_known_timezone)] = "Europe/London"
    grid_capacity_kw: PositiveKilowatts
    grid_max_current_a: PositiveAmperes | None = None
    voltage_v: Volts = 230
    voltage_min_v: Volts | None = None
    voltage_max_v: Volts | None = None
    reserve_kw: Kilowatts = 0
    site_load_max_age_s: Annotated[float, AllowInfNan(False), Ge(1), Le(86_400)] = 60
    site_load_max_kw: Kilowatts | None = None
    site_load_max_current_a: Amperes | None = None
    price_per_kwh: Price | None = None
    currency: Annotated[str, matching("[A-Z]{3}", "must be a code of ISO 4217 such as EUR")] = "EUR"
    circuits: list[CircuitConfig] = Field(default_factory=list, max_length=1000)

    @field_validator("voltage_min_v")
    @classmethod
    def _at_most_nominal(cls, lowest_v: float | None, info: Info) -> float | None:
        if lowest_v is not None and lowest_v > info.data.get("voltage_v", lowest_v):
            raise broken_rule("must be at most voltage_v")
        return lowest_v

    @field_validator("voltage_max_v")
    @classmethod
    def _at_least_nominal(cls, highest_v: float | None, info: Info) -> float | None:
        if highest_v is not None and highest_v < info.data.get("voltage_v", highest_v):
            raise broken_rule("must be at least voltage_v")
        return highest_v

    @field_validator("reserve_kw")
    @classmethod
    def _less_than_everything(cls, reserve_kw: float, info: Info) -> float:
        if reserve_kw > info.data.get("grid_capacity_kw", reserve_kw):
            raise broken_rule("must be at most grid_capacity_kw")
        return reserve_kw

    @field_validator("site_load_max_current_a")
    @classmethod
    def _beside_its_power(cls, current_a: float | None, info: Info) -> float | None:
        if current_a is not None and info.data.get("site_load_max_kw", 0) is None:
            raise broken_rule("needs site_load_max_kw")
        return current_a


class SiteConfig(SiteFields):
    """[[sites]]: a whole site."""

    site_id: Key
    charge_points: list[ChargePointConfig] = Field(default_factory=list)
    smart_charging: SmartChargingConfig | None = None

    @field_validator("smart_charging", mode="before")
    @classmethod
    def _for_this_site(cls, section: object, info: Info) -> object:
        return None if section is None else SmartChargingConfig.model_validate(section, context=_rules(info))

    @model_validator(mode="after")
    def _promises_fit(self) -> SiteConfig:
        broken_rules(self._broken())
        return self

    def _broken(self) -> list[Broken]:
        # Where there is a section, it is the section's own minimum that must fit, and the section is to blame.
        min_power_w = SmartCharging(0, "").min_power_per_charger_w if self.smart_charging is None else 0
        found = self.rules().declared
        return [] if found is None else site_errors(found, min_power_w)

    def settings(self) -> SiteSettings:
        return SiteSettings(
            site_id=self.site_id,
            name=self.name or self.site_id,
            timezone=self.timezone,
            grid_capacity_w=watts(self.grid_capacity_kw),
            voltage_v=self.voltage_v,
            voltage_max_v=self.voltage_max_v,
            voltage_min_v=self.voltage_min_v,
            grid_max_current_a=self.grid_max_current_a,
            circuits=tuple(circuit.circuit() for circuit in self.circuits),
            reserve_w=watts(self.reserve_kw),
            site_load_max_age_s=self.site_load_max_age_s,
            site_load_max_w=None if self.site_load_max_kw is None else watts(self.site_load_max_kw),
            site_load_max_current_a=self.site_load_max_current_a,
            price_per_kwh=self.price_per_kwh,
            currency=self.currency,
        )

    def charge_point_settings(self) -> list[ChargePointSettings]:
        places = {member: circuit.circuit_id for circuit in self.circuits for member in circuit.charge_points}
        return [point.settings(self.site_id, places.get(point.charge_point_id)) for point in self.charge_points]

    def rules(self) -> SiteRules:
        """What the site's smart charging must fit, wherever it comes from."""
        return site_rules(self.settings(), {point.charge_point_id: point for point in self.charge_point_settings()})

    def smart_charging_settings(self, updated_at_s: float) -> SmartCharging | None:
        return None if self.smart_charging is None else to_domain(self.smart_charging, updated_at_s)


def _rules(info: Info) -> SiteRules:
    """What the site's smart charging must fit, as far as the rest of the site is valid."""
    capacity_kw, points = info.data.get("grid_capacity_kw"), info.data.get("charge_points")
    if info.data.keys() >= SiteConfig.model_fields.keys() - {"smart_charging"}:
        return SiteConfig.model_construct(**info.data).rules()
    return SiteRules(
        None if capacity_kw is None else watts(capacity_kw),
        None if points is None else frozenset(point.charge_point_id for point in points),
    )
