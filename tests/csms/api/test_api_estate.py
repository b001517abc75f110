"""Sites and charge points over REST: the rules of the file, who may, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from api_fakes import CONTROL, NOW_S, running

from csms.domain import events as ev
from csms.domain.capabilities import Knobs
from csms.domain.electrical import shape
from csms.domain.grid import Circuit
from csms.domain.model import ChargePointSettings, Current, Moment, ScheduleWindow, SiteSettings, SmartCharging
from csms.domain.state import State
from csms.site_documents import checked, site_document

NEW = {
    "site_id": "new",
    "grid_capacity_kw": 50,
    "circuits": [{"circuit_id": "hall", "max_power_kw": 30, "charge_points": ["N-1"]}],
    "charge_points": [{"charge_point_id": "N-1", "max_power_kw": 22, "current": "AC", "phases": 3}],
    "smart_charging": {"max_power_kw": 40, "strategy": "equal"},
}
PINNED = Knobs(rate_units=("A",), max_periods=1)
HALL = {"circuit_id": "hall", "max_power_kw": 30}
SMALL: dict[str, Any] = {"grid_capacity_kw": 3, "smart_charging": None, "circuits": []}
OFFLINE = {"charge_point_id": "N-1", "current": "DC", "offline_limit_kw": 4}


def _whole_site() -> State:
    """Every setting that there is differs from its default."""
    site = SiteSettings(
        "s",
        "Site",
        "UTC",
        100_000,
        231.0,
        253.0,
        210.0,
        100.0,
        (Circuit("hall", None, 50_000), Circuit("row", "hall", None, 32.0)),
        1000,
        90.0,
        10_000,
        16.0,
        0.35,
        "GBP",
    )
    state, at = State(site), Moment(NOW_S, 1.0)
    points = [
        ChargePointSettings("a", "s", 2, 22_000, Current.AC, 3, False, 1400, "row", (1, 2, 0), 1.0, True, "ocpp1.6"),
        ChargePointSettings("b", "s", 1, 50_000, Current.DC, grid_factor=1.05, registration="pending", local_list=True),
        ChargePointSettings("c", "s", phases=1, phase_map=(2,), password_sha256="a" * 64, security_profile=2),
        ChargePointSettings("d", "s", phases=2, phase_map=(2, 0), circuit_id="hall", quirks=PINNED),
        ChargePointSettings("e", "s"),
    ]
    for point in points:
        state.apply(ev.ChargePointDeclared(at, point))
    window = ScheduleWindow((0, 6), 60, 120, 30_000, {"a": 2000})
    state.apply(ev.SmartChargingConfigured(at, SmartCharging(60_000, "scheduled", 1400, ("b", "a"), (window,))))
    return state


def test_a_site_written_as_the_file_would_have_it_reads_as_the_same_site() -> None:
    snapshot = _whole_site().snapshot()
    config = checked(site_document(snapshot))
    assert config.settings() == snapshot.site
    assert config.charge_point_settings() == list(snapshot.settings.values())
    assert snapshot.smart_charging is not None
    assert config.smart_charging_settings(snapshot.smart_charging.updated_at_s) == snapshot.smart_charging
    assert shape(config.settings(), config.charge_point_settings()[0], None) == snapshot.shapes["a"]


async def test_a_site_is_created_whole_and_answered_as_it_is_read() -> None:
    async with running() as api:
        created = await api.call("POST", "/api/v1/sites", NEW)
        assert created.status == 200
        assert created.json == (await api.get("/api/v1/sites/new")).json
        assert created.json["circuits"][0]["charge_point_ids"] == ["N-1"]
        assert (await api.get("/api/v1/smart-charging/sites/new/config")).json["max_power_kw"] == 40.0
        assert (await api.get("/api/v1/charge-points/N-1")).json["site_id"] == "new"


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"grid_capacity_kw": -1}, "grid_capacity_kw"),
        ({"site_id": "a b"}, "site_id"),
        ({"colour": "green"}, "colour"),
        ({"circuits": [{**HALL, "parent": "y"}]}, "circuits[0].parent"),
        ({"circuits": [{**HALL, "charge_points": ["Z"]}]}, "circuits[0].charge_points[0]"),
        ({"smart_charging": {"max_power_kw": 51, "strategy": "equal"}}, "smart_charging.max_power_kw"),
        ({"charge_points": [OFFLINE, OFFLINE]}, "charge_points[1].charge_point_id"),
        ({**SMALL, "charge_points": [OFFLINE]}, "grid_capacity_kw"),
    ],
)
async def test_a_site_that_breaks_a_rule_of_the_file_is_refused(changed: dict[str, Any], field: str) -> None:
    async with running() as api:
        reply = await api.call("POST", "/api/v1/sites", {**NEW, **changed})
        assert reply.status == 422
        assert field in [name for name, _ in reply.fields]
        assert api.sites.get("new") is None


async def test_ids_that_are_taken_are_409() -> None:
    async with running() as api:
        assert (await api.call("POST", "/api/v1/sites", {**NEW, "site_id": "depot"})).status == 409
        points = [{"charge_point_id": "N-9"}, {"charge_point_id": "CP-1"}]
        taken = await api.call("POST", "/api/v1/sites", {**NEW, "circuits": [], "charge_points": points})
        assert taken.status == 409
        assert [error["field"] for error in taken.json["errors"]] == ["charge_points[1].charge_point_id"]
        path = "/api/v1/sites/yard/charge-points"
        assert (await api.call("POST", path, {"charge_point_id": "CP-1"})).status == 409


async def test_a_site_is_changed_with_its_circuits_and_keeps_its_charge_points() -> None:
    async with running() as api:
        circuit = {"circuit_id": "hall", "max_current_a": 63, "charge_points": ["CP-2"]}
        body = {"grid_capacity_kw": 80, "name": "New name", "circuits": [circuit]}
        before = (await api.get("/api/v1/sites/depot")).headers["Etag"]
        changed = await api.call("PUT", "/api/v1/sites/depot", body, headers={"If-Match": before})
        assert (changed.json["name"], changed.json["grid_capacity_kw"]) == ("New name", 80.0)
        assert changed.json["charge_point_ids"] == ["CP-1", "CP-2", "CP-3"]
        assert (await api.get("/api/v1/charge-points/CP-2")).json["settings"]["circuit_id"] == "hall"
        again = await api.call("PUT", "/api/v1/sites/depot", {"grid_capacity_kw": 80}, headers={"If-Match": before})
        assert again.status == 412
        moved = await api.call("PUT", "/api/v1/sites/depot", {"grid_capacity_kw": 80})
        assert moved.json["circuits"] == []
        assert (await api.get("/api/v1/charge-points/CP-2")).json["settings"]["circuit_id"] is None


async def test_a_site_cannot_be_made_too_small_for_what_it_promises() -> None:
    async with running() as api:
        reply = await api.call("PUT", "/api/v1/sites/depot", {"grid_capacity_kw": 5})
        assert [field for field, _ in reply.fields] == ["grid_capacity_kw"]
        await api.call("PUT", "/api/v1/smart-charging/sites/depot/config", {"max_power_kw": 50, "strategy": "equal"})
        reply = await api.call("PUT", "/api/v1/sites/depot", {"grid_capacity_kw": 40})
        assert [field for field, _ in reply.fields] == ["smart_charging.max_power_kw"]


async def test_a_charge_point_is_declared_and_changed() -> None:
    async with running() as api:
        body = {"charge_point_id": "Y-1", "max_power_kw": 11, "phases": 3, "circuit_id": "row"}
        created = await api.call("POST", "/api/v1/sites/yard/charge-points", body)
        assert created.json["settings"]["circuit_id"] == "row"
        assert created.json["settings"]["phase_rotation"] == "RST"
        tag = created.headers["Etag"]
        path = "/api/v1/charge-points/Y-1"
        changed = await api.call(
            "PUT", path, {"max_power_kw": 7.4, "phases": 1, "phase": "L2"}, headers={"If-Match": tag}
        )
        assert (changed.json["settings"]["max_power_kw"], changed.json["settings"]["phase"]) == (7.4, "L2")
        assert changed.json["settings"]["circuit_id"] is None
        assert (await api.call("PUT", path, {}, headers={"If-Match": tag})).status == 412


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"max_power_kw": 0}, "max_power_kw"),
        ({"circuit_id": "nowhere"}, "circuit_id"),
        ({"phases": 4}, "phases"),
        ({"max_power_kw": 22, "never_pause": True, "connectors": 40}, "never_pause"),
        ({"offline_limit_kw": 40}, "grid_capacity_kw"),
        ({"charge_point_id": "other"}, "charge_point_id"),
    ],
)
async def test_a_charge_point_that_breaks_a_rule_is_refused_at_its_field(body: dict[str, Any], field: str) -> None:
    async with running() as api:
        created = await api.call("POST", "/api/v1/sites/yard/charge-points", {"charge_point_id": "Y-1"})
        assert created.status == 200
        reply = await api.call("PUT", "/api/v1/charge-points/Y-1", body)
        assert reply.status == 422
        assert field in [name for name, _ in reply.fields]
        assert api.site("yard").snapshot().settings["Y-1"].max_power_w is None


async def test_what_an_operator_pinned_is_kept_when_a_charge_point_is_changed() -> None:
    async with running() as api:
        pinned = replace(api.depot.snapshot().settings["CP-2"], quirks=Knobs(max_periods=2))
        api.depot.state.apply(ev.ChargePointDeclared(Moment(NOW_S, 500.0), pinned))
        await api.call("PUT", "/api/v1/charge-points/CP-2", {"max_power_kw": 3})
        settings = api.depot.snapshot().settings["CP-2"]
        assert (settings.max_power_w, settings.quirks) == (3000, Knobs(max_periods=2))
        await api.call("PUT", "/api/v1/charge-points/CP-2", {"max_power_kw": 3, "quirks": {"max_periods": 1}})
        assert api.depot.snapshot().settings["CP-2"].quirks == Knobs(max_periods=1)


async def test_a_password_that_nobody_can_read_is_kept_until_another_is_set_or_it_is_taken_away() -> None:
    async with running() as api:
        path, digest = "/api/v1/charge-points/CP-2", "b" * 64
        for body, kept in (
            ({"max_power_kw": 3, "password_sha256": digest}, digest),
            ({"max_power_kw": 4}, digest),
            ({"max_power_kw": 4, "password_sha256": None}, None),
        ):
            reply = await api.call("PUT", path, body)
            assert reply.json["settings"]["password_required"] == (kept is not None)
            assert api.depot.snapshot().settings["CP-2"].password_sha256 == kept


async def test_running_sessions_are_in_the_way_unless_they_may_end() -> None:
    async with running() as api:
        for path, name in (("/api/v1/charge-points/CP-1", "CP-1"), ("/api/v1/sites/depot", "depot")):
            refused = await api.call("DELETE", path)
            assert (refused.status, api.estate.removed) == (409, [])
            assert (await api.call("DELETE", f"{path}?force=true")).json == {"removed": True}
            assert api.estate.removed.pop() == (name, True)
        assert (await api.call("DELETE", "/api/v1/charge-points/CP-2")).json == {"removed": True}
        assert api.estate.removed == [("CP-2", False)]
        assert (await api.call("DELETE", "/api/v1/sites/yard", headers={"If-Match": '"old"'})).status == 412


async def test_only_administrators_change_what_there_is() -> None:
    async with running() as api:
        assert (await api.call("POST", "/api/v1/sites", NEW, key=CONTROL)).status == 403
        assert (await api.call("DELETE", "/api/v1/charge-points/CP-2", key=CONTROL)).status == 403
