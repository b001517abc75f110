"""permessage-deflate (RFC 7692) as a charger has it that offers it: a window of 4 KiB for what it sends."""

from __future__ import annotations

import zlib

OFFER = "permessage-deflate; client_max_window_bits"

_SENT_WINDOW_BITS = 12
_TAIL = b"\x00\x00\xff\xff"


class Deflate:
    """Both directions of one connection; each keeps its context from message to message, unless the server's answer to
    the offer says that it must not (section 7.1.1)."""

    def __init__(self, answer: str) -> None:
        self._forgets_sent = "client_no_context_takeover" in answer
        self._forgets_received = "server_no_context_takeover" in answer
        self._sent = zlib.compressobj(wbits=-_SENT_WINDOW_BITS)
        self._received = zlib.decompressobj(wbits=-zlib.MAX_WBITS)

    def compressed(self, payload: bytes) -> bytes:
        if self._forgets_sent:
            self._sent = zlib.compressobj(wbits=-_SENT_WINDOW_BITS)
        return (self._sent.compress(payload) + self._sent.flush(zlib.Z_SYNC_FLUSH)).removesuffix(_TAIL)

    def inflated(self, payload: bytes) -> bytes:
        if self._forgets_received:
            self._received = zlib.decompressobj(wbits=-zlib.MAX_WBITS)
        return self._received.decompress(payload + _TAIL)
