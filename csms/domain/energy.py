"""Energy registers of real chargers: they reset, jump back, and are sometimes all there is."""

from __future__ import annotations

from dataclasses import replace

from csms.domain.model import MeterReading, PowerSource, Transaction

_LONGEST_SLOPE_S = 900.0
_MORE_THAN_A_TICK_WH = 2.0


def energy_after(transaction: Transaction, register_wh: float | None) -> Transaction:
    """The transaction with the energy up to this register value; a register that went back starts anew."""
    if register_wh is None:
        return transaction
    before_wh = transaction.register_wh
    gained_wh = 0.0 if before_wh is None else max(0.0, register_wh - before_wh)
    return replace(transaction, energy_wh=(transaction.energy_wh or 0.0) + gained_wh, register_wh=register_wh)


def denied_by_register(before: MeterReading, after: MeterReading) -> bool:
    """Whether a charger tells 0 W, again, while its energy register has risen: then its power says nothing.

    Once, it may just have stopped. A register in whole watt-hours may tick without anybody charging.
    """
    if after.power_w != 0 or before.energy_wh is None or after.energy_wh is None:
        return False
    again = before.power_w == 0 or before.source is PowerSource.ENERGY_SLOPE
    return again and after.energy_wh - before.energy_wh >= _MORE_THAN_A_TICK_WH


def slope_power_w(before: MeterReading, after: MeterReading) -> float | None:
    """Mean power between two register values; None where they do not tell one.

    The charger's own timestamps bound the interval, because its messages may wait in a queue.
    """
    if before.energy_wh is None or after.energy_wh is None:
        return None
    elapsed_s = after.measured_at_s - before.measured_at_s
    gained_wh = after.energy_wh - before.energy_wh
    if not 1.0 <= elapsed_s <= _LONGEST_SLOPE_S or gained_wh < 0:
        return None
    return gained_wh * 3600.0 / elapsed_s
