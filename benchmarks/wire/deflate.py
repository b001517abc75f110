"""permessage-deflate (RFC 7692) as a charger has it that offers it: a window of 4 KiB for what it sends."""

from __future__ import annotations

import zlib

OFFER = "permessage-deflate; client_max_window_bits"

_SENT_WINDOW_BITS = 12
_TAIL = b"\x00\x00\xff\xff"


class Deflate:
    """Both directions of one connection; each keeps its context from message to message."""

    def __init__(self) -> None:
        self._sent = zlib.compressobj(wbits=-_SENT_WINDOW_BITS)
        self._received = zlib.decompressobj(wbits=-zlib.MAX_WBITS)

    def compressed(self, payload: bytes) -> bytes:
        return (self._sent.compress(payload) + self._sent.flush(zlib.Z_SYNC_FLUSH)).removesuffix(_TAIL)

    def inflated(self, payload: bytes) -> bytes:
        return self._received.decompress(payload + _TAIL)
