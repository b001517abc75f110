"""Whatever a site looks like, what is decided fits it, is on every charger's grid, and is the same each time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import TypeVar

from hypothesis import given, settings
from hypothesis import strategies as st
from support.physics import NOTHING, Draw, nodes, permitted, rated, takes_amperes
from support.random_sites import Premises, configurations, premises
from support.world import World

from csms.balancing.allocation import allocate
from csms.balancing.shares import Share
from csms.domain import events as ev
from csms.domain.model import ConnectorKey, ConnectorStatus, Current, Moment
from csms.domain.snapshot import Snapshot

K = TypeVar("K")
V = TypeVar("V")

FATES = st.sampled_from(["online", "online", "online", "running", "running", "running", "running", "offline", "new"])


@st.composite
def moments(draw: st.DrawFn) -> tuple[Premises, World]:
    """A site in the middle of its life: some chargers run sessions, some are idle, offline, or have never called."""
    place = draw(premises())
    world = place.world()
    for charge_point in place.charge_points:
        fate = draw(FATES)
        if fate != "new":
            _comes_to_life(world, place, charge_point.charge_point_id)
    _settle_once(world)
    for charge_point in place.charge_points:
        for connector_id in range(1, charge_point.connectors + 1):
            fate = draw(FATES)
            if fate in ("running", "offline") and world.state.charge_points[charge_point.charge_point_id].connected:
                world.start(charge_point.charge_point_id, connector_id)
    _settle_once(world)
    names = tuple(charge_point.charge_point_id for charge_point in place.charge_points)
    world.apply(ev.SmartChargingConfigured(world.now, draw(configurations(names))))
    for name in names:
        if draw(FATES) == "offline" and world.state.charge_points[name].connected:
            world.disconnect(name)
    for key in list(world.state.active):
        if draw(st.booleans()):
            world.draw(key.charge_point_id, draw(st.integers(0, 25_000)), key.connector_id)
    world.wait(draw(st.sampled_from([0.0, 3.0, 7.0, 100.0, 1000.0])))
    return place, world


def _comes_to_life(world: World, place: Premises, name: str) -> None:
    world.connect(name)
    world.apply(ev.CapabilitiesLearned(world.now, name, place.capabilities_of(name)))


def _settle_once(world: World) -> None:
    """One round of answers: whoever is told something obeys."""
    for intent in world.plan().intents:
        world.confirm(world.issue(intent))
    world.wait(7.0)


def shares(world: World) -> dict[ConnectorKey, Share]:
    return dict(world.allocation().shares)


def commanded(world: World) -> Iterator[tuple[ConnectorKey, Share]]:
    """Those who will be told their share and are believed to follow it."""
    for key, share in shares(world).items():
        if share.commanded and not share.refusing:
            yield key, share


def draws(place: Premises, world: World, *, nothing_given: bool = False) -> dict[str, Draw]:
    """What each charge point may draw if everyone does as decided: shares, or the default where that is higher, and
    whatever the ledger says of those who are told nothing."""
    snapshot, book, given = world.state.snapshot(), world.book(), dict(commanded(world))
    defaults = world.allocation().defaults
    found: dict[str, Draw] = {}
    for settings_ in place.charge_points:
        name, known = settings_.charge_point_id, snapshot.charge_points[settings_.charge_point_id].capabilities
        total = NOTHING
        for connector_id in range(1, settings_.connectors + 1):
            key = ConnectorKey(name, connector_id)
            held = permitted(place.site, settings_, known, defaults.limit_w(book.facts[key]))
            if key in given and not nothing_given:
                share = given[key]
                total += held.highest(permitted(place.site, settings_, known, share.limit_w, share.phases))
            elif key in given or _will_keep_default(snapshot, key):
                total += held
            else:
                total += _held(world, key)
        found[name] = _at_most(total, place, name) if book.charge_points[name] else NOTHING
    return found


def _will_keep_default(snapshot: Snapshot, key: ConnectorKey) -> bool:
    return key not in snapshot.active and snapshot.charge_points[key.charge_point_id].connected


def _held(world: World, key: ConnectorKey) -> Draw:
    power, *currents = world.book().exposures[key].worst
    volts = [round(v * 1000) for v in (world.state.site.limit_voltage_v, world.state.site.lowest_voltage_v)]
    per_a = 1000 * 6 * volts[0] * volts[1]
    one, two, three = (Fraction(current, per_a) for current in currents)
    return Draw(Fraction(power, 1000), (one, two, three))


def _at_most(total: Draw, place: Premises, name: str) -> Draw:
    """A charge point never draws more than it is made for."""
    settings_ = next(s for s in place.charge_points if s.charge_point_id == name)
    if settings_.max_power_w is None:
        return total
    most = rated(place.site, settings_)
    one, two, three = (min(a, b) for a, b in zip(total.currents_a, most.currents_a, strict=True))
    return Draw(min(total.power_w, most.power_w), (one, two, three))


@settings(max_examples=100, deadline=None)
@given(moments())
def test_what_is_decided_fits_every_node_and_phase(moment: tuple[Premises, World]) -> None:
    """I1 of the decision: beside what is held for others, or without making what is too much already any more."""
    place, world = moment
    declared = {settings_.charge_point_id: settings_ for settings_ in place.charge_points}
    all_given, none_given = draws(place, world), draws(place, world, nothing_given=True)
    for node in nodes(place.site, declared, world.allocation().budget.usable_w):
        for decided, unavoidable in zip(node.excess(all_given), node.excess(none_given), strict=True):
            assert decided <= unavoidable, node.name


@settings(max_examples=60, deadline=None)
@given(moments())
def test_a_share_is_nothing_or_at_least_its_floor_and_a_step_of_its_charger(moment: tuple[Premises, World]) -> None:
    place, world = moment
    config = world.state.smart_charging
    assert config is not None
    for key, share in commanded(world):
        settings_ = next(s for s in place.charge_points if s.charge_point_id == key.charge_point_id)
        known = place.capabilities_of(key.charge_point_id)
        assert share.limit_w == 0 or share.limit_w >= config.min_power_per_charger_w
        assert share.waiting == (share.limit_w == 0) or config.min_power_per_charger_w == 0
        volts_v = place.site.limit_voltage_v * (share.phases or settings_.phases or 3)
        if settings_.current is Current.AC and settings_.phases is not None and share.limit_w:
            assert share.limit_w >= round(6 * volts_v)
        if takes_amperes(settings_, known):
            amperes = Fraction(share.limit_w) / Fraction(str(volts_v))
            step_a = Fraction(str(known.current_step_a))
            assert amperes % step_a * Fraction(str(volts_v)) < 1, "it permits a watt less than it says, at most"
    for settings_ in place.charge_points:
        given_w = sum(s.limit_w for key, s in commanded(world) if key.charge_point_id == settings_.charge_point_id)
        assert settings_.max_power_w is None or given_w <= settings_.max_power_w


def _reversed(table: Mapping[K, V]) -> dict[K, V]:
    return dict(reversed(list(table.items())))


@settings(max_examples=40, deadline=None)
@given(moments())
def test_equal_sites_get_equal_decisions_in_whatever_order_they_were_told(moment: tuple[Premises, World]) -> None:
    """I6: no decision depends on the order of a table, on a hash seed, or on the hour of the day."""
    _, world = moment
    snapshot = world.state.snapshot()
    turned = replace(
        snapshot,
        active=_reversed(snapshot.active),
        limits=_reversed(snapshot.limits),
        connectors=_reversed(snapshot.connectors),
        readings=_reversed(snapshot.readings),
        charge_points=_reversed(snapshot.charge_points),
    )
    first = allocate(snapshot, world.now, world.settings)
    assert allocate(turned, world.now, world.settings).shares == first.shares
    later = Moment(world.now.utc_s + 86_400.0, world.now.steady_s)
    assert allocate(snapshot, later, world.settings).shares.keys() == first.shares.keys()


@settings(max_examples=40, deadline=None)
@given(moments())
def test_what_was_sent_and_acknowledged_is_not_sent_again(moment: tuple[Premises, World]) -> None:
    """I6: a decision that is carried out sends nothing more."""
    _, world = moment
    world.settle()
    assert world.plan().intents == ()
    assert world.plan() == world.plan()


@settings(max_examples=40, deadline=None)
@given(moments(), st.integers(0, 25_000))
def test_no_reading_raises_a_share_above_what_it_would_be_without(moment: tuple[Premises, World], power_w: int) -> None:
    """I7: what a charger says of its draw can cost it power, and give some to others, but never get it more."""
    _, world = moment
    for key in list(world.state.active):
        without = replace(world.state.snapshot(), readings={k: r for k, r in world.state.readings.items() if k != key})
        honest = allocate(without, world.now, world.settings).shares[key].limit_w
        world.status(key.charge_point_id, ConnectorStatus.CHARGING, key.connector_id)
        world.draw(key.charge_point_id, power_w, key.connector_id)
        said = world.allocation().shares[key]
        assert said.limit_w <= honest or not said.commanded


def test_what_one_connector_keeps_anyway_is_not_lent_to_the_other() -> None:
    """Else the other's raise never fits beside it, and is never sent."""
    world = World(10)
    world.charger("a", 22, connectors=2, offline_kw=3)
    world.start("a", 1)
    world.start("a", 2)
    world.settle()
    for _ in range(10):
        world.wait(30)
        world.draw("a", 5_000.0, 1)
        world.draw("a", 0.0, 2)
        world.settle()
    in_force = world.state.limits[ConnectorKey("a", 1)].transaction
    assert in_force is not None
    assert in_force.limit_w == 7_000
