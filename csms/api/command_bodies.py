"""The commands that operators give, as they write them: one model each, told apart by `command`.

A model says its command in the domain's words (`order`); what concerns the site and not the charge point, the limits
of operators, has no order and is carried out by csms.api.command_posts.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, JsonValue, RootModel, field_validator

from csms.api.fields import Id, UtcSeconds
from csms.domain import operator_commands as oc
from csms.domain.authorization import CENTRAL, TOKEN_TYPES
from csms.domain.model import MAX_CONNECTORS
from csms.validation import FieldError, Kilowatts, broken_rule

NextId = Callable[[str], int]
"""The next number of a sequence of the store."""

Connector = Annotated[int, Field(ge=1, le=MAX_CONNECTORS)]
Number = Annotated[int, Field(ge=0, le=2**31 - 1)]
IdToken = Annotated[str, Field(min_length=1, max_length=36)]
Url = Annotated[str, Field(min_length=1, max_length=512)]
Pem = Annotated[str, Field(min_length=1, max_length=10_000)]
Hash = Annotated[str, Field(min_length=1, max_length=128)]
Retries = Annotated[int, Field(ge=0, le=100)]


def _token_type(kind: str) -> str:
    if kind not in TOKEN_TYPES:
        raise broken_rule("must be one of " + ", ".join(TOKEN_TYPES))
    return kind


class Part(BaseModel):
    """Unknown fields are errors, and nothing is converted."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Body(Part):
    """Base of the commands."""

    command: str


class Ordered(Body, ABC):
    """A command to the charge point itself."""

    @abstractmethod
    def order(self, next_id: NextId) -> oc.OperatorCommand:
        """The command in the domain's words."""


class StartSession(Ordered):
    command: Literal["start_session"]
    id_token: IdToken
    id_token_type: str = CENTRAL
    connector_id: Connector | None = None

    _known_type = field_validator("id_token_type")(_token_type)

    def order(self, next_id: NextId) -> oc.OperatorCommand:
        return oc.StartSession(self.id_token, next_id("remote_start"), self.connector_id, self.id_token_type)


class StopSession(Body):
    """Of the running session: its number, its OCPP transaction, or the connector; the last where it is the only one."""

    command: Literal["stop_session"]
    session_id: Number | None = None
    transaction_id: Annotated[str, Field(min_length=1, max_length=36)] | None = None
    connector_id: Connector | None = None


class SetAvailability(Ordered):
    command: Literal["set_availability"]
    operative: bool
    connector_id: Connector | None = None

    def order(self, next_id: NextId) -> oc.OperatorCommand:
        return oc.SetAvailability(self.operative, self.connector_id)


class Reset(Ordered):
    command: Literal["reset"]
    type: Literal["soft", "hard", "on_idle"] = "soft"
    connector_id: Connector | None = None

    def order(self, next_id: NextId) -> oc.OperatorCommand:
        return oc.Reset(self.type, self.connector_id)


class UnlockConnector(Ordered):
    command: Literal["unlock_connector"]
    connector_id: Connector

    def order(self, next_id: NextId) -> oc.OperatorCommand:
        return oc.UnlockConnector(self.connector_id)


class TriggerMessage(Ordered):
    command: Literal["trigger_message"]
    message: Literal[
        "boot",
        "heartbeat",
        "status",
        "meter_values",
        "firmware_status",
        "diagnostics_status",
        "log_status",
        "sign_certificate",
        "transaction",
        "published_firmware_status",
    ]
    connector_id: Connector | None = None

    def order(self, next_id: NextId) -> oc.OperatorCommand:
        return oc.TriggerMessage(self.message, self.connector_id)


class GetConfiguration(Ordered):
    command: Literal["get_configuration"]
    keys: list[Annotated[str, Field(min_length=1, max_length=120)]] = Field(default_factory=list, max_length=200)

    def order(self, next_id: NextId) -> oc.OperatorCommand:
        return oc.GetConfiguration(tuple(self.keys), 0 if self.keys else next_id("request"))


class SetConfiguration(Ordered):
    command: Literal["set_configuration"]
    values: dict[str, Annotated[str, Field(max_length=1000)]] = Field(min_length=1, max_length=200)

    def order(self, next_id: NextId) -> oc.OperatorCommand:
        return oc.SetConfiguration(dict(self.values))


class SetPowerLimit(Body):
    """Of the charge point, or of one of its connectors; without `until` it holds until it is cleared."""

    command: Literal["set_power_limit"]
    max_power_kw: Kilowatts
    connector_id: Connector | None = None
    until: UtcSeconds | None = None


class ClearPowerLimit(Body):
    command: Literal["clear_power_limit"]
    connector_id: Connector | None = None


class GetCompositeSchedule(Ordered):
    command: Literal["get_composite_schedule"]
    connector_id: Annotated[int, Field(ge=0, le=MAX_CONNECTORS)] = 0
    duration_s: Annotated[int, Field(ge=1, le=7 * 86_400)] = 3600
    unit: Literal["A", "W"] | None = None

    def order(self, next_id: NextId) -> oc.OperatorCommand:
        return oc.GetCompositeSchedule(self.connector_id, self.duration_s, self.unit)


class ReserveNow(Ordered):
    command: Literal["reserve_now"]
    id_token: IdToken
    id_token_type: str = CENTRAL
    group_id: IdToken | None = None
    until: UtcSeconds
    connector_id: Connector | None = None
    reservation_id: Number | None = None

    _known_type = field_validator("id_token_type")(_token_type)

    def order(self, next_id: NextId) -> oc.OperatorCommand:
        number = next_id("reservation") if self.reservation_id is None else self.reservation_id
        return oc.ReserveNow(number, self.id_token, self.until, self.connector_id, self.id_token_type, self.group_id)


class CancelReservation(Ordered):
    command: Literal["cancel_reservation"]
    reservation_id: Number

    def order(self, next_id: NextId) -> oc.OperatorCommand:
        return oc.CancelReservation(self.reservation_id)


class ListEntry(Part):
    """`status` null takes the token off the list."""

    id_token: IdToken
    id_token_type: str = CENTRAL
    status: Literal["Accepted", "Blocked", "Expired", "Invalid"] | None = "Accepted"
    expires_at: UtcSeconds | None = None
    group_id: IdToken | None = None

    _known_type = field_validator("id_token_type")(_token_type)


class SendLocalList(Ordered):
    command: Literal["send_local_list"]
    version: Annotated[int, Field(ge=1, le=2**31 - 1)]
    update: Literal["full", "differential"] = "full"
    entries: list[ListEntry] = Field(default_factory=list, max_length=10_000)

    def order(self, next_id: NextId) -> oc.OperatorCommand:
        entries = [oc.ListEntry(e.id_token, e.status, e.id_token_type, e.expires_at, e.group_id) for e in self.entries]
        return oc.SendLocalList(self.version, self.update == "full", tuple(entries))


class UpdateFirmware(Ordered):
    command: Literal["update_firmware"]
    location: Url
    retrieve_at: UtcSeconds
    install_at: UtcSeconds | None = None
    signing_certificate: Pem | None = None
    signature: Annotated[str, Field(min_length=1, max_length=800)] | None = None
    retries: Retries | None = None
    retry_interval_s: Number | None = None

    def order(self, next_id: NextId) -> oc.OperatorCommand:
        return oc.UpdateFirmware(
            next_id("request"),
            self.location,
            self.retrieve_at,
            self.install_at,
            self.signing_certificate,
            self.signature,
            self.retries,
            self.retry_interval_s,
        )


class GetLog(Ordered):
    command: Literal["get_log"]
    location: Url
    log: Literal["diagnostics", "security"] = "diagnostics"
    from_time: UtcSeconds | None = None
    to_time: UtcSeconds | None = None
    retries: Retries | None = None
    retry_interval_s: Number | None = None

    def order(self, next_id: NextId) -> oc.OperatorCommand:
        return oc.GetLog(
            next_id("request"),
            self.location,
            self.log,
            self.from_time,
            self.to_time,
            self.retries,
            self.retry_interval_s,
        )


class ClearCache(Ordered):
    command: Literal["clear_cache"]

    def order(self, next_id: NextId) -> oc.OperatorCommand:
        return oc.ClearCache()


class DataTransfer(Ordered):
    command: Literal["data_transfer"]
    vendor_id: Annotated[str, Field(min_length=1, max_length=255)]
    message_id: Annotated[str, Field(min_length=1, max_length=50)] | None = None
    data: JsonValue = None

    def order(self, next_id: NextId) -> oc.OperatorCommand:
        return oc.DataTransfer(self.vendor_id, self.message_id, self.data)


CertificateKind = Literal["central_system_root", "manufacturer_root", "v2g_root", "mo_root"]


class InstallCertificate(Ordered):
    command: Literal["install_certificate"]
    kind: CertificateKind = "central_system_root"
    certificate: Pem

    def order(self, next_id: NextId) -> oc.OperatorCommand:
        return oc.InstallCertificate(self.kind, self.certificate)


class DeleteCertificate(Ordered):
    command: Literal["delete_certificate"]
    hash_algorithm: Literal["SHA256", "SHA384", "SHA512"]
    issuer_name_hash: Hash
    issuer_key_hash: Hash
    serial_number: Annotated[str, Field(min_length=1, max_length=40)]

    def order(self, next_id: NextId) -> oc.OperatorCommand:
        return oc.DeleteCertificate(
            self.hash_algorithm, self.issuer_name_hash, self.issuer_key_hash, self.serial_number
        )


class GetInstalledCertificates(Ordered):
    command: Literal["get_installed_certificates"]
    kind: CertificateKind | None = None

    def order(self, next_id: NextId) -> oc.OperatorCommand:
        return oc.GetInstalledCertificates(self.kind)


class SetDisplayMessage(Ordered):
    command: Literal["set_display_message"]
    text: Annotated[str, Field(min_length=1, max_length=512)]
    message_id: Number | None = None
    priority: Literal["AlwaysFront", "InFront", "NormalCycle"] = "NormalCycle"
    state: Literal["Charging", "Faulted", "Idle", "Unavailable"] | None = None
    language: Annotated[str, Field(min_length=1, max_length=8)] | None = None
    from_time: UtcSeconds | None = None
    to_time: UtcSeconds | None = None
    transaction_id: Annotated[str, Field(min_length=1, max_length=36)] | None = None

    def order(self, next_id: NextId) -> oc.OperatorCommand:
        return oc.SetDisplayMessage(
            next_id("display_message") if self.message_id is None else self.message_id,
            self.text,
            self.priority,
            self.state,
            self.language,
            self.from_time,
            self.to_time,
            self.transaction_id,
        )


AnyCommand = Annotated[
    StartSession
    | StopSession
    | SetAvailability
    | Reset
    | UnlockConnector
    | TriggerMessage
    | GetConfiguration
    | SetConfiguration
    | SetPowerLimit
    | ClearPowerLimit
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
    | SetDisplayMessage,
    Field(discriminator="command"),
]


class CommandBody(RootModel[AnyCommand]):
    """One of the commands."""


class BulkBody(BaseModel):
    """A command for many charge points, and how long to wait for all of them."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    charge_point_ids: list[Id] = Field(min_length=1, max_length=1000)
    command: AnyCommand
    timeout_s: Annotated[float, Field(ge=0.1, le=600)] = 60

    @field_validator("charge_point_ids")
    @classmethod
    def _each_once(cls, ids: list[str]) -> list[str]:
        if len(set(ids)) < len(ids):
            raise broken_rule("must not be repeated")
        return ids


def parameters(body: Body) -> dict[str, Any]:
    """What was asked for, as it was written; the name of the command stands elsewhere."""
    written: Mapping[str, Any] = body.model_dump(exclude_unset=True, exclude={"command"})
    return dict(written)


def fields_of(errors: list[FieldError]) -> list[FieldError]:
    """The fields as they were written: pydantic names the command before each."""
    return [FieldError(_without_command(error.field), error.rule) for error in errors]


def _without_command(field: str) -> str:
    inside = field.removeprefix("command.")
    head, _, rest = inside.partition(".")
    if head not in COMMANDS:
        return field
    return rest if inside == field else f"command.{rest}" if rest else "command"


_KINDS = get_args(get_args(AnyCommand)[0])
COMMANDS = tuple(str(get_args(kind.model_fields["command"].annotation)[0]) for kind in _KINDS)
