"""[sites.charge_points.quirks], and the body that pins them over REST: what an operator knows better than a charger."""

from __future__ import annotations

from dataclasses import fields
from typing import Annotated, Literal

from annotated_types import Ge, Le, Len
from pydantic import AllowInfNan, Field, field_validator

from csms.domain.capabilities import Knobs, LimitPurpose
from csms.validation import Section, broken_rule

Unit = Literal["A", "W"]
Unasked = Literal[
    "stack_level",
    "rate_units",
    "periods",
    "profiles",
    "switches_phases",
    "meter_interval",
    "measurands",
]
ChargingAmperes = Annotated[float, AllowInfNan(False), Ge(6), Le(1000)]


class QuirksConfig(Section):
    """Any of the knobs of domain.capabilities; what is left out is left to the other sources."""

    rate_units: Annotated[list[Unit], Len(1, 2)] | None = None
    max_stack_level: Annotated[int, Ge(0), Le(1000)] | None = None
    max_periods: Annotated[int, Ge(1), Le(1000)] | None = None
    switches_phases: bool | None = None
    current_step_a: Annotated[float, AllowInfNan(False), Ge(0.1), Le(16)] | None = None
    relative_profiles: bool | None = None
    limit_by: Literal["transaction", "default", "station"] | None = None
    currents_a: Annotated[list[ChargingAmperes], Len(1, 100)] | None = None
    takes_zero: bool | None = None
    lowest_default_a: Annotated[float, AllowInfNan(False), Ge(6), Le(32)] | None = None
    number_phases: bool | None = None
    start_schedule: bool | None = None
    names_transaction: bool | None = None
    default_on_station: bool | None = None
    leases: bool | None = None
    keeps_profiles: bool | None = None
    unasked: Annotated[list[Unasked], Field(max_length=10)] | None = None
    current_sums_phases: bool | None = None
    register_unit: Literal["Wh", "kWh"] | None = None
    power_metered: bool | None = None

    @field_validator("rate_units", "currents_a", "unasked")
    @classmethod
    def _each_once(cls, items: list[str] | list[float] | None) -> list[str] | list[float] | None:
        if items is not None and len(set(items)) < len(items):
            raise broken_rule("must not repeat itself")
        return items

    def knobs(self) -> Knobs:
        written = {name: tuple(value) if isinstance(value, list) else value for name, value in self}
        written["limit_by"] = None if self.limit_by is None else LimitPurpose(self.limit_by)
        return Knobs(**written)  # type: ignore[arg-type]  # the same names, of the types checked above

    def too_many(self, connectors: int) -> str | None:
        """The field that asks for what only a charge point with one connector can have."""
        if connectors == 1:
            return None
        if self.limit_by == "station":
            return "limit_by"
        return "default_on_station" if self.default_on_station else None


ONE_CONNECTOR = "needs a charge point with one connector: of several nobody knows how they divide it"


def quirks_config(knobs: Knobs) -> QuirksConfig:
    """The knobs as they are written."""
    written = {field.name: getattr(knobs, field.name) for field in fields(knobs)}
    return QuirksConfig.model_validate(
        {name: list(value) if isinstance(value, tuple) else _word(value) for name, value in written.items()}
    )


def _word(value: object) -> object:
    return value.value if isinstance(value, LimitPurpose) else value
