"""Pinned goes before learned, learned before the row of quirks, that before what the charger told."""

from collections.abc import Mapping
from dataclasses import fields, replace

import pytest
from support.world import World

from csms.domain import events as ev
from csms.domain.capabilities import (
    NO_KNOBS,
    Capabilities,
    Knobs,
    Knowledge,
    Learned,
    LimitPurpose,
    Source,
    effective,
    source,
)
from csms.domain.model import ChargePoint, ChargePointSettings, ConnectorStatus
from csms.domain.state import State

TOLD = Capabilities(("A",), max_stack_level=8)
ROW = Knobs(max_stack_level=7, relative_profiles=True, current_step_a=1.0, leases=False)
LEARNED = Learned(Knobs(max_stack_level=6, rate_units=("W",), leases=True), worked=("w",), failed=("f",))


def test_every_knob_is_a_capability() -> None:
    assert {knob.name for knob in fields(Knobs)} == {field.name for field in fields(Capabilities)} - {
        "max_profiles",
        "meter_interval_s",
    }


@pytest.mark.parametrize(
    ("knowledge", "declared", "known", "sources"),
    [
        (Knowledge(told=TOLD), None, TOLD, {"rate_units": "told", "leases": "assumed"}),
        (
            Knowledge(TOLD, ROW),
            None,
            Capabilities(("A",), 7, relative_profiles=True, current_step_a=1.0, leases=False),
            {"max_stack_level": "quirk", "rate_units": "told", "leases": "quirk"},
        ),
        (
            Knowledge(TOLD, ROW, LEARNED),
            None,
            Capabilities(("W",), 6, relative_profiles=True, current_step_a=1.0),
            {"max_stack_level": "learned", "relative_profiles": "quirk", "leases": "learned"},
        ),
        (
            Knowledge(TOLD, ROW, LEARNED),
            Knobs(max_stack_level=5),
            Capabilities(("W",), 5, relative_profiles=True, current_step_a=1.0),
            {"max_stack_level": "pinned", "rate_units": "learned"},
        ),
        (
            Knowledge(TOLD, ROW, LEARNED, Knobs(rate_units=("A",))),
            Knobs(max_stack_level=5),
            Capabilities(("A",), 6, relative_profiles=True, current_step_a=1.0),
            {"max_stack_level": "learned", "rate_units": "pinned"},
        ),
    ],
)
def test_the_strongest_source_decides(
    knowledge: Knowledge, declared: Knobs | None, known: Capabilities, sources: Mapping[str, str]
) -> None:
    assert effective(knowledge, declared, 1) == known
    assert {name: source(knowledge, declared, name) for name in sources} == sources


def test_nothing_is_known_of_a_charger_that_has_told_nothing() -> None:
    assert effective(Knowledge(quirk=ROW), Knobs(max_stack_level=5), 1) is None
    assert source(Knowledge(), None, "rate_units") is Source.ASSUMED


@pytest.mark.parametrize(
    ("connectors", "limit_by", "on_station"),
    [(1, LimitPurpose.STATION, True), (2, LimitPurpose.DEFAULT, False)],
)
def test_a_limit_for_the_charge_point_as_a_whole_is_for_those_with_one_connector(
    connectors: int, limit_by: LimitPurpose, on_station: bool
) -> None:
    whole = Knobs(limit_by=LimitPurpose.STATION, default_on_station=True)
    known = effective(Knowledge(TOLD, pinned=whole), None, connectors)
    assert known is not None
    assert (known.limit_by, known.default_on_station) == (limit_by, on_station)


@pytest.fixture
def world() -> World:
    world = World()
    world.declare("a", 22)
    world.connect("a")
    world.apply(ev.ChargePointBooted(world.now, "a", "Acme", "One", "1", "1.0"))
    return world


def point(world: World) -> ChargePoint:
    return world.state.charge_points["a"]


def known(world: World) -> Capabilities:
    found = point(world).capabilities
    assert found is not None
    return found


def learn(world: World, learned: Learned = LEARNED) -> None:
    world.apply(ev.WayLearned(world.now, "a", learned))


def test_what_was_learned_survives_a_boot_and_what_is_told_then(world: World) -> None:
    learn(world)
    world.apply(ev.ChargePointBooted(world.now, "a", "Acme", "One", "1", "1.0"))
    world.apply(ev.CapabilitiesLearned(world.now, "a", TOLD, ROW))
    assert point(world).knowledge == Knowledge(TOLD, ROW, LEARNED)
    assert known(world).max_stack_level == 6


@pytest.mark.parametrize("firmware", ["1.1", None])
def test_another_firmware_starts_afresh(world: World, firmware: str | None) -> None:
    learn(world)
    world.apply(ev.ChargePointBooted(world.now, "a", "Acme", "One", "1", firmware))
    assert point(world).knowledge.learned == Learned()
    assert known(world).rate_units is None


def test_what_was_given_up_is_tried_again_after_a_boot(world: World) -> None:
    learn(world, Learned(worked=("w",), failed=("f",), given_up=True))
    world.apply(ev.ChargePointBooted(world.now, "a", "Acme", "One", "1", "1.0"))
    assert point(world).knowledge.learned == Learned(worked=("w",))


def test_a_pin_holds_until_it_is_removed_and_what_was_learned_beside_another_is_learned_again(world: World) -> None:
    learn(world)
    world.apply(ev.QuirksPinned(world.now, "a", Knobs(rate_units=("A",))))
    assert known(world).rate_units == ("A",)
    assert point(world).knowledge.learned == Learned(worked=("w",))
    world.apply(ev.QuirksPinned(world.now, "a", None))
    assert known(world).rate_units is None


def test_a_pin_of_the_file_holds_from_its_declaration_on(world: World) -> None:
    declared = replace(world.state.settings["a"], quirks=Knobs(relative_profiles=True))
    world.apply(ev.ChargePointDeclared(world.now, declared))
    assert known(world).relative_profiles
    assert world.state.shape("a").form.relative
    world.apply(ev.ChargePointDeclared(world.now, replace(declared, quirks=None)))
    assert not known(world).relative_profiles


def test_a_declaration_that_changes_no_quirk_leaves_what_was_learned(world: World) -> None:
    learn(world)
    world.apply(ev.ChargePointDeclared(world.now, replace(world.state.settings["a"], never_pause=True)))
    assert point(world).knowledge.learned == LEARNED


def test_the_shape_follows_what_is_learned(world: World) -> None:
    assert world.state.shape("a").form.unit == "W"
    learn(world, Learned(Knobs(rate_units=("A",))))
    assert world.state.shape("a").form.unit == "A"


def test_the_next_way_is_tried_soon_however_often_the_last_was_refused(world: World) -> None:
    for _ in range(4):
        intent = world.plan().intents[0]
        world.reject(world.issue(intent))
        world.wait(60)
    world.reject(world.issue(world.plan().intents[0]))
    world.wait(1)
    assert world.plan().intents == ()
    learn(world)
    assert [intent.purpose for intent in world.plan().intents] == [LimitPurpose.DEFAULT]


def test_a_limit_for_the_whole_is_given_up_when_a_second_connector_shows(world: World) -> None:
    world.apply(ev.QuirksPinned(world.now, "a", Knobs(limit_by=LimitPurpose.STATION)))
    assert world.state.shape("a").form.station_max
    world.status("a", ConnectorStatus.AVAILABLE, 2)
    assert known(world).limit_by is LimitPurpose.DEFAULT
    assert not world.state.shape("a").form.station_max
    world.apply(ev.CapabilitiesLearned(world.now, "a", TOLD))
    assert known(world).limit_by is LimitPurpose.DEFAULT


def test_capabilities_of_before_there_were_sources_stand_until_the_next_boot() -> None:
    old = ChargePoint("a", capabilities=Capabilities(("W",)))
    world = World()
    world.state = State.restored([world.state.site, ChargePointSettings("a", "site"), old])
    world.apply(ev.QuirksPinned(world.now, "a", Knobs(relative_profiles=True)))
    assert known(world) == Capabilities(("W",))
    world.apply(ev.CapabilitiesLearned(world.now, "a", TOLD))
    assert known(world) == replace(TOLD, relative_profiles=True)


def test_knobs_lie_over_others_field_by_field() -> None:
    over = Knobs(max_stack_level=1).over(Knobs(max_stack_level=2, leases=False))
    assert over == Knobs(max_stack_level=1, leases=False)
    assert NO_KNOBS.over(over) == over
