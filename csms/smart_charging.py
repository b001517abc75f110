"""A site's smart-charging configuration as people write it: the PUT body and `[sites.smart_charging]`.

Power is in kW here, at W resolution, and in whole watts everywhere behind `to_domain`. Every rule that a value can
break is checked here and named with its field; what was written is never repeated in an error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Annotated, Literal, Self, get_args

from annotated_types import Ge, Le
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    Strict,
    ValidationInfo,
    field_validator,
    model_validator,
)

from csms.balancing.strategies import STRATEGIES
from csms.domain.model import ScheduleWindow, SmartCharging
from csms.site_rules import SiteRules, configuration_errors
from csms.validation import MAX_KW, Broken, Kilowatts, PositiveKilowatts, broken_rule, broken_rules, kw, repeated, watts

DAY_MIN = 24 * 60
WEEK_MIN = 7 * DAY_MIN

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = get_args(Day)


def _within_grid(power_kw: float, info: ValidationInfo) -> float:
    capacity_w = info.context.grid_capacity_w if isinstance(info.context, SiteRules) else None
    if capacity_w is not None and watts(power_kw) > capacity_w:
        raise broken_rule("must be at most the site's grid capacity")
    return power_kw


def _of_the_site(charge_point_id: str, info: ValidationInfo) -> str:
    known = info.context.charge_point_ids if isinstance(info.context, SiteRules) else None
    if known is not None and charge_point_id not in known:
        raise broken_rule("must be a charge point of the site")
    return charge_point_id


def _time_of_day(last: str) -> Callable[[str], str]:
    def check(text: str) -> str:
        if re.fullmatch("([01][0-9]|2[0-3]):[0-5][0-9]", text) is None and text != last:
            raise broken_rule("must be a time of day, HH:MM" + (" or 24:00" if last == "24:00" else ""))
        return text

    return check


SiteChargePoint = Annotated[str, Strict(), AfterValidator(_of_the_site)]
Weight = Annotated[int, Ge(1), Le(100)]


class ScheduleEntry(BaseModel):
    """A weekly window in the site's time zone; one that ends at or before its start crosses midnight and belongs to
    the day it starts on."""

    model_config = ConfigDict(extra="forbid", strict=True)

    days: list[Day] = Field(min_length=1)
    start: Annotated[str, AfterValidator(_time_of_day("23:59"))]
    end: Annotated[str, AfterValidator(_time_of_day("24:00"))]
    max_power_kw: Annotated[Kilowatts, AfterValidator(_within_grid)]
    charge_point_limits_kw: dict[SiteChargePoint, Kilowatts] = Field(default_factory=dict)

    @field_validator("days")
    @classmethod
    def _distinct_days(cls, days: list[Day]) -> list[Day]:
        broken_rules(repeated(days))
        return days

    @field_validator("end")
    @classmethod
    def _not_its_start(cls, end: str, info: ValidationInfo) -> str:
        if end == info.data.get("start"):  # nothing at all, or a whole day? 00:00 to 24:00 says the latter
            raise broken_rule("must differ from start; a whole day is 00:00 to 24:00")
        return end


def _known_strategy(name: str) -> str:
    if name not in STRATEGIES:
        *first, last = (f"'{known}'" for known in STRATEGIES)
        raise broken_rule(f"must be {', '.join(first)} or {last}")
    return name


Strategy = Annotated[str, AfterValidator(_known_strategy), Field(json_schema_extra={"enum": list(STRATEGIES)})]


class SmartChargingConfig(BaseModel):
    """How a site divides its power. Validate with `SiteRules` as context to check what depends on the site too."""

    model_config = ConfigDict(extra="forbid", strict=True)

    max_power_kw: Annotated[PositiveKilowatts, AfterValidator(_within_grid)]
    strategy: Strategy
    min_power_per_charger_kw: Kilowatts = Field(default=1.4, validate_default=True)
    priority_weights: dict[SiteChargePoint, Weight] = Field(default_factory=dict, max_length=10_000)
    priority_order: list[SiteChargePoint] = Field(default_factory=list, max_length=10_000, validate_default=True)
    schedule: list[ScheduleEntry] = Field(default_factory=list, max_length=1000)
    on_uncontrollable: Literal["reserve", "stop"] = "reserve"

    @field_validator("min_power_per_charger_kw")
    @classmethod
    def _at_most_the_maximum(cls, min_kw: float, info: ValidationInfo) -> float:
        if min_kw > info.data.get("max_power_kw", MAX_KW):
            raise broken_rule("must be at most max_power_kw")
        return min_kw

    @field_validator("priority_weights")
    @classmethod
    def _weighs(cls, weights: dict[str, int], info: ValidationInfo) -> dict[str, int]:
        strategy = info.data.get("strategy")
        if weights and strategy is not None and not STRATEGIES[strategy].needs_order:
            raise broken_rule(f"must be absent when the strategy is {strategy}")
        return weights

    @field_validator("priority_order")
    @classmethod
    def _ranks(cls, order: list[str], info: ValidationInfo) -> list[str]:
        strategy, weights = info.data.get("strategy"), info.data.get("priority_weights")
        if strategy is not None and weights is not None and STRATEGIES[strategy].needs_order:
            if not order and not weights:
                raise broken_rule(f"is required when the strategy is {strategy}, unless priority_weights are given")
            if order and weights:
                raise broken_rule("must be absent where priority_weights are given")
        broken_rules(repeated(order))
        return order

    @field_validator("schedule")
    @classmethod
    def _without_overlaps(cls, schedule: list[ScheduleEntry]) -> list[ScheduleEntry]:
        broken_rules(_overlaps([_window(entry) for entry in schedule]))
        return schedule

    @model_validator(mode="after")
    def _fits_the_site(self, info: ValidationInfo) -> Self:
        if isinstance(info.context, SiteRules) and info.context.declared is not None:
            broken_rules(configuration_errors(info.context.declared, to_domain(self, 0.0)))
        return self


def to_domain(config: SmartChargingConfig, updated_at_s: float) -> SmartCharging:
    return SmartCharging(
        max_power_w=watts(config.max_power_kw),
        strategy=config.strategy,
        min_power_per_charger_w=watts(config.min_power_per_charger_kw),
        priority_order=tuple(config.priority_order),
        schedule=tuple(_window(entry) for entry in config.schedule),
        priority_weights=dict(config.priority_weights),
        on_uncontrollable=config.on_uncontrollable,
        updated_at_s=updated_at_s,
    )


def from_domain(smart_charging: SmartCharging) -> SmartChargingConfig:
    """As people write it; not validated, for what is stored holds even where the rules have changed since."""
    return SmartChargingConfig.model_construct(
        max_power_kw=kw(smart_charging.max_power_w),
        strategy=smart_charging.strategy,
        min_power_per_charger_kw=kw(smart_charging.min_power_per_charger_w),
        priority_weights=dict(smart_charging.priority_weights),
        priority_order=list(smart_charging.priority_order),
        schedule=[_entry(window) for window in smart_charging.schedule],
        on_uncontrollable="stop" if smart_charging.on_uncontrollable == "stop" else "reserve",
    )


def _window(entry: ScheduleEntry) -> ScheduleWindow:
    return ScheduleWindow(
        days=tuple(sorted(DAYS.index(day) for day in entry.days)),
        start_min=_minutes(entry.start),
        end_min=_minutes(entry.end),
        max_power_w=watts(entry.max_power_kw),
        charge_point_limits_w={cp_id: watts(limit_kw) for cp_id, limit_kw in entry.charge_point_limits_kw.items()},
    )


def _entry(window: ScheduleWindow) -> ScheduleEntry:
    return ScheduleEntry.model_construct(
        days=[DAYS[day] for day in window.days],
        start=_time(window.start_min),
        end=_time(window.end_min),
        max_power_kw=kw(window.max_power_w),
        charge_point_limits_kw={cp_id: kw(limit_w) for cp_id, limit_w in window.charge_point_limits_w.items()},
    )


def _minutes(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def _time(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _overlaps(windows: Sequence[ScheduleWindow]) -> list[Broken]:
    """Windows that begin while another runs: of each such pair the later in the list, naming the earlier."""
    found: dict[int, int] = {}
    running_until, running = 0, -1
    spans = [span for place, window in enumerate(windows) for span in _spans(window, place)]
    for start, end, place in sorted(spans):
        if start < running_until:
            found.setdefault(max(place, running), min(place, running))
        if end > running_until:
            running_until, running = end, place
    return [((later,), f"must not overlap schedule[{earlier}]") for later, earlier in sorted(found.items())]


def _spans(window: ScheduleWindow, place: int) -> list[tuple[int, int, int]]:
    """The window as (start, end, place) in minutes of the week; what runs from Sunday into Monday is two pieces."""
    length_min = (window.end_min - window.start_min) % DAY_MIN or DAY_MIN
    spans: list[tuple[int, int, int]] = []
    for day in window.days:
        start = day * DAY_MIN + window.start_min
        end = start + length_min
        spans.append((start, min(end, WEEK_MIN), place))
        if end > WEEK_MIN:
            spans.append((0, end - WEEK_MIN, place))
    return spans
