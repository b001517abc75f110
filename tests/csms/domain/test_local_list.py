"""Which SendLocalList comes next: a table of what is wanted, what is held, and what was answered."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from csms.domain.authorization import Decision, Status
from csms.domain.local_list import (
    MOST,
    Capacity,
    Entry,
    Held,
    ListAnswer,
    Update,
    answered,
    next_update,
    reported,
)


def entry(token: str, status: Status = Status.ACCEPTED, group: str | None = None) -> Entry:
    return Entry.of(token, Decision(status, group))


def wanted(*tokens: str, blocked: str = "") -> dict[str, Entry]:
    return {token: entry(token, Status.BLOCKED if token in blocked.split() else Status.ACCEPTED) for token in tokens}


def held(version: int, entries: Mapping[str, Entry] | None) -> Held:
    return Held(version, None if entries is None else {token: e.fingerprint for token, e in entries.items()})


def said(update: Update | None) -> tuple[int, str, list[str]] | None:
    """Version, type, and the tokens; "-" before those that are removed."""
    if update is None:
        return None
    tokens = [f"-{token}" if e is None else token for token, e in update.entries.items()]
    return update.version, "Full" if update.full else "Differential", tokens


TWO = Capacity(per_message=2)
A, AB, ABC = wanted("A"), wanted("A", "B"), wanted("A", "B", "C")


@pytest.mark.parametrize(
    ("want", "has", "capacity", "expected"),
    [
        # Nothing is known of what it holds: everything, above every version there was.
        (AB, held(0, None), Capacity(), (1, "Full", ["A", "B"])),
        (AB, held(7, None), Capacity(), (8, "Full", ["A", "B"])),
        ({}, held(7, None), Capacity(), (8, "Full", [])),
        # Too much for one message: the rest follows as changes.
        (ABC, held(0, None), TWO, (1, "Full", ["A", "B"])),
        (ABC, held(1, AB), TWO, (2, "Differential", ["C"])),
        # It holds what it should.
        (AB, held(3, AB), Capacity(), None),
        ({}, held(0, {}), Capacity(), None),
        # Changes. Those that go make room first.
        (AB, held(3, A), Capacity(), (4, "Differential", ["B"])),
        (A, held(3, AB), Capacity(), (4, "Differential", ["-B"])),
        (wanted("B"), held(3, A), Capacity(), (4, "Differential", ["-A", "B"])),
        ({}, held(3, AB), TWO, (4, "Differential", ["-A", "-B"])),
        (wanted("C"), held(3, AB), TWO, (4, "Differential", ["-A", "-B"])),
        (wanted("A", "B", blocked="B"), held(3, AB), Capacity(), (4, "Differential", ["B"])),
        # There is none, or it is empty: some refuse to change what is not there.
        (A, held(0, {}), Capacity(), (1, "Full", ["A"])),
        (A, held(8, {}), Capacity(), (9, "Full", ["A"])),
        # The version is an integer of 32 bits: it begins anew with everything.
        (AB, held(2**31 - 1, A), Capacity(), (1, "Full", ["A", "B"])),
    ],
)
def test_what_is_sent_next(
    want: dict[str, Entry], has: Held, capacity: Capacity, expected: tuple[int, str, list[str]] | None
) -> None:
    assert said(next_update(want, has, capacity)) == expected


FULL = Update(5, True, dict(AB))
CHANGE = Update(5, False, {"A": None, "C": entry("C")})


@pytest.mark.parametrize(
    ("before", "update", "answer", "after"),
    [
        (held(4, None), FULL, ListAnswer.ACCEPTED, held(5, AB)),
        (held(4, wanted("X")), FULL, ListAnswer.ACCEPTED, held(5, AB)),
        (held(4, AB), CHANGE, ListAnswer.ACCEPTED, held(5, wanted("B", "C"))),
        (held(4, AB), CHANGE, ListAnswer.VERSION_MISMATCH, held(5, None)),
        (held(4, AB), CHANGE, ListAnswer.FAILED, held(5, None)),
        (held(4, AB), CHANGE, ListAnswer.UNANSWERED, held(5, None)),
        (held(4, None), FULL, ListAnswer.FAILED, held(5, None)),
    ],
)
def test_what_it_holds_after_its_answer(before: Held, update: Update, answer: ListAnswer, after: Held) -> None:
    assert answered(before, update, answer) == after


@pytest.mark.parametrize(
    ("known", "version", "now"),
    [
        (held(4, AB), 4, held(4, AB)),
        (held(4, AB), 3, held(4, None)),
        (held(4, AB), 9, held(9, None)),
        (held(4, AB), 0, held(4, {})),
        (held(4, None), 4, held(4, None)),
        (Held(), 0, held(0, {})),
    ],
)
def test_what_it_holds_once_it_has_told_its_version(known: Held, version: int, now: Held) -> None:
    assert reported(known, version) == now


def test_a_long_list_arrives_in_parts_with_rising_versions() -> None:
    want = wanted(*(f"T-{n}" for n in range(45)))
    has, versions = Held(6), []
    while (update := next_update(want, has, Capacity())) is not None:
        versions.append((update.version, update.full, len(update.entries)))
        has = answered(has, update, ListAnswer.ACCEPTED)
    assert versions == [(7, True, 20), (8, False, 20), (9, False, 5)]
    assert has == held(9, want)


def test_a_refused_change_is_followed_by_everything() -> None:
    update = next_update(ABC, held(4, AB), Capacity())
    assert update is not None
    after = answered(held(4, AB), update, ListAnswer.VERSION_MISMATCH)
    assert said(next_update(ABC, after, Capacity())) == (6, "Full", ["A", "B", "C"])


@pytest.mark.parametrize(
    ("capacity", "batch"),
    [
        (Capacity(), 20),
        (Capacity(per_message=100), 100),
        (Capacity(per_message=100, bytes_per_message=3000), 10),
        (Capacity(bytes_per_message=10), 1),
    ],
)
def test_a_message_holds_no_more_than_the_charge_point_takes(capacity: Capacity, batch: int) -> None:
    assert capacity.batch == batch


@pytest.mark.parametrize(("most", "room"), [(None, MOST), (2, 2), (10**9, MOST)])
def test_a_list_holds_no_more_than_there_is_room_for(most: int | None, room: int) -> None:
    assert Capacity(most=most).room == room


@pytest.mark.parametrize(
    "other",
    [
        Entry.of("A", Decision(Status.BLOCKED)),
        Entry.of("A", Decision(Status.ACCEPTED, group_id="G")),
        Entry.of("A", Decision(Status.ACCEPTED, expires_at_s=1.0)),
        Entry.of("A", Decision(Status.ACCEPTED, priority=1)),
        Entry.of("A", Decision(Status.ACCEPTED), kind="eMAID"),
    ],
)
def test_whatever_is_said_of_a_token_shows_in_its_fingerprint(other: Entry) -> None:
    assert other.fingerprint != entry("A").fingerprint
