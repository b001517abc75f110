"""Energy registers against the power that is told beside them."""

import pytest
from support.world import World

from csms.domain import events as ev
from csms.domain.model import ConnectorKey, MeterReading, PowerSource

A1 = ConnectorKey("a", 1)


def told(*values: tuple[float | None, float | None]) -> MeterReading:
    """The last reading of a charger that told these powers and registers, ten seconds apart."""
    world = World()
    world.charger("a")
    world.start("a")
    for power_w, energy_wh in values:
        world.wait(10)
        source = None if power_w is None else PowerSource.POWER
        event = ev.MeterValuesReceived(world.now, *A1, world.now.utc_s, None, power_w, source, energy_wh)
        world.apply(event)
    return world.state.readings[A1]


@pytest.mark.parametrize(
    ("values", "power_w", "source"),
    [
        ([(0.0, 1000.0), (0.0, 1020.0)], 7_200.0, PowerSource.ENERGY_SLOPE),
        ([(0.0, 1000.0), (0.0, 1020.0), (0.0, 1030.0)], 3_600.0, PowerSource.ENERGY_SLOPE),
        ([(0.0, 1000.0), (0.0, 1020.0), (0.0, 1020.0)], 0.0, PowerSource.POWER),
        ([(7_000.0, 1000.0), (0.0, 1010.0)], 0.0, PowerSource.POWER),  # it has just stopped
        ([(0.0, 1000.0), (0.0, 1001.0)], 0.0, PowerSource.POWER),  # a tick of the register
        ([(0.0, 1000.0), (0.0, 5.0)], 0.0, PowerSource.POWER),  # a register that began anew
        ([(0.0, None), (0.0, 1020.0)], 0.0, PowerSource.POWER),
        ([(0.0, 1000.0), (100.0, 1020.0)], 100.0, PowerSource.POWER),
        ([(None, 1000.0), (None, 1020.0)], 7_200.0, PowerSource.ENERGY_SLOPE),
    ],
)
def test_0_w_while_energy_rises_is_not_believed(
    values: list[tuple[float | None, float | None]], power_w: float, source: PowerSource
) -> None:
    last = told(*values)
    assert (last.power_w, last.source) == (power_w, source)
