"""What a webhook is sent, when it is tried again, and where it may go. Pure."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress

MOST_ATTEMPTS = 14
"""With the waits between them some five hours."""

_FIRST_WAIT_S = 10.0
_LONGEST_WAIT_S = 3600.0

_EMBEDDING = tuple(map(ipaddress.ip_network, ("::/96", "64:ff9b::/96", "64:ff9b:1::/48", "2001::/32", "2002::/16")))
"""IPv6 networks whose addresses stand for IPv4 ones: IPv4-compatible, NAT64 (also local), Teredo and 6to4."""


def signature(secret: str, timestamp: int, body: bytes) -> str:
    """Of the time and the body together, so that an old delivery cannot be sent again as a new one."""
    return "sha256=" + hmac.new(secret.encode(), b"%d.%s" % (timestamp, body), hashlib.sha256).hexdigest()


def wait_s(attempts: int) -> float | None:
    """How long to wait after so many attempts that failed; None: it is given up."""
    if attempts >= MOST_ATTEMPTS:
        return None
    return float(min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2.0 ** (attempts - 1)))


def is_public(address: str) -> bool:
    """Whether an address is one of the internet, and not of the machine, its network or its provider's inside."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if ip.version == 6:
        if ip.ipv4_mapped is not None:
            return is_public(str(ip.ipv4_mapped))
        if any(ip in network for network in _EMBEDDING):
            return False
    return ip.is_global and not ip.is_multicast
