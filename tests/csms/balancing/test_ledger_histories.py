"""Histories that the ledger's machine came upon, told plainly."""

from __future__ import annotations

import pytest
from support.random_sites import Premises
from support.site_life import SiteLife

from csms.domain.model import Capabilities, ChargePointSettings, Current, SiteSettings

SITE = SiteSettings("site", "Site", "Europe/London", 5_000)
BY_TRANSACTION, BY_DEFAULT = 1, 0


def one_charger(known: Capabilities, by: int = BY_TRANSACTION) -> SiteLife:
    settings = ChargePointSettings("cp0", "site", current=Current.AC)
    return SiteLife(Premises(SITE, (settings,), (known,)), leases=[False], by_default=by)


@pytest.mark.parametrize(
    ("known", "by"),
    [
        (Capabilities(), BY_TRANSACTION),
        (Capabilities(), BY_DEFAULT),
        (Capabilities(switches_phases=True), BY_TRANSACTION),
        (Capabilities(switches_phases=True, number_phases=False), BY_TRANSACTION),
        (Capabilities(currents_a=(6.0, 7.0)), BY_TRANSACTION),
    ],
)
def test_a_car_that_had_stopped_asking_and_charges_again_is_given_what_is_free(known: Capabilities, by: int) -> None:
    life = one_charger(known, by)
    life.connects(0)
    life.starts(0)
    life.asks(0, asking=False)
    life.waits(450.0)
    life.everybody_is_well()
    (share,) = life.world.allocation().shares.values()
    assert share.reason.startswith("draws less than it may")
    for _ in range(2):
        life.everybody_wants_more()
    assert life.unused_room() is None
    # 5 kW on three phases of 230 V, in steps of 0.1 A, or in the only currents there are.
    (share,) = life.world.allocation().shares.values()
    assert share.limit_w == (4_830 if known.currents_a else 4_968)
