"""/api/v1/fleet/summary, and the versions of what can be configured."""

from __future__ import annotations

from dataclasses import replace

from api_fakes import NOW_S, READ, busy_report, running

from csms.api.etags import etag
from csms.domain import events as ev
from csms.domain.model import ChargePointSettings, ConnectorStatus, Moment

CONFIG = "/api/v1/smart-charging/sites/depot/config"
AT = Moment(NOW_S, 500.0)


async def test_the_summary_counts_every_charge_point_once_and_sums_the_sites() -> None:
    async with running() as api:
        for name in ("F", "U", "I", "O"):
            api.depot.state.apply(ev.ChargePointDeclared(AT, ChargePointSettings(name, "depot")))
            api.depot.state.apply(ev.ChargePointConnected(AT, name, f"c{name}", "ocpp1.6"))
        for name, status in (("F", ConnectorStatus.FAULTED), ("U", ConnectorStatus.UNAVAILABLE)):
            api.depot.state.apply(ev.ConnectorStatusChanged(AT, name, 1, status))
        api.depot.state.apply(ev.ConnectorStatusChanged(AT, "I", 1, ConnectorStatus.AVAILABLE))
        api.depot.state.apply(ev.ChargePointDisconnected(AT, "O", "cO"))
        api.depot.report = busy_report()
        raised = ev.AlarmRaised(AT, 1, "overdraw", "CP-1", "too much")
        await api.store.append("depot", raised, api.depot.state.apply(raised))
        summary = (await api.get("/api/v1/fleet/summary", key=READ)).json
        assert summary["states"] == {
            "charging": 1,
            "waiting": 1,
            "faulted": 1,
            "offline": 1,
            "unavailable": 1,
            "idle": 1,
            "not_commissioned": 1,
        }
        counts = ("sites", "charge_points", "connected", "active_sessions", "alarms")
        assert [summary[name] for name in counts] == [2, 7, 5, 1, 1]
        assert summary["power"] == {
            "grid_capacity_kw": 130.0,
            "total_budget_kw": 50.0,
            "total_allocated_kw": 29.36,
            "total_permitted_kw": 33.0,
            "actual_kw": 7.001,
            "site_load_kw": 7.3,
        }
        assert [(row["site_id"], row["alarms"]) for row in summary["items"]] == [("depot", 1), ("yard", 0)]
        part = (await api.get("/api/v1/fleet/summary?limit=1&offset=1")).json
        assert [row["site_id"] for row in part["items"]] == ["yard"]
        assert part["states"] == summary["states"]


async def test_a_summary_shows_what_has_changed() -> None:
    async with running() as api:
        before = (await api.get("/api/v1/fleet/summary")).json["connected"]
        api.depot.state.apply(ev.ChargePointDisconnected(AT, "CP-1", "c1"))
        api.depot.report = replace(api.depot.report)
        assert (await api.get("/api/v1/fleet/summary")).json["connected"] == before - 1


async def test_a_configuration_is_not_overwritten_unseen() -> None:
    async with running() as api:
        body = {"max_power_kw": 50, "strategy": "equal"}
        assert (await api.call("PUT", CONFIG, body, headers={"If-Match": "*"})).status == 412
        tag = (await api.call("PUT", CONFIG, body)).headers["Etag"]
        assert (await api.get(CONFIG)).headers["Etag"] == tag
        api.depot.state.smart_charging = replace(api.depot.snapshot().smart_charging, max_power_w=40_000)  # type: ignore[type-var]
        refused = await api.call("PUT", CONFIG, body, headers={"If-Match": tag})
        assert (refused.status, refused.json["status"]) == (412, 412)
        assert (await api.get(CONFIG)).json["max_power_kw"] == 40.0
        newer = (await api.get(CONFIG)).headers["Etag"]
        assert newer != tag
        assert (await api.call("PUT", CONFIG, body, headers={"If-Match": f'"x", {newer}'})).status == 200


async def test_sites_and_charge_points_have_versions_of_what_is_declared() -> None:
    async with running() as api:
        tags = [(await api.get(path)).headers["Etag"] for path in ("/api/v1/sites/depot", "/api/v1/charge-points/CP-1")]
        later = Moment(NOW_S, 501.0)
        api.depot.state.apply(ev.ConnectorStatusChanged(later, "CP-1", 2, ConnectorStatus.FAULTED))
        assert (await api.get("/api/v1/sites/depot")).headers["Etag"] == tags[0]
        assert (await api.get("/api/v1/charge-points/CP-1")).headers["Etag"] == tags[1]
        api.depot.state.apply(ev.ChargePointDeclared(later, ChargePointSettings("CP-1", "depot", circuit_id="hall")))
        assert (await api.get("/api/v1/sites/depot")).headers["Etag"] != tags[0]
        assert (await api.get("/api/v1/charge-points/CP-1")).headers["Etag"] != tags[1]


def test_a_tag_differs_where_only_a_secret_does() -> None:
    one, other = (ChargePointSettings("a", "s", password_sha256=digest * 64) for digest in "ab")
    assert etag(one) != etag(other)
    assert etag(one) == etag(replace(one))
