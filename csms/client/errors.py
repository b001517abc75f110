"""What a call can fail with: one exception, whatever went wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class FieldError:
    """A field of the request, and the rule it breaks."""

    field: str
    rule: str


class ApiError(Exception):
    """The server refused (RFC 9457), or could not be reached.

    `status` is the HTTP status, None where there was no answer; `title` what that means, `detail` the reason in words,
    `errors` the fields that are to blame.
    """

    def __init__(self, status: int | None, title: str, detail: str = "", errors: Sequence[FieldError] = ()) -> None:
        super().__init__(" ".join(part for part in ("" if status is None else str(status), title, detail) if part))
        self.status = status
        self.title = title
        self.detail = detail
        self.errors = tuple(errors)


def of_answer(status: int, reason: str, body: Any) -> ApiError:  # Any: whatever the server, or a proxy, has sent
    """From what stands in a problem document, as far as it is one."""
    if not isinstance(body, dict):
        return ApiError(status, reason)
    listed = body.get("errors")
    errors = [
        FieldError(str(error.get("field", "")), str(error.get("rule", "")))
        for error in (listed if isinstance(listed, list) else [])
        if isinstance(error, dict)
    ]
    return ApiError(status, str(body.get("title") or reason), str(body.get("detail") or ""), errors)
