"""Entity tags of what operators declare, so that two of them cannot overwrite each other unseen (RFC 9110, 13.1.1)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from csms.api.problems import Problem


def etag(*declared: Any) -> str:
    """Of frozen dataclasses: another value, another tag. It says nothing of what is in them."""
    text = repr([_plain(row) for row in declared])
    return f'"{hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]}"'


def _plain(value: Any) -> Any:
    """Every field, those too that are not shown in a repr."""
    if hasattr(value, "__dataclass_fields__"):
        return [(name, _plain(getattr(value, name))) for name in value.__dataclass_fields__]
    if isinstance(value, Mapping):
        return [(key, _plain(item)) for key, item in value.items()]
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value if value is None or isinstance(value, (bool, int, float)) else str(value)


def check(headers: Mapping[str, str], current: str | None) -> None:
    """Raises Problem 412 if the request was meant for another version (`current` None: for one where there is none)."""
    wanted = headers.get("If-Match")
    if wanted is None:
        return
    tags = [tag.strip() for tag in wanted.split(",")]
    if current is None or not ("*" in tags or current in tags):
        raise Problem(412, "It was changed since it was read; read it again.")
