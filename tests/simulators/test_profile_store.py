import math
from dataclasses import replace
from typing import Any

import pytest

from simulators.charging_profile import ChargingProfile, Limit, Period, Running, Schedule, limit_at, next_change_s
from simulators.hardware import AC_THREE_PHASES
from simulators.offers import offers_at
from simulators.profiles import ProfileStore, StoreRules

NOW_S = 1_767_225_600.0  # 2026-01-01T00:00:00Z
DAY_S = 86_400.0
RUNNING = {1: Running("T1", NOW_S, NOW_S)}
IDLE: dict[int, Running] = {}


def profile(*periods: tuple[float, float], **fields: Any) -> ChargingProfile:
    schedule = Schedule(
        fields.pop("unit", "A"),
        tuple(Period(start, limit) for start, limit in periods or ((0, 16),)),
        fields.pop("start_at_s", NOW_S),
        fields.pop("duration_s", None),
    )
    values: dict[str, Any] = {"profile_id": 1, "stack_level": 0, "purpose": "TxDefault", "kind": "Absolute"} | fields
    return ChargingProfile(schedule=schedule, **values)


def tx(*periods: tuple[float, float], **fields: Any) -> ChargingProfile:
    return profile(*periods, **({"purpose": "Tx", "transaction_id": "T1"} | fields))


def store(version: str = "1.6") -> ProfileStore:
    return ProfileStore(StoreRules("replace" if version == "1.6" else "reject", ("A",)), (1, 2))


@pytest.mark.parametrize(
    ("subject", "after_s", "expected"),
    [
        (profile((0, 16), (60, 8)), 0, 16),
        (profile((0, 16), (60, 8)), 59.9, 16),
        (profile((0, 16), (60, 8)), 60, 8),
        (profile((0, 16), (60, 8)), 1e6, 8),  # K01.FR.12: the last period holds
        (profile(start_at_s=NOW_S + 10), 9.9, None),  # K01.FR.30
        (profile(start_at_s=NOW_S + 10), 10, 16),
        (profile(duration_s=30), 29.9, 16),
        (profile(duration_s=30), 30, None),
        (profile((0, 16), (60, 8), duration_s=30), 60, None),  # K01.FR.11
        (profile(valid_from_s=NOW_S + 5), 4.9, None),
        (profile(valid_from_s=NOW_S + 5), 5, 16),  # K01.FR.36
        (profile(valid_to_s=NOW_S + 5), 4.9, 16),
        (profile(valid_to_s=NOW_S + 5), 5, None),  # K01.FR.37
        (profile((0, 16), (60, 8), kind="Relative", start_at_s=None), 70, 16),  # the transaction is 20 s younger
        (profile((0, 16), (60, 8), kind="Relative", start_at_s=None), 80, 8),
        (profile((0, 16), (60, 8), start_at_s=None), 80, 8),  # 1.6: without startSchedule like Relative
        (profile((0, 6), (3600, 16), kind="Recurring", recurrence="Daily"), DAY_S + 100, 6),
        (profile((0, 6), (3600, 16), kind="Recurring", recurrence="Daily"), DAY_S + 3600, 16),
        (profile(kind="Recurring", recurrence="Daily", duration_s=3600), 5 * DAY_S + 3601, None),  # K01.FR.13
        (profile((0, 6), (DAY_S, 16), kind="Recurring", recurrence="Weekly"), 8 * DAY_S, 16),
        (profile((0, 6), (DAY_S, 16), kind="Recurring", recurrence="Weekly"), 7 * DAY_S, 6),
    ],
)
def test_what_a_profile_says_at_an_instant(subject: ChargingProfile, after_s: float, expected: float | None) -> None:
    limit = limit_at(subject, NOW_S + after_s, NOW_S + 20)
    assert limit == (None if expected is None else Limit("A", expected))


@pytest.mark.parametrize(
    ("subject", "after_s", "expected_s"),
    [
        (profile((0, 16), (60, 8)), 0, 60),
        (profile((0, 16), (60, 8)), 60, None),
        (profile(start_at_s=NOW_S + 10), 0, 10),
        (profile(duration_s=30), 0, 30),
        (profile(valid_to_s=NOW_S + 5), 0, 5),
        (profile((0, 6), (3600, 16), kind="Recurring", recurrence="Daily"), 7200, DAY_S),
        (profile((0, 16), (60, 8), kind="Relative", start_at_s=None), 0, 20),  # a transaction begins at 20
    ],
)
def test_when_a_profile_may_change(subject: ChargingProfile, after_s: float, expected_s: float | None) -> None:
    instant = next_change_s(subject, NOW_S + after_s, NOW_S + 20)
    assert instant == (None if expected_s is None else NOW_S + expected_s)


@pytest.mark.parametrize(
    ("connector_id", "subject", "reason"),
    [
        (1, tx(), None),
        (2, tx(), "TxNotFound"),  # no transaction there (1.6 3.13.1, K01.FR.09)
        (0, tx(), "TxNotFound"),
        (1, tx(transaction_id="T9"), "TxNotFound"),  # K01.FR.33
        (3, profile(), "UnknownEvse"),  # K01.FR.28
        (1, profile(purpose="ChargePointMax"), "InvalidProfile"),
        (0, profile(purpose="ChargePointMax"), None),
        (0, profile(purpose="ChargePointMax", kind="Relative", start_at_s=None), "InvalidProfile"),  # K01.FR.38
        (1, profile(stack_level=11), "InvalidStackLevel"),
        (1, profile(unit="W"), "UnsupportedRateUnit"),  # K01.FR.26
        (1, profile((1, 16)), "InvalidSchedule"),  # K01.FR.31
        (1, profile((0, 16), (9, 8), (9, 6)), "InvalidSchedule"),  # K01.FR.35
        (1, profile((0, -1)), "InvalidSchedule"),
        (1, profile(*((n, 6) for n in range(25))), "InvalidSchedule"),
        (1, profile(kind="Recurring"), "InvalidProfile"),
    ],
)
@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
def test_both_versions_refuse_the_same_nonsense(
    version: str, connector_id: int, subject: ChargingProfile, reason: str | None
) -> None:
    subjects = store(version)
    assert subjects.install(connector_id, subject, RUNNING, NOW_S) == reason
    assert len(subjects.installed) == (reason is None)


@pytest.mark.parametrize(
    ("subject", "in_16", "in_201"),
    [
        (tx(transaction_id=None), None, "MissingParam"),  # K01.FR.03
        (profile(start_at_s=None), None, "InvalidSchedule"),  # K01.FR.40
        (profile(kind="Relative"), None, "InvalidSchedule"),  # K01.FR.41
    ],
)
def test_2_0_1_is_stricter_about_what_a_profile_must_say(
    subject: ChargingProfile, in_16: str | None, in_201: str | None
) -> None:
    assert store("1.6").install(1, subject, RUNNING, NOW_S) == in_16
    assert store("2.0.1").install(1, subject, RUNNING, NOW_S) == in_201


FIRST = (1, profile(profile_id=1))


@pytest.mark.parametrize(
    ("old", "new", "in_16", "in_201"),
    [
        (FIRST, (1, profile(profile_id=1)), {1}, {1}),  # K01.FR.05
        (FIRST, (2, profile(profile_id=1)), {1}, {1}),
        (FIRST, (1, profile(profile_id=2)), {2}, "DuplicateProfile"),  # K01.FR.06
        (FIRST, (1, profile(profile_id=2, stack_level=1)), {1, 2}, {1, 2}),
        (FIRST, (2, profile(profile_id=2)), {1, 2}, {1, 2}),
        ((0, profile(profile_id=1)), (1, profile(profile_id=2)), {1, 2}, "DuplicateProfile"),  # K01.FR.53
        (FIRST, (0, profile(profile_id=2)), {1, 2}, "DuplicateProfile"),  # K01.FR.52
        (
            (1, profile(profile_id=1, valid_to_s=NOW_S)),
            (1, profile(profile_id=2, valid_from_s=NOW_S)),
            {2},
            {1, 2},
        ),
        ((1, tx(profile_id=1)), (1, tx(profile_id=2)), {2}, "DuplicateProfile"),  # K01.FR.39
        ((1, tx(profile_id=1)), (1, profile(profile_id=2)), {1, 2}, {1, 2}),
    ],
)
def test_the_versions_differ_about_a_second_profile_of_the_same_rank(
    old: tuple[int, ChargingProfile], new: tuple[int, ChargingProfile], in_16: set[int], in_201: set[int] | str
) -> None:
    for version, expected in (("1.6", in_16), ("2.0.1", in_201)):
        subjects = store(version)
        assert subjects.install(*old, RUNNING, NOW_S) is None
        reason = subjects.install(*new, RUNNING, NOW_S)
        left = {item.profile.profile_id for item in subjects.installed}
        assert (reason, left) == ((expected, {1}) if isinstance(expected, str) else (None, expected))


def test_a_full_store_takes_only_replacements() -> None:
    subjects = ProfileStore(StoreRules("replace", ("A",), max_profiles=1), (1,))
    assert subjects.install(1, profile(profile_id=1), {}, NOW_S) is None
    assert subjects.install(1, profile(profile_id=2, stack_level=1), {}, NOW_S) == "TooManyElements"
    assert subjects.install(1, profile(profile_id=1, stack_level=2), {}, NOW_S) is None


@pytest.mark.parametrize(
    ("criteria", "left"),
    [
        ({}, set()),
        ({"profile_id": 2}, {1, 3, 4}),
        ({"profile_id": 2, "connector_id": 9}, {1, 3, 4}),  # the id alone decides
        ({"connector_id": 1}, {1, 2}),
        ({"purpose": "TxDefault"}, {1, 4}),
        ({"stack_level": 5}, {1, 2, 4}),
        ({"connector_id": 1, "stack_level": 0}, {1, 2, 3}),
        ({"profile_id": 7}, {1, 2, 3, 4}),
    ],
)
def test_clearing_takes_what_matches_every_criterion(criteria: dict[str, Any], left: set[int]) -> None:
    subjects = store()
    subjects.install(0, profile(profile_id=1, purpose="ChargePointMax"), RUNNING, NOW_S)
    subjects.install(0, profile(profile_id=2), RUNNING, NOW_S)
    subjects.install(1, profile(profile_id=3, stack_level=5), RUNNING, NOW_S)
    subjects.install(1, tx(profile_id=4), RUNNING, NOW_S)
    assert subjects.clear(**criteria) == 4 - len(left)
    assert {item.profile.profile_id for item in subjects.installed} == left


@pytest.mark.parametrize(
    ("installed", "expected"),
    [
        ([], None),
        ([(1, profile((0, 10)))], 10),
        ([(0, profile((0, 12)))], 12),
        ([(0, profile((0, 12))), (1, profile((0, 20), profile_id=2))], 20),  # its own beats connector 0's
        ([(0, profile((0, 12), stack_level=1)), (1, profile((0, 20), profile_id=2))], 12),  # a higher level first
        ([(1, profile((0, 10))), (1, tx((0, 30), profile_id=2))], 30),  # TxProfile overrules, even upwards
        ([(1, profile((0, 10))), (1, tx((0, 30), profile_id=2, duration_s=5))], 10),  # K02.FR.08: it is over
        ([(1, tx((0, 9))), (1, tx((0, 30), profile_id=2, stack_level=3, valid_to_s=NOW_S))], 9),
    ],
)
def test_what_a_connector_may_draw_follows_stack_and_purpose(
    installed: list[tuple[int, ChargingProfile]], expected: float | None
) -> None:
    subjects = store()
    for connector_id, item in installed:
        assert subjects.install(connector_id, item, RUNNING, NOW_S) is None
    limit = subjects.connector_limit(1, NOW_S + 10, RUNNING[1])
    assert (limit and limit.value) == expected


def test_a_transaction_takes_its_profiles_with_it() -> None:
    subjects = store()
    subjects.install(1, tx((0, 30)), RUNNING, NOW_S)
    subjects.install(1, profile((0, 10), profile_id=2), RUNNING, NOW_S)
    subjects.end_transaction(1)
    assert [item.profile.profile_id for item in subjects.installed] == [2]


@pytest.mark.parametrize(
    ("active", "station_a", "expected_a"),
    [
        ((1, 2), 40, {1: 8, 2: 32}),  # one can use only 8: the other gets the rest
        ((1, 2), 20, {1: 8, 2: 12}),
        ((1, 2), 14, {1: 7, 2: 7}),
        ((1, 2), 10, {1: 0, 2: 0}),  # 5 A each is no current a car can take
        ((1,), 20, {1: 8, 2: 12}),  # an idle connector shows what a car that came now would get
    ],
)
def test_the_station_limit_caps_the_sum(
    active: tuple[int, ...], station_a: float, expected_a: dict[int, float]
) -> None:
    subjects = store()
    subjects.install(0, profile((0, station_a), purpose="ChargePointMax"), {}, NOW_S)
    subjects.install(1, profile((0, 8), profile_id=2), {}, NOW_S)
    offers = offers_at(AC_THREE_PHASES, subjects, dict.fromkeys(active, RUNNING[1]), NOW_S)
    assert {number: offer.current_a for number, offer in offers.items()} == pytest.approx(expected_a)


def test_profiles_without_edges_never_change() -> None:
    forever = replace(profile(), valid_from_s=-math.inf)
    subjects = store()
    subjects.install(1, forever, {}, NOW_S)
    assert subjects.next_change_s(NOW_S, IDLE) is None
