"""The picture: how the times grow with the site, flat and as a tree, beside the linear program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

SHOWN = {"LP": "linear program (HiGHS)", "fill": "division", "ceiling fell": "decision: ledger, allocation, plan"}
"""Columns of the table, and what the picture calls them."""


def draw(path: Path, series: Mapping[str, Sequence[tuple[int, Mapping[str, float]]]]) -> None:
    """Write the picture; its format follows from the name of the file. `series` has for each layout, by connectors, the
    milliseconds by column."""
    with mpl.rc_context({"svg.hashsalt": "allocation", "font.size": 9}):
        figure = Figure(figsize=(12, 5), layout="constrained")
        left = None
        for n, (layout, points) in enumerate(series.items(), start=1):
            axes = figure.add_subplot(1, len(series), n, sharey=left)
            left = left or axes
            _growth(axes, layout, points)
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=120, metadata={"Software": None} if path.suffix == ".png" else None)


def _growth(axes: Axes, layout: str, points: Sequence[tuple[int, Mapping[str, float]]]) -> None:
    connectors = [size for size, _ in points]
    for column, label in SHOWN.items():
        axes.loglog(connectors, [times_ms[column] for _, times_ms in points], marker="o", label=label)
    first = points[0][1]["fill"]
    axes.loglog(
        connectors, [first * size / connectors[0] for size in connectors], "k:", linewidth=1, label="linear growth"
    )
    axes.set_title({"flat": "Flat: one limit", "tree": "Tree: three levels, power and phases"}.get(layout, layout))
    axes.set_xlabel("connectors")
    axes.set_ylabel("milliseconds")
    axes.grid(visible=True, which="major", alpha=0.3)
    axes.legend()
