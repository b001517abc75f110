"""A scenario as csms is configured for it."""

from __future__ import annotations

from dataclasses import replace

from csms.config import Config
from support.carpark.draw_site import HIGHEST_V, LOWEST_V, rated_kw
from support.carpark.scenario import CircuitPlan, PointPlan, Scenario, SitePlan, WindowPlan

SITE_ID = "park"
NOMINAL_V = 230.0
CALL_TIMEOUT_S = 30.0
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

Table = dict[str, object]


def configuration(scenario: Scenario) -> Config:
    """What an operator would write in config.toml for this site."""
    site = scenario.site
    return Config.model_validate(
        {
            "ocpp": {"call_timeout_s": CALL_TIMEOUT_S, "metering_interval_s": site.metering_s},
            "balancer": {"turn_minutes": site.turn_minutes, "lease_minutes": site.lease_minutes},
            "sites": [_site(site, scenario.points)],
        }
    )


def _said(table: Table) -> Table:
    """Without what is absent."""
    return {key: value for key, value in table.items() if value is not None}


def _site(site: SitePlan, points: tuple[PointPlan, ...]) -> Table:
    load: Table = {}
    if site.load is not None:
        load = {
            "reserve_kw": site.load.reserve_kw,
            "site_load_max_age_s": site.load.max_age_s,
            "site_load_max_kw": site.load.max_kw,
            "site_load_max_current_a": site.load.max_current_a,
        }
    return load | _said(
        {
            "site_id": SITE_ID,
            "timezone": site.timezone,
            "grid_capacity_kw": site.grid_capacity_kw,
            "grid_max_current_a": site.grid_max_current_a,
            "voltage_v": NOMINAL_V,
            "voltage_min_v": LOWEST_V,
            "voltage_max_v": HIGHEST_V,
            "circuits": [_circuit(circuit, points) for circuit in site.circuits],
            "charge_points": [_charge_point(point) for point in points],
            "smart_charging": _smart_charging(site),
        }
    )


def _circuit(circuit: CircuitPlan, points: tuple[PointPlan, ...]) -> Table:
    return _said(
        {
            "circuit_id": circuit.circuit_id,
            "parent": circuit.parent,
            "max_power_kw": circuit.max_power_kw,
            "max_current_a": circuit.max_current_a,
            "charge_points": [point.identity for point in points if point.circuit_id == circuit.circuit_id],
        }
    )


def _charge_point(point: PointPlan) -> Table:
    hardware = point.hardware
    wiring: Table = {"grid_factor": point.grid_factor}
    if hardware.phases == 3:
        wiring = {"phases": 3, "phase_rotation": "".join("RST"[phase] for phase in point.phase_map)}
    elif hardware.phases == 1:
        wiring = {"phases": 1, "phase": f"L{point.phase_map[0] + 1}"}
    quirks: Table = {"quirks": {"keeps_profiles": False}} if point.said_to_forget else {}
    return (
        wiring
        | quirks
        | {
            "charge_point_id": point.identity,
            "connectors": point.connectors,
            "max_power_kw": _nameplate_kw(point),
            "current": hardware.current,
            "offline_limit_kw": point.offline_kw,
        }
    )


def _nameplate_kw(point: PointPlan) -> float:
    """What its maker says it takes: an AC charger's amperes at the nominal voltage."""
    most_kw = rated_kw(replace(point, grid_factor=1.0))
    return most_kw * NOMINAL_V / HIGHEST_V if point.hardware.phases else most_kw


def _smart_charging(site: SitePlan) -> Table:
    return {
        "max_power_kw": site.max_power_kw,
        "strategy": site.strategy,
        "min_power_per_charger_kw": 1.4,
        "priority_order": list(site.priority_order),
        "priority_weights": dict(site.priority_weights),
        "schedule": [_window(window) for window in site.windows],
    }


def _window(window: WindowPlan) -> Table:
    return {
        "days": [DAYS[day] for day in window.days],
        "start": _time(window.start_min),
        "end": _time(window.end_min),
        "max_power_kw": window.max_power_kw,
        "charge_point_limits_kw": dict(window.charge_point_limits_kw),
    }


def _time(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
