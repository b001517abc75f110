"""How often suspicions are told, and from when on they are an alarm."""

from csms.domain.suspicion import ANOTHER_ADDRESS, WRONG_LOGIN, Notice, Suspicions


def test_the_first_is_told_and_then_one_in_ten_minutes_with_how_many_there_were() -> None:
    suspicions = Suspicions()
    told = {s: notice for s in range(0, 1300, 100) if (notice := suspicions.noticed("CP-1", WRONG_LOGIN, s))}
    assert told == {0: Notice(1, False), 600: Notice(6, False), 1200: Notice(6, False)}


def test_many_within_ten_minutes_are_an_alarm_at_once_and_once() -> None:
    suspicions = Suspicions()
    told = [suspicions.noticed("CP-1", WRONG_LOGIN, second) for second in range(100)]
    assert [notice for notice in told if notice] == [Notice(1, False), Notice(9, True)]
    assert told[9] == Notice(9, True)


def test_charge_points_and_kinds_count_for_themselves() -> None:
    suspicions = Suspicions()
    assert suspicions.noticed("CP-1", ANOTHER_ADDRESS, 0) == Notice(1, False)
    assert suspicions.noticed("CP-2", ANOTHER_ADDRESS, 0) == Notice(1, False)
    assert suspicions.noticed("CP-1", WRONG_LOGIN, 0) == Notice(1, False)
    assert suspicions.noticed("CP-1", ANOTHER_ADDRESS, 1) is None
    assert suspicions.noticed("CP-1", ANOTHER_ADDRESS, 2) == Notice(2, True)
