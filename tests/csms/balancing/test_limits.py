import pytest
from hypothesis import given
from hypothesis import strategies as st

from csms.balancing.limits import Bounds, divide


@pytest.mark.parametrize(
    ("capacity_w", "bounds", "shares"),
    [
        (100_000, [(0, 50_000)] * 4, [25_000] * 4),  # equal parts
        (100_000, [(0, 22_000)] * 4, [22_000] * 4),  # nobody above his cap
        (60_000, [(0, 5_000), (0, 50_000), (0, 50_000)], [5_000, 27_500, 27_500]),  # what one leaves, others get
        (30_000, [(20_000, 50_000), (0, 50_000)], [20_000, 10_000]),  # a floor above the level stays
        (100, [(0, 1000)] * 3, [33, 33, 33]),  # less than a watt each stays unused
        (10, [(20, 30), (20, 30)], [20, 20]),  # floors that do not fit are left as they are
        (50_000, [], []),
    ],
)
def test_shares_are_raised_together(capacity_w: int, bounds: list[tuple[int, int]], shares: list[int]) -> None:
    assert divide(capacity_w, [Bounds(*bound) for bound in bounds]) == shares


def test_what_is_held_for_a_participant_anyway_costs_the_others_nothing() -> None:
    assert divide(30_000, [Bounds(0, 50_000, reserved_w=20_000), Bounds(0, 50_000)]) == [10_000, 10_000]


@st.composite
def divisions(draw: st.DrawFn) -> tuple[int, list[Bounds]]:
    bounds = []
    for _ in range(draw(st.integers(1, 6))):
        floor_w = draw(st.integers(0, 30))
        bounds.append(Bounds(floor_w, floor_w + draw(st.integers(0, 30)), draw(st.integers(0, 40))))
    least_w = sum(max(b.floor_w, b.reserved_w) for b in bounds)
    return least_w + draw(st.integers(0, 100)), bounds


@given(divisions())
def test_a_division_fits_and_nobody_can_be_raised_without_taking_from_somebody_who_has_no_more(
    division: tuple[int, list[Bounds]],
) -> None:
    capacity_w, bounds = division
    shares = divide(capacity_w, bounds)
    cost_w = sum(max(share, b.reserved_w) for share, b in zip(shares, bounds, strict=True))
    assert cost_w <= capacity_w
    assert all(b.floor_w <= share <= b.cap_w for share, b in zip(shares, bounds, strict=True))
    level_w = max(shares)
    raised = [max(b.floor_w, min(b.cap_w, level_w + 1)) for b in bounds]
    unfilled = [i for i, b in enumerate(bounds) if shares[i] < b.cap_w]
    if unfilled:  # then raising the lowest unfilled together by one watt each does not fit
        lowest_w = min(shares[i] for i in unfilled)
        raised = [max(b.floor_w, min(b.cap_w, max(shares[i], lowest_w + 1))) for i, b in enumerate(bounds)]
        assert sum(max(r, b.reserved_w) for r, b in zip(raised, bounds, strict=True)) > capacity_w
