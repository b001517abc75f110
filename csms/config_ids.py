"""Ids in config.toml that must be unique or must exist: checked on the raw file, so that other errors hide none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from csms.domain.grid import GRID
from csms.validation import Broken, Place, field_path

Table = Mapping[str, Any]
Row = tuple[Place, Table]
"""A table of the file and its place."""


def identity_errors(document: Table) -> list[Broken]:
    """Ids used twice, and ids that nothing has."""
    sites = _tables((), document, "sites")
    points = [row for place, site in sites for row in _tables(place, site, "charge_points")]
    found = _used_twice(sites, "site_id") + _used_twice(points, "charge_point_id")
    for place, site in sites:
        found += _circuit_errors(place, site)
    ocpp = document.get("ocpp")
    default = ocpp.get("default_site_id") if isinstance(ocpp, dict) else None
    if isinstance(default, str) and all(site.get("site_id") != default for _, site in sites):
        found.append((("ocpp", "default_site_id"), "must be the site_id of a site of this file"))
    return found


def _circuit_errors(place: Place, site: Table) -> list[Broken]:
    circuits = _tables(place, site, "circuits")
    return [
        *_used_twice(circuits, "circuit_id"),
        *_parent_errors(circuits),
        *_member_errors(circuits, {row.get("charge_point_id") for _, row in _tables(place, site, "charge_points")}),
    ]


def _parent_errors(circuits: list[Row]) -> list[Broken]:
    """Parents that are no circuit, and circuits that stand below themselves."""
    parents = {_text(row, "circuit_id"): _text(row, "parent") for _, row in reversed(circuits)}
    found: list[Broken] = []
    for place, row in circuits:
        parent = _text(row, "parent")
        if parent is not None and parent != GRID and parent not in parents:
            found.append(((*place, "parent"), "must be a circuit of the site"))
        elif _leads_to(parents, parent, _text(row, "circuit_id")):
            found.append(((*place, "parent"), "must not lead back to the circuit itself"))
    return found


def _leads_to(parents: Mapping[str | None, str | None], above: str | None, circuit_id: str | None) -> bool:
    for _ in parents:
        if above is None or above == circuit_id:
            break
        above = parents.get(above)
    return above is not None and above == circuit_id


def _member_errors(circuits: list[Row], known: set[object]) -> list[Broken]:
    """Charge points that the site does not have, and those that hang on two circuits."""
    first: dict[str, Place] = {}
    found: list[Broken] = []
    for place, row in circuits:
        members = row.get("charge_points")
        for number, member in enumerate(members if isinstance(members, list) else []):
            if not isinstance(member, str):
                continue
            here = (*place, "charge_points", number)
            if member not in known:
                found.append((here, "must be a charge point of the site"))
            elif first.setdefault(member, here) != here:
                found.append((here, f"must be on one circuit only; {field_path(first[member])} is the same"))
    return found


def _text(row: Table, name: str) -> str | None:
    value = row.get(name)
    return value if isinstance(value, str) else None


def _tables(place: Place, parent: Table, name: str) -> list[Row]:
    items = parent.get(name)
    rows = items if isinstance(items, list) else []
    return [((*place, name, number), row) for number, row in enumerate(rows) if isinstance(row, dict)]


def _used_twice(rows: list[Row], field: str) -> list[Broken]:
    first: dict[str, Place] = {}
    found: list[Broken] = []
    for place, row in rows:
        value = row.get(field)
        if isinstance(value, str) and first.setdefault(value, place) != place:
            found.append(((*place, field), f"must be unique; {field_path(first[value])} has it too"))
    return found
