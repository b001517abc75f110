"""A charge point as a pure model: connectors, cars, transactions and meters, driven by the time it is told.

Methods take `now_s` and bring the model there first, through every instant at which something changes by itself
(a car reacts, a profile steps, a battery fills, a meter sample is due), so a caller who is late loses nothing.
What happened is collected as occurrences; the protocol modules turn those into messages.
"""

from collections.abc import Callable
from dataclasses import replace

from simulators.behaviour import BY_THE_BOOK, Behaviour
from simulators.car import NO_DRAW, Car, Draw, Offer
from simulators.charging_profile import ChargingProfile, Limit, Running
from simulators.connector import Connector, StopReason, Transaction
from simulators.delayed import DelayedChanges, Outcome
from simulators.hardware import Hardware
from simulators.misconduct import install
from simulators.occurrences import (
    ChargingStateChanged,
    DrawChanged,
    LimitChanged,
    Occurrence,
    Sampled,
    SampledFreely,
    StatusChanged,
    TransactionStarted,
    TransactionStopped,
)
from simulators.offers import NOTHING_PERMITTED, Permitted, added, least, permitted_together, seen
from simulators.outlook import Outlook
from simulators.profiles import Installed, ProfileStore

LEAST_STEP_S = 0.001


class ChargePoint:
    """The model. `occurrences` is emptied by whoever reports them; `sample_interval_s` 0 means no samples.

    Its own clock may be wrong by `clock_ahead_s`; profiles are read by that clock, everything else by `now_s`.
    """

    def __init__(
        self,
        hardware: Hardware,
        connectors: int,
        profiles: ProfileStore,
        *,
        now_s: float,
        behaviour: Behaviour = BY_THE_BOOK,
    ) -> None:
        self.hardware = hardware
        self.profiles = profiles
        self.clock_ahead_s = behaviour.clock_ahead_s
        self.connectors = {number: Connector(number) for number in range(1, connectors + 1)}
        self.occurrences: list[Occurrence] = []
        self.sample_interval_s = 60.0
        self._behaviour = behaviour
        self._now_s = now_s
        self._transactions = 0
        self._drawn: dict[int, Draw] = dict.fromkeys(self.connectors, NO_DRAW)
        self._accepted = DelayedChanges()
        self._outlook = Outlook(hardware, profiles)
        self._rated = hardware.rated()
        self._due_s: float | None = None
        self._due_known = False
        self._station_limit = profiles.station_limit(self.clock_s(now_s))
        self._hold()
        for connector_id, offer in self.offers(now_s).items():
            self.connectors[connector_id].offer = offer

    @property
    def behaviour(self) -> Behaviour:
        return self._behaviour

    def behave(self, behaviour: Behaviour, now_s: float) -> None:
        """Depart from the book like this from now on."""
        self.advance(now_s)
        self._behaviour = behaviour
        self._hold()
        self._settle()

    def clock_s(self, at_s: float) -> float:
        """What the charger's own clock shows at an instant."""
        return at_s + self.clock_ahead_s

    def set_clock(self, shown_s: float, now_s: float) -> None:
        """Let its clock show `shown_s` now; how long ago something happened it knows all the same."""
        self.advance(now_s)
        shift_s = shown_s - self.clock_s(now_s)
        self.clock_ahead_s += shift_s
        self.profiles.installed = [
            replace(item, received_s=item.received_s + shift_s) for item in self.profiles.installed
        ]
        self._settle()

    def offers(self, at_s: float) -> dict[int, Offer]:
        """What every connector permits at an instant, as things stand."""
        if self._behaviour.charges_at_rating:
            return dict.fromkeys(self.connectors, self._rated)
        offers = self._look_at_profiles(at_s).offers
        if self._behaviour.keeps_a:
            kept = self.hardware.offer(Limit("A", self._behaviour.keeps_a))
            offers = {n: kept if 0 < offer.current_a < kept.current_a else offer for n, offer in offers.items()}
        if self._behaviour.charges_freely == "at_rating":
            idle = [number for number, connector in self.connectors.items() if connector.transaction is None]
            return offers | dict.fromkeys(idle, self._rated)
        return offers

    def permitted(self) -> dict[int, Permitted]:
        """What an observer counts for every connector: its offer, nothing where no car could draw."""
        return {number: self._permitted(connector) for number, connector in self.connectors.items()}

    def permitted_together(self, at_s: float) -> Permitted:
        """What an observer counts for all connectors at the same time."""
        everything = added(self.permitted().values())
        freely = self._behaviour.charges_at_rating or self._behaviour.charges_freely == "at_rating"
        if freely or self._behaviour.keeps_a:
            return everything
        together = permitted_together(self.hardware, self.profiles, self.running(), self.clock_s(at_s))
        return least(everything, together)

    def _look_at_profiles(self, at_s: float) -> Outlook:
        self._outlook.look(self.running(), self.clock_s(at_s))
        return self._outlook

    def _permitted(self, connector: Connector) -> Permitted:
        idle_for_good = connector.transaction is None and not connector.operative
        return NOTHING_PERMITTED if idle_for_good else seen(self.hardware, connector.offer)

    def running(self) -> dict[int, Running]:
        """The running transactions, as the profile store wants to know them: by the charger's clock of today."""
        return {
            number: Running(
                connector.transaction.transaction_id,
                self.clock_s(connector.transaction.started_s),
                self.clock_s(connector.plugged_in_s),
            )
            for number, connector in self.connectors.items()
            if connector.transaction is not None
        }

    def free(self) -> list[int]:
        """The connectors that take a remote start."""
        behaviour = self._behaviour
        return [
            number
            for number, connector in self.connectors.items()
            if (connector.transaction is None or behaviour.queues_remote_starts)
            and connector.operative
            and not (behaviour.finishing_until_unplugged and connector.charged)
        ]

    def transaction(self, transaction_id: str) -> Transaction | None:
        """The running transaction with this wire id."""
        running = (connector.transaction for connector in self.connectors.values())
        return next((t for t in running if t is not None and t.transaction_id == transaction_id), None)

    def plug_in(self, connector_id: int, car: Car, now_s: float) -> None:
        """A car arrives. Raises ValueError when the connector is taken or out of order."""
        self.advance(now_s)
        connector = self._connector(connector_id)
        if connector.car is not None:
            raise ValueError(f"connector {connector_id} already has a car")
        sleeps_after_s = min(car.sleeps_after_s, self._behaviour.cars_sleep_after_s)
        connector.plug_in(replace(car, sleeps_after_s=sleeps_after_s), now_s)
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
        if not connector.ready:
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
        opens_after_s = self._behaviour.opens_after_s
        connector.end(now_s + opens_after_s if opens_after_s > 0 else None)
        connector.ended_s = now_s
        self._hold()
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
        self._due_known = False

    def install(self, connector_id: int, profile: ChargingProfile, now_s: float, *, after_s: float = 0.0) -> str | None:
        """Take a profile into force, now or `after_s` from now; or say why not, as `ProfileStore.install` does."""
        behaviour = self._behaviour

        def change(store: ProfileStore) -> str | None:
            new = Installed(connector_id, profile, self.clock_s(now_s))
            return install(store, new, self.running(), behaviour)

        return self.change_profiles(change, now_s, after_s=after_s)

    def change_profiles(
        self, change: Callable[[ProfileStore], Outcome], now_s: float, *, after_s: float = 0.0
    ) -> Outcome:
        """Change the store, now or `after_s` from now but never before an earlier change; return the outcome."""
        self.advance(now_s)
        if after_s > 0 or self._accepted.next_s is not None:
            self._due_known = False
            return self._accepted.add(self.profiles, change, now_s + after_s)
        outcome = change(self.profiles)
        self._settle()
        return outcome

    def lose_profiles(self, now_s: float) -> None:
        """Forget every profile, also those that were accepted and have not had their effect yet."""
        self._accepted.forget()
        self.change_profiles(lambda store: store.clear(), now_s)

    def next_change_s(self) -> float | None:
        """The next instant at which something changes by itself, or None."""
        if not self._due_known:
            due_s = min((instant for instant in self._instants_s() if instant is not None), default=None)
            self._due_s = due_s and max(due_s, self._now_s + LEAST_STEP_S)
            self._due_known = True
        return self._due_s

    def _instants_s(self) -> list[float | None]:
        instants = [connector.next_change_s(self._now_s) for connector in self.connectors.values()]
        if not self._behaviour.charges_at_rating:
            shown_s = self._look_at_profiles(self._now_s).next_change_s
            instants.append(None if shown_s is None else shown_s - self.clock_ahead_s)
        return [*instants, self._accepted.next_s]

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
        self._accepted.carry_out(self.profiles, at_s)
        self._settle()
        for connector in self.connectors.values():
            if connector.sample_due(at_s, self.sample_interval_s):
                self._due_known = False
                self._sample(connector, at_s)

    def _sample(self, connector: Connector, at_s: float) -> None:
        reading = connector.reading(at_s)
        if connector.transaction is not None:
            self._note(Sampled(at_s, connector.transaction, reading))
        elif self._behaviour.free_metering != "none":
            self._note(SampledFreely(at_s, connector.connector_id, reading))

    def _settle(self) -> None:
        """Bring offers, draws and statuses in line with the instant the model has reached."""
        at_s = self._now_s
        self._due_known = False
        for connector_id, offer in self.offers(at_s).items():
            connector = self.connectors[connector_id]
            if offer != connector.offer:
                connector.change_offer(offer, at_s)
                self._note(LimitChanged(at_s, connector_id, offer.power_w))
        station_limit = self._look_at_profiles(at_s).station_limit
        if station_limit != self._station_limit:
            self._station_limit = station_limit
            self._note(LimitChanged(at_s, 0, self.permitted_together(at_s).power_w))
        for connector in self.connectors.values():
            self._let_freely(connector, at_s)
            connector.react(at_s, self._behaviour.overdraw, self._rated)
            self._report_status(connector, at_s)
            if connector.draw != self._drawn[connector.connector_id]:
                self._drawn[connector.connector_id] = connector.draw
                self._note(DrawChanged(at_s, connector.connector_id, connector.draw.power_w))

    def _hold(self) -> None:
        """What begins at 0 stands at 0 while no transaction runs; those that run keep what they were told."""
        if self._behaviour.begins_at_zero:
            self.profiles.held |= self.connectors.keys() - self.running().keys()
        else:
            self.profiles.held = frozenset()

    def _let_freely(self, connector: Connector, at_s: float) -> None:
        """Close the contactor for a car without a transaction, or open it again."""
        idle = connector.transaction is None and connector.car is not None and connector.operative
        free = idle and self._behaviour.charges_freely != "no"
        if free and not connector.free:
            connector.begin_freely(at_s, self.sample_interval_s)
        elif connector.free and not free and connector.transaction is None:
            connector.end()

    def _report_status(self, connector: Connector, at_s: float) -> None:
        status = connector.derived_status(at_s)
        if status == connector.status:
            return
        connector.status = status
        self._note(StatusChanged(at_s, connector.connector_id, status))
        if connector.transaction is not None:
            self._note(ChargingStateChanged(at_s, connector.transaction, connector.reading(at_s)))

    def _connector(self, connector_id: int) -> Connector:
        if connector_id not in self.connectors:
            raise ValueError(f"there is no connector {connector_id}")
        return self.connectors[connector_id]

    def _note(self, occurrence: Occurrence) -> None:
        self.occurrences.append(occurrence)
