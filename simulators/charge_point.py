"""A charge point as a pure model: connectors, cars, transactions and meters, driven by the time it is told.

Methods take `now_s` and bring the model there first, through every instant at which something changes by itself
(a car reacts, a profile steps, a battery fills, a meter sample is due), so a caller who is late loses nothing.
What happened is collected as occurrences; the protocol modules turn those into messages.
"""

from dataclasses import dataclass

from simulators.car import Car, Offer
from simulators.charging_profile import Running
from simulators.connector import Connector, Reading, StopReason, Transaction
from simulators.hardware import Hardware
from simulators.offers import offers_at
from simulators.profiles import ProfileStore

LEAST_STEP_S = 0.001


@dataclass(frozen=True, slots=True)
class StatusChanged:
    at_s: float
    connector_id: int
    status: str


@dataclass(frozen=True, slots=True)
class TransactionStarted:
    at_s: float
    transaction: Transaction
    reading: Reading
    remote: bool


@dataclass(frozen=True, slots=True)
class ChargingStateChanged:
    at_s: float
    transaction: Transaction
    reading: Reading


@dataclass(frozen=True, slots=True)
class Sampled:
    at_s: float
    transaction: Transaction
    reading: Reading


@dataclass(frozen=True, slots=True)
class TransactionStopped:
    at_s: float
    transaction: Transaction
    reading: Reading
    reason: StopReason


@dataclass(frozen=True, slots=True)
class LimitChanged:
    at_s: float
    connector_id: int
    permitted_w: float


Occurrence = StatusChanged | TransactionStarted | ChargingStateChanged | Sampled | TransactionStopped | LimitChanged


class ChargePoint:
    """The model. `occurrences` is emptied by whoever reports them; `sample_interval_s` 0 means no samples."""

    def __init__(self, hardware: Hardware, connectors: int, profiles: ProfileStore, *, now_s: float) -> None:
        self.hardware = hardware
        self.profiles = profiles
        self.connectors = {number: Connector(number) for number in range(1, connectors + 1)}
        self.occurrences: list[Occurrence] = []
        self.sample_interval_s = 60.0
        self.obeys_profiles = True
        self._now_s = now_s
        self._transactions = 0
        for connector_id, offer in self.offers(now_s).items():
            self.connectors[connector_id].offer = offer

    def offers(self, at_s: float) -> dict[int, Offer]:
        """What every connector permits at an instant, as things stand."""
        if not self.obeys_profiles:
            return {number: self.hardware.rated() for number in self.connectors}
        return offers_at(self.hardware, self.profiles, self.running(), at_s)

    def running(self) -> dict[int, Running]:
        """The running transactions, as the profile store wants to know them."""
        return {
            number: Running(
                connector.transaction.transaction_id, connector.transaction.started_s, connector.plugged_in_s
            )
            for number, connector in self.connectors.items()
            if connector.transaction is not None
        }

    def transaction(self, transaction_id: str) -> Transaction | None:
        """The running transaction with this wire id."""
        return next((t for t in self._running() if t.transaction_id == transaction_id), None)

    def plug_in(self, connector_id: int, car: Car, now_s: float) -> None:
        """A car arrives. Raises ValueError when the connector is taken or out of order."""
        self.advance(now_s)
        connector = self._connector(connector_id)
        if connector.car is not None:
            raise ValueError(f"connector {connector_id} already has a car")
        connector.plug_in(car, now_s)
        self._settle()

    def unplug(self, connector_id: int, now_s: float) -> None:
        """The car leaves; a transaction that still runs ends with it."""
        self.stop(connector_id, "EVDisconnected", now_s)
        self._connector(connector_id).unplug()
        self._settle()

    def start(
        self,
        connector_id: int,
        id_token: str,
        now_s: float,
        *,
        transaction_id: str | None = None,
        remote_start_id: int | None = None,
        remote: bool = False,
    ) -> Transaction | None:
        """Begin a transaction for the car that is there; None when there is no car, or one runs already."""
        self.advance(now_s)
        connector = self._connector(connector_id)
        if connector.car is None or connector.transaction is not None or not connector.operative:
            return None
        self._transactions += 1
        transaction = Transaction(
            number=self._transactions,
            connector_id=connector_id,
            id_token=id_token,
            started_s=now_s,
            meter_start_wh=connector.energy_wh,
            transaction_id=transaction_id,
            remote_start_id=remote_start_id,
        )
        connector.begin(transaction, now_s, self.offers(now_s)[connector_id], self.sample_interval_s)
        self._note(TransactionStarted(now_s, transaction, connector.reading(now_s), remote))
        self._settle()
        return transaction

    def stop(self, connector_id: int, reason: StopReason, now_s: float) -> None:
        """End the running transaction, if there is one."""
        self.advance(now_s)
        connector = self._connector(connector_id)
        transaction = connector.transaction
        if transaction is None:
            return
        self.profiles.end_transaction(connector_id)
        connector.end()
        self._note(TransactionStopped(now_s, transaction, connector.reading(now_s), reason))
        self._settle()

    def set_operative(self, connector_id: int, operative: bool, now_s: float) -> None:
        """Take a connector out of order or back; a running transaction is finished first (1.6 5.2)."""
        self.advance(now_s)
        self._connector(connector_id).operative = operative
        self._settle()

    def set_sample_interval(self, interval_s: float, now_s: float) -> None:
        """Sample every `interval_s` from now on; 0 stops it."""
        self.advance(now_s)
        self.sample_interval_s = interval_s
        for connector in self.connectors.values():
            connector.sample_every(interval_s, now_s)

    def profiles_changed(self, now_s: float) -> None:
        """Look at the limits again, after the store was changed."""
        self.advance(now_s)
        self._settle()

    def next_change_s(self) -> float | None:
        """The next instant at which something changes by itself, or None."""
        instants = [self.profiles.next_change_s(self._now_s, self.running()) if self.obeys_profiles else None]
        instants += [connector.next_change_s(self._now_s) for connector in self.connectors.values()]
        due_s = min((instant for instant in instants if instant is not None), default=None)
        return due_s and max(due_s, self._now_s + LEAST_STEP_S)

    def advance(self, now_s: float) -> None:
        """Let time pass until `now_s`; time never runs backwards, whatever a caller's clock does."""
        while (due_s := self.next_change_s()) is not None and due_s <= now_s:
            self._step(due_s)
        if now_s > self._now_s:
            self._step(now_s)

    def _step(self, at_s: float) -> None:
        for connector in self.connectors.values():
            connector.integrate(at_s - self._now_s)
        self._now_s = at_s
        self._settle()
        for connector in self.connectors.values():
            if connector.transaction is not None and connector.sample_due(at_s, self.sample_interval_s):
                self._note(Sampled(at_s, connector.transaction, connector.reading(at_s)))

    def _settle(self) -> None:
        """Bring offers, draws and statuses in line with the instant the model has reached."""
        at_s = self._now_s
        for connector_id, offer in self.offers(at_s).items():
            connector = self.connectors[connector_id]
            if offer != connector.offer:
                connector.change_offer(offer, at_s)
                self._note(LimitChanged(at_s, connector_id, offer.power_w))
        for connector in self.connectors.values():
            connector.react(at_s)
            self._report_status(connector, at_s)

    def _report_status(self, connector: Connector, at_s: float) -> None:
        status = connector.derived_status()
        if status == connector.status:
            return
        connector.status = status
        self._note(StatusChanged(at_s, connector.connector_id, status))
        if connector.transaction is not None:
            self._note(ChargingStateChanged(at_s, connector.transaction, connector.reading(at_s)))

    def _running(self) -> list[Transaction]:
        return [c.transaction for c in self.connectors.values() if c.transaction is not None]

    def _connector(self, connector_id: int) -> Connector:
        if connector_id not in self.connectors:
            raise ValueError(f"there is no connector {connector_id}")
        return self.connectors[connector_id]

    def _note(self, occurrence: Occurrence) -> None:
        self.occurrences.append(occurrence)
