"""What a decision looks at in each connector, looked up once for all that is asked about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from csms.domain.electrical import Shape
from csms.domain.limits import ConnectorLimits
from csms.domain.model import ChargePoint, ChargePointSettings, ConnectorKey, Moment
from csms.domain.snapshot import Snapshot


@dataclass(frozen=True, slots=True, eq=False)
class Facts:
    """One connector, but for its readings, which come too often to remember anything by.

    `transaction_id` and `started_at_s` are of its running transaction (None: there is none), `suspended_since` is when
    its car stopped asking. As long as all of it stands, it is the very same object from decision to decision.
    """

    key: ConnectorKey
    settings: ChargePointSettings
    charge_point: ChargePoint
    shape: Shape
    limits: ConnectorLimits | None
    transaction_id: str | None
    started_at_s: float | None
    suspended_since: Moment | None

    @property
    def active(self) -> bool:
        return self.transaction_id is not None


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
    found = Facts(key, settings, charge_point, shape, limits, transaction_id, started_at_s, suspended_since)
    known[key] = found
    return found
