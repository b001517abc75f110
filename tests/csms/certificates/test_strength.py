"""Which keys are taken."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from support.contracts import rsa_key

from csms.certificates.strength import is_strong

MODULUS = rsa_key().public_key().public_numbers().n
LARGE = (1 << 8191) + 1


@pytest.mark.parametrize(
    ("key", "taken"),
    [
        (rsa.RSAPublicNumbers(65537, MODULUS).public_key(), True),
        (rsa.RSAPublicNumbers(3, MODULUS).public_key(), True),
        (rsa.RSAPublicNumbers(2**32 + 1, MODULUS).public_key(), False),  # takes long
        (rsa.RSAPublicNumbers(65537, LARGE).public_key(), True),
        (rsa.RSAPublicNumbers(65537, LARGE << 8 | 1).public_key(), False),  # takes long
        (rsa.RSAPublicNumbers(65537, MODULUS >> 8 | 1).public_key(), False),
        (ec.generate_private_key(ec.SECP256R1()).public_key(), True),
        (ec.generate_private_key(ec.SECP384R1()).public_key(), True),
        (ec.generate_private_key(ec.SECP521R1()).public_key(), True),
        (ec.generate_private_key(ec.SECP256K1()).public_key(), False),
        (ed25519.Ed25519PrivateKey.generate().public_key(), False),
    ],
)
def test_a_key_is_taken_that_is_strong_and_checked_in_a_short_time(key: object, taken: bool) -> None:
    assert is_strong(key) is taken
