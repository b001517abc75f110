"""Which currents of a charger's conductors its meter values tell, and where they end up."""

from typing import Any

import pytest
from charge_point_fakes import NOW, FakeSite, charge_point, handle, session

from csms.charge_points.metering import Sample, SampleSet, Wiring, reading
from csms.domain import events as ev
from csms.domain.model import OCPP16, OCPP201, ConnectorKey, Current, PowerSource

THREE_PHASES = Wiring(230.0, 3, Current.AC)
TWO_PHASES = Wiring(230.0, 2, Current.AC)
ONE_PHASE = Wiring(230.0, 1, Current.AC)
UNDECLARED = Wiring(230.0)
DIRECT = Wiring(230.0, None, Current.DC)


def amperes(value: float, phase: str | None = None, **rest: Any) -> Sample:
    return Sample(value, "Current.Import", "A", phase=phase, **rest)


ALL = [amperes(16, "L1"), amperes(10, "L2"), amperes(0, "L3")]


@pytest.mark.parametrize(
    ("samples", "wiring", "currents_a"),
    [
        (ALL, THREE_PHASES, (16, 10, 0)),
        (ALL, UNDECLARED, (16, 10, 0)),
        ([amperes(16, "L1-N"), amperes(10, "L2-N"), amperes(0, "L3-N")], THREE_PHASES, (16, 10, 0)),
        # the sum beside its parts, and the neutral conductor, are no conductor of their own
        ([*ALL, amperes(26), amperes(9, "N"), amperes(400, "L1-L2")], THREE_PHASES, (16, 10, 0)),
        ([amperes(160, "L1", multiplier=-1), *ALL[1:]], THREE_PHASES, (16, 10, 0)),
        ([amperes(-3, "L1"), *ALL[1:]], THREE_PHASES, (0, 10, 0)),
        # without a phase it may be the sum of three
        ([amperes(26)], THREE_PHASES, None),
        ([amperes(26)], TWO_PHASES, None),
        ([amperes(26)], UNDECLARED, None),
        # what is not told is not zero
        ([amperes(16, "L1")], THREE_PHASES, None),
        ([amperes(16, "L1")], UNDECLARED, None),
        (ALL[:2], THREE_PHASES, None),
        (ALL[:2], TWO_PHASES, (16, 10, 0)),
        ([amperes(9, "N")], THREE_PHASES, None),
        # the one conductor of a one-phase charger, whatever it is called
        ([amperes(16)], ONE_PHASE, (16, 0, 0)),
        ([amperes(16, "L1")], ONE_PHASE, (16, 0, 0)),
        ([amperes(16, "L2")], ONE_PHASE, (16, 0, 0)),
        ([amperes(17), amperes(16, "L1")], ONE_PHASE, (16, 0, 0)),
        ([amperes(0, "L1"), amperes(16, "L2"), amperes(0, "L3")], ONE_PHASE, (16, 0, 0)),
        ([amperes(0)], ONE_PHASE, (0, 0, 0)),
        ([amperes(0, "L1"), amperes(0, "L2"), amperes(0, "L3")], ONE_PHASE, (0, 0, 0)),
        (ALL, ONE_PHASE, None),  # it is not what was declared
        ([amperes(9, "N")], ONE_PHASE, None),
        ([], ONE_PHASE, None),
        ([], THREE_PHASES, None),
        # what a DC charger delivers flows in no phase
        (ALL, DIRECT, None),
        ([amperes(100)], DIRECT, None),
        # the connector's own meter goes before the one at the grid
        ([amperes(32, "L1", location="Inlet"), *ALL], THREE_PHASES, (16, 10, 0)),
        ([Sample(16, "Current.Offered", "A", phase="L1")], ONE_PHASE, None),
    ],
)
def test_currents_are_told_only_where_every_conductor_is(
    samples: list[Sample], wiring: Wiring, currents_a: tuple[float, float, float] | None
) -> None:
    assert reading([SampleSet(10.0, samples)], wiring).currents_a == currents_a


def test_power_and_currents_come_from_the_same_time() -> None:
    power = Sample(6000, "Power.Active.Import", "W")
    apart = [SampleSet(10.0, ALL), SampleSet(20.0, [power])]
    assert reading(apart, THREE_PHASES).currents_a is None
    assert reading(apart, THREE_PHASES).power_w == 6000
    together = [SampleSet(10.0, [amperes(1, "L1"), amperes(1, "L2"), amperes(1, "L3"), power]), *sets(20.0)]
    newest = reading(together, THREE_PHASES)
    assert (newest.power_at_s, newest.source, newest.currents_a) == (20.0, PowerSource.CURRENT, (16, 10, 0))
    assert reading([SampleSet(20.0, [power]), *sets(20.0)], THREE_PHASES).currents_a == (16, 10, 0)


def sets(at_s: float) -> list[SampleSet]:
    """Every phase in a set of its own, all of one time."""
    return [SampleSet(at_s, [sample]) for sample in ALL]


def sampled(protocol: str, measurand: str, value: float, unit: str, phase: str | None = None) -> dict[str, Any]:
    told: dict[str, Any] = {"measurand": measurand, "value": value if protocol == OCPP201 else str(value)}
    told |= {"unitOfMeasure": {"unit": unit}} if protocol == OCPP201 else {"unit": unit}
    return told if phase is None else told | {"phase": phase}


def meter(site: FakeSite, protocol: str, values: list[dict[str, Any]], timestamp: str = NOW) -> None:
    where = {"evseId": 1} if protocol == OCPP201 else {"connectorId": 1}
    payload = {**where, "meterValue": [{"timestamp": timestamp, "sampledValue": values}]}
    handle(session(site, protocol), "MeterValues", payload)


@pytest.mark.parametrize("protocol", [OCPP16, OCPP201])
@pytest.mark.parametrize("phases", [("L1", "L2", "L3"), ("L1-N", "L2-N", "L3-N")])
async def test_meter_values_bring_the_currents_to_the_site(protocol: str, phases: tuple[str, ...]) -> None:
    site = FakeSite(charge_point(current=Current.AC, phases=3))
    currents = [sampled(protocol, "Current.Import", 10.0 + n, "A", phase) for n, phase in enumerate(phases)]
    meter(site, protocol, [sampled(protocol, "Power.Active.Import", 7500, "W"), *currents])
    (event,) = site.recorded(ev.MeterValuesReceived)
    assert (event.power_w, event.source, event.currents_a) == (7500, PowerSource.POWER, (10.0, 11.0, 12.0))
    assert site.state.readings[ConnectorKey("CP-1", 1)].currents_a == (10.0, 11.0, 12.0)


@pytest.mark.parametrize("protocol", [OCPP16, OCPP201])
async def test_an_unphased_current_is_power_but_no_current_of_a_conductor(protocol: str) -> None:
    site = FakeSite(charge_point(current=Current.AC, phases=3))
    meter(site, protocol, [sampled(protocol, "Current.Import", 16.0, "A")])
    (event,) = site.recorded(ev.MeterValuesReceived)
    assert event.power_w == pytest.approx(11_040)
    assert event.currents_a is None


@pytest.mark.parametrize("protocol", [OCPP16, OCPP201])
async def test_replayed_currents_are_as_old_as_their_power(protocol: str) -> None:
    site = FakeSite(charge_point(current=Current.AC, phases=1))
    register = sampled(protocol, "Energy.Active.Import.Register", 1500, "Wh")
    meter(site, protocol, [sampled(protocol, "Current.Import", 16.0, "A"), register], "2026-05-28T18:00:00Z")
    (event,) = site.recorded(ev.MeterValuesReceived)
    assert (event.power_w, event.currents_a, event.energy_wh) == (None, None, 1500)
