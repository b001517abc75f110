"""What we ask and set after a boot: capabilities and metering. Planning is pure; only `provision` sends.

On the first contact foreign charging profiles are cleared too. However a charger answers, refuses or stays silent:
`provision` ends with capabilities, because limits wait for them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, TypeVar

from csms.charge_points.calls import AnswerInvalid, CallErrorAnswered, CallTimeout, QueueFull
from csms.charge_points.schemas import JsonObject
from csms.domain.model import Capabilities, ChargePoint

Call = Callable[[object], Awaitable[JsonObject]]
"""Sends a request of the `ocpp` package and returns the payload of its answer; raises a CallFailed."""

_T = TypeVar("_T")


class Setting(StrEnum):
    """What both versions can tell of themselves, each under its own name."""

    STACK_LEVEL = "stack_level"
    RATE_UNITS = "rate_units"
    PERIODS = "periods"
    PROFILES = "profiles"
    SWITCHES_PHASES = "switches_phases"
    METER_INTERVAL = "meter_interval"
    MEASURANDS = "measurands"


@dataclass(frozen=True, slots=True)
class Value:
    """A setting as the charger told it."""

    text: str
    read_only: bool = False


Values = Mapping[Setting, Value]
Note = Callable[[Setting, str, str], None]
"""Is told a setting, the value it was to have, and the charger's own word on it."""


@dataclass(frozen=True, slots=True)
class Change:
    """A setting to be changed to the first of these values that the charger takes."""

    setting: Setting
    alternatives: tuple[str, ...]


class Dialect(Protocol):
    """How one version asks and sets."""

    @property
    def questions(self) -> Sequence[Sequence[Setting]]:
        """What to ask, one request each."""
        ...

    def read(self, settings: Sequence[Setting]) -> object: ...

    def values(self, answer: JsonObject) -> Values: ...

    def change(self, setting: Setting, text: str) -> object: ...

    def verdict(self, answer: JsonObject) -> str:
        """The charger's own word on a change. Only ACCEPTED means that the new value holds now."""
        ...


async def provision(
    call: Call,
    dialect: Dialect,
    charge_point: ChargePoint,
    unasked: Collection[str],
    metering_interval_s: int,
    clear_foreign: Callable[[], Awaitable[None]],
    note: Note,
) -> Capabilities:
    """Ask, set, and return what the charger says it can do: its answers over what it told before.

    On the first contact, when nothing is known, `clear_foreign` removes the charging profiles of others; never later,
    for then they are ours. Of the settings that are `unasked` nothing is said: there are chargers that restart. `note`
    hears of each change. The first timeout ends it: a charger that leaves one question open will leave the others open
    too. Raises ConnectionLost.
    """
    known = told_before(charge_point)
    values: dict[Setting, Value] = {}
    try:
        for question in dialect.questions:
            if settings := [setting for setting in question if setting not in unasked]:
                values |= await _ask(call, dialect, settings)
        for change in metering_changes(values, metering_interval_s):
            if change.setting not in unasked:
                await _set(call, dialect, change, values, note)
        if charge_point.capabilities is None:
            await clear_foreign()
    except CallTimeout:
        pass
    return capabilities(values, known)


def told_before(charge_point: ChargePoint) -> Capabilities:
    return charge_point.knowledge.told or charge_point.capabilities or Capabilities()


def capabilities(values: Values, known: Capabilities) -> Capabilities:
    """What the values tell, over what was told before; unreadable ones tell nothing."""
    interval_s = _integer(values, Setting.METER_INTERVAL)
    return Capabilities(
        rate_units=_rate_units(values) or known.rate_units,
        max_stack_level=_known(_integer(values, Setting.STACK_LEVEL), known.max_stack_level),
        max_periods=_known(_integer(values, Setting.PERIODS), known.max_periods),
        max_profiles=_known(_integer(values, Setting.PROFILES), known.max_profiles),
        switches_phases=_known(_boolean(values, Setting.SWITCHES_PHASES), known.switches_phases),
        meter_interval_s=float(interval_s) if interval_s else known.meter_interval_s,
    )


def metering_changes(values: Values, interval_s: int) -> list[Change]:
    """What must change for power to be metered every so often; nothing the charger calls read-only."""
    changes = []
    interval = values.get(Setting.METER_INTERVAL)
    if interval is None or interval.text.strip() != str(interval_s):
        changes.append(Change(Setting.METER_INTERVAL, (str(interval_s),)))
    measurands = values.get(Setting.MEASURANDS)
    if measurands is None or not set(_MEASURANDS[0]) <= set(_list(measurands.text)):
        changes.append(Change(Setting.MEASURANDS, tuple(",".join(wanted) for wanted in _MEASURANDS)))
    return [c for c in changes if (value := values.get(c.setting)) is None or not value.read_only]


# Best first: a charger refuses a list with a measurand it has not (1.6 chapter 3.16.4).
_MEASURANDS = (
    ("Power.Active.Import", "Energy.Active.Import.Register", "Current.Import"),
    ("Power.Active.Import", "Energy.Active.Import.Register"),
    ("Energy.Active.Import.Register", "Current.Import"),
)


async def tolerant(call: Call, message: object) -> JsonObject | None:
    """The answer, or None where there is none that can be used; only silence and a lost connection are raised."""
    try:
        return await call(message)
    except (CallErrorAnswered, AnswerInvalid, QueueFull):
        return None


async def _ask(call: Call, dialect: Dialect, settings: Sequence[Setting]) -> dict[Setting, Value]:
    """The values of these settings; one by one where the charger refuses them together."""
    try:
        return dict(dialect.values(await call(dialect.read(settings))))
    except CallErrorAnswered as error:
        if len(settings) == 1 or error.knows_no_such_request:
            return {}
    except (AnswerInvalid, QueueFull):
        return {}
    values: dict[Setting, Value] = {}
    for setting in settings:
        values |= await _ask(call, dialect, (setting,))
    return values


ACCEPTED = "Accepted"


async def _set(
    call: Call,
    dialect: Dialect,
    change: Change,
    values: dict[Setting, Value],
    note: Note,
) -> None:
    """Try the alternatives in turn; `values` holds the one that was taken."""
    for text in change.alternatives:
        answer = await tolerant(call, dialect.change(change.setting, text))
        if answer is None:
            return
        verdict = dialect.verdict(answer)
        note(change.setting, text, verdict)
        if verdict == ACCEPTED:
            values[change.setting] = Value(text)
            return


def _integer(values: Values, setting: Setting) -> int | None:
    value = values.get(setting)
    return None if value is None else whole_number(value.text)


def whole_number(text: str) -> int | None:
    """What a charger told as a count; None where it is none, or so large that none is meant."""
    digits = text.strip()
    return int(digits) if digits.isdecimal() and len(digits) < 10 else None


def _boolean(values: Values, setting: Setting) -> bool | None:
    value = values.get(setting)
    return {"true": True, "false": False}.get(value.text.strip().lower()) if value else None


def _rate_units(values: Values) -> tuple[str, ...]:
    """1.6 says Current and Power, 2.0.1 A and W; chargers mix them."""
    value = values.get(Setting.RATE_UNITS)
    words = {word.lower() for word in _list(value.text)} if value else set()
    return tuple(unit for unit, names in (("A", {"a", "current"}), ("W", {"w", "power"})) if words & names)


def _list(text: str) -> list[str]:
    return [item.strip() for item in text.split(",")]


def _known(told: _T | None, before: _T | None) -> _T | None:
    return before if told is None else told
