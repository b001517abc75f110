from collections.abc import Callable

import pytest
from support.world import World

from csms.balancing.alarms import Trouble, alarm_events
from csms.balancing.words import cause, kw, place
from csms.domain import events as ev
from csms.domain.alarms import SECURITY_EVENT, Alarm
from csms.domain.grid import Circuit
from csms.domain.illegal import IllegalEvent
from csms.domain.model import ConnectorKey, ConnectorStatus, Current, LimitPurpose, Moment, Proof


def alarms(world: World) -> dict[str, str]:
    return {f"{trouble.kind}/{trouble.subject}": trouble.text for trouble in world.troubles()}


def two_running(capacity_kw: float = 40) -> World:
    """Two cars at 20 kW each."""
    world = World(capacity_kw)
    for name in "ab":
        world.charger(name, 22)
        world.start(name)
    world.settle()
    world.wait(60)
    return world


def test_where_all_is_well_nobody_is_told_anything() -> None:
    assert alarms(two_running()) == {}


def test_a_ceiling_that_cuts_can_keep_is_no_alarm() -> None:
    world = two_running()
    world.configure(0)
    assert world.book().total_w() == 40_000
    assert alarms(world) == {}


def test_an_offline_charger_above_a_fallen_ceiling_holds_it() -> None:
    """20 kW of it stay, 15 kW are allowed: whatever the other is cut to, 5 kW too many."""
    world = two_running()
    world.disconnect("b")
    world.limit("grid operator", 15)
    (trouble,) = world.troubles()
    assert (trouble.kind, trouble.subject) == ("ceiling_exceeded", "grid")
    assert (trouble.excess_w, trouble.excess_a, trouble.holders) == (5_000, 0.0, ("b",))
    assert trouble.text == "the grid connection may be exceeded by 5 kW, held by b"


def test_the_alarm_is_over_when_the_ceiling_or_the_charger_is_back() -> None:
    world = two_running()
    world.disconnect("b")
    world.limit("grid operator", 15, ends_in_s=600)
    assert alarms(world)
    world.connect("b", connection="c2")
    assert alarms(world) == {}
    world.disconnect("b", connection="c2")
    assert alarms(world)
    world.wait(601)
    assert alarms(world) == {}


def test_what_waiting_alone_lowers_is_no_alarm() -> None:
    """The car of an offline charger has gone: its limit settles."""
    world = two_running()
    world.disconnect("b")
    world.stop("b", world.state.active[ConnectorKey("b", 1)].transaction_id)
    world.limit("grid operator", 15)
    assert world.worst_kw("b") == 20
    assert alarms(world) == {}


def test_defaults_that_give_way_are_no_trouble() -> None:
    """Two of 8 kW each are 1 kW more than 15: both are told 0."""
    world = World(40)
    for name in "ab":
        world.charger(name, 22, offline_kw=8)
    world.configure(15)
    assert world.troubles() == []
    world.settle()
    assert [limits.default.limit_w for limits in world.state.limits.values() if limits.default] == [0, 0]
    world.configure(16)
    world.settle()
    assert [limits.default.limit_w for limits in world.state.limits.values() if limits.default] == [8_000, 8_000]


def test_a_default_that_refuses_to_give_way_holds() -> None:
    world = World(40)
    for name in "ab":
        world.charger(name, 22, offline_kw=8)
    world.configure(15)
    for intent in world.plan().intents:
        issued = world.issue(intent)
        world.confirm(issued) if intent.key.charge_point_id == "a" else world.reject(issued)
    world.configure(5)
    (trouble,) = world.troubles()
    assert (trouble.excess_w, trouble.holders) == (3_000, ("b",))


def test_the_default_of_a_running_session_gives_way_with_it() -> None:
    """5 kW are less than its default of 8 kW: it is given no more than them, and nothing to fall back to."""
    world = World(40)
    world.charger("a", 22, offline_kw=8)
    world.start("a")
    world.settle()
    world.configure(5)
    assert world.troubles() == []
    world.settle()
    assert world.shares_kw() == {"a": 5.0}
    assert world.report().chargers[0].confirmed


def unanswered_cut() -> World:
    """10 kW beside an idle default of 8 kW, and a ceiling that falls from 20 to 15: the cut to 7 kW gets no answer."""
    world = World(40)
    world.configure(20)
    world.charger("a", 10)
    world.charger("b", 22, offline_kw=8)
    world.start("a")
    world.settle()
    world.configure(15)
    return world


def told_by_default(world: World) -> dict[str, int]:
    return {i.key.charge_point_id: i.limit_w for i in world.plan().intents if i.purpose is LimitPurpose.DEFAULT}


def test_the_default_of_an_idle_connector_gives_way_to_a_cut_that_is_not_answered() -> None:
    world = unanswered_cut()
    (intent,) = world.plan().intents
    cut = world.issue(intent)
    assert told_by_default(world) == {}
    world.wait(4.9)
    assert told_by_default(world) == {}
    wake_s = world.plan().wake_at_s
    assert wake_s is not None
    world.wait(wake_s - world.now.steady_s)
    assert told_by_default(world) == {"b": 0}
    world.confirm(world.issue(world.plan().intents[0]))
    world.confirm(cut)
    world.settle()
    assert world.worst_kw("a") == 7
    assert world.worst_kw("b") == 8


@pytest.mark.parametrize("answer", [World.reject, World.no_answer])
def test_it_gives_way_as_long_as_the_cut_is_refused(answer: Callable[[World, ev.LimitIssued], None]) -> None:
    world = unanswered_cut()
    answer(world, world.issue(world.plan().intents[0]))
    assert told_by_default(world) == {"b": 0}


def test_it_need_not_give_way_where_both_fit() -> None:
    world = unanswered_cut()
    cut = world.issue(world.plan().intents[0])
    world.configure(18)
    world.reject(cut)
    assert told_by_default(world) == {}


def test_a_phase_is_exceeded_by_amperes() -> None:
    """Two offline chargers of 16 A on L2; 25 A remain of it beside 7 A of other loads: 7 A too many."""
    world = World(100)
    world.site(grid_max_current_a=32.0, voltage_min_v=230.0)
    for name in "ab":
        world.charger(name, 3.68, current=Current.AC, phases=1, phase_map=(1,))
        world.start(name)
    world.settle()
    for name in "ab":
        world.disconnect(name)
    assert alarms(world) == {}
    world.load(1.61, currents_a=(0.0, 7.0, 0.0))
    (trouble,) = world.troubles()
    assert (trouble.subject, trouble.excess_w, trouble.excess_a) == ("grid/L2", 0, 7.0)
    assert trouble.holders == ("a", "b")
    assert trouble.text == "the grid connection (L2) may be exceeded by 7 A, held by a, b"


def test_a_circuit_is_named_and_only_who_hangs_on_it_holds_it() -> None:
    world = World(60)
    world.site(circuits=(Circuit("garage", max_power_w=20_000),))
    world.charger("a", 15, circuit_id="garage")
    world.charger("b", 22)
    for name in "ab":
        world.start(name)
    world.settle()
    for name in "ab":
        world.disconnect(name)
    world.site(circuits=(Circuit("garage", max_power_w=12_000),))
    (trouble,) = world.troubles()
    assert (trouble.subject, trouble.excess_w, trouble.holders) == ("garage", 3_000, ("a",))
    assert trouble.text == "circuit garage may be exceeded by 3 kW, held by a"


def test_a_charger_that_draws_more_than_it_may_is_named_after_the_second_reading() -> None:
    world = two_running(30)
    world.draw("a", 18_000)
    world.judge("a")
    assert "limit_exceeded/a" not in alarms(world)
    world.wait(10)
    world.draw("a", 17_000)
    world.judge("a")
    assert alarms(world)["limit_exceeded/a"] == "connector 1 draws 18 kW, more than it is permitted"


def test_a_draw_without_a_session_is_named_at_once() -> None:
    world = World(100)
    world.charger("a", 50)
    world.status("a", ConnectorStatus.PREPARING)
    world.wait(60)
    world.draw("a", 4_000)
    world.judge("a")
    assert alarms(world) == {"limit_exceeded/a": "connector 1 draws 4 kW, without a session"}


def test_a_default_that_is_not_kept_is_named() -> None:
    world = World(100)
    world.charger("a", 50)
    world.apply(ev.DefaultProved(world.now, "a", 1, Proof.DISPROVED))
    assert alarms(world) == {"default_not_kept/a": "connector 1 does not keep its default profile"}


def test_a_refused_cut_is_named_with_what_is_held_for_it() -> None:
    world = two_running()
    world.configure(30)
    for intent in world.plan().intents:
        issued = world.issue(intent)
        (world.reject if intent.key.charge_point_id == "a" else world.confirm)(issued)
    assert alarms(world) == {"limit_refused/a": "connector 1 does not take its limit (Rejected): 20 kW reserved"}


def test_of_a_charger_out_of_service_nobody_is_told() -> None:
    world = World(100)
    world.charger("a", 50)
    world.apply(ev.DefaultProved(world.now, "a", 1, Proof.DISPROVED))
    world.declare("a", 50, in_service=False)
    assert alarms(world) == {}


def test_connectors_of_one_charger_make_one_alarm() -> None:
    world = World(100)
    world.charger("a", 50, connectors=2)
    for connector_id in (1, 2):
        world.apply(ev.DefaultProved(world.now, "a", connector_id, Proof.DISPROVED))
    assert list(alarms(world)) == ["default_not_kept/a"]


def test_a_silent_meter_of_the_site_is_an_alarm() -> None:
    world = World(100)
    world.site(site_load_max_w=40_000)
    text = "nobody tells what else the site draws: its worst case of 40 kW is counted"
    assert alarms(world) == {"site_load_unknown/grid": text}
    world.load(10)
    assert alarms(world) == {}


def raised(world: World, alarm_id: int, excess_w: int) -> ev.AlarmRaised:
    return ev.AlarmRaised(world.now, alarm_id, "ceiling_exceeded", "grid", "text", excess_w, 0.0, ("b",))


def test_an_alarm_keeps_when_it_was_raised_and_cleared() -> None:
    """Said again, with a higher excess, it is the same alarm; after it was cleared it is another."""
    world = World()
    began_s = world.now.utc_s
    world.apply(raised(world, 1, 5_000))
    world.wait(60)
    world.apply(raised(world, 2, 7_000))
    assert world.state.alarms["ceiling_exceeded", "grid"] == Alarm(
        1, "ceiling_exceeded", "grid", "text", began_s, None, 7_000, 0.0, ("b",)
    )
    world.wait(60)
    world.apply(ev.AlarmCleared(world.now, "ceiling_exceeded", "grid"))
    cleared = world.state.alarms["ceiling_exceeded", "grid"]
    assert (cleared.raised_at_s, cleared.cleared_at_s, cleared.standing) == (began_s, began_s + 120, False)
    world.wait(60)
    world.apply(raised(world, 3, 1_000))
    assert world.state.alarms["ceiling_exceeded", "grid"].alarm_id == 3


def test_only_an_alarm_that_stands_can_be_cleared() -> None:
    world = World()
    with pytest.raises(IllegalEvent):
        world.apply(ev.AlarmCleared(world.now, "ceiling_exceeded", "grid"))


@pytest.mark.parametrize(
    ("power_w", "words"), [(0, "0 kW"), (5_000, "5 kW"), (4_140, "4.14 kW"), (1, "0.001 kW"), (100_000, "100 kW")]
)
def test_power_in_words_has_no_idle_digits(power_w: int, words: str) -> None:
    assert kw(power_w) == words


@pytest.mark.parametrize(
    ("node", "dimension", "words"),
    [
        ("grid", 0, "the grid connection"),
        ("grid", 3, "the grid connection (L3)"),
        ("garage", 0, "circuit garage"),
        ("garage", 1, "circuit garage (L1)"),
    ],
)
def test_a_limit_of_the_tree_in_words(node: str, dimension: int, words: str) -> None:
    assert place(node, dimension) == words


def test_an_event_as_a_cause_says_what_and_where() -> None:
    now = World().now
    assert cause(ev.ChargePointConnected(now, "a", "c1", "ocpp1.6")) == "connected: a"
    assert cause(ev.ConnectorStatusChanged(now, "a", 2, ConnectorStatus.CHARGING)) == "status changed: a connector 2"
    assert cause(ev.LimitShown(now, "a", 1, 7, LimitPurpose.DEFAULT)) == "limit shown: a connector 1"
    assert cause(ev.TemporaryLimitsWithdrawn(now)) == "temporary limits withdrawn"


def test_what_has_become_of_the_alarms() -> None:
    """One is new, one has become worse and keeps its number, one is as before, one is over, one had been over."""
    before = {
        ("k", name): Alarm(number, "k", name, "text", 0.0, cleared_at_s, excess_w=1_000, excess_a=2.0)
        for number, (name, cleared_at_s) in enumerate([("watts", None), ("same", None), ("gone", None), ("back", 5.0)])
    }
    found = [
        Trouble("k", "watts", "worse", excess_w=1_001, excess_a=2.0),
        Trouble("k", "same", "text", excess_w=1_000, excess_a=2.0),
        Trouble("k", "back", "again", excess_w=1),
        Trouble("k", "new", "first"),
    ]
    now, numbers = Moment(10.0, 10.0), iter([90, 91])
    events = alarm_events(found, before, now, lambda: next(numbers))
    raised = [(e.subject, e.alarm_id, e.text) for e in events if isinstance(e, ev.AlarmRaised)]
    assert raised == [("watts", 0, "worse"), ("back", 90, "again"), ("new", 91, "first")]
    assert [e.subject for e in events if isinstance(e, ev.AlarmCleared)] == ["gone"]


@pytest.mark.parametrize(("excess_a", "raised"), [(2.0, 0), (2.1, 1)])
def test_more_amperes_make_an_alarm_worse_too(excess_a: float, raised: int) -> None:
    before = {("k", "a"): Alarm(1, "k", "a", "text", 0.0, excess_a=2.0)}
    found = [Trouble("k", "a", "text", excess_a=excess_a)]
    assert len(alarm_events(found, before, Moment(10.0, 10.0), lambda: 9)) == raised


def test_what_a_charge_point_reports_of_its_security_stands_until_an_operator_clears_it() -> None:
    world = World()
    world.charger("a")
    world.apply(ev.AlarmRaised(world.now, 1, SECURITY_EVENT, "a: TamperDetectionActivated", "tampered"))
    assert alarm_events([], world.state.alarms, world.now, lambda: 2) == []
