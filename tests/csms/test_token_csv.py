"""Id tokens as CSV: what goes out comes back, and every line that is wrong says so."""

from __future__ import annotations

import pytest

from csms.domain.authorization import IdToken, Status
from csms.domain.model import Current
from csms.token_csv import MAX_LINES, lines, read
from csms.validation import FieldError

NOW_S = 1_780_000_000.0
FULL = IdToken(
    "04A2B3",
    group_id='Fam"ily, 7',
    status=Status.BLOCKED,
    kind="ISO14443",
    valid_from_s=1_767_225_600.0,
    expires_at_s=1_798_761_600.5,
    sites=("home", "away"),
    charge_points=("CP-1", "CP 2:1"),
    current=Current.AC,
    one_at_a_time=True,
    priority=-3,
    end_session_when_blocked=False,
    note="fünf; sechs, sieben",
    origin="api",
    created_at_s=NOW_S,
    updated_at_s=NOW_S,
)
KNOWN = IdToken("tag", group_id="G", note="old", one_at_a_time=True, created_at_s=5.0, updated_at_s=5.0)


def records(text: str, *known: IdToken) -> list[IdToken | list[FieldError]]:
    held = {record.key: record for record in known}
    return list(read(text, lambda id_token: held.get(id_token.casefold()), NOW_S))


def test_what_was_written_is_read_as_it_was() -> None:
    plain = IdToken("B", created_at_s=NOW_S, updated_at_s=NOW_S)
    assert records("".join(lines([FULL, plain]))) == [FULL, plain]


@pytest.mark.parametrize("text", ["=1+1", "+49 170", "-1", "@SUM(A1)", "'=1", "''+x", "'quoted'", "a=b"])
def test_no_cell_is_a_formula_and_each_is_read_as_it_was(text: str) -> None:
    token = IdToken("=HYPERLINK()", note=text, created_at_s=NOW_S, updated_at_s=NOW_S)
    _, line = lines([token])
    assert line.startswith("'=HYPERLINK()")
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in line.split(",") if cell != "0")
    assert records("".join(lines([token]))) == [token]


@pytest.mark.parametrize("charge_points", [("hall/A", "B"), ("50%", "%2F", "%25"), ("%252F/%",)])
def test_a_charge_point_with_a_slash_in_its_name_stays_one(charge_points: tuple[str, ...]) -> None:
    token = IdToken("A", charge_points=charge_points, created_at_s=NOW_S, updated_at_s=NOW_S)
    assert records("".join(lines([token]))) == [token]


def test_a_number_of_thousands_of_digits_is_no_priority() -> None:
    (errors,) = records(f"id_token,priority\nA,{'9' * 5000}\n")
    assert isinstance(errors, list)
    assert errors[0].field == "line[2].priority"


def test_times_and_lists_are_written_for_people() -> None:
    header, line = lines([FULL])
    assert header == (
        "id_token,group_id,status,type,valid_from,expires_at,sites,charge_points,current,one_at_a_time,priority,"
        "end_session_when_blocked,note\r\n"
    )
    assert line == (
        '04A2B3,"Fam""ily, 7",Blocked,ISO14443,2026-01-01T00:00:00Z,2027-01-01T00:00:00.500Z,home/away,'
        'CP-1/CP 2:1,AC,true,-3,false,"fünf; sechs, sieben"\r\n'
    )


def test_a_column_that_is_not_there_leaves_what_was_said_and_an_empty_cell_takes_it_back() -> None:
    (record,) = records("note,id_token\n,TAG\n", KNOWN)
    assert isinstance(record, IdToken)
    assert (record.note, record.group_id, record.one_at_a_time, record.created_at_s) == ("", "G", True, 5.0)


def test_empty_lines_are_no_tokens() -> None:
    assert [isinstance(row, IdToken) for row in records("id_token\n\nA\n\n\nB\n\n")] == [True, True]


@pytest.mark.parametrize(
    ("text", "errors"),
    [
        ("", [("line[1].id_token", "is required: the first line names the fields")]),
        ("note\nx\n", [("line[1].id_token", "is required: the first line names the fields")]),
        ("id_token,colour\nA,red\n", [("line[1].colour", "is not a known field")]),
        ("id_token,note,note\nA,b,c\n", [("line[1].note", "must not be repeated")]),
        ("id_token,note\nA\n", [("line[2]", "must have 2 cells, as many as the first line")]),
        ("id_token\nA\nB\na\n", [("line[4].id_token", "must not be repeated; line[2] has it too")]),
        ("id_token,priority\nA,ten\n", [("line[2].priority", "must be a whole number")]),
        ("id_token,priority\nA,10\n", [("line[2].priority", "must be at most 9")]),
        ("id_token,one_at_a_time\nA,maybe\n", [("line[2].one_at_a_time", "must be true or false")]),
        ("id_token,charge_points\nA,CP-1/CP-1\n", [("line[2].charge_points[1]", "must not be repeated")]),
        (
            "id_token,status,expires_at\n,Accepted,tomorrow\nB,Gone,\n",
            [
                ("line[2].expires_at", "must be an RFC 3339 time with its zone, such as 2030-01-31T23:59:59Z"),
                ("line[2].id_token", "must not be empty"),
                ("line[3].status", "must be 'Accepted', 'Blocked', 'Invalid' or 'NoCredit'"),
            ],
        ),
        ('id_token\n"A\n', [("line[2]", "must be CSV: quotes are doubled within quotes, and closed")]),
    ],
)
def test_every_wrong_line_says_which_field_breaks_which_rule(text: str, errors: list[tuple[str, str]]) -> None:
    found = [error for row in records(text) if isinstance(row, list) for error in row]
    assert [(error.field, error.rule) for error in found] == errors


def test_more_than_can_be_imported_at_once_is_said_once() -> None:
    found = records("id_token\n" + "".join(f"T-{n}\n" for n in range(MAX_LINES + 10)))
    assert len(found) == MAX_LINES + 1
    assert isinstance(found[-1], list)
    assert found[-1][0].rule == "at most 10000 tokens can be imported at once"
