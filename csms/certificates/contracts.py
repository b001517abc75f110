"""Contract certificates that come with a token (OCPP 2.0.1 C07): what can be said of one, and whom to ask. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

from csms.certificates.authorities import (
    ALGORITHMS,
    MOST_BETWEEN,
    UNREADABLE,
    Authorities,
    NoPath,
    identity,
    is_authority,
)
from csms.certificates.strength import is_strong
from csms.domain.certificates import ContractCertificate, Standing, StatusRequest, Validity

_LONGEST_CHAIN = 10_000
"""Characters; 2.0.1 allows 5500."""

_MOST_CERTIFICATES = MOST_BETWEEN + 2
_BEGINS = "-----BEGIN"
_SHORT_EMAID, _LONG_EMAID = 14, 15
"""Characters without separators; the last of the longer one is a check digit, which may be left out."""


@dataclass(frozen=True, slots=True)
class Question:
    """Whom to ask about a certificate, and who is believed to have issued it."""

    request: StatusRequest
    issuers: tuple[x509.Certificate, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """What stands without asking anybody, and why if it is bad; and what is to be asked where it is uncertain.

    `complete`: the questions are about all certificates of the chain.
    """

    standing: Standing
    reason: str = ""
    questions: tuple[Question, ...] = ()
    complete: bool = True


def examined(contract: ContractCertificate, authorities: Authorities | None, now_s: float) -> Finding:
    """Without authorities nothing is found of a chain, and no answer of a responder will be believed."""
    now = datetime.fromtimestamp(now_s, UTC)
    if contract.chain is not None and authorities is not None:
        return _of_chain(contract, contract.chain, authorities, now)
    questions = tuple(
        Question(request, () if authorities is None else authorities.issuers(request, now))
        for request in contract.hashes
    )
    return Finding(Standing.UNCERTAIN, questions=questions, complete=contract.chain is None)


def concluded(validities: Collection[Validity], *, complete: bool) -> Standing:
    """What stands once everybody has been asked."""
    if Validity.REVOKED in validities:
        return Standing.REVOKED
    if Validity.DOUBTED in validities:
        return Standing.INVALID
    return Standing.VALID if complete and set(validities) == {Validity.GOOD} else Standing.UNCERTAIN


def _of_chain(contract: ContractCertificate, text: str, authorities: Authorities, now: datetime) -> Finding:
    try:
        leaf, others = _read(text)
        names = [str(part.value) for part in leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    except UNREADABLE:
        return Finding(Standing.INVALID, "it is no chain of a contract certificate in PEM that can be read")
    if not (len(names) == 1 and is_same_emaid(names[0], contract.emaid)):
        return Finding(Standing.INVALID, "its common name is not the id token")
    try:
        path = authorities.path(leaf, others, now)
    except NoPath as none:
        if _was_valid(leaf, others, authorities, now):
            return Finding(Standing.EXPIRED, "it, or an authority above it, has expired")
        return Finding(Standing.INVALID, str(none))
    asked = [_question(certificate, issuer, contract.hashes) for certificate, issuer in pairwise(path)]
    questions = tuple(question for question in asked if question is not None)
    return Finding(Standing.UNCERTAIN, questions=questions, complete=len(questions) == len(asked))


def _read(text: str) -> tuple[x509.Certificate, list[x509.Certificate]]:
    """The contract and the authorities that came with it, in whatever order, without roots: those that are believed are
    here already. Raises what is UNREADABLE.

    No two may have the same name: there are too many ways from some of one name to each other to try them all.
    """
    if len(text) > _LONGEST_CHAIN or text.count(_BEGINS) > _MOST_CERTIFICATES:
        raise ValueError("too long")
    certificates = list(dict.fromkeys(x509.load_pem_x509_certificates(text.encode())))
    if not all(is_strong(certificate.public_key()) for certificate in certificates):
        raise ValueError("a key is too weak, too large or of a kind that is not taken")
    contracts = [certificate for certificate in certificates if not is_authority(certificate)]
    if len(contracts) != 1:
        raise ValueError("not one contract")
    others = [c for c in certificates if c != contracts[0] and c.issuer != c.subject]
    if len(others) > MOST_BETWEEN or len({c.subject for c in others}) < len(others):
        raise ValueError("too many authorities, or two of the same name")
    return contracts[0], others


def _was_valid(
    leaf: x509.Certificate, others: Sequence[x509.Certificate], authorities: Authorities, now: datetime
) -> bool:
    """Whether its only fault is that its time is over: it led to an authority before the first of the chain expired."""
    ended = min(certificate.not_valid_after_utc for certificate in (leaf, *others))
    began = max(certificate.not_valid_before_utc for certificate in (leaf, *others))
    if ended >= now and not authorities.some_expired(now):
        return False
    before = ended if ended < now else began  # the latter where an authority expired that did not come along
    try:
        return before < now and bool(authorities.path(leaf, others, before))
    except NoPath:
        return False


def _question(
    certificate: x509.Certificate, issuer: x509.Certificate, hashes: Sequence[StatusRequest]
) -> Question | None:
    """Asked where the charger says, else where the certificate itself does."""
    for request in hashes:
        if _is_about(request, certificate, issuer):
            return Question(request, (issuer,))
    url = _responder(certificate)
    if url is None:
        return None
    name_hash, key_hash = identity(issuer, ALGORITHMS["SHA256"])
    return Question(StatusRequest("SHA256", name_hash, key_hash, f"{certificate.serial_number:x}", url), (issuer,))


def _is_about(request: StatusRequest, certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    algorithm = ALGORITHMS.get(request.hash_algorithm)
    try:
        serial_number = int(request.serial_number, 16)
    except ValueError:
        return False
    if algorithm is None or serial_number != certificate.serial_number:
        return False
    return identity(issuer, algorithm) == (request.issuer_name_hash.lower(), request.issuer_key_hash.lower())


def _responder(certificate: x509.Certificate) -> str | None:
    try:
        access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    except (x509.ExtensionNotFound, *UNREADABLE):
        return None
    urls = (
        part.access_location.value
        for part in access
        if part.access_method == AuthorityInformationAccessOID.OCSP
        and isinstance(part.access_location, x509.UniformResourceIdentifier)
    )
    return next(urls, None)


def is_same_emaid(one: str, other: str) -> bool:
    """Separators, upper and lower case, and a check digit that is left out make no difference."""
    one, other = (text.replace("-", "").upper() for text in (one, other))
    short, long = sorted((one, other), key=len)
    lacks_digit = (len(short), len(long)) == (_SHORT_EMAID, _LONG_EMAID)
    return one == other or (lacks_digit and long.startswith(short))
