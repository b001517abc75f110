"""A fleet of mixed chargers: every kind of hardware, in one version of OCPP or both."""

import random
from collections.abc import Callable
from typing import Literal

from simulators.behaviour import BY_THE_BOOK, Behaviour
from simulators.behaviours import BY_NOTHING, Named
from simulators.changes import Change
from simulators.clock import Clock
from simulators.hardware import AC_ONE_PHASE, AC_THREE_PHASES, DC_50
from simulators.protocol import ChargePointSpec, Version
from simulators.station import SimulatedChargePoint
from simulators.transport import Tls

KINDS = (AC_ONE_PHASE, AC_THREE_PHASES, DC_50)
VERSIONS: tuple[Version, Version] = ("1.6", "2.0.1")


def fleet_specs(
    charge_points: int,
    protocol: Literal["1.6", "2.0.1", "both"],
    *,
    prefix: str = "CP-",
    named: Named = BY_NOTHING,
) -> list[ChargePointSpec]:
    """The chargers of a fleet, PREFIX001 and on. Kinds repeat every three and versions every two chargers, so of six
    every kind speaks both versions. `named`: all call themselves as that behaviour's make does."""
    return [
        ChargePointSpec(
            identity=f"{prefix}{number + 1:03d}",
            protocol=VERSIONS[number % 2] if protocol == "both" else protocol,
            hardware=named.built_on(KINDS[number % 3]),
            connectors=named.connectors,
            vendor=named.vendor,
        )
        for number in range(charge_points)
    ]


def fleet(
    url: str,
    charge_points: int,
    protocol: Literal["1.6", "2.0.1", "both"],
    *,
    rng: random.Random,
    clock: Clock,
    prefix: str = "CP-",
    password: str | None = None,
    tls: Tls | None = None,
    behaviour: Behaviour = BY_THE_BOOK,
    named: Named = BY_NOTHING,
    on_change: Callable[[SimulatedChargePoint, Change], None] | None = None,
) -> list[SimulatedChargePoint]:
    """The same chargers, ready to be started against a central system; each has random numbers of its own. `named` is
    the make they call themselves, `behaviour` how they behave."""
    return [
        SimulatedChargePoint.over_websocket(
            spec,
            url,
            rng=random.Random(rng.getrandbits(64)),
            clock=clock,
            password=password,
            tls=tls,
            behaviour=behaviour,
            on_change=on_change,
        )
        for spec in fleet_specs(charge_points, protocol, prefix=prefix, named=named)
    ]
