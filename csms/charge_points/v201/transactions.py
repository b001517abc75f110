"""2.0.1 block E, transactions. Events come twice, out of order, from a queue, without their EVSE: each counts once."""

from __future__ import annotations

from dataclasses import dataclass, replace

from csms.charge_points.connection import Reply
from csms.charge_points.metering import SampleSet, last_register_wh
from csms.charge_points.schemas import JsonObject
from csms.charge_points.session import EarlyStart, Session
from csms.charge_points.times import charger_time
from csms.charge_points.v201.authorization import id_token_info
from csms.charge_points.v201.meter_values import sample_sets
from csms.charge_points.v201.sequence import Sequence, sequence_of
from csms.domain import events as ev
from csms.domain.authorization import Purpose
from csms.domain.model import ConnectorStatus, Moment, Transaction
from csms.domain.transaction_rules import PRESUMED, cost_so_far


def transaction_event(session: Session, payload: JsonObject) -> Reply:
    """E01 to E08. A token in the event is answered with its status (E05), what brings meter values with the
    cost (I02, I03)."""
    event = _Event.read(session, payload)
    session.on_transaction(event.transaction_id)
    transaction = _known(session, event)
    sequence = _sequence(session, event, transaction)
    overtaken = event.seq_no < sequence.highest
    sequence.add(event.seq_no)
    if event.kind == "Ended":
        _ended(session, event, transaction)
    else:
        _going_on(session, event if not overtaken else replace(event, charging_state=None), transaction)
    _note_missing(session, event, sequence.missing)
    reply = _answer(session, event, payload) if "idToken" in payload else session.promised({})
    return _with_cost(session, event, reply)


def _known(session: Session, event: _Event) -> Transaction | None:
    return next((t for t in session.transactions() if t.transaction_id == event.transaction_id), None)


def _sequence(session: Session, event: _Event, transaction: Transaction | None) -> Sequence:
    """Which of its events have come: nothing comes before Started. Of a transaction that is older than this process
    that is not known; it is counted from this one on."""
    first = event.seq_no if event.kind == "Started" or transaction is not None else 0
    return sequence_of(session.sequences, event.transaction_id, first, _SEQUENCES_AT_MOST)


def _note_missing(session: Session, event: _Event, missing: int) -> None:
    transaction = _known(session, event)
    if transaction is not None and transaction.missing_events != missing:
        session.record(
            ev.EventsMissing(event.at, session.charge_point_id, transaction.connector_id, event.transaction_id, missing)
        )


def _with_cost(session: Session, event: _Event, reply: Reply) -> Reply:
    """I03: the total in the answer to the last event, 0.00 where it is free; left out where no price is known. I02: in
    the answers to meter values what it costs so far."""
    site = session.site.view().site
    if site.price_per_kwh is None or event.kind == "Started" or not (event.values or event.kind == "Ended"):
        return reply
    transaction = _known(session, event)
    if transaction is None:
        return reply
    cost = cost_so_far(site, transaction) if transaction.active else transaction.cost
    return reply if cost is None else replace(reply, payload={**reply.payload, "totalCost": cost})


@dataclass(frozen=True, slots=True)
class _Event:
    """What a TransactionEvent says."""

    at: Moment
    kind: str
    transaction_id: str
    measured_at_s: float
    evse_id: int | None
    id_token: str | None
    charging_state: str | None
    reason: str
    values: list[SampleSet]
    seq_no: int
    trigger_reason: str
    remote_start_id: int | None

    @classmethod
    def read(cls, session: Session, payload: JsonObject) -> _Event:
        at = session.now()
        info = payload["transactionInfo"]
        return cls(
            at=at,
            kind=payload["eventType"],
            transaction_id=info["transactionId"],
            measured_at_s=charger_time(payload["timestamp"], at.utc_s),
            evse_id=payload.get("evse", {}).get("id"),
            id_token=payload.get("idToken", {}).get("idToken") or None,  # C02: a start button has an empty one
            charging_state=info.get("chargingState"),
            reason=info.get("stoppedReason", "Local"),  # TransactionType: may be left out when it is Local
            values=session.as_meant(sample_sets(payload.get("meterValue", ()), at.utc_s)),
            seq_no=payload["seqNo"],
            trigger_reason=payload["triggerReason"],
            remote_start_id=info.get("remoteStartId"),
        )


def _answer(session: Session, event: _Event, payload: JsonObject) -> Reply:
    """The status of the token in the event: one that starts is checked again (C12.FR.03), one that stops is not held
    against where it charges."""
    token = payload["idToken"]
    stops = event.kind == "Ended" or payload["triggerReason"] == "StopAuthorized"
    running = _known(session, event)
    decision = session.decide(
        token["idToken"],
        Purpose.STOP if stops else Purpose.START,
        kind=token["type"],
        connector_id=event.evse_id if running is None else running.connector_id,
        transaction_id=event.transaction_id,
    )
    sent = None if stops else session.refusal(decision, event.transaction_id)
    return session.promised({"idTokenInfo": id_token_info(decision)}, sent)


def _going_on(session: Session, event: _Event, transaction: Transaction | None) -> None:
    """Started or Updated: either creates the transaction, because the other may be lost or still in a queue."""
    if transaction is None:
        connector_id = _start(session, event)
    else:
        connector_id = transaction.connector_id if transaction.active else None
    if connector_id is None:
        return
    if transaction is not None and transaction.id_token is None and event.id_token is not None:
        # E03: the car was plugged in first, the driver shows a token later.
        session.record(
            ev.TransactionAuthorized(
                event.at,
                session.charge_point_id,
                connector_id,
                event.transaction_id,
                event.id_token,
                event.remote_start_id,
            )
        )
    session.record_meter_values(connector_id, event.transaction_id, event.values)
    if event.charging_state is not None:
        _record_status(session, event.at, connector_id, CHARGING_STATES[event.charging_state])


def _ended(session: Session, event: _Event, transaction: Transaction | None) -> None:
    register_wh = last_register_wh(event.values)
    if transaction is None:
        _record_orphan(session, event, register_wh)
        return
    if not (transaction.active or transaction.stop_reason in PRESUMED):
        return  # it has ended before
    if transaction.active:
        session.record_samples(transaction, event.values)
    session.record(
        ev.TransactionEnded(
            event.at,
            session.charge_point_id,
            transaction.connector_id,
            transaction_id=transaction.transaction_id,
            ended_at_s=max(event.measured_at_s, transaction.started_at_s or event.measured_at_s),
            reason=event.reason,
            register_wh=register_wh,
        )
    )
    # No StatusNotification follows while the car stays plugged in: for the station it is occupied as before.
    if transaction.active and session.status(transaction.connector_id) in _IN_TRANSACTION:
        _record_status(session, event.at, transaction.connector_id, ConnectorStatus.FINISHING)


def _start(session: Session, event: _Event) -> int | None:
    """Record the transaction and return its connector; None if it cannot be placed yet.

    A transaction may begin before its EVSE is known (E01, TxStartPoint Authorized): it is recorded with the first
    event that names one.
    """
    early = session.early_starts.get(event.transaction_id) or EarlyStart(event.measured_at_s, event.id_token)
    connector_id = _evse(session, event)
    if connector_id is None:
        session.remember_start(event.transaction_id, early)
        return None
    running = session.running(connector_id)
    if running is not None and session.is_before(event.measured_at_s, running):
        session.log.info("ocpp.late_event_ignored", connector_id=connector_id)  # from before the running one
        return None
    session.early_starts.pop(event.transaction_id, None)
    recorded = session.record(
        ev.TransactionStarted(
            event.at,
            session.charge_point_id,
            connector_id,
            transaction_id=event.transaction_id,
            session_id=session.site.next_session_id(),
            started_at_s=early.started_at_s,
            id_token=event.id_token or early.id_token,
            register_wh=last_register_wh(event.values),
            trigger_reason=event.trigger_reason,
            remote_start_id=event.remote_start_id,
        )
    )
    return connector_id if recorded else None


def _evse(session: Session, event: _Event) -> int | None:
    """The EVSE the event names, or the only one there is."""
    if event.evse_id is not None:
        return session.place(event.evse_id)
    return 1 if session.settings().connectors == 1 else None


def _record_orphan(session: Session, event: _Event, register_wh: float | None) -> None:
    early = session.early_starts.pop(event.transaction_id, None)
    session.record(
        ev.TransactionOrphaned(
            event.at,
            session.charge_point_id,
            _evse(session, event) or _UNKNOWN_CONNECTOR,
            transaction_id=event.transaction_id,
            session_id=session.site.next_session_id(),
            ended_at_s=event.measured_at_s,
            reason=event.reason,
            id_token=event.id_token or (early.id_token if early else None),
            register_wh=register_wh,
        )
    )


def _record_status(session: Session, at: Moment, connector_id: int, status: ConnectorStatus) -> None:
    if session.status(connector_id) is not status:
        session.record(ev.ConnectorStatusChanged(at, session.charge_point_id, connector_id, status=status))


_UNKNOWN_CONNECTOR = 0
_SEQUENCES_AT_MOST = 80

CHARGING_STATES = {
    "Charging": ConnectorStatus.CHARGING,
    "EVConnected": ConnectorStatus.PREPARING,
    "SuspendedEV": ConnectorStatus.SUSPENDED_EV,
    "SuspendedEVSE": ConnectorStatus.SUSPENDED_EVSE,
    "Idle": ConnectorStatus.FINISHING,
}
_IN_TRANSACTION = frozenset(CHARGING_STATES.values()) - {ConnectorStatus.FINISHING}
