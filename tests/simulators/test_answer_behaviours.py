"""How chargers answer when they do not answer as they should, each CALL by chance or always."""

import asyncio
import random
from collections import Counter

import pytest
from station_scene import BOTH, JsonObject, Scene, play

from simulators.behaviour import Behaviour
from simulators.composite import CompositeSupport
from simulators.misconduct import mishap
from simulators.protocol import Version

RATED_W = 22_080.0
TEN_A_W = 6_900.0


def permitted(scene: Scene) -> float:
    return scene.station.connector(1).permitted_w


def now_s() -> float:
    return asyncio.get_running_loop().time()


@BOTH
def test_a_late_answer_comes_after_the_effect_and_holds_up_no_other(protocol: Version) -> None:
    async def script(scene: Scene) -> None:
        began_s = now_s()
        late = asyncio.create_task(scene.set_profile(10))
        await asyncio.sleep(1)
        assert permitted(scene) == pytest.approx(TEN_A_W)
        await scene.central.call("ClearCache", {})
        assert now_s() - began_s < 2
        assert (await late)["status"] == "Accepted"
        assert 45 <= now_s() - began_s <= 50

    behaviour = Behaviour(chance_answered_late=1, late_answer_s=(45, 50), chances_for=("SetChargingProfile",))
    play(protocol, script, behaviour=behaviour)


@BOTH
def test_a_late_answer_is_lost_with_its_connection(protocol: Version) -> None:
    async def script(scene: Scene) -> None:
        late = asyncio.create_task(scene.set_profile(10))
        await asyncio.sleep(1)
        scene.station.drop_connection(for_s=1)
        with pytest.raises(TimeoutError):
            await late
        assert permitted(scene) == pytest.approx(TEN_A_W)

    play(protocol, script, behaviour=Behaviour(chance_answered_late=1))


@BOTH
@pytest.mark.parametrize(
    ("behaviour", "answer", "permitted_w"),
    [
        (Behaviour(chance_call_lost=1), None, RATED_W),
        (Behaviour(chance_answer_lost=1), None, TEN_A_W),
        (Behaviour(chance_call_error=1), {"error": "InternalError"}, RATED_W),
        (Behaviour(lacks=("SetChargingProfile",)), {"error": "NotImplemented"}, RATED_W),
        (Behaviour(chance_call_lost=1, chances_for=("Reset",)), {"status": "Accepted"}, TEN_A_W),
    ],
)
def test_an_answer_may_come_to_grief(
    protocol: Version, behaviour: Behaviour, answer: JsonObject | None, permitted_w: float
) -> None:
    async def script(scene: Scene) -> None:
        if answer is None:
            with pytest.raises(TimeoutError):
                await scene.set_profile(10)
        else:
            given = await scene.set_profile(10)
            assert given | answer == given
        assert permitted(scene) == pytest.approx(permitted_w)

    play(protocol, script, behaviour=behaviour)


@BOTH
@pytest.mark.parametrize(("chance", "answers"), [(0.0, 1), (1.0, 2)])
def test_an_answer_may_come_twice(protocol: Version, chance: float, answers: int) -> None:
    async def script(scene: Scene) -> None:
        await scene.set_profile(10)
        await asyncio.sleep(1)

    scene = play(protocol, script, behaviour=Behaviour(chance_answered_twice=chance))
    assert list(scene.central.answers.values()) == [answers]


def test_chances_befall_calls_as_often_as_they_say() -> None:
    behaviour = Behaviour(
        chance_call_lost=0.1,
        chance_answer_lost=0.2,
        chance_call_error=0.05,
        chance_answered_twice=0.15,
        chance_answered_late=0.3,
    )
    rng = random.Random(3)
    found = Counter(mishap(behaviour, "Reset", rng) for _ in range(20_000))
    expected = {
        "call_lost": 0.1,
        "answer_lost": 0.2,
        "call_error": 0.05,
        "answered_twice": 0.15,
        "answered_late": 0.3,
        None: 0.2,
    }
    assert {kind: count / 20_000 for kind, count in found.items()} == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize(
    ("behaviour", "fate"),
    [
        (Behaviour(), None),
        (Behaviour(never_answers=("Reset",)), "call_lost"),
        (Behaviour(never_answers=("Reset",), obeys_unanswered=True), "answer_lost"),
        (Behaviour(call_error_for=("Reset",)), "call_error"),
        (Behaviour(chance_call_lost=1, chances_for=("ClearCache",)), None),
    ],
)
def test_what_is_certain_asks_no_chance(behaviour: Behaviour, fate: str | None) -> None:
    rng = random.Random(3)
    before = rng.getstate()
    assert mishap(behaviour, "Reset", rng) == fate
    assert rng.getstate() == before


@pytest.mark.parametrize(
    "impossible",
    [
        {"chance_call_lost": -0.1},
        {"chance_call_lost": 0.6, "chance_answer_lost": 0.5},
        {"rejects_profile_chance": 1.1},
        {"late_answer_s": (5.0, 4.0)},
        {"applies_after_s": (-1.0, 4.0)},
        {"overdraw": -0.1},
        {"composite_schedule": "sometimes"},
        {"charges_freely": "yes"},
    ],
)
def test_an_impossible_behaviour_is_refused(impossible: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"chances|times|one of"):
        Behaviour(**impossible)  # type: ignore[arg-type]


@BOTH
@pytest.mark.parametrize(
    ("support", "connector_id", "answer"),
    [
        ("not supported", 1, {"error": "NotSupported"}),
        ("rejected", 1, {"status": "Rejected"}),
        ("no connector 0", 0, {"status": "Rejected"}),
        ("no connector 0", 1, {"status": "Accepted"}),
        ("no schedule", 1, {"status": "Accepted"}),
    ],
)
def test_a_composite_schedule_may_not_be_had(
    protocol: Version, support: CompositeSupport, connector_id: int, answer: JsonObject
) -> None:
    async def script(scene: Scene) -> None:
        given = await scene.composite_schedule(connector_id)
        assert given | answer == given
        if support == "no schedule":
            assert given == answer

    play(protocol, script, behaviour=Behaviour(composite_schedule=support))


@BOTH
@pytest.mark.parametrize(
    ("behaviour", "limits"),
    [(Behaviour(), [10.0, 6.0]), (Behaviour(composite_schedule="present only"), [10.0])],
)
def test_a_composite_schedule_may_tell_the_present_alone(
    protocol: Version, behaviour: Behaviour, limits: list[float]
) -> None:
    async def script(scene: Scene) -> None:
        await scene.set_profile(10, 6)
        answer = await scene.composite_schedule()
        assert [period["limit"] for period in periods_of(answer)] == limits

    play(protocol, script, behaviour=behaviour)


@BOTH
def test_a_composite_limit_may_have_decimals_without_end(protocol: Version) -> None:
    async def script(scene: Scene) -> None:
        await scene.set_profile(10, 0)
        first, second = periods_of(await scene.composite_schedule())
        assert 9.9 < first["limit"] < 10
        assert len(str(first["limit"])) > 10
        assert second["limit"] == 0

    play(protocol, script, behaviour=Behaviour(composite_flaw="decimals"))


@BOTH
def test_a_composite_schedule_may_last_for_ever(protocol: Version) -> None:
    async def script(scene: Scene) -> None:
        answer = await scene.composite_schedule()
        duration_s = answer.get("chargingSchedule", answer.get("schedule"))["duration"]  # type: ignore[index]
        assert duration_s > 3e10

    play(protocol, script, behaviour=Behaviour(composite_flaw="endless"))


def periods_of(answer: JsonObject) -> list[JsonObject]:
    schedule = answer["chargingSchedule"] if "chargingSchedule" in answer else answer["schedule"]
    periods: list[JsonObject] = schedule["chargingSchedulePeriod"]
    return periods
