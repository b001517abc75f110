"""What is kept of a command without what must not be: id tokens, passwords, keys."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

MASK = "***"

SECRET = re.compile(r"passw|passphrase|secret|authorizationkey|authkey|privatekey|psk\b|\bpin\b|simpin", re.IGNORECASE)
"""In the name of a field (OCPP 2.0.1: basicAuthPassword of a network profile), or of a setting (1.6:
AuthorizationKey, 2.0.1: BasicAuthPassword, and those of vendors)."""

# Names in lower case, without "_": the wire's and ours.
_ID_TOKENS = frozenset(
    {
        "idtag",
        "parentidtag",
        "idtoken",
        "groupidtoken",
        "additionalidtoken",
        "hashidtoken",
        "customeridentifier",
    }
)
_VPN_SHOWN = frozenset({"server", "type", "group"})  # the rest of it is its user, password and pre-shared key
_NAMES = ("key", "variable", "name")
_VALUES = frozenset({"value", "newvalue", "attributevalue"})

_USER = re.compile(r"(?<=://)[^/@\s]*@")


def masked(value: Any) -> Any:
    """A copy of a payload with its secrets masked, however deep they stand."""
    if isinstance(value, Mapping):
        hidden = _tells_secret_setting(value)
        return {name: _member(str(name), member, hidden) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [masked(item) for item in value]
    return _USER.sub(f"{MASK}@", value) if isinstance(value, str) else value


def is_secret(setting: str) -> bool:
    """Whether the value of a configuration key or variable of this name is a secret."""
    return SECRET.search(setting) is not None


def _member(name: str, member: Any, hidden: bool) -> Any:
    plain = name.replace("_", "").lower()
    if plain == "vpn" and isinstance(member, Mapping):
        return {part: item if part in _VPN_SHOWN else _masked_scalars(item) for part, item in member.items()}
    if plain in _ID_TOKENS or SECRET.search(name) or (hidden and plain in _VALUES):
        return _masked_scalars(member)
    return masked(member)


def _masked_scalars(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_masked_scalars(item) for item in value]
    return MASK if isinstance(value, str | int | float) else masked(value)


def _tells_secret_setting(value: Mapping[str, Any]) -> bool:
    for name in _NAMES:
        named = value.get(name)
        if isinstance(named, Mapping):
            named = named.get("name")
        if isinstance(named, str) and is_secret(named):
            return True
    return False
