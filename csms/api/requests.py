"""From an HTTP request to the validated query and body of its route, or a Problem."""

from __future__ import annotations

from aiohttp import web
from pydantic import BaseModel, ValidationError

from csms.api.problems import Problem, invalid
from csms.api.table import NoBody, Query, Route
from csms.validation import MAX_ERRORS, FieldError, field_errors, field_path

MAX_BODY_BYTES = 1024 * 1024


def read_query(request: web.Request, model: type[Query]) -> Query:
    """Raises Problem 422 for unknown, repeated and invalid parameters."""
    given = request.query
    names = list(dict.fromkeys(given))[:MAX_ERRORS]
    errors = [FieldError(field_path([n]), "must be given once") for n in names if len(given.getall(n)) > 1]
    try:
        query = model.model_validate({name: given[name] for name in names})
    except ValidationError as broken:
        raise invalid(errors + field_errors(broken)) from None
    if errors:
        raise invalid(errors)
    return query


async def read_body(request: web.Request, route: Route, context: object) -> BaseModel:
    """Raises Problem 413, 415 or 422; 400 where the body does not arrive whole."""
    if route.body is None:
        return NoBody()
    content = await _content(request)
    if not content and not route.body_required:
        return route.body()
    if "Content-Type" in request.headers and not _is_json(request.content_type):
        raise Problem(415, "The body must be application/json.", headers={"Accept": "application/json"})
    try:
        return route.body.model_validate_json(content, context=context)
    except ValidationError as broken:
        raise invalid(field_errors(broken)) from None


async def _content(request: web.Request) -> bytes:
    if (request.content_length or 0) > MAX_BODY_BYTES:
        raise Problem(413, "The body is larger than 1 MiB.")
    try:
        return await request.read()
    except (web.RequestPayloadError, ConnectionError) as broken:
        raise Problem(400, "The body did not arrive whole.") from broken


def _is_json(content_type: str) -> bool:
    return content_type == "application/json" or content_type.endswith("+json")
