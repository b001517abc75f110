"""From installed profiles to what each connector offers, and the composite schedule a charger reports."""

from collections.abc import Mapping
from decimal import ROUND_DOWN, Decimal

from simulators.car import Offer
from simulators.charging_profile import Limit, Period, Unit
from simulators.hardware import Hardware
from simulators.profiles import ProfileStore


def offers_at(
    hardware: Hardware, profiles: ProfileStore, started_s: Mapping[int, float | None], at_s: float
) -> dict[int, Offer]:
    """What every connector permits at `at_s`, epoch seconds.

    The station's limit caps the sum of the connectors with a transaction: it is filled up evenly, and what one
    cannot use goes to the others. An idle connector shows what it alone would permit.
    """
    own = {number: _own_offer(hardware, profiles, number, started_s[number], at_s) for number in started_s}
    station = profiles.station_limit(at_s)
    if station is None:
        return own
    active = [number for number, started in started_s.items() if started is not None]
    shares_w = _fill_evenly({number: own[number].power_w for number in active}, hardware.watts(station))
    return {number: _smaller(offer, _share(hardware, station, shares_w.get(number))) for number, offer in own.items()}


def composite_schedule(
    hardware: Hardware,
    profiles: ProfileStore,
    started_s: Mapping[int, float | None],
    connector_id: int,
    at_s: float,
    duration_s: float,
    unit: Unit,
) -> tuple[Period, ...]:
    """What the charger expects to permit from `at_s` on (GetCompositeSchedule); connector 0 is the sum of all."""
    periods: list[Period] = []
    instant: float | None = at_s
    while instant is not None and instant < at_s + duration_s:
        offers = offers_at(hardware, profiles, started_s, instant)
        chosen = list(offers.values()) if connector_id == 0 else [offers[connector_id]]
        value = sum(offer.power_w if unit == "W" else offer.current_a for offer in chosen)
        phases = max(offer.phases for offer in chosen) or None
        if not periods or periods[-1].limit != _one_decimal(value):
            periods.append(Period(float(round(instant - at_s)), _one_decimal(value), phases))
        instant = profiles.next_change_s(instant, started_s)
    return tuple(periods)


def _own_offer(
    hardware: Hardware, profiles: ProfileStore, connector_id: int, started_s: float | None, at_s: float
) -> Offer:
    limit = profiles.connector_limit(connector_id, at_s, started_s)
    return hardware.rated() if limit is None else hardware.offer(limit)


def _share(hardware: Hardware, station: Limit, share_w: float | None) -> Offer:
    if share_w is None:
        return hardware.offer(station)
    return hardware.offer(Limit("W", share_w, station.phases))


def _smaller(one: Offer, other: Offer) -> Offer:
    return one if one.power_w <= other.power_w else other


def _fill_evenly(wanted_w: Mapping[int, float], total_w: float) -> dict[int, float]:
    """Divide a total so that nobody gets more than wanted and nobody could get more without another getting less."""
    shares: dict[int, float] = {}
    left_w, waiting = total_w, len(wanted_w)
    for number in sorted(wanted_w, key=lambda n: (wanted_w[n], n)):
        shares[number] = min(wanted_w[number], left_w / waiting)
        left_w, waiting = left_w - shares[number], waiting - 1
    return shares


def _one_decimal(value: float) -> float:
    return float(Decimal(repr(value)).quantize(Decimal("0.1"), ROUND_DOWN))
