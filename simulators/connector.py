"""One connector of the model: the car at it, its transaction, its meter."""

import math
from collections import deque
from dataclasses import dataclass, field
from typing import Literal

from simulators.car import NO_DRAW, Car, Draw, Offer, draw, tapering_from_soc

StopReason = Literal[
    "Local",
    "EVDisconnected",
    "Remote",
    "SoftReset",
    "HardReset",
    "DeAuthorized",
    "UnlockCommand",
    "PowerLoss",
    "Reboot",
]

NOTHING = Offer(0.0)
SOC_TOLERANCE = 1e-6  # instants are floats: a battery this close to a mark has reached it
PAST_A_MARK = 2 * SOC_TOLERANCE


@dataclass(slots=True)
class Transaction:
    """A transaction. `transaction_id` is the wire id: 2.0.1 has it from the start, 1.6 from the answer on."""

    number: int
    connector_id: int
    id_token: str
    started_s: float
    meter_start_wh: float
    transaction_id: str | None = None
    remote_start_id: int | None = None
    seq_no: int = 0
    stopped: bool = False

    def next_seq_no(self) -> int:
        """The sequence number of its next 2.0.1 event, counted from 0 (E01.FR.07)."""
        number = self.seq_no
        self.seq_no += 1
        return number


@dataclass(frozen=True, slots=True)
class Reading:
    """What the meter of a connector shows at an instant; `soc` (0 to 1) is known on DC only."""

    at_s: float
    energy_wh: float
    draw: Draw
    offer: Offer
    soc: float | None
    status: str


@dataclass(slots=True)
class Connector:
    """The changing half of the model; only `charge_point` changes it. Statuses have OCPP 1.6's names."""

    connector_id: int
    operative: bool = True
    car: Car | None = None
    soc: float = 0.0
    energy_wh: float = 0.0
    offer: Offer = NOTHING
    obeyed: Offer = NOTHING
    draw: Draw = NO_DRAW
    status: str = "Available"
    transaction: Transaction | None = None
    free: bool = False
    """Whether a car may draw although no transaction runs."""
    charged: bool = False
    ended_s: float = -math.inf
    """When its last transaction ended."""
    next_sample_s: float | None = None
    _coming: deque[tuple[float, Offer]] = field(default_factory=deque)
    plugged_in_s: float = 0.0
    _too_little_since_s: float | None = None
    _asleep: bool = False
    _opens_s: float | None = None

    @property
    def live(self) -> bool:
        """Whether the contactor is closed for a car: in a transaction, or freely."""
        return self.car is not None and (self.transaction is not None or self.free)

    @property
    def ready(self) -> bool:
        """Whether a transaction could begin: a car is there, and none runs."""
        return self.car is not None and self.transaction is None and self.operative

    def plug_in(self, car: Car, now_s: float) -> None:
        self.car, self.soc, self.charged = car, car.soc, False
        self.plugged_in_s, self._asleep, self._too_little_since_s = now_s, False, None

    def unplug(self) -> None:
        self.car, self.charged = None, False

    def begin(self, transaction: Transaction, now_s: float, offer: Offer, interval_s: float) -> None:
        self.transaction, self.charged, self.free = transaction, True, False
        self.offer = offer
        self._promise(offer, now_s)
        self.sample_every(interval_s, now_s)

    def begin_freely(self, now_s: float, interval_s: float) -> None:
        """Let the car charge without a transaction."""
        self.free = True
        self._promise(self.offer, now_s)
        self.sample_every(interval_s, now_s)

    def end(self, opens_s: float | None = None) -> None:
        """Open the contactor, whatever the car was drawing under: now, or at `opens_s`, until when the car goes on."""
        if self.transaction is not None:
            self.transaction.stopped = True
        self.transaction, self.free, self.next_sample_s = None, False, None
        self._coming.clear()
        self.obeyed, self._too_little_since_s, self._opens_s = NOTHING, None, opens_s
        if opens_s is None:
            self.draw = NO_DRAW

    def change_offer(self, offer: Offer, at_s: float) -> None:
        self.offer = offer
        if self.live:
            self._promise(offer, at_s)

    def react(self, at_s: float, overdraw: float, rated: Offer) -> None:
        """The car follows the offers whose reaction time is over; an inexact charger lets it take a share more."""
        while self._coming and self._coming[0][0] <= at_s:
            self.obeyed = self._coming.popleft()[1]
        if self.car is None or not self.live:
            if self.car is None or self._opens_s is None or at_s >= self._opens_s:
                self.draw, self._opens_s = NO_DRAW, None
            return
        self._opens_s = None
        self._doze(self.car, at_s)
        share = 0.0 if self._asleep else self._appetite(self.car, at_s)
        self.draw = draw(self.car, self.soc, _exceeded(self.obeyed, overdraw, rated), share)

    def integrate(self, seconds: float) -> None:
        """Count the energy of a stretch of constant power, in meter and battery alike."""
        energy_wh = self.draw.power_w * seconds / 3600.0
        self.energy_wh += energy_wh
        if self.car is not None:
            self.soc += energy_wh / self.car.battery_wh
            if self.soc > 1.0 - SOC_TOLERANCE:
                self.soc = 1.0

    def next_change_s(self, at_s: float) -> float | None:
        """When car, battery or meter next bring something new, or None."""
        instants = [self._coming[0][0]] if self._coming else []
        instants += [due_s for due_s in (self.next_sample_s, self._opens_s) if due_s is not None]
        if self.car is not None and self.live:
            instants += [change_s for change_s in self._moods_s(self.car) if change_s > at_s]
            if self.draw.power_w > 0:
                instants.append(at_s + self._steady_for_s(self.car))
        return min(instants, default=None)

    def sample_every(self, interval_s: float, now_s: float) -> None:
        self.next_sample_s = now_s + interval_s if self.live and interval_s > 0 else None

    def sample_due(self, at_s: float, interval_s: float) -> bool:
        """Whether a sample is due, and if so when the next one is."""
        if self.next_sample_s is None or at_s < self.next_sample_s:
            return False
        self.next_sample_s += interval_s
        return True

    def reading(self, at_s: float) -> Reading:
        known_soc = self.soc if self.car is not None and not self.offer.is_ac else None
        return Reading(at_s, self.energy_wh, self.draw, self.offer, known_soc, self.derived_status(at_s))

    def derived_status(self, at_s: float) -> str:
        if not self.live:
            if not self.operative:
                return "Unavailable"
            if self.car is None:
                return "Available"
            return "Finishing" if self.charged else "Preparing"
        if self.offer.power_w <= 0:
            return "SuspendedEVSE"
        full = self.soc >= 1.0 or self._asleep
        return "SuspendedEV" if full or (self.car and self._appetite(self.car, at_s) <= 0) else "Charging"

    def _promise(self, offer: Offer, at_s: float) -> None:
        if self.car is not None:
            self._coming.append((at_s + self.car.reaction_s, offer))

    def _appetite(self, car: Car, at_s: float) -> float:
        share = 1.0
        for after_s, wanted in car.appetite:
            share = wanted if self.plugged_in_s + after_s <= at_s else share
        return share

    def _doze(self, car: Car, at_s: float) -> None:
        """A car that was offered too little for long enough falls asleep."""
        if not self.obeyed.too_little:
            self._too_little_since_s = None
        elif self._too_little_since_s is None:
            self._too_little_since_s = at_s
        since_s = self._too_little_since_s
        if since_s is not None and at_s >= since_s + car.sleeps_after_s:
            self._asleep = True

    def _moods_s(self, car: Car) -> list[float]:
        """When the car changes its mind by itself."""
        instants = [self.plugged_in_s + after_s for after_s, _ in car.appetite]
        if self._too_little_since_s is not None and math.isfinite(car.sleeps_after_s):
            instants.append(self._too_little_since_s + car.sleeps_after_s)
        return instants

    def _steady_for_s(self, car: Car) -> float:
        """How long the present power can last: until the battery takes less, or is full."""
        per_second = self.draw.power_w / 3600.0 / car.battery_wh
        less_soc = tapering_from_soc(car, self.obeyed, self.draw.power_w) + PAST_A_MARK
        return min(max(less_soc - self.soc, 0.0), 1.0 - self.soc) / per_second


def _exceeded(offer: Offer, overdraw: float, rated: Offer) -> Offer:
    """What a charger that measures wrongly lets through: a share more, never above its rating."""
    if overdraw <= 0 or offer.power_w <= 0:
        return offer
    power_w = min(offer.power_w * (1.0 + overdraw), max(rated.power_w, offer.power_w))
    current_a = min(offer.current_a * (1.0 + overdraw), max(rated.current_a, offer.current_a))
    return Offer(power_w, current_a, offer.phases, offer.voltage_v)
