"""What a decision looks at in each connector, looked up once for all that is asked about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from csms.domain.electrical import Shape
from csms.domain.limits import ConnectorLimits
from csms.domain.model import ChargePoint, ChargePointSettings, ConnectorKey, Moment
from csms.domain.snapshot import Snapshot


@dataclass(slots=True, eq=False)  # not frozen: after a start so many are made that it would be felt
class Facts:
    """One connector, but for its readings, which come too often to remember anything by.

    `transaction_id` and `started_at_s` are of its running transaction (None: there is none), `suspended_since` is when
    its car stopped asking. As long as all of it stands, it is the very same object from decision to decision.

    The rest follows: `reachable`, whether it can be told a limit now; `has_default`, whether its default profile is
    what it falls back to (None: nothing is known yet); `default_rests`, whether nothing is to be said of that while it
    is as declared.
    """

    key: ConnectorKey
    settings: ChargePointSettings
    charge_point: ChargePoint
    shape: Shape
    limits: ConnectorLimits | None
    transaction_id: str | None
    started_at_s: float | None
    suspended_since: Moment | None
    reachable: bool
    has_default: bool | None
    default_rests: bool

    @property
    def active(self) -> bool:
        return self.transaction_id is not None

    @property
    def never_pause(self) -> bool:
        """Its car does not wake from 0 A, or its charger cannot be told so."""
        return self.settings.never_pause or self.shape.lowest_w > 0


def facts(snapshot: Snapshot, known: dict[ConnectorKey, Facts]) -> Mapping[ConnectorKey, Facts]:
    """The facts of every connector of the site; those that are `known` where they still stand, and known from then
    on."""
    return {key: _remembered(snapshot, key, known) for key in snapshot.connector_keys()}


def _remembered(snapshot: Snapshot, key: ConnectorKey, known: dict[ConnectorKey, Facts]) -> Facts:
    charge_point_id = key.charge_point_id
    settings, charge_point = snapshot.settings[charge_point_id], snapshot.charge_points[charge_point_id]
    shape, limits = snapshot.shapes[charge_point_id], snapshot.limits.get(key)
    transaction_id = started_at_s = suspended_since = None
    if (transaction := snapshot.active.get(key)) is not None:
        transaction_id, started_at_s = transaction.transaction_id, transaction.started_at_s
    if (connector := snapshot.connectors.get(key)) is not None:
        suspended_since = connector.suspended_since
    if (before := known.get(key)) is not None:
        declared = before.settings is settings and before.shape is shape
        same = before.limits is limits and before.charge_point is charge_point
        session = before.transaction_id == transaction_id and before.started_at_s == started_at_s
        if declared and same and session and before.suspended_since == suspended_since:
            return before
    known[key] = found = Facts(
        key,
        settings,
        charge_point,
        shape,
        limits,
        transaction_id,
        started_at_s,
        suspended_since,
        reachable=_reachable(settings, charge_point, limits),
        has_default=_has_default(settings, charge_point, limits),
        default_rests=_default_rests(charge_point, shape, limits),
    )
    return found


def _reachable(settings: ChargePointSettings, charge_point: ChargePoint, limits: ConnectorLimits | None) -> bool:
    if limits is not None and limits.in_flight:
        return False
    # Without its capabilities the unit of a limit would be a guess; they are learned right after the boot.
    return charge_point.ready and settings.in_service and charge_point.capabilities is not None


def _has_default(
    settings: ChargePointSettings, charge_point: ChargePoint, limits: ConnectorLimits | None
) -> bool | None:
    if not charge_point.connected or not settings.in_service:
        return False
    if limits is None:
        return None
    if limits.default_failure is not None or limits.overdraw is not None:
        return False
    return limits.default_believed if limits.default is not None and limits.default_proof is not None else None


def _default_rests(charge_point: ChargePoint, shape: Shape, limits: ConnectorLimits | None) -> bool:
    """It is in force, on this connection, and nothing sent is open."""
    if limits is None or limits.default is None or limits.outstanding or limits.default_failure is not None:
        return False
    default = limits.default
    said = default.limit_w == shape.fallback_w and default.lease_s is default.phases is None
    return said and default.connection_id == charge_point.connection_id
