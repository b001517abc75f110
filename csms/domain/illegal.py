"""What State says to an event that it refuses."""


class IllegalEvent(Exception):
    """The event contradicts the state; nothing was changed."""
