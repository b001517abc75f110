"""From an HTTP request to the validated query and body of its route, or a Problem."""

from __future__ import annotations

from aiohttp import web
from pydantic import BaseModel, ValidationError

from csms.api.problems import Problem, invalid
from csms.api.table import NoBody, Query, Route, Text
from csms.validation import MAX_ERRORS, FieldError, field_errors, field_path

MAX_BODY_BYTES = 1024 * 1024
MAX_TEXT_BYTES = 8 * MAX_BODY_BYTES


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
    if route.text is not None:
        return await _text(request, route.text)
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
        raise invalid(route.named(field_errors(broken))) from None


async def _text(request: web.Request, media_type: str) -> Text:
    if request.content_type != media_type:
        raise Problem(415, f"The body must be {media_type}.", headers={"Accept": media_type})
    try:
        return Text(text=(await _content(request.clone(client_max_size=MAX_TEXT_BYTES), MAX_TEXT_BYTES)).decode())
    except UnicodeDecodeError as broken:
        raise invalid([FieldError("", "must be UTF-8")]) from broken


async def _content(request: web.BaseRequest, most_bytes: int = MAX_BODY_BYTES) -> bytes:
    too_large = Problem(413, f"The body is larger than {most_bytes // 2**20} MiB.")
    if (request.content_length or 0) > most_bytes:
        raise too_large
    try:
        return await request.read()
    except web.HTTPRequestEntityTooLarge:
        raise too_large from None
    except (web.RequestPayloadError, ConnectionError) as broken:
        raise Problem(400, "The body did not arrive whole.") from broken


def _is_json(content_type: str) -> bool:
    return content_type == "application/json" or content_type.endswith("+json")
