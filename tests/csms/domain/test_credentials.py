"""What opens to a charge point while its password or its security profile changes."""

from dataclasses import replace

import pytest

from csms.domain.credentials import (
    MOST_OFFERED,
    access,
    password_offered,
    password_refused,
    profile_offered,
    profile_refused,
    proved,
)
from csms.domain.model import ChargePointSettings, Credentials

DECLARED = ChargePointSettings("CP-1", "s", password_sha256="declared", security_profile=1)


def offered(*passwords: str, settings: ChargePointSettings = DECLARED) -> Credentials:
    credentials = Credentials()
    for password in passwords:
        credentials = password_offered(settings, credentials, password)
    return credentials


@pytest.mark.parametrize(
    ("credentials", "passwords"),
    [
        (Credentials(), ("declared",)),
        (offered("a"), ("declared", "a")),
        (offered("a", "b"), ("declared", "a", "b")),
        (password_refused(offered("a", "b"), "b"), ("declared", "a")),
        (proved(offered("a"), "declared", 1), ("declared", "a")),
        (proved(offered("a"), "a", 1), ("a",)),
        (proved(offered("a", "b", "c"), "b", 1), ("b", "c")),
        (password_offered(DECLARED, proved(offered("a"), "a", 1), "b"), ("a", "b")),
        (proved(password_offered(DECLARED, proved(offered("a"), "a", 1), "b"), "b", 1), ("b",)),
        (offered("a", "b", "a"), ("declared", "b", "a")),
        (offered("a", "b", "c", "d", "e"), ("declared", "b", "c", "d", "e")),
    ],
)
def test_old_and_new_passwords_open_until_the_charge_point_has_come_with_one(
    credentials: Credentials, passwords: tuple[str, ...]
) -> None:
    assert access(DECLARED, credentials).passwords == passwords
    assert len(passwords) <= 1 + MOST_OFFERED


def test_a_password_declared_anew_counts_instead_of_all_that_were_set_over_ocpp() -> None:
    credentials = password_offered(DECLARED, proved(offered("a"), "a", 1), "b")
    edited = replace(DECLARED, password_sha256="edited")
    assert access(edited, credentials).passwords == ("edited",)
    assert access(edited, password_offered(edited, credentials, "c")).passwords == ("edited", "c")


def test_a_charge_point_without_a_password_may_come_without_until_it_has_come_with_one() -> None:
    free = replace(DECLARED, password_sha256=None)
    credentials = offered("a", settings=free)
    assert (access(free, credentials).free, access(free, credentials).passwords) == (True, ("a",))
    credentials = proved(credentials, "a", 1)
    assert (access(free, credentials).free, access(free, credentials).passwords) == (False, ("a",))


def test_the_least_profile_is_the_highest_ever_moved_to_and_rises_only_once_the_charge_point_has_come_over_it() -> None:
    def least(credentials: Credentials) -> int:
        return access(DECLARED, credentials).least_profile

    moved = profile_offered(Credentials(), 2)
    assert least(moved) == 1
    assert least(profile_refused(moved)) == 1
    assert least(proved(moved, "", 1)) == 1
    assert least(proved(moved, "", 2)) == 2
    assert least(proved(moved, "", 3)) == 2, "it was moved to 2, and may come back to it"
    assert least(proved(proved(moved, "", 2), "", 0)) == 2
    assert proved(moved, "", 2).offered_profile is None


def test_passwords_are_not_shown() -> None:
    assert "secret" not in repr(offered("secret"))
    assert "secret" not in repr(access(replace(DECLARED, password_sha256="secret"), offered("secret-too")))
