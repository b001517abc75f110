"""A site's life step by step: the shipped state and decisions beside what each charger may truly be doing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction

from csms.balancing.budget import effective_config
from csms.balancing.compliance import judge
from csms.balancing.yielding import Yielding
from csms.domain import events as ev
from csms.domain.grid import ExternalLimit, OperatorLimit, TemporaryLimit
from csms.domain.illegal import IllegalEvent
from csms.domain.limits import ConnectorLimits, Limit
from csms.domain.model import (
    BalancerSettings,
    Capabilities,
    ConnectorKey,
    ConnectorStatus,
    LimitPurpose,
    PowerSource,
    Proof,
    SiteLoad,
    SmartCharging,
)
from csms.domain.state import Row, State
from support.physics import NOTHING, Draw, rated
from support.random_sites import Premises
from support.true_charger import TrueConnector

SETTINGS = BalancerSettings(raise_interval_s=2.0)
_LONGEST_PATIENCE_S = 61.0


def capped(total: Draw, most: Draw) -> Draw:
    one, two, three = (min(a, b) for a, b in zip(total.currents_a, most.currents_a, strict=True))
    return Draw(min(total.power_w, most.power_w), (one, two, three))


class SiteLife:
    """What happens is told to both sides; `awaited` are the calls under way, `late` those given up."""

    def __init__(self, place: Premises, leases: Sequence[bool], by_default: int) -> None:
        known = list(place.capabilities)
        if by_default < len(known):
            known[by_default] = replace(known[by_default], limit_by=LimitPurpose.DEFAULT)
        self.place = replace(place, capabilities=tuple(known))
        self.world = self.place.world(settings=SETTINGS)
        self.awaited: list[ev.LimitIssued] = []
        self.late: list[ev.LimitIssued] = []
        self._connections = 0
        self._news: dict[str, list[Callable[[], None]]] = {}
        self.true = {
            ConnectorKey(s.charge_point_id, n): TrueConnector(
                ConnectorKey(s.charge_point_id, n),
                place.site,
                s,
                self._known(s.charge_point_id),
                SETTINGS.settle_s,
                keeps,
            )
            for s, keeps in zip(place.charge_points, leases, strict=False)
            for n in range(1, s.connectors + 1)
        }

    @property
    def now_s(self) -> float:
        return self.world.now.steady_s

    def each(self) -> dict[ConnectorKey, Draw]:
        return {key: connector.draw(self.now_s) for key, connector in self.true.items()}

    def draws(self) -> dict[str, Draw]:
        """Per charge point: its connectors together draw no more than it is made for, unless it was seen to."""
        sums: dict[str, Draw] = {}
        for key, draw in self.each().items():
            sums[key.charge_point_id] = sums.get(key.charge_point_id, NOTHING) + draw
        for settings in self.place.charge_points:
            name = settings.charge_point_id
            if settings.max_power_w is not None:
                seen_w = sum(c.overdrawn_w for c in self._connectors(name) if c.overdrawn_w is not None)
                most = rated(self.place.site, settings)
                beyond = max(Fraction(1), Fraction(str(seen_w)) / most.power_w)
                sums[name] = capped(sums[name], most.times(beyond))
        return sums

    def counted(self, key: ConnectorKey) -> Draw:
        """What the ledger says, in watts and amperes."""
        power, *currents = self.world.book().exposures[key].worst
        site = self.place.site
        per_a = 6000 * round(site.limit_voltage_v * 1000) * round(site.lowest_voltage_v * 1000)
        one, two, three = (Fraction(current, per_a) for current in currents)
        return Draw(Fraction(power, 1000), (one, two, three))

    def ceiling_w(self) -> int:
        """What must hold now: the least of everything that limits the site."""
        state, site, utc_s = self.world.state, self.place.site, self.world.now.utc_s
        most_w = [self._net_w(), *([state.smart_charging.max_power_w] if state.smart_charging else [])]
        for limit in state.temporary_limits.values():
            begun = limit.valid_from_s is None or limit.valid_from_s <= utc_s
            if begun and (limit.valid_until_s is None or utc_s < limit.valid_until_s):
                most_w.append(limit.max_power_w)
        return max(0, min(most_w, default=site.grid_capacity_w))

    def load_currents_a(self) -> tuple[float, float, float]:
        """Rounded up to milliamperes, as the other loads are counted."""
        current_a = -(-Fraction(self._load_w()) * 1000 / Fraction(str(self.place.site.lowest_voltage_v)) // 1) / 1000
        return (float(current_a), float(current_a), float(current_a))

    def _net_w(self) -> int:
        return self.place.site.grid_capacity_w - self._load_w() - self.place.site.reserve_w

    def _load_w(self) -> int:
        load = self.world.state.site_load
        if load is None:
            return 0
        fresh = self.now_s - load.at.steady_s < self.place.site.site_load_max_age_s
        return load.power_w if fresh else self.place.site.grid_capacity_w

    def connects(self, n: int) -> bool:
        """Whether it is counted from now on, and was not before."""
        away = [s.charge_point_id for s in self.place.charge_points if not self._online(s.charge_point_id)]
        return bool(away) and self._comes(away[n % len(away)], booted=False)

    def _comes(self, name: str, *, booted: bool) -> bool:
        self._connections += 1
        connection, now = f"c{self._connections}", self.world.now
        fresh = not self._connectors(name)[0].commissioned
        self.world.apply(ev.ChargePointConnected(now, name, connection, "ocpp1.6"))
        if booted:
            self.world.apply(ev.ChargePointBooted(now, name))
        self.world.apply(ev.ChargePointReady(now, name, connection))
        self.world.apply(ev.CapabilitiesLearned(now, name, self._known(name)))
        for connector in self._connectors(name):
            connector.commissioned = True
            # It says how its connectors stand before it answers anything.
            plugged = ConnectorStatus.PREPARING if connector.plugged else ConnectorStatus.AVAILABLE
            self.world.status(name, plugged, connector.key.connector_id)
        return fresh

    def disconnects(self, n: int, *, rebooting: bool) -> None:
        here = [s.charge_point_id for s in self.place.charge_points if self._online(s.charge_point_id)]
        if here:
            name = here[n % len(here)]
            for issued in [a for a in self.awaited if a.charge_point_id == name]:
                self._gives_up(issued, "Disconnected")
            self.late = [issued for issued in self.late if issued.charge_point_id != name]
            connection = self.world.state.charge_points[name].connection_id or ""
            self.world.disconnect(name, connection)
            if rebooting:
                self._comes(name, booted=True)

    def starts(self, n: int) -> None:
        free = [c for c in self.true.values() if not c.running and c.commissioned]
        if free:
            connector = free[n % len(free)]
            connector.running = connector.plugged = True
            self._tells(connector.key, lambda: self._started(connector.key))

    def stops(self, n: int) -> None:
        busy = [c for c in self.true.values() if c.running]
        if busy:
            connector = busy[n % len(busy)]
            connector.ends(self.now_s)
            self._tells(connector.key, lambda: self._stopped(connector.key))

    def unplugs(self, n: int) -> None:
        left = [c for c in self.true.values() if c.plugged and not c.running and self._online(c.key.charge_point_id)]
        left = [c for c in left if not self._news.get(c.key.charge_point_id)]
        if left:
            connector = left[n % len(left)]
            connector.unplugs()
            self._status(connector.key, ConnectorStatus.AVAILABLE)
            limits = self.world.state.limits.get(connector.key)
            if limits is not None and limits.overdraw is None:
                connector.overdrawn_w = None

    def asks(self, n: int, *, asking: bool) -> None:
        """A car says whether it wants power."""
        busy = [c for c in self.true.values() if c.running and self._online(c.key.charge_point_id)]
        busy = [c for c in busy if not self._news.get(c.key.charge_point_id)]
        if busy:
            status = ConnectorStatus.CHARGING if asking else ConnectorStatus.SUSPENDED_EV
            self._status(busy[n % len(busy)].key, status)

    def reports(self, n: int) -> None:
        """The oldest thing that a charger could not tell while it was offline."""
        waiting = [name for name, news in self._news.items() if news and self._online(name)]
        if waiting:
            self._news[waiting[n % len(waiting)]].pop(0)()

    def decides(self) -> None:
        for intent in self.world.plan().intents:
            issued = self.world.issue(intent)
            self.awaited.append(issued)
            connector = self.true[intent.key]
            transaction = self.world.state.active.get(intent.key)
            # A profile for a transaction that is over, of which we have not heard yet, is refused.
            if intent.purpose is LimitPurpose.DEFAULT or (
                transaction and not self._news.get(intent.key.charge_point_id)
            ):
                connector.sent(issued)

    def answers(self, n: int, answer: str) -> None:
        if not self.awaited:
            return
        issued = self.awaited[n % len(self.awaited)]
        if answer == "yes":
            self._acknowledges(issued)
        elif answer == "no":
            self._refuses(issued)
        else:
            self._gives_up(issued, answer)
            self.late.append(issued)

    def answers_late(self, n: int, *, yes: bool) -> None:
        """Long after we stopped waiting; once a later call was answered nobody listens any more."""
        if self.late:
            issued = self.late.pop(n % len(self.late))
            (self._acknowledges if yes else self._refuses)(issued)

    def is_metered(self, n: int, percent: int, age_s: float) -> bool:
        """It draws so much of what it is counted at; whether that obeys nobody."""
        here = [c for c in self.true.values() if self._online(c.key.charge_point_id) and c.plugged]
        here = [c for c in here if not self._news.get(c.key.charge_point_id)]
        if not here:
            return False
        connector = here[n % len(here)]
        power_w = float(self.world.book().exposures[connector.key].worst_w * percent // 100)
        before = self._without_readings(connector.key)
        limits = self.world.state.limits.get(connector.key)
        self._reads(connector.key, power_w, age_s)
        if self.world.state.limits.get(connector.key) != limits and self.now_s - age_s > connector.told_s:
            connector.following = []  # what was measured after the last answer has shown that it follows
        said = self.world.allocation().shares.get(connector.key)
        assert said is None or before is None or not said.commanded or said.refusing or said.limit_w <= before
        return self._is_judged(connector)

    def waits(self, seconds: float) -> bool:
        """Whether a ceiling falls meanwhile."""
        before = (self.ceiling_w(), self._load_w())
        self.world.wait(seconds)
        return (self.ceiling_w(), self._load_w()) != before

    def configured(self, config: SmartCharging) -> None:
        self.world.apply(ev.SmartChargingConfigured(self.world.now, config))

    def limited(self, power_kw: int, in_s: float | None) -> None:
        start_s = None if in_s is None else self.world.now.utc_s + in_s
        limit = TemporaryLimit("grid", power_kw * 1000, start_s, self.world.now.utc_s + 300.0)
        self.world.apply(ev.TemporaryLimitSet(self.world.now, limit))

    def capped_by_operator(self, n: int, power_kw: int | None, for_s: float | None, *, whole: bool) -> None:
        """An operator caps a connector or its charge point; None: he lifts that again."""
        charge_point_id, number = list(self.true)[n % len(self.true)]
        connector_id = 0 if whole else number
        now = self.world.now
        if power_kw is not None:
            until_s = None if for_s is None else now.utc_s + for_s
            limit = OperatorLimit(connector_id, power_kw * 1000, until_s)
            self.world.apply(ev.OperatorLimitSet(now, charge_point_id, limit))
        elif any(
            o.connector_id == connector_id for o in self.world.state.charge_points[charge_point_id].operator_limits
        ):
            self.world.apply(ev.OperatorLimitCleared(now, charge_point_id, connector_id))

    def reports_external_limit(self, n: int, power_kw: int | None, *, whole: bool) -> None:
        """A charger reports a limit of its own energy manager; None: that it is no more."""
        charge_point_id, number = list(self.true)[n % len(self.true)]
        connector_id, now = 0 if whole else number, self.world.now
        if power_kw is None:
            self.world.apply(ev.ExternalLimitCleared(now, charge_point_id, "EMS", connector_id))
        else:
            limit = ExternalLimit("EMS", connector_id, power_kw * 1000)
            self.world.apply(ev.ExternalLimitSet(now, charge_point_id, limit))

    def asks_for_its_limit(self, n: int) -> None:
        """A charger wants to be told its session's limit again."""
        key = list(self.true)[n % len(self.true)]
        if key in self.world.state.active:
            self.world.apply(ev.LimitRequested(self.world.now, *key, "EV charging needs"))

    def operator_limit_w(self, key: ConnectorKey) -> int | None:
        """What an operator, or whoever else limits it, allows a connector or its charge point (connector 0) now."""
        charge_point = self.world.state.charge_points[key.charge_point_id]
        limits: tuple[OperatorLimit | ExternalLimit, ...] = charge_point.operator_limits
        now_s = self.world.now.utc_s
        holding = [
            o.max_power_w
            for o in limits + charge_point.external_limits
            if o.connector_id == key.connector_id and not o.over_at(now_s)
        ]
        return min(holding, default=None)

    def beyond_its_operators_limit(self) -> str | None:
        """A share, or the shares of a charge point, above what an operator allows."""
        sums: dict[str, int] = {}
        for key, share in self.world.allocation().shares.items():
            if not share.commanded or share.refusing:
                continue
            sums[key.charge_point_id] = sums.get(key.charge_point_id, 0) + share.limit_w
            own_w = self.operator_limit_w(key)
            if own_w is not None and share.limit_w > own_w:
                return f"{key} has {share}, may have {own_w}"
        for charge_point_id, sum_w in sums.items():
            whole_w = self.operator_limit_w(ConnectorKey(charge_point_id, 0))
            if whole_w is not None and sum_w > whole_w:
                return f"{charge_point_id} has {sum_w}, may have {whole_w}"
        return None

    def reports_load(self, power_w: int) -> None:
        load = SiteLoad(power_w, self.world.now.utc_s, self.world.now)
        self.world.apply(ev.SiteLoadReported(self.world.now, load))

    def shows_default(self, n: int, *, shown: bool) -> bool:
        """A charger whose default is acknowledged is asked for it; whether it has lost it."""
        asked = [key for key, limits in self.world.state.limits.items() if self._may_be_asked(key, limits)]
        if not asked:
            return False
        key = asked[n % len(asked)]
        connector = self.true[key]
        if shown:
            connector.has_default()
        else:
            connector.loses_default()
        proof = Proof.SHOWN if shown else Proof.DISPROVED
        self.world.apply(ev.DefaultProved(self.world.now, *key, proof))
        return not shown

    def shows_lease(self, n: int) -> None:
        here = [c for c in self.true.values() if self._online(c.key.charge_point_id)]
        if here:
            connector = here[n % len(here)]
            proof = Proof.SHOWN if connector.keeps_leases else Proof.DISPROVED
            self.world.apply(ev.LeaseProved(self.world.now, connector.key.charge_point_id, proof))

    def shows_limit(self, n: int) -> None:
        """It is asked what it obeys, and shows what it acknowledged last."""
        online = [(key, limits) for key, limits in self.world.state.limits.items() if self._online(key.charge_point_id)]
        shown = [(key, limit) for key, limits in online for limit in (limits.default, limits.transaction) if limit]
        if shown:
            self._shows(*shown[n % len(shown)])

    def restarts(self) -> None:
        """Our process starts again: nobody is connected, and no answer will be understood."""
        self.awaited, self.late, state = [], [], self.world.state
        rows: list[Row] = [state.site, *state.settings.values(), *state.charge_points.values()]
        rows += [*state.connectors.values(), *state.active.values(), *state.limits.values(), *state.readings.values()]
        rows += [*state.temporary_limits.values(), *([state.site_load] if state.site_load else [])]
        self.world.state = State.restored([*rows, *([state.smart_charging] if state.smart_charging else [])])

    def raise_that_waits_for_nothing(self) -> str | None:
        """A share that was decided, would fit, and is not sent although its charger is free and nobody hurries."""
        made, allocation, book = self.world.plan(), self.world.allocation(), self.world.book()
        if made.intents:
            return None
        snapshot, room = self.world.state.snapshot(), allocation.tree.room(allocation.tree.loads(book.charge_points))
        for key, share in allocation.shares.items():
            limits = snapshot.limits.get(key) or ConnectorLimits(*key)
            purpose = snapshot.charge_points[key.charge_point_id].limit_by
            if not share.commanded or limits.in_flight or limits.failure(purpose) or self._calm(limits):
                continue
            in_force = limits.confirmed(purpose) or limits.default
            if in_force is None or in_force.limit_w >= share.limit_w or self._shares_a_charge_point(key):
                continue
            if self.operator_limit_w(ConnectorKey(key.charge_point_id, 0)) is not None:
                continue  # until it has settled from a higher one, it could be above the operator's
            load, worst = (
                snapshot.shapes[key.charge_point_id].on(share.phases).load(share.limit_w),
                book.exposures[key].worst,
            )
            rows = allocation.tree.paths[allocation.tree.places[key.charge_point_id]]
            if all(max(0, load[d] - worst[d]) <= room[row] for row, d in rows):
                return f"{key}: {in_force.limit_w} W, not {share.limit_w} W"
        return None

    def everybody_is_well(self) -> None:
        """All are there, have answered, and told everything; from here on they obey, and show their defaults."""
        while any(not self._online(s.charge_point_id) for s in self.place.charge_points):
            self.connects(0)
        while self.awaited:
            self.answers(0, "yes")
        while any(self._news.values()):
            self.reports(0)
        for key in self.true:
            self.world.apply(ev.LimitObeyed(self.world.now, *key))
            self.true[key].overdrawn_w = None
        self._comes_to_rest()

    def _comes_to_rest(self) -> None:
        """Everybody obeys, and is seen to, until there is nothing left to send and nothing left to settle."""
        for _ in range(60):
            self.decides()
            quiet = not self.awaited
            while self.awaited:
                self.answers(0, "yes")
            for key in self.true:
                self.world.apply(ev.DefaultProved(self.world.now, *key, Proof.SHOWN))
                self.true[key].has_default()
                for limit in (self.world.state.limits[key].default, self.world.state.limits[key].transaction):
                    if limit is not None:
                        self._shows(key, limit)
            self.world.wait(_LONGEST_PATIENCE_S if quiet else SETTINGS.settle_s)
            for key, connector in self.true.items():
                if connector.running:
                    self._reads(key, 0.0 if quiet else 1.0, 0.0)
                    connector.following = []
            if quiet and not self.world.plan().intents:
                return
        raise AssertionError(f"the site did not come to rest: {self.world.plan()} {self.world.state.limits}")

    def what_is_not_acknowledged(self) -> list[str]:
        """Who does not have what was decided, or what it must do with while a limit is exceeded."""
        snapshot, allocation, book = self.world.state.snapshot(), self.world.allocation(), self.world.book()
        loads = allocation.tree.loads(book.charge_points)
        yielding, found = Yielding(snapshot, allocation, book, loads), []
        for key, share in allocation.shares.items():
            limits = self.world.state.limits_of(key)
            has = limits.transaction or limits.default
            open_ = any(limit.purpose is LimitPurpose.TRANSACTION for limit in limits.outstanding)
            wanted_w = yielding.session_w(key, share.limit_w, share.phases)
            if open_ or has is None or has.limit_w != wanted_w:
                found.append(f"{key}: {has} instead of {wanted_w} W")
        return found

    def everybody_wants_more(self) -> None:
        """A round in which nothing disturbs: all that was decided is obeyed, and every car says that it charges, also
        one that had stopped asking, and takes all it may."""
        for key, connector in self.true.items():
            if connector.running:
                self._status(key, ConnectorStatus.CHARGING)
        self.decides()
        while self.awaited:
            self.answers(0, "yes")
        self.world.wait(SETTINGS.settle_s)
        for key, connector in self.true.items():
            limits = self.world.state.limits_of(key)
            if connector.running:
                has = limits.transaction or limits.default
                self._reads(key, float(has.limit_w) if has is not None else 0.0, 0.0)
                connector.following = []

    def unused_room(self) -> str | None:
        """Somebody who could be given more beside the worst of all the others, and is not.

        Raised by a hundred watts and to the next step, or from 0 to the least it can begin with. Not looked at: several
        connectors of one charge point, which share its cap, and whoever is on one phase.
        """
        snapshot, allocation, book = self.world.state.snapshot(), self.world.allocation(), self.world.book()
        room = allocation.tree.room(allocation.tree.loads(book.charge_points))
        for key, share in allocation.shares.items():
            settings, shape = snapshot.settings[key.charge_point_id], snapshot.shapes[key.charge_point_id]
            limits = self.world.state.limits_of(key)
            has = limits.transaction or limits.default
            if self._shares_a_charge_point(key) or share.phases is not None or has is None or not share.commanded:
                continue
            least_w = shape.floor_w(effective_config(snapshot).min_power_per_charger_w)
            more_w = max(least_w, shape.form.ceil_w(has.limit_w + SETTINGS.min_change_w))
            cap_w = settings.max_power_w if settings.max_power_w is not None else allocation.budget.usable_w
            for capped in (key, ConnectorKey(key.charge_point_id, 0)):
                by_operator_w = self.operator_limit_w(capped)
                cap_w = cap_w if by_operator_w is None else min(cap_w, by_operator_w)
            load, worst = shape.load(more_w), book.exposures[key].worst
            rows = allocation.tree.paths[allocation.tree.places[key.charge_point_id]]
            # Where there are only a few currents, the highest of them is as much as can be said.
            if has.limit_w < more_w <= cap_w and all(max(0, load[d] - worst[d]) <= room[row] for row, d in rows):
                return f"{key} has {has.limit_w} W, could have {more_w} W: {share}"
        return None

    def _known(self, name: str) -> Capabilities:
        return self.place.capabilities_of(name)

    def _online(self, name: str) -> bool:
        return self.world.state.charge_points[name].connected

    def _connectors(self, name: str) -> list[TrueConnector]:
        return [connector for key, connector in self.true.items() if key.charge_point_id == name]

    def _tells(self, key: ConnectorKey, report: Callable[[], None]) -> None:
        """At once, or after everything else that could not be told."""
        news = self._news.setdefault(key.charge_point_id, [])
        if self._online(key.charge_point_id) and not news:
            report()
        else:
            news.append(report)

    def _started(self, key: ConnectorKey) -> None:
        self.world.start(key.charge_point_id, key.connector_id)

    def _stopped(self, key: ConnectorKey) -> None:
        transaction = self.world.state.active[key]
        self.world.stop(key.charge_point_id, transaction.transaction_id, key.connector_id)

    def _status(self, key: ConnectorKey, status: ConnectorStatus) -> None:
        self.world.status(key.charge_point_id, status, key.connector_id)

    def _acknowledges(self, issued: ev.LimitIssued) -> None:
        self._no_longer_waits(issued)
        self.true[_key(issued)].accepts(issued.limit_id, self.now_s)
        try:
            self.world.acknowledge(issued)
        except IllegalEvent:
            return

    def _refuses(self, issued: ev.LimitIssued) -> None:
        self._no_longer_waits(issued)
        self.true[_key(issued)].refuses(issued.limit_id)
        try:
            self.world.reject(issued)
        except IllegalEvent:
            return

    def _gives_up(self, issued: ev.LimitIssued, cause: str) -> None:
        self._no_longer_waits(issued)
        try:
            self.world.no_answer(issued, cause)
        except IllegalEvent:
            return

    def _no_longer_waits(self, issued: ev.LimitIssued) -> None:
        self.awaited = [other for other in self.awaited if other.limit_id != issued.limit_id]

    def _shows(self, key: ConnectorKey, limit: Limit) -> None:
        self.true[key].shows(limit.limit_id, limit.purpose, self.now_s)
        self.world.apply(ev.LimitShown(self.world.now, *key, limit.limit_id, limit.purpose))

    def _without_readings(self, key: ConnectorKey) -> int | None:
        kept = self.world.state.readings
        self.world.state.readings = {k: reading for k, reading in kept.items() if k != key}
        share = self.world.allocation().shares.get(key)
        self.world.state.readings = kept
        return share.limit_w if share is not None and share.commanded else None

    def _reads(self, key: ConnectorKey, power_w: float, age_s: float) -> None:
        now = self.world.now
        self.world.apply(
            ev.MeterValuesReceived(now, *key, now.utc_s - age_s, power_w=power_w, source=PowerSource.POWER)
        )

    def _is_judged(self, connector: TrueConnector) -> bool:
        state, key = self.world.state, connector.key
        judged = judge(
            state.shape(key.charge_point_id),
            state.charge_points[key.charge_point_id],
            state.limits_of(key),
            state.readings[key],
            self.world.now,
            SETTINGS.settle_s,
            active=key in state.active,
            status=state.connectors[key].status,
        )
        if judged is not None:
            self.world.apply(judged)
        if isinstance(judged, ev.LimitExceeded):
            connector.overdrawn_w = max(judged.power_w, connector.overdrawn_w or 0.0)
            return True
        if isinstance(judged, ev.LimitObeyed):
            connector.overdrawn_w = None
        return False

    def _may_be_asked(self, key: ConnectorKey, limits: ConnectorLimits) -> bool:
        waiting = any(limit.purpose is LimitPurpose.DEFAULT for limit in limits.outstanding)
        return limits.default is not None and not waiting and self._online(key.charge_point_id)

    def _calm(self, limits: ConnectorLimits) -> bool:
        raised = limits.raised_at
        return raised is not None and self.now_s - raised.steady_s < SETTINGS.raise_interval_s

    def _shares_a_charge_point(self, key: ConnectorKey) -> bool:
        return len(self._connectors(key.charge_point_id)) > 1


def _key(issued: ev.LimitIssued) -> ConnectorKey:
    return ConnectorKey(issued.charge_point_id, issued.connector_id)
