"""Repairs what real charge points send and the schemas refuse: pure, and only called for a payload that is invalid.

`normalise` changes the spelling of a payload, never its meaning. `prune` then removes what stays unreadable,
because refusing a start or a stop loses the session.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from itertools import islice

from csms.charge_points.schemas import Fault, JsonObject, MessageSchema, fault_of, request_schema, response_schema

# An unreadable optional part of these requests is removed; of any other it is refused.
PRUNED_REQUESTS = frozenset(
    {
        "MeterValues",
        "NotifyMonitoringReport",
        "NotifyReport",
        "StartTransaction",
        "StatusNotification",
        "StopTransaction",
        "TransactionEvent",
    }
)


def normalise(subprotocol: str, action: str, payload: JsonObject, *, response: bool = False) -> JsonObject:
    """A copy of the payload with the wire habits of the field undone.

    Nulls, empty optional lists and unknown properties go; numbers, texts, booleans, times and enum spellings
    become what the schema of that field wants, where the value is readable at all; over-long texts are cut.
    """
    schema = (response_schema if response else request_schema)(subprotocol, action)
    result = _object(schema.tree, payload)
    if action == "MeterValues" and not response:
        result.setdefault("meterValue", [])
    return result


def prune(schema: MessageSchema, payload: JsonObject) -> list[Fault]:
    """Removes, in place, every optional part that breaks the schema; returns what was removed and why.

    What stays invalid then is what the message cannot do without.
    """
    pruned: list[Fault] = []
    for _ in range(_MAX_PASSES):
        targets: dict[tuple[str | int, ...], Fault] = {}
        for error in islice(schema.validator.iter_errors(payload), _MAX_ERRORS):
            target = _removable(schema.tree, error.instance_path)
            if target is not None:
                targets.setdefault(target, fault_of(error))
        if not targets:
            break
        # From the back, so that an index still means what it meant when it was found.
        for target in sorted(targets, reverse=True):
            _remove(payload, target)
        pruned.extend(targets.values())
    return pruned


def parse_time(text: str) -> float | None:
    """Seconds since 1970 in UTC, or None if the text is no date and time.

    Tolerant: without a zone it is UTC; blanks, slashes, single digits, RFC 2822 and epoch seconds or
    milliseconds are read too. Any year from 1 to 9999 has a value, however unlikely.
    """
    if len(text) > _LONGEST_TIME:
        return None
    if text.isdecimal():
        return _epoch_time(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return _loose_time(text)
    return _seconds(moment)


_MAX_PASSES = 16
_MAX_ERRORS = 1000
_LONGEST_TIME = 64
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# Longer texts are certificates and signatures, worthless when cut.
_LONGEST_CUT = 512

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_LOOSE_TIME = re.compile(
    r"\s*(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T\s]\s*(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:[.,](\d{1,9})\d*)?)?)?"
    r"\s*(?:(Z|UTC|GMT)|([+-])(\d{2}):?(\d{2})?)?\s*",
    re.ASCII | re.IGNORECASE,
)
_NUMBER = re.compile(r"\s*[+-]?\d{1,15}(\.\d{0,15}([eE][+-]?\d{1,2})?)?\s*", re.ASCII)
_BOOLEANS: Mapping[object, bool] = {"true": True, "false": False, "1": True, "0": False}

# Spellings that differ from the enum's by more than case and punctuation. Both Celsius and Celcius are in 1.6's
# schemas (errata 2.1) and stay as they are.
_ENUM_ALIASES = {"%": "Percent", "percentage": "Percent", "hz": "Hertz", "evdisconnect": "EVDisconnected"}


class _Dropped:
    """Stands for a value that is not there."""


_DROPPED = _Dropped()


def _rounded(value: object) -> object:
    number = _number({}, value)
    return round(number) if isinstance(number, float) and math.isfinite(number) else value


def _custom_data(value: object) -> object:
    # Nothing here depends on customData, and a vendor's mistake in it is no reason to refuse a message.
    readable = isinstance(value, dict) and isinstance(value.get("vendorId"), str)
    return value if readable else _DROPPED


_BY_NAME: Mapping[str, Callable[[object], object]] = {
    "meterStart": _rounded,
    "meterStop": _rounded,
    "customData": _custom_data,
}


def _value(node: JsonObject, name: str, value: object) -> object:
    if name in _BY_NAME:
        value = _BY_NAME[name](value)
    if value is None or value is _DROPPED:
        return _DROPPED
    convert = _BY_TYPE.get(node.get("type", ""))
    return convert(node, value) if convert else value


def _object(node: JsonObject, value: JsonObject) -> JsonObject:
    properties: JsonObject = node.get("properties", {})
    closed = node.get("additionalProperties") is False
    result: JsonObject = {}
    for name, item in value.items():
        if name in properties:
            kept = _value(properties[name], name, item)
            if kept is not _DROPPED and (kept != [] or name in node.get("required", ())):
                result[name] = kept
        elif not closed:
            result[name] = item
    return result


def _object_or_other(node: JsonObject, value: object) -> object:
    return _object(node, value) if isinstance(value, dict) else value


def _array(node: JsonObject, value: object) -> object:
    items: JsonObject = node.get("items", {})
    if isinstance(value, dict) and items.get("type") == "object":
        value = [value]  # a list of one, sent without its brackets
    if not isinstance(value, list):
        return value
    converted = [_value(items, "", item) for item in value]
    return [item for item in converted if item is not _DROPPED and not _is_hollow(items, item)]


def _is_hollow(node: JsonObject, item: object) -> bool:
    """An element whose required list is empty: a meter reading without samples."""
    return isinstance(item, dict) and any(item.get(name) == [] for name in node.get("required", ()))


def _string(node: JsonObject, value: object) -> object:
    if node.get("format") == "date-time":
        return _time(value)
    if isinstance(value, bool):
        value = "true" if value else "false"
    elif isinstance(value, int | float):
        value = str(value)
    if not isinstance(value, str):
        return value
    if "enum" in node:
        return _enum_member(node["enum"], value)
    longest = node.get("maxLength", len(value))
    return value[:longest] if longest <= _LONGEST_CUT else value


def _enum_member(options: Sequence[str], value: str) -> str:
    if value in options:
        return value
    alias = _ENUM_ALIASES.get(value.strip().lower())
    if alias in options and alias is not None:
        return alias
    wanted = _letters(value)
    return next((option for option in options if _letters(option) == wanted), value)


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text)).lower()


def _time(value: object) -> object:
    text = str(value) if isinstance(value, int) else value
    if not isinstance(text, str) or _RFC3339.fullmatch(text):
        return value
    time_s = parse_time(text)
    if time_s is None:
        return value
    moment = _EPOCH.replace(tzinfo=None) + timedelta(seconds=min(max(time_s, _FIRST_S), _LAST_S))
    return moment.isoformat(timespec="milliseconds" if moment.microsecond else "seconds") + "Z"


def _integer(node: JsonObject, value: object) -> object:
    number = _number(node, value)
    return int(number) if isinstance(number, float) and number.is_integer() else number


def _number(_: JsonObject, value: object) -> object:
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return float(value) if "." in value else int(value)
    return value


def _boolean(_: JsonObject, value: object) -> object:
    return _BOOLEANS.get(str(value).strip().lower(), value) if isinstance(value, str | int) else value


_BY_TYPE: Mapping[str, Callable[[JsonObject, object], object]] = {
    "object": _object_or_other,
    "array": _array,
    "string": _string,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
}


def _seconds(moment: datetime) -> float:
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


_FIRST_S = (datetime.min.replace(tzinfo=UTC) - _EPOCH).total_seconds()
_LAST_S = (datetime.max.replace(tzinfo=UTC, microsecond=0) - _EPOCH).total_seconds()


def _epoch_time(digits: str) -> float | None:
    return {10: 1.0, 13: 1e-3}[len(digits)] * int(digits) if len(digits) in {10, 13} else None


def _loose_time(text: str) -> float | None:
    match = _LOOSE_TIME.fullmatch(text)
    if match is None:
        return _mail_time(text)
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    try:
        moment = datetime(year, month, day, hour, minute, tzinfo=UTC)
    except ValueError:
        return None
    if second > 60:  # 60 is a leap second (RFC 3339 section 5.6)
        return None
    sign = -1 if match[9] == "-" else 1
    offset_s = sign * (int(match[10] or 0) * 3600 + int(match[11] or 0) * 60)
    return _seconds(moment) + second + float(f"0.{match[7] or 0}") - offset_s


def _mail_time(text: str) -> float | None:
    try:
        return _seconds(parsedate_to_datetime(text))
    except (ValueError, OverflowError):
        return None


# A reading without its unit, phase or measurand would mean something else, and so would a schedule that
# lost a period: these fall as a whole.
_WHOLE_ITEMS = frozenset({"sampledValue"})
_WHOLE_PROPERTIES = frozenset({"chargingSchedule", "schedule"})
_BESIDE_THE_PERIODS = frozenset({"duration", "evseId", "minChargingRate", "scheduleStart", "startSchedule"})


def _removable(tree: JsonObject, path: Sequence[str | int]) -> tuple[str | int, ...] | None:
    """The smallest part around the path that the schema can do without, or None."""
    node, found = tree, None
    for depth, step in enumerate(path, start=1):
        if isinstance(step, int):
            found = tuple(path[:depth])
            if path[depth - 2] in _WHOLE_ITEMS:
                return found
            node = node["items"]
        else:
            if step not in node.get("required", ()):
                found = tuple(path[:depth])
                if step in _WHOLE_PROPERTIES and path[-1] not in _BESIDE_THE_PERIODS:
                    return found
            node = node["properties"][step]
    return found


def _remove(payload: JsonObject, path: tuple[str | int, ...]) -> None:
    parent: object = payload
    for step in path[:-1]:
        parent = parent[step]  # type: ignore[index]  # the path was found in this very payload
    del parent[path[-1]]  # type: ignore[attr-defined]  # as above
