"""What the commands show: tables of rich. Text from chargers and people is shown as text, never as markup."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from csms.client import Alarm, Allocation, ChargePoint, ChargerAllocation, Session, Site

_BAR_WIDTH = 10
_NUMBERS = frozenset({"budget", "permitted", "drawn", "cars", "waiting", "alarms", "may draw", "draws", "energy"})
_LONG = frozenset({"name", "why", "what", "ended by"})
"""Columns that are broken into lines where there is no room."""

_STYLES = {"Charging": "green", "Offline": "red", "Faulted": "red"}


def sites(found: Sequence[Site], allocations: Sequence[Allocation], standing: Sequence[Alarm]) -> Table:
    """One row each; what may be drawn is red where it is above the budget."""
    alarms_of = Counter(alarm.site_id for alarm in standing)
    table = _table("site", "name", "budget", "permitted", "drawn", "online", "cars", "waiting", "alarms")
    for site, allocation in zip(found, allocations, strict=True):
        over = allocation.total_permitted_kw > allocation.total_budget_kw
        table.add_row(
            Text(site.site_id),
            Text(site.name),
            kw(allocation.total_budget_kw),
            Text(kw(allocation.total_permitted_kw), "bold red" if over else ""),
            kw(allocation.drawn_kw),
            f"{site.connected}/{site.charge_points}",
            str(site.active_sessions),
            str(len(allocation.waiting)),
            Text(str(alarms_of[site.site_id]), "bold red" if alarms_of[site.site_id] else ""),
        )
    return table


def alarms(found: Sequence[Alarm]) -> Table:
    table = _table("since", "until", "site", "about", "what")
    for alarm in found:
        until = "" if alarm.cleared_at is None else when(alarm.cleared_at)
        style = "red" if alarm.cleared_at is None else "dim"
        table.add_row(when(alarm.raised_at), until, Text(alarm.site_id), Text(alarm.subject), Text(alarm.text, style))
    return table


def sessions(found: Sequence[Session]) -> Table:
    table = _table("session", "charge point", "began", "ended", "energy", "ended by")
    for session in found:
        table.add_row(
            str(session.session_id),
            Text(f"{session.charge_point_id}:{session.connector_id}"),
            "?" if session.started_at is None else when(session.started_at),
            "running" if session.status == "active" else "?" if session.ended_at is None else when(session.ended_at),
            "?" if session.energy_kwh is None else f"{session.energy_kwh:.2f} kWh",
            Text(session.stop_reason or ""),
        )
    return table


def watched(allocation: Allocation, points: Sequence[ChargePoint]) -> Group:
    """A site's chargers, and below them the sum."""
    table = _table("charger", "OCPP", "status", "may draw", "draws", "", "why")
    table.title = f"{allocation.site_id}: {allocation.strategy}, budget {kw(allocation.total_budget_kw)}"
    rows = {row.charge_point_id: row for row in allocation.chargers}
    full_kw = max([row.permitted_kw for row in allocation.chargers], default=0.0)
    for point in points:
        table.add_row(*_charger(point, rows.get(point.charge_point_id), full_kw))
    return Group(table, _sum(allocation))


def kw(power_kw: float) -> str:
    return f"{power_kw:.2f} kW"


def when(moment: datetime) -> str:
    """In the time zone of whoever looks."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M")


def _charger(point: ChargePoint, row: ChargerAllocation | None, full_kw: float) -> list[str | Text]:
    version = (point.protocol or "").removeprefix("ocpp")
    if row is None:
        status = point.status or "-"
        return [Text(point.charge_point_id), version, Text(status, _STYLES.get(status, "dim")), "-", "-", "", ""]
    why = row.reason
    if row.waiting and row.expected_start is not None:
        why += f", turn at about {row.expected_start.astimezone():%H:%M}"
    return [
        Text(point.charge_point_id),
        version,
        Text(row.status, _STYLES.get(row.status, "yellow")),
        kw(row.allocated_kw) + (" " if row.confirmed else "…"),  # the ellipsis: not yet acknowledged
        "?" if row.actual_kw is None else kw(row.actual_kw),
        _bar(row.actual_kw or 0.0, row.permitted_kw, full_kw),
        Text(why, "dim"),
    ]


def _sum(allocation: Allocation) -> Text:
    permitted_kw, budget_kw = allocation.total_permitted_kw, allocation.total_budget_kw
    words = f"permitted {kw(permitted_kw)}   drawn {kw(allocation.drawn_kw)}   budget {kw(budget_kw)}  "
    text = Text(words, "bold green" if permitted_kw <= budget_kw else "bold red")
    return text.append_text(_bar(allocation.drawn_kw, permitted_kw, budget_kw))


def _bar(drawn_kw: float, permitted_kw: float, full_kw: float) -> Text:
    """What is drawn inside what is permitted."""
    if full_kw <= 0:
        return Text("")
    permitted = min(_BAR_WIDTH, round(_BAR_WIDTH * permitted_kw / full_kw))
    drawn = min(permitted, round(_BAR_WIDTH * drawn_kw / full_kw))
    return Text("█" * drawn, "green").append("░" * (permitted - drawn), "cyan").append(" " * (_BAR_WIDTH - permitted))


def _table(*headings: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for heading in headings:
        right = heading in _NUMBERS
        table.add_column(heading, justify="right" if right else "left", no_wrap=heading not in _LONG, overflow="fold")
    return table
