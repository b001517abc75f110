"""Loads beside each other: power and the current of each phase, each by itself."""

from __future__ import annotations

from csms.domain.electrical import NO_LOAD, Load


def upper(one: Load, other: Load) -> Load:
    if one is NO_LOAD or other is NO_LOAD:
        return other if one is NO_LOAD else one
    return (max(one[0], other[0]), max(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3]))


def lower(one: Load, other: Load) -> Load:
    return (min(one[0], other[0]), min(one[1], other[1]), min(one[2], other[2]), min(one[3], other[3]))


def plus(one: Load, other: Load) -> Load:
    return (one[0] + other[0], one[1] + other[1], one[2] + other[2], one[3] + other[3])


def within(load: Load, other: Load) -> bool:
    """Whether none of it is above the other."""
    return load[0] <= other[0] and load[1] <= other[1] and load[2] <= other[2] and load[3] <= other[3]


def beyond(load: Load, before: Load) -> Load:
    """What a load adds to what is counted already."""
    power, one, two, three = load
    power_before, one_before, two_before, three_before = before
    return (
        power - power_before if power > power_before else 0,
        one - one_before if one > one_before else 0,
        two - two_before if two > two_before else 0,
        three - three_before if three > three_before else 0,
    )
