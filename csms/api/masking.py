"""What of an OCPP message nobody is shown (passwords), and what only an administrator is (id tokens).

By the names of fields and of settings, so that it works for messages that break their schema, and for settings that a
vendor made up. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from csms.domain.masking import SECRET

MASKED = "***"

_ID_TOKENS = frozenset({"idtag", "parentidtag", "idtoken", "groupidtoken", "additionalidtoken", "customeridentifier"})
"""Fields that hold an id token, in lower case."""

_FREE_TEXT = frozenset({"data", "customdata"})
"""Fields in which a vendor, or NotifyCustomerInformation, may say anything."""

_OF_A_SETTING = frozenset(
    {"key", "name", "variable", "component", "instance", "evse", "type", "readonly", "mutability", "attributetype"}
    | {"attributestatus", "status", "persistent", "constant", "variablecharacteristics"}
)
"""What may be shown of a setting that is a secret; the rest is its value."""

_USER_IN_URL = re.compile(r"(?<=://)[^/@\s\"]+@")


def masked(value: Any, *, id_tokens: bool) -> Any:
    """The payload with its secrets replaced; its id tokens too unless they may be shown (`id_tokens`)."""
    if isinstance(value, dict):
        if _names_a_secret(value):
            return {name: item if name.lower() in _OF_A_SETTING else _hidden(item) for name, item in value.items()}
        return {name: _field(name, item, id_tokens=id_tokens) for name, item in value.items()}
    if isinstance(value, list):
        return [masked(item, id_tokens=id_tokens) for item in value]
    return _USER_IN_URL.sub(f"{MASKED}@", value) if isinstance(value, str) else value


def _field(name: str, value: Any, *, id_tokens: bool) -> Any:
    lower = name.lower()
    if SECRET.search(lower):
        return _hidden(value)
    if lower == "vpn" and isinstance(value, dict):  # VPNType: user, password and the pre-shared key
        return {part: item if part in {"server", "type", "group"} else _hidden(item) for part, item in value.items()}
    if not id_tokens and (lower in _ID_TOKENS or lower in _FREE_TEXT):
        return _hidden(value, but=("type", "vendorId"))
    return masked(value, id_tokens=id_tokens)


def _names_a_secret(value: Mapping[str, Any]) -> bool:
    """{"key": "AuthorizationKey", "value": ...}, {"variable": {"name": "BasicAuthPassword"}, "attributeValue": ...}."""
    variable = value.get("variable")
    names = (value.get("key"), value.get("name"), variable.get("name") if isinstance(variable, dict) else None)
    return len(value) > 1 and any(isinstance(name, str) and SECRET.search(name) for name in names)


def _hidden(value: Any, but: tuple[str, ...] = ()) -> Any:
    """Its shape stays, its texts and numbers go."""
    if isinstance(value, dict):
        return {name: item if name in but else _hidden(item, but) for name, item in value.items()}
    if isinstance(value, list):
        return [_hidden(item, but) for item in value]
    return value if value is None or isinstance(value, bool) else MASKED
