"""Sites of any size in the middle of a busy day: every connector charges, under a limit that it has confirmed.

Half of the chargers have three phases, in three rotations, three in ten have one phase, the others deliver DC. Flat:
one grid connection, one limit. Tree: every 20 chargers share a distribution board, every 100 a feeder; each of those,
and the grid connection, is too small for its chargers in power and on its phases, and no two alike. All floors fit.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from csms.balancing.allocation import allocate
from csms.balancing.ledger import ledger
from csms.balancing.plan import plan
from csms.domain import events as ev
from csms.domain.grid import Circuit, TemporaryLimit
from csms.domain.model import (
    BalancerSettings,
    Capabilities,
    ChargePointSettings,
    ConnectorStatus,
    Current,
    LimitPurpose,
    Moment,
    PowerSource,
    Proof,
    SiteSettings,
    SmartCharging,
)
from csms.domain.snapshot import Snapshot
from csms.domain.state import State

PER_BOARD = 20
PER_FEEDER = 100
LAYOUTS = ("flat", "tree")
EVENTS = ("car left", "ceiling fell", "ceiling rose")
"""A car has left; the ceiling fell, or rose, by a tenth, so that nearly every limit changes."""

SETTINGS = BalancerSettings()

_VOLTAGE_V = 230.0
_ROTATIONS = ((0, 1, 2), (1, 2, 0), (2, 0, 1))
_CAPABILITIES = Capabilities(rate_units=("A", "W"), max_periods=10)
_CONNECTION = "c1"


@dataclass(frozen=True, slots=True)
class Site:
    """What decisions, due at `now`, are made from, by what has happened: see EVENTS."""

    layout: str
    connectors: int
    after: Mapping[str, Snapshot]
    now: Moment


def busy_site(layout: str, connectors: int) -> Site:
    """A site of so many charge points with one connector each; equal arguments give equal sites."""
    declared = [_charge_point(n) for n in range(connectors)]
    state = State(_flat(declared) if layout == "flat" else _tree(declared))
    now = Moment(1_790_000_000.0, 1000.0)
    _populate(state, declared, now)
    for _ in range(3):  # the limits, then what cars with a small demand lend out, and what follows from that
        now = _wait(now, 90.0)
        _obey(state, now)
        now = _wait(now, 90.0)
        _draw(state, now)
    now = _wait(now, 90.0)
    after = {"car left": _left(state, now)}
    for event, part in (("ceiling fell", 0.8), ("ceiling rose", 1.0)):
        state.apply(ev.TemporaryLimitSet(now, _ceiling(state.site, part)))
        after[event] = state.snapshot()
    return Site(layout, connectors, after, _wait(now, 1.0))


def _left(state: State, now: Moment) -> Snapshot:
    leaving = next(iter(state.active.values()))
    state.apply(ev.TransactionEnded(now, *leaving.key, leaving.transaction_id, now.utc_s, "Local"))
    state.apply(ev.ConnectorStatusChanged(now, *leaving.key, ConnectorStatus.AVAILABLE))
    return state.snapshot()


def _ceiling(site: SiteSettings, part: float) -> TemporaryLimit:
    return TemporaryLimit("grid operator", round(site.grid_capacity_w * part))


def _wait(now: Moment, seconds: float) -> Moment:
    return Moment(now.utc_s + seconds, now.steady_s + seconds)


def _charge_point(n: int) -> ChargePointSettings:
    """The n-th of a site: its kind repeats every ten, so every board has all of them."""
    kind, charge_point_id = n % 10, f"CP{n:05}"
    circuit_id = f"board{n // PER_BOARD}"
    if kind < 5:
        power_w, phase_map = (22_080, 11_040)[kind % 2], _ROTATIONS[n % 3]
        return ChargePointSettings(
            charge_point_id, "site", 1, power_w, Current.AC, 3, circuit_id=circuit_id, phase_map=phase_map
        )
    if kind < 8:
        return ChargePointSettings(
            charge_point_id, "site", 1, 7_360, Current.AC, 1, circuit_id=circuit_id, phase_map=(n % 3,)
        )
    return ChargePointSettings(charge_point_id, "site", 1, 50_000, Current.DC, circuit_id=circuit_id, grid_factor=1.05)


def _flat(declared: Sequence[ChargePointSettings]) -> SiteSettings:
    return SiteSettings("site", "Flat", "Europe/Berlin", sum(_rated_w(settings) for settings in declared) * 45 // 100)


def _tree(declared: Sequence[ChargePointSettings]) -> SiteSettings:
    """Every node has between 25 % and 75 % of what its chargers could draw, in power and on each phase alike."""
    draw = random.Random(len(declared))
    circuits = []
    for prefix, size in (("feeder", PER_FEEDER), ("board", PER_BOARD)):
        for n, first in enumerate(range(0, len(declared), size)):
            below = declared[first : first + size]
            parent = None if prefix == "feeder" else f"feeder{first // PER_FEEDER}"
            power_w = round(sum(_rated_w(settings) for settings in below) * draw.uniform(0.25, 0.75))
            current_a = round(_rated_a(below) * draw.uniform(0.25, 0.75), 1)
            circuits.append(Circuit(f"{prefix}{n}", parent, power_w, current_a))
    return SiteSettings(
        "site",
        "Tree",
        "Europe/Berlin",
        grid_capacity_w=sum(_rated_w(settings) for settings in declared) * 40 // 100,
        grid_max_current_a=round(_rated_a(declared) * 0.40, 1),
        circuits=tuple(circuits),
    )


def _rated_w(settings: ChargePointSettings) -> int:
    return settings.max_power_w or 0


def _rated_a(declared: Sequence[ChargePointSettings]) -> float:
    """What they would load the busiest phase with, all at their rated power."""
    currents_a = [0.0, 0.0, 0.0]
    for settings in declared:
        used = settings.phase_map or (0, 1, 2)
        for phase in used:
            currents_a[phase] += _rated_w(settings) / _VOLTAGE_V / len(used)
    return max(currents_a)


def _populate(state: State, declared: Sequence[ChargePointSettings], now: Moment) -> None:
    """Everybody is connected and known, has confirmed a default profile of 0 and started a session."""
    capacity_w = state.site.grid_capacity_w
    state.apply(ev.SmartChargingConfigured(now, SmartCharging(capacity_w, "equal")))
    state.apply(ev.TemporaryLimitSet(now, _ceiling(state.site, 0.9)))
    for settings in declared:
        charge_point_id = settings.charge_point_id
        state.apply(ev.ChargePointDeclared(now, settings))
        state.apply(ev.ChargePointConnected(now, charge_point_id, _CONNECTION, "ocpp1.6"))
        state.apply(ev.ChargePointReady(now, charge_point_id, _CONNECTION))
        state.apply(ev.CapabilitiesLearned(now, charge_point_id, _CAPABILITIES))
    for n, settings in enumerate(declared, start=1):
        charge_point_id = settings.charge_point_id
        default = ev.LimitIssued(now, charge_point_id, 1, n, LimitPurpose.DEFAULT, 0, _CONNECTION)
        state.apply(default)
        state.apply(ev.LimitConfirmed(now, charge_point_id, 1, n))
        state.apply(ev.DefaultProved(now, charge_point_id, 1, Proof.SILENT))
        state.apply(ev.ConnectorStatusChanged(now, charge_point_id, 1, ConnectorStatus.CHARGING))
        state.apply(ev.TransactionStarted(now, charge_point_id, 1, str(n), n, now.utc_s + n / 1000, "tag"))


def _obey(state: State, now: Moment) -> None:
    """Everybody is sent what is decided and confirms it."""
    snapshot = state.snapshot()
    book = ledger(snapshot, now, SETTINGS.settle_s)
    made = plan(snapshot, allocate(snapshot, now, SETTINGS, book), book, now, SETTINGS)
    for n, intent in enumerate(made.intents, start=round(now.steady_s) * 100_000):
        state.apply(
            ev.LimitIssued(
                now,
                *intent.key,
                n,
                intent.purpose,
                intent.limit_w,
                _CONNECTION,
                intent.transaction_id,
                lease_s=intent.lease_s,
                then_w=intent.then_w,
            )
        )
        state.apply(ev.LimitConfirmed(now, *intent.key, n))


def _draw(state: State, now: Moment) -> None:
    """Cars draw what they may; every tenth, with a nearly full battery, at most a sixth of its charger's power."""
    for n, (key, transaction) in enumerate(state.active.items()):
        limits, whole = state.limits[key], state.shape(key.charge_point_id)
        limit_w = limits.transaction.limit_w if limits.transaction else 0
        power_w = float(min(limit_w, whole.rated_w // 6) if n % 10 == 3 else limit_w)
        state.apply(
            ev.MeterValuesReceived(
                now, *key, now.utc_s, transaction.transaction_id, power_w=power_w, source=PowerSource.POWER
            )
        )
