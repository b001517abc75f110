"""The opening handshake as a decision: identity, authentication, subprotocol. Pure.

Whoever asks learns no more than needed: an unknown identity costs as much work as a wrong password.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from http import HTTPStatus
from urllib.parse import unquote

from csms.charge_points.versions import VERSIONS
from csms.domain.credentials import MOST_OFFERED, Access, access
from csms.domain.identity import is_identity
from csms.domain.model import ChargePointSettings
from csms.domain.ports import Directory


@dataclass(frozen=True, slots=True)
class Entrance:
    """What a listener asks for: the security profile (1.6 security whitepaper chapter 2, 2.0.1 part 2 A00).

    0 asks for nothing of its own, so that a charge point with a password comes over profile 1 there. `organization` is
    the O that client certificates must have; None: any.
    """

    security_profile: int = 0
    organization: str | None = None


@dataclass(frozen=True, slots=True)
class Certificate:
    """The subject of a client certificate that TLS has verified: every CN and every O in it."""

    names: tuple[str, ...]
    organizations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """How a charge point has come in: over which profile, and with which of its passwords (the digest of it)."""

    security_profile: int = 0
    password_sha256: str | None = field(default=None, repr=False)


OPEN_ENTRANCE = Entrance()
WITHOUT_PROOF = Entry()


@dataclass(frozen=True, slots=True)
class Welcome:
    """The charge point may connect, speaking `subprotocol`."""

    charge_point_id: str
    subprotocol: str
    entry: Entry = WITHOUT_PROOF


@dataclass(frozen=True, slots=True)
class Refusal:
    status: HTTPStatus
    reason: str
    charge_point_id: str | None = None


def decide(
    path: str,
    authorization: str | None,
    offered: Sequence[str],
    directory: Directory,
    entrance: Entrance = OPEN_ENTRANCE,
    certificate: Certificate | None = None,
) -> Welcome | Refusal:
    """Let the charge point in, or say with which HTTP status it is refused.

    `path` is the request's, with its query; `offered` are the subprotocols in the charge point's order.
    """
    charge_point_id = identity(path)
    registration = None if charge_point_id is None else directory.find(charge_point_id)
    allowed = _NOBODY if registration is None else access(registration.settings, registration.credentials)
    password = _matching(allowed.passwords, charge_point_id or "", authorization)
    if registration is None or charge_point_id is None:
        return Refusal(HTTPStatus.NOT_FOUND, "unknown charge point", charge_point_id)
    if entrance.security_profile == 3:
        wrong = _wrong_certificate(certificate, registration.settings, entrance.organization)
        entry = Entry(3)
    else:
        free = allowed.free and entrance.security_profile == 0
        wrong = None if free or password is not None else WRONG_CREDENTIALS
        entry = Entry(entrance.security_profile or (0 if password is None else 1), password)
    if wrong is not None:
        return Refusal(HTTPStatus.UNAUTHORIZED, wrong, charge_point_id)
    if entry.security_profile < allowed.least_profile:
        return Refusal(HTTPStatus.FORBIDDEN, PROFILE_TOO_LOW, charge_point_id)
    subprotocol = choose(offered, registration.settings.protocol)
    if subprotocol is None:
        return Refusal(HTTPStatus.BAD_REQUEST, "no common subprotocol", charge_point_id)
    return Welcome(charge_point_id, subprotocol, entry)


WRONG_CREDENTIALS = "wrong credentials"
WRONG_NAME = "the certificate has another common name"
WRONG_ORGANIZATION = "the certificate is of another organization"
PROFILE_TOO_LOW = "the security profile is too low"


def identity(path: str) -> str | None:
    """The last segment of the path, percent-decoded; None if that is no identity."""
    segment = path.partition("?")[0].rpartition("/")[2]
    try:
        name = unquote(segment, errors="strict")
    except UnicodeDecodeError:
        return None
    return name if is_identity(name) else None


def choose(offered: Iterable[str], assumed: str | None) -> str | None:
    """The best version both speak, whatever the order offered; where none is offered, the one assumed."""
    names: list[str | None] = [*offered] or [assumed]
    return next((version for version in VERSIONS if version in names), None)


def _matching(passwords: Sequence[str], charge_point_id: str, authorization: str | None) -> str | None:
    """Which of the passwords was given. The same work for every outcome, however many passwords there are."""
    user, given = _credentials(authorization)
    right_user = hmac.compare_digest(user, charge_point_id.encode())
    digests = _digests(given)
    found = None
    for password in (*passwords, *[_NO_DIGEST] * (1 + MOST_OFFERED))[: 1 + MOST_OFFERED]:
        same = [hmac.compare_digest(digest, password.lower()) for digest in digests]
        found = password if right_user and any(same) and found is None else found
    return found if found in passwords else None


def _wrong_certificate(
    certificate: Certificate | None, settings: ChargePointSettings, organization: str | None
) -> str | None:
    """What is wrong with it (A00.FR.404, A00.FR.405): a name that only contains the right one is another name."""
    if certificate is None:
        return WRONG_CREDENTIALS
    if certificate.names != (settings.certificate_name or settings.charge_point_id,):
        return WRONG_NAME
    return None if organization is None or organization in certificate.organizations else WRONG_ORGANIZATION


_NO_DIGEST = "0" * 64
_NOBODY = Access((), free=False, least_profile=0)


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
