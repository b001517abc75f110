"""From installed profiles to what each connector offers, and to what a charge point as a whole permits."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from simulators.car import LEAST_AC_CURRENT_A, Offer
from simulators.charging_profile import NO_LIMIT, Limit, Running
from simulators.hardware import Currents, Hardware
from simulators.profiles import ProfileStore


@dataclass(frozen=True, slots=True)
class Permitted:
    """What may be drawn, seen from outside: true watts, and amperes on the charger's conductors 1 to 3."""

    power_w: float
    currents_a: Currents


NOTHING_PERMITTED = Permitted(0.0, (0.0, 0.0, 0.0))


def offers_at(
    hardware: Hardware, profiles: ProfileStore, running: Mapping[int, Running], at_s: float
) -> dict[int, Offer]:
    """What every connector permits at `at_s`, epoch seconds.

    The station's limit caps the sum of the connectors with a transaction: it is filled up evenly, and what one
    cannot use goes to the others. An idle connector shows what a car that came now would get beside those. Where the
    maximum is divided, each has its part of it and no more, whatever the others do.
    """
    own = {number: _own_limit(hardware, profiles, number, running, at_s) for number in profiles.connectors}
    station = profiles.station_limit(at_s)
    if profiles.divided:
        own = {number: _part(hardware, profiles, limit, station) for number, limit in own.items()}
    if profiles.divided or station is None:
        return {number: hardware.offer(limit, profiles.readings) for number, limit in own.items()}
    total = hardware.amount(station, profiles.readings)
    shared = {number: _under(hardware, limit, station.phases) for number, limit in own.items()}
    return {
        number: hardware.offer(_share(number, shared, running, total), profiles.readings)
        for number in profiles.connectors
    }


def permitted(
    hardware: Hardware, profiles: ProfileStore, running: Mapping[int, Running], at_s: float
) -> dict[int, Permitted]:
    """`offers_at` for an observer who adds up: per connector, with or without a transaction."""
    offers = offers_at(hardware, profiles, running, at_s)
    return {number: seen(hardware, offer) for number, offer in offers.items()}


def permitted_together(
    hardware: Hardware, profiles: ProfileStore, running: Mapping[int, Running], at_s: float
) -> Permitted:
    """What all connectors of a charge point may draw at the same time, idle ones included.

    The sum of what their own profiles permit, or the station's limit where that is less. Connectors that raise a
    share below 6 A to 6 A may together exceed it.
    """
    if profiles.divided:
        return added(permitted(hardware, profiles, running, at_s).values())
    own = {number: _own_limit(hardware, profiles, number, running, at_s) for number in profiles.connectors}
    everything = added(seen(hardware, hardware.offer(limit, profiles.readings)) for limit in own.values())
    station = profiles.station_limit(at_s)
    if station is None:
        return everything
    total = hardware.amount(station, profiles.readings)
    if hardware.phases and profiles.readings.below_6_a == "six" and total > 0:
        total = max(total, LEAST_AC_CURRENT_A * len(own))
    return least(everything, _whole(hardware, total, station.phases))


def seen(hardware: Hardware, offer: Offer) -> Permitted:
    """One offer as an observer counts it."""
    return Permitted(offer.power_w, hardware.offered_currents_a(offer))


def added(parts: Iterable[Permitted]) -> Permitted:
    """The sum of what several permit."""
    power_w, currents = 0.0, (0.0, 0.0, 0.0)
    for part in parts:
        power_w += part.power_w
        currents = (
            currents[0] + part.currents_a[0],
            currents[1] + part.currents_a[1],
            currents[2] + part.currents_a[2],
        )
    return Permitted(power_w, currents)


def least(one: Permitted, other: Permitted) -> Permitted:
    """The less of two, in power and on every conductor."""
    (a1, a2, a3), (b1, b2, b3) = one.currents_a, other.currents_a
    return Permitted(min(one.power_w, other.power_w), (min(a1, b1), min(a2, b2), min(a3, b3)))


def _own_limit(
    hardware: Hardware, profiles: ProfileStore, number: int, running: Mapping[int, Running], at_s: float
) -> Limit:
    """A connector's own limit in the charger's own unit."""
    limit = profiles.connector_limit(number, at_s, running.get(number)) or NO_LIMIT
    return Limit(hardware.unit, hardware.amount(limit, profiles.readings), limit.phases)


def _under(hardware: Hardware, limit: Limit, phases: int) -> Limit:
    """Never above the rating, on the lower number of phases (2.0.1 erratum 2.36)."""
    return replace(limit, value=min(limit.value, _rating(hardware)), phases=min(limit.phases, phases))


def _part(hardware: Hardware, profiles: ProfileStore, limit: Limit, station: Limit | None) -> Limit:
    """A connector's limit within its fixed part of the maximum, which is the rating of one where none is set."""
    maximum = station or Limit(hardware.unit, _rating(hardware))
    total = min(hardware.amount(maximum, profiles.readings), _rating(hardware))
    under = _under(hardware, limit, maximum.phases)
    return replace(under, value=min(under.value, total / len(profiles.connectors)))


def _rating(hardware: Hardware) -> float:
    """Of a connector, in the charger's own unit."""
    return hardware.max_current_a if hardware.phases else hardware.max_power_w


def _share(number: int, wanted: Mapping[int, Limit], running: Mapping[int, Running], total: float) -> Limit:
    """A connector's part of the total when it is shared with those that have a transaction."""
    among = {other: limit.value for other, limit in wanted.items() if other == number or other in running}
    return replace(wanted[number], value=_fill_evenly(among, total)[number])


def _fill_evenly(wanted: Mapping[int, float], total: float) -> dict[int, float]:
    """Divide a total so that nobody gets more than wanted and nobody could get more without another getting less."""
    shares: dict[int, float] = {}
    left, waiting = total, len(wanted)
    for number in sorted(wanted, key=lambda n: (wanted[n], n)):
        shares[number] = min(wanted[number], left / waiting)
        left, waiting = left - shares[number], waiting - 1
    return shares


def _whole(hardware: Hardware, total: float, phases: int) -> Permitted:
    """A total in the charger's own unit as an observer counts it."""
    used = hardware.phases_used(phases)
    offer = (
        Offer(total * hardware.voltage_v * used, total, used, hardware.voltage_v) if hardware.phases else Offer(total)
    )
    return seen(hardware, offer)
