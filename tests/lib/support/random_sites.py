"""Hypothesis strategies of whole sites: trees of circuits, chargers of every kind, configurations."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from hypothesis import strategies as st

from csms.domain import events as ev
from csms.domain.grid import Circuit
from csms.domain.model import Capabilities, ChargePointSettings, Current, SiteSettings, SmartCharging
from support.physics import nodes, permitted
from support.world import World

_ROTATIONS = ((0, 1, 2), (1, 2, 0), (2, 0, 1))


@dataclass(frozen=True, slots=True)
class Premises:
    """A site, its charge points and what each of them can do."""

    site: SiteSettings
    charge_points: tuple[ChargePointSettings, ...]
    capabilities: tuple[Capabilities, ...]

    def world(self, **settings: object) -> World:
        """The site with every charge point declared, and none connected yet."""
        world = World(self.site.grid_capacity_w / 1000, **settings)  # type: ignore[arg-type]  # passed on as they are
        world.apply(ev.SiteDeclared(world.now, self.site))
        for charge_point in self.charge_points:
            world.apply(ev.ChargePointDeclared(world.now, charge_point))
        return world

    def capabilities_of(self, charge_point_id: str) -> Capabilities:
        return self.capabilities[[c.charge_point_id for c in self.charge_points].index(charge_point_id)]


def circuits() -> st.SearchStrategy[tuple[Circuit, ...]]:
    """None, or up to three below the grid connection or below each other: trees of one to three levels."""
    power_w = st.one_of(st.none(), st.integers(3_000, 40_000))
    current_a = st.one_of(st.none(), st.sampled_from([10.0, 16.0, 20.0, 25.5, 32.0, 63.0]))
    first = st.builds(Circuit, st.just("A"), st.none(), power_w, current_a)
    second = st.builds(Circuit, st.just("B"), st.sampled_from([None, "A"]), power_w, current_a)
    third = st.builds(Circuit, st.just("C"), st.sampled_from([None, "A", "B"]), power_w, current_a)
    return st.one_of(st.just(()), st.tuples(first), st.tuples(first, second), st.tuples(first, second, third))


def _alternating(charge_point_id: str, circuit_ids: list[str]) -> st.SearchStrategy[ChargePointSettings]:
    return st.builds(
        _settings,
        st.just(charge_point_id),
        st.sampled_from([None, *circuit_ids]),
        current=st.just(Current.AC),
        connectors=st.sampled_from([1, 1, 2]),
        max_power_w=st.sampled_from([None, 3_680, 7_360, 11_040, 22_080]),
        wiring=st.one_of(
            st.none(),
            st.tuples(st.just(3), st.sampled_from(_ROTATIONS)),
            st.tuples(st.just(1), st.sampled_from([(0,), (1,), (2,)])),
            st.just((3, None)),
            st.just((1, None)),
        ),
        offline_limit_w=st.sampled_from([0, 0, 0, 1_000, 4_200]),
    )


def _direct(charge_point_id: str, circuit_ids: list[str]) -> st.SearchStrategy[ChargePointSettings]:
    return st.builds(
        _settings,
        st.just(charge_point_id),
        st.sampled_from([None, *circuit_ids]),
        current=st.sampled_from([Current.DC, Current.DC, None]),
        connectors=st.sampled_from([1, 2]),
        max_power_w=st.sampled_from([None, 20_000, 50_000]),
        wiring=st.none(),
        offline_limit_w=st.sampled_from([0, 0, 3_000]),
        grid_factor=st.sampled_from([1.0, 1.06, 1.1]),
    )


def _settings(
    charge_point_id: str,
    circuit_id: str | None,
    *,
    current: Current | None,
    connectors: int,
    max_power_w: int | None,
    wiring: tuple[int, tuple[int, ...] | None] | None,
    offline_limit_w: int,
    grid_factor: float = 1.0,
) -> ChargePointSettings:
    phases, phase_map = wiring or (None, None)
    return ChargePointSettings(
        charge_point_id,
        "site",
        connectors=connectors,
        max_power_w=max_power_w,
        current=current,
        phases=phases,
        offline_limit_w=offline_limit_w,
        circuit_id=circuit_id,
        phase_map=phase_map,
        grid_factor=grid_factor if current is Current.DC else 1.0,
    )


CAPABILITIES = st.builds(
    Capabilities,
    rate_units=st.sampled_from([None, ("A",), ("W",), ("A", "W")]),
    max_periods=st.sampled_from([None, 1, 6]),
    current_step_a=st.sampled_from([0.1, 0.1, 1.0]),
    switches_phases=st.sampled_from([None, True]),
    currents_a=st.sampled_from([None, None, (6.0, 8.0, 10.0, 13.0, 16.0), (6.0, 16.0, 32.0)]),
    number_phases=st.sampled_from([True, True, False]),
)


@st.composite
def premises(draw: st.DrawFn, most: int = 5) -> Premises:
    """A site of one to `most` charge points."""
    below = draw(circuits())
    site = SiteSettings(
        "site",
        "Site",
        "Europe/London",
        draw(st.integers(5_000, 100_000)),
        voltage_max_v=draw(st.sampled_from([None, 253.0])),
        grid_max_current_a=draw(st.sampled_from([None, None, 25.0, 63.0])),
        circuits=below,
        reserve_w=draw(st.sampled_from([0, 0, 500])),
    )
    ids = [circuit.circuit_id for circuit in below]
    names = [f"cp{n}" for n in range(draw(st.integers(1, most)))]
    charge_points = tuple(draw(st.one_of(_alternating(name, ids), _direct(name, ids))) for name in names)
    capabilities = tuple(draw(CAPABILITIES) for _ in names)
    if not _fallbacks_fit(site, charge_points, capabilities):
        charge_points = tuple(replace(charge_point, offline_limit_w=0) for charge_point in charge_points)
    return Premises(site, charge_points, capabilities)


def _fallbacks_fit(
    site: SiteSettings, charge_points: tuple[ChargePointSettings, ...], capabilities: tuple[Capabilities, ...]
) -> bool:
    """Whether the default profiles fit every limit together, as a configuration must."""
    draws = {
        one.charge_point_id: permitted(site, one, known, one.offline_limit_w).times(Fraction(one.connectors))
        for one, known in zip(charge_points, capabilities, strict=True)
    }
    declared = {one.charge_point_id: one for one in charge_points}
    budget_w = site.grid_capacity_w - site.reserve_w
    return not any(any(node.excess(draws)) for node in nodes(site, declared, budget_w))


def configurations(names: tuple[str, ...]) -> st.SearchStrategy[SmartCharging]:
    """Any strategy without time windows, with floors and weights."""
    some = st.permutations(names).map(lambda order: tuple(order[: len(order) // 2 + 1]))
    return st.builds(
        SmartCharging,
        max_power_w=st.integers(2_000, 100_000),
        strategy=st.sampled_from(["equal", "priority", "first_come_first_served"]),
        min_power_per_charger_w=st.sampled_from([0, 1_400, 3_000]),
        priority_order=some,
        priority_weights=st.dictionaries(st.sampled_from(names), st.integers(1, 5)),
    )
