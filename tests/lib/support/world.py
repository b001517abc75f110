"""A site without I/O: facts are recorded by hand, time is moved by hand, decisions are values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf

from csms.balancing.alarms import Trouble, troubles
from csms.balancing.allocation import Allocation, allocate
from csms.balancing.compliance import judge
from csms.balancing.ledger import Ledger, ledger
from csms.balancing.plan import Intent, Plan, plan
from csms.balancing.report import site_allocation
from csms.balancing.shares import Share
from csms.domain import events as ev
from csms.domain.electrical import Load, voltages
from csms.domain.model import BalancerSettings, ConnectorKey, ConnectorStatus, LimitPurpose
from csms.domain.reports import SiteAllocation
from support.happenings import START_S, Happenings

__all__ = ["START_S", "World"]

_SOON_S = 59.0
"""Whose turn it is is looked at once a minute."""


@dataclass
class World(Happenings):
    """What happens, and what is decided of it; by default chargers are limited in watts, known, and idle at a default
    of 0."""

    settings: BalancerSettings = field(default_factory=BalancerSettings)

    def charger(
        self,
        charge_point_id: str,
        max_kw: float | None = 22.0,
        *,
        can: Mapping[str, object] | None = None,
        **declared: object,
    ) -> None:
        """A declared, connected, idle charger that has confirmed its default profile on every connector.

        `can` are its capabilities.
        """
        self.declare(charge_point_id, max_kw, **declared)  # type: ignore[arg-type]  # passed on as they are
        self.connect(charge_point_id, **(can or {}))  # type: ignore[arg-type]  # as above
        for key in self.state.snapshot().connector_keys():
            if key.charge_point_id == charge_point_id:
                self.status(charge_point_id, ConnectorStatus.AVAILABLE, key.connector_id)
        for intent in self.plan().intents:
            if intent.key.charge_point_id == charge_point_id:
                self.confirm(self.issue(intent))

    def judge(self, charge_point_id: str, connector_id: int = 1) -> ev.LimitExceeded | ev.LimitObeyed | None:
        """What the last reading says of the connector's obedience is recorded, as the site does."""
        key = ConnectorKey(charge_point_id, connector_id)
        shape, charge_point = self.state.shape(charge_point_id), self.state.charge_points[charge_point_id]
        limits, reading, active = self.state.limits[key], self.state.readings[key], key in self.state.active
        settle_s, status = self.settings.settle_s, self.state.connectors[key].status
        found = judge(shape, charge_point, limits, reading, self.now, settle_s, active=active, status=status)
        if found is not None:
            self.apply(found)
        return found

    def issue(self, intent: Intent) -> ev.LimitIssued:
        charge_point = self.state.charge_points[intent.key.charge_point_id]
        event = ev.LimitIssued(
            self.now,
            intent.key.charge_point_id,
            intent.key.connector_id,
            self.next_id(),
            intent.purpose,
            intent.limit_w,
            charge_point.connection_id or "",
            intent.transaction_id,
            intent.cause,
            intent.lease_s,
            intent.then_w,
            intent.phases,
            renewal=intent.renewal,
        )
        self.apply(event)
        return event

    def book(self) -> Ledger:
        return ledger(self.state.snapshot(), self.now, self.settings.settle_s)

    def allocation(self) -> Allocation:
        return allocate(self.state.snapshot(), self.now, self.settings)

    def plan(self, *, resend: bool = False) -> Plan:
        """`resend`: whatever was said until now."""
        snapshot = self.state.snapshot()
        return plan(
            snapshot, self.allocation(), self.book(), self.now, self.settings, resend_before_s=inf if resend else -inf
        )

    def report(self) -> SiteAllocation:
        return site_allocation(self.state.snapshot(), self.allocation(), self.book(), self.now)

    def troubles(self) -> list[Trouble]:
        return troubles(self.state.snapshot(), self.allocation())

    def answer_all(self) -> None:
        """Everyone confirms what is sent now."""
        for intent in self.plan().intents:
            self.confirm(self.issue(intent))

    def run(self, seconds: float) -> None:
        """Everyone obeys for so long, however often the plan wakes up meanwhile."""
        end_s = self.now.steady_s + seconds
        while self.now.steady_s < end_s:
            self.answer_all()
            wake_at_s, change_s = self.plan().wake_at_s, self.allocation().next_change_s
            wakes_s = [end_s, *([] if wake_at_s is None else [wake_at_s])]
            wakes_s += [] if change_s is None else [self.now.steady_s + change_s - self.now.utc_s]
            self.wait(min(end_s - self.now.steady_s, max(0.01, min(wakes_s) - self.now.steady_s)))

    def settle(self) -> None:
        """Everyone obeys until there is nothing left to send."""
        for _ in range(50):
            made = self.plan()
            for intent in made.intents:
                self.confirm(self.issue(intent))
            if not made.intents:
                if made.wake_at_s is None or made.wake_at_s - self.now.steady_s > _SOON_S:
                    return  # what is left are turns and leases
                self.wait(max(0.001, made.wake_at_s - self.now.steady_s))
        raise AssertionError("the site did not come to rest")

    def shares_kw(self) -> dict[str, float]:
        """What is decided, per charge point."""
        shares: dict[str, int] = {}
        for key, share in self.allocation().shares.items():
            shares[key.charge_point_id] = shares.get(key.charge_point_id, 0) + share.limit_w
        return {charge_point_id: power_w / 1000 for charge_point_id, power_w in shares.items()}

    def worst_kw(self, charge_point_id: str, connector_id: int = 1) -> float:
        return self.book().worst_w(ConnectorKey(charge_point_id, connector_id)) / 1000

    def sent_kw(self) -> dict[str, float]:
        """The transaction limits the plan would send now, per charge point."""
        return {
            intent.key.charge_point_id: intent.limit_w / 1000
            for intent in self.plan().intents
            if intent.purpose is LimitPurpose.TRANSACTION
        }

    def share(self, charge_point_id: str, connector_id: int = 1) -> Share:
        return self.allocation().shares[ConnectorKey(charge_point_id, connector_id)]

    def amperes(self, load: Load) -> tuple[float, ...]:
        """A load's currents on L1, L2 and L3."""
        per_ampere = voltages(self.state.site).quanta_per_ma * 1000
        return tuple(round(quanta / per_ampere, 3) for quanta in load[1:])

    def worst_a(self, charge_point_id: str) -> tuple[float, ...]:
        """What a charge point may draw at worst on the site's L1, L2 and L3."""
        return self.amperes(self.book().charge_points[charge_point_id])
