"""What is kept of a command without what must not be: id tokens, passwords, keys."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

MASK = "***"

# Names in any case, without "_": the wire's and ours.
_SECRET = frozenset(
    {
        "idtag",
        "parentidtag",
        "idtoken",
        "groupidtoken",
        "additionalidtoken",
        "password",
        "authorizationkey",
        "basicauthpassword",
        "apnpassword",
        "hashidtoken",
    }
)
# Settings whose value is a secret, under whichever name a message puts the two.
_SECRET_SETTINGS = frozenset({"authorizationkey", "basicauthpassword", "password", "apnpassword", "vpnpassword"})
_NAMES = ("key", "variable", "name")
_VALUES = frozenset({"value", "attributevalue"})

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
    return setting.rpartition(".")[2].replace("_", "").lower() in _SECRET_SETTINGS


def _member(name: str, member: Any, hidden: bool) -> Any:
    plain = name.replace("_", "").lower()
    secret = plain in _SECRET or (hidden and plain in _VALUES)
    return MASK if secret and isinstance(member, str | int | float) else masked(member)


def _tells_secret_setting(value: Mapping[str, Any]) -> bool:
    for name in _NAMES:
        named = value.get(name)
        if isinstance(named, Mapping):
            named = named.get("name")
        if isinstance(named, str) and is_secret(named):
            return True
    return False
