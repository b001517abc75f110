"""The small worlds that are searched: one charger alone moment by moment, and several that share a ceiling.

Of those that share, three chargers live through answers of every kind, late ones and late application, lost
connections, reboots, crashes, settling, and plugs on line and off line; leases end in a second world, profiles are lost
and limits ignored in a third and a fourth. All of it at once would be more than can be visited.
"""

from dataclasses import replace

from support.smallworld.site import Premises

_NO_LATE_ANSWERS = ("late answer", "late refusal")

_RARE = (
    "rejects",
    "reboots",
    "connection lost",
    "reconnects",
    "unplugged",
    "plugged in",
    "a reading shows that it follows",
)

ALONE = {
    "one charger": Premises(chargers=1, dropped_w=5_000),
    "one with a fallback": Premises(chargers=1, dropped_w=5_000, default_w=4_000),
    "one with leases": Premises(chargers=1, leases=True),
    "one rogue": Premises(chargers=1, rogues=True, never=(*_NO_LATE_ANSWERS, "reboots")),
    "one from first contact on": Premises(chargers=1, first_contact=True, never=("unplugged offline",)),
}

_TWO_OF_THREE = Premises(chargers=3, capacity_w=20_000, dropped_w=10_000, rated_w=10_000, floor_w=10_000)
"""Two may charge, or one when the ceiling is low."""

_ONE_OF_TWO = replace(_TWO_OF_THREE, chargers=2, capacity_w=10_000, dropped_w=0, news=0)

SHARING = {
    "three chargers": _TWO_OF_THREE,
    "two rogues": replace(
        _TWO_OF_THREE, chargers=2, dropped_w=0, capacity_w=10_000, news=0, rogues=True, never=_NO_LATE_ANSWERS
    ),
    "three rogues": replace(_TWO_OF_THREE, news=0, rogues=True, never=(*_NO_LATE_ANSWERS, *_RARE)),
    "three with leases": replace(_TWO_OF_THREE, news=0, leases=True, never=_NO_LATE_ANSWERS),
}
