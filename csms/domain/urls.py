"""Which addresses charge points may be sent to, to fetch, to upload or to connect: a list of prefixes, compared part
by part."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from urllib.parse import SplitResult, unquote, urlsplit

_PORTS = {"http": 80, "https": 443, "ftp": 21, "ftps": 990, "sftp": 22, "ws": 80, "wss": 443}

# What RFC 3986 lets stand in an address. Everything else, backslashes and blanks first of all, is read by one
# program in one way and by the next in another.
_PLAIN = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+")


def url_allowed(url: str, prefixes: Sequence[str]) -> bool:
    """Whether the address lies below one of the prefixes: same scheme, host and port, and the path whole segments of
    it. Users and passwords in it change nothing of that."""
    wanted = _parts(url)
    return wanted is not None and any(_below(wanted, prefix) for prefix in map(_parts, prefixes) if prefix is not None)


def url_understood(url: str) -> bool:
    """Whether the text is an address that can be compared: absolute, with a host, nothing in it to be read twice."""
    return _parts(url) is not None


def is_central_system(text: object) -> bool:
    """Whether a text, as the value of whatever setting, is the address of a central system (OCPP-J 1.6 section 3.1.1):
    1.6 has no standard key for it, and every make one of its own."""
    return isinstance(text, str) and text.strip().lower().startswith(("ws:", "wss:"))


def own_urls(doors: Iterable[tuple[str, int, bool]]) -> tuple[str, ...]:
    """The addresses of our own listeners (host, port, TLS). One that listens on every address of the machine has none
    that could be told."""
    return tuple(
        f"{'wss' if tls else 'ws'}://{f'[{host}]' if ':' in host else host}:{port}/"
        for host, port, tls in doors
        if host not in _EVERY_ADDRESS
    )


_EVERY_ADDRESS = frozenset({"0.0.0.0", "::"})

_Parts = tuple[str, str, int, tuple[str, ...]]


def _parts(url: str) -> _Parts | None:
    if not _PLAIN.fullmatch(url):
        return None
    try:
        split = urlsplit(url)
        port = split.port
    except ValueError:
        return None
    scheme = split.scheme.lower()
    default = _PORTS.get(scheme)
    if default is None or not split.hostname or split.netloc.count("@") > 1:
        return None
    segments = _segments(split)
    if segments is None:
        return None
    return scheme, split.hostname.rstrip(".").lower(), default if port is None else port, segments


def _segments(split: SplitResult) -> tuple[str, ...] | None:
    """None for a path that leads upwards, however it is written."""
    segments = tuple(segment for segment in unquote(split.path).split("/") if segment)
    return None if {".", ".."} & set(segments) or "\\" in unquote(split.path) else segments


def _below(wanted: _Parts, prefix: _Parts) -> bool:
    return wanted[:3] == prefix[:3] and wanted[3][: len(prefix[3])] == prefix[3]
