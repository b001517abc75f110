"""1.6 security whitepaper: certificates that a charge point asks for."""

from __future__ import annotations

from csms.charge_points.connection import Reply
from csms.charge_points.schemas import JsonObject
from csms.charge_points.session import Session
from csms.charge_points.signing import accepted, rejected, sign
from csms.domain.certificates import CertificateRefused


def sign_certificate(session: Session, payload: JsonObject) -> Reply:
    """A02, A03."""
    try:
        return accepted(session, sign(session, payload))
    except CertificateRefused as refused:
        return Reply(rejected(session, refused))
