"""The connection a simulated charge point keeps."""

import asyncio
import random

import pytest

from simulators import lifeline
from simulators.clock import SystemClock
from simulators.lifeline import Lifeline
from simulators.session import Session
from simulators.transport import Transport, TransportClosed

LONG = 1100
"""Two to this power is no float any more."""


class Found(Exception):
    pass


async def test_a_charge_point_dials_for_days(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lifeline, "FIRST_RETRY_S", 0.0)
    tries = 0

    async def connect() -> Transport:
        nonlocal tries
        tries += 1
        if tries > LONG:
            raise Found
        raise TransportClosed("no network")

    def no_session(_transport: Transport) -> Session:
        raise AssertionError("there was no connection")

    line = Lifeline(
        connect,
        name="CP-1",
        clock=SystemClock(),
        rng=random.Random(1),
        new_session=no_session,
        online=lambda: None,
        offline=lambda: None,
    )
    async with asyncio.timeout(30):
        with pytest.raises(Found):
            await line.run()
