"""The broken rules are still those that stand in the source, and each says where the simulation notices it."""

from pathlib import Path

import pytest
from support.carpark.draw_life import draw_scenario
from support.mutations import MUTATIONS, Mutation

ROOT = Path(__file__).parents[2]


def test_no_two_broken_rules_have_one_name() -> None:
    assert len({mutation.name for mutation in MUTATIONS}) == len(MUTATIONS)


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_the_line_that_is_broken_stands_there_once_and_a_run_notices_it_or_none_can(mutation: Mutation) -> None:
    assert (ROOT / mutation.path).read_text().count(mutation.old) == 1
    assert mutation.old != mutation.new
    assert bool(mutation.seeds) != bool(mutation.unseen)
    assert all(draw_scenario(seed, 1.0).points for seed in mutation.seeds)
