"""What events about passwords and security profiles do to a charge point; rows of rules.RULES."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from csms.domain import credentials as access
from csms.domain import events as ev
from csms.domain.model import ChargePoint, Credentials

if TYPE_CHECKING:
    from csms.domain.state import State


def _no_change(state: State, event: ev.SecurityAlert | ev.CertificateSigned) -> tuple[ChargePoint, ...]:
    state.charge_point(event)
    return ()


def _password_offered(state: State, event: ev.PasswordOffered) -> tuple[ChargePoint, ...]:
    charge_point, settings = state.charge_point(event), state.settings[event.charge_point_id]
    return _with(charge_point, access.password_offered(settings, charge_point.credentials, event.password_sha256))


def _password_refused(state: State, event: ev.PasswordRefused) -> tuple[ChargePoint, ...]:
    charge_point = state.charge_point(event)
    return _with(charge_point, access.password_refused(charge_point.credentials, event.password_sha256))


def _profile_offered(state: State, event: ev.SecurityProfileOffered) -> tuple[ChargePoint, ...]:
    charge_point = state.charge_point(event)
    return _with(charge_point, access.profile_offered(charge_point.credentials, event.security_profile))


def _profile_refused(state: State, event: ev.SecurityProfileRefused) -> tuple[ChargePoint, ...]:
    charge_point = state.charge_point(event)
    return _with(charge_point, access.profile_refused(charge_point.credentials))


def _proved(state: State, event: ev.CredentialsProved) -> tuple[ChargePoint, ...]:
    charge_point = state.charge_point(event)
    proved = access.proved(charge_point.credentials, event.password_sha256, event.security_profile)
    return _with(charge_point, proved)


def _with(charge_point: ChargePoint, credentials: Credentials) -> tuple[ChargePoint, ...]:
    return (replace(charge_point, credentials=credentials),)


RULES: dict[type[ev.Event], Callable[[State, Any], tuple[ChargePoint, ...]]] = {
    ev.SecurityAlert: _no_change,
    ev.CertificateSigned: _no_change,
    ev.PasswordOffered: _password_offered,
    ev.PasswordRefused: _password_refused,
    ev.SecurityProfileOffered: _profile_offered,
    ev.SecurityProfileRefused: _profile_refused,
    ev.CredentialsProved: _proved,
}
