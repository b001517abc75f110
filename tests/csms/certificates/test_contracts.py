"""What is found of a contract certificate before anybody is asked, and what it comes to then (C07)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import AuthorityInformationAccessOID
from support.contracts import EMAID, MobilityOperator, asked, chain, issued, rsa_key, usage, weak_key

from csms.certificates.authorities import Authorities
from csms.certificates.contracts import Finding, concluded, examined, is_same_emaid
from csms.certificates.signing import AuthorityUnusable
from csms.certs import Pair
from csms.domain.certificates import ContractCertificate, Standing, StatusRequest, Validity

NOW = datetime.now(UTC)
URL = "http://ocsp.example/"
MO = MobilityOperator(URL)
ANOTHER = MobilityOperator(URL)
STRANGE = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")


def authorities(*pairs: Pair) -> Authorities:
    return Authorities([pair.certificate for pair in pairs or (MO.root,)])


def found(
    text: str | None,
    *believed: Pair,
    emaid: str = EMAID,
    asked_about: tuple[StatusRequest, ...] = (),
    days: float = 0,
) -> Finding:
    at = (NOW + timedelta(days=days)).timestamp()
    return examined(ContractCertificate(emaid, text, asked_about), authorities(*believed), at)


def below(issuer: Pair, **how: object) -> Pair:
    return issued(EMAID, issuer, **{"ca": False, **how})  # type: ignore[arg-type]  # as given


ABOVE = (MO.lower, MO.upper)
FORGED = below(MO.lower, signed_by=ANOTHER.lower)
FORGED_AND_OVER = below(MO.lower, days=(-9, -1), signed_by=ANOTHER.lower)
CRITICAL = below(MO.upper, extensions=[(STRANGE, True)])
NO_CERTIFICATE = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"
OLD_LOWER = issued("MO sub 2", MO.upper, below=0, days=(-10, -1))
FIRM = issued("MO sub 1", MO.root, below=0)
BELOW_FIRM = issued("MO sub 2", FIRM, below=0)
SIGNS_NOTHING = issued("MO sub 1", MO.root, extensions=[usage(digital_signature=True)])
NOT_CA = issued("MO sub 2", MO.upper, ca=False)
DEEP = [MO.root]
for depth in range(5):
    DEEP.append(issued(f"{depth} below", DEEP[-1]))
OLD_ROOT = issued("MO root", None, days=(-10, -1))
RENEWED = issued("renewed", None, days=(-5, 10))
NEW_ROOT = issued("MO root", None, key=OLD_ROOT.key)
BELOW_OLD_ROOT = issued("MO sub 1", OLD_ROOT)
RSA_LINE = [issued("RSA root", None, key=rsa_key())]
RSA_LINE.append(issued("RSA sub", RSA_LINE[0], key=rsa_key(4096)))
P521 = issued("P-521", MO.upper, key=ec.generate_private_key(ec.SECP521R1()), digest=hashes.SHA512())


@pytest.mark.parametrize(
    ("what", "text", "believed"),
    [
        ("as it should be", MO.chain, [MO.root]),
        ("with its root", MO.chain + chain(MO.root), [MO.root]),
        ("as long as any has to be, with its root", chain(below(DEEP[3]), *DEEP[3::-1]), [MO.root]),
        ("beside a root of the name of its own", chain(MO.contract, MO.lower), [ANOTHER.root, MO.upper]),
        ("in another order", chain(MO.upper, MO.contract, MO.lower), [MO.root]),
        ("without those that are here", chain(MO.contract), [MO.root, MO.upper, MO.lower]),
        ("up to an authority that is believed without its root", chain(MO.contract, MO.lower), [MO.upper]),
        ("among those of others", MO.chain, [ANOTHER.root, MO.root]),
        ("of RSA", chain(below(RSA_LINE[1], key=rsa_key()), RSA_LINE[1]), [RSA_LINE[0]]),
        ("of P-521", chain(below(P521), P521, MO.upper), [MO.root]),
        (
            "for whatever purpose",
            chain(below(MO.upper, extensions=[(x509.ExtendedKeyUsage([x509.OID_SERVER_AUTH]), True)]), MO.upper),
            [MO.root],
        ),
        ("without basic constraints", chain(below(MO.upper, ca=None), MO.upper), [MO.root]),
        (
            "beside something that is no certificate",
            MO.chain + "-----BEGIN NOTE-----\nAAAA\n-----END NOTE-----\n",
            [MO.root],
        ),
    ],
)
def test_a_chain_that_leads_to_an_authority_is_left_to_its_responders(
    what: str, text: str, believed: list[Pair]
) -> None:
    assert found(text, *believed).standing is Standing.UNCERTAIN, what


@pytest.mark.parametrize(
    ("what", "text", "reason"),
    [
        ("another's", ANOTHER.chain, "candidates exhausted"),
        ("a forged contract", chain(FORGED, *ABOVE), "signature does not match"),
        ("a forged authority", chain(below(ANOTHER.lower), ANOTHER.lower, MO.upper), "signature does not match"),
        ("one missing", chain(MO.contract, MO.upper), "candidates exhausted"),
        ("signed by what is no authority", chain(below(NOT_CA)), "candidates exhausted"),
        ("longer than the authority above allows", chain(below(BELOW_FIRM), BELOW_FIRM, FIRM), "path length"),
        ("an authority for something else", chain(below(SIGNS_NOTHING), SIGNS_NOTHING), "may not sign certificates"),
        ("not valid yet", chain(below(MO.lower, days=(1, 10)), *ABOVE), "not valid at"),
        ("forged, and expired", chain(FORGED_AND_OVER, *ABOVE), "not valid at"),
        ("a condition nobody knows", chain(CRITICAL, MO.upper), "critical extension"),
        ("signed with a weak hash", chain(below(MO.upper, digest=hashes.SHA224()), MO.upper), "signature algorithm"),
        ("nothing", "", "can be read"),
        ("no PEM", "-----BEGIN CERTIFICATE-----", "can be read"),
        ("no certificate in PEM", NO_CERTIFICATE, "can be read"),
        ("no text", "\ud800", "can be read"),
        ("authorities alone", chain(MO.lower, MO.upper), "can be read"),
        ("two contracts", chain(MO.contract, ANOTHER.contract, *ABOVE), "can be read"),
        ("two that contradict themselves", chain(below(NOT_CA), NOT_CA, MO.upper), "can be read"),
        ("too many", chain(MO.contract, *[MO.lower] * 5), "can be read"),
        ("too many authorities", chain(below(DEEP[4]), *DEEP[1:5]), "can be read"),
        ("two authorities of one name", chain(MO.contract, MO.lower, MO.upper, ANOTHER.upper), "can be read"),
        ("too long", MO.chain + "\n" * 10_000, "can be read"),
        ("a weak key", chain(below(MO.upper, key=weak_key()), MO.upper), "can be read"),
        ("a short key", chain(below(MO.upper, key=rsa_key(1024)), MO.upper), "can be read"),
        ("another's name", chain(issued("DE-ABC-C12345678-8", MO.upper, ca=False), MO.upper), "common name"),
        ("no name", chain(issued("", MO.upper, ca=False), MO.upper), "common name"),
    ],
)
def test_a_chain_that_does_not_hold_is_refused_with_its_reason(what: str, text: str, reason: str) -> None:
    finding = found(text)
    assert (finding.standing, finding.questions) == (Standing.INVALID, ()), what
    assert reason in finding.reason, what
    assert EMAID not in finding.reason


def test_a_chain_that_is_not_valid_yet_has_not_expired_whatever_else_has() -> None:
    text = chain(below(MO.upper, days=(1, 5)), MO.upper)
    assert found(text, MO.root, OLD_ROOT).standing is Standing.INVALID


def test_a_chain_is_no_longer_than_any_has_to_be() -> None:
    text = chain(below(DEEP[4]), *DEEP[2:5])
    assert "max depth" in found(text, MO.root, DEEP[1]).reason
    assert found(text, DEEP[1]).standing is Standing.UNCERTAIN


def test_what_comes_in_the_name_of_a_root_is_worth_what_is_above_it() -> None:
    base = issued("base", None)
    crossed = issued("MO root", base)
    text = chain(below(crossed), crossed)
    assert found(text, MO.root).standing is Standing.INVALID
    assert found(text, MO.root, base).standing is Standing.UNCERTAIN


@pytest.mark.parametrize(
    ("what", "text", "believed"),
    [
        ("the contract", chain(below(MO.lower, days=(-9, -1)), MO.lower, MO.upper), [MO.root]),
        ("an authority that came along", chain(below(OLD_LOWER), OLD_LOWER, MO.upper), [MO.root]),
        ("one that is here", chain(below(OLD_LOWER), MO.upper), [MO.root, MO.upper, OLD_LOWER]),
        ("the root", chain(below(BELOW_OLD_ROOT), BELOW_OLD_ROOT), [OLD_ROOT]),
        ("one that is older than the root", chain(below(RENEWED, days=(-9, -1))), [RENEWED]),
    ],
)
def test_a_chain_whose_time_is_over_has_expired(what: str, text: str, believed: list[Pair]) -> None:
    assert found(text, *believed).standing is Standing.EXPIRED, what


def test_a_chain_expires_while_it_is_looked_at() -> None:
    assert found(MO.chain, days=9.9).standing is Standing.UNCERTAIN
    assert found(MO.chain, days=10.1).standing is Standing.EXPIRED
    assert found(MO.chain, days=-10.1).standing is Standing.INVALID


def test_each_certificate_of_a_chain_is_asked_about_and_its_issuer_believed() -> None:
    finding = found(MO.chain)
    expected = [(asked(it, issuer, URL), (issuer.certificate,)) for it, issuer in MO.issuers]
    assert [(each.request, each.issuers) for each in finding.questions] == expected
    assert finding.complete


def test_where_the_charger_says_whom_to_ask_that_one_is_asked() -> None:
    leaf, middle, top = MO.hashes("http://elsewhere.example/")
    in_sha512 = asked(MO.lower, MO.upper, "http://elsewhere.example/", hashes.SHA512())
    strangers = (
        replace(leaf, serial_number="zz"),
        replace(leaf, serial_number="1"),
        replace(leaf, hash_algorithm="MD5"),
        replace(leaf, issuer_key_hash="00" * 32),
    )
    finding = found(MO.chain, asked_about=(*strangers, in_sha512, top, leaf))
    assert [each.request for each in finding.questions] == [leaf, in_sha512, top]
    shouted = replace(leaf, issuer_name_hash=leaf.issuer_name_hash.upper(), serial_number=leaf.serial_number.upper())
    assert found(MO.chain, asked_about=(shouted,)).questions[0].request == shouted
    assert middle not in [each.request for each in found(MO.chain, asked_about=(leaf, top)).questions]


def test_a_chain_that_names_no_responder_for_each_of_its_certificates_is_not_asked_about_completely() -> None:
    silent = below(MO.lower, extensions=[(x509.SubjectKeyIdentifier(b"1"), False)])
    finding = found(chain(silent, MO.lower, MO.upper))
    assert (len(finding.questions), finding.complete) == (2, False)
    issuers_alone = x509.AuthorityInformationAccess(
        [x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, x509.UniformResourceIdentifier(URL))]
    )
    finding = found(chain(below(MO.lower, extensions=[(issuers_alone, False)]), MO.lower, MO.upper))
    assert (len(finding.questions), finding.complete) == (2, False)


def test_of_hashes_alone_those_issuers_are_believed_that_are_here() -> None:
    finding = found(None, MO.root, MO.upper, asked_about=MO.hashes(URL))
    assert [each.issuers for each in finding.questions] == [(), (MO.upper.certificate,), (MO.root.certificate,)]
    assert (finding.standing, finding.complete) == (Standing.UNCERTAIN, True)


@pytest.mark.parametrize(
    ("what", "issuer", "believed", "is_believed"),
    [
        ("below a root that holds", MO.upper, [MO.root, MO.upper], True),
        ("without its root", MO.upper, [MO.upper], True),
        ("expired", OLD_LOWER, [OLD_LOWER], False),
        ("below one that has expired", BELOW_OLD_ROOT, [OLD_ROOT, BELOW_OLD_ROOT], False),
        ("beside a root of the same name that holds", BELOW_OLD_ROOT, [OLD_ROOT, BELOW_OLD_ROOT, NEW_ROOT], True),
        ("too far below", DEEP[5], DEEP, False),
    ],
)
def test_an_issuer_is_believed_while_it_and_what_is_above_it_hold(
    what: str, issuer: Pair, believed: list[Pair], is_believed: bool
) -> None:
    request = asked(below(issuer), issuer)
    assert authorities(*believed).issuers(request, NOW) == ((issuer.certificate,) if is_believed else ()), what


def test_without_authorities_nothing_is_said_of_a_chain_and_nobody_is_believed() -> None:
    nothing = examined(ContractCertificate(EMAID, "no chain", ()), None, NOW.timestamp())
    assert nothing == Finding(Standing.UNCERTAIN, complete=False)
    hashes_alone = examined(ContractCertificate(EMAID, None, MO.hashes(URL)), None, NOW.timestamp())
    assert [each.issuers for each in hashes_alone.questions] == [()] * 3


GOOD, REVOKED, UNKNOWN, DOUBTED = Validity.GOOD, Validity.REVOKED, Validity.UNKNOWN, Validity.DOUBTED


@pytest.mark.parametrize(
    ("validities", "complete", "expected"),
    [
        ([GOOD, GOOD], True, Standing.VALID),
        ([GOOD, GOOD], False, Standing.UNCERTAIN),
        ([GOOD, UNKNOWN], True, Standing.UNCERTAIN),
        ([], True, Standing.UNCERTAIN),
        ([GOOD, REVOKED], True, Standing.REVOKED),
        ([UNKNOWN, REVOKED, DOUBTED], False, Standing.REVOKED),
        ([GOOD, DOUBTED], True, Standing.INVALID),
        ([UNKNOWN, DOUBTED], False, Standing.INVALID),
    ],
)
def test_a_contract_is_valid_if_everything_is_good_and_refused_if_anything_is_revoked(
    validities: list[Validity], complete: bool, expected: Standing
) -> None:
    assert concluded(validities, complete=complete) is expected


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("DE-ABC-C12345678-9", "DEABCC123456789", True),
        ("DE-ABC-C12345678-9", "de-abc-c12345678-9", True),
        ("DE-ABC-C12345678", "DEABCC123456789", True),
        ("DE-ABC-C12345678-9", "DE-ABC-C12345678-8", False),
        ("DE-ABC-C12345678-9", "DE-ABC-C1234567", False),
        ("DE-ABC-C123456789", "DE-ABC-C123456789-1", False),
        ("", "DE-ABC-C12345678-9", False),
    ],
)
def test_an_emaid_is_the_same_with_and_without_what_may_be_left_out(one: str, other: str, same: bool) -> None:
    assert is_same_emaid(one, other) is same
    assert is_same_emaid(other, one) is same


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "contract_ca_file"),
        ("nonsense", "contract_ca_file"),
        (chain(MO.root, MO.contract), f"CN={EMAID} is not the certificate of an authority"),
        (chain(issued("weak", None, key=weak_key())), "the key of CN=weak must be"),
    ],
)
def test_a_file_of_authorities_that_cannot_be_used_says_why(tmp_path: Path, text: str, reason: str) -> None:
    file = tmp_path / "contracts.pem"
    file.write_text(text)
    with pytest.raises(AuthorityUnusable, match=reason):
        Authorities.read(file)
    with pytest.raises(AuthorityUnusable, match="No such file"):
        Authorities.read(tmp_path / "none.pem")


def test_authorities_that_only_vouch_for_each_other_are_no_authorities() -> None:
    first, second = issued("first", None), issued("second", None)
    crossed = (issued("first", second, key=first.key), issued("second", first, key=second.key))
    with pytest.raises(ValueError, match="no root"):
        authorities(*crossed)


def test_a_file_may_hold_several_and_the_same_twice(tmp_path: Path) -> None:
    file = tmp_path / "contracts.pem"
    file.write_text(chain(MO.root, ANOTHER.root, MO.lower, MO.upper, MO.root))
    read = Authorities.read(file)
    for mo in (MO, ANOTHER):
        contract = ContractCertificate(EMAID, mo.chain, ())
        assert examined(contract, read, NOW.timestamp()).standing is Standing.UNCERTAIN
