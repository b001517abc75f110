"""Remote starts that a charger has accepted and not acted on: it waits for a car, for the end of a transaction, or
just waits."""

from collections.abc import Iterator
from dataclasses import dataclass

from simulators.charge_point import ChargePoint
from simulators.connector import Connector
from simulators.frames import JsonObject


@dataclass(frozen=True, slots=True)
class Accepted:
    """A remote start: its payload, when it was accepted, and how long after that, or after the end of the transaction
    that ran, the charger acts."""

    request: JsonObject
    at_s: float
    after_s: float


class RemoteStarts:
    """One for a connector, the last that was accepted."""

    def __init__(self) -> None:
        self._waiting: dict[int, Accepted] = {}

    def accept(self, connector_id: int, accepted: Accepted) -> None:
        self._waiting[connector_id] = accepted

    def due(self, connector: Connector, now_s: float) -> JsonObject | None:
        """The payload of the one to act on now, if a car is there; None while none is, or while it waits."""
        accepted = self._waiting.get(connector.connector_id)
        if accepted is None or connector.transaction is not None or now_s < _due_s(accepted, connector):
            return None
        return accepted.request

    def forget(self, connector_id: int) -> None:
        """It was acted on."""
        del self._waiting[connector_id]

    def next_s(self, model: ChargePoint) -> float | None:
        """When the next of those is due that nothing but time holds up, or None."""
        return min((due_s for _, due_s in self._late(model)), default=None)

    def overdue(self, model: ChargePoint, now_s: float) -> list[int]:
        """The connectors where one is due that nothing but time held up."""
        return [number for number, due_s in self._late(model) if due_s <= now_s]

    def _late(self, model: ChargePoint) -> Iterator[tuple[int, float]]:
        """One that is acted on at once follows its answer, and is never due by itself."""
        for number, accepted in self._waiting.items():
            connector = model.connectors[number]
            if connector.ready and (accepted.after_s > 0 or connector.ended_s > accepted.at_s):
                yield number, _due_s(accepted, connector)


def chosen_connector(model: ChargePoint, wanted: int | None) -> int | None:
    """Where to begin what was asked for: the connector that was named, else one with a car; None: no one takes it."""
    free = model.free()
    if wanted is not None:
        return wanted if wanted in free else None
    return min(free, key=lambda number: (not model.connectors[number].ready, number), default=None)


def _due_s(accepted: Accepted, connector: Connector) -> float:
    return max(accepted.at_s, connector.ended_s) + accepted.after_s
