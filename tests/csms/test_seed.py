from dataclasses import replace

import pytest

from csms.domain import events as ev
from csms.domain.model import ChargePointSettings, Moment, SiteSettings, SmartCharging
from csms.domain.ports import REMOVED
from csms.domain.state import Row
from csms.seed import DeclaredSite, seed

NOW = Moment(1_790_000_000.0, 5.0)
SITE = SiteSettings("s", "Site", "Europe/London", 100_000)
ONE = ChargePointSettings("one", "s", max_power_w=22_000)
TWO = ChargePointSettings("two", "s")
EQUAL = SmartCharging(50_000, "equal", updated_at_s=1.0)
FILE = DeclaredSite(SITE, (ONE, TWO), EQUAL)
STORED: list[Row] = [SITE, ONE, TWO, EQUAL]
FROM_FILE = {"site": "file", "charge_point/one": "file", "charge_point/two": "file", "smart_charging": "file"}


def test_an_empty_store_takes_everything_from_the_file() -> None:
    made = seed(FILE, [], {}, NOW)
    assert made.events == (
        ev.SiteDeclared(NOW, SITE),
        ev.ChargePointDeclared(NOW, ONE),
        ev.ChargePointDeclared(NOW, TWO),
        ev.SmartChargingConfigured(NOW, replace(EQUAL, updated_at_s=NOW.utc_s)),
    )
    assert (made.forgotten, made.overruled) == ((), ())


def test_an_unchanged_file_changes_nothing() -> None:
    assert seed(FILE, STORED, FROM_FILE, NOW).events == ()


def test_what_only_the_file_ever_said_follows_the_file() -> None:
    changed = DeclaredSite(replace(SITE, grid_capacity_w=80_000), (replace(ONE, max_power_w=11_000), TWO), None)
    made = seed(changed, STORED, FROM_FILE, NOW)
    assert [type(event) for event in made.events] == [ev.SiteDeclared, ev.ChargePointDeclared]


def test_what_was_changed_over_rest_wins_and_is_told() -> None:
    stored: list[Row] = [SITE, ONE, TWO, SmartCharging(30_000, "priority", priority_order=("two",))]
    made = seed(FILE, stored, {**FROM_FILE, "smart_charging": "api"}, NOW)
    assert (made.events, made.overruled) == ((), ("smart_charging",))


@pytest.mark.parametrize(
    ("origin", "elsewhere", "forgotten"),
    [
        ("file", frozenset(), ("two",)),  # the file took it back
        ("ocpp", frozenset(), ()),  # it came by itself and stays
        ("ocpp", frozenset({"two"}), ("two",)),  # the file declares it at another site now
        ("api", frozenset(), ()),
    ],
)
def test_a_charge_point_that_the_file_no_longer_declares(
    origin: str, elsewhere: frozenset[str], forgotten: tuple[str, ...]
) -> None:
    made = seed(DeclaredSite(SITE, (ONE,), EQUAL), STORED, {**FROM_FILE, "charge_point/two": origin}, NOW, elsewhere)
    assert made.forgotten == forgotten


def test_a_charge_point_that_came_by_itself_takes_what_the_file_says_of_it() -> None:
    declared = DeclaredSite(SITE, (ONE, replace(TWO, max_power_w=7_400)), EQUAL)
    made = seed(declared, STORED, {**FROM_FILE, "charge_point/two": "ocpp"}, NOW)
    assert made.events == (ev.ChargePointDeclared(NOW, replace(TWO, max_power_w=7_400)),)


def test_a_charge_point_that_was_removed_over_rest_does_not_come_back() -> None:
    stored: list[Row] = [SITE, ONE, replace(EQUAL, updated_at_s=1.0)]
    made = seed(FILE, stored, {**FROM_FILE, "charge_point/two": REMOVED}, NOW)
    assert (made.events, made.forgotten, made.overruled) == ((), (), ("charge_point/two",))


def test_ranks_of_what_was_removed_over_rest_are_no_difference() -> None:
    ranked = SmartCharging(50_000, "priority", priority_order=("two", "one"))
    left = SmartCharging(50_000, "priority", priority_order=("one",))
    made = seed(
        DeclaredSite(SITE, (ONE, TWO), ranked), [SITE, ONE, left], {**FROM_FILE, "charge_point/two": REMOVED}, NOW
    )
    assert (made.events, made.overruled) == ((), ("charge_point/two",))
