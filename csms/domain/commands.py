"""What we ask of a charge point, in no protocol's words, and how it answered."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from csms.domain.electrical import LimitForm
from csms.domain.model import LimitPurpose


@dataclass(frozen=True, slots=True)
class SetLimit:
    """Permit a connector `limit_w` (0: pause). A TRANSACTION limit belongs to `transaction_id`.

    `transaction_age_s` is how long that transaction has run: chargers that take only Relative profiles count their
    periods from its start. `profile_start_s` (UTC) lies slightly in the past, so that the limit holds at once.
    """

    connector_id: int
    purpose: LimitPurpose
    limit_w: int
    form: LimitForm
    profile_start_s: float
    transaction_id: str | None = None
    transaction_age_s: float = 0.0


@dataclass(frozen=True, slots=True)
class ClearLimits:
    """Remove every charging profile of one purpose from a connector (None: from all of them)."""

    purpose: LimitPurpose
    connector_id: int | None = None


@dataclass(frozen=True, slots=True)
class ReadSchedule:
    """What does the connector obey for the next `duration_s` seconds? (GetCompositeSchedule)"""

    connector_id: int
    duration_s: int
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Trigger:
    """Send this message now: "StatusNotification", "MeterValues", "BootNotification", "Heartbeat"."""

    message: str
    connector_id: int | None = None


Command = SetLimit | ClearLimits | ReadSchedule | Trigger


class Answer(StrEnum):
    """How a command ended. Only ACCEPTED and the refusals are clear answers."""

    ACCEPTED = "Accepted"
    REJECTED = "Rejected"
    NOT_SUPPORTED = "NotSupported"
    CALL_ERROR = "CallError"
    TIMEOUT = "Timeout"
    DISCONNECTED = "Disconnected"
    NOT_SENT = "NotSent"


@dataclass(frozen=True, slots=True)
class ScheduleLimit:
    """The first limit of a composite schedule, in its own unit."""

    unit: str
    limit: float
    phases: int | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """`detail` is the charger's own word where it says more than the answer."""

    answer: Answer
    detail: str = ""
    schedule: ScheduleLimit | None = field(default=None)

    @property
    def clear(self) -> bool:
        """Whether we know that the command took effect, or that it did not."""
        return self.answer in _CLEAR


_CLEAR = frozenset({Answer.ACCEPTED, Answer.REJECTED, Answer.NOT_SUPPORTED, Answer.NOT_SENT})
