"""Requests that change how a charge point gets in are recorded around their sending: before, so that whatever it keeps
of them opens; and afterwards, where it clearly did not take them."""

from __future__ import annotations

from csms.charge_points.session import Session
from csms.domain import events as ev
from csms.domain.access_requests import AccessChange
from csms.domain.credentials import access
from csms.domain.requests import AccessLowered


class AccessChanges:
    """Implements link.AccessLog for one connection."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def check(self, change: AccessChange) -> None:
        """Raises AccessLowered for a security profile below the least allowed (A00.FR.005, A05)."""
        least = self._least_profile()
        if change.security_profile is not None and change.security_profile < least:
            raise AccessLowered(f"Its security profile is {least} at least and never goes down.")

    async def offered(self, change: AccessChange) -> None:
        """On disk when this returns."""
        session = self._session
        if change.password_sha256:
            session.record(ev.PasswordOffered(session.now(), session.charge_point_id, change.password_sha256))
        if change.security_profile is not None and change.security_profile > self._least_profile():
            session.record(ev.SecurityProfileOffered(session.now(), session.charge_point_id, change.security_profile))
        written = session.site.promise(session.charge_point_id)
        if written is not None:
            await written

    def refused(self, change: AccessChange) -> None:
        session = self._session
        if change.password_sha256:
            session.record(ev.PasswordRefused(session.now(), session.charge_point_id, change.password_sha256))
        if change.security_profile is not None:
            session.record(ev.SecurityProfileRefused(session.now(), session.charge_point_id, change.security_profile))

    def _least_profile(self) -> int:
        charge_point = self._session.site.view().charge_points[self._session.charge_point_id]
        return access(self._session.settings(), charge_point.credentials).least_profile
