"""What of messages and commands must not be seen: passwords and keys by anybody, id tokens and vendors' texts by most.

By the names of fields and of settings, so that it works for messages that break their schema, and for settings that a
vendor made up. Names count in any case and without "_": OCPP's and ours.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

MASK = "***"

_SECRET = re.compile(r"passw|passphrase|secret|authorizationkey|authkey|privatekey|psk\b|\bpin\b|simpin")
"""In the name of a field (OCPP 2.0.1: basicAuthPassword of a network profile), or of a setting (1.6:
AuthorizationKey, 2.0.1: BasicAuthPassword, and those of vendors)."""

_ID_TOKENS = frozenset(
    {"idtag", "parentidtag", "idtoken", "groupidtoken", "additionalidtoken", "hashidtoken", "customeridentifier"}
    | {"groupid"}
)
"""Fields that hold an id token; the last is our own, of local lists and reservations."""

_FREE_TEXT = frozenset({"data", "customdata"})
"""Fields in which a vendor, or NotifyCustomerInformation, may say anything."""

_OF_A_SETTING = frozenset(
    {"key", "name", "variable", "component", "instance", "evse", "type", "readonly", "mutability", "attributetype"}
    | {"attributestatus", "status", "persistent", "constant", "variablecharacteristics"}
)
"""What may be shown of a setting that is a secret; the rest is its value."""

_OF_A_VPN = frozenset({"server", "type", "group"})
"""What may be shown of a VPNType; the rest is user, password and the pre-shared key."""

_OF_A_TOKEN = frozenset({"type", "vendorid"})

_USER = re.compile(r"(?<=://)[^/\s]*@")
"""Of an address: user and password, whichever characters a vendor lets stand in it."""


_DEEPEST = 100
"""Levels of nesting that are looked through: OCPP's own messages have a tenth of that, and orjson writes up to 254."""


def masked(value: Any, *, id_tokens: bool, free_text: bool) -> Any:  # Any: JSON, and what breaks every schema
    """A copy in which `***` stands for each secret, however deep it stands, and for what is nested too deeply to be
    looked through; for id tokens and for free text too, unless they may be shown."""
    hidden = (frozenset() if id_tokens else _ID_TOKENS) | (frozenset() if free_text else _FREE_TEXT)
    return _masked(value, hidden, _DEEPEST)


def is_secret(setting: str) -> bool:
    """Whether the value of a configuration key or variable of this name is a secret."""
    return _SECRET.search(_plain(setting)) is not None


def _masked(value: Any, hidden: frozenset[str], levels: int) -> Any:
    if isinstance(value, str):
        return _USER.sub(f"{MASK}@", value)
    if not isinstance(value, Mapping | list | tuple):
        return value
    if not levels:
        return MASK
    if not isinstance(value, Mapping):
        return [_masked(item, hidden, levels - 1) for item in value]
    secret = _tells_a_secret(value)
    return {name: _field(_plain(name), item, hidden, levels - 1, secret) for name, item in value.items()}


def _field(name: str, value: Any, hidden: frozenset[str], levels: int, of_a_secret: bool) -> Any:
    """`of_a_secret`: it stands beside the name of a setting that is one."""
    if of_a_secret and name in _OF_A_SETTING:
        return _masked(value, hidden, levels)
    if of_a_secret or is_secret(name):
        return _without(value, frozenset(), levels)
    if name == "vpn" and isinstance(value, Mapping):
        return _without(value, _OF_A_VPN, levels)
    return _without(value, _OF_A_TOKEN, levels) if name in hidden else _masked(value, hidden, levels)


def _tells_a_secret(value: Mapping[str, Any]) -> bool:
    """{"key": "AuthorizationKey", "value": ...}, {"variable": {"name": "BasicAuthPassword"}, "attributeValue": ...}."""
    for part in ("key", "variable", "name"):
        named = value.get(part)
        if isinstance(named, Mapping):
            named = named.get("name")
        if isinstance(named, str) and is_secret(named):
            return True
    return False


def _without(value: Any, but: frozenset[str], levels: int) -> Any:
    """Its shape stays, its texts and numbers go; the texts in fields called as in `but` stay."""
    if value is None:
        return None
    if not levels:
        return MASK
    if isinstance(value, Mapping):
        return {
            name: item if _plain(name) in but and isinstance(item, str) else _without(item, but, levels - 1)
            for name, item in value.items()
        }
    return [_without(item, but, levels - 1) for item in value] if isinstance(value, list | tuple) else MASK


def _plain(name: str) -> str:
    return name.replace("_", "").lower()
