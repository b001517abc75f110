"""Id tokens as CSV (RFC 4180): a header line with the names of fields, a line for each token. Pure.

Lists are written with "/" between their items; within one, "/" is written %2F and "%" %25, as in addresses. What a
spreadsheet would take for a formula is written with "'" before it, and read without.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from pydantic import ValidationError

from csms.domain.authorization import IdToken, token_key
from csms.token_models import IdTokenConfig, written
from csms.validation import FieldError, field_errors

MAX_LINES = 10_000
"""Of one import: whoever sends it waits for all of it."""

FIELDS = ("id_token", *(name for name in IdTokenConfig.model_fields if name != "id_token"))

_FORMULA = re.compile(r"'*[=+\-@\t\r]")  # those that begin with "'" too, so that each text is read as it was
_MOST_DIGITS = 20
_LISTS = ("sites", "charge_points")
_FLAGS = ("one_at_a_time", "end_session_when_blocked")
_WORDS = {"true": True, "false": False}


def lines(records: Iterable[IdToken]) -> Iterator[str]:
    """The file, line by line."""
    yield _line(FIELDS)
    for record in records:
        values = {"id_token": record.id_token, **written(record)}
        yield _line([_cell(values[name]) for name in FIELDS])


def read(text: str, find: Callable[[str], IdToken | None], at_s: float) -> Iterator[IdToken | list[FieldError]]:
    """A record for each line, or what is wrong with it; `find` knows those there are.

    A column that is not there leaves what was said of a token; a cell that is empty takes it back.
    """
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = next(rows, None)
        problems = _header_errors(header or [])
        if header is None or problems:
            yield problems
            return
        yield from _records(rows, header, find, at_s)
    except csv.Error:
        yield [FieldError(f"line[{rows.line_num}]", "must be CSV: quotes are doubled within quotes, and closed")]


def _records(
    rows: Any, header: list[str], find: Callable[[str], IdToken | None], at_s: float
) -> Iterator[IdToken | list[FieldError]]:
    seen: dict[str, int] = {}
    for count, cells in enumerate((cells for cells in rows if cells), start=1):
        line = f"line[{rows.line_num}]"
        if count > MAX_LINES:
            yield [FieldError(line, f"at most {MAX_LINES} tokens can be imported at once")]
            return
        if len(cells) != len(header):
            yield [FieldError(line, f"must have {len(header)} cells, as many as the first line")]
            continue
        given = dict(zip(header, map(_without_quote, cells), strict=True))
        first = seen.setdefault(token_key(given["id_token"]), rows.line_num)
        if first != rows.line_num:
            yield [FieldError(f"{line}.id_token", f"must not be repeated; line[{first}] has it too")]
            continue
        yield _record(line, given, find(given["id_token"]), at_s)


def _record(line: str, given: dict[str, str], known: IdToken | None, at_s: float) -> IdToken | list[FieldError]:
    values = {} if known is None else written(known)
    for name, cell in given.items():
        values.pop(name, None)
        if name == "id_token" or cell:
            values[name] = _value(name, cell)
    try:
        model = IdTokenConfig.model_validate(values)
    except ValidationError as invalid:
        return [
            FieldError(f"{line}.{error.field}" if error.field else line, error.rule) for error in field_errors(invalid)
        ]
    return model.record(
        model.id_token, origin="api", at_s=at_s, created_at_s=None if known is None else known.created_at_s
    )


def _header_errors(header: list[str]) -> list[FieldError]:
    found = [FieldError(f"line[1].{name[:64]}", "is not a known field") for name in header if name not in FIELDS]
    found += [FieldError(f"line[1].{name}", "must not be repeated") for name in FIELDS if header.count(name) > 1]
    if "id_token" not in header:
        found.append(FieldError("line[1].id_token", "is required: the first line names the fields"))
    return found


def _value(name: str, cell: str) -> object:
    if name in _LISTS:
        return [item.replace("%2F", "/").replace("%25", "%") for item in cell.split("/")]
    if name in _FLAGS:
        return _WORDS.get(cell.lower(), cell)
    if name == "priority":
        digits = cell.removeprefix("-")
        return int(cell) if digits.isascii() and digits.isdigit() and len(digits) <= _MOST_DIGITS else cell
    return cell


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case list():
            return _with_quote("/".join(item.replace("%", "%25").replace("/", "%2F") for item in value))
        case str():
            return _with_quote(value)
        case _:
            return str(value)


def _with_quote(text: str) -> str:
    return f"'{text}" if _FORMULA.match(text) else text


def _without_quote(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def _line(cells: Iterable[str]) -> str:
    out = io.StringIO(newline="")
    csv.writer(out).writerow(cells)
    return out.getvalue()
