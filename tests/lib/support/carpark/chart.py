"""A picture of one run: the power permitted and drawn through the grid connection, under its ceiling."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

from matplotlib import pyplot as plt

from support.carpark.play import Curves


def draw_chart(curves: Curves, path: Path, title: str) -> None:
    """Write the picture; the kind of file follows from the name (.svg, .png)."""
    hours = [at_s / 3600 for at_s, *_ in curves.points]
    permitted, drawn, limit = ([row[column] / 1000 for row in curves.points] for column in (1, 2, 3))
    figure, axes = plt.subplots(figsize=(11, 4.2), layout="constrained")
    axes.step(hours, limit, where="post", color="#b3261e", linewidth=1.6, label="ceiling")
    axes.step(hours, permitted, where="post", color="#5b7fa6", linewidth=1.0, label="permitted or drawn, the higher")
    axes.fill_between(hours, drawn, step="post", color="#9fc5a8", label="drawn")
    axes.set(title=title, xlabel="hours", ylabel="kW", xlim=(0, hours[-1]), ylim=(0, None))
    axes.grid(visible=True, linewidth=0.3)
    axes.legend(loc="upper right", framealpha=0.9)
    figure.savefig(path)
    plt.close(figure)
