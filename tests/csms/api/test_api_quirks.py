"""What is known of how a charge point takes its limits, and what an operator pins, field for field."""

from __future__ import annotations

from typing import Any

import pytest
from api_fakes import CONTROL, NOW_S, READ, Api, running

from csms.domain import events as ev
from csms.domain.capabilities import Knobs, Learned, LimitPurpose
from csms.domain.model import Moment

QUIRKS = "/api/v1/charge-points/CP-1/quirks"
THEN = Moment(NOW_S - 60, 0.0)


async def put(api: Api, body: Any) -> Any:
    reply = await api.call("PUT", QUIRKS, body, key=CONTROL)
    assert reply.status == 200, reply.json
    return reply.json


def knob(told: Any, name: str) -> tuple[Any, str]:
    return next((row["value"], row["source"]) for row in told["knobs"] if row["name"] == name)


async def test_each_knob_is_told_with_its_source() -> None:
    async with running() as api:
        state = api.depot.state
        told = state.charge_points["CP-1"].knowledge.told
        assert told is not None
        state.apply(ev.CapabilitiesLearned(THEN, "CP-1", told, Knobs(relative_profiles=True)))
        learned = Learned(Knobs(max_stack_level=0), worked=("this",), failed=("that",))
        state.apply(ev.WayLearned(THEN, "CP-1", learned))
        found = (await api.get(QUIRKS, key=READ)).json
        assert list(found) == ["knobs", "learned", "pinned"]
        assert knob(found, "rate_units") == (["A"], "told")
        assert knob(found, "relative_profiles") == (True, "quirk")
        assert knob(found, "max_stack_level") == (0, "learned")
        assert knob(found, "limit_by") == ("transaction", "assumed")
        assert found["learned"] == {"worked": ["this"], "failed": ["that"], "given_up": False}
        assert found["pinned"] is None
        assert (await api.get("/api/v1/charge-points/CP-1")).json["quirks"] == found


async def test_a_pin_replaces_the_one_before_and_can_be_taken_back() -> None:
    async with running() as api:
        await put(api, {"rate_units": ["W"], "leases": False})
        found = await put(api, {"currents_a": [6, 10.5], "limit_by": "default"})
        assert knob(found, "currents_a") == ([6.0, 10.5], "pinned")
        assert knob(found, "limit_by") == ("default", "pinned")
        assert knob(found, "rate_units") == (["A"], "told")
        assert {name: value for name, value in found["pinned"].items() if value is not None} == {
            "currents_a": [6.0, 10.5],
            "limit_by": "default",
        }
        pinned = api.depot.state.charge_points["CP-1"].knowledge.pinned
        assert pinned == Knobs(currents_a=(6.0, 10.5), limit_by=LimitPurpose.DEFAULT)
        gone = (await api.call("DELETE", QUIRKS, key=CONTROL)).json
        assert gone["pinned"] is None
        assert knob(gone, "limit_by") == ("transaction", "assumed")


async def test_an_empty_pin_is_a_pin_of_nothing_which_overrules_the_file() -> None:
    async with running() as api:
        assert (await put(api, {}))["pinned"] is not None
        assert api.depot.state.charge_points["CP-1"].knowledge.pinned == Knobs()


@pytest.mark.parametrize(
    ("body", "field", "rule"),
    [
        ({"rate_units": ["VA"]}, "rate_units[0]", "must be 'A' or 'W'"),
        ({"rate_units": []}, "rate_units", "must not be empty"),
        ({"rate_units": ["A", "A"]}, "rate_units", "must not repeat itself"),
        ({"currents_a": [5]}, "currents_a[0]", "must be at least 6"),
        ({"currents_a": ["6"]}, "currents_a[0]", "must be a number"),
        ({"max_stack_level": -1}, "max_stack_level", "must be at least 0"),
        ({"max_stack_level": True}, "max_stack_level", "must be a whole number"),
        ({"lowest_default_a": 40}, "lowest_default_a", "must be at most 32"),
        ({"takes_zero": 0}, "takes_zero", "must be true or false"),
        ({"limit_by": "power"}, "limit_by", "must be 'transaction', 'default' or 'station'"),
        ({"colour": "red"}, "colour", "is not a known field"),
    ],
)
async def test_a_value_out_of_range_is_named_and_changes_nothing(body: Any, field: str, rule: str) -> None:
    async with running() as api:
        reply = await api.call("PUT", QUIRKS, body, key=CONTROL)
        assert reply.status == 422
        assert reply.json["errors"] == [{"field": field, "rule": rule}]
        assert api.depot.state.charge_points["CP-1"].knowledge.pinned is None


@pytest.mark.parametrize("body", [{"limit_by": "station"}, {"default_on_station": True}])
async def test_a_limit_for_the_whole_needs_a_charge_point_with_one_connector(body: Any) -> None:
    async with running() as api:
        several = [name for name, s in api.depot.state.settings.items() if s.connectors > 1]
        reply = await api.call("PUT", f"/api/v1/charge-points/{several[0]}/quirks", body, key=CONTROL)
        assert reply.status == 422
        assert reply.json["errors"][0]["field"] == next(iter(body))


@pytest.mark.parametrize(("method", "key"), [("PUT", READ), ("DELETE", READ)])
async def test_pinning_needs_the_scope_control(method: str, key: str) -> None:
    async with running() as api:
        assert (await api.call(method, QUIRKS, {}, key=key)).status == 403


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_a_charge_point_that_does_not_exist_has_no_quirks(method: str) -> None:
    async with running() as api:
        body: Any = {} if method == "PUT" else None
        assert (await api.call(method, "/api/v1/charge-points/nobody/quirks", body, key=CONTROL)).status == 404
