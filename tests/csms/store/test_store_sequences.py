from __future__ import annotations

from csms.store.sequences import BLOCK, Sequences


def test_no_number_is_handed_out_before_it_is_reserved() -> None:
    sequences = Sequences({})
    assert sequences.take("session") is None
    sequences.reserved({"session": 2})
    assert [sequences.take("session") for _ in range(3)] == [1, 2, None]


def test_numbers_go_on_after_what_may_have_been_handed_out() -> None:
    sequences = Sequences({"session": 70})
    sequences.reserved({"session": 70 + BLOCK})
    assert sequences.take("session") == 71


def test_the_next_block_is_due_once_when_half_of_this_one_is_used() -> None:
    sequences = Sequences({})
    sequences.reserved({"session": BLOCK})
    due = [sequences.due("session") for _ in range(BLOCK) if sequences.take("session")]
    assert [value for value in due if value is not None] == [BLOCK // 2 + BLOCK]


def test_a_reservation_that_failed_is_due_again() -> None:
    sequences = Sequences({})
    assert sequences.due("session") == BLOCK
    assert sequences.due("session") is None
    sequences.failed(["session"])
    assert sequences.due("session") == BLOCK


def test_a_late_reservation_takes_nothing_back() -> None:
    sequences = Sequences({})
    sequences.reserved({"session": 10})
    sequences.reserved({"session": 5})
    assert [sequences.take("session") for _ in range(10)] == list(range(1, 11))
