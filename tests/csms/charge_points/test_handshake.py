"""Who gets in, and with which version."""

from base64 import b64encode
from dataclasses import replace
from hashlib import sha256

import pytest
from charge_point_fakes import FakeDirectory, FakeSite, charge_point

from csms.charge_points.handshake import Certificate, Entrance, Entry, Refusal, Welcome, choose, decide, identity
from csms.domain import events as ev
from csms.domain.model import OCPP16, OCPP201, Moment

KEY = bytes.fromhex("f0a1" * 10)  # 20 bytes, as 1.6's AuthorizationKey; not valid UTF-8
KEY_SHA256 = sha256(KEY).hexdigest()
HEX_SHA256 = sha256(KEY.hex().encode()).hexdigest()
UPPER_HEX_SHA256 = sha256(KEY.hex().upper().encode()).hexdigest()
TEXT_SHA256 = sha256("pässword".encode()).hexdigest()


def basic(password: bytes, user: str = "CP-1") -> str:
    return "Basic " + b64encode(user.encode() + b":" + password).decode()


def directory(password_sha256: str | None = None) -> FakeDirectory:
    return FakeDirectory(FakeSite(charge_point(password_sha256=password_sha256)))


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/ocpp/CP-1", "CP-1"),
        ("/ocpp/1.6/CP-1", "CP-1"),
        ("/ocpp16/CP-1", "CP-1"),
        ("/CP-1", "CP-1"),
        ("/ocpp/CP-1?token=1/2", "CP-1"),
        ("/ocpp/RDAM%7C123", "RDAM|123"),
        ("/ocpp/Stra%C3%9Fe", "Straße"),
        ("/ocpp/" + "x" * 48, "x" * 48),
        ("/ocpp/" + "x" * 49, None),
        ("/ocpp/CP:1", None),
        ("/ocpp/CP%3A1", None),
        ("/ocpp/CP-1/", None),
        ("/", None),
        ("", None),
        ("/ocpp/%FF", None),
        ("/ocpp/CP%00", None),
        ("/ocpp/CP%0A", None),
        ("/ocpp/CP%2F1", "CP/1"),
        ("/ocpp/%20CP-1", None),
        ("/ocpp/%2E%2E", None),
    ],
)
def test_the_identity_is_the_last_segment_of_the_path(path: str, name: str | None) -> None:
    assert identity(path) == name


@pytest.mark.parametrize(
    ("offered", "assumed", "chosen"),
    [
        (["ocpp1.6"], None, OCPP16),
        (["ocpp2.0.1"], None, OCPP201),
        (["ocpp1.6", "ocpp2.0.1"], None, OCPP201),
        (["ocpp2.0.1", "ocpp1.6"], None, OCPP201),
        (["ocpp0.1", "ocpp1.6"], None, OCPP16),
        (["ocpp1.5", "ocpp2.1"], OCPP16, None),
        ([], OCPP16, OCPP16),
        ([], None, None),
    ],
)
def test_the_best_version_both_speak_is_chosen(offered: list[str], assumed: str | None, chosen: str | None) -> None:
    assert choose(offered, assumed) == chosen


@pytest.mark.parametrize(
    ("password_sha256", "authorization", "welcome"),
    [
        (None, None, True),
        (None, basic(b"anything"), True),
        (TEXT_SHA256, basic("pässword".encode()), True),
        (TEXT_SHA256, basic("pässword".encode()).replace("Basic", "basic"), True),
        (TEXT_SHA256, basic("PÄSSWORD".encode()), False),
        (TEXT_SHA256, basic("pässword".encode(), user="CP-2"), False),
        (TEXT_SHA256, basic("pässword".encode(), user=""), False),
        (TEXT_SHA256, None, False),
        (TEXT_SHA256, "Basic", False),
        (TEXT_SHA256, "Basic !!!", False),
        (TEXT_SHA256, "Bearer " + b64encode(b"CP-1:x").decode(), False),
        (KEY_SHA256, basic(KEY), True),
        (KEY_SHA256, basic(KEY.hex().encode()), True),
        (KEY_SHA256, basic(KEY.hex().upper().encode()), True),
        (HEX_SHA256, basic(KEY), True),
        (HEX_SHA256, basic(KEY.hex().encode()), True),
        (HEX_SHA256, basic(KEY.hex().upper().encode()), True),
        (UPPER_HEX_SHA256, basic(KEY), True),
        (HEX_SHA256, basic(KEY[:-1]), False),
        (HEX_SHA256.upper(), basic(KEY), True),
        (sha256(b"Secret").hexdigest(), basic(b"secret"), False),
    ],
)
def test_the_password_is_taken_as_text_as_bytes_and_as_their_hex_text(
    password_sha256: str | None, authorization: str | None, welcome: bool
) -> None:
    known = directory(password_sha256=password_sha256)
    decision = decide("/ocpp/CP-1", authorization, [OCPP16], known)
    if welcome:
        entry = Entry() if password_sha256 is None else Entry(1, password_sha256)
        assert decision == Welcome("CP-1", OCPP16, entry)
    else:
        assert decision == Refusal(401, "wrong credentials", "CP-1")  # type: ignore[arg-type]  # HTTPStatus is an int


@pytest.mark.parametrize(
    ("path", "status"),
    [("/ocpp/CP-9", 404), ("/ocpp/", 404), ("/ocpp/CP:1", 404), ("/ocpp/CP-1", 400)],
)
def test_whoever_is_unknown_or_speaks_nothing_we_speak_is_refused(path: str, status: int) -> None:
    decision = decide(path, None, ["ocpp1.5"], directory())
    assert isinstance(decision, Refusal)
    assert decision.status == status


def test_wrong_credentials_are_refused_before_the_version_is_looked_at() -> None:
    decision = decide("/ocpp/CP-1", None, [], directory(password_sha256=TEXT_SHA256))
    assert isinstance(decision, Refusal)
    assert decision.status == 401


def test_an_unknown_charge_point_that_is_accepted_is_not_admitted_by_the_handshake() -> None:
    site = FakeSite()
    known = FakeDirectory(site, {"NEW": charge_point("NEW")})
    assert decide("/ocpp/NEW", None, [OCPP201], known) == Welcome("NEW", OCPP201)
    assert "NEW" not in site.state.settings


RIGHT = basic(b"right")
RIGHT_SHA256 = sha256(b"right").hexdigest()
OURS = Certificate(("CP-1",), ("Charging Ltd",))


@pytest.mark.parametrize(
    ("settings", "entrance", "authorization", "certificate", "expected"),
    [
        # Profile 1 and 2 need a password, of everybody.
        ({}, Entrance(1), None, None, "wrong credentials"),
        ({}, Entrance(2), RIGHT, None, "wrong credentials"),
        ({"password_sha256": RIGHT_SHA256}, Entrance(1), RIGHT, None, Entry(1, RIGHT_SHA256)),
        ({"password_sha256": RIGHT_SHA256}, Entrance(2), RIGHT, None, Entry(2, RIGHT_SHA256)),
        ({"password_sha256": RIGHT_SHA256}, Entrance(2), basic(b"wrong"), None, "wrong credentials"),
        # Profile 3 needs a certificate in its name, and no password.
        ({}, Entrance(3), None, OURS, Entry(3)),
        ({"password_sha256": RIGHT_SHA256}, Entrance(3), None, OURS, Entry(3)),
        ({"password_sha256": RIGHT_SHA256}, Entrance(3), RIGHT, None, "wrong credentials"),
        ({}, Entrance(3), None, Certificate(("CP-11",)), "the certificate has another common name"),
        ({}, Entrance(3), None, Certificate(("CP-2", "CP-1")), "the certificate has another common name"),
        ({}, Entrance(3), None, Certificate(("CP-1", "CP-2")), "the certificate has another common name"),
        ({}, Entrance(3), None, Certificate(()), "the certificate has another common name"),
        ({"certificate_name": "SN-1"}, Entrance(3), None, Certificate(("SN-1",)), Entry(3)),
        ({"certificate_name": "SN-1"}, Entrance(3), None, OURS, "the certificate has another common name"),
        ({}, Entrance(3, "Charging Ltd"), None, OURS, Entry(3)),
        ({}, Entrance(3, "Charging"), None, OURS, "the certificate is of another organization"),
        ({}, Entrance(3, "Charging Ltd"), None, Certificate(("CP-1",)), "the certificate is of another organization"),
        # Never below the least profile, once it is known who asks.
        ({"security_profile": 1}, Entrance(0), None, None, "the security profile is too low"),
        ({"security_profile": 1, "password_sha256": RIGHT_SHA256}, Entrance(0), RIGHT, None, Entry(1, RIGHT_SHA256)),
        ({"security_profile": 2, "password_sha256": RIGHT_SHA256}, Entrance(1), None, None, "wrong credentials"),
        (
            {"security_profile": 2, "password_sha256": RIGHT_SHA256},
            Entrance(1),
            RIGHT,
            None,
            "the security profile is too low",
        ),
        ({"security_profile": 2}, Entrance(3), None, OURS, Entry(3)),
    ],
)
def test_each_security_profile_asks_for_its_own_proof(
    settings: dict[str, object],
    entrance: Entrance,
    authorization: str | None,
    certificate: Certificate | None,
    expected: Entry | str,
) -> None:
    known = FakeDirectory(FakeSite(replace(charge_point(), **settings)))  # type: ignore[arg-type]  # of any field
    decision = decide("/ocpp/CP-1", authorization, [OCPP16], known, entrance, certificate)
    assert (decision.entry if isinstance(decision, Welcome) else decision.reason) == expected


def test_a_password_that_was_offered_opens_beside_the_old_one_until_the_charge_point_has_come_with_it() -> None:
    site = FakeSite(charge_point(password_sha256=sha256(b"old").hexdigest()))
    known, new = FakeDirectory(site), sha256(KEY.hex().encode()).hexdigest()

    def opens(password: bytes) -> bool:
        return isinstance(decide("/ocpp/CP-1", basic(password), [OCPP16], known), Welcome)

    site.state.apply(ev.PasswordOffered(Moment(0, 0), "CP-1", new))
    assert (opens(b"old"), opens(KEY), opens(KEY.hex().encode())) == (True, True, True)
    site.state.apply(ev.CredentialsProved(Moment(0, 0), "CP-1", 1, new))
    assert (opens(b"old"), opens(KEY), opens(KEY.hex().encode())) == (False, True, True)
