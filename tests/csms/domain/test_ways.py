"""What a charger rejects teaches: the next lower way is tried, what failed is remembered, and the search ends."""

from dataclasses import replace

import pytest

from csms.domain.capabilities import NO_KNOBS, Capabilities, Knobs, Knowledge, Learned, LimitPurpose, effective
from csms.domain.commands import Answer, Outcome, SetLimit
from csms.domain.model import ChargePoint, ChargePointSettings, Current, SiteSettings
from csms.domain.ways import Place, is_refusal, next_way, outdated_standing_limit, over_at_once, refused, said, taken

SITE = SiteSettings("s", "s", "UTC", 100_000)
TOLD = Capabilities(("A", "W"), max_stack_level=8, max_periods=24)
REJECTED, NOT_SUPPORTED = Outcome(Answer.REJECTED), Outcome(Answer.NOT_SUPPORTED)


KNOWS_TOLD = Knowledge(told=TOLD)


def place(knowledge: Knowledge = KNOWS_TOLD, connectors: int = 1, pinned: Knobs | None = None) -> Place:
    settings = ChargePointSettings("a", "s", connectors, 22_000, Current.AC, 3, quirks=pinned)
    known = effective(knowledge, pinned, connectors)
    return Place(SITE, settings, ChargePoint("a", knowledge=knowledge, capabilities=known))


def limit(where: Place, purpose: LimitPurpose, lease_s: float | None = None) -> SetLimit:
    assert where.charge_point.capabilities is not None
    return SetLimit(1, purpose, 11_040, where.form(where.charge_point.capabilities), 0.0, "7", lease_s=lease_s)


class Charger:
    """Answers limits by a rule, as a commander would hear it, and keeps what was learned."""

    def __init__(self, where: Place, takes: frozenset[str] | None = None, without: tuple[str, ...] = ()) -> None:
        self.where = where
        self.said: list[str] = []
        self._takes, self._without = takes, without
        self._refusals = {LimitPurpose.DEFAULT: 0, LimitPurpose.TRANSACTION: 0}

    def told(self, purpose: LimitPurpose, answer: Outcome = REJECTED) -> bool:
        """Say one limit in the way of the moment; whether it was taken."""
        known = self.where.charge_point.capabilities
        assert known is not None
        command = limit(self.where, purpose, 900.0 if known.has_leases else None)
        if purpose is LimitPurpose.DEFAULT:
            command = replace(command, lease_s=None)
        saying = said(command)
        self.said.append(saying)
        accepted = not any(word in saying for word in self._without) and (self._takes is None or saying in self._takes)
        self._refusals[purpose] = 0 if accepted else self._refusals[purpose] + 1
        learned = (
            taken(command, self.where) if accepted else refused(command, answer, self._refusals[purpose], self.where)
        )
        if learned is not None:
            knowledge = replace(self.where.charge_point.knowledge, learned=learned)
            self.where = place(knowledge, self.where.settings.connectors, self.where.settings.quirks)
        return accepted

    def until_taken(self, purpose: LimitPurpose, answer: Outcome = REJECTED, at_most: int = 100) -> bool:
        return any(self.told(self.governing(purpose), answer) for _ in range(at_most))

    def governing(self, purpose: LimitPurpose) -> LimitPurpose:
        by_default = self.where.charge_point.limit_by is LimitPurpose.DEFAULT
        return LimitPurpose.DEFAULT if by_default else purpose

    @property
    def learned(self) -> Learned:
        return self.where.charge_point.knowledge.learned


DEFAULT, TRANSACTION = LimitPurpose.DEFAULT, LimitPurpose.TRANSACTION


@pytest.mark.parametrize(
    ("without", "knobs"),
    [
        (("two periods",), Knobs(leases=False)),
        (("in A",), Knobs(rate_units=("W",))),
        (("level 8",), Knobs(max_stack_level=0)),
        (("Absolute",), Knobs(relative_profiles=True)),
        (("Absolute", "level 8"), Knobs(relative_profiles=True, max_stack_level=0)),
        (("in A", "Absolute"), Knobs(relative_profiles=True, rate_units=("W",))),
        (("TxProfile",), Knobs(limit_by=LimitPurpose.DEFAULT)),
        (("TxProfile", "Absolute"), Knobs(relative_profiles=True, limit_by=LimitPurpose.DEFAULT)),
        (("TxProfile", "TxDefaultProfile"), Knobs(limit_by=LimitPurpose.STATION)),
        (("TxProfile", "TxDefaultProfile", "in A"), Knobs(limit_by=LimitPurpose.STATION, rate_units=("W",))),
        (("TxDefaultProfile in A, level 8, Absolute,", "TxDefaultProfile in W"), NO_KNOBS),
    ],
)
def test_the_way_that_a_charger_takes_is_found(without: tuple[str, ...], knobs: Knobs) -> None:
    charger = Charger(place(), without=without)
    assert charger.until_taken(DEFAULT)
    assert charger.until_taken(TRANSACTION)
    assert charger.learned.knobs == knobs
    assert not charger.learned.given_up


def test_without_number_phases_is_one_of_the_ways() -> None:
    sayings = frozenset(
        {
            "TxDefaultProfile in A, level 8, Absolute, no numberPhases",
            "TxProfile in A, level 8, Absolute, two periods, no numberPhases",
        }
    )
    charger = Charger(place(), takes=sayings)
    assert charger.until_taken(DEFAULT)
    assert charger.until_taken(TRANSACTION)
    assert charger.learned.knobs == Knobs(number_phases=False)


def test_a_default_that_is_taken_on_connector_0_alone_goes_there() -> None:
    charger = Charger(place(), takes=frozenset({"TxDefaultProfile in A, level 8, Absolute, connector 0"}))
    assert charger.until_taken(DEFAULT)
    assert charger.learned.knobs == Knobs(default_on_station=True)


def test_one_refusal_may_be_an_accident_and_a_second_is_not() -> None:
    charger = Charger(place(), without=("in A",))
    charger.told(DEFAULT)
    assert charger.learned == Learned()
    charger.told(DEFAULT)
    assert charger.learned.knobs == Knobs(max_stack_level=0)
    assert charger.learned.failed == ("TxDefaultProfile in A, level 8, Absolute",)


def test_a_way_that_has_worked_is_not_given_up_for_refusals() -> None:
    where = place()
    worked = taken(limit(where, TRANSACTION), where)
    assert worked is not None
    known = place(Knowledge(told=TOLD, learned=worked))
    assert taken(limit(known, TRANSACTION), known) is None
    assert refused(limit(known, TRANSACTION), REJECTED, 9, known) is None
    assert refused(limit(known, DEFAULT), REJECTED, 9, known) is not None


def test_not_supported_rules_a_profile_out_in_every_form() -> None:
    charger = Charger(place(), without=("TxProfile",))
    assert charger.until_taken(DEFAULT)
    charger.told(TRANSACTION, NOT_SUPPORTED)
    charger.told(TRANSACTION, NOT_SUPPORTED)
    assert charger.learned.knobs == Knobs(limit_by=LimitPurpose.DEFAULT)
    assert "TxProfile" in charger.learned.failed


@pytest.mark.parametrize("connectors", [1, 2])
@pytest.mark.parametrize("answer", [REJECTED, NOT_SUPPORTED, Outcome(Answer.CALL_ERROR, "FormationViolation: no")])
def test_a_charger_that_refuses_everything_ends_the_search(answer: Outcome, connectors: int) -> None:
    charger = Charger(place(connectors=connectors), takes=frozenset())
    for _ in range(3):
        charger.until_taken(DEFAULT, answer, at_most=60)
        charger.until_taken(TRANSACTION, answer, at_most=60)
    assert charger.learned.given_up
    assert charger.learned.knobs == NO_KNOBS
    tried = len(set(charger.said))
    assert tried == len(charger.learned.failed) - sum(" " not in word for word in charger.learned.failed)
    assert tried <= 60
    assert [saying for saying in charger.said if saying.startswith("ChargePointMax")] == [] or connectors == 1


def test_nothing_that_failed_is_tried_again_before_the_search_has_ended() -> None:
    charger = Charger(place(), takes=frozenset())
    while not charger.learned.given_up:
        charger.told(charger.governing(TRANSACTION))
    first = charger.said[0]
    search = [first, *charger.said[2:]]  # the first was said twice: it may have been an accident
    assert len(search) == len(set(search))


def test_the_search_is_the_same_every_time() -> None:
    searches = []
    for _ in range(2):
        charger = Charger(place(), takes=frozenset())
        charger.until_taken(DEFAULT, at_most=30)
        searches.append(charger.said)
    assert searches[0] == searches[1]


@pytest.mark.parametrize(
    ("pinned", "without"),
    [
        (Knobs(rate_units=("A",)), "in W"),
        (Knobs(relative_profiles=False), "Relative"),
        (Knobs(max_stack_level=8), "level 0"),
        (Knobs(limit_by=LimitPurpose.TRANSACTION), "ChargePointMaxProfile"),
        (Knobs(default_on_station=False), "connector 0"),
    ],
)
def test_what_is_pinned_is_never_varied(pinned: Knobs, without: str) -> None:
    charger = Charger(place(pinned=pinned), takes=frozenset())
    charger.until_taken(DEFAULT, at_most=60)
    charger.until_taken(TRANSACTION, at_most=60)
    assert not [saying for saying in charger.said if without in saying]


def test_what_is_known_of_the_make_is_where_the_search_begins() -> None:
    knowledge = Knowledge(told=TOLD, quirk=Knobs(relative_profiles=True, limit_by=LimitPurpose.DEFAULT))
    charger = Charger(place(knowledge), without=("Relative",))
    assert charger.until_taken(DEFAULT)
    assert charger.learned.knobs == Knobs(relative_profiles=False)
    assert not [saying for saying in charger.said if saying.startswith("TxProfile")]


@pytest.mark.parametrize(
    ("outcome", "refusal"),
    [
        (REJECTED, True),
        (NOT_SUPPORTED, True),
        (Outcome(Answer.CALL_ERROR, "PropertyConstraintViolation: limit"), True),
        (Outcome(Answer.CALL_ERROR, "FormatViolation"), True),
        (Outcome(Answer.CALL_ERROR, "InternalError: FormatViolation"), False),
        (Outcome(Answer.TIMEOUT), False),
        (Outcome(Answer.DISCONNECTED), False),
        (Outcome(Answer.NOT_SENT, "queue full"), False),
        (Outcome(Answer.ACCEPTED), False),
    ],
)
def test_only_what_concerns_the_words_teaches(outcome: Outcome, refusal: bool) -> None:
    assert is_refusal(outcome) is refusal
    where = place()
    assert (refused(limit(where, DEFAULT), outcome, 5, where) is not None) is refusal


def test_nothing_is_proposed_for_a_charger_that_has_told_nothing() -> None:
    assert next_way(place(Knowledge()), ()) is None


@pytest.mark.parametrize(
    ("knowledge", "outdated"),
    [
        (Knowledge(told=TOLD), None),
        (Knowledge(told=TOLD, pinned=Knobs(limit_by=LimitPurpose.STATION)), LimitPurpose.DEFAULT),
        (Knowledge(told=TOLD, learned=Learned(worked=("ChargePointMaxProfile in A, level 8, Absolute",))), "station"),
    ],
)
def test_what_once_stood_in_another_profile_is_to_be_cleared(knowledge: Knowledge, outdated: str | None) -> None:
    assert outdated_standing_limit(place(knowledge).charge_point) == outdated


def test_a_limit_that_was_over_at_once_teaches_to_lease_nothing() -> None:
    where = place()
    charger = Charger(where)
    assert charger.told(LimitPurpose.TRANSACTION)
    learned = over_at_once(charger.where)
    assert learned is not None
    assert learned.knobs == Knobs(leases=False)
    assert not any("two periods" in saying for saying in learned.worked)
    assert over_at_once(place(Knowledge(told=TOLD, learned=learned))) is None


def test_where_leases_are_pinned_another_way_is_found_to_say_them() -> None:
    learned = over_at_once(place(pinned=Knobs(leases=True)))
    assert learned is not None
    assert learned.knobs.leases is None
    assert learned.knobs != NO_KNOBS


@pytest.mark.parametrize("told", [None, replace(TOLD, max_periods=1)])
def test_who_is_leased_nothing_learns_nothing_from_it(told: Capabilities | None) -> None:
    assert over_at_once(place(Knowledge(told=told))) is None
