"""Of the public events, those about who gets in: their fields, and how they are made."""

from __future__ import annotations

from collections.abc import Callable

from csms.api.fields import Time, time
from csms.api.table import Answer
from csms.domain import events as ev
from csms.domain.queries import StoredEvent


class SecurityEventData(Answer):
    """`kind` is OCPP's name of it."""

    kind: str
    reported_at: Time
    detail: str


class SecurityAlertData(Answer):
    """`kind` is wrong_login, security_profile_too_low or another_address; it happened `count` times since the last."""

    kind: str
    text: str
    address: str
    count: int


class AccessChangedData(Answer):
    """`what` is password, security_profile, or access where it came with what was offered; `change` is offered, refused
    or proved."""

    what: str
    change: str
    security_profile: int | None


class CertificateSignedData(Answer):
    kind: str
    serial_number: str
    expires_at: Time


def security_event(_stored: StoredEvent, event: ev.SecurityEventReported) -> Answer:
    return SecurityEventData(kind=event.kind, reported_at=time(event.reported_at_s), detail=event.detail)


def alert(_stored: StoredEvent, event: ev.SecurityAlert) -> Answer:
    return SecurityAlertData(kind=event.kind, text=event.text, address=event.address, count=event.count)


def password(change: str) -> Callable[[StoredEvent, ev.PasswordOffered | ev.PasswordRefused], Answer]:
    return lambda _stored, _event: AccessChangedData(what="password", change=change, security_profile=None)


def profile(change: str) -> Callable[[StoredEvent, ev.SecurityProfileOffered | ev.SecurityProfileRefused], Answer]:
    return lambda _stored, event: AccessChangedData(
        what="security_profile", change=change, security_profile=event.security_profile
    )


def proved(_stored: StoredEvent, event: ev.CredentialsProved) -> Answer:
    return AccessChangedData(what="access", change="proved", security_profile=event.security_profile)


def certificate_signed(_stored: StoredEvent, event: ev.CertificateSigned) -> Answer:
    return CertificateSignedData(
        kind=event.kind, serial_number=event.serial_number, expires_at=time(event.expires_at_s)
    )
