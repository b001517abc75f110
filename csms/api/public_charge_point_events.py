"""Of the public events, those of charge points and their connectors: their fields, and how they are made."""

from __future__ import annotations

from csms.api.fields import KnobValue, knob_value
from csms.api.table import Answer
from csms.domain import events as ev
from csms.domain.queries import StoredEvent


class ChargePointConnectedData(Answer):
    connection_id: str
    protocol: str


class ChargePointDisconnectedData(Answer):
    """A late end of a connection that was replaced has the older `connection_id`."""

    connection_id: str
    reason: str


class ChargePointBootedData(Answer):
    vendor: str | None
    model: str | None
    firmware_version: str | None
    reason: str | None


class ChargePointFlappingData(Answer):
    """It connected `connections` times within `within_s` seconds."""

    connections: int
    within_s: float


class StatusChangedData(Answer):
    """`connector_id` 0 is the charge point itself."""

    connector_id: int
    status: str
    error_code: str | None


class ProgressReportedData(Answer):
    """`task` is firmware, published_firmware, diagnostics or log; `status` is OCPP's word."""

    task: str
    status: str
    request_id: int | None


class WayLearnedData(Answer):
    """What its answers to limits have taught by now: `knobs` are said so from now on, unless they are pinned; ways that
    `worked` and that `failed`. `because` is the way and the answer that taught it. `given_up`: none is left to try
    before its next boot."""

    knobs: dict[str, KnobValue]
    worked: list[str]
    failed: list[str]
    given_up: bool
    because: str


def connected(_stored: StoredEvent, event: ev.ChargePointConnected) -> Answer:
    return ChargePointConnectedData(connection_id=event.connection_id, protocol=event.protocol)


def disconnected(_stored: StoredEvent, event: ev.ChargePointDisconnected) -> Answer:
    return ChargePointDisconnectedData(connection_id=event.connection_id, reason=event.reason)


def booted(_stored: StoredEvent, event: ev.ChargePointBooted) -> Answer:
    return ChargePointBootedData(
        vendor=event.vendor, model=event.model, firmware_version=event.firmware_version, reason=event.reason
    )


def flapping(_stored: StoredEvent, event: ev.ChargePointFlapping) -> Answer:
    return ChargePointFlappingData(connections=event.connections, within_s=event.within_s)


def status_changed(_stored: StoredEvent, event: ev.ConnectorStatusChanged) -> Answer:
    return StatusChangedData(connector_id=event.connector_id, status=event.status, error_code=event.error_code)


def progress(_stored: StoredEvent, event: ev.ProgressReported) -> Answer:
    return ProgressReportedData(task=event.task, status=event.status, request_id=event.request_id)


def way_learned(_stored: StoredEvent, event: ev.WayLearned) -> Answer:
    learned = event.learned
    return WayLearnedData(
        knobs={name: knob_value(value) for name, value in learned.knobs.said()},
        worked=list(learned.worked),
        failed=list(learned.failed),
        given_up=learned.given_up,
        because=event.because,
    )
