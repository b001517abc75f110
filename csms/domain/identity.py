"""What a charge point may be called: one rule for the configuration, the REST interface and who comes unknown."""

from __future__ import annotations

LONGEST_IDENTITY = 48
"""In characters (OCPP 2.0.1 part 4 chapter 3.1.1)."""


def is_identity(text: str) -> bool:
    """Whether it can be a segment of a URL and the user name of Basic authentication (OCPP-J 1.6 chapter 3.1.1).

    A "/" can, percent-encoded; the segments "." and ".." cannot, clients resolve them away, and neither can a colon, at
    which the user name ends.
    """
    if not 0 < len(text) <= LONGEST_IDENTITY or text in {".", ".."}:
        return False
    return text.isprintable() and text == text.strip() and ":" not in text
