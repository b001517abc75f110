"""TLS for charge points: contexts that take new certificates while they serve, and say why a handshake failed.

TLS 1.2 and above, with the cipher suites of the 1.6 security whitepaper (A00.FR.317) and of 2.0.1 part 2 (A00.FR.318),
those with forward secrecy first; an RSA and an ECDSA certificate side by side.
"""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from csms.charge_points.handshake import Certificate

_CIPHERS = ":".join(
    (
        "ECDHE-ECDSA-AES128-GCM-SHA256",
        "ECDHE-ECDSA-AES256-GCM-SHA384",
        "ECDHE-RSA-AES128-GCM-SHA256",
        "ECDHE-RSA-AES256-GCM-SHA384",
        "AES128-GCM-SHA256",
        "AES256-GCM-SHA384",
    )
)


class TlsUnusable(Exception):
    """Certificates or keys that cannot be used; says which file and why."""


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """PEM files: certificate chains, their keys in the same order, and whose client certificates are asked for.

    `client_ca` None asks for none (profile 2).
    """

    certificates: tuple[Path, ...]
    private_keys: tuple[Path, ...]
    client_ca: Path | None = None


class Tls(ssl.SSLContext):
    """The context of a listener for as long as it listens: new connections get what `reload` has read last.

    Connections and sessions of a context that was replaced keep what they have; none is resumed in a new one.
    """

    _files: TlsFiles
    _complaints: _Complaints
    _current: ssl.SSLContext
    _seen: object
    _failed: object

    @classmethod
    def of(cls, files: TlsFiles) -> Tls:
        """Raises TlsUnusable."""
        made = cls(ssl.PROTOCOL_TLS_SERVER)
        made._files, made._seen, made._failed = files, _stamps(files), None
        made._complaints = _Complaints()
        made._current = _context(files, made._complaints)
        return made

    def reload(self, *, only_if_changed: bool = True) -> bool:
        """Take what stands in the files now; True if that was done. What cannot be used is told once, and changes
        nothing."""
        seen = _stamps(self._files)
        if only_if_changed and seen in (self._seen, self._failed):
            return False
        try:
            self._current = _context(self._files, self._complaints)
        except TlsUnusable as unusable:
            if seen != self._failed:
                structlog.get_logger().error("ocpp.certificates_unusable", reason=str(unusable))
            self._failed = seen
            return False
        self._seen, self._failed = seen, None
        structlog.get_logger().info("ocpp.certificates_reloaded", files=[str(f) for f in self._files.certificates])
        return True

    def wrap_bio(self, *arguments: Any, **options: Any) -> ssl.SSLObject:  # Any: the library's own
        """How event loops begin TLS on a new connection."""
        return self._current.wrap_bio(*arguments, **options)


def subject(peer: ssl.SSLObject | None) -> Certificate | None:
    """Of the client certificate that was verified; None where there is none."""
    presented = peer.getpeercert() if peer is not None else None
    if not presented:
        return None
    parts: Any = presented.get("subject", ())  # Any: typeshed says a union of what other fields hold
    values = [(name, value) for part in parts for name, value in part]
    return Certificate(
        names=tuple(value for name, value in values if name == "commonName"),
        organizations=tuple(value for name, value in values if name == "organizationName"),
    )


class _Complaints:
    """Handshakes that failed, by reason: the first of each is told, then every power of two."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}

    def failed(self, reason: str) -> None:
        count = self._counts[reason] = self._counts.get(reason, 0) + 1
        if count & (count - 1) == 0:
            structlog.get_logger().info("ocpp.tls_refused", reason=reason, failures=count)


class _Context(ssl.SSLContext):
    complaints: _Complaints


class _Telling(ssl.SSLObject):
    """Says why a handshake failed, which event loops keep to themselves."""

    def do_handshake(self) -> None:
        try:
            super().do_handshake()
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise
        except ssl.SSLError as failure:
            if isinstance(self.context, _Context):
                self.context.complaints.failed(_reason(failure))
            raise


def _reason(failure: ssl.SSLError) -> str:
    verification = getattr(failure, "verify_message", "")
    reason = (failure.reason or "unknown").lower().replace("_", " ")
    return f"{reason}: {verification}" if verification else reason


def _context(files: TlsFiles, complaints: _Complaints) -> ssl.SSLContext:
    context = _Context(ssl.PROTOCOL_TLS_SERVER)
    context.complaints = complaints
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(_CIPHERS)
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
    context.sslobject_class = _Telling
    for certificate, key in zip(files.certificates, files.private_keys, strict=True):
        with _named(certificate, key):
            # By itself first: beside a pair of the other kind a key of that kind would not be noticed to be wrong.
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password=_no_password(key))
            context.load_cert_chain(certificate, key, password=_no_password(key))
    if files.client_ca is not None:
        with _named(files.client_ca):
            context.load_verify_locations(files.client_ca)
        context.verify_mode = ssl.CERT_REQUIRED
        # A resumed session would not be verified again: an expired certificate would open for as long as it lasts.
        context.options |= ssl.OP_NO_TICKET
        context.num_tickets = 0
    return context


@contextlib.contextmanager
def _named(*files: Path) -> Iterator[None]:
    """What is wrong with a file, as TlsUnusable: OpenSSL does not say which of a pair it is."""
    names = ", ".join(map(str, files))
    try:
        yield
    except ssl.SSLError as error:
        raise TlsUnusable(f"{names}: {(error.reason or 'is no PEM file').lower().replace('_', ' ')}") from error
    except OSError as error:
        raise TlsUnusable(f"{names}: {error.strerror or 'cannot be read'}") from error
    except ValueError as error:
        raise TlsUnusable(f"{names}: {error}") from error


def _no_password(key: Path) -> Callable[[], str]:
    """OpenSSL would ask at the terminal."""

    def refuse() -> str:
        raise ValueError(f"{key} needs a password; keys must not be encrypted")

    return refuse


def _stamps(files: TlsFiles) -> Sequence[object]:
    """Changes when a file does; a file that is not there has a stamp too."""
    named = [*files.certificates, *files.private_keys, *([files.client_ca] if files.client_ca else [])]
    return tuple(_stamp(file) for file in named)


def _stamp(file: Path) -> object:
    try:
        found = file.stat()
    except OSError as error:
        return error.errno
    return (found.st_mtime_ns, found.st_size, found.st_ino)
