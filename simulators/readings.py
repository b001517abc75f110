"""How a charger reads what the specification leaves open: one row per question, the most natural answer first."""

import random
from dataclasses import dataclass
from typing import Literal, get_args

Finished = Literal["lower level", "last period", "no limit"]
RelativeTo = Literal["transaction", "receipt", "plug-in"]
Undated = Literal["transaction", "receipt"]
Future = Literal["silent", "first period"]
Expiry = Literal["honoured", "ignored"]
TxPeriods = Literal["all", "first"]
Below6A = Literal["pause", "six"]
WattsOver = Literal["numberPhases", "phases in use"]
WattsAt = Literal["set voltage", "measured voltage"]
OwnDefault = Literal["stacks", "replaces"]


@dataclass(frozen=True, slots=True)
class Readings:
    """One charger's answers; the defaults are what the text says or comes closest to.

    - `finished`: once a schedule's `duration` is over, a lower stack level or another purpose holds (1.6 5.16.4,
      2.0.1 3.5 and K02.FR.08); or its last period for ever; or nothing limits, because the profile is still valid
      and so prevails (1.6 3.13.2 speaks of validFrom and validTo alone).
    - `relative`: a Relative schedule counts from the transaction's start, from the moment the profile came, or from
      plug-in ("a situation-specific start point", 1.6 7.9; only recommended by 2.0.1 K01.FR.42).
    - `undated`: an Absolute schedule without startSchedule counts from the start of charging (1.6 7.13), or from
      its receipt.
    - `future`: a schedule that starts later says nothing yet (2.0.1 K01.FR.30), or its first period holds already.
    - `expiry`: validTo ends a profile (2.0.1 K01.FR.37), or is ignored.
    - `tx_periods`: a TxProfile steps through its periods, or its first one holds for ever.
    - `below_6_a`: no control pilot can say a current between 0 and 6 A (IEC 61851-1): the car pauses, or gets 6 A.
    - `watts_over`: watts become amperes over numberPhases, three when absent (1.6 7.12, 2.0.1 K01.FR.50), but never
      over fewer phases than are in use; or over the phases in use (1.6 erratum 3.34: "the limit as is given").
    - `watts_at`: ... at the set voltage of the area (the same clauses), or at the measured one.
    - `own_default`: a connector's own TxDefaultProfile and connector 0's stack by their levels (1.6 3.13.2, 2.0.1
      K01.FR.14, .15), or the own one replaces all of connector 0's there (1.6 3.13.1).
    """

    finished: Finished = "lower level"
    relative: RelativeTo = "transaction"
    undated: Undated = "transaction"
    future: Future = "silent"
    expiry: Expiry = "honoured"
    tx_periods: TxPeriods = "all"
    below_6_a: Below6A = "pause"
    watts_over: WattsOver = "numberPhases"
    watts_at: WattsAt = "set voltage"
    own_default: OwnDefault = "stacks"

    @classmethod
    def draw(cls, rng: random.Random) -> "Readings":
        """A charger's readings by chance, each answer as likely as the others to the same question."""
        return cls(
            finished=rng.choice(get_args(Finished)),
            relative=rng.choice(get_args(RelativeTo)),
            undated=rng.choice(get_args(Undated)),
            future=rng.choice(get_args(Future)),
            expiry=rng.choice(get_args(Expiry)),
            tx_periods=rng.choice(get_args(TxPeriods)),
            below_6_a=rng.choice(get_args(Below6A)),
            watts_over=rng.choice(get_args(WattsOver)),
            watts_at=rng.choice(get_args(WattsAt)),
            own_default=rng.choice(get_args(OwnDefault)),
        )


BY_THE_TEXT = Readings()
