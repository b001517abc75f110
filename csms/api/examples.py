"""Bodies as they are typically sent, for the description of the interface."""

from __future__ import annotations

from typing import Any

_SITE = "/api/v1/smart-charging/sites/{site_id}"

EXAMPLES: dict[tuple[str, str], dict[str, Any]] = {
    ("PUT", f"{_SITE}/config"): {
        "max_power_kw": 45,
        "strategy": "scheduled",
        "schedule": [{"days": ["mon", "fri"], "start": "17:00", "end": "20:30", "max_power_kw": 20}],
    },
    ("PUT", f"{_SITE}/limit"): {"max_power_kw": 10, "valid_until": "2099-05-04T18:00:00Z", "source": "grid operator"},
    ("POST", f"{_SITE}/site-load"): {"power_kw": 12.5, "currents_a": [18.1, 17.9, 18.4]},
    ("POST", "/api/v1/sites"): {
        "site_id": "car-park",
        "grid_capacity_kw": 50,
        "circuits": [{"circuit_id": "north", "max_current_a": 63, "charge_points": ["CP-1"]}],
        "charge_points": [{"charge_point_id": "CP-1", "max_power_kw": 22, "current": "AC", "phases": 3}],
        "smart_charging": {"max_power_kw": 45, "strategy": "equal"},
    },
    ("PUT", "/api/v1/sites/{site_id}"): {"name": "Car park", "grid_capacity_kw": 60},
    ("POST", "/api/v1/sites/{site_id}/charge-points"): {"charge_point_id": "CP-9", "max_power_kw": 11, "phases": 3},
    ("PUT", "/api/v1/charge-points/{charge_point_id}"): {"max_power_kw": 22, "current": "AC", "phases": 3},
    ("POST", "/api/v1/api-keys"): {"name": "dashboard", "scopes": ["control"]},
}
"""By method and path; a test validates each."""
