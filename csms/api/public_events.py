"""What happened, as told to programs outside: one table from the events of domain.events to public ones.

Their names and fields are a promise: a field may be added, none is renamed or removed. Id tokens are never in them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from csms.api import public_security_events as security
from csms.api.fields import Time, optional_kw, optional_kwh, optional_time, time
from csms.api.table import Answer
from csms.domain import events as ev
from csms.domain.queries import StoredEvent
from csms.validation import kw


class ChargePointConnectedData(Answer):
    connection_id: str
    protocol: str


class ChargePointDisconnectedData(Answer):
    """A late end of a connection that was replaced has the older `connection_id`."""

    connection_id: str
    reason: str


class ChargePointBootedData(Answer):
    vendor: str | None
    model: str | None
    firmware_version: str | None
    reason: str | None


class ChargePointFlappingData(Answer):
    """It connected `connections` times within `within_s` seconds."""

    connections: int
    within_s: float


class StatusChangedData(Answer):
    """`connector_id` 0 is the charge point itself."""

    connector_id: int
    status: str
    error_code: str | None


class SessionStartedData(Answer):
    """A session that runs on the connector has ended with it (Superseded)."""

    session_id: int
    transaction_id: str
    connector_id: int
    started_at: Time


class SessionUpdatedData(Answer):
    """`power_kw` is the draw last reported, `energy_kwh` what was delivered since the start."""

    session_id: int
    transaction_id: str
    connector_id: int
    power_kw: float | None
    energy_kwh: float | None


class SessionRefusedData(Answer):
    """`status` is why, in OCPP 2.0.1's words."""

    transaction_id: str
    connector_id: int
    status: str


class SessionEndedData(Answer):
    """`session_id`, `started_at` and `energy_kwh` are null where they are not known."""

    session_id: int | None
    transaction_id: str
    connector_id: int
    started_at: Time | None
    ended_at: Time
    energy_kwh: float | None
    stop_reason: str


class AllocationChangedData(Answer):
    """`limits` is how many limits are sent. The decision has them, by its `decision_id`."""

    decision_id: int
    causes: list[str]
    strategy: str
    total_budget_kw: float
    permitted_kw: float
    actual_kw: float
    site_load_kw: float
    limits: int


class LimitAnsweredData(Answer):
    """`answer` is Accepted, Rejected or Unanswered; `detail` is the charger's word or what went wrong."""

    limit_id: int
    connector_id: int
    transaction_id: str | None
    limit_kw: float | None
    purpose: str | None
    answer: str
    detail: str


class AlarmRaisedData(Answer):
    """Raised again while it stands, it says something new of the same trouble."""

    alarm_id: int
    kind: str
    subject: str
    text: str
    excess_kw: float
    excess_a: float
    holders: list[str]


class AlarmClearedData(Answer):
    kind: str
    subject: str


class ConfigurationChangedData(Answer):
    """`what` is site, charge_point, smart_charging, temporary_limit or power_limit; `source` is whose temporary
    limit."""

    what: str
    source: str | None
    removed: bool


class ProgressReportedData(Answer):
    """`task` is firmware, published_firmware, diagnostics or log; `status` is OCPP's word."""

    task: str
    status: str
    request_id: int | None


class SecurityEventData(Answer):
    """`kind` is OCPP's name of it."""

    kind: str
    reported_at: Time
    detail: str


class SiteRestartedData(Answer):
    """The site's task failed and was started again from the store."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A row: the public type, what its `data` holds, the recorded event it comes from, and how."""

    name: str
    data: type[Answer]
    recorded: type[ev.Event]
    make: Callable[[StoredEvent, Any], Answer]


def _connected(_stored: StoredEvent, event: ev.ChargePointConnected) -> Answer:
    return ChargePointConnectedData(connection_id=event.connection_id, protocol=event.protocol)


def _disconnected(_stored: StoredEvent, event: ev.ChargePointDisconnected) -> Answer:
    return ChargePointDisconnectedData(connection_id=event.connection_id, reason=event.reason)


def _booted(_stored: StoredEvent, event: ev.ChargePointBooted) -> Answer:
    return ChargePointBootedData(
        vendor=event.vendor, model=event.model, firmware_version=event.firmware_version, reason=event.reason
    )


def _flapping(_stored: StoredEvent, event: ev.ChargePointFlapping) -> Answer:
    return ChargePointFlappingData(connections=event.connections, within_s=event.within_s)


def _status_changed(_stored: StoredEvent, event: ev.ConnectorStatusChanged) -> Answer:
    return StatusChangedData(connector_id=event.connector_id, status=event.status, error_code=event.error_code)


def _session_started(_stored: StoredEvent, event: ev.TransactionStarted) -> Answer:
    return SessionStartedData(
        session_id=event.session_id,
        transaction_id=event.transaction_id,
        connector_id=event.connector_id,
        started_at=time(event.started_at_s),
    )


def _session_refused(_stored: StoredEvent, event: ev.TransactionRefused) -> Answer:
    return SessionRefusedData(transaction_id=event.transaction_id, connector_id=event.connector_id, status=event.status)


def _session_ended(stored: StoredEvent, event: ev.TransactionEnded) -> Answer:
    session = stored.session
    return SessionEndedData(
        session_id=session.session_id if session else None,
        transaction_id=event.transaction_id,
        connector_id=event.connector_id,
        started_at=optional_time(session.started_at_s) if session else None,
        ended_at=time(event.ended_at_s),
        energy_kwh=optional_kwh(session.energy_wh) if session else None,
        stop_reason=event.reason,
    )


def _end_seen(_stored: StoredEvent, event: ev.TransactionOrphaned) -> Answer:
    return SessionEndedData(
        session_id=event.session_id,
        transaction_id=event.transaction_id,
        connector_id=event.connector_id,
        started_at=None,
        ended_at=time(event.ended_at_s),
        energy_kwh=None,
        stop_reason=event.reason,
    )


def _decided(_stored: StoredEvent, event: ev.DecisionMade) -> Answer:
    return AllocationChangedData(
        decision_id=event.decision_id,
        causes=list(event.causes),
        strategy=event.strategy,
        total_budget_kw=kw(event.budget_w),
        permitted_kw=kw(event.permitted_w),
        actual_kw=kw(event.drawn_w),
        site_load_kw=kw(event.site_load_w),
        limits=event.limits,
    )


def _limit_answered(answer: str) -> Callable[[StoredEvent, Any], Answer]:
    def make(stored: StoredEvent, event: ev.LimitConfirmed | ev.LimitRejected | ev.LimitUnanswered) -> Answer:
        issued = stored.issued
        match event:
            case ev.LimitRejected():
                detail = event.status
            case ev.LimitUnanswered():
                detail = event.cause
            case _:
                detail = ""
        return LimitAnsweredData(
            limit_id=event.limit_id,
            connector_id=event.connector_id,
            transaction_id=issued.transaction_id if issued else None,
            limit_kw=optional_kw(issued.limit_w) if issued else None,
            purpose=issued.purpose if issued else None,
            answer=answer,
            detail=detail,
        )

    return make


def _alarm_raised(_stored: StoredEvent, event: ev.AlarmRaised) -> Answer:
    return AlarmRaisedData(
        alarm_id=event.alarm_id,
        kind=event.kind,
        subject=event.subject,
        text=event.text,
        excess_kw=kw(event.excess_w),
        excess_a=round(event.excess_a, 3),
        holders=list(event.holders),
    )


def _alarm_cleared(_stored: StoredEvent, event: ev.AlarmCleared) -> Answer:
    return AlarmClearedData(kind=event.kind, subject=event.subject)


def _configured(what: str) -> Callable[[StoredEvent, Any], Answer]:
    def make(_stored: StoredEvent, event: ev.Event) -> Answer:
        source: str | None = None
        if isinstance(event, ev.TemporaryLimitSet):
            source = event.limit.source
        elif isinstance(event, ev.TemporaryLimitsWithdrawn):
            source = event.source
        removed = isinstance(event, (ev.SiteRemoved, ev.ChargePointRemoved, ev.OperatorLimitCleared))
        return ConfigurationChangedData(what=what, source=source, removed=removed)

    return make


def _progress(_stored: StoredEvent, event: ev.ProgressReported) -> Answer:
    return ProgressReportedData(task=event.task, status=event.status, request_id=event.request_id)


def _security_event(_stored: StoredEvent, event: ev.SecurityEventReported) -> Answer:
    return SecurityEventData(kind=event.kind, reported_at=time(event.reported_at_s), detail=event.detail)


def _restarted(_stored: StoredEvent, _event: ev.SiteRestarted) -> Answer:
    return SiteRestartedData()


SESSION_UPDATED = "session_updated"
"""The one that is not recorded: from meter values, while somebody listens."""

KINDS: tuple[Kind, ...] = (
    Kind("charge_point_connected", ChargePointConnectedData, ev.ChargePointConnected, _connected),
    Kind("charge_point_disconnected", ChargePointDisconnectedData, ev.ChargePointDisconnected, _disconnected),
    Kind("charge_point_booted", ChargePointBootedData, ev.ChargePointBooted, _booted),
    Kind("charge_point_flapping", ChargePointFlappingData, ev.ChargePointFlapping, _flapping),
    Kind("charge_point_status_changed", StatusChangedData, ev.ConnectorStatusChanged, _status_changed),
    Kind("progress_reported", ProgressReportedData, ev.ProgressReported, _progress),
    Kind("security_event", SecurityEventData, ev.SecurityEventReported, _security_event),
    Kind("security_alert", security.SecurityAlertData, ev.SecurityAlert, security.alert),
    Kind("access_changed", security.AccessChangedData, ev.PasswordOffered, security.password("offered")),
    Kind("access_changed", security.AccessChangedData, ev.PasswordRefused, security.password("refused")),
    Kind("access_changed", security.AccessChangedData, ev.SecurityProfileOffered, security.profile("offered")),
    Kind("access_changed", security.AccessChangedData, ev.SecurityProfileRefused, security.profile("refused")),
    Kind("access_changed", security.AccessChangedData, ev.CredentialsProved, security.proved),
    Kind("certificate_signed", security.CertificateSignedData, ev.CertificateSigned, security.certificate_signed),
    Kind("session_started", SessionStartedData, ev.TransactionStarted, _session_started),
    Kind("session_refused", SessionRefusedData, ev.TransactionRefused, _session_refused),
    Kind("session_ended", SessionEndedData, ev.TransactionEnded, _session_ended),
    Kind("session_ended", SessionEndedData, ev.TransactionOrphaned, _end_seen),
    Kind("allocation_changed", AllocationChangedData, ev.DecisionMade, _decided),
    Kind("limit_confirmed", LimitAnsweredData, ev.LimitConfirmed, _limit_answered("Accepted")),
    Kind("limit_rejected", LimitAnsweredData, ev.LimitRejected, _limit_answered("Rejected")),
    Kind("limit_unanswered", LimitAnsweredData, ev.LimitUnanswered, _limit_answered("Unanswered")),
    Kind("alarm_raised", AlarmRaisedData, ev.AlarmRaised, _alarm_raised),
    Kind("alarm_cleared", AlarmClearedData, ev.AlarmCleared, _alarm_cleared),
    Kind("configuration_changed", ConfigurationChangedData, ev.SiteDeclared, _configured("site")),
    Kind("configuration_changed", ConfigurationChangedData, ev.ChargePointDeclared, _configured("charge_point")),
    Kind("configuration_changed", ConfigurationChangedData, ev.SiteRemoved, _configured("site")),
    Kind("configuration_changed", ConfigurationChangedData, ev.ChargePointRemoved, _configured("charge_point")),
    Kind("configuration_changed", ConfigurationChangedData, ev.SmartChargingConfigured, _configured("smart_charging")),
    Kind("configuration_changed", ConfigurationChangedData, ev.TemporaryLimitSet, _configured("temporary_limit")),
    Kind(
        "configuration_changed", ConfigurationChangedData, ev.TemporaryLimitsWithdrawn, _configured("temporary_limit")
    ),
    Kind("configuration_changed", ConfigurationChangedData, ev.OperatorLimitSet, _configured("power_limit")),
    Kind("configuration_changed", ConfigurationChangedData, ev.OperatorLimitCleared, _configured("power_limit")),
    Kind("site_restarted", SiteRestartedData, ev.SiteRestarted, _restarted),
)

PAYLOADS: dict[str, type[Answer]] = {kind.name: kind.data for kind in KINDS} | {SESSION_UPDATED: SessionUpdatedData}
"""Every public type, with the model of its `data`."""

_BY_RECORDED = {kind.recorded: kind for kind in KINDS}


class PublicEvent(Answer):
    """`event_id` null: it is not recorded and will not come again. `data` depends on `type` (PAYLOADS)."""

    event_id: int | None
    type: str
    at: Time
    site_id: str
    charge_point_id: str | None
    data: dict[str, Any]


def public(stored: StoredEvent) -> PublicEvent:
    """Of an event of a type that `recorded` names."""
    event = stored.event
    kind = _BY_RECORDED[type(event)]
    if isinstance(event, ev.ChargePointDeclared):
        charge_point_id: str | None = event.settings.charge_point_id
    else:
        charge_point_id = event.charge_point_id if isinstance(event, ev.ChargePointEvent) else None
    return PublicEvent(
        event_id=stored.event_id,
        type=kind.name,
        at=time(event.at.utc_s),
        site_id=stored.site_id,
        charge_point_id=charge_point_id,
        data=kind.make(stored, event).model_dump(),
    )


def recorded(types: frozenset[str] | None) -> list[str]:
    """The names of the recorded events behind these public types (None: behind all)."""
    return [kind.recorded.__name__ for kind in KINDS if types is None or kind.name in types]
