"""Quantities in words, as reasons and alarms say them."""

from __future__ import annotations

from csms.domain import events as ev
from csms.domain.grid import GRID


def kw(power_w: int) -> str:
    return f"{power_w / 1000:.3f}".rstrip("0").rstrip(".") + " kW"


def place(node: str, dimension: int) -> str:
    """A limit of the tree: its node and, for a current, the phase."""
    name = "the grid connection" if node == GRID else f"circuit {node}"
    return name if dimension == 0 else f"{name} (L{dimension})"


def cause(event: ev.Event) -> str:
    """An event as the cause of a decision: what happened, and where."""
    words = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in type(event).__name__).strip()
    words = words.removeprefix("charge point ").removeprefix("connector ")
    if isinstance(event, ev.ConnectorEvent):
        return f"{words}: {event.charge_point_id} connector {event.connector_id}"
    return f"{words}: {event.charge_point_id}" if isinstance(event, ev.ChargePointEvent) else words
