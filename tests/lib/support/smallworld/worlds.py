"""The small worlds that are searched. One charger alone lives through everything; several share a ceiling."""

from support.smallworld.site import Premises

_RARE = ("late answer", "late refusal", "reboots", "unplugged", "plugged in", "a reading shows that it follows")

WORLDS = {
    "one charger": Premises(chargers=1, dropped_w=5_000),
    "one with a fallback": Premises(chargers=1, dropped_w=5_000, default_w=4_000),
    "one with leases": Premises(chargers=1, leases=True, never=("late answer", "late refusal")),
    "one rogue": Premises(chargers=1, rogues=True, never=("late answer", "late refusal", "reboots")),
    "one from first contact on": Premises(chargers=1, first_contact=True, never=("unplugged offline",)),
    "two chargers": Premises(chargers=2, news=0, never=_RARE),
    "three chargers": Premises(
        chargers=3, news=0, never=(*_RARE, "connection lost", "reconnects", "stops", "ceiling is back")
    ),
}
