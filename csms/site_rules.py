"""What a site promises must fit it: default profiles, and the floors of charge points that never pause.

A charger that nobody reaches draws its default profile whatever the others do, and a session that never pauses keeps
its floor; so both must fit every limit of the tree and every ceiling that the configuration will ever set. One check
for the file and for REST; each error is placed at the limit that is too low, with the least value that would do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from csms.balancing.strategies import STRATEGIES
from csms.balancing.tree import DIMENSIONS, tree
from csms.domain.electrical import Load, Shape, shape, voltages
from csms.domain.grid import GRID
from csms.domain.model import ChargePointSettings, SiteSettings, SmartCharging
from csms.validation import Broken, Place, kw

_OFFLINE = "the offline_limit_kw of all connectors"
_FLOORS = "the floors of what never pauses and the offline_limit_kw of the other connectors"


@dataclass(frozen=True, slots=True)
class Declared:
    """A site and its charge points. `shapes` may know more than the declarations: what chargers said they can do."""

    site: SiteSettings
    charge_points: Mapping[str, ChargePointSettings]
    shapes: Mapping[str, Shape]


@dataclass(frozen=True, slots=True)
class SiteRules:
    """What a smart-charging configuration must fit: the validation context of its model; None: not known."""

    grid_capacity_w: int | None = None
    charge_point_ids: frozenset[str] | None = None
    declared: Declared | None = None


def site_rules(
    site: SiteSettings, charge_points: Mapping[str, ChargePointSettings], shapes: Mapping[str, Shape] | None = None
) -> SiteRules:
    """Without `shapes`, what follows from the declarations alone."""
    if shapes is None:
        shapes = {cp_id: shape(site, settings, None) for cp_id, settings in charge_points.items()}
    return SiteRules(site.grid_capacity_w, frozenset(charge_points), Declared(site, charge_points, shapes))


def site_errors(found: Declared, min_power_w: int) -> list[Broken]:
    """Limits of the site that are too low, at fields of the site; `min_power_w` is the least power of a session."""
    errors: list[Broken] = [
        (("charge_points", place, "never_pause"), _own_rule(found, settings, min_power_w))
        for place, settings in enumerate(found.charge_points.values())
        if not _fits_itself(found, settings, min_power_w)
    ]
    offline = _too_low(found, _promised(found, None))
    for field, least in _too_low(found, _promised(found, min_power_w)).items():
        if field in offline:
            errors.append((field, _rule(offline[field], _OFFLINE, _others(found.site, field))))
        else:
            errors.append((field, _rule(least, _FLOORS, _others(found.site, field))))
    return errors


def configuration_errors(found: Declared, config: SmartCharging) -> list[Broken]:
    """Ceilings of a smart-charging configuration that are too low, at its fields, and a least power that is too high
    for the limits of the site."""
    offline_w = _power_w(_promised(found, None))
    floors_w = _power_w(_promised(found, config.min_power_per_charger_w))
    errors: list[Broken] = []
    for field, ceiling_w in _ceilings(config):
        if offline_w > ceiling_w:
            errors.append((field, _rule(kw(offline_w), _OFFLINE)))
        elif floors_w > ceiling_w:
            errors.append((field, _rule(kw(floors_w), _FLOORS)))
    errors += _caps_too_low(found, config)
    if _least_power_too_high(found, config.min_power_per_charger_w):
        rule = "must be so low that the floors of charge points that never pause fit the limits of the site"
        errors.append((("min_power_per_charger_kw",), rule))
    return errors


def _least_power_too_high(found: Declared, min_power_w: int) -> bool:
    """Where 6 A are too much already, the site is to blame and not the least power."""
    if not any(settings.never_pause for settings in found.charge_points.values()):
        return False
    return len(site_errors(found, min_power_w)) > len(site_errors(found, 0))


def _rule(least: float, what: str, beside: str = "") -> str:
    return f"must be at least {least:.12g} for {what}{beside}"


def _promised(found: Declared, min_power_w: int | None) -> dict[str, Load]:
    """What each charge point may draw at all times, its connectors together at most its declared maximum.

    `min_power_w` None: by its default profiles alone; else those that never pause may draw their floors too.
    """
    loads: dict[str, Load] = {}
    for charge_point_id, settings in found.charge_points.items():
        if settings.in_service:
            one = found.shapes[charge_point_id]
            least_w = one.fallback_w
            if min_power_w is not None and settings.never_pause:
                least_w = max(least_w, one.floor_w(min_power_w))
            loads[charge_point_id] = _together(one, settings, one.load(least_w))
    return loads


def _together(one: Shape, settings: ChargePointSettings, load: Load) -> Load:
    sums = [settings.connectors * part for part in load]
    if settings.max_power_w is not None:
        sums = [min(part, most) for part, most in zip(sums, one.rated, strict=True)]
    power, first, second, third = sums
    return (power, first, second, third)


def _power_w(loads: Mapping[str, Load]) -> int:
    return -(-sum(load[0] for load in loads.values()) // 1000)


def _too_low(found: Declared, loads: Mapping[str, Load]) -> dict[Place, float]:
    """Fields of limits of the tree that `loads` exceed, with the least value in kW or A that they would fit."""
    site, quanta_per_ma = found.site, voltages(found.site).quanta_per_ma
    reserved_w = site.reserve_w + (site.site_load_max_w or 0)
    nodes = tree(site, found.charge_points, site.grid_capacity_w - reserved_w, _load_currents_a(site))
    least: dict[Place, float] = {}
    for row, (load, limit) in enumerate(zip(nodes.loads(loads), nodes.limits, strict=True)):
        if limit is not None and load > limit:
            node, dimension = divmod(row, DIMENSIONS)
            field, value = _limit(site, nodes.names[node], dimension)
            missing = load - limit
            value += kw(-(-missing // (1000 if dimension == 0 else quanta_per_ma)))
            least[field] = max(value, least.get(field, value))
    return least


def _load_currents_a(site: SiteSettings) -> tuple[float, float, float]:
    """What the site's other loads may draw from each phase; where only their power is known, all of it from one."""
    if site.site_load_max_w is None:
        return (0.0, 0.0, 0.0)
    most_a = site.site_load_max_current_a
    most_a = site.site_load_max_w / site.lowest_voltage_v if most_a is None else most_a
    return (most_a, most_a, most_a)


def _limit(site: SiteSettings, name: str, dimension: int) -> tuple[Place, float]:
    """The field that declares a limit of the tree, and its value in kW or A."""
    if name == GRID:
        if dimension == 0:
            return ("grid_capacity_kw",), kw(site.grid_capacity_w)
        return ("grid_max_current_a",), site.grid_max_current_a or 0.0
    place = next(place for place, circuit in enumerate(site.circuits) if circuit.circuit_id == name)
    if dimension == 0:
        return ("circuits", place, "max_power_kw"), kw(site.circuits[place].max_power_w or 0)
    return ("circuits", place, "max_current_a"), site.circuits[place].max_current_a or 0.0


def _others(site: SiteSettings, field: Place) -> str:
    if field == ("grid_capacity_kw",) and (site.reserve_w or site.site_load_max_w):
        return " beside reserve_kw and site_load_max_kw"
    return " beside the site's other load" if field == ("grid_max_current_a",) and site.site_load_max_w else ""


def _floors_w(found: Declared, settings: ChargePointSettings, min_power_w: int) -> int:
    """What the connectors of one charge point are given at least, all together."""
    return settings.connectors * found.shapes[settings.charge_point_id].floor_w(min_power_w)


def _fits_itself(found: Declared, settings: ChargePointSettings, min_power_w: int) -> bool:
    if not settings.never_pause or not settings.in_service or settings.max_power_w is None:
        return True
    rated_w = found.shapes[settings.charge_point_id].rated_w
    return _floors_w(found, settings, min_power_w) <= rated_w


def _own_rule(found: Declared, settings: ChargePointSettings, min_power_w: int) -> str:
    least_kw = kw(_floors_w(found, settings, min_power_w))
    return f"needs a max_power_kw of at least {least_kw:.12g} for the floors of all its connectors"


def _ceilings(config: SmartCharging) -> Iterator[tuple[Place, int]]:
    yield ("max_power_kw",), config.max_power_w
    if STRATEGIES[config.strategy].uses_schedule:
        for place, window in enumerate(config.schedule):
            yield ("schedule", place, "max_power_kw"), window.max_power_w


def _caps_too_low(found: Declared, config: SmartCharging) -> Iterator[Broken]:
    """Caps of time windows on charge points that never pause."""
    if not STRATEGIES[config.strategy].uses_schedule:
        return
    for place, window in enumerate(config.schedule):
        for charge_point_id, cap_w in window.charge_point_limits_w.items():
            settings = found.charge_points.get(charge_point_id)
            if settings is None or not settings.never_pause or not settings.in_service:
                continue
            least_w = _floors_w(found, settings, config.min_power_per_charger_w)
            if least_w > cap_w:
                field: Place = ("schedule", place, "charge_point_limits_kw", charge_point_id)
                yield field, _rule(kw(least_w), "a charge point that never pauses")
