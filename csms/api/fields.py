"""How values are written in queries and answers: times, whole numbers, ids, kW, what is known of a charge point."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import BeforeValidator, Field, WithJsonSchema

from csms.validation import broken_rule, kw

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_S, _LAST_S = -62_135_596_800, 253_402_300_799  # the years 1 and 9999

Time = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]
"""RFC 3339 in UTC, in an answer."""


def time(utc_s: float) -> str:
    """RFC 3339 in UTC with Z; milliseconds where there are any."""
    milliseconds = round(min(max(utc_s, _FIRST_S), _LAST_S) * 1000)
    moment = _EPOCH + timedelta(milliseconds=milliseconds)
    text = moment.isoformat(timespec="milliseconds" if milliseconds % 1000 else "seconds")
    return text.replace("+00:00", "Z")


def optional_time(utc_s: float | None) -> str | None:
    return None if utc_s is None else time(utc_s)


def optional_kw(power_w: float | None) -> float | None:
    return None if power_w is None else kw(round(power_w))


def optional_kwh(energy_wh: float | None) -> float | None:
    return None if energy_wh is None else kw(round(energy_wh))


KnobValue = bool | int | float | str | list[str] | list[float] | None
"""What a knob of domain.capabilities is set to."""


def knob_value(value: object) -> KnobValue:
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, bool | int | float) or value is None:
        return value
    return str(value)


def _parsed_time(text: object) -> object:
    # A "+" that was not percent-encoded arrives as a space; in this place it can mean nothing else.
    match = re.fullmatch(
        r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(\.\d{1,9})?([Zz]|[+\- ]\d\d:\d\d)", str(text), re.ASCII
    )
    if match is None:
        raise broken_rule("must be an RFC 3339 time with its zone, such as 2024-05-01T12:00:00Z")
    day, clock, fraction, zone = match.groups()
    zone = "+00:00" if zone in "Zz" else zone.replace(" ", "+")
    try:
        moment = datetime.fromisoformat(f"{day}T{clock}{(fraction or '')[:7]}{zone}")
    except ValueError as impossible:
        raise broken_rule("must be a time that exists") from impossible
    return (moment - _EPOCH).total_seconds()


def _parsed_whole_number(text: object) -> object:
    if isinstance(text, int):
        return text  # a default
    if re.fullmatch(r"-?[0-9]{1,18}", str(text)) is None:
        raise broken_rule("must be a whole number")
    return int(str(text))


def _checked_id(text: object) -> object:
    if not isinstance(text, str) or not text or len(text) > 255 or not text.isprintable():
        raise broken_rule("must be an id")
    return text


_TIME_SCHEMA = {"type": "string", "format": "date-time", "examples": ["2026-05-04T08:00:00Z"]}

UtcSeconds = Annotated[float, BeforeValidator(_parsed_time), WithJsonSchema(_TIME_SCHEMA)]
WholeNumber = Annotated[int, BeforeValidator(_parsed_whole_number)]
Id = Annotated[str, BeforeValidator(_checked_id)]
FromTime = Annotated[UtcSeconds | None, Field(alias="from")]
