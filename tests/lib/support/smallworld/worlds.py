"""The small worlds that are searched: several chargers that share a ceiling, and one alone with all that is decided.

Of those that share, three chargers live through answers of every kind, late ones and late application, lost
connections, reboots, crashes, settling, and plugs on line and off line. Leases end, profiles are lost and limits
ignored in worlds of their own: of two chargers with nearly all that happens to the three, and of three with less. All
of it at once would be more than can be visited.
"""

from dataclasses import replace

from support.smallworld.site import Premises

_NO_LATE_ANSWERS = ("late answer", "late refusal")
_NO_PLUGS = ("plugged in", "unplugged")

_TWO_OF_THREE = Premises(chargers=3, capacity_w=20_000, dropped_w=10_000, rated_w=10_000, floor_w=10_000)
"""Two may charge, or one when the ceiling is low."""

_ONE_OF_TWO = replace(_TWO_OF_THREE, chargers=2, capacity_w=10_000, dropped_w=0, news=0)

SHARING = {
    "three chargers": _TWO_OF_THREE,
    "three with leases": replace(_TWO_OF_THREE, news=0, leases=True, never=(*_NO_LATE_ANSWERS, *_NO_PLUGS, "rejects")),
    "three rogues": replace(
        _TWO_OF_THREE,
        news=0,
        rogues=True,
        never=(*_NO_LATE_ANSWERS, *_NO_PLUGS, "rejects", "reboots", "connection lost", "reconnects"),
    ),
    "two with leases": replace(_ONE_OF_TWO, leases=True, never=_NO_LATE_ANSWERS),
    "two rogues": replace(_ONE_OF_TWO, rogues=True, never=_NO_LATE_ANSWERS),
    "two that refuse again and again": replace(_ONE_OF_TWO, counted=3, never=(*_NO_LATE_ANSWERS, *_NO_PLUGS)),
}

ALONE = {
    "one charger": Premises(chargers=1, dropped_w=5_000),
    "one with readings": Premises(chargers=1, dropped_w=5_000, news=1, readings=True, never=_NO_LATE_ANSWERS),
    "one that settles by halves": Premises(
        chargers=1, dropped_w=5_000, news=0, halves=True, never=(*_NO_LATE_ANSWERS, *_NO_PLUGS)
    ),
    "one with a fallback": Premises(chargers=1, dropped_w=5_000, default_w=4_000, news=1, never=_NO_LATE_ANSWERS),
    "one with leases": Premises(chargers=1, news=0, leases=True, never=(*_NO_LATE_ANSWERS, *_NO_PLUGS)),
    "one rogue": Premises(chargers=1, news=0, rogues=True, never=(*_NO_LATE_ANSWERS, *_NO_PLUGS, "reboots")),
    "one from first contact on": Premises(chargers=1, news=1, first_contact=True, never=_NO_LATE_ANSWERS),
}
