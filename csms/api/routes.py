"""The route table: every endpoint is a row of its resource's module."""

from __future__ import annotations

from csms.api import (
    alarms,
    allocation,
    charge_points,
    commands,
    decisions,
    estate,
    events,
    fleet,
    health,
    id_tokens,
    local_list,
    me,
    messages,
    metrics,
    quirks,
    security,
    sessions,
    site_load,
    sites,
    smart_charging,
    temporary_limits,
    told,
)
from csms.api.table import Route

ROUTES: tuple[Route, ...] = (
    *smart_charging.ROUTES,
    *allocation.ROUTES,
    *decisions.ROUTES,
    *temporary_limits.ROUTES,
    *site_load.ROUTES,
    *sites.ROUTES,
    *fleet.ROUTES,
    *estate.ROUTES,
    *charge_points.ROUTES,
    *quirks.ROUTES,
    *told.ROUTES,
    *commands.ROUTES,
    *security.ROUTES,
    *sessions.ROUTES,
    *id_tokens.ROUTES,
    *local_list.ROUTES,
    *alarms.ROUTES,
    *events.ROUTES,
    *me.ROUTES,
    *messages.ROUTES,
    *health.ROUTES,
    *metrics.ROUTES,
)
