"""What is typically sent, for the description of the interface."""

from __future__ import annotations

from typing import Any

_SITE = "/api/v1/smart-charging/sites/{site_id}"
_CHARGE_POINT = "/api/v1/charge-points/{charge_point_id}"

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
    ("PUT", f"{_CHARGE_POINT}/quirks"): {"rate_units": ["A"], "current_step_a": 1, "relative_profiles": True},
    ("POST", f"{_CHARGE_POINT}/ocpp/{{action}}"): {"requestedMessage": "StatusNotification", "connectorId": 1},
    ("POST", f"{_CHARGE_POINT}/commands"): {
        "command": "start_session",
        "id_token": "04A2B3C4D5E6F7",
        "connector_id": 1,
    },
    ("POST", "/api/v1/commands/bulk"): {
        "charge_point_ids": ["CP-1", "CP-2"],
        "command": {"command": "set_availability", "operative": False},
    },
    ("POST", f"{_CHARGE_POINT}/password"): {},
    ("POST", f"{_CHARGE_POINT}/security-profile"): {"security_profile": 2, "url": "wss://csms.example.org:9443/ocpp"},
    ("POST", f"{_SITE}/rebalance"): {},
    ("POST", "/api/v1/id-tokens"): {"id_token": "04A2B3C4D5E6F7", "group_id": "FAMILY-7", "sites": ["car-park"]},
    ("PATCH", "/api/v1/id-tokens/{id_token}"): {"status": "Blocked"},
    ("POST", "/api/v1/webhooks"): {"url": "https://erp.example.org/charging", "types": ["session_ended"]},
    ("PUT", "/api/v1/webhooks/{webhook_id}"): {"url": "https://erp.example.org/charging", "enabled": False},
    ("POST", "/api/v1/api-keys"): {"name": "dashboard", "scopes": ["control"]},
}
"""Bodies by method and path; a test validates each."""

TEXTS: dict[tuple[str, str], str] = {
    ("POST", "/api/v1/id-tokens/import"): "id_token,group_id,status,note\n04A2B3C4D5E6F7,FAMILY-7,Accepted,flat 12\n",
}
"""Bodies that are no JSON."""

PATH: dict[str, tuple[str, str]] = {
    "site_id": ("car-park", "The site."),
    "charge_point_id": ("CP-1", "The charge point, as in the address that it connects to."),
    "action": ("TriggerMessage", "An action of the charge point's version of OCPP."),
    "session_id": ("7", "The session's number."),
    "id_token": ("04A2B3C4D5E6F7", "The id token; upper and lower case are the same."),
    "alarm_id": ("3", "The alarm's number."),
    "webhook_id": ("1", "The webhook's number."),
    "key_name": ("dashboard", "The key's name."),
}
"""What stands in paths: an example, and what it is."""

QUERY: dict[str, str] = {
    "limit": "At most so many rows.",
    "offset": "How many rows are left out before the first.",
    "from": "From this time on.",
    "to": "Up to this time, which is not included.",
}
"""What parameters mean that many lists have."""
