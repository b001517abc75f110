"""A report is the same object for as long as it is true."""

from dataclasses import replace

from support.world import World

from csms.balancing.remembered import Reports
from csms.domain.model import Moment


def test_a_report_is_made_anew_by_a_decision_by_news_and_by_time() -> None:
    world, reports = World(20), Reports()
    decision = (world.state.snapshot(), world.allocation(), world.book())
    current, now = world.state.snapshot(), world.now
    first = reports.allocation(decision, current, now)
    assert reports.allocation(decision, current, Moment(now.utc_s + 0.5, now.steady_s + 0.5)) is first
    assert reports.allocation(decision, replace(current), now) is not first
    second = reports.allocation(decision, current, now)
    assert reports.allocation((replace(decision[0]), *decision[1:]), current, now) is not second
    third = reports.allocation(decision, current, now)
    assert reports.allocation(decision, current, Moment(now.utc_s + 1.0, now.steady_s + 1.0)) is not third
