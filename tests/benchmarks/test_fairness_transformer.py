"""The limits that stand for the transformer of the fairness benchmark are within what it bears."""

import pytest

from benchmarks.carpark.transformer import TransformerLimits, bears, transformer_limits, vertices


@pytest.mark.parametrize("ceiling_kw", [1.0, 20.0, 30.0, 40.0, 150.0])
def test_the_transformer_bears_every_corner_of_what_the_limits_permit(ceiling_kw: float) -> None:
    corners = vertices(transformer_limits(ceiling_kw))
    assert len(corners) >= 8
    assert all(bears(ceiling_kw, corner) for corner in corners)


def test_limits_a_little_wider_would_not_do() -> None:
    limits = transformer_limits(20.0)
    for wider in (
        TransformerLimits(limits.pair_w, limits.site_w, limits.line_a * 1.01),
        TransformerLimits(limits.pair_w, round(limits.site_w * 1.01), limits.line_a),
    ):
        assert not all(bears(20.0, corner) for corner in vertices(wider))


@pytest.mark.parametrize(
    ("share", "borne"),
    [
        ((1 / 3, 1 / 3, 1 / 3), True),  # balanced, it gives all its power
        ((0.34, 0.34, 0.34), False),
        ((0.49, 0.0, 0.0), True),  # alone, one pair of lines gives half: the primary is full
        ((0.51, 0.0, 0.0), False),
    ],
)
def test_what_a_delta_wye_transformer_bears(share: tuple[float, float, float], borne: bool) -> None:
    # 0.2 % below the named share, since 208 V is not quite sqrt(3) times 120 V.
    ab, bc, ca = (0.998 * part * 20_000 / 208 for part in share)
    assert bears(20.0, (ab, bc, ca)) is borne
