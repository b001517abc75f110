import pytest

from simulators.car import Car
from simulators.charge_point import ChargePoint
from simulators.charging_profile import ChargingProfile, Period, Schedule
from simulators.hardware import AC_THREE_PHASES, DC_50, Hardware
from simulators.occurrences import (
    LimitChanged,
    Sampled,
    StatusChanged,
    TransactionStarted,
    TransactionStopped,
)
from simulators.profiles import ProfileStore, StoreRules

NOW_S = 1_767_225_600.0
CAR = Car(battery_wh=50_000, soc=0.5, max_current_a=16, phases=3, reaction_s=1.5)


def charge_point(hardware: Hardware = AC_THREE_PHASES, connectors: int = 1) -> ChargePoint:
    rules = StoreRules("replace", (hardware.unit,))
    return ChargePoint(hardware, connectors, ProfileStore(rules, tuple(range(1, connectors + 1))), now_s=NOW_S)


def limit(subject: ChargePoint, now_s: float, *periods: tuple[float, float]) -> None:
    schedule = Schedule(
        subject.hardware.unit, tuple(Period(start, value) for start, value in periods), start_at_s=now_s
    )
    profile = ChargingProfile(1, 0, "TxDefault", "Absolute", schedule)
    assert subject.install(1, profile, now_s) is None


def statuses(subject: ChargePoint) -> list[str]:
    return [o.status for o in subject.occurrences if isinstance(o, StatusChanged)]


def test_the_meter_counts_what_the_car_draws_after_its_reaction() -> None:
    subject = charge_point()
    subject.plug_in(1, CAR, NOW_S)
    subject.start(1, "TAG", NOW_S)
    subject.advance(NOW_S + 3601.5)
    connector = subject.connectors[1]
    assert connector.energy_wh == pytest.approx(11_040)  # 3 x 16 A x 230 V for an hour
    assert connector.soc == pytest.approx(0.5 + 11_040 / 50_000)


def test_a_changed_limit_is_permitted_at_once_and_drawn_after_the_reaction() -> None:
    subject = charge_point()
    subject.plug_in(1, CAR, NOW_S)
    subject.start(1, "TAG", NOW_S)
    limit(subject, NOW_S + 10, (0, 10))
    connector = subject.connectors[1]
    assert (connector.offer.power_w, connector.draw.power_w) == (6_900, 11_040)
    subject.advance(NOW_S + 11.4)
    assert connector.draw.power_w == 11_040
    subject.advance(NOW_S + 11.5)
    assert connector.draw.power_w == pytest.approx(6_900)


def test_it_knows_the_next_instant_of_change() -> None:
    subject = charge_point()
    subject.plug_in(1, CAR, NOW_S)
    assert subject.next_change_s() is None
    subject.start(1, "TAG", NOW_S)
    assert subject.next_change_s() == NOW_S + 1.5  # the car reacts
    subject.advance(NOW_S + 2)
    assert subject.next_change_s() == NOW_S + 60  # the first sample
    limit(subject, NOW_S + 2, (0, 16), (30, 8))
    subject.advance(NOW_S + 4)
    assert subject.next_change_s() == NOW_S + 32  # the profile steps


def test_being_late_loses_nothing() -> None:
    late, punctual = charge_point(), charge_point()
    for subject in (late, punctual):
        subject.plug_in(1, Car(battery_wh=2_000, soc=0.5), NOW_S)
        subject.start(1, "TAG", NOW_S)
        limit(subject, NOW_S, (0, 16), (90, 8))
    for second in range(1, 1201):
        punctual.advance(NOW_S + second)
    late.advance(NOW_S + 1200)
    assert late.connectors[1].energy_wh == pytest.approx(punctual.connectors[1].energy_wh, rel=0.01)
    assert [type(o) for o in late.occurrences] == [type(o) for o in punctual.occurrences]
    samples = [round(o.at_s - NOW_S, 1) for o in late.occurrences if isinstance(o, Sampled)]
    assert samples == [60.0 * n for n in range(1, 21)]


def test_a_full_battery_stops_drawing_and_says_so() -> None:
    subject = charge_point()
    subject.plug_in(1, Car(battery_wh=1_000, soc=0.5), NOW_S)
    subject.start(1, "TAG", NOW_S)
    subject.advance(NOW_S + 3600)
    assert statuses(subject) == ["Preparing", "Charging", "SuspendedEV"]
    assert subject.connectors[1].energy_wh == pytest.approx(500, abs=0.1)
    assert subject.connectors[1].draw.power_w == 0


def test_statuses_follow_the_story_of_a_session() -> None:
    subject = charge_point()
    subject.plug_in(1, CAR, NOW_S)
    limit(subject, NOW_S, (0, 0))
    subject.start(1, "TAG", NOW_S + 1)
    limit(subject, NOW_S + 2, (0, 10))
    subject.stop(1, "Local", NOW_S + 20)
    subject.unplug(1, NOW_S + 30)
    assert statuses(subject) == ["Preparing", "SuspendedEVSE", "Charging", "Finishing", "Available"]


def test_an_unplugged_car_ends_its_transaction_once() -> None:
    subject = charge_point()
    subject.plug_in(1, CAR, NOW_S)
    subject.start(1, "TAG", NOW_S)
    subject.unplug(1, NOW_S + 61.5)
    stops = [o for o in subject.occurrences if isinstance(o, TransactionStopped)]
    assert [(o.reason, round(o.reading.energy_wh)) for o in stops] == [("EVDisconnected", 184)]


def test_a_transaction_needs_a_car_and_a_free_connector_in_order() -> None:
    subject = charge_point()
    assert subject.start(1, "TAG", NOW_S) is None
    subject.set_operative(1, False, NOW_S)
    subject.plug_in(1, CAR, NOW_S)
    assert subject.start(1, "TAG", NOW_S) is None
    subject.set_operative(1, True, NOW_S)
    assert subject.start(1, "TAG", NOW_S) is not None
    assert subject.start(1, "TAG", NOW_S) is None
    assert len([o for o in subject.occurrences if isinstance(o, TransactionStarted)]) == 1


def test_a_connector_taken_out_of_order_finishes_its_transaction() -> None:
    subject = charge_point()
    subject.plug_in(1, CAR, NOW_S)
    subject.start(1, "TAG", NOW_S)
    subject.set_operative(1, False, NOW_S + 1)
    assert subject.connectors[1].status == "Charging"
    subject.stop(1, "Local", NOW_S + 2)
    assert subject.connectors[1].status == "Unavailable"


def test_plugging_into_a_taken_or_missing_connector_is_a_mistake() -> None:
    subject = charge_point()
    subject.plug_in(1, CAR, NOW_S)
    with pytest.raises(ValueError, match="already has a car"):
        subject.plug_in(1, CAR, NOW_S)
    with pytest.raises(ValueError, match="no connector 2"):
        subject.plug_in(2, CAR, NOW_S)


def test_a_clock_that_jumps_back_undoes_nothing() -> None:
    subject = charge_point()
    subject.plug_in(1, CAR, NOW_S)
    subject.start(1, "TAG", NOW_S)
    subject.advance(NOW_S + 100)
    energy_wh = subject.connectors[1].energy_wh
    subject.advance(NOW_S - 1000)
    assert subject.connectors[1].energy_wh == energy_wh


def test_the_sample_interval_counts_from_its_change_and_0_stops_it() -> None:
    subject = charge_point()
    subject.plug_in(1, CAR, NOW_S)
    subject.start(1, "TAG", NOW_S)
    subject.set_sample_interval(10, NOW_S + 5)
    subject.advance(NOW_S + 27)
    subject.set_sample_interval(0, NOW_S + 27)
    subject.advance(NOW_S + 500)
    samples = [o.at_s - NOW_S for o in subject.occurrences if isinstance(o, Sampled)]
    assert samples == [15, 25]


def test_dc_reports_the_state_of_charge_and_obeys_watts() -> None:
    subject = charge_point(DC_50)
    limit(subject, NOW_S, (0, 12_000))
    subject.plug_in(1, CAR, NOW_S)
    subject.start(1, "TAG", NOW_S)
    subject.advance(NOW_S + 301.5)
    reading = subject.connectors[1].reading(NOW_S + 301.5)
    assert reading.draw.power_w == 12_000
    assert reading.energy_wh == pytest.approx(1_000)
    assert reading.soc == pytest.approx(0.52)


def test_a_limit_on_an_idle_connector_is_news_too() -> None:
    subject = charge_point()
    limit(subject, NOW_S, (0, 0))
    changes = [o for o in subject.occurrences if isinstance(o, LimitChanged)]
    assert changes == [LimitChanged(NOW_S, 1, 0.0)]
