"""2.0.1 blocks A and M: certificates that a station asks for, and asks about."""

from __future__ import annotations

import asyncio

from csms.charge_points.connection import Reply
from csms.charge_points.schemas import JsonObject
from csms.charge_points.session import Session
from csms.charge_points.signing import accepted, rejected, sign
from csms.domain.certificates import CertificateRefused, StatusRequest


def sign_certificate(session: Session, payload: JsonObject) -> Reply:
    """A02, A03. Without a type it is for the connection to us, and goes back without one."""
    kind = {name: payload[name] for name in ("certificateType",) if name in payload}
    try:
        return accepted(session, sign(session, payload), **kind)
    except CertificateRefused as refused:
        info = {"reasonCode": "InvalidCSR", "additionalInfo": str(refused)[:_LONGEST_INFO]}
        return Reply(rejected(session, refused) | {"statusInfo": info})


def get_certificate_status(session: Session, payload: JsonObject) -> Reply:
    """M06. Asked of its responder, where we may."""
    request = status_request(payload["ocspRequestData"])

    async def answer() -> JsonObject:
        found = await session.certificates.status(request)
        return {"status": "Failed"} if found is None else {"status": "Accepted", "ocspResult": found}

    return Reply({"status": "Failed"}, later=asyncio.ensure_future(answer()))


def get_15118_ev_certificate(session: Session, payload: JsonObject) -> Reply:
    """M01, M02. Passed on to whoever makes contract certificates; the schema wants `exiResponse` of failures too."""
    failed = {"status": "Failed", "exiResponse": ""}

    async def answer() -> JsonObject:
        found = await session.certificates.ev_certificate(session.charge_point_id, payload)
        return failed if found is None else dict(found)

    return Reply(failed, later=asyncio.ensure_future(answer()))


def status_request(asked: JsonObject) -> StatusRequest:
    """Of an OCSPRequestDataType."""
    return StatusRequest(
        hash_algorithm=asked["hashAlgorithm"],
        issuer_name_hash=asked["issuerNameHash"],
        issuer_key_hash=asked["issuerKeyHash"],
        serial_number=asked["serialNumber"],
        responder_url=asked["responderURL"],
    )


_LONGEST_INFO = 512
