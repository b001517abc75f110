"""The description of the interface, the page that shows it, other origins, and series of meter values."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import jsonschema_rs
import orjson
import pytest
from api_fakes import NOW_S, READ, running
from schemathesis.specs.openapi.definitions import OPENAPI_31

from csms.api.examples import EXAMPLES, TEXTS
from csms.api.openapi import PATH, document
from csms.api.routes import ROUTES
from csms.api.table import NoBody, Route
from csms.domain import events as ev
from csms.domain.model import MeterReading, Moment, PowerSource

DOCUMENT: dict[str, Any] = orjson.loads(orjson.dumps(document(ROUTES, "1.2.3")))


def _operation(route: Route) -> dict[str, Any]:
    found: dict[str, Any] = DOCUMENT["paths"][route.path][route.method.lower()]
    return found


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_every_endpoint_is_described_with_its_errors_parameters_and_key(route: Route) -> None:
    operation = _operation(route)
    assert set(operation["responses"]) == {"200", "default", *map(str, route.statuses)}
    assert operation["security"] == ([] if route.scope is None else [{"key": []}])
    named = {(parameter["in"], parameter["name"]) for parameter in operation["parameters"]}
    headers = {place for place in named if place[0] == "header"}
    assert named - headers == {("path", name) for name in re.findall(r"{(\w+)}", route.path)} | {
        ("query", field.alias or name) for name, field in route.query.model_fields.items()
    }
    assert ("requestBody" in operation) == (route.body is not None or route.text is not None)
    assert ("header", "If-Match") in headers or 412 not in route.statuses


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_every_endpoint_says_in_a_line_what_it_does_and_shows_what_to_send(route: Route) -> None:
    operation = _operation(route)
    assert 5 < len(operation["summary"]) < 90
    for parameter in operation["parameters"]:
        if parameter["in"] == "path":
            assert parameter["description"].endswith(".")
            assert jsonschema_rs.is_valid(parameter["schema"], parameter["example"])
    for content in operation.get("requestBody", {"content": {}})["content"].values():
        shown = content["examples"]["typical"]["value"] if "examples" in content else content["example"]
        assert shown or route.body is NoBody


def test_the_description_is_one_by_the_rules_of_openapi() -> None:
    """Those of the OpenAPI initiative, as a program that is not ours has them."""
    faults = jsonschema_rs.validator_for(OPENAPI_31).iter_errors(DOCUMENT)
    assert [(list(fault.instance_path), fault.message) for fault in faults] == []


def test_names_of_operations_are_a_promise_to_programs_made_from_the_description() -> None:
    names = {operation["operationId"] for path in DOCUMENT["paths"].values() for operation in path.values()}
    assert names == set((Path(__file__).parent / "operation_ids.txt").read_text().split())


def test_every_reference_leads_somewhere_and_every_operation_has_a_name_of_its_own() -> None:
    text = orjson.dumps(DOCUMENT).decode()
    for reference in set(re.findall(r'"\$ref":"#/([^"]+)"', text)):
        place = DOCUMENT
        for part in reference.split("/"):
            place = place[part]
    names = [operation["operationId"] for path in DOCUMENT["paths"].values() for operation in path.values()]
    assert len(names) == len(set(names))
    assert (DOCUMENT["openapi"], DOCUMENT["info"]["version"]) == ("3.1.0", "1.2.3")


@pytest.mark.parametrize(("method", "path"), EXAMPLES)
def test_every_example_is_a_body_that_its_model_takes(method: str, path: str) -> None:
    (route,) = (route for route in ROUTES if (route.method, route.path) == (method, path))
    assert route.body is not None
    route.body.model_validate_json(orjson.dumps(EXAMPLES[method, path]))
    schema = _operation(route)["requestBody"]["content"]["application/json"]["schema"]
    faults = jsonschema_rs.validator_for({**schema, "components": DOCUMENT["components"]}).iter_errors(
        EXAMPLES[method, path]
    )
    assert [fault.message for fault in faults] == []


async def test_the_example_of_a_csv_is_one_that_is_taken() -> None:
    async with running() as api:
        for (method, path), text in TEXTS.items():
            reply = await api.call(method, path, text.encode(), headers={"Content-Type": "text/csv"})
            assert reply.status == 200, reply.json


def test_the_stream_and_the_download_are_described() -> None:
    operations = [operation for path in DOCUMENT["paths"].values() for operation in path.values()]
    kinds = {kind for operation in operations for kind in operation["responses"]["200"]["content"]}
    assert {"application/json", "text/event-stream", "application/jsonl"} <= kinds


async def test_the_description_and_its_page_are_public_and_load_nothing_from_elsewhere() -> None:
    async with running() as api:
        assert (await api.get(PATH, key=None)).json["openapi"] == "3.1.0"
        page = await api.get("/api/docs", key=None)
        policy = page.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert set(re.findall(rb'(?:src|href)="([^"]+)"', page.content)) == {b"/api/docs/viewer.js"}
        viewer = await api.get("/api/docs/viewer.js", key=None)
        assert viewer.status == 200
        assert len(viewer.content) > 100_000


async def test_pages_of_other_origins_are_let_in_only_where_they_are_named() -> None:
    asked = {"Origin": "https://a.example", "Access-Control-Request-Method": "PUT"}
    async with running() as api:
        reply = await api.get("/api/v1/sites", headers=asked)
        assert "Access-Control-Allow-Origin" not in reply.headers
    async with running(cors_origins=["https://a.example"]) as api:
        reply = await api.get("/api/v1/sites", headers=asked)
        assert reply.headers["Access-Control-Allow-Origin"] == "https://a.example"
        preflight = await api.call("OPTIONS", "/api/v1/sites/depot", key=None, headers=asked)
        assert (preflight.status, preflight.headers["Access-Control-Allow-Origin"]) == (204, "https://a.example")
        routed = {route.method for route in ROUTES}
        assert routed <= {*preflight.headers["Access-Control-Allow-Methods"].split(", ")}
        assert "Authorization" in preflight.headers["Access-Control-Allow-Headers"]
        other = await api.get("/api/v1/sites", headers={"Origin": "https://b.example"})
        assert "Access-Control-Allow-Origin" not in other.headers
        assert other.headers["Vary"] == "Origin"


async def test_meter_values_come_as_they_were_and_as_means() -> None:
    async with running() as api:
        for number, power_w in enumerate((1000.0, 3000.0, 5000.0)):
            at = Moment(NOW_S - 300 + 40 * number, 100.0)
            event = ev.MeterValuesReceived(at, "CP-1", 1, at.utc_s, "77", power_w, PowerSource.POWER, 100.0 * number)
            reading = MeterReading("CP-1", 1, at, at.utc_s, power_w, PowerSource.POWER)
            api.store.sample("depot", event, [reading])
        path = "/api/v1/charge-points/CP-1/meter-values"
        raw = (await api.get(path, key=READ)).json
        assert [row["power_kw"] for row in raw["items"]] == [1.0, 3.0, 5.0]
        assert (raw["items"][2]["transaction_id"], raw["items"][2]["energy_kwh"]) == ("77", 0.2)
        means = (await api.get(f"{path}?granularity=1min")).json
        assert [(row["at"], row["power_kw"], row["max_power_kw"]) for row in means["items"]] == [
            ("2024-06-01T11:55:00Z", 2.0, 3.0),
            ("2024-06-01T11:56:00Z", 5.0, 5.0),
        ]
        assert means["total"] == 2
        assert (await api.get(f"{path}?connector_id=2")).json["total"] == 0
        assert (await api.get(f"{path}?from=2024-06-01T11:56:00Z")).json["total"] == 1
        assert (await api.get(f"{path}?granularity=1min&from=1980-01-01T00:00:00Z")).status == 422
