"""What opens to a charge point: the passwords it may come with, and the least security profile. Pure.

A change over OCPP is an offer until the charge point has come with it: it may have crashed before it kept the new
password, or after it took one whose answer was lost. So old and new open meanwhile, and what it comes with decides.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from csms.domain.model import ChargePointSettings, Credentials

MOST_OFFERED = 4
"""Passwords that were offered and never seen; with more, the oldest does not open any more."""


@dataclass(frozen=True, slots=True)
class Access:
    """`passwords` are SHA-256 digests; `free`: it may come without one, where the listener asks for none."""

    passwords: tuple[str, ...] = field(repr=False)
    free: bool
    least_profile: int


def access(settings: ChargePointSettings, credentials: Credentials) -> Access:
    """What opens now."""
    current = _current(settings, credentials)
    offered = credentials.offered if _holds(settings, credentials) else ()
    return Access(
        passwords=(*([] if current is None else [current]), *offered),
        free=current is None,
        least_profile=max(settings.security_profile, credentials.security_profile),
    )


def password_offered(settings: ChargePointSettings, credentials: Credentials, sha256: str) -> Credentials:
    """A new password is about to be sent."""
    kept = credentials if _holds(settings, credentials) else replace(credentials, password_sha256=None, offered=())
    earlier = [digest for digest in kept.offered if digest != sha256]
    return replace(kept, declared_sha256=settings.password_sha256, offered=(*earlier[1 - MOST_OFFERED :], sha256))


def password_refused(credentials: Credentials, sha256: str) -> Credentials:
    """The charge point has said clearly that it did not take it."""
    return replace(credentials, offered=tuple(digest for digest in credentials.offered if digest != sha256))


def profile_offered(credentials: Credentials, profile: int) -> Credentials:
    return replace(credentials, offered_profile=profile)


def profile_refused(credentials: Credentials) -> Credentials:
    return replace(credentials, offered_profile=None)


def proved(credentials: Credentials, sha256: str, profile: int) -> Credentials:
    """The charge point has come with this password ("": none) over this profile: what was before does not open again.

    Passwords offered after the one it came with still do: their answers may be under way.
    """
    if sha256 in credentials.offered:
        later = credentials.offered[credentials.offered.index(sha256) + 1 :]
        credentials = replace(credentials, password_sha256=sha256, offered=later)
    if credentials.offered_profile is not None and profile >= credentials.offered_profile:
        credentials = replace(credentials, security_profile=credentials.offered_profile, offered_profile=None)
    return credentials


def _holds(settings: ChargePointSettings, credentials: Credentials) -> bool:
    """Whether the declared password is still the one that was replaced; one declared since then counts instead."""
    return settings.password_sha256 == credentials.declared_sha256


def _current(settings: ChargePointSettings, credentials: Credentials) -> str | None:
    if _holds(settings, credentials) and credentials.password_sha256 is not None:
        return credentials.password_sha256
    return settings.password_sha256
