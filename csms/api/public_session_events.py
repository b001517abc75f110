"""Of the public events, those of sessions: their fields, and how they are made."""

from __future__ import annotations

from csms.api.fields import Time, optional_kwh, optional_time, time
from csms.api.table import Answer
from csms.domain import events as ev
from csms.domain.queries import StoredEvent


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


def started(_stored: StoredEvent, event: ev.TransactionStarted) -> Answer:
    return SessionStartedData(
        session_id=event.session_id,
        transaction_id=event.transaction_id,
        connector_id=event.connector_id,
        started_at=time(event.started_at_s),
    )


def refused(_stored: StoredEvent, event: ev.TransactionRefused) -> Answer:
    return SessionRefusedData(transaction_id=event.transaction_id, connector_id=event.connector_id, status=event.status)


def ended(stored: StoredEvent, event: ev.TransactionEnded) -> Answer:
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


def end_seen(_stored: StoredEvent, event: ev.TransactionOrphaned) -> Answer:
    return SessionEndedData(
        session_id=event.session_id,
        transaction_id=event.transaction_id,
        connector_id=event.connector_id,
        started_at=None,
        ended_at=time(event.ended_at_s),
        energy_kwh=None,
        stop_reason=event.reason,
    )
