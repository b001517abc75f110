"""When chargers are asked for readings that are missed, and how often."""

import itertools

from csms.asking import Asking
from csms.domain.model import ConnectorKey

A, B = ConnectorKey("a", 1), ConnectorKey("b", 1)


def test_a_reading_is_asked_for_when_it_will_tell_and_not_before() -> None:
    asked: list[ConnectorKey] = []
    asking = Asking(asked.append)
    assert asking.missed({A: 10.0, B: 25.0}, 9.0) == 10.0
    assert asked == []
    assert asking.missed({A: 10.0, B: 25.0}, 10.0) == 25.0
    assert asked == [A]
    assert asking.missed({A: 10.0, B: 25.0}, 25.0) == 70.0
    assert asked == [A, B]


def test_one_that_does_not_come_is_asked_for_less_and_less_often_but_for_ever() -> None:
    times: list[float] = []
    now_s = 0.0
    asking = Asking(lambda _key: times.append(now_s))
    while len(times) < 10:
        due_s = asking.missed({A: 0.0}, now_s)
        assert due_s is not None
        assert due_s > now_s
        now_s = due_s
    gaps_s = [later - sooner for sooner, later in itertools.pairwise(times)]
    assert gaps_s == [60, 120, 240, 480, 960, 1920, 3840, 3840, 3840]


def test_a_later_cut_is_asked_about_when_its_reading_tells_but_not_at_once_again() -> None:
    asked: list[ConnectorKey] = []
    asking = Asking(asked.append)
    asking.missed({A: 10.0}, 10.0)
    assert asking.missed({A: 30.0}, 30.0) == 70.0
    assert asking.missed({A: 100.0}, 70.0) == 100.0
    assert asked == [A]
    asking.missed({A: 100.0}, 100.0)
    assert asked == [A, A]


def test_once_it_has_come_everything_begins_anew() -> None:
    asked: list[ConnectorKey] = []
    asking = Asking(asked.append)
    asking.missed({A: 10.0}, 10.0)
    assert asking.missed({}, 15.0) is None
    asking.missed({A: 20.0}, 20.0)
    assert asked == [A, A]
