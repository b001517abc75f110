"""The car park's transformer, in its own terms and in those of our limit tree.

A delta-wye transformer of P kW feeds EVSEs between two lines each (208 V): AB, BC and CA. What it bears is the
*phasor* current of each line on both sides, where loads on different pairs of lines add up to less than their amperes
(balanced, sqrt(3) instead of 2), and where a one-sided load counts more on the primary. That region is not a tree of
sums, so it is described from inside, by limits of which every combination is within the transformer's:

- each pair of lines is a circuit of 36.4 % of P (for a load on one pair alone the transformer bears 50 %),
- the site as a whole has 90.5 % of P,
- each line carries at most 33.28 % of P at 104 V, counted in amperes.

An EVSE between two lines counts on both with its full current, at half its voltage each: so many amperes are then so
many watts. The three figures are a choice: a higher share of one pair costs more of the whole, and these are 35, 64
and 87 whole amperes at 20 kW. They hold at any P; `vertices` and `bears` are there to prove it.
"""

from __future__ import annotations

from cmath import rect
from dataclasses import dataclass
from itertools import combinations
from math import radians

PAIR_SHARE = 0.364
SITE_SHARE = 0.905
LINE_SHARE = 0.3328

LINE_VOLTAGE_V = 208.0
"""Between two lines, as the EVSEs see it."""

PHASE_VOLTAGE_V = LINE_VOLTAGE_V / 2
"""What an EVSE's current counts for on each of its two lines."""

PAIRS = (("AB", (0, 1)), ("BC", (1, 2)), ("CA", (2, 0)))
"""Names of the pairs of lines, and the lines as indices."""

Amperes = tuple[float, float, float]
"""The currents of AB, BC and CA."""


@dataclass(frozen=True, slots=True)
class TransformerLimits:
    """What our limit tree holds: power of each pair's circuit and of the site, current of each line."""

    pair_w: int
    site_w: int
    line_a: float


def transformer_limits(ceiling_kw: float) -> TransformerLimits:
    ceiling_w = ceiling_kw * 1000
    return TransformerLimits(
        pair_w=int(PAIR_SHARE * ceiling_w),
        site_w=int(SITE_SHARE * ceiling_w),
        line_a=LINE_SHARE * ceiling_w / PHASE_VOLTAGE_V,
    )


def bears(ceiling_kw: float, currents_a: Amperes) -> bool:
    """Whether a transformer of so many kW bears these loads: 120 V to neutral on its secondary, 277 V on its primary,
    turns 4:1 (acnportal's model of the Caltech site)."""
    ab, bc, ca = (rect(current, radians(angle)) for current, angle in zip(currents_a, (30, -90, 150), strict=True))
    secondary = (ab - ca, bc - ab, ca - bc)
    primary = [(secondary[n] - secondary[n - 1]) / 4 for n in range(3)]
    each_w = ceiling_kw * 1000 / 3
    return all(abs(line) <= each_w / 120 for line in secondary) and all(abs(line) <= each_w / 277 for line in primary)


def vertices(limits: TransformerLimits) -> list[Amperes]:
    """The corners of what the limits permit. The transformer's own region is convex: if it bears every corner, it
    bears everything between them."""
    rows: list[tuple[Amperes, float]] = [((1, 1, 1), limits.site_w / LINE_VOLTAGE_V)]
    for unit in ((1, 0, 0), (0, 1, 0), (0, 0, 1)):
        both = (1 - unit[0], 1 - unit[1], 1 - unit[2])
        rows += [(unit, limits.pair_w / LINE_VOLTAGE_V), (both, limits.line_a), (unit, 0.0)]
    corners = [corner for three in combinations(rows, 3) if (corner := _meeting_point(*three)) is not None]
    return [corner for corner in corners if _permitted(corner, limits)]


def _permitted(currents_a: Amperes, limits: TransformerLimits) -> bool:
    ab, bc, ca = currents_a
    slack = 1e-9
    return (
        min(currents_a) >= -slack
        and max(currents_a) <= limits.pair_w / LINE_VOLTAGE_V + slack
        and max(ab + bc, bc + ca, ca + ab) <= limits.line_a + slack
        and ab + bc + ca <= limits.site_w / LINE_VOLTAGE_V + slack
    )


def _meeting_point(*planes: tuple[Amperes, float]) -> Amperes | None:
    """Where three planes (normal, offset) meet, by Cramer's rule; None if in no single point."""
    (one, a), (two, b), (three, c) = planes
    whole = _determinant(one, two, three)
    if whole == 0:
        return None
    columns = list(zip(one, two, three, strict=True))
    offsets = (a, b, c)
    ab, bc, ca = (_determinant(*(offsets if n == column else columns[n] for n in range(3))) for column in range(3))
    return (ab / whole, bc / whole, ca / whole)


def _determinant(one: Amperes, two: Amperes, three: Amperes) -> float:
    return (
        one[0] * (two[1] * three[2] - two[2] * three[1])
        - one[1] * (two[0] * three[2] - two[2] * three[0])
        + one[2] * (two[0] * three[1] - two[1] * three[0])
    )
