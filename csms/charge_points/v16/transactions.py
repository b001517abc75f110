"""1.6 core profile, transactions. No start and no stop is ever refused: refusing loses the session."""

from __future__ import annotations

from collections.abc import Sequence

from csms.charge_points.connection import Reply
from csms.charge_points.metering import SampleSet, last_register_wh
from csms.charge_points.schemas import JsonObject
from csms.charge_points.session import Session
from csms.charge_points.times import charger_time, tells_time
from csms.charge_points.v16.authorization import id_tag_info
from csms.charge_points.v16.meter_values import sample_sets
from csms.domain import events as ev
from csms.domain.authorization import Purpose
from csms.domain.model import Transaction
from csms.domain.transaction_rules import PRESUMED

_UNKNOWN_CONNECTOR = 0


def start_transaction(session: Session, payload: JsonObject) -> Reply:
    """Chapter 4.8. The same start again, from a queue or with a new message id, gets the same transactionId.

    A refused tag gets one too, and its transaction is kept: it runs until the charger ends it.
    """
    start_key = _start_key(payload)
    known = session.transactions()
    session_id = _known_start(session, payload, known, start_key)
    if session_id is None:
        session_id = _new_session_id(session, known)
        _record_start(session, payload, session_id, start_key)
    decision = session.decide(
        payload["idTag"], Purpose.START, connector_id=payload["connectorId"], transaction_id=str(session_id)
    )
    sent = session.refusal(decision, str(session_id))
    return session.promised({"transactionId": session_id, "idTagInfo": id_tag_info(decision)}, sent)


def stop_transaction(session: Session, payload: JsonObject) -> Reply:
    """Chapter 4.10. A stop that fits no transaction of this charge point is kept as an orphan, once."""
    end = _End(session, payload)
    known = session.transactions()
    transaction = end.wanted(known)
    if transaction is not None:
        if transaction.active:
            session.record_samples(transaction, end.samples)
        session.record(end.of(transaction))
    elif not any(end.repeats(t) for t in known):
        session.record(end.orphan(session.site.next_session_id()))
    id_tag = payload.get("idTag")
    return session.promised({} if id_tag is None else {"idTagInfo": id_tag_info(session.decide(id_tag, Purpose.STOP))})


def _start_key(payload: JsonObject) -> str:
    parts = (payload["connectorId"], payload["timestamp"], payload["meterStart"], payload["idTag"])
    return "|".join(str(part) for part in parts)


def _known_start(session: Session, payload: JsonObject, known: list[Transaction], start_key: str) -> int | None:
    """The id this start got before. By a clock that is not set, two sessions can begin alike: then only a running one
    is the same."""
    dated = tells_time(payload["timestamp"], session.now().utc_s)
    repeated = (t.session_id for t in known if t.start_key == start_key and (t.active or dated))
    return next(repeated, session.unplaced_starts.get(start_key) if dated else None)


def _new_session_id(session: Session, known: list[Transaction]) -> int:
    """An id that no orphan of this charge point has taken: those carry whatever id the charger made up."""
    taken = {t.transaction_id for t in known}
    session_id = session.site.next_session_id()
    while str(session_id) in taken:
        session_id = session.site.next_session_id()
    return session_id


def _record_start(session: Session, payload: JsonObject, session_id: int, start_key: str) -> None:
    """A start without a place, all connectors being busy or another car there by now, has its id, and its stop will
    be kept as an orphan."""
    at = session.now()
    started_at_s = charger_time(payload["timestamp"], at.utc_s)
    connector_id = session.place(payload["connectorId"])
    running = None if connector_id is None else session.running(connector_id)
    if connector_id is None or (running is not None and session.is_before(started_at_s, running)):
        session.log.warning("ocpp.start_without_connector", connector_id=payload["connectorId"])
        session.remember_unplaced(start_key, session_id)
        return
    session.record(
        ev.TransactionStarted(
            at,
            session.charge_point_id,
            connector_id,
            transaction_id=str(session_id),
            session_id=session_id,
            started_at_s=started_at_s,
            id_token=payload["idTag"],
            start_key=start_key,
            register_wh=float(payload["meterStart"]),
        )
    )


class _End:
    """What a StopTransaction says."""

    def __init__(self, session: Session, payload: JsonObject) -> None:
        self._session = session
        self._at = session.now()
        self._charge_point_id = session.charge_point_id
        self._transaction_id = str(payload["transactionId"])
        self._made_up = payload["transactionId"] <= 0
        self._id_token: str | None = payload.get("idTag")
        self._reason: str = payload.get("reason", "Local")  # chapter 6.49
        self._ended_at_s = charger_time(payload["timestamp"], self._at.utc_s)
        self.samples = session.as_meant(sample_sets(payload.get("transactionData", ()), self._at.utc_s))
        self._register_wh = _register_wh(payload, self.samples)

    def wanted(self, known: list[Transaction]) -> Transaction | None:
        """The transaction this stop ends, if it does end one.

        Chargers that started offline stop 0 or -1: with one running transaction that is the one, unless all speaks
        against it. A transaction that we took for ended (its connector began another one, or was free) may still get
        its true end.
        """
        if self._made_up:
            running = [t for t in known if t.active]
            return running[0] if len(running) == 1 and self._may_end(running[0]) else None
        wanted = next((t for t in known if t.transaction_id == self._transaction_id), None)
        return wanted if wanted is not None and (wanted.active or wanted.stop_reason in PRESUMED) else None

    def _may_end(self, running: Transaction) -> bool:
        """Not if it began later, nor if another token stops another meter."""
        other_token = self._id_token not in (None, running.id_token)
        other_meter = 0 < self._register_wh < (running.register_wh or 0.0)
        return not (self._session.is_before(self._ended_at_s, running) or (other_token and other_meter))

    def of(self, transaction: Transaction) -> ev.TransactionEnded:
        return ev.TransactionEnded(
            self._at,
            self._charge_point_id,
            transaction.connector_id,
            transaction_id=transaction.transaction_id,
            ended_at_s=max(self._ended_at_s, transaction.started_at_s or self._ended_at_s),
            reason=self._reason,
            register_wh=self._register_wh,
        )

    def orphan(self, session_id: int) -> ev.TransactionOrphaned:
        return ev.TransactionOrphaned(
            self._at,
            self._charge_point_id,
            _UNKNOWN_CONNECTOR,
            transaction_id=self._transaction_id,
            session_id=session_id,
            ended_at_s=self._ended_at_s,
            reason=self._reason,
            id_token=self._id_token,
            register_wh=self._register_wh,
        )

    def repeats(self, transaction: Transaction) -> bool:
        """Whether this transaction got this very stop before. The ids 0 and -1 say nothing; the meter does."""
        if not self._made_up:
            return transaction.transaction_id == self._transaction_id
        return transaction.ended_at_s == self._ended_at_s and transaction.register_wh == self._register_wh


def _register_wh(payload: JsonObject, samples: Sequence[SampleSet]) -> float:
    """meterStop, or, where a charger leaves that at 0, the last register value of transactionData."""
    meter_stop_wh = float(payload["meterStop"])
    if meter_stop_wh > 0:
        return meter_stop_wh
    last_wh = last_register_wh(samples)
    return meter_stop_wh if last_wh is None else last_wh
