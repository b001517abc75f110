"""What happened, as told to programs outside: one table from the events of domain.events to public ones.

Their names and fields are a promise: a field may be added, none is renamed or removed. Id tokens are never in them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from csms.api import public_charge_point_events as point
from csms.api import public_security_events as security
from csms.api import public_session_events as session
from csms.api import public_site_events as site
from csms.api.fields import Time, time
from csms.api.table import Answer
from csms.domain import events as ev
from csms.domain.queries import StoredEvent


@dataclass(frozen=True, slots=True)
class Kind:
    """A row: the public type, what its `data` holds, the recorded event it comes from, and how."""

    name: str
    data: type[Answer]
    recorded: type[ev.Event]
    make: Callable[[StoredEvent, Any], Answer]


SESSION_UPDATED = "session_updated"
"""The one that is not recorded: from meter values, while somebody listens."""


def _configured(recorded: type[ev.Event], what: str) -> Kind:
    return Kind("configuration_changed", site.ConfigurationChangedData, recorded, site.configured(what))


KINDS: tuple[Kind, ...] = (
    Kind("charge_point_connected", point.ChargePointConnectedData, ev.ChargePointConnected, point.connected),
    Kind(
        "charge_point_disconnected",
        point.ChargePointDisconnectedData,
        ev.ChargePointDisconnected,
        point.disconnected,
    ),
    Kind("charge_point_booted", point.ChargePointBootedData, ev.ChargePointBooted, point.booted),
    Kind("charge_point_flapping", point.ChargePointFlappingData, ev.ChargePointFlapping, point.flapping),
    Kind(
        "charge_point_status_changed",
        point.StatusChangedData,
        ev.ConnectorStatusChanged,
        point.status_changed,
    ),
    Kind("progress_reported", point.ProgressReportedData, ev.ProgressReported, point.progress),
    Kind("way_learned", point.WayLearnedData, ev.WayLearned, point.way_learned),
    Kind("security_event", security.SecurityEventData, ev.SecurityEventReported, security.security_event),
    Kind("security_alert", security.SecurityAlertData, ev.SecurityAlert, security.alert),
    Kind("access_changed", security.AccessChangedData, ev.PasswordOffered, security.password("offered")),
    Kind("access_changed", security.AccessChangedData, ev.PasswordRefused, security.password("refused")),
    Kind("access_changed", security.AccessChangedData, ev.SecurityProfileOffered, security.profile("offered")),
    Kind("access_changed", security.AccessChangedData, ev.SecurityProfileRefused, security.profile("refused")),
    Kind("access_changed", security.AccessChangedData, ev.CredentialsProved, security.proved),
    Kind("certificate_signed", security.CertificateSignedData, ev.CertificateSigned, security.certificate_signed),
    Kind("session_started", session.SessionStartedData, ev.TransactionStarted, session.started),
    Kind("session_refused", session.SessionRefusedData, ev.TransactionRefused, session.refused),
    Kind("session_ended", session.SessionEndedData, ev.TransactionEnded, session.ended),
    Kind("session_ended", session.SessionEndedData, ev.TransactionOrphaned, session.end_seen),
    Kind("allocation_changed", site.AllocationChangedData, ev.DecisionMade, site.decided),
    Kind("limit_confirmed", site.LimitAnsweredData, ev.LimitConfirmed, site.limit_answered("Accepted")),
    Kind("limit_rejected", site.LimitAnsweredData, ev.LimitRejected, site.limit_answered("Rejected")),
    Kind("limit_unanswered", site.LimitAnsweredData, ev.LimitUnanswered, site.limit_answered("Unanswered")),
    Kind("alarm_raised", site.AlarmRaisedData, ev.AlarmRaised, site.alarm_raised),
    Kind("alarm_cleared", site.AlarmClearedData, ev.AlarmCleared, site.alarm_cleared),
    _configured(ev.SiteDeclared, "site"),
    _configured(ev.ChargePointDeclared, "charge_point"),
    _configured(ev.SiteRemoved, "site"),
    _configured(ev.ChargePointRemoved, "charge_point"),
    _configured(ev.SmartChargingConfigured, "smart_charging"),
    _configured(ev.TemporaryLimitSet, "temporary_limit"),
    _configured(ev.TemporaryLimitsWithdrawn, "temporary_limit"),
    _configured(ev.OperatorLimitSet, "power_limit"),
    _configured(ev.OperatorLimitCleared, "power_limit"),
    _configured(ev.QuirksPinned, "quirks"),
    Kind("site_restarted", site.SiteRestartedData, ev.SiteRestarted, site.restarted),
)

PAYLOADS: dict[str, type[Answer]] = {kind.name: kind.data for kind in KINDS} | {
    SESSION_UPDATED: session.SessionUpdatedData
}
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
