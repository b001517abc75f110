"""Everything that is not a good answer, as RFC 9457 problem details."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus

import orjson
from aiohttp import web

from csms.validation import MAX_ERRORS, FieldError

COMMON_HEADERS = {
    "Cache-Control": "no-store",  # figures of the moment, and id tokens among them
    "X-Content-Type-Options": "nosniff",
    "Server": "csms",
}
"""Of every answer, good or bad."""

_TITLES = {413: "Content Too Large", 422: "Unprocessable Content"}
"""As RFC 9110 names them now; the standard library of Python 3.11 still has the older names."""


class Problem(Exception):
    """The request cannot be answered: `detail` says why in words, `errors` which fields are to blame."""

    def __init__(
        self,
        status: int,
        detail: str,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})

    def response(self, request_id: str | None = None) -> web.Response:
        """`request_id` names the request in the log too; None: it was not even a request."""
        body = {
            "type": "about:blank",  # RFC 9457 section 4.2.1: the title is that of the status
            "title": title(self.status),
            "status": self.status,
            "detail": self.detail,
            "errors": [{"field": error.field, "rule": error.rule} for error in self.errors[:MAX_ERRORS]],
            **({} if request_id is None else {"request_id": request_id}),
        }
        headers = {**COMMON_HEADERS, **self.headers}
        return web.Response(
            body=orjson.dumps(body), status=self.status, headers=headers, content_type="application/problem+json"
        )


def title(status: int) -> str:
    return _TITLES.get(status) or HTTPStatus(status).phrase


def invalid(errors: Sequence[FieldError]) -> Problem:
    return Problem(422, "The request breaks the rules listed in errors; nothing was changed.", errors)


def of_http(error: web.HTTPException) -> Problem:
    """What the HTTP library refuses by itself: unknown paths, wrong methods, bodies that are too large."""
    kept = {name: value for name, value in error.headers.items() if name == "Allow"}
    return Problem(error.status, _DETAILS.get(error.status, title(error.status)), headers=kept)


_DETAILS = {
    404: "There is no such resource.",
    405: "The resource does not have this method.",
    413: "The body is larger than 1 MiB.",
}
