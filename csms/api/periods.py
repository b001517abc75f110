"""The `from` and `to` of a query."""

from __future__ import annotations

from csms.api.problems import invalid
from csms.validation import FieldError


def check_order(from_s: float | None, to_s: float | None) -> None:
    """Raises Problem 422."""
    if from_s is not None and to_s is not None and from_s > to_s:
        raise invalid([FieldError("from", "must not be after to")])
