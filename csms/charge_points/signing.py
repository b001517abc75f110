"""SignCertificate in both versions: signed at once or refused; the certificate follows the answer."""

from __future__ import annotations

from csms.charge_points.connection import Reply
from csms.charge_points.schemas import JsonObject
from csms.charge_points.session import Session
from csms.domain import events as ev
from csms.domain.certificates import CHARGING_STATION, CertificateRefused, Signed, SigningRequest


def sign(session: Session, payload: JsonObject) -> Signed:
    """Raises CertificateRefused.

    Whoever came without any proof could ask for a certificate in anybody's name, and come with it ever after.
    """
    settings, at = session.settings(), session.now()
    if session.site.view().charge_points[session.charge_point_id].security_profile == 0:
        raise CertificateRefused("it came without a password: security profile 1 at least is needed")
    name = settings.certificate_name or session.charge_point_id
    kind = payload.get("certificateType", CHARGING_STATION)
    signed = session.certificates.sign(SigningRequest(payload["csr"], name, kind), at.utc_s)
    event = ev.CertificateSigned(at, session.charge_point_id, kind, signed.serial_number, signed.expires_at_s)
    session.record(event)
    session.log.info("certificate.signed", kind=kind, serial_number=signed.serial_number)
    return signed


def accepted(session: Session, signed: Signed, **more: str) -> Reply:
    """CertificateSigned follows, once the answer has left."""
    chain = {"certificateChain": signed.chain, **more}
    return session.promised({"status": "Accepted"}, sent=lambda: session.deliver("CertificateSigned", chain))


def rejected(session: Session, refused: CertificateRefused) -> JsonObject:
    session.log.warning("certificate.refused", reason=str(refused))
    return {"status": "Rejected"}
