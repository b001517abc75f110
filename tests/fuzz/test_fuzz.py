"""A short part of `make fuzz`: whatever a charger sends, everybody is answered and nothing breaks."""

from __future__ import annotations

import pytest
from support.fuzz.frames import Frames
from support.fuzz.house import House, Tally

from csms.charge_points.codec import Call, codec_for
from simulators.virtual_time import run

FRAMES = 4_000


@pytest.mark.parametrize("seed", ["a", "b"])
def test_whatever_a_charger_sends_is_answered_or_its_socket_closed(seed: str) -> None:
    async def story() -> Tally:
        house = House(seed)
        try:
            return await house.run(FRAMES)
        finally:
            await house.close()

    tally = run(story())
    assert tally.frames >= FRAMES
    answers = tally.by_answer()
    assert answers["result"] > FRAMES / 10
    assert len(answers) > 5  # errors of several kinds


@pytest.mark.parametrize("protocol", ["ocpp1.6", "ocpp2.0.1"])
def test_what_it_calls_valid_is_valid(protocol: str) -> None:
    """Else the deeper half of the code would never be reached."""
    codec, frames = codec_for(protocol), Frames("valid", protocol)
    for _ in range(300):
        call = codec.decode(frames.valid_call())
        assert isinstance(call, Call)
        faults: list[object] = []
        codec.validate_request(call.action, call.payload, faults.append)
        assert not faults
