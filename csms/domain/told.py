"""What charge points tell of themselves and is kept for those who ask: its kinds, and how much of each is kept."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class ToldKind(StrEnum):
    """`Told.kind`. All but the local list comes in messages of charge points."""

    VARIABLE = "variable"
    CONFIGURATION_KEY = "configuration_key"
    SETTING = "setting"  # what it said to a setting of ours
    REPORT = "report"  # of several messages: whether it is complete
    STATUS = "status"  # the last of a firmware update, a log upload, ...
    EVENT = "event"
    MONITOR = "monitor"
    SECURITY_EVENT = "security_event"
    CUSTOMER_INFORMATION = "customer_information"
    DISPLAY_MESSAGE = "display_message"
    RESERVATION = "reservation"
    CHARGING_LIMIT = "charging_limit"
    CHARGING_NEEDS = "charging_needs"
    CHARGING_SCHEDULE = "charging_schedule"
    LOCAL_LIST = "local_list"  # the one it was sent last


MOST_KEPT: Mapping[str, int] = {
    ToldKind.VARIABLE: 4000,
    ToldKind.CONFIGURATION_KEY: 500,
    ToldKind.SETTING: 20,
    ToldKind.REPORT: 50,
    ToldKind.STATUS: 20,
    ToldKind.EVENT: 500,
    ToldKind.MONITOR: 1000,
    ToldKind.SECURITY_EVENT: 500,
    ToldKind.CUSTOMER_INFORMATION: 100,
    ToldKind.DISPLAY_MESSAGE: 100,
    ToldKind.RESERVATION: 100,
    ToldKind.CHARGING_LIMIT: 50,
    ToldKind.CHARGING_NEEDS: 100,
    ToldKind.CHARGING_SCHEDULE: 100,
    ToldKind.LOCAL_LIST: 1,
}
"""By kind, of one charge point; what is older goes. No charger needs more, and a faulty one must not fill the disk."""

LARGEST_VALUE = 16_384
"""Bytes of JSON that one of them may have."""
