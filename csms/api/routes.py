"""The route table: every endpoint is a row of its resource's module."""

from __future__ import annotations

from csms.api import charge_points, health, sessions, sites, smart_charging
from csms.api.table import Route

ROUTES: tuple[Route, ...] = (
    *smart_charging.ROUTES,
    *sites.ROUTES,
    *charge_points.ROUTES,
    *sessions.ROUTES,
    *health.ROUTES,
)
