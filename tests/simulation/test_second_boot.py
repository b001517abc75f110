"""The shipped application with chargers that boot again: they are told their limits first, and asked afterwards."""

import asyncio

import orjson
import pytest
from support.carpark.play import Run
from support.carpark.scenario import PointPlan, Rebooted, Scenario, SitePlan
from support.carpark.tally import Tally

from simulators.hardware import DC_50
from simulators.protocol import Version
from simulators.virtual_time import run

START_S = 1_767_571_200.0
REBOOT_S = 600.0
SITE = SitePlan(timezone="Europe/London", grid_capacity_kw=60.0, max_power_kw=60.0)
QUESTIONS = {"GetConfiguration", "GetVariables", "ChangeConfiguration", "SetVariables", "TriggerMessage"}


def told_after_its_second_boot(protocol: Version) -> list[str]:
    """The actions, in order, of our CALLs to a charger with two connectors."""
    point = PointPlan("CP-1", protocol, DC_50, connectors=2, latency_s=(0.5, 0.5))
    scenario = Scenario(1, "calm", START_S, 900.0, SITE, (point,), (), (Rebooted(REBOOT_S, 0),))
    actions: list[str] = []

    def note(_number: int, way: str, text: str) -> None:
        frame = orjson.loads(text)
        if way == "<" and frame[0] == 2 and asyncio.get_running_loop().time() > REBOOT_S:
            actions.append(frame[2])

    async def play() -> Tally:
        return await Run(scenario, note).play()

    assert run(play(), start_s=START_S).held()
    return actions


@pytest.mark.parametrize("protocol", ["1.6", "2.0.1"])
def test_who_boots_again_is_asked_when_everything_was_said(protocol: Version) -> None:
    """Which is one default for each connector: each takes a call and a decision of its own."""
    actions = told_after_its_second_boot(protocol)
    first = next(place for place, action in enumerate(actions) if action in QUESTIONS)
    assert actions[:first] == ["SetChargingProfile"] * 2
    assert QUESTIONS & set(actions) - {"TriggerMessage"}
