"""A client of the REST interface, for programs in Python: async, typed, and on its own (it imports nothing of csms)."""

from csms.client.client import Client
from csms.client.errors import ApiError, FieldError
from csms.client.models import (
    Alarm,
    Allocation,
    ChargePoint,
    ChargerAllocation,
    CircuitAllocation,
    CommandError,
    CommandResult,
    Connection,
    ConnectorAllocation,
    Event,
    HistoryBucket,
    LastSentList,
    ListCapacity,
    LocalList,
    Resending,
    Session,
    Site,
)

__all__ = [
    "Alarm",
    "Allocation",
    "ApiError",
    "ChargePoint",
    "ChargerAllocation",
    "CircuitAllocation",
    "Client",
    "CommandError",
    "CommandResult",
    "Connection",
    "ConnectorAllocation",
    "Event",
    "FieldError",
    "HistoryBucket",
    "LastSentList",
    "ListCapacity",
    "LocalList",
    "Resending",
    "Session",
    "Site",
]
