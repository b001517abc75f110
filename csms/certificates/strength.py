"""Keys and signatures that are taken: strong enough, and checked in a bounded time, whoever made them."""

from __future__ import annotations

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa

HASHES = (hashes.SHA256, hashes.SHA384, hashes.SHA512)
"""Of what is signed here, and of what is believed."""

_LEAST_RSA_BITS, _MOST_RSA_BITS = 2048, 8192
_MOST_EXPONENT = 2**32
"""Exponents in use are 3 and 65537. A check of a signature takes as long as the exponent is."""

_CURVES = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)


def is_strong(key: object) -> bool:
    if isinstance(key, rsa.RSAPublicKey):
        return _LEAST_RSA_BITS <= key.key_size <= _MOST_RSA_BITS and key.public_numbers().e <= _MOST_EXPONENT
    return isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, _CURVES)
