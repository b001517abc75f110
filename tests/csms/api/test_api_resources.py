"""Sites, charge points, sessions and health: exact fields, filters, pages."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from api_fakes import NOW_S, Api, busy_report, running

from csms.domain import events as ev
from csms.domain.model import ChargePointSettings, Moment, Transaction
from csms.domain.queries import SessionQuery

API = "/api/v1"
AN_HOUR_AGO = "2024-06-01T11:00:00.250Z"


async def test_sites_are_listed_with_their_counts() -> None:
    async with running() as api:
        reply = await api.get(f"{API}/sites")
        assert list(reply.json) == ["items", "total", "limit", "offset"]
        assert (reply.json["total"], reply.json["limit"], reply.json["offset"]) == (2, 100, 0)
        assert list(reply.json["items"][0].items()) == [
            ("site_id", "depot"),
            ("name", "Depot"),
            ("timezone", "Europe/London"),
            ("grid_capacity_kw", 100.0),
            ("charge_points", 3),
            ("connected", 2),
            ("active_sessions", 1),
        ]
        assert reply.json["items"][1]["site_id"] == "yard"


async def test_a_site_tells_its_settings_and_figures() -> None:
    async with running() as api:
        api.depot.report = busy_report()
        reply = await api.get(f"{API}/sites/depot")
        assert list(reply.json.items()) == [
            ("site_id", "depot"),
            ("name", "Depot"),
            ("timezone", "Europe/London"),
            ("grid_capacity_kw", 100.0),
            ("charge_points", 3),
            ("connected", 2),
            ("active_sessions", 1),
            ("grid_max_current_a", None),
            ("voltage_v", 230.0),
            ("voltage_min_v", 207.0),
            ("voltage_max_v", 230.0),
            ("declared_voltage_min_v", None),
            ("declared_voltage_max_v", None),
            ("reserve_kw", 0.0),
            ("site_load_max_age_s", 60.0),
            ("site_load_max_kw", None),
            ("site_load_max_current_a", None),
            ("price_per_kwh", None),
            ("currency", "EUR"),
            ("strategy", "equal"),
            ("total_budget_kw", 50.0),
            ("total_allocated_kw", 29.36),
            ("total_permitted_kw", 33.0),
            ("reserved_kw", 4.2),
            ("charge_point_ids", ["CP-1", "CP-2", "CP-3"]),
            ("circuits", []),
        ]


async def test_a_site_tells_the_limits_of_its_grid_connection_and_circuits() -> None:
    async with running() as api:
        api.site("yard").state.apply(_declared("P-1", "row", phases=2, phase_map=(2, 0)))
        api.site("yard").state.apply(_declared("P-2", None))
        told = (await api.get(f"{API}/sites/yard")).json
        assert {name: told[name] for name in told if "voltage" in name or "load" in name} == {
            "voltage_v": 230.0,
            "voltage_min_v": 210.5,
            "voltage_max_v": 253.0,
            "declared_voltage_min_v": 210.5,
            "declared_voltage_max_v": 253.0,
            "site_load_max_age_s": 90.0,
            "site_load_max_kw": 10.0,
            "site_load_max_current_a": 16.0,
        }
        assert (told["grid_max_current_a"], told["reserve_kw"]) == (63.0, 0.5)
        row = ("circuit_id", "parent", "max_power_kw", "max_current_a", "charge_point_ids")
        assert [list(circuit) for circuit in told["circuits"]] == [list(row)] * 2
        assert [tuple(circuit.values()) for circuit in told["circuits"]] == [
            ("hall", "grid", 20.0, None, []),
            ("row", "hall", None, 32.0, ["P-1"]),
        ]


@pytest.mark.parametrize(
    ("phase_map", "rotation", "phase"),
    [
        (None, None, None),
        ((0, 1, 2), "RST", None),
        ((1, 2, 0), "STR", None),
        ((2, 0), "TRS", None),
        ((2,), None, "L3"),
    ],
)
async def test_a_charge_point_tells_which_phases_feed_it(
    phase_map: tuple[int, ...] | None, rotation: str | None, phase: str | None
) -> None:
    async with running() as api:
        declared = _declared("P-1", "row", phase_map=phase_map, grid_factor=1.05, never_pause=True)
        api.site("yard").state.apply(declared)
        told = (await api.get(f"{API}/charge-points/P-1")).json["settings"]
        assert (told["phase_rotation"], told["phase"]) == (rotation, phase)
        assert (told["circuit_id"], told["grid_factor"], told["never_pause"]) == ("row", 1.05, True)


def _declared(charge_point_id: str, circuit_id: str | None, **more: Any) -> ev.ChargePointDeclared:
    settings = ChargePointSettings(charge_point_id, "yard", circuit_id=circuit_id, **more)
    return ev.ChargePointDeclared(Moment(NOW_S, 0.0), settings)


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("", ["CP-1", "CP-2", "CP-3"]),
        ("?site_id=depot", ["CP-1", "CP-2", "CP-3"]),
        ("?site_id=yard", []),
        ("?site_id=nowhere", []),
        ("?limit=1&offset=1", ["CP-2"]),
        ("?offset=7", []),
    ],
)
async def test_charge_points_are_listed_by_site_and_page(query: str, ids: list[str]) -> None:
    async with running() as api:
        reply = await api.get(f"{API}/charge-points{query}")
        assert list(reply.json) == ["items", "total", "limit", "offset"]
        assert [item["charge_point_id"] for item in reply.json["items"]] == ids
        assert reply.json["total"] == (0 if "yard" in query or "nowhere" in query else 3)


async def test_a_charge_points_row_says_offline_while_it_is_not_connected() -> None:
    async with running() as api:
        charging, silent, absent = (await api.get(f"{API}/charge-points")).json["items"]
        alone = (await api.get(f"{API}/charge-points/CP-1")).json
        del alone["quirks"], alone["refused_settings"], alone["listener_profiles"]
        assert charging == alone
        assert (silent["status"], silent["connection"]["connected"], silent["protocol"]) == (None, True, "ocpp2.0.1")
        assert (absent["status"], absent["connection"]["connected"], absent["commissioned_at"]) == (
            "Offline",
            False,
            None,
        )


async def test_a_charge_point_tells_everything_known_of_it_in_order() -> None:
    async with running() as api:
        reply = await api.get(f"{API}/charge-points/CP-1")
        connectors = reply.json["connectors"]
        assert list(reply.json.items()) == [
            ("charge_point_id", "CP-1"),
            ("site_id", "depot"),
            ("status", "Charging"),
            ("connection", {"connected": True, "ready": True, "since": AN_HOUR_AGO}),
            ("protocol", "ocpp1.6"),
            ("vendor", "Maker"),
            ("model", "One"),
            ("serial_number", "S-1"),
            ("firmware_version", "1.0"),
            ("booted_at", AN_HOUR_AGO),
            ("commissioned_at", AN_HOUR_AGO),
            ("settings", reply.json["settings"]),
            ("security", reply.json["security"]),
            ("capabilities", reply.json["capabilities"]),
            ("power_limits", []),
            ("connectors", connectors),
            ("quirks", reply.json["quirks"]),
            ("refused_settings", []),
            ("listener_profiles", [0, 1]),
        ]
        assert b"aaaaaaaa" not in reply.content  # the hash of its password


async def test_a_charge_point_tells_what_is_declared_of_it_and_what_it_can_do_in_order() -> None:
    async with running() as api:
        reply = await api.get(f"{API}/charge-points/CP-1")
        assert list(reply.json["settings"].items()) == [
            ("connectors", 2),
            ("max_power_kw", 22.0),
            ("current", "AC"),
            ("phases", 3),
            ("phase_rotation", None),
            ("phase", None),
            ("grid_factor", 1.0),
            ("circuit_id", None),
            ("in_service", True),
            ("never_pause", False),
            ("offline_limit_kw", 4.2),
            ("protocol", None),
            ("registration", "accept"),
            ("local_list", None),
            ("security_profile", 0),
            ("certificate_name", None),
            ("password_required", True),
        ]
        assert reply.json["security"] == {
            "security_profile": 0,
            "least_profile": 0,
            "offered_profile": None,
            "password_required": True,
            "offered_passwords": 0,
        }
        assert list(reply.json["capabilities"].items()) == [
            ("rate_units", ["A"]),
            ("max_stack_level", 8),
            ("max_periods", None),
            ("max_profiles", None),
            ("switches_phases", None),
            ("meter_interval_s", 60.0),
            ("current_step_a", 0.1),
            ("relative_profiles", False),
            ("limit_by", "transaction"),
        ]


async def test_a_connector_tells_its_transaction_and_limits() -> None:
    async with running() as api:
        first, second = (await api.get(f"{API}/charge-points/CP-1")).json["connectors"]
        assert list(first.items()) == [
            ("connector_id", 1),
            ("status", "Charging"),
            ("error_code", None),
            ("status_at", AN_HOUR_AGO),
            ("actual_kw", 7.36),
            ("transaction", first["transaction"]),
            ("limits", first["limits"]),
        ]
        assert list(first["transaction"].items()) == [
            ("session_id", 7),
            ("transaction_id", "77"),
            ("id_token", "TAG-1"),
            ("started_at", AN_HOUR_AGO),
            ("energy_kwh", 2.345),
            ("forgotten", False),
        ]
        assert list(first["limits"].items()) == [
            ("default_kw", 4.2),
            ("transaction_kw", 11.0),
            (
                "outstanding",
                [{"purpose": "transaction", "limit_kw": 22.0, "issued_at": AN_HOUR_AGO, "awaited": False}],
            ),
            ("failures", [{"purpose": "transaction", "count": 1, "at": AN_HOUR_AGO, "cause": "Timeout"}]),
        ]
        assert (second["status"], second["transaction"], second["actual_kw"]) == ("Available", None, None)
        assert second["limits"] == {"default_kw": None, "transaction_kw": None, "outstanding": [], "failures": []}


async def test_a_stale_reading_is_unknown_and_not_zero() -> None:
    async with running() as api:
        api.clock.steady_s = 490.0 + 3 * 60 + 1
        assert (await api.get(f"{API}/charge-points/CP-1")).json["connectors"][0]["actual_kw"] is None


async def test_a_charge_point_never_heard_of_is_offline_with_nothing_known() -> None:
    async with running() as api:
        reply = await api.get(f"{API}/charge-points/CP-3")
        assert reply.json["status"] == "Offline"
        assert reply.json["connection"] == {"connected": False, "ready": False, "since": None}
        assert reply.json["capabilities"] is None
        assert reply.json["connectors"][0]["status"] == "Offline"


def _completed(session_id: int, charge_point_id: str = "CP-2") -> Transaction:
    return Transaction(
        session_id,
        str(session_id),
        charge_point_id,
        1,
        None,
        None,
        "",
        NOW_S,
        1234.4,
        None,
        "Local",
        orphan=True,
        cost=1.5,
        currency="EUR",
    )


async def test_a_sessions_fields_are_the_documented_ones_in_order() -> None:
    async with running() as api:
        api.store.kept.append(("depot", _completed(3)))
        reply = await api.get(f"{API}/sessions")
        assert list(reply.json) == ["items", "total", "limit", "offset"]
        active, completed = reply.json["items"]
        assert list(active.items()) == [
            ("session_id", 7),
            ("transaction_id", "77"),
            ("site_id", "depot"),
            ("charge_point_id", "CP-1"),
            ("connector_id", 1),
            ("id_token", "TAG-1"),
            ("started_at", AN_HOUR_AGO),
            ("ended_at", None),
            ("energy_kwh", 2.345),
            ("stop_reason", None),
            ("status", "active"),
            ("missing_events", 0),
            ("trigger_reason", None),
            ("remote_start_id", None),
            ("cost", None),
            ("currency", None),
        ]
        assert completed == {
            "session_id": 3,
            "transaction_id": "3",
            "site_id": "depot",
            "charge_point_id": "CP-2",
            "connector_id": 1,
            "id_token": None,
            "started_at": None,
            "ended_at": "2024-06-01T12:00:00.250Z",
            "energy_kwh": 1.234,
            "stop_reason": "Local",
            "status": "completed",
            "missing_events": 0,
            "trigger_reason": None,
            "remote_start_id": None,
            "cost": 1.5,
            "currency": "EUR",
        }


async def test_an_active_sessions_energy_is_that_of_its_site_not_of_the_store() -> None:
    async with running() as api:
        (site_id, stored) = api.store.kept[0]
        api.store.kept[0] = (site_id, replace(stored, energy_wh=1.0))
        assert (await api.get(f"{API}/sessions")).json["items"][0]["energy_kwh"] == 2.345


@pytest.mark.parametrize(
    ("query", "asked"),
    [
        ("", SessionQuery()),
        ("?site_id=depot&charge_point_id=CP%201", SessionQuery("depot", "CP 1")),
        ("?status=active", SessionQuery(active=True)),
        ("?status=completed&limit=1000&offset=5", SessionQuery(active=False, limit=1000, offset=5)),
        (
            "?from=2024-06-01T00:00:00Z&to=2024-06-01T00:00:00Z",
            SessionQuery(from_s=1_717_200_000.0, to_s=1_717_200_000.0),
        ),
    ],
)
async def test_sessions_are_filtered_by_the_store(query: str, asked: SessionQuery) -> None:
    async with running() as api:
        reply = await api.get(f"{API}/sessions{query}")
        assert reply.status == 200
        assert api.store.asked == [asked]


@pytest.mark.parametrize("path", ["sites", "charge-points", "sessions"])
@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=1.0", "limit"),
        ("limit=", "limit"),
        ("limit=1_0", "limit"),
        ("limit=%D9%A1", "limit"),  # an Arabic digit
        ("limit=" + "9" * 5000, "limit"),
        ("offset=-1", "offset"),
        ("offset=999999999999999999", "offset"),
        ("limit=1&limit=2", "limit"),
        ("colour=green", "colour"),
    ],
)
async def test_every_list_names_the_parameter_that_is_wrong(path: str, query: str, field: str) -> None:
    async with running() as api:
        reply = await api.get(f"{API}/{path}?{query}")
        assert reply.status == 422
        assert [name for name, _ in reply.fields] == [field]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("status=Active", "status"),
        ("site_id=", "site_id"),
        ("charge_point_id=%00", "charge_point_id"),
        ("charge_point_id=" + "x" * 300, "charge_point_id"),
        ("from=2024-06-01T00:00:01Z&to=2024-06-01T00:00:00Z", "from"),
        ("from=yesterday", "from"),
        ("to=2024-06-01T00:00:00", "to"),
    ],
)
async def test_session_filters_are_validated(query: str, field: str) -> None:
    async with running() as api:
        reply = await api.get(f"{API}/sessions?{query}")
        assert reply.status == 422
        assert [name for name, _ in reply.fields] == [field]
        assert api.store.asked == []


@pytest.mark.parametrize("path", ["sites/nowhere", "charge-points/CP-9", "sites/%00", "charge-points/a%2Fb"])
async def test_an_unknown_id_is_404(path: str) -> None:
    async with running() as api:
        assert (await api.get(f"{API}/{path}")).status == 404


@pytest.mark.parametrize("path", ["charge-points/CP%2D1", "charge-points/%43P-1"])
async def test_ids_in_paths_are_percent_decoded(path: str) -> None:
    async with running() as api:
        assert (await api.get(f"{API}/{path}")).json["charge_point_id"] == "CP-1"


def _broken_store(api: Api) -> None:
    api.store.well = False


def _stopped_site(api: Api) -> None:
    api.sites.is_ready = False


async def test_health_and_readiness_are_public() -> None:
    async with running() as api:
        assert (await api.get("/healthz", key=None)).json == {"status": "ok"}
        assert (await api.get("/readyz", key=None)).json == {"status": "ready"}


@pytest.mark.parametrize("failure", [_broken_store, _stopped_site])
async def test_it_is_not_ready_without_its_store_or_its_sites(failure: Any) -> None:
    async with running() as api:
        failure(api)
        reply = await api.get("/readyz", key=None)
        assert (reply.status, reply.headers["Content-Type"]) == (503, "application/problem+json")
        assert (await api.get("/healthz", key=None)).status == 200
