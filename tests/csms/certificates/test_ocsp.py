"""Which answers of OCSP responders are believed (RFC 6960 sections 3.2 and 4.2.2.2)."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.x509 import ocsp
from support.contracts import (
    ANSWERS_FOR_OTHERS,
    GOOD,
    REVOKED,
    SHA256,
    UNKNOWN,
    MobilityOperator,
    answer,
    asked,
    issued,
    rsa_key,
    usage,
    weak_key,
)

from csms.certificates.ocsp import validity
from csms.domain.certificates import Validity

NOW = datetime.now(UTC)
MO = MobilityOperator()
IT, ISSUER = MO.contract, MO.lower
ANOTHER = MobilityOperator()
RSA_ISSUER = issued("RSA", MO.upper, key=rsa_key())
RSA_IT = issued("of RSA", RSA_ISSUER, ca=False)
BY_NAME = ocsp.OCSPResponderEncoding.NAME
STRANGE = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
NO_CHECK = (x509.OCSPNoCheck(), False)

RENAMED = issued("another", None, key=ISSUER.key)
RESPONDER = issued("responder", ISSUER, ca=False, extensions=[ANSWERS_FOR_OTHERS, NO_CHECK])
ALIAS = issued("alias", ISSUER, ca=False, key=RESPONDER.key, extensions=[ANSWERS_FOR_OTHERS])
SIGNS = issued("signs", ISSUER, ca=False, extensions=[ANSWERS_FOR_OTHERS, usage(digital_signature=True)])
SIGNS_NOT = issued("signs not", ISSUER, ca=False, extensions=[ANSWERS_FOR_OTHERS, usage(digital_signature=False)])
OF_RSA = issued("responder", RSA_ISSUER, ca=False, key=rsa_key(), extensions=[ANSWERS_FOR_OTHERS])
WEB = issued("web", ISSUER, ca=False, extensions=[(x509.ExtendedKeyUsage([x509.OID_SERVER_AUTH]), False)])
WITHOUT_PURPOSE = issued("no purpose", ISSUER, ca=False)
OF_THE_UPPER = issued("responder", MO.upper, ca=False, extensions=[ANSWERS_FOR_OTHERS])
FORGED = issued("responder", ISSUER, ca=False, signed_by=ANOTHER.lower, extensions=[ANSWERS_FOR_OTHERS])
EXPIRED = issued("responder", ISSUER, ca=False, days=(-10, -1), extensions=[ANSWERS_FOR_OTHERS])
EARLY = issued("responder", ISSUER, ca=False, days=(1, 10), extensions=[ANSWERS_FOR_OTHERS])
CRITICAL = issued("responder", ISSUER, ca=False, extensions=[ANSWERS_FOR_OTHERS, (STRANGE, True)])
WEAK = issued(
    "responder",
    ISSUER,
    ca=False,
    key=weak_key(),
    extensions=[ANSWERS_FOR_OTHERS],
)
SHA1_SIGNED = issued("responder", ISSUER, ca=False, digest=hashes.SHA224(), extensions=[ANSWERS_FOR_OTHERS])


def of(response: bytes, *, now: datetime = NOW) -> Validity:
    return validity(response, asked(IT, ISSUER), [ANOTHER.lower.certificate, ISSUER.certificate], now.timestamp())


@pytest.mark.parametrize(
    ("what", "response"),
    [
        ("the issuer, known by its key", answer(IT, ISSUER)),
        ("the issuer, known by its name", answer(IT, ISSUER, by=BY_NAME)),
        ("the issuer, in SHA-1 hashes", answer(IT, ISSUER, algorithm=hashes.SHA1())),  # noqa: S303  # names, no signature
        ("the issuer, with SHA-512", answer(IT, ISSUER, digest=hashes.SHA512())),
        ("a responder of the issuer", answer(IT, ISSUER, signer=RESPONDER, along=[RESPONDER])),
        ("one known by its name", answer(IT, ISSUER, signer=RESPONDER, along=[RESPONDER], by=BY_NAME)),
        ("one that may make signatures", answer(IT, ISSUER, signer=SIGNS, along=[SIGNS])),
        ("one among others", answer(IT, ISSUER, signer=RESPONDER, along=[ISSUER, WEB, RESPONDER])),
        ("a nonce that nobody asked for", answer(IT, ISSUER, extensions=[(x509.OCSPNonce(b"12345678"), False)])),
        ("something strange that is not critical", answer(IT, ISSUER, extensions=[(STRANGE, False)])),
    ],
)
def test_an_answer_is_believed_that_its_issuer_signed_or_let_sign(what: str, response: bytes) -> None:
    assert of(response) is Validity.GOOD, what


def both(**how: object) -> tuple[bytes, bytes]:
    """The same answer, once good and once revoked."""
    return answer(IT, ISSUER, GOOD, **how), answer(IT, ISSUER, REVOKED, **how)  # type: ignore[arg-type]  # as given


@pytest.mark.parametrize(
    ("what", "responses"),
    [
        ("signed by a stranger", both(signer=ANOTHER.lower)),
        ("signed by a stranger in the issuer's name", both(signer=ANOTHER.lower, by=BY_NAME)),
        ("signed by the issuer in another's name", both(signer=RENAMED, by=BY_NAME)),
        ("signed by the authority above the issuer", both(signer=MO.upper, along=[MO.upper])),
        ("a responder that did not come along", both(signer=RESPONDER)),
        ("a responder of the authority above", both(signer=OF_THE_UPPER, along=[OF_THE_UPPER])),
        ("a certificate for something else", both(signer=WEB, along=[WEB])),
        ("a certificate for nothing in particular", both(signer=WITHOUT_PURPOSE, along=[WITHOUT_PURPOSE])),
        ("the contract itself", both(signer=IT, along=[IT])),
        ("a responder that somebody else signed", both(signer=FORGED, along=[FORGED])),
        ("a responder that has expired", both(signer=EXPIRED, along=[EXPIRED])),
        ("a responder that is not valid yet", both(signer=EARLY, along=[EARLY])),
        ("a responder that may not make signatures", both(signer=SIGNS_NOT, along=[SIGNS_NOT])),
        ("a responder with a condition nobody knows", both(signer=CRITICAL, along=[CRITICAL])),
        ("a responder with a weak key", both(signer=WEAK, along=[WEAK])),
        ("a responder with a weak signature", both(signer=SHA1_SIGNED, along=[SHA1_SIGNED])),
        ("another's responder, in its place", both(signer=FORGED, by=BY_NAME, along=[RESPONDER])),
        ("a responder in a name that did not come along", both(signer=ALIAS, by=BY_NAME, along=[RESPONDER])),
        ("one too many came along", both(signer=RESPONDER, along=[WEB, WEB, WEB, WEB, RESPONDER])),
        ("a weak signature", both(digest=hashes.SHA224())),
        ("an answer with a condition nobody knows", both(extensions=[(STRANGE, True)])),
        ("over since yesterday", both(hours=(-48, -24))),
        ("not valid before tomorrow", both(hours=(24, 48))),
        ("of the day before yesterday, without an end", both(hours=(-48, None))),
    ],
)
def test_what_cannot_be_verified_is_not_believed(what: str, responses: tuple[bytes, bytes]) -> None:
    good, revoked = responses
    assert of(good) is Validity.UNKNOWN, what
    assert of(revoked) is Validity.DOUBTED, what


@pytest.mark.parametrize(
    ("status", "expected"),
    [(GOOD, Validity.GOOD), (REVOKED, Validity.REVOKED), (UNKNOWN, Validity.UNKNOWN)],
)
def test_a_certificate_is_what_its_issuer_says(status: ocsp.OCSPCertStatus, expected: Validity) -> None:
    assert of(answer(IT, ISSUER, status)) is expected
    assert of(answer(IT, ISSUER, status, signer=RESPONDER, along=[RESPONDER])) is expected


@pytest.mark.parametrize(
    ("hours", "later_h", "expected"),
    [
        ((0, 24), 0, Validity.GOOD),
        ((0, 24), 23, Validity.GOOD),
        ((0, 24), 24.05, Validity.GOOD),  # clocks differ by five minutes
        ((0, 24), 24.2, Validity.UNKNOWN),
        ((0, 24), -0.05, Validity.GOOD),
        ((0, 24), -0.2, Validity.UNKNOWN),
        ((0, None), 23, Validity.GOOD),
        ((0, None), 25, Validity.UNKNOWN),
    ],
)
def test_an_answer_is_believed_while_it_holds(
    hours: tuple[float, float | None], later_h: float, expected: Validity
) -> None:
    response = answer(IT, ISSUER, hours=hours, since=NOW)
    assert of(response, now=NOW + timedelta(hours=later_h)) is expected


def test_answers_signed_with_rsa_are_believed_too() -> None:
    for response in (answer(RSA_IT, RSA_ISSUER), answer(RSA_IT, RSA_ISSUER, signer=OF_RSA, along=[OF_RSA])):
        request = asked(RSA_IT, RSA_ISSUER)
        assert validity(response, request, [RSA_ISSUER.certificate], NOW.timestamp()) is Validity.GOOD


def test_an_issuer_whose_time_is_over_answers_for_nobody() -> None:
    for days in ((-10, -1), (1, 10)):
        issuer = issued("MO sub 2", MO.upper, days=days)
        it, responder = issued("it", issuer, ca=False), issued("r", issuer, ca=False, extensions=[ANSWERS_FOR_OTHERS])
        for response in (answer(it, issuer), answer(it, issuer, signer=responder, along=[responder])):
            found = validity(response, asked(it, issuer), [issuer.certificate], NOW.timestamp())
            assert found is Validity.UNKNOWN


def test_an_answer_of_an_issuer_that_is_not_known_is_not_believed() -> None:
    request = asked(IT, ISSUER)
    for issuers in ([], [ANOTHER.lower.certificate], [MO.upper.certificate]):
        assert validity(answer(IT, ISSUER), request, issuers, NOW.timestamp()) is Validity.UNKNOWN
        assert validity(answer(IT, ISSUER, REVOKED), request, issuers, NOW.timestamp()) is Validity.DOUBTED


def test_an_answer_about_another_certificate_says_nothing() -> None:
    namesake = issued("namesake", ANOTHER.lower, ca=False)
    for status in (GOOD, REVOKED):
        assert of(answer(MO.lower, MO.upper, status)) is Validity.UNKNOWN
        assert of(answer(namesake, ANOTHER.lower, status)) is Validity.UNKNOWN


def test_an_answer_about_the_same_number_of_another_issuer_says_nothing() -> None:
    """It is rightly signed by an issuer that is believed, whatever its hashes are made with. In other hashes than those
    that were asked with, nobody can tell until it is verified."""
    other, it = ANOTHER.lower.certificate, IT.certificate
    for algorithm, status, expected in (
        (SHA256, GOOD, Validity.UNKNOWN),
        (SHA256, REVOKED, Validity.UNKNOWN),
        (hashes.SHA1(), GOOD, Validity.UNKNOWN),  # noqa: S303  # names, no signature
        (hashes.SHA1(), REVOKED, Validity.DOUBTED),  # noqa: S303  # likewise
    ):
        at = NOW if status is REVOKED else None
        builder = ocsp.OCSPResponseBuilder().add_response(it, other, algorithm, status, NOW, None, at, None)
        signed = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, ISSUER.certificate).sign(ISSUER.key, SHA256)
        assert of(signed.public_bytes(serialization.Encoding.DER)) is expected


def test_a_signature_of_a_kind_that_is_not_taken_is_none() -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    issuer = issued("MO sub 2", MO.upper, key=key)  # type: ignore[arg-type]  # which ours never have
    response = answer(IT, issuer, digest=None)
    for believed in (issuer, ISSUER):
        found = validity(response, asked(IT, ISSUER), [believed.certificate], NOW.timestamp())
        assert found is Validity.UNKNOWN


def test_no_byte_of_an_answer_can_be_changed_into_another_that_is_believed() -> None:
    """Nor does any change raise. What is not signed (lengths, the certificates that came along) may change."""
    good = answer(IT, ISSUER, REVOKED)
    for place in range(len(good)):
        bent = bytearray(good)
        bent[place] ^= 0x01
        assert of(bytes(bent)) is not Validity.GOOD
    for end in range(0, len(good), 7):
        assert of(good[:end]) is Validity.UNKNOWN


@pytest.mark.parametrize("response", [b"", b"<html>", b"\x30\x80", b"\x30\x03\x0a\x01\x00", b"\x30\x03\x0a\x01\x03"])
def test_what_is_no_answer_says_nothing(response: bytes) -> None:
    assert of(response) is Validity.UNKNOWN
