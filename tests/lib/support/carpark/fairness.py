"""Delivered energy beside the oracle's, and cars that were left without any: looked at in steady ticks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from simulators.car import Car
from simulators.connector import Connector
from simulators.station import SimulatedChargePoint
from support.carpark.ceilings import Ceilings, Vector
from support.carpark.contribution import rating
from support.carpark.link import Line
from support.carpark.observer import Observer
from support.carpark.oracle import CarPlace, Room, Wish, counted, fill, least, scaled, wish
from support.carpark.scenario import PointPlan, SitePlan
from support.carpark.standing import Standing, leased_until_s

TICK_S = 10.0
SOME_W = 10.0
ROUNDS = 2
SLACK_S = 120.0
"""What a turn may cost beyond its time: calls, settling, the pause before the next raise."""


@dataclass(slots=True)
class Battery:
    """A car as the oracle has charged it."""

    car: Car
    soc: float
    got_wh: float = 0.0


@dataclass(slots=True)
class Waiting:
    """A car that wants energy and gets none. `longest_s` is its worst stretch that counted against us."""

    for_s: float = 0.0
    peers: int = 0
    reported: bool = False


class Fairness:
    """`tick` every TICK_S; energies are in Wh."""

    def __init__(
        self,
        site: SitePlan,
        observer: Observer,
        stations: Sequence[SimulatedChargePoint],
        lines: Sequence[Line],
        ceilings: Ceilings,
    ) -> None:
        self.oracle_wh = 0.0
        self.session_s = 0.0
        self.starved: list[str] = []
        self._site = site
        self._observer = observer
        self._stations = stations
        self._lines = lines
        self._paths = [
            tuple(n for n in ceilings.path(plan.identity) if n in observer.limits()) for plan in observer.points
        ]
        self._batteries: dict[CarPlace, Battery] = {}
        self._waiting: dict[CarPlace, Waiting] = {}
        self._ranks = {identity: rank for rank, identity in enumerate(site.priority_order)}

    def tick(self, now_s: float) -> None:
        """Let TICK_S pass as things stand."""
        wishes: list[Wish] = []
        room, known = Room(self._observer.limits()), Room(self._observer.limits())
        for number, station in enumerate(self._stations):
            standing = self._observer.standings[number]
            for connector_id, connector in station.model.connectors.items():
                self._visit((number, connector_id), connector)
            unheard = not station.model.connectors.keys() <= self._lines[number].acknowledged
            unheard |= standing.infamous or not standing.falls_back
            if unheard or standing.free_at_s(now_s, None) == float("inf"):
                self._held(number, station, standing, room, unheard)
                known.take(self._paths[number], self._known(number, standing, unheard, now_s))
            else:
                wishes += self._wishes(number, station, standing.plan)
        wishes.sort(key=lambda item: (self._batteries[item.place].got_wh, item.place))
        waiting = self._hungry(wishes, known)
        self._charge(fill(self._tiers(wishes), room), {item.place: item for item in wishes})
        self._count_waiting(waiting, now_s)

    def _visit(self, place: CarPlace, connector: Connector) -> None:
        """A car that came gets a battery of the oracle's; one that left takes it away."""
        battery = self._batteries.get(place)
        if connector.car is None:
            self._batteries.pop(place, None)
        elif battery is None or battery.car is not connector.car:
            self._batteries[place] = Battery(connector.car, connector.soc)
        if connector.transaction is not None:
            self.session_s += TICK_S

    def _held(self, number: int, station: SimulatedChargePoint, standing: Standing, room: Room, unheard: bool) -> None:
        """Nobody can command it: it goes on as it does, for the oracle too. Who never accepted a default in time, has
        lost it, or is known to have broken what it accepted, must be taken for its rating, whatever it obeys."""
        vector = rating(standing.plan) if unheard else standing.vector
        room.take(self._paths[number], counted(vector, standing.plan.hardware))
        for connector_id, connector in station.model.connectors.items():
            battery = self._batteries.get((number, connector_id))
            if battery is not None:
                self._give(battery, connector.draw.power_w)

    def _wishes(self, number: int, station: SimulatedChargePoint, plan: PointPlan) -> list[Wish]:
        found = []
        for connector_id, connector in station.model.connectors.items():
            place = (number, connector_id)
            battery = self._batteries.get(place)
            wanting = connector.transaction is not None and connector.status != "SuspendedEV"
            if battery is not None and battery.soc < 1.0 and wanting:
                soc, path = battery.soc, self._paths[number]
                found.append(wish(place, path, plan.hardware, plan.phase_map, plan.grid_factor, battery.car, soc))
        return found

    def _tiers(self, wishes: Sequence[Wish]) -> list[list[Wish]]:
        """Who is served before whom: by rank, or by arrival, or all alike."""
        tiers: dict[tuple[float, ...], list[Wish]] = {}
        for item in wishes:
            began_s = self._began_s(item.place) if self._site.strategy == "first_come_first_served" else 0.0
            tiers.setdefault((self._rank(item.place), began_s), []).append(item)
        return [tiers[key] for key in sorted(tiers)]

    def _began_s(self, place: CarPlace) -> float:
        transaction = self._connector(place).transaction
        return 0.0 if transaction is None else transaction.started_s

    def _charge(self, shares_w: Mapping[CarPlace, float], wishes: Mapping[CarPlace, Wish]) -> None:
        for place, share_w in shares_w.items():
            self._give(self._batteries[place], share_w * wishes[place].useful)

    def _give(self, battery: Battery, power_w: float) -> None:
        energy_wh = min(power_w * TICK_S / 3600, (1.0 - battery.soc) * battery.car.battery_wh)
        battery.soc += energy_wh / battery.car.battery_wh
        battery.got_wh += energy_wh
        self.oracle_wh += energy_wh

    # Cars that get nothing.

    def _known(self, number: int, standing: Standing, unheard: bool, now_s: float) -> Vector:
        """What everybody but the oracle must take for held by one that cannot be commanded."""
        plan, told_s = standing.plan, self._lines[number].told_s
        over_s = leased_until_s(plan, told_s, self._site.lease_minutes)
        vector = rating(plan) if unheard else standing.may_hold(now_s, over_s)
        return counted(vector, plan.hardware)

    def _hungry(self, wishes: Sequence[Wish], room: Room) -> dict[CarPlace, int]:
        """The cars that draw nothing although their floor would fit beside what outranks them, and their peers."""
        hungry: dict[CarPlace, int] = {}
        for item in wishes:
            connector = self._connector(item.place)
            if connector.draw.power_w > SOME_W or connector.soc >= 1.0:
                continue
            if self._site.strategy == "first_come_first_served":
                continue  # no turns are promised there
            rank = self._rank(item.place)
            left = room.beside(
                (other.path, scaled(other.per_watt, self._connector(other.place).offer.power_w))
                for other in wishes
                if self._rank(other.place) < rank
            )
            fits = left.most(item.path, item.per_watt) >= max(item.floor_w, 1400.0)
            if fits and left.holds(item.path, least(self._observer.points[item.place[0]])):
                hungry[item.place] = sum(1 for other in wishes if self._rank(other.place) == rank)
        return hungry

    def _count_waiting(self, hungry: Mapping[CarPlace, int], now_s: float) -> None:
        for place in [place for place in self._waiting if place not in hungry]:
            del self._waiting[place]
        for place, peers in hungry.items():
            waiting = self._waiting.setdefault(place, Waiting())
            waiting.for_s += TICK_S
            waiting.peers = max(waiting.peers, peers)
            patience_s = ROUNDS * waiting.peers * (self._site.turn_minutes * 60 + SLACK_S)
            if waiting.for_s > patience_s and not waiting.reported:
                waiting.reported = True
                name = self._observer.points[place[0]].identity
                self.starved.append(f"{name} connector {place[1]}: nothing for {waiting.for_s:.0f} s at {now_s:.0f} s")

    def _rank(self, place: CarPlace) -> int:
        return self._ranks.get(self._observer.points[place[0]].identity, len(self._ranks))

    def _connector(self, place: CarPlace) -> Connector:
        return self._stations[place[0]].model.connectors[place[1]]
