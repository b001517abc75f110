"""/api/v1/openapi.json: the interface described for programs, from the route table and its models alone."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from typing import Any

import orjson
from aiohttp import web
from pydantic import BaseModel, TypeAdapter

from csms.api import examples
from csms.api.problems import title
from csms.api.table import Route

_REF = "#/components/schemas/{model}"
_BODY_TYPE = "application/json"
_PROBLEM_TYPE = "application/problem+json"

_DESCRIPTION = """The REST interface of the central system. Power is in kW, energy in kWh, times are RFC 3339.
Every error is a problem document (RFC 9457) whose `errors` name each offending field with the rule it breaks."""

JsonObject = dict[str, Any]


class ProblemError(BaseModel):
    """`field` is a path such as schedule[0].max_power_kw, empty where no field is to blame."""

    field: str
    rule: str


class ProblemDocument(BaseModel):
    """What went wrong, in words; `request_id` is that of the log."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[ProblemError]
    request_id: str | None = None


def document(routes: Sequence[Route], version: str) -> JsonObject:
    """An OpenAPI 3.1 description."""
    schemas, components = _schemas(routes)
    paths: JsonObject = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "csms",
            "version": version,
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": name} for name in dict.fromkeys(_tag(route) for route in routes)],
        "paths": paths,
        "components": {
            "schemas": components,
            "responses": {"Problem": _problem()},
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": "An API key: Authorization: Bearer KEY."}
            },
        },
    }


def _schemas(routes: Sequence[Route]) -> tuple[JsonObject, JsonObject]:
    """The schema of each route's answer and body, by the route's name, and the components they refer to."""
    wanted: list[tuple[str, Any, TypeAdapter[Any]]] = [("problem", "serialization", TypeAdapter(ProblemDocument))]
    for route in routes:
        wanted.append((f"{_name(route)} answer", "serialization", TypeAdapter(route.response)))
        if route.body is not None:
            wanted.append((f"{_name(route)} body", "validation", TypeAdapter(route.body)))
    found, definitions = TypeAdapter.json_schemas(wanted, ref_template=_REF)
    return {key: schema for (key, _), schema in found.items()}, definitions.get("$defs", {})


def _operation(route: Route, schemas: JsonObject) -> JsonObject:
    operation: JsonObject = {
        "operationId": route.handler.__name__,
        "summary": route.summary,
        "tags": [_tag(route)],
        "parameters": [*_path_parameters(route), *_query_parameters(route), *_header_parameters(route)],
        "responses": _responses(route, schemas),
        "security": [] if route.scope is None else [{"key": []}],
    }
    if route.scope is not None:
        operation["description"] = f"Needs a key with the scope {route.scope}."
        operation["x-scope"] = route.scope
    if body := _request_body(route, schemas):
        operation["requestBody"] = body
    return operation


def _path_parameters(route: Route) -> list[JsonObject]:
    found = []
    for name in re.findall(r"{(\w+)}", route.path):
        example, text = examples.PATH[name]
        schema = {"type": "string", "minLength": 1}
        place = {"name": name, "in": "path", "required": True}
        found.append({**place, "description": text, "schema": schema, "example": example})
    return found


def _query_parameters(route: Route) -> list[JsonObject]:
    schema = route.query.model_json_schema(mode="validation", ref_template=_REF)
    required = schema.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in required, **_meaning(name), "schema": _without_null(field)}
        for name, field in schema.get("properties", {}).items()
    ]


def _meaning(name: str) -> JsonObject:
    return {"description": examples.QUERY[name]} if name in examples.QUERY else {}


def _header_parameters(route: Route) -> list[JsonObject]:
    """Those with a meaning of their own; that of Authorization is the security scheme's."""
    found = []
    if 412 in route.errors:
        found.append(("If-Match", "The ETag that the change is meant for; it is refused where another holds.", "*"))
    if route.streams == "text/event-stream":
        found.append(
            ("Last-Event-ID", "The number of the last event that was seen: the stream goes on after it.", "811")
        )
    return [
        {"name": name, "in": "header", "required": False, "description": text, "schema": {"type": "string"}}
        | {"example": example}
        for name, text, example in found
    ]


def _without_null(field: JsonObject) -> JsonObject:
    """A parameter that is left out is null to us, and cannot be written as such."""
    kinds = [kind for kind in field.get("anyOf", []) if kind.get("type") != "null"]
    plain = {name: value for name, value in field.items() if name not in {"anyOf", "title"}}
    if plain.get("default", "") is None:
        del plain["default"]
    return {**plain, **(kinds[0] if len(kinds) == 1 else {"anyOf": kinds} if kinds else {})}


def _request_body(route: Route, schemas: JsonObject) -> JsonObject | None:
    if route.text is not None:
        text: JsonObject = {"schema": {"type": "string"}, "example": examples.TEXTS[route.method, route.path]}
        return {"required": True, "content": {route.text: text}}
    if route.body is None:
        return None
    content: JsonObject = {"schema": schemas[f"{_name(route)} body"]}
    content["examples"] = {"typical": {"value": examples.EXAMPLES[route.method, route.path]}}
    return {"required": route.body_required, "content": {_BODY_TYPE: content}}


def _responses(route: Route, schemas: JsonObject) -> JsonObject:
    content_type = getattr(route.response, "content_type", _BODY_TYPE)
    good: JsonObject = {content_type: {"schema": schemas[f"{_name(route)} answer"]}}
    if content_type != _BODY_TYPE:
        good = {content_type: {"schema": {"type": "string"}}}
    for other in (route.streams, route.downloads):
        if other is not None:
            good[other] = {"schema": {"type": "string"}}
    answers: JsonObject = {"200": {"description": "Done.", "content": good}}
    problem = {"$ref": "#/components/responses/Problem"}
    answers |= {str(status): {**problem, "description": title(status)} for status in route.statuses}
    answers["default"] = {**problem, "description": "Anything else that can be wrong with a request, see 400 to 503."}
    return answers


def _problem() -> JsonObject:
    example = {
        "type": "about:blank",
        "title": "Unprocessable Content",
        "status": 422,
        "detail": "The request breaks the rules listed in errors; nothing was changed.",
        "errors": [{"field": "max_power_kw", "rule": "must be at most the site's grid capacity"}],
        "request_id": "0b6f2f0e-6c0f-4c53-9b0e-6a6f0f3c9a55",
    }
    schema = {"$ref": _REF.format(model="ProblemDocument")}
    return {"description": "A problem.", "content": {_PROBLEM_TYPE: {"schema": schema, "example": example}}}


def _name(route: Route) -> str:
    return f"{route.method} {route.path}"


def _tag(route: Route) -> str:
    parts = route.path.split("/")
    return parts[3] if len(parts) > 3 else "operation"


def add_route(router: web.UrlDispatcher, routes: Sequence[Route], version: str) -> None:
    """Public: it says nothing that the documentation does not."""

    @functools.cache  # made when it is first asked for: it takes a quarter of a second
    def content() -> bytes:
        return orjson.dumps(document(routes, version))

    async def get_openapi(_request: web.Request) -> web.StreamResponse:
        return web.Response(body=content(), content_type=_BODY_TYPE)

    router.add_get(PATH, get_openapi)


PATH = "/api/v1/openapi.json"
