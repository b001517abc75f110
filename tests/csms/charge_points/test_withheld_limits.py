"""A charger that draws nothing though its session may is told its limit again: it is wanted, in either version."""

from datetime import UTC, datetime

import pytest
from charge_point_fakes import NOW_S, FakeClock, FakeSite, charge_point, handle, session

from csms.charge_points.session import Session
from csms.domain import events as ev
from csms.domain.model import OCPP16, OCPP201, Capabilities, ConnectorStatus, LimitPurpose, Moment

PERMITTED_W = 4_140


def metered(at: Session, clock: FakeClock, power_w: float) -> None:
    sampled = {"value": power_w, "measurand": "Power.Active.Import"}
    place = {"evseId": 1}
    if at.protocol == OCPP16:
        sampled, place = sampled | {"value": str(power_w)}, {"connectorId": 1}
    timestamp = datetime.fromtimestamp(clock.now().utc_s, UTC).isoformat()
    handle(at, "MeterValues", place | {"meterValue": [{"timestamp": timestamp, "sampledValue": [sampled]}]})


def site_with(status: ConnectorStatus, *, running: bool) -> FakeSite:
    """A charger that was told a default before its session."""
    site, at = FakeSite(charge_point(max_power_w=22_000)), Moment(NOW_S, 900.0)
    site.learned(Capabilities(rate_units=("W",)))
    site.record(ev.LimitIssued(at, "CP-1", 1, 9, LimitPurpose.DEFAULT, PERMITTED_W, "c"))
    site.record(ev.LimitConfirmed(at, "CP-1", 1, 9))
    if running:
        site.record(ev.TransactionStarted(at, "CP-1", 1, "T", 1, NOW_S))
    site.record(ev.ConnectorStatusChanged(at, "CP-1", 1, status=status))
    return site


@pytest.mark.parametrize("protocol", [OCPP16, OCPP201])
async def test_a_limit_is_wanted_again_once_nothing_was_drawn_for_a_while(protocol: str) -> None:
    site, clock = site_with(ConnectorStatus.SUSPENDED_EVSE, running=True), FakeClock()
    at = session(site, protocol, clock)
    wanted = []
    for _ in range(14):
        metered(at, clock, 0)
        wanted.append(len(site.recorded(ev.LimitRequested)))
        clock.advance(29)
    assert wanted == [0, 0, *[1] * 11, 2]


@pytest.mark.parametrize("protocol", [OCPP16, OCPP201])
@pytest.mark.parametrize(
    ("status", "running", "power_w"),
    [
        (ConnectorStatus.SUSPENDED_EV, True, 0),
        (ConnectorStatus.SUSPENDED_EVSE, True, 1_000),
        (ConnectorStatus.SUSPENDED_EVSE, False, 0),
    ],
)
async def test_nothing_is_wanted_of_a_car_or_where_no_session_runs(
    protocol: str, status: ConnectorStatus, running: bool, power_w: float
) -> None:
    site, clock = site_with(status, running=running), FakeClock()
    at = session(site, protocol, clock)
    for _ in range(14):
        metered(at, clock, power_w)
        clock.advance(29)
    assert site.recorded(ev.LimitRequested) == []
