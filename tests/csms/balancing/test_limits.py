import pytest

from csms.balancing.limits import Line, Member, fill

ALONE = Line(((0, 1),))


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
    room = capacity_w - sum(start_w for start_w, _ in bounds)
    assert fill([room], [Member(ALONE, *bound) for bound in bounds]).shares_w == shares
