"""The picture: power over time under the lowest ceiling, and the comparison of all algorithms."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.carpark.metrics import Outcome
from benchmarks.carpark.sessions import STEPS_PER_DAY

_DAYS = 5
_SHOWN_IN_TIME = 2
_COLOURS = ("#0b5394", "#e69138", "#6aa84f")


def draw(path: Path, outcomes: Sequence[Outcome], bounds_kwh: Mapping[float, float]) -> None:
    """Write the picture; its format follows from the name of the file. Needs at least one outcome."""
    figure = Figure(figsize=(12, 8), layout="constrained")
    grid = figure.add_gridspec(2, 3)
    _power(figure.add_subplot(grid[0, :]), outcomes)
    measures: list[tuple[str, Callable[[Outcome], float]]] = [
        ("Delivered, % of the offline bound", lambda o: 100 * o.delivered_kwh / bounds_kwh[o.ceiling_kw]),
        ("Jain's index", lambda o: o.jain),
        ("Starved sessions", lambda o: o.starved),
    ]
    for column, (title, measure) in enumerate(measures):
        axes = figure.add_subplot(grid[1, column])
        _bars(axes, title, outcomes, measure, named=column == 0)
    axes.legend(loc="lower right")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)


def _power(axes: Axes, outcomes: Sequence[Outcome]) -> None:
    """The first of ours and the first of acnportal's under the lowest ceiling, the working days."""
    lowest_kw = min(outcome.ceiling_kw for outcome in outcomes)
    under = [outcome for outcome in outcomes if outcome.ceiling_kw == lowest_kw]
    theirs = [outcome for outcome in under if outcome.name.startswith("acnportal")]
    for outcome, colour in zip([under[0], *theirs][:_SHOWN_IN_TIME], _COLOURS, strict=False):
        power_kw = outcome.power_kw[: _DAYS * STEPS_PER_DAY]
        days = [step / STEPS_PER_DAY for step in range(len(power_kw))]
        axes.step(days, power_kw, where="post", color=colour, linewidth=1, label=outcome.name)
    axes.axhline(lowest_kw, color="#cc0000", linestyle="--", label=f"transformer, {lowest_kw:.0f} kW balanced")
    axes.set(title="Power of the car park", xlabel="days since Monday 00:00", ylabel="kW", ylim=(0, None))
    axes.set_xlim(0, _DAYS)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=3, frameon=False)


def _bars(
    axes: Axes, title: str, outcomes: Sequence[Outcome], measure: Callable[[Outcome], float], *, named: bool
) -> None:
    names = list(dict.fromkeys(outcome.name for outcome in outcomes))
    ceilings_kw = list(dict.fromkeys(outcome.ceiling_kw for outcome in outcomes))
    height = 0.8 / len(ceilings_kw)
    for n, ceiling_kw in enumerate(ceilings_kw):
        under = [outcome for outcome in outcomes if outcome.ceiling_kw == ceiling_kw]
        places = [names.index(outcome.name) + n * height - 0.4 + height / 2 for outcome in under]
        colour = _COLOURS[n % len(_COLOURS)]
        axes.barh(places, [measure(o) for o in under], height, color=colour, label=f"{ceiling_kw:.0f} kW")
    axes.set_yticks(range(len(names)), names if named else [""] * len(names))
    axes.invert_yaxis()
    axes.set_title(title)
