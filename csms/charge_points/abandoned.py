"""Transactions that their charger has forgotten: they are ended for us, once that is certain.

A charger says that a connector is free while a transaction runs there for us: the stop is under way, or was lost with a
reboot. In the field Available comes before StopTransaction, so it is given time; and its own stop, if it comes after
all, takes the place of the end that was presumed (domain.transaction_rules.PRESUMED).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from ocpp.v201 import call

from csms.charge_points.calls import CallFailed
from csms.charge_points.provisioning import Call
from csms.charge_points.session import Session
from csms.domain import events as ev
from csms.domain.closing import DRAWING_W
from csms.domain.model import OCPP201, ConnectorKey, ConnectorStatus, Transaction
from csms.domain.snapshot import Snapshot
from csms.domain.transaction_rules import ABANDONED

_FREE = frozenset({ConnectorStatus.AVAILABLE, ConnectorStatus.RESERVED})
_NOT_CHARGING = _FREE | {ConnectorStatus.PREPARING, ConnectorStatus.FINISHING}


def seems_abandoned(snapshot: Snapshot, key: ConnectorKey, now_steady_s: float, *, rebooted: bool) -> bool:
    """Whether the charger says, on this connection, that nothing charges where a transaction runs for us: nothing is
    plugged in, or it has `rebooted` since and does not go on with it."""
    if (snapshot.reading_power_w(key, now_steady_s) or 0.0) > DRAWING_W:
        return False
    return _status(snapshot, key) in (_NOT_CHARGING if rebooted else _FREE)


def _status(snapshot: Snapshot, key: ConnectorKey) -> ConnectorStatus | None:
    """As told on this connection."""
    connector = snapshot.connectors.get(key)
    if connector is None or connector.connection_id != snapshot.charge_points[key.charge_point_id].connection_id:
        return None
    return connector.status


class Watch:
    """Looks after the running transactions of one charge point on one connection."""

    def __init__(
        self,
        session: Session,
        ask: Call,
        spawn: Callable[[Coroutine[Any, Any, None]], object],
        after_s: float,
    ) -> None:
        self._session = session
        self._ask = ask
        self._spawn = spawn
        self._after_s = after_s
        self._before_boot: set[str] = set()
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._ended = False

    def booted(self) -> None:
        """What ran before the boot may not go on."""
        self._before_boot = {t.transaction_id for t in self._session.transactions() if t.active}

    def status_came(self, connector_id: int) -> None:
        """A status of this connector was recorded, on this connection and while its transaction runs, if one does."""
        running = self._session.running(connector_id)
        if running is None:
            return
        if not self._seems_abandoned(running):
            self._cancel(running.transaction_id)
        elif running.transaction_id not in self._timers:
            self._look_later(running)

    def goes_on(self, transaction_id: str) -> None:
        """The charger has spoken of it."""
        self._before_boot.discard(transaction_id)
        self._cancel(transaction_id)

    def end(self) -> None:
        self._ended = True
        for transaction_id in list(self._timers):
            self._cancel(transaction_id)

    def _look_later(self, transaction: Transaction) -> None:
        loop = asyncio.get_running_loop()
        self._timers[transaction.transaction_id] = loop.call_later(self._after_s, self._look, transaction)

    def _cancel(self, transaction_id: str) -> None:
        timer = self._timers.pop(transaction_id, None)
        if timer is not None:
            timer.cancel()

    def _look(self, transaction: Transaction) -> None:
        self._timers.pop(transaction.transaction_id, None)
        if self._still_in_doubt(transaction):
            self._spawn(self._settle(transaction))

    def _still_in_doubt(self, transaction: Transaction) -> bool:
        running = self._session.running(transaction.connector_id)
        same = running is not None and running.transaction_id == transaction.transaction_id
        return same and self._seems_abandoned(transaction)

    def _seems_abandoned(self, transaction: Transaction) -> bool:
        """After a boot a station of 2.0.1 says no more than that its EVSE is occupied: then it is asked."""
        rebooted = transaction.transaction_id in self._before_boot
        if rebooted and self._can_be_asked:
            return True
        now_s = self._session.now().steady_s
        return seems_abandoned(self._session.site.view(), transaction.key, now_s, rebooted=rebooted)

    async def _settle(self, transaction: Transaction) -> None:
        """Ask the charger where it can be asked; what it says of its own transaction holds."""
        goes_on = await self._goes_on(transaction) if self._can_be_asked else None
        if self._ended or not self._still_in_doubt(transaction) or goes_on:
            return
        snapshot = self._session.site.view()
        if goes_on is None and self._can_be_asked and _status(snapshot, transaction.key) not in _FREE:
            return
        connector = snapshot.connectors.get(transaction.key)
        ended_at_s = self._session.now().utc_s if connector is None else connector.status_at_s
        self._session.log.warning("session.abandoned", connector_id=transaction.connector_id)
        self._session.record(
            ev.TransactionEnded(
                self._session.now(),
                *transaction.key,
                transaction_id=transaction.transaction_id,
                ended_at_s=max(ended_at_s, transaction.started_at_s or 0.0),
                reason=ABANDONED,
            )
        )

    @property
    def _can_be_asked(self) -> bool:
        return self._session.protocol == OCPP201

    async def _goes_on(self, transaction: Transaction) -> bool | None:
        """GetTransactionStatus (E14): whether it is ongoing, or has messages about it in its queue; None: it does not
        say."""
        try:
            answer = await self._ask(call.GetTransactionStatus(transaction_id=transaction.transaction_id))
        except CallFailed:
            return None
        if answer["messagesInQueue"]:
            self._look_later(transaction)
            return True
        ongoing: bool | None = answer.get("ongoingIndicator")
        return ongoing
