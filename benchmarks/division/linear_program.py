"""The same division as a linear program, for HiGHS: raise the common level, and then all power that is left.

One program stands for the sequence of programs that max-min fairness takes (raise all, freeze who is full, raise the
rest, and so on). For that it is told beforehand who reaches its cap, and those are fixed there; of the others each has
at least the level. Both make it smaller and its solver faster than one that had to find all of that out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array, hstack, vstack

from benchmarks.division.problem import Problem
from csms.balancing.limits import Filled

_LEVEL_FIRST = 100.0
"""A kilowatt of level is worth this many kilowatts of each member: no power delivered elsewhere outweighs it."""


@dataclass(frozen=True, slots=True)
class LinearProgram:
    """Columns: everybody's kilowatts, and the level. Rows: the limits, and the level below all that is not fixed."""

    cost: np.ndarray
    coefficients: csr_array
    right_hand_sides: np.ndarray
    bounds: np.ndarray


@dataclass(frozen=True, slots=True)
class Solved:
    level_w: float
    total_w: float


def built(problem: Problem, filled: Filled) -> LinearProgram:
    members = problem.members
    starts_kw = np.array([member.start_w for member in members]) / 1000
    caps_kw = np.array([member.cap_w for member in members]) / 1000
    rising = [n for n, row in enumerate(filled.stopped_by) if row is not None]
    limits, room_kw = _limits(problem)
    below = csr_array((np.full(len(rising), -1.0), (np.arange(len(rising)), rising)), shape=(len(rising), len(members)))
    level = np.array([[0.0]] * len(room_kw) + [[1.0]] * len(rising))
    fixed = np.array([row is None for row in filled.stopped_by])
    return LinearProgram(
        cost=np.append(np.full(len(members), -1.0), -_LEVEL_FIRST * len(members)),
        coefficients=hstack([vstack([limits, below]), csr_array(level)], format="csr"),
        right_hand_sides=np.append(room_kw + limits @ starts_kw, np.zeros(len(rising))),
        bounds=np.append(np.column_stack([np.where(fixed, caps_kw, starts_kw), caps_kw]), [[0.0, np.inf]], axis=0),
    )


def _limits(problem: Problem) -> tuple[csr_array, np.ndarray]:
    """The rows of the limit tree that bound anybody, scaled to a greatest coefficient of 1, and their room."""
    rows = sorted({row for member in problem.members for row, _ in member.line.rows})
    index = {row: n for n, row in enumerate(rows)}
    entries = [(index[row], n, load) for n, member in enumerate(problem.members) for row, load in member.line.rows]
    at, column = np.array([entry[:2] for entry in entries]).T
    load = np.array([float(entry[2]) for entry in entries])
    greatest = np.zeros(len(rows))
    np.maximum.at(greatest, at, load)
    room = np.array([float(problem.room[row]) for row in rows])
    limits = csr_array((load / greatest[at], (at, column)), shape=(len(rows), len(problem.members)))
    return limits, room / greatest / 1000


def solve(program: LinearProgram) -> Solved:
    """Raises RuntimeError if HiGHS does not end with an optimum."""
    result = linprog(
        program.cost,
        A_ub=program.coefficients,
        b_ub=program.right_hand_sides,
        bounds=program.bounds,
        method="highs",
    )
    if not result.success:
        raise RuntimeError(f"HiGHS: {result.message}")
    return Solved(1000 * float(result.x[-1]), 1000 * float(result.x[:-1].sum()))
