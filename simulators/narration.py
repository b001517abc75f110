"""What happens at a charge point, in a line of plain words."""

from simulators.changes import CarArrived, CarLeft, Change, ConnectionChanged, Registered
from simulators.clock import timestamp
from simulators.occurrences import LimitChanged, StatusChanged, TransactionStarted, TransactionStopped
from simulators.station import SimulatedChargePoint


def narrate(station: SimulatedChargePoint, change: Change) -> str | None:
    """One line for a terminal, or None for what is not worth one."""
    text = _text(station, change)
    return None if text is None else f"{timestamp(change.at_s)[11:19]}  {station.spec.identity}  {text}"


def _text(station: SimulatedChargePoint, change: Change) -> str | None:
    match change:
        case ConnectionChanged(_, connected):
            return f"connected, OCPP {station.spec.protocol}" if connected else "connection lost"
        case Registered(_, status):
            return f"boot {status.lower()}"
        case CarArrived(_, connector_id, car):
            wants_wh = car.battery_wh * (1 - car.soc)
            return f"connector {connector_id}: a car arrives at {car.soc:.0%}, {wants_wh:.0f} Wh from full"
        case CarLeft(_, connector_id, soc):
            return f"connector {connector_id}: the car leaves at {soc:.0%}"
        case TransactionStarted(_, transaction):
            return f"connector {transaction.connector_id}: transaction begins"
        case TransactionStopped(_, transaction, reading, reason):
            energy_wh = reading.energy_wh - transaction.meter_start_wh
            return f"connector {transaction.connector_id}: transaction ends ({reason}), {energy_wh:.0f} Wh"
        case LimitChanged(_, 0, permitted_w):
            return f"all connectors together: may draw {permitted_w / 1000:.2f} kW"
        case LimitChanged(_, connector_id, permitted_w):
            return f"connector {connector_id}: may draw {permitted_w / 1000:.2f} kW"
        case StatusChanged(_, connector_id, ("SuspendedEV" | "SuspendedEVSE") as status):
            return f"connector {connector_id}: {status}"
        case _:
            return None
