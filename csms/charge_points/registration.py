"""Who is let in and is not accepted yet: what such a charge point may say (2.0.1 B01 to B03, 1.6 chapter 4.2).

The operator decides, per charge point, how its BootNotification is answered. While it is not accepted we command it
nothing of our own accord. What a station of 2.0.1 says of itself meanwhile is refused, unless it was asked for it; a
charge point of 1.6 keeps what it has to say in its queue, and whatever it sends all the same is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from csms.charge_points.connection import Handlers, Refused, Reply
from csms.charge_points.schemas import JsonObject
from csms.charge_points.session import Handler, Session
from csms.charge_points.times import rfc3339
from csms.charge_points.wire import action_of, payload_of
from csms.domain.model import OCPP201, Moment

STATUSES: Mapping[str, str] = {"accept": "Accepted", "pending": "Pending", "reject": "Rejected"}
"""ChargePointSettings.registration -> RegistrationStatus."""


def accepted(session: Session) -> bool:
    return session.settings().registration == "accept"


def boot_answer(session: Session, at: Moment) -> Reply:
    """`interval` is that of heartbeats, and of the next BootNotification where it is not accepted (B02.FR.04)."""
    answer = {
        "currentTime": rfc3339(at.utc_s),
        "interval": session.heartbeat_interval_s,
        "status": STATUSES[session.settings().registration],
    }
    return Reply(answer, sent=session.on_booted if accepted(session) else None)


def guarded(handlers: Mapping[str, Handler], session: Session) -> Handlers:
    """The handlers of a version, bound to their charge point."""
    return {action: _guard(action, handler, session) for action, handler in handlers.items()}


def note_request(session: Session, message: object) -> None:
    """A request leaves: what it asks for may come although the station is not accepted (B01.FR.10, B02.FR.02)."""
    action = action_of(message)
    if action in ("TriggerMessage", "ExtendedTriggerMessage"):
        wanted = str(payload_of(message).get("requestedMessage"))
        session.asked_for.add("SignCertificate" if wanted.startswith("Sign") else wanted)
    elif action in _REPORTS:
        session.asked_for.add(_REPORTS[action])


def _guard(action: str, handler: Handler, session: Session) -> Callable[[JsonObject], Reply]:
    def handle(payload: JsonObject) -> Reply:
        may = session.protocol != OCPP201 or action == "BootNotification" or accepted(session)
        if not may and action not in session.asked_for:
            raise Refused("SecurityError", "the charging station is not accepted: only BootNotification is")
        if not may and not payload.get("tbc", False):
            session.asked_for.discard(action)
        return handler(session, payload)

    return handle


_REPORTS = {
    "GetBaseReport": "NotifyReport",
    "GetReport": "NotifyReport",
    "GetMonitoringReport": "NotifyMonitoringReport",
    "GetChargingProfiles": "ReportChargingProfiles",
    "CustomerInformation": "NotifyCustomerInformation",
    "GetDisplayMessages": "NotifyDisplayMessages",
}
"""Requests that are answered by another message later."""
