"""Who may do what: API keys, known by their SHA-256 only."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from typing import Protocol

from csms.api.problems import Problem

SCOPES = ("read", "control", "admin")
"""Each includes the ones before it."""

_CHALLENGE = 'Bearer realm="csms"'


class ApiKey(Protocol):
    """A key that was given out; `sha256` in lower-case hexadecimal."""

    @property
    def name(self) -> str: ...

    @property
    def sha256(self) -> str: ...

    @property
    def scopes(self) -> Sequence[str]: ...


def authorize(keys: Sequence[ApiKey], headers: Mapping[str, str], scope: str) -> ApiKey:
    """The key that came with the request (RFC 6750); raises Problem 401 or 403."""
    kind, _, secret = headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not secret.strip():
        raise Problem(401, "An API key is needed: Authorization: Bearer KEY.", headers={"WWW-Authenticate": _CHALLENGE})
    key = _known(keys, secret.strip())
    if key is None:
        challenge = f'{_CHALLENGE}, error="invalid_token"'
        raise Problem(401, "The API key is not known.", headers={"WWW-Authenticate": challenge})
    if not includes(key, scope):
        challenge = f'{_CHALLENGE}, error="insufficient_scope", scope="{scope}"'
        raise Problem(403, f"The API key needs the scope {scope}.", headers={"WWW-Authenticate": challenge})
    return key


def includes(key: ApiKey, scope: str) -> bool:
    return any(SCOPES.index(held) >= SCOPES.index(scope) for held in key.scopes)


def _known(keys: Sequence[ApiKey], secret: str) -> ApiKey | None:
    """Every key is compared, each in constant time, so that the time taken tells nothing about any of them."""
    # Headers may hold bytes that are not UTF-8; aiohttp keeps them as surrogates.
    sha256 = hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()
    found = [key for key in keys if hmac.compare_digest(key.sha256, sha256)]
    return found[0] if found else None
