"""What charge points told of themselves, over REST; and the alarms that only an operator clears."""

from __future__ import annotations

import pytest
from api_fakes import ADMIN, CONTROL, NOW_S, READ, running

from csms.domain import events as ev
from csms.domain.alarms import SECURITY_EVENT
from csms.domain.model import ConnectorStatus, Moment
from csms.domain.records import Told

POINT = "/api/v1/charge-points/CP-2"
TOLD_AT = "2024-06-01T12:00:00.250Z"


def variable(component: str, name: str, **evse: int) -> Told:
    value = {
        "component": {"name": component, **({"evse": evse} if evse else {})},
        "variable": {"name": name, "instance": "i"},
        "variableAttribute": [{"type": "Actual", "value": "7"}],
    }
    place = component.replace("/", "%2F")
    return Told("CP-2", "variable", f"{place}//{evse.get('id', '')}//{name}/i", NOW_S, value)


async def test_variables_are_listed_by_component_and_page() -> None:
    async with running() as api:
        told = [variable("EVSE", "Power", id=1, connectorId=2), variable("EVSEs", "A"), variable("E/0", "B")]
        await api.store.save(*told, Told("CP-1", "variable", "EVSE/", NOW_S, {}))
        page = (await api.get(f"{POINT}/variables?component=EVSE", key=READ)).json
        assert page == {
            "items": [
                {
                    "component": "EVSE",
                    "component_instance": None,
                    "evse_id": 1,
                    "connector_id": 2,
                    "variable": "Power",
                    "variable_instance": "i",
                    "attributes": [{"type": "Actual", "value": "7"}],
                    "characteristics": None,
                    "told_at": TOLD_AT,
                }
            ],
            "total": 1,
            "limit": 100,
            "offset": 0,
        }
        second = (await api.get(f"{POINT}/variables?limit=1&offset=1", key=READ)).json
        assert second["total"] == 3
        assert [row["variable"] for row in second["items"]] == ["Power"]
        slashed = (await api.get(f"{POINT}/variables?component=E/0", key=READ)).json
        assert [row["variable"] for row in slashed["items"]] == ["B"]


async def test_configuration_keys_are_listed() -> None:
    async with running() as api:
        await api.store.save(
            Told("CP-2", "configuration_key", "a", NOW_S, {"key": "A", "readonly": True, "value": "1"}),
            Told("CP-2", "configuration_key", "b", NOW_S, {"key": "B"}),
        )
        items = (await api.get(f"{POINT}/configuration", key=READ)).json["items"]
        assert items == [
            {"key": "A", "value": "1", "read_only": True, "told_at": TOLD_AT},
            {"key": "B", "value": None, "read_only": False, "told_at": TOLD_AT},
        ]


async def test_reports_of_a_kind_are_listed_newest_first() -> None:
    async with running() as api:
        await api.store.save(*(Told("CP-2", "event", f"{n:03}", NOW_S, {"eventId": n}) for n in range(3)))
        page = (await api.get(f"{POINT}/reports?kind=event&limit=2", key=READ)).json
        assert [row["value"] for row in page["items"]] == [{"eventId": 2}, {"eventId": 1}]
        assert page["items"][0] == {"kind": "event", "name": "002", "told_at": TOLD_AT, "value": {"eventId": 2}}


async def test_what_a_customer_is_told_of_is_an_administrators_to_see() -> None:
    async with running() as api:
        told = {"seqNo": 0, "data": "Jane Doe, TAG-1"}
        await api.store.save(Told("CP-2", "customer_information", "1/000000", NOW_S, told))
        for key, seen in ((READ, "***"), (CONTROL, "***"), (ADMIN, "Jane Doe, TAG-1")):
            (row,) = (await api.get(f"{POINT}/reports?kind=customer_information", key=key)).json["items"]
            assert row["value"] == {"seqNo": 0, "data": seen}


@pytest.mark.parametrize("query", ["", "?kind=local_list", "?kind=variable"])
async def test_reports_need_a_kind_that_is_one(query: str) -> None:
    async with running() as api:
        reply = await api.get(f"{POINT}/reports{query}")
        assert reply.status == 422
        assert [field for field, _ in reply.fields] == ["kind"]


@pytest.mark.parametrize("what", ["variables", "configuration", "reports?kind=event"])
async def test_an_unknown_charge_point_has_told_nothing(what: str) -> None:
    async with running() as api:
        assert (await api.get(f"/api/v1/charge-points/CP-9/{what}")).status == 404


async def test_an_operator_clears_a_security_event_and_nothing_else() -> None:
    async with running() as api:
        at = Moment(NOW_S, 500.0)
        api.depot.state.apply(ev.AlarmRaised(at, 3, SECURITY_EVENT, "CP-1: Tamper", "tampered"))
        api.depot.state.apply(ev.AlarmRaised(at, 4, "ceiling_exceeded", "grid", "too much"))
        reply = await api.call("POST", "/api/v1/alarms/3/clear", key=CONTROL)
        assert (reply.status, reply.json) == (200, {"alarm_id": 3})
        assert not api.depot.state.alarms[SECURITY_EVENT, "CP-1: Tamper"].standing
        assert (await api.call("POST", "/api/v1/alarms/3/clear", key=CONTROL)).status == 404
        assert (await api.call("POST", "/api/v1/alarms/4/clear", key=CONTROL)).status == 409
        assert api.depot.state.alarms["ceiling_exceeded", "grid"].standing
        for absent in ("99", "x", "-1", "9" * 30):
            assert (await api.call("POST", f"/api/v1/alarms/{absent}/clear", key=CONTROL)).status == 404
        assert (await api.call("POST", "/api/v1/alarms/4/clear", key=READ)).status == 403


async def test_an_operator_closes_a_session_that_its_charger_has_forgotten() -> None:
    async with running() as api:
        path = "/api/v1/sessions/7/close"
        assert (await api.call("POST", path, key=CONTROL)).status == 409  # it charges
        assert (await api.call("POST", path, key=READ)).status == 403
        now = Moment(NOW_S, 5000.0)
        api.clock.steady_s = 5000.0
        api.depot.state.apply(ev.ConnectorStatusChanged(now, "CP-1", 1, ConnectorStatus.AVAILABLE))
        (first, _second) = (await api.get("/api/v1/charge-points/CP-1")).json["connectors"]
        assert first["transaction"]["forgotten"]
        reply = await api.call("POST", path, key=CONTROL)
        assert (reply.status, reply.json["session_id"], reply.json["stop_reason"]) == (200, 7, "ClosedByOperator")
        for absent in ("7", "99", "x"):
            assert (await api.call("POST", f"/api/v1/sessions/{absent}/close", key=CONTROL)).status == 404
