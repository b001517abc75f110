"""The picture: what a message costs each server, both versions beside each other."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.wire.figures import Rounds, number
from benchmarks.wire.programs import PROGRAMS

_ORDER = ("plain", "node", "system", "codec", "echo")
_COLOURS = {"system": "tab:blue", "codec": "tab:cyan"}


def draw(path: Path, found: Mapping[str, Mapping[str, Rounds]]) -> None:
    """Write the picture; its format follows from the name of the file. `found`: microseconds by version, server."""
    with mpl.rc_context({"svg.hashsalt": "messages", "font.size": 9}):
        figure = Figure(figsize=(12, 3.4), layout="constrained")
        left = None
        for n, (protocol, costs) in enumerate(found.items(), start=1):
            axes = figure.add_subplot(1, len(found), n, sharex=left, sharey=left)
            left = left or axes
            axes.tick_params(labelleft=n == 1)
            _bars(axes, protocol, costs)
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=120, metadata={"Software": None} if path.suffix == ".png" else None)


def _bars(axes: Axes, protocol: str, costs: Mapping[str, Rounds]) -> None:
    names = [name for name in reversed(_ORDER) if name in costs]
    medians = [costs[name].median for name in names]
    below = [costs[name].median - costs[name].least for name in names]
    above = [costs[name].most - costs[name].median for name in names]
    colours = [_COLOURS.get(name, "tab:gray") for name in names]
    bars = axes.barh([PROGRAMS[name].title for name in names], medians, xerr=[below, above], color=colours)
    axes.bar_label(bars, [f" {number(cost)}" for cost in medians], padding=6)
    axes.margins(x=0.15)
    axes.set_title(f"{protocol}: a message and its answer")
    axes.set_xlabel("microseconds of processor time; lines: least to most of the rounds")
