"""OCSP (RFC 6960): what is asked of a responder, whom may be asked, and what an answer is worth. Pure."""

from __future__ import annotations

import base64
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from csms.certificates.authorities import ALGORITHMS, UNREADABLE, identity, is_issued_by, is_valid
from csms.certificates.strength import HASHES, is_strong
from csms.domain.certificates import StatusRequest, Validity

_LONGEST_RESULT = 5500
"""Characters that ocspResult takes."""

_CLOCKS_DIFFER = timedelta(minutes=5)
_RECENT = timedelta(days=1)
"""How old an answer may be that does not say until when it holds: an old one could be shown for ever."""

_MOST_ANSWERS, _MOST_RESPONDERS = 16, 4
"""Of one response, how many are looked at; responders need one of each."""

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
    algorithm = ALGORITHMS.get(request.hash_algorithm)
    if algorithm is None:
        raise ValueError("unknown hash algorithm")
    builder = ocsp.OCSPRequestBuilder().add_certificate_by_hash(
        bytes.fromhex(request.issuer_name_hash),
        bytes.fromhex(request.issuer_key_hash),
        int(request.serial_number, 16),
        algorithm,
    )
    return builder.build().public_bytes(serialization.Encoding.DER)


def validity(answer: bytes, request: StatusRequest, issuers: Sequence[x509.Certificate], now_s: float) -> Validity:
    """What an answer says, if it holds now and one of `issuers` answers for it (RFC 6960 section 3.2).

    The issuers are believed to have issued the certificate that was asked about; there may be none.
    """
    found, now = _about(answer, request), datetime.fromtimestamp(now_s, UTC)
    if found is None:
        return Validity.UNKNOWN
    response, single = found
    told = _VALIDITIES.get(single.certificate_status, Validity.UNKNOWN)
    try:
        if _holds(single, now) and any(
            _is_of(single, issuer) and _answers_for(issuer, response, now) for issuer in issuers
        ):
            return told
    except UNREADABLE:
        pass
    return Validity.DOUBTED if told is Validity.REVOKED else Validity.UNKNOWN


def result(answer: bytes, request: StatusRequest) -> str | None:
    """The answer as OCPP wants it; None if it is no successful one about that certificate.

    Its signature is for whoever asked to check, who has the certificates for it.
    """
    if _about(answer, request) is None:
        return None
    text = base64.b64encode(answer).decode()
    return text if len(text) <= _LONGEST_RESULT else None


def _about(answer: bytes, request: StatusRequest) -> tuple[ocsp.OCSPResponse, ocsp.OCSPSingleResponse] | None:
    """A successful response, and the answer in it about the certificate that was asked for; else None."""
    try:
        response = ocsp.load_der_ocsp_response(answer)
        if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            return None
        for single, _ in zip(response.responses, range(_MOST_ANSWERS), strict=False):
            if single.serial_number == int(request.serial_number, 16) and _is_same_issuer(single, request):
                return response, single
    except UNREADABLE:
        pass
    return None


def _is_same_issuer(single: ocsp.OCSPSingleResponse, request: StatusRequest) -> bool:
    """As far as can be told without its certificate: some responders answer in SHA-1 whatever they are asked in."""
    algorithm = ALGORITHMS.get(request.hash_algorithm)
    if algorithm is None or single.hash_algorithm.name != algorithm.name:
        return True
    hashes = (single.issuer_name_hash.hex(), single.issuer_key_hash.hex())
    return hashes == (request.issuer_name_hash.lower(), request.issuer_key_hash.lower())


def _is_of(single: ocsp.OCSPSingleResponse, issuer: x509.Certificate) -> bool:
    hashes = (single.issuer_name_hash.hex(), single.issuer_key_hash.hex())
    return hashes == identity(issuer, single.hash_algorithm)


def _holds(single: ocsp.OCSPSingleResponse, now: datetime) -> bool:
    begins, ends = single.this_update_utc, single.next_update_utc
    return begins <= now + _CLOCKS_DIFFER and now - _CLOCKS_DIFFER <= (begins + _RECENT if ends is None else ends)


def _answers_for(issuer: x509.Certificate, response: ocsp.OCSPResponse, now: datetime) -> bool:
    """Whether the issuer signed it, or somebody whom it lets answer in its place (section 4.2.2.2)."""
    if _has_unknown_critical(response.extensions):
        return False
    if is_valid(issuer, now) and _is_from(issuer, response) and _signed(issuer, response):
        return True
    came_along = dict.fromkeys(response.certificates[:_MOST_RESPONDERS])
    return any(_may_answer(c, issuer, now) and _signed(c, response) for c in came_along if _is_from(c, response))


def _may_answer(responder: x509.Certificate, issuer: x509.Certificate, now: datetime) -> bool:
    """Whether the issuer made this certificate itself, and for answering."""
    if not (is_valid(responder, now) and is_valid(issuer, now) and is_strong(responder.public_key())):
        return False
    extensions = responder.extensions
    try:
        purposes = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return False
    if ExtendedKeyUsageOID.OCSP_SIGNING not in purposes or _has_unknown_critical(extensions):
        return False
    usages = [e.value for e in extensions if isinstance(e.value, x509.KeyUsage)]
    return all(usage.digital_signature for usage in usages) and is_issued_by(responder, issuer)


def _has_unknown_critical(extensions: x509.Extensions) -> bool:
    return any(e.critical and isinstance(e.value, x509.UnrecognizedExtension) for e in extensions)


def _is_from(signer: x509.Certificate, response: ocsp.OCSPResponse) -> bool:
    """Whether the response says that it is this one's."""
    if response.responder_name is not None:
        return response.responder_name == signer.subject
    return response.responder_key_hash == x509.SubjectKeyIdentifier.from_public_key(signer.public_key()).digest


def _signed(signer: x509.Certificate, response: ocsp.OCSPResponse) -> bool:
    key, algorithm = signer.public_key(), response.signature_hash_algorithm
    if not isinstance(algorithm, HASHES):
        return False
    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(response.signature, response.tbs_response_bytes, ec.ECDSA(algorithm))
        elif isinstance(key, rsa.RSAPublicKey):
            key.verify(response.signature, response.tbs_response_bytes, padding.PKCS1v15(), algorithm)
        else:
            return False
    except InvalidSignature:
        return False
    return True
