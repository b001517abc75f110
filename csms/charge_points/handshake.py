"""The opening handshake as a decision: identity, authentication, subprotocol. Pure.

Whoever asks learns no more than needed: an unknown identity costs as much work as a wrong password.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from http import HTTPStatus
from urllib.parse import unquote

from csms.charge_points.versions import VERSIONS
from csms.domain.ports import Directory, Registration

_LONGEST_IDENTITY = 48


@dataclass(frozen=True, slots=True)
class Welcome:
    """The charge point may connect, speaking `subprotocol`."""

    charge_point_id: str
    subprotocol: str


@dataclass(frozen=True, slots=True)
class Refusal:
    status: HTTPStatus
    reason: str
    charge_point_id: str | None = None


def decide(path: str, authorization: str | None, offered: Sequence[str], directory: Directory) -> Welcome | Refusal:
    """Let the charge point in, or say with which HTTP status it is refused.

    `path` is the request's, with its query; `offered` are the subprotocols in the charge point's order.
    """
    charge_point_id = identity(path)
    registration = None if charge_point_id is None else directory.find(charge_point_id)
    authentic = _is_authentic(registration, charge_point_id or "", authorization)
    if registration is None or charge_point_id is None:
        return Refusal(HTTPStatus.NOT_FOUND, "unknown charge point", charge_point_id)
    if not authentic:
        return Refusal(HTTPStatus.UNAUTHORIZED, "wrong credentials", charge_point_id)
    subprotocol = choose(offered, registration.settings.protocol)
    if subprotocol is None:
        return Refusal(HTTPStatus.BAD_REQUEST, "no common subprotocol", charge_point_id)
    return Welcome(charge_point_id, subprotocol)


def identity(path: str) -> str | None:
    """The last segment of the path, percent-decoded; None if that is no identity (OCPP-J 1.6 chapter 3.1.1).

    At most 48 printable characters without a colon, which Basic authentication could not carry.
    """
    segment = path.partition("?")[0].rpartition("/")[2]
    try:
        name = unquote(segment, errors="strict")
    except UnicodeDecodeError:
        return None
    return name if 0 < len(name) <= _LONGEST_IDENTITY and name.isprintable() and ":" not in name else None


def choose(offered: Iterable[str], assumed: str | None) -> str | None:
    """The best version both speak, whatever the order offered; where none is offered, the one assumed."""
    names: list[str | None] = [*offered] or [assumed]
    return next((version for version in VERSIONS if version in names), None)


def _is_authentic(registration: Registration | None, charge_point_id: str, authorization: str | None) -> bool:
    """Whether the credentials are right, or none are needed. The same work for every outcome."""
    expected = registration.settings.password_sha256 if registration else None
    user, password = _credentials(authorization)
    right_user = hmac.compare_digest(user, charge_point_id.encode())
    compared = [hmac.compare_digest(digest, (expected or _NO_DIGEST).lower()) for digest in _digests(password)]
    return registration is not None and (expected is None or (right_user and any(compared)))


_NO_DIGEST = "0" * 64


def _credentials(authorization: str | None) -> tuple[bytes, bytes]:
    """User and password as they were sent; both empty where they cannot be read."""
    scheme, _, encoded = (authorization or "").strip().partition(" ")
    if scheme.lower() != "basic":
        return b"", b""
    try:
        user, _, password = base64.b64decode(encoded.strip(), validate=True).partition(b":")
    except (binascii.Error, ValueError):
        return b"", b""
    return user, password


def _digests(password: bytes) -> list[str]:
    """The digests this password may be stored under.

    1.6's AuthorizationKey is set as 40 hexadecimal digits; chargers send back those, or the 20 bytes they stand for.
    """
    try:
        unpacked = bytes.fromhex(password.decode("ascii"))
    except ValueError:
        unpacked = password
    spellings = (
        password,
        unpacked,
        password.hex().encode(),
        password.hex().upper().encode(),
        password.lower(),
        password.upper(),
    )
    # Other letters in a text password are another password: only a hexadecimal text may change its case.
    allowed = spellings if unpacked is not password else (*spellings[:4], password, password)
    return [sha256(spelling).hexdigest() for spelling in allowed]
