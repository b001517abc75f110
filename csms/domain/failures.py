"""What goes wrong outside."""


class StoreFailed(Exception):
    """Something could not be written, or not be read; the message says why, without values."""
