"""acnportal's model of the Caltech car park, and one simulator for everybody's algorithms.

54 EVSEs between two of three lines (208 V), two pods behind 80 A breakers, one delta-wye transformer. AeroVironment
EVSEs take 6 to 32 A in whole amperes, ClipperCreek ones 8, 16, 24 or 32 A. A schedule that the network does not bear is
an error here, not a warning.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import fmean
from time import perf_counter
from typing import Protocol
from zoneinfo import ZoneInfo

import numpy as np
from acnportal import acnsim, algorithms
from acnportal.acnsim.events import EventQueue, PluginEvent
from acnportal.acnsim.models import EV, Battery
from acnportal.acnsim.network import ChargingNetwork

from benchmarks.carpark.metrics import Outcome, Served
from benchmarks.carpark.sessions import STEP_H, STEP_MIN, Session
from benchmarks.carpark.transformer import LINE_VOLTAGE_V

TIMEZONE = "America/Los_Angeles"
MONDAY = datetime(2019, 3, 18, tzinfo=ZoneInfo(TIMEZONE))
PODS = ("CC Pod", "AV Pod")
_FULL_KWH = 1e-6


class SessionInfo(Protocol):
    """What acnportal tells an algorithm of a car that is plugged in and not yet full."""

    station_id: str
    session_id: str
    remaining_demand: float


class Interface(Protocol):
    """What an algorithm may ask acnportal's simulator. The rate is the mean of the last step, in amperes."""

    current_time: int
    last_actual_charging_rate: Mapping[str, float]

    def active_sessions(self) -> list[SessionInfo]: ...


Pilots = Mapping[str, Sequence[float]]
"""Amperes per station for the next steps."""


class Algorithm(Protocol):
    def register_interface(self, interface: Interface) -> None: ...

    def schedule(self, active_sessions: list[SessionInfo]) -> Pilots: ...


REFERENCE: dict[str, Callable[[], Algorithm]] = {
    "acnportal FCFS": lambda: algorithms.SortedSchedulingAlgo(algorithms.first_come_first_served),
    "acnportal EDF": lambda: algorithms.SortedSchedulingAlgo(algorithms.earliest_deadline_first),
    "acnportal LLF": lambda: algorithms.SortedSchedulingAlgo(algorithms.least_laxity_first),
    "acnportal round robin": lambda: algorithms.RoundRobin(algorithms.first_come_first_served),
}
"""acnportal's own algorithms. All know what a car still needs, EDF and LLF also when it will leave."""


@dataclass(frozen=True, slots=True)
class Evse:
    """One EVSE: the lines it is between, the pod whose breaker it shares, and the currents it takes."""

    station_id: str
    angle: float
    pod: str | None
    least_a: float
    step_a: float
    most_a: float


def car_park(ceiling_kw: float) -> ChargingNetwork:
    return acnsim.sites.caltech_acn(voltage=LINE_VOLTAGE_V, transformer_cap=ceiling_kw)


def evses(network: ChargingNetwork) -> list[Evse]:
    """The EVSEs as acnportal has them."""
    made: list[Evse] = []
    for n, station_id in enumerate(network.station_ids):
        rates = [float(rate) for rate in network.allowable_rates[n] if rate > 0]
        pods = [
            row for row in ("CC Pod", "AV Pod") if network.constraint_matrix[network.constraint_index.index(row), n]
        ]
        made.append(
            Evse(
                station_id=station_id,
                angle=float(network.phase_angles[station_id]),
                pod=pods[0] if pods else None,
                least_a=min(rates),
                step_a=rates[1] - rates[0],
                most_a=max(rates),
            )
        )
    return made


def breaker_a(network: ChargingNetwork, pod: str) -> float:
    return float(network.magnitudes[network.constraint_index.index(pod)])


class _Clocked:
    """An algorithm under a stop-watch; in the simulator's eyes a scheduler that decides at every step."""

    max_recompute = 1

    def __init__(self, algorithm: Algorithm) -> None:
        self._algorithm = algorithm
        self._interface: Interface | None = None
        self.decisions_ms: list[float] = []

    def register_interface(self, interface: Interface) -> None:
        self._interface = interface
        self._algorithm.register_interface(interface)

    def run(self) -> Pilots:
        assert self._interface is not None
        active = self._interface.active_sessions()
        busy = bool(active)
        started = perf_counter()
        pilots = self._algorithm.schedule(active)
        if busy:
            self.decisions_ms.append((perf_counter() - started) * 1000)
        return pilots


Told = Mapping[str, Sequence[tuple[int, float]]]
"""What sessions were told, by session: (step, limit), several in one step where that was so."""


def simulate(
    name: str, ceiling_kw: float, algorithm: Algorithm, sessions: Sequence[Session], told: Told | None = None
) -> Outcome:
    """The whole of all sessions, step by step. `told` is filled by an algorithm that sends limits itself; for others a
    limit is the pilot current of a step. Raises UserWarning where a schedule exceeds a limit of the network."""
    clocked = _Clocked(algorithm)
    cars = [_car(session) for session in sessions]
    events = EventQueue([PluginEvent(car.arrival, car) for car in cars])
    simulator = acnsim.Simulator(car_park(ceiling_kw), clocked, events, MONDAY, period=STEP_MIN, verbose=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        simulator.run()
    pilots, rates = simulator.pilot_signals, simulator.charging_rates
    rows = {station_id: n for n, station_id in enumerate(simulator.network.station_ids)}
    served: list[Served] = []
    for session in sessions:
        row, stay = rows[session.station_id], range(session.arrival, session.departure)
        limits = told[session.session_id] if told is not None else [(step, pilots[row, step]) for step in stay]
        served.append(_served(session, limits, rates[row]))
    return Outcome(
        name=name,
        ceiling_kw=ceiling_kw,
        sessions=tuple(served),
        power_kw=tuple(float(amperes) * LINE_VOLTAGE_V / 1000 for amperes in rates.sum(axis=0)),
        decision_ms=fmean(clocked.decisions_ms),
    )


def _car(session: Session) -> EV:
    return EV(
        session.arrival,
        session.departure,
        session.requested_kwh,
        session.station_id,
        session.session_id,
        Battery(session.capacity_kwh, 0, session.max_kw),
        estimated_departure=session.estimated_departure,
    )


def _served(session: Session, limits: Sequence[tuple[int, float]], rates: np.ndarray) -> Served:
    """What became of one session, from what it was told and what its car drew."""
    energy_kwh = np.cumsum(rates[session.arrival : session.departure]) * LINE_VOLTAGE_V / 1000 * STEP_H
    full = np.flatnonzero(energy_kwh >= session.requested_kwh - _FULL_KWH)
    wanting = int(full[0]) + 1 if full.size else session.departure - session.arrival
    return Served(
        requested_kwh=session.requested_kwh,
        delivered_kwh=float(energy_kwh[-1]),
        limits=tuple(float(limit) for step, limit in limits if step < session.arrival + wanting),
        wanting_h=wanting * STEP_H,
    )
