"""Which readings of a session show that its charger withholds what it was told."""

import pytest

from csms.domain.limits import ConnectorLimits, Limit
from csms.domain.model import ConnectorStatus, LimitPurpose, MeterReading, Moment
from csms.domain.withheld import is_withheld

EVSE, EV, CHARGING = ConnectorStatus.SUSPENDED_EVSE, ConnectorStatus.SUSPENDED_EV, ConnectorStatus.CHARGING
DEFAULT, TRANSACTION = LimitPurpose.DEFAULT, LimitPurpose.TRANSACTION


def moment(steady_s: float) -> Moment:
    return Moment(1_790_000_000.0 + steady_s, steady_s)


NOW = moment(1_000)


def under(limit_w: int, told_by: LimitPurpose, asked_s: float | None) -> ConnectorLimits:
    limit, asked = Limit(1, told_by, limit_w, None, "c", moment(0)), None if asked_s is None else moment(asked_s)
    if told_by is DEFAULT:
        return ConnectorLimits("a", 1, default=limit, requested_at=asked)
    return ConnectorLimits("a", 1, transaction=limit, requested_at=asked)


@pytest.mark.parametrize(
    ("told_by", "limit_w", "power_w", "low_s", "status", "asked_s", "withheld"),
    [
        # A session that was told nothing runs under the default: unless it is the car, it is told once.
        (DEFAULT, 4_140, 0, 970, EVSE, None, True),
        (DEFAULT, 4_140, 0, 970, CHARGING, None, True),
        (DEFAULT, 4_140, 0, 970, None, None, True),
        (DEFAULT, 4_140, 0, 970, EV, None, False),
        (DEFAULT, 4_140, 0, 600, CHARGING, 599, True),
        (DEFAULT, 4_140, 0, 600, CHARGING, 601, False),
        # A session that was told a limit says that it is not the car; it is told again, seldom.
        (TRANSACTION, 4_140, 0, 970, EVSE, None, True),
        (TRANSACTION, 4_140, 0, 970, CHARGING, None, False),
        (TRANSACTION, 4_140, 0, 970, EVSE, 969, True),
        (TRANSACTION, 4_140, 0, 970, EVSE, 971, False),
        (TRANSACTION, 4_140, 0, 600, EVSE, 701, False),
        (TRANSACTION, 4_140, 0, 600, EVSE, 699, True),
        # A car has its time to begin, and a few watts are no charging.
        (DEFAULT, 4_140, 0, 971, EVSE, None, False),
        (DEFAULT, 4_140, 0, None, EVSE, None, False),
        (DEFAULT, 4_140, 200, 970, EVSE, None, True),
        (DEFAULT, 4_140, 201, 970, EVSE, None, False),
        (DEFAULT, 4_140, None, 970, EVSE, None, False),
        # A limit of 0 is no withholding.
        (DEFAULT, 0, 0, 970, EVSE, None, False),
        (TRANSACTION, 0, 0, 970, EVSE, None, False),
    ],
)
def test_a_charger_withholds_what_a_session_may_draw(
    told_by: LimitPurpose,
    limit_w: int,
    power_w: float | None,
    low_s: float | None,
    status: ConnectorStatus | None,
    asked_s: float | None,
    withheld: bool,
) -> None:
    low_since = None if low_s is None else moment(low_s)
    reading = MeterReading("a", 1, NOW, NOW.utc_s, power_w=power_w, low_since=low_since)
    assert is_withheld(under(limit_w, told_by, asked_s), reading, status, NOW) is withheld


def test_where_nothing_was_told_nothing_is_withheld() -> None:
    reading = MeterReading("a", 1, NOW, NOW.utc_s, power_w=0.0, low_since=moment(0))
    assert not is_withheld(ConnectorLimits("a", 1), reading, EVSE, NOW)
