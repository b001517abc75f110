"""The one error of the domain."""


class IllegalEvent(Exception):
    """The event contradicts the state; nothing was changed."""
