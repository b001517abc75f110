"""What a connector was told, what it acknowledged, and what may still be in force: frozen facts."""

from __future__ import annotations

from dataclasses import dataclass

from csms.domain.model import LimitPurpose, Moment, Proof

LEASE_MARGIN_S = 60.0
"""How much later than its lease a limit may end: the charger's clock, by which it ends, may be behind by that much."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit we sent, or are about to send, to a connector.

    It is leased: `lease_s` after it was issued the charger steps down to `then_w` (None: it never does). `phases` is
    the number of phases it was given for where that is less than the charger has.
    """

    limit_id: int
    purpose: LimitPurpose
    limit_w: int
    transaction_id: str | None
    connection_id: str
    issued_at: Moment
    awaited: bool = True
    """Its answer may still come; False once the call timed out, failed or lost its connection."""
    lease_s: float | None = None
    then_w: int = 0
    phases: int | None = None


@dataclass(frozen=True, slots=True)
class Settling:
    """A higher limit that a connector may still be drawing at since `since`; None means its rated maximum.

    `in_force_at` is when it was in force at the latest, where that was before `since`: a car that draws little may have
    yet to follow the raise, and will before it follows the cut. `until_metered`: only a reading shows that it follows,
    time does not (see Capabilities.limit_by).
    """

    limit_w: int | None
    since: Moment
    phases: int | None = None
    until_metered: bool = False
    in_force_at: Moment | None = None


@dataclass(frozen=True, slots=True)
class Overdraw:
    """A connector was metered above what it was permitted: `count` times, the highest draw `power_w`, last `at`."""

    power_w: float
    count: int
    at: Moment
    idle: bool = False
    """No transaction was running."""


@dataclass(frozen=True, slots=True)
class Failure:
    """`count` refusals or silences in a row, the last one `at`, with the charger's word or what went wrong."""

    count: int
    at: Moment
    cause: str


LOST_FOR_GOOD = 2
"""A charger with one place for the defaults of two connectors loses the one for the other each time it is told one."""


@dataclass(frozen=True, slots=True)
class ConnectorLimits:
    """The facts about limits of one connector, from which the ledger derives the worst case.

    `default` and `transaction` were acknowledged last; `outstanding` was sent without a clear answer since; `settling`
    holds what was possible before. The failures are those since the last success of that purpose. `default_proof` is
    what the charger's composite schedule said of the default, `default_lost` how often it was there and then was not.
    `turn_since` is when the running transaction was last given power after a pause, `paused_since` when it was paused,
    and `served_wh` what it was permitted until `served_at`.
    """

    charge_point_id: str
    connector_id: int
    default: Limit | None = None
    transaction: Limit | None = None
    outstanding: tuple[Limit, ...] = ()
    settling: tuple[Settling, ...] = ()
    confirmed_at: Moment | None = None
    raised_at: Moment | None = None
    default_failure: Failure | None = None
    transaction_failure: Failure | None = None
    default_proof: Proof | None = None
    overdraw: Overdraw | None = None
    turn_since: Moment | None = None
    paused_since: Moment | None = None
    served_wh: float = 0.0
    served_at: Moment | None = None
    default_lost: int = 0
    requested_at: Moment | None = None
    """When the charger last wanted to be told its session's limit again."""

    @property
    def default_believed(self) -> bool:
        """Whether it falls back to the default it acknowledged: it has shown it, or could not be asked. Where defaults
        were lost again and again, one that is there now may be gone in a moment."""
        said = self.default is not None and self.default_proof in (Proof.SHOWN, Proof.SILENT)
        return said and self.default_lost < LOST_FOR_GOOD

    @property
    def in_flight(self) -> bool:
        return bool(self.outstanding) and any(limit.awaited for limit in self.outstanding)

    @property
    def obeys(self) -> bool:
        """As far as is known: it was last seen to take limits of either purpose, and to draw no more than they say."""
        return self.overdraw is None and self.transaction_failure is None and self.default_failure is None

    def confirmed(self, purpose: LimitPurpose) -> Limit | None:
        return self.default if purpose is LimitPurpose.DEFAULT else self.transaction

    def failure(self, purpose: LimitPurpose) -> Failure | None:
        return self.default_failure if purpose is LimitPurpose.DEFAULT else self.transaction_failure
