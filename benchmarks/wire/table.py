"""Results as text and as JSON. Pure but for the file."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks.wire.figures import Result, Rounds


def text_table(heading: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1) -> str:
    """So many columns to the left, the others to the right."""
    lines = [list(heading), *(list(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(heading))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column < left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def goal_lines(results: Sequence[Result]) -> str:
    return text_table(("work", "against", "ratio", "goal", ""), [_goal_row(result) for result in results], left=2)


def write_json(path: Path, results: Sequence[Result], figures: Mapping[str, Rounds]) -> None:
    """Everything that was measured, for whoever draws or compares it."""
    document = {
        "machine": {"python": platform.python_version(), "system": platform.system(), "machine": platform.machine()},
        "goals": [
            {
                "work": result.work,
                "against": result.reference,
                "goal": None if result.goal is None else str(result.goal),
                "met": not result.missed,
                **_told(result.ratio),
            }
            for result in results
        ],
        "figures": {name: _told(rounds) for name, rounds in figures.items() if rounds.values},
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=1) + "\n")


def missed(results: Sequence[Result]) -> Iterator[str]:
    for result in results:
        if result.missed:
            yield f"missed: {result.work} against {result.reference}: {result.ratio}, not {result.goal}"


def _goal_row(result: Result) -> tuple[str, ...]:
    verdict = "" if result.goal is None else ("missed" if result.missed else "met")
    goal = "" if result.goal is None else str(result.goal)
    return (result.work, result.reference, str(result.ratio), goal, verdict)


def _told(rounds: Rounds) -> dict[str, object]:
    return {"median": rounds.median, "min": rounds.least, "max": rounds.most, "rounds": list(rounds.values)}
