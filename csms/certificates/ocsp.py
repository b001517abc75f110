"""OCSP (RFC 6960): what is asked of a responder, whom may be asked, and whether an answer is one. Pure."""

from __future__ import annotations

import base64
from collections.abc import Collection
from urllib.parse import urlsplit

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp

from csms.domain.certificates import StatusRequest, Validity

_ALGORITHMS: dict[str, hashes.HashAlgorithm] = {
    "SHA256": hashes.SHA256(),
    "SHA384": hashes.SHA384(),
    "SHA512": hashes.SHA512(),
}
_LONGEST_RESULT = 5500
"""Characters that ocspResult takes."""

_CLOCKS_DIFFER_S = 300.0
_VALIDITIES = {
    ocsp.OCSPCertStatus.GOOD: Validity.GOOD,
    ocsp.OCSPCertStatus.REVOKED: Validity.REVOKED,
    ocsp.OCSPCertStatus.UNKNOWN: Validity.UNKNOWN,
}

_PORTS = {"http": 80, "https": 443}


def may_ask(url: str, allowed: Collection[str]) -> bool:
    """Whether the host is allowed: by its name at the usual port, or as `host:port`."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        return False
    usual = _PORTS.get(parts.scheme)
    if usual is None or not host or "@" in parts.netloc:
        return False
    hosts = {name.lower() for name in allowed}
    return f"{host}:{port or usual}" in hosts or (port in (None, usual) and host in hosts)


def question(request: StatusRequest) -> bytes:
    """DER. Raises ValueError."""
    algorithm = _ALGORITHMS.get(request.hash_algorithm)
    if algorithm is None:
        raise ValueError("unknown hash algorithm")
    builder = ocsp.OCSPRequestBuilder().add_certificate_by_hash(
        bytes.fromhex(request.issuer_name_hash),
        bytes.fromhex(request.issuer_key_hash),
        int(request.serial_number, 16),
        algorithm,
    )
    return builder.build().public_bytes(serialization.Encoding.DER)


def validity(answer: bytes, request: StatusRequest, now_s: float) -> Validity:
    """What an answer says that holds now. That it is the responder's is what the connection to an allowed host says."""
    response = _about(answer, request)
    if response is None:
        return Validity.UNKNOWN
    try:
        begins, ends = response.this_update_utc, response.next_update_utc
        status = _VALIDITIES.get(response.certificate_status, Validity.UNKNOWN)
    except ValueError:
        return Validity.UNKNOWN
    early = begins.timestamp() > now_s + _CLOCKS_DIFFER_S
    late = ends is not None and ends.timestamp() < now_s - _CLOCKS_DIFFER_S
    return Validity.UNKNOWN if early or late else status


def result(answer: bytes, request: StatusRequest) -> str | None:
    """The answer as OCPP wants it; None if it is no successful one about that certificate.

    Its signature is for whoever asked to check, who has the certificates for it.
    """
    if _about(answer, request) is None:
        return None
    text = base64.b64encode(answer).decode()
    return text if len(text) <= _LONGEST_RESULT else None


def _about(answer: bytes, request: StatusRequest) -> ocsp.OCSPResponse | None:
    """A successful answer about the certificate that was asked for; else None."""
    try:
        response = ocsp.load_der_ocsp_response(answer)
        if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            return None
        return response if response.serial_number == int(request.serial_number, 16) else None
    except (ValueError, UnsupportedAlgorithm):
        return None
