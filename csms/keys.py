"""API keys: generated here, shown once, kept as their SHA-256 only."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Sequence


def new_api_key() -> tuple[str, str]:
    """A key of 256 random bits, and its SHA-256 in hexadecimal.

    With that much entropy a plain hash is enough: there is nothing to guess that a slow one would protect.
    """
    key = f"csms_{secrets.token_urlsafe(32)}"
    return key, sha256_of(key)


def new_password() -> str:
    """A charge point's: 160 random bits in hexadecimal, all that 1.6's AuthorizationKey has room for (security
    whitepaper A00.FR.205), and a passwordString of 2.0.1."""
    return secrets.token_hex(20)


def sha256_of(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def config_lines(name: str, sha256: str, scopes: Sequence[str]) -> str:
    """The lines that admit the key when they stand in config.toml."""
    quoted = ", ".join(_quoted(scope) for scope in scopes)
    return f"[[api.keys]]\nname = {_quoted(name)}\nsha256 = {_quoted(sha256)}\nscopes = [{quoted}]\n"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)  # a JSON string is a TOML string, but for escaped surrogate pairs
