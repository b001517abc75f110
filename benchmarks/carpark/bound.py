"""The most energy anybody could deliver who knew all sessions beforehand: a linear program, solved by HiGHS.

A current per session and step, between 0 and what car and EVSE take, any fraction of an ampere. Every session's energy
is at most what it asks for; every current of the network stays within its limit. The phasor limits are circles; each is
replaced by the regular 24-gon around it, 0.9 % wider at its corners, so the bound is never too low.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from acnportal.acnsim.network import ChargingNetwork
from scipy.optimize import linprog
from scipy.sparse import csr_array, vstack

from benchmarks.carpark.sessions import STEP_H, Session
from benchmarks.carpark.simulation import car_park
from benchmarks.carpark.transformer import LINE_VOLTAGE_V

_SIDES = 24
_KWH_PER_A = LINE_VOLTAGE_V / 1000 * STEP_H


def most_kwh(ceiling_kw: float, sessions: Sequence[Session]) -> float:
    """The bound. Raises RuntimeError if HiGHS does not end with an optimum."""
    network = car_park(ceiling_kw)
    columns = [(n, step) for n, session in enumerate(sessions) for step in range(session.arrival, session.departure)]
    owner, step = np.array(columns).T
    station = np.array([network.station_ids.index(sessions[n].station_id) for n in owner])
    most_a = np.array([sessions[n].max_kw * 1000 / LINE_VOLTAGE_V for n in owner])
    energy = csr_array((np.full(len(owner), _KWH_PER_A), (owner, np.arange(len(owner)))))
    network_rows, network_a = _network_rows(network, station, step)
    solved = linprog(
        np.full(len(owner), -_KWH_PER_A),
        A_ub=vstack([energy, network_rows], format="csr"),
        b_ub=np.concatenate([[session.requested_kwh for session in sessions], network_a]),
        bounds=np.column_stack([np.zeros(len(owner)), np.minimum(most_a, network.max_pilot_signals[station])]),
        method="highs",
    )
    if not solved.success:
        raise RuntimeError(f"HiGHS: {solved.message}")
    return float(-solved.fun)


def _network_rows(network: ChargingNetwork, station: np.ndarray, step: np.ndarray) -> tuple[csr_array, np.ndarray]:
    """The limits of the network at every step, as rows over the columns."""
    coefficients, limits_a = _polygons(network)
    steps = int(step.max()) + 1
    at, column = np.nonzero(np.abs(coefficients[:, station]) > 1e-12)
    rows = csr_array(
        (coefficients[at, station[column]], (at * steps + step[column], column)),
        shape=(len(limits_a) * steps, len(station)),
    )
    used = np.diff(rows.indptr) > 0
    return rows[used], np.repeat(limits_a, steps)[used]


def _polygons(network: ChargingNetwork) -> tuple[np.ndarray, np.ndarray]:
    """The network's limits as linear ones over its stations: coefficients and amperes."""
    angles = np.deg2rad([network.phase_angles[station_id] for station_id in network.station_ids])
    phasors = network.constraint_matrix * np.exp(1j * angles)
    turns = np.exp(-2j * np.pi * np.arange(_SIDES) / _SIDES)
    coefficients = (phasors[:, None, :] * turns[None, :, None]).real
    return coefficients.reshape(-1, len(angles)), np.repeat(network.magnitudes, _SIDES)
