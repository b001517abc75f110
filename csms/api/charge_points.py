"""/api/v1/charge-points: what each charge point is, says and obeys."""

from __future__ import annotations

from csms.api import etags, lookup
from csms.api.fields import Id, Time, optional_kw, optional_kwh, optional_time, time
from csms.api.quirks import QuirksAnswer, quirks_answer
from csms.api.table import Answer, Call, NoBody, Page, PageQuery, Query, Route, Services
from csms.domain.closing import forgotten
from csms.domain.credentials import access
from csms.domain.grid import OperatorLimit
from csms.domain.limits import ConnectorLimits, Failure, Limit
from csms.domain.model import Capabilities, ChargePoint, ChargePointSettings, ConnectorKey, Moment, Transaction
from csms.domain.records import RecordQuery, Told
from csms.domain.snapshot import Snapshot
from csms.domain.told import ToldKind
from csms.site_documents import phase, rotation
from csms.validation import kw


class ChargePointQuery(PageQuery):
    site_id: Id | None = None


class Connection(Answer):
    """`since` is when it connected, or when it was lost; `ready`: it may be sent commands."""

    connected: bool
    ready: bool
    since: Time | None


class Settings(Answer):
    """As declared. `phase_rotation` (RST: as at the grid connection) and `phase` say which of the site's phases feed
    it; both null: not known. `circuit_id` null hangs it on the grid connection itself."""

    connectors: int
    max_power_kw: float | None
    current: str | None
    phases: int | None
    phase_rotation: str | None
    phase: str | None
    grid_factor: float
    circuit_id: str | None
    in_service: bool
    never_pause: bool
    offline_limit_kw: float
    protocol: str | None
    registration: str
    local_list: bool | None
    security_profile: int
    certificate_name: str | None
    password_required: bool


class Security(Answer):
    """How it gets in. `security_profile` is that of its last connection; until it has come over `offered_profile`, or
    with one of `offered_passwords`, the old ones open too."""

    security_profile: int
    least_profile: int
    offered_profile: int | None
    password_required: bool
    offered_passwords: int


class CapabilitiesAnswer(Answer):
    """What it said it can do; null: not known. `limit_by` is the profile that limits its sessions."""

    rate_units: list[str] | None
    max_stack_level: int | None
    max_periods: int | None
    max_profiles: int | None
    switches_phases: bool | None
    meter_interval_s: float | None
    current_step_a: float
    relative_profiles: bool
    limit_by: str


class RunningTransaction(Answer):
    """`forgotten`: nobody can be charging there any more, and it may be closed by hand."""

    session_id: int
    transaction_id: str
    id_token: str | None
    started_at: Time | None
    energy_kwh: float | None
    forgotten: bool


class OutstandingLimit(Answer):
    """Sent and not clearly answered: it may or may not be in force."""

    purpose: str
    limit_kw: float
    issued_at: Time
    awaited: bool


class LimitFailure(Answer):
    """Refusals or silences in a row, and what the last one was."""

    purpose: str
    count: int
    at: Time
    cause: str


class Limits(Answer):
    """`default_kw` and `transaction_kw` were acknowledged last; null: none was."""

    default_kw: float | None
    transaction_kw: float | None
    outstanding: list[OutstandingLimit]
    failures: list[LimitFailure]


class ConnectorAnswer(Answer):
    connector_id: int
    status: str | None
    error_code: str | None
    status_at: Time | None
    actual_kw: float | None
    transaction: RunningTransaction | None
    limits: Limits


class PowerLimit(Answer):
    """What an operator allows; `connector_id` null: all connectors together. `until` null: until it is cleared."""

    connector_id: int | None
    max_power_kw: float
    until: Time | None


class ChargePointAnswer(Answer):
    """`status` is Offline while it is not connected, null while it has not told."""

    charge_point_id: str
    site_id: str
    status: str | None
    connection: Connection
    protocol: str | None
    vendor: str | None
    model: str | None
    serial_number: str | None
    firmware_version: str | None
    booted_at: Time | None
    commissioned_at: Time | None
    settings: Settings
    security: Security
    capabilities: CapabilitiesAnswer | None
    power_limits: list[PowerLimit]
    connectors: list[ConnectorAnswer]


class RefusedSetting(Answer):
    """What we set after a boot and it did not take, or only after another (`answer` RebootRequired)."""

    setting: str
    value: str
    answer: str
    at: Time


class OneChargePointAnswer(ChargePointAnswer):
    """`quirks`: how it takes its limits, and from where that is known. `refused_settings` are of ours.
    `listener_profiles` are the security profiles that some listener lets in: with no other it can come here."""

    quirks: QuirksAnswer
    refused_settings: list[RefusedSetting]
    listener_profiles: list[int]


async def list_charge_points(call: Call[ChargePointQuery, NoBody]) -> Page[ChargePointAnswer]:
    limit, offset = call.query.limit, call.query.offset
    wanted = [
        (snapshot, charge_point_id)
        for site_id, snapshot in lookup.snapshots(call.services)
        if call.query.site_id in (None, site_id)
        for charge_point_id in snapshot.settings
    ]
    now = call.services.clock.now()
    items = [_answer(snapshot, cp_id, now) for snapshot, cp_id in wanted[offset : offset + limit]]
    return Page(items=items, total=len(wanted), limit=limit, offset=offset)


async def get_charge_point(call: Call[Query, NoBody]) -> OneChargePointAnswer:
    return await charge_point_answer(call.services, call.path["charge_point_id"])


async def charge_point_answer(services: Services, charge_point_id: str) -> OneChargePointAnswer:
    """With its entity tag. Raises Problem 404."""
    snapshot = lookup.charge_point_site(services, {"charge_point_id": charge_point_id})
    settings = snapshot.settings[charge_point_id]
    found = _answer(snapshot, charge_point_id, services.clock.now())
    quirks = quirks_answer(snapshot.charge_points[charge_point_id], settings)
    refused = await _refused_settings(services, charge_point_id)
    answer = OneChargePointAnswer(
        **dict(found), quirks=quirks, refused_settings=refused, listener_profiles=list(services.listener_profiles)
    )
    return answer.tagged(etags.etag(settings))


async def _refused_settings(services: Services, charge_point_id: str) -> list[RefusedSetting]:
    where = {"charge_point_id": charge_point_id, "kind": ToldKind.SETTING.value}
    found = await services.store.records(RecordQuery(Told, where=where))
    return [
        RefusedSetting(
            setting=str(told.value["setting"]),
            value=str(told.value["value"]),
            answer=str(told.value["answer"]),
            at=time(told.at_s),
        )
        for told in found.items
        if told.value["answer"] != "Accepted"
    ]


def _answer(snapshot: Snapshot, charge_point_id: str, now: Moment) -> ChargePointAnswer:
    point = snapshot.charge_points[charge_point_id]
    keys = [ConnectorKey(charge_point_id, n) for n in snapshot.connector_ids(charge_point_id)]
    return ChargePointAnswer(
        charge_point_id=charge_point_id,
        site_id=snapshot.site.site_id,
        status=snapshot.status(keys),
        connection=_connection(point),
        protocol=point.protocol,
        vendor=point.vendor,
        model=point.model,
        serial_number=point.serial_number,
        firmware_version=point.firmware_version,
        booted_at=optional_time(point.booted_at_s),
        commissioned_at=optional_time(point.commissioned_at_s),
        settings=_settings(snapshot.settings[charge_point_id]),
        security=_security(snapshot.settings[charge_point_id], point),
        capabilities=None if point.capabilities is None else _capabilities(point.capabilities),
        power_limits=[_power_limit(limit) for limit in point.operator_limits if not limit.over_at(now.utc_s)],
        connectors=[_connector(snapshot, key, now) for key in keys],
    )


def _power_limit(limit: OperatorLimit) -> PowerLimit:
    return PowerLimit(
        connector_id=limit.connector_id or None,
        max_power_kw=kw(limit.max_power_w),
        until=optional_time(limit.valid_until_s),
    )


def _connection(point: ChargePoint) -> Connection:
    since_s = point.connected_at_s if point.connected else point.disconnected_at_s
    return Connection(connected=point.connected, ready=point.ready, since=optional_time(since_s))


def _settings(settings: ChargePointSettings) -> Settings:
    return Settings(
        connectors=settings.connectors,
        max_power_kw=optional_kw(settings.max_power_w),
        current=settings.current,
        phases=settings.phases,
        phase_rotation=rotation(settings.phase_map),
        phase=phase(settings.phase_map),
        grid_factor=settings.grid_factor,
        circuit_id=settings.circuit_id,
        in_service=settings.in_service,
        never_pause=settings.never_pause,
        offline_limit_kw=kw(settings.offline_limit_w),
        protocol=settings.protocol,
        registration=settings.registration,
        local_list=settings.local_list,
        security_profile=settings.security_profile,
        certificate_name=settings.certificate_name,
        password_required=settings.password_sha256 is not None,
    )


def _security(settings: ChargePointSettings, point: ChargePoint) -> Security:
    allowed = access(settings, point.credentials)
    return Security(
        security_profile=point.security_profile,
        least_profile=allowed.least_profile,
        offered_profile=point.credentials.offered_profile,
        password_required=not allowed.free,
        offered_passwords=len(allowed.passwords) - (0 if allowed.free else 1),
    )


def _capabilities(known: Capabilities) -> CapabilitiesAnswer:
    return CapabilitiesAnswer(
        rate_units=None if known.rate_units is None else list(known.rate_units),
        max_stack_level=known.max_stack_level,
        max_periods=known.max_periods,
        max_profiles=known.max_profiles,
        switches_phases=known.switches_phases,
        meter_interval_s=known.meter_interval_s,
        current_step_a=known.current_step_a,
        relative_profiles=known.relative_profiles,
        limit_by=known.limit_by,
    )


def _connector(snapshot: Snapshot, key: ConnectorKey, now: Moment) -> ConnectorAnswer:
    reported = snapshot.connectors.get(key)
    transaction = snapshot.active.get(key)
    return ConnectorAnswer(
        connector_id=key.connector_id,
        status=snapshot.status([key]),
        error_code=reported.error_code if reported else None,
        status_at=time(reported.status_at_s) if reported else None,
        actual_kw=optional_kw(snapshot.reading_power_w(key, now.steady_s)),
        transaction=None if transaction is None else _transaction(snapshot, transaction, now),
        limits=_limits(snapshot.limits.get(key) or ConnectorLimits(*key)),
    )


def _transaction(snapshot: Snapshot, transaction: Transaction, now: Moment) -> RunningTransaction:
    return RunningTransaction(
        session_id=transaction.session_id,
        transaction_id=transaction.transaction_id,
        id_token=transaction.id_token,
        started_at=optional_time(transaction.started_at_s),
        energy_kwh=optional_kwh(transaction.energy_wh),
        forgotten=forgotten(snapshot, transaction, now),
    )


def _limits(limits: ConnectorLimits) -> Limits:
    failures = (("default", limits.default_failure), ("transaction", limits.transaction_failure))
    return Limits(
        default_kw=None if limits.default is None else kw(limits.default.limit_w),
        transaction_kw=None if limits.transaction is None else kw(limits.transaction.limit_w),
        outstanding=[_outstanding(limit) for limit in limits.outstanding],
        failures=[_failure(purpose, failure) for purpose, failure in failures if failure is not None],
    )


def _outstanding(limit: Limit) -> OutstandingLimit:
    return OutstandingLimit(
        purpose=limit.purpose,
        limit_kw=kw(limit.limit_w),
        issued_at=time(limit.issued_at.utc_s),
        awaited=limit.awaited,
    )


def _failure(purpose: str, failure: Failure) -> LimitFailure:
    return LimitFailure(purpose=purpose, count=failure.count, at=time(failure.at.utc_s), cause=failure.cause)


_PATH = "/api/v1/charge-points"

ROUTES = (
    Route(
        "GET",
        _PATH,
        "read",
        list_charge_points,
        Page[ChargePointAnswer],
        "Charge points of all sites or of one",
        query=ChargePointQuery,
    ),
    Route(
        "GET",
        f"{_PATH}/{{charge_point_id}}",
        "read",
        get_charge_point,
        OneChargePointAnswer,
        "One charge point",
        errors=(404,),
    ),
)
