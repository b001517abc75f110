"""What the models of people's input have in common: kinds of values, rules, and broken rules with their fields.

What was written is never repeated in an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated, Any

from annotated_types import Ge, Gt, Le
from pydantic import AfterValidator, AllowInfNan, BaseModel, ConfigDict, Field, Strict, ValidationError
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

MAX_KW = 1_000_000
"""Above a gigawatt a number is a mistake, not a car park."""

MAX_A = 100_000
"""A hundred kiloamperes per phase, likewise."""

MAX_ERRORS = 1000

Place = tuple[int | str, ...]
Broken = tuple[Place, str]
"""A place below a field, and the rule broken there."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """One broken rule: `field` is a path such as `schedule[0].max_power_kw`, "" where no field is to blame."""

    field: str
    rule: str


def broken_rule(text: str) -> PydanticCustomError:
    """The error a validator raises; the only kind whose own words are shown."""
    return PydanticCustomError("rule", "{rule}", {"rule": text})


def broken_rules(found: Iterable[Broken]) -> None:
    """Raise for all of them at once; do nothing if there is none."""
    details = [InitErrorDetails(type=broken_rule(text), loc=place, input=None) for place, text in found]
    if details:
        raise ValidationError.from_exception_data("rules", details)


def watts(power_kw: float) -> int:
    """Whole watts, exactly as the decimal number reads."""
    return int((Decimal(str(power_kw)) * 1000).to_integral_value(ROUND_HALF_UP))


def kw(power_w: int) -> float:
    """kW with at most three decimals: the division is correctly rounded, so 7360 gives 7.36."""
    return power_w / 1000


def repeated(items: Sequence[str]) -> list[Broken]:
    """The places of items that stand in the list before, for `broken_rules`."""
    first = {item: place for place, item in reversed(list(enumerate(items)))}
    return [((place,), "must not be repeated") for place, item in enumerate(items) if first[item] != place]


def to_the_thousandth(value: float) -> float:
    """Watts, milliamperes and millivolts are as far as anything goes."""
    return kw(watts(value))


Kilowatts = Annotated[float, Strict(), AllowInfNan(False), Ge(0), Le(MAX_KW), AfterValidator(to_the_thousandth)]
PositiveKilowatts = Annotated[
    float, Strict(), AllowInfNan(False), Gt(0), Le(MAX_KW), AfterValidator(to_the_thousandth), Gt(0)
]
Amperes = Annotated[float, Strict(), AllowInfNan(False), Ge(0), Le(MAX_A), AfterValidator(to_the_thousandth)]
PositiveAmperes = Annotated[
    float, Strict(), AllowInfNan(False), Gt(0), Le(MAX_A), AfterValidator(to_the_thousandth), Gt(0)
]


def matching(pattern: str, rule: str) -> AfterValidator:
    """A text that must match the whole of a pattern."""

    def check(text: str) -> str:
        if re.fullmatch(pattern, text) is None:
            raise broken_rule(rule)
        return text

    return AfterValidator(check)


Sha256 = Annotated[str, matching("[0-9a-fA-F]{64}", "must be 64 hexadecimal digits"), AfterValidator(str.lower)]
Label = Annotated[str, Field(max_length=200), matching(r"[^\x00-\x1f\x7f]*\S[^\x00-\x1f\x7f]*", "must be a name")]
Key = Annotated[
    str, matching("[A-Za-z0-9_~-][A-Za-z0-9._~-]{0,63}", "must be 1 to 64 letters, digits, or - _ . ~, not . first")
]
"""An id that can stand in an address as it is."""


class Section(BaseModel):
    """A table of the configuration file: unknown settings are errors, and nothing is converted."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def field_errors(invalid: ValidationError) -> list[FieldError]:
    """Every broken rule with its field, in the order of the fields; nothing of the input but names of fields."""
    if invalid.error_count() > MAX_ERRORS:  # megabytes of errors would hold up everybody else
        return [FieldError("", f"more than {MAX_ERRORS} rules are broken")]
    details = invalid.errors(include_url=False, include_input=False)
    return [FieldError(field_path(_place(detail)), _rule(detail)) for detail in details]


def _place(detail: ErrorDetails) -> Place:
    """A model that is chosen by one of its fields: that field is to blame where it does not tell."""
    if not detail["type"].startswith("union_tag"):
        return detail["loc"]
    return (*detail["loc"], str(detail.get("ctx", {}).get("discriminator", "")).strip("'"))


def field_path(place: Sequence[int | str]) -> str:
    """`schedule[0].max_power_kw`; unprintable characters of a name become "?" and long names are cut."""
    parts = [f"[{part}]" if isinstance(part, int) else f".{_name(part)}" for part in place if part != "[key]"]
    return "".join(parts).removeprefix(".")


def _name(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text[:64])


_RULES = {
    "missing": "is required",
    "extra_forbidden": "is not a known field",
    "finite_number": "must be a finite number",
    "float_type": "must be a number",
    "int_type": "must be a whole number",
    "bool_type": "must be true or false",
    "string_type": "must be a string",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "list_type": "must be a list",
    "too_short": "must have at least {min_length} entries",
    "too_long": "must have at most {max_length} entries",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "literal_error": "must be {expected}",
    "greater_than": "must be greater than {gt:.12g}",
    "greater_than_equal": "must be at least {ge:.12g}",
    "less_than_equal": "must be at most {le:.12g}",
    "json_invalid": "must be valid JSON",
    "union_tag_not_found": "is required",
    "union_tag_invalid": "must be one of {expected_tags}",
}


def _rule(detail: ErrorDetails) -> str:
    context: dict[str, Any] = detail.get("ctx") or {}
    if detail["type"] == "rule":
        return str(context["rule"])
    if context.get("min_length") == 1:
        return "must not be empty"
    return _RULES.get(detail["type"], "is not valid").format(**context)
