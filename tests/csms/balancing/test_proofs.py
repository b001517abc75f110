from dataclasses import replace

import pytest

from csms.balancing.proofs import default_proofs, is_over_at_once, lease_proof, shows_default, shows_limit
from csms.domain.commands import ScheduleLimit
from csms.domain.electrical import Shape, shape
from csms.domain.limits import Limit
from csms.domain.model import (
    Capabilities,
    ChargePointSettings,
    ConnectorKey,
    Current,
    LimitPurpose,
    Moment,
    Proof,
    SiteSettings,
)

SITE = SiteSettings("s", "S", "Europe/London", 100_000)
A1, A2, A3 = ConnectorKey("a", 1), ConnectorKey("a", 2), ConnectorKey("a", 3)
TOLD = {A1: 7, A2: 7, A3: 7}
BOTH_LOST = (Proof.DISPROVED, Proof.DISPROVED, Proof.SHOWN)
LIMIT = Limit(1, LimitPurpose.TRANSACTION, 11_040, "t", "c1", Moment(0, 0), lease_s=900.0, then_w=0)
"""16 A on three phases for a quarter of an hour, then nothing."""


def charger(offline_kw: float = 0.0, *, switches: bool = False) -> Shape:
    settings = ChargePointSettings(
        "a", "s", current=Current.AC, phases=3, max_power_w=22_080, offline_limit_w=round(offline_kw * 1000)
    )
    return shape(SITE, settings, Capabilities(switches_phases=switches))


def amperes(*limits: tuple[float, float], phases: int | None = None) -> list[ScheduleLimit]:
    """(limit, start) of each period."""
    return [ScheduleLimit("A", limit_a, phases, start_s) for limit_a, start_s in limits]


def watts(*limits: tuple[float, float]) -> list[ScheduleLimit]:
    return [ScheduleLimit("W", limit_w, None, start_s) for limit_w, start_s in limits]


@pytest.mark.parametrize(
    ("schedule", "shows"),
    [
        (amperes((6.0, 0)), True),
        (amperes((0.0, 0)), True),  # another profile, or an error, holds it lower
        (amperes((6.1, 0)), False),  # 4209 W are 69 more than 4140
        (amperes((16.0, 0), (6.0, 60)), False),  # what it does now counts
        (watts((4_140, 0)), True),
        (watts((4_190, 0)), True),  # rounded on the way
        (watts((4_191, 0)), False),
        (amperes((18.0, 0), phases=1), True),  # 18 A on one phase are 4.14 kW
        ([], False),
    ],
)
def test_a_default_is_shown_by_what_is_not_above_it(schedule: list[ScheduleLimit], shows: bool) -> None:
    """6 A on three phases are 4.14 kW."""
    default = Limit(1, LimitPurpose.DEFAULT, 4_140, None, "c1", Moment(0, 0))
    assert shows_default(schedule, default, charger(4.14)) is shows


def test_a_default_that_gave_way_is_not_shown_by_the_one_before() -> None:
    default = Limit(2, LimitPurpose.DEFAULT, 0, None, "c1", Moment(0, 0))
    assert not shows_default(watts((4_140, 0)), default, charger(4.14))


@pytest.mark.parametrize(
    ("shown", "proofs"),
    [
        ({A1: True, A2: True}, {A1: Proof.SHOWN, A2: Proof.SHOWN}),
        ({A1: False, A2: True}, {A1: Proof.DISPROVED, A2: Proof.SHOWN}),  # the second replaced the first
        ({A1: False, A2: False}, {A1: Proof.SILENT, A2: Proof.SILENT}),  # it answers so for every idle connector
        ({A1: None, A2: None}, {A1: Proof.SILENT, A2: Proof.SILENT}),
        ({A1: None, A2: True, A3: False}, {A1: Proof.SILENT, A2: Proof.SHOWN, A3: Proof.DISPROVED}),
        ({A1: None, A2: False}, {A1: Proof.SILENT, A2: Proof.SILENT}),
        ({}, {}),
    ],
)
def test_who_shows_one_default_is_taken_at_its_word_about_the_others(
    shown: dict[ConnectorKey, bool | None], proofs: dict[ConnectorKey, Proof]
) -> None:
    assert default_proofs(shown, {}, TOLD, lost=False) == proofs


@pytest.mark.parametrize(
    ("before", "shown", "proofs"),
    [
        ({A1: Proof.SHOWN}, {A1: None, A2: False}, {A2: Proof.DISPROVED}),
        ({A2: Proof.DISPROVED}, {A1: False, A2: False}, {A1: Proof.DISPROVED, A2: Proof.DISPROVED}),
        ({A1: Proof.DISPROVED}, {A1: None, A2: None}, {A2: Proof.SILENT}),  # silence overrules nothing
        ({A1: Proof.SHOWN, A2: Proof.SHOWN}, {A1: None, A2: None}, {}),
        ({A1: Proof.DISPROVED}, {A1: True}, {A1: Proof.SHOWN}),
        ({A1: Proof.SILENT}, {A1: False}, {}),  # it answers so for every idle connector, as before
        ({A1: Proof.SILENT, A2: Proof.SILENT}, {A1: True, A2: False}, {A1: Proof.SHOWN, A2: Proof.DISPROVED}),
    ],
)
def test_what_was_proven_before_stands_and_makes_its_charger_one_that_tells(
    before: dict[ConnectorKey, Proof], shown: dict[ConnectorKey, bool | None], proofs: dict[ConnectorKey, Proof]
) -> None:
    assert default_proofs(shown, before, TOLD, lost=False) == proofs


@pytest.mark.parametrize(
    ("told", "shown", "proofs"),
    [
        ({A1: 7, A2: 9}, {A1: None, A2: True}, {A1: Proof.DISPROVED, A2: Proof.SHOWN}),
        ({A1: 9, A2: 7}, {A1: None, A2: True}, {A2: Proof.SHOWN}),  # it stands beside a later one
        ({A1: 7, A2: 9}, {A1: None, A2: None}, {A1: Proof.DISPROVED}),
        ({A1: 7, A2: 8, A3: 9}, {A1: None, A2: True, A3: True}, {A2: Proof.SHOWN, A3: Proof.SHOWN}),
        ({A1: 7, A2: 8, A3: 9}, {A1: None, A2: False, A3: True}, dict(zip((A1, A2, A3), BOTH_LOST, strict=True))),
    ],
)
def test_where_defaults_get_lost_one_that_cannot_be_asked_about_is_not_believed_beside_a_later_one(
    told: dict[ConnectorKey, int], shown: dict[ConnectorKey, bool | None], proofs: dict[ConnectorKey, Proof]
) -> None:
    before = dict.fromkeys(shown, Proof.SHOWN)
    assert default_proofs(shown, before, told, lost=True) == proofs


def test_where_none_was_ever_lost_what_was_shown_stands() -> None:
    shown = {A1: None, A2: True}
    assert default_proofs(shown, {A1: Proof.SHOWN}, {A1: 7, A2: 9}, lost=False) == {A2: Proof.SHOWN}


def test_who_shows_nothing_is_not_known_to_lose_anything() -> None:
    assert default_proofs({A1: None, A2: None}, {}, {A1: 7, A2: 9}, lost=True) == {A1: Proof.SILENT, A2: Proof.SILENT}


@pytest.mark.parametrize(
    ("schedule", "shows"),
    [
        (amperes((16.0, 0)), True),
        (amperes((16.5, 0)), True),  # 11 385 W: within 3 % and 50 W of 11 040, 11 421 W
        (amperes((16.6, 0)), False),
        (amperes((6.0, 0)), True),
        (amperes((32.0, 0), (16.0, 10)), False),
        (watts((11_421, 0)), True),
        (watts((11_422, 0)), False),
        ([], True),  # it tells nothing: no objection
    ],
)
def test_a_limit_is_shown_by_what_is_not_above_it(schedule: list[ScheduleLimit], shows: bool) -> None:
    assert shows_limit(schedule, LIMIT, charger()) is shows


@pytest.mark.parametrize(("limit_a", "shows"), [(16.0, True), (18.0, False)])
def test_amperes_of_a_limit_for_one_phase_are_amperes_of_one_phase(limit_a: float, shows: bool) -> None:
    """3680 W on one phase are 16 A; 18 A, which would be 4.14 kW, are not."""
    one = replace(LIMIT, limit_w=3_680, phases=1)
    assert shows_limit(amperes((limit_a, 0)), one, charger(switches=True)) is shows


@pytest.mark.parametrize(
    ("schedule", "age_s", "proof"),
    [
        (amperes((16.0, 0), (0.0, 898)), 2, Proof.SHOWN),
        (amperes((16.0, 0), (0.0, 958)), 2, Proof.SHOWN),  # its clock, or its rounding, is a minute behind
        (amperes((16.0, 0), (0.0, 959)), 2, Proof.DISPROVED),
        (amperes((16.0, 0), (0.0, 600)), 2, Proof.SHOWN),  # earlier is no danger
        (amperes((16.0, 0), (6.0, 100), (0.0, 898)), 2, Proof.SHOWN),
        (amperes((16.0, 0), (6.0, 898)), 2, Proof.DISPROVED),  # it steps, but not down to what we said
        (amperes((16.0, 0)), 2, Proof.DISPROVED),  # it never steps
        (amperes((32.0, 0), (0.0, 898)), 2, Proof.DISPROVED),  # that is another limit
        (amperes((6.0, 0), (0.0, 898)), 2, Proof.DISPROVED),  # as above
        (amperes((0.0, 0)), 2, Proof.DISPROVED),
        (watts((11_040, 0), (0, 898)), 2, Proof.SHOWN),
        (watts((11_000, 0), (40, 898)), 2, Proof.SHOWN),
        (amperes((16.0, 0), (0.0, 500)), 400, Proof.SHOWN),
        (amperes((16.0, 0), (0.0, 561)), 400, Proof.DISPROVED),
        ([], 2, Proof.SILENT),
    ],
)
def test_a_lease_is_shown_by_a_step_down_in_time(schedule: list[ScheduleLimit], age_s: float, proof: Proof) -> None:
    assert lease_proof(schedule, LIMIT, age_s, charger()) is proof


def test_a_lease_may_end_at_a_default_above_zero() -> None:
    leased = replace(LIMIT, then_w=4_140)
    assert lease_proof(amperes((16.0, 0), (6.0, 898)), leased, 2, charger(4.14)) is Proof.SHOWN
    assert lease_proof(amperes((16.0, 0), (8.0, 898)), leased, 2, charger(4.14)) is Proof.DISPROVED


def test_amperes_of_a_lease_on_one_phase_are_those_of_one_phase() -> None:
    one = replace(LIMIT, limit_w=3_680, phases=1)
    assert lease_proof(amperes((16.0, 0), (0.0, 898)), one, 2, charger(switches=True)) is Proof.SHOWN
    assert lease_proof(amperes((5.3, 0), (0.0, 898)), one, 2, charger(switches=True)) is Proof.DISPROVED


def test_a_limit_without_a_lease_proves_none() -> None:
    forever = replace(LIMIT, lease_s=None)
    assert lease_proof(amperes((16.0, 0), (0.0, 898)), forever, 2, charger()) is Proof.SILENT


@pytest.mark.parametrize(
    ("schedule", "over"),
    [
        (amperes((0.0, 0)), True),
        (watts((50, 0)), True),
        (amperes((0.1, 0)), False),  # 69 W
        (amperes((16.0, 0), (0.0, 900)), False),
        ([], False),
    ],
)
def test_a_limit_is_over_at_once_where_the_schedule_begins_with_what_was_to_follow(
    schedule: list[ScheduleLimit], over: bool
) -> None:
    assert is_over_at_once(schedule, LIMIT, charger()) is over


def test_what_has_no_lease_or_steps_down_to_the_same_is_never_over() -> None:
    assert not is_over_at_once(amperes((0.0, 0)), replace(LIMIT, lease_s=None), charger())
    assert not is_over_at_once(amperes((0.0, 0)), replace(LIMIT, limit_w=0), charger())
