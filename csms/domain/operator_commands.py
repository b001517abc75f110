"""What operators ask of a charge point, in no version's words. Times are UTC, in seconds since the epoch.

`connector_id` None, where it may be, is the charge point as a whole. Each version turns them into its own requests
(charge_points/v16/operator_requests.py and v201/operator_requests.py), or says that it has none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class StartSession:
    """`kind` is the token's type in 2.0.1's words; 1.6 knows none. `remote_start_id` comes back with the transaction
    (2.0.1 F01.FR.25)."""

    id_token: str = field(repr=False)
    remote_start_id: int
    connector_id: int | None = None
    kind: str = "Central"


@dataclass(frozen=True, slots=True)
class StopSession:
    transaction_id: str


@dataclass(frozen=True, slots=True)
class SetAvailability:
    operative: bool
    connector_id: int | None = None


@dataclass(frozen=True, slots=True)
class Reset:
    """`kind`: "soft" ends what runs properly first, "hard" need not, "on_idle" waits until nothing runs."""

    kind: str = "soft"
    connector_id: int | None = None


@dataclass(frozen=True, slots=True)
class UnlockConnector:
    connector_id: int


@dataclass(frozen=True, slots=True)
class TriggerMessage:
    """`message` is a key of MESSAGES in the versions' modules, such as "status" or "meter_values"."""

    message: str
    connector_id: int | None = None


@dataclass(frozen=True, slots=True)
class GetConfiguration:
    """Configuration keys of 1.6; variables of 2.0.1 as `Component.Variable`. None named: all of them."""

    keys: tuple[str, ...] = ()
    request_id: int = 0


@dataclass(frozen=True, slots=True)
class SetConfiguration:
    """New values by key, as in GetConfiguration."""

    values: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class GetCompositeSchedule:
    connector_id: int
    duration_s: int
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class ReserveNow:
    reservation_id: int
    id_token: str = field(repr=False)
    until_s: float
    connector_id: int | None = None
    kind: str = "Central"
    group_id: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class CancelReservation:
    reservation_id: int


@dataclass(frozen=True, slots=True)
class ListEntry:
    """What a local list says of an id token. `status` None takes it off the list."""

    id_token: str = field(repr=False)
    status: str | None = "Accepted"
    kind: str = "Central"
    expires_at_s: float | None = None
    group_id: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class SendLocalList:
    """`full` replaces the list, otherwise it is changed; `version` rises, and is never 0 or -1."""

    version: int
    full: bool
    entries: tuple[ListEntry, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class UpdateFirmware:
    """With `signing_certificate` and `signature` the charge point checks what it fetched (2.0.1 L01)."""

    request_id: int
    location: str
    retrieve_at_s: float
    install_at_s: float | None = None
    signing_certificate: str | None = None
    signature: str | None = None
    retries: int | None = None
    retry_interval_s: int | None = None


@dataclass(frozen=True, slots=True)
class GetLog:
    """`kind`: "diagnostics" or "security"."""

    request_id: int
    location: str
    kind: str = "diagnostics"
    from_s: float | None = None
    to_s: float | None = None
    retries: int | None = None
    retry_interval_s: int | None = None


@dataclass(frozen=True, slots=True)
class ClearCache:
    pass


@dataclass(frozen=True, slots=True)
class DataTransfer:
    """`data` is text in 1.6, any JSON in 2.0.1."""

    vendor_id: str
    message_id: str | None = None
    data: Any = None


@dataclass(frozen=True, slots=True)
class InstallCertificate:
    """`kind`: "central_system_root", "manufacturer_root", and in 2.0.1 "v2g_root" and "mo_root"; the certificate is
    PEM."""

    kind: str
    certificate: str


@dataclass(frozen=True, slots=True)
class DeleteCertificate:
    """Named as the charge point reported it (1.6 security extension chapter 5, M04)."""

    hash_algorithm: str
    issuer_name_hash: str
    issuer_key_hash: str
    serial_number: str


@dataclass(frozen=True, slots=True)
class GetInstalledCertificates:
    """Of a kind as in InstallCertificate; None: of every kind."""

    kind: str | None = None


@dataclass(frozen=True, slots=True)
class SetDisplayMessage:
    """`priority` and `state` in 2.0.1's words; it is shown until it is replaced where no end is given."""

    message_id: int
    text: str
    priority: str = "NormalCycle"
    state: str | None = None
    language: str | None = None
    from_s: float | None = None
    to_s: float | None = None
    transaction_id: str | None = None


OperatorCommand = (
    StartSession
    | StopSession
    | SetAvailability
    | Reset
    | UnlockConnector
    | TriggerMessage
    | GetConfiguration
    | SetConfiguration
    | GetCompositeSchedule
    | ReserveNow
    | CancelReservation
    | SendLocalList
    | UpdateFirmware
    | GetLog
    | ClearCache
    | DataTransfer
    | InstallCertificate
    | DeleteCertificate
    | GetInstalledCertificates
    | SetDisplayMessage
)


class NotInVersion(Exception):
    """The version of OCPP has no request for it; the text says which part it cannot say."""


class ValueImpossible(Exception):
    """The version's request cannot hold this value: `name` is the command's field, `rule` what it must be."""

    def __init__(self, name: str, rule: str) -> None:
        super().__init__(f"{name} {rule}")
        self.name = name
        self.rule = rule
