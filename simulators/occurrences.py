"""What happens at a charge point, as the model notes it: values that the protocols turn into messages."""

from dataclasses import dataclass

from simulators.connector import Reading, StopReason, Transaction


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
class SampledFreely:
    """A meter sample of a car that charges without a transaction."""

    at_s: float
    connector_id: int
    reading: Reading


@dataclass(frozen=True, slots=True)
class TransactionStopped:
    at_s: float
    transaction: Transaction
    reading: Reading
    reason: StopReason


@dataclass(frozen=True, slots=True)
class LimitChanged:
    """What a connector permits has changed; connector 0: what the charge point's own limit permits all of them."""

    at_s: float
    connector_id: int
    permitted_w: float


@dataclass(frozen=True, slots=True)
class DrawChanged:
    at_s: float
    connector_id: int
    drawn_w: float


Occurrence = (
    StatusChanged
    | TransactionStarted
    | ChargingStateChanged
    | Sampled
    | SampledFreely
    | TransactionStopped
    | LimitChanged
    | DrawChanged
)
