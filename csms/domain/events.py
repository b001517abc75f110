"""What happened, frozen, with its time. Events are facts: State.apply either takes one whole or refuses it."""

from __future__ import annotations

from dataclasses import dataclass, field

from csms.domain.capability_events import CapabilitiesLearned as CapabilitiesLearned  # noqa: PLC0414 - known from here
from csms.domain.capability_events import QuirksPinned as QuirksPinned  # noqa: PLC0414 - as above
from csms.domain.capability_events import WayLearned as WayLearned  # noqa: PLC0414 - as above
from csms.domain.event import ChargePointEvent as ChargePointEvent  # noqa: PLC0414 - as above
from csms.domain.event import ConnectorEvent as ConnectorEvent  # noqa: PLC0414 - as above
from csms.domain.event import Event as Event  # noqa: PLC0414 - as above
from csms.domain.grid import OperatorLimit, TemporaryLimit
from csms.domain.model import (
    ChargePointSettings,
    ConnectorStatus,
    LimitPurpose,
    PowerSource,
    Proof,
    SiteLoad,
    SiteSettings,
    SmartCharging,
)
from csms.domain.report_events import ExternalLimitCleared as ExternalLimitCleared  # noqa: PLC0414 - as above
from csms.domain.report_events import ExternalLimitSet as ExternalLimitSet  # noqa: PLC0414 - as above
from csms.domain.report_events import ProgressReported as ProgressReported  # noqa: PLC0414 - as above
from csms.domain.report_events import SecurityEventReported as SecurityEventReported  # noqa: PLC0414 - as above


@dataclass(frozen=True, slots=True)
class SiteDeclared(Event):
    """The site's settings as they hold from now on."""

    settings: SiteSettings


@dataclass(frozen=True, slots=True)
class ChargePointDeclared(Event):
    """A charge point belongs to the site, with these settings."""

    settings: ChargePointSettings


@dataclass(frozen=True, slots=True)
class SiteRemoved(Event):
    """There is no such site any more."""


@dataclass(frozen=True, slots=True)
class SmartChargingConfigured(Event):
    """The site divides its power this way from now on."""

    smart_charging: SmartCharging


@dataclass(frozen=True, slots=True)
class TemporaryLimitSet(Event):
    """A ceiling from outside, for a time; it replaces an earlier one of the same source and start."""

    limit: TemporaryLimit


@dataclass(frozen=True, slots=True)
class TemporaryLimitsWithdrawn(Event):
    """Those of one source, or all of them (None)."""

    source: str | None = None


@dataclass(frozen=True, slots=True)
class SiteLoadReported(Event):
    """What the site draws besides its chargers."""

    load: SiteLoad


@dataclass(frozen=True, slots=True)
class IdTokenErased(Event):
    """A person's token stands no longer in these sessions, nor in what was recorded of them: `stand_in` does."""

    session_ids: tuple[int, ...]
    stand_in: str


@dataclass(frozen=True, slots=True)
class DecisionMade(Event):
    """A decision that sends limits: what led to it, and how the site stood. The limits name it by `decision_id`."""

    decision_id: int
    causes: tuple[str, ...]
    strategy: str
    budget_w: int
    permitted_w: int
    drawn_w: int
    site_load_w: int
    limits: int


@dataclass(frozen=True, slots=True)
class AlarmRaised(Event):
    """`kind` and `subject` name it; raised again, it says something new of the same trouble."""

    alarm_id: int
    kind: str
    subject: str
    text: str
    excess_w: int = 0
    excess_a: float = 0.0
    holders: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AlarmCleared(Event):
    kind: str
    subject: str


@dataclass(frozen=True, slots=True)
class SiteRestarted(Event):
    """The site's task failed and was started again from the store."""

    error: str


@dataclass(frozen=True, slots=True)
class ChargePointRemoved(ChargePointEvent):
    """It does not belong to the site any more: everything known of it goes, but for its sessions and events."""


@dataclass(frozen=True, slots=True)
class ChargePointConnected(ChargePointEvent):
    """A socket was authenticated; it replaces any earlier one of the same charge point."""

    connection_id: str
    protocol: str
    security_profile: int = 0


@dataclass(frozen=True, slots=True)
class ChargePointReady(ChargePointEvent):
    """The charge point may be sent commands: it got the answer to its first message on this connection."""

    connection_id: str


@dataclass(frozen=True, slots=True)
class ChargePointDisconnected(ChargePointEvent):
    connection_id: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ChargePointFlapping(ChargePointEvent):
    """It connected `connections` times within `within_s` seconds."""

    connections: int
    within_s: float


@dataclass(frozen=True, slots=True)
class SecurityAlert(ChargePointEvent):
    """Somebody may be pretending to be this charge point; `count` times since the last one of this kind was told."""

    kind: str
    text: str
    address: str = ""
    count: int = 1


@dataclass(frozen=True, slots=True)
class CertificateSigned(ChargePointEvent):
    """A certificate was made for it; `serial_number` in hexadecimal."""

    kind: str
    serial_number: str
    expires_at_s: float


@dataclass(frozen=True, slots=True)
class PasswordOffered(ChargePointEvent):
    """A new password is about to be sent; from now on it opens too. The digest is kept with the charge point alone."""

    password_sha256: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class PasswordRefused(ChargePointEvent):
    """The charge point did not take it."""

    password_sha256: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class SecurityProfileOffered(ChargePointEvent):
    """The charge point is about to be told to come over this profile from now on."""

    security_profile: int


@dataclass(frozen=True, slots=True)
class SecurityProfileRefused(ChargePointEvent):
    security_profile: int


@dataclass(frozen=True, slots=True)
class CredentialsProved(ChargePointEvent):
    """It has come with a password or over a profile that was offered: the one before does not open any more."""

    security_profile: int
    password_sha256: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class ChargePointBooted(ChargePointEvent):
    vendor: str | None = None
    model: str | None = None
    serial_number: str | None = None
    firmware_version: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class OperatorLimitSet(ChargePointEvent):
    """An operator lets a connector, or the whole charge point, have no more than this; it replaces an earlier one."""

    limit: OperatorLimit


@dataclass(frozen=True, slots=True)
class OperatorLimitCleared(ChargePointEvent):
    """The operator's limit of a connector (0: of the whole charge point) is no more."""

    connector_id: int


@dataclass(frozen=True, slots=True)
class ConnectorStatusChanged(ConnectorEvent):
    status: ConnectorStatus
    error_code: str | None = None


@dataclass(frozen=True, slots=True)
class TransactionStarted(ConnectorEvent):
    """`session_id` comes from the store's sequence; `start_key` recognises a repetition of the same start."""

    transaction_id: str
    session_id: int
    started_at_s: float
    id_token: str | None = field(default=None, repr=False)
    start_key: str = ""
    register_wh: float | None = None
    trigger_reason: str | None = None
    remote_start_id: int | None = None


@dataclass(frozen=True, slots=True)
class TransactionAuthorized(ConnectorEvent):
    """A running transaction that began without an id token has got one (OCPP 2.0.1: a car plugged in first)."""

    transaction_id: str
    id_token: str = field(repr=False)
    remote_start_id: int | None = None


@dataclass(frozen=True, slots=True)
class TransactionRefused(ConnectorEvent):
    """The charger was told that the id token of its transaction is refused: `status` is why. It runs until it ends."""

    transaction_id: str
    status: str


@dataclass(frozen=True, slots=True)
class TransactionEnded(ConnectorEvent):
    transaction_id: str
    ended_at_s: float
    reason: str
    register_wh: float | None = None


@dataclass(frozen=True, slots=True)
class EventsMissing(ConnectorEvent):
    """So many messages about a transaction have not come, by their numbers; 0: those that were missing came late."""

    transaction_id: str
    missing: int


@dataclass(frozen=True, slots=True)
class TransactionOrphaned(ConnectorEvent):
    """An end without a known start; kept as a completed session."""

    transaction_id: str
    session_id: int
    ended_at_s: float
    reason: str
    id_token: str | None = field(default=None, repr=False)
    register_wh: float | None = None


@dataclass(frozen=True, slots=True)
class MeterValuesReceived(ConnectorEvent):
    """`power_w` and `source` are None when the message carried no power; State then tries the energy slope."""

    measured_at_s: float
    transaction_id: str | None = None
    power_w: float | None = None
    source: PowerSource | None = None
    energy_wh: float | None = None
    currents_a: tuple[float, ...] | None = None


@dataclass(frozen=True, slots=True)
class LimitIssued(ConnectorEvent):
    """A limit is about to be sent; on disk before it leaves. See domain.limits.Limit for its lease."""

    limit_id: int
    purpose: LimitPurpose
    limit_w: int
    connection_id: str
    transaction_id: str | None = None
    cause: str = ""
    lease_s: float | None = None
    then_w: int = 0
    phases: int | None = None
    decision_id: int | None = None
    renewal: bool = False


@dataclass(frozen=True, slots=True)
class LimitRequested(ConnectorEvent):
    """The charger or the car wants to be told the limit of its session again; `why` in words."""

    why: str


@dataclass(frozen=True, slots=True)
class LimitConfirmed(ConnectorEvent):
    limit_id: int


@dataclass(frozen=True, slots=True)
class LimitRejected(ConnectorEvent):
    """A clear no (`status` is the charger's word): the limits in force before stay in force."""

    limit_id: int
    status: str


@dataclass(frozen=True, slots=True)
class LimitUnanswered(ConnectorEvent):
    """No answer, or an error: the limit may or may not be in force. `cause` says which."""

    limit_id: int
    cause: str


@dataclass(frozen=True, slots=True)
class LimitShown(ConnectorEvent):
    """The composite schedule shows this limit in force, or the charger cannot be asked: what was sent on an earlier
    connection and never answered is no longer to be expected."""

    limit_id: int
    purpose: LimitPurpose


@dataclass(frozen=True, slots=True)
class DefaultProved(ConnectorEvent):
    """What the composite schedule said of a connector's default profile."""

    proof: Proof
    detail: str = ""


@dataclass(frozen=True, slots=True)
class LeaseProved(ChargePointEvent):
    """Whether the composite schedule showed the step at the end of a lease."""

    proof: Proof
    detail: str = ""


@dataclass(frozen=True, slots=True)
class LimitExceeded(ConnectorEvent):
    """A connector was metered above everything it may have been permitted, or without a transaction."""

    power_w: float
    permitted_w: int
    idle: bool = False


@dataclass(frozen=True, slots=True)
class LimitObeyed(ConnectorEvent):
    """A connector that exceeded its limit has complied for a while."""
