"""Which fault a charger is said to have, where it has several."""

import pytest
from support.carpark.draw_behaviour import AT_RUN_TIME, FAULTS, fault_of, with_knobs

from simulators.behaviour import BY_THE_BOOK


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_goes_by_its_name(name: str) -> None:
    assert fault_of(with_knobs(BY_THE_BOOK, FAULTS[name])) == name


@pytest.mark.parametrize("lasting", FAULTS)
@pytest.mark.parametrize("passing", AT_RUN_TIME)
def test_what_it_falls_into_while_it_runs_shows_above_what_it_always_does(lasting: str, passing: str) -> None:
    both = with_knobs(with_knobs(BY_THE_BOOK, FAULTS[lasting]), FAULTS[passing])
    assert fault_of(both) in ({passing} if lasting not in AT_RUN_TIME else {passing, lasting})


@pytest.mark.parametrize("other", [name for name in FAULTS if not name.startswith("forgets")])
def test_forgetting_is_noticed_when_it_happens_and_names_no_charger_that_does_worse(other: str) -> None:
    both = with_knobs(with_knobs(BY_THE_BOOK, FAULTS["forgets_on_reconnect"]), FAULTS[other])
    assert fault_of(both) == other


def test_a_charger_by_the_book_has_none() -> None:
    assert fault_of(BY_THE_BOOK) is None
