"""The words in which composite-schedule vectors are written, and what turns them into messages of either version.

A time is "Mon 08:30" or "Mon 08:29:59", UTC, in the week that begins on Monday 2026-01-05; "Mon2" is a week later; or
it is a full timestamp. Periods are written "0:16 3600:8", start and limit; "0:16/1" says one phase.
"""

from dataclasses import dataclass, field, replace

from simulators.charging_profile import ChargingProfile, Running, Unit
from simulators.clock import parse_timestamp, timestamp
from simulators.frames import JsonObject
from simulators.hardware import AC_THREE_PHASES, Hardware
from simulators.profiles import ProfileStore, StoreRules
from simulators.protocol import Version
from simulators.readings import BY_THE_TEXT, Readings
from simulators.v16_profiles import read_profile as read_v16
from simulators.v201_profiles import read_profile as read_v201

BOTH: tuple[Version, ...] = ("1.6", "2.0.1")
MONDAY_S = parse_timestamp("2026-01-05T00:00:00Z")
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
PURPOSES = {
    "1.6": {"Max": "ChargePointMaxProfile", "Default": "TxDefaultProfile", "Tx": "TxProfile"},
    "2.0.1": {"Max": "ChargingStationMaxProfile", "Default": "TxDefaultProfile", "Tx": "TxProfile"},
}


@dataclass(frozen=True)
class Profile:
    """A profile and where it is set; `start` None leaves startSchedule out, `received` is when it came."""

    purpose: str
    periods: str
    on: int
    level: int = 0
    start: str | None = "Mon 00:00"
    duration: int | None = None
    repeats: str | None = None
    relative: bool = False
    valid_from: str | None = None
    valid_to: str | None = None
    unit: Unit = "A"
    received: str = "Mon 00:00"


@dataclass(frozen=True)
class Composite:
    """What GetCompositeSchedule must tell: a start and a limit for each period, to one decimal."""

    asked: str
    duration: int
    unit: Unit
    periods: str
    connector: int = 1


@dataclass(frozen=True)
class Vector:
    """One case. `at`, `at_2` say what connectors 1, 2 permit: amperes per phase (AC), watts (DC).

    `together` is what the charge point permits in all, `watts` the true power connector 1 permits. `running` are the
    connectors with a transaction and when it began; connector 1 from Monday 08:00 if nothing is said.
    """

    name: str
    clause: str
    says: str
    profiles: tuple[Profile, ...]
    at: dict[str, float] = field(default_factory=dict)
    at_2: dict[str, float] = field(default_factory=dict)
    together: dict[str, float] = field(default_factory=dict)
    watts: dict[str, float] = field(default_factory=dict)
    composite: Composite | None = None
    running: dict[int, str] = field(default_factory=lambda: {1: "Mon 08:00"})
    hardware: Hardware = AC_THREE_PHASES
    versions: tuple[Version, ...] = BOTH


def default(periods: str, **fields: object) -> Profile:
    return _made(Profile("Default", periods, 1), fields)


def tx(periods: str, **fields: object) -> Profile:
    return _made(Profile("Tx", periods, 1, start="Mon 08:00"), fields)


def station(periods: str, **fields: object) -> Profile:
    return _made(Profile("Max", periods, 0), fields)


def relative(profile: Profile) -> Profile:
    return replace(profile, relative=True, start=None)


def seconds(text: str) -> float:
    """A written time as epoch seconds."""
    day, _, clock = text.partition(" ")
    if not clock:
        return parse_timestamp(text)
    hours, minutes, second = [*clock.split(":"), "0"][:3]
    week = 7 if day.endswith("2") else 0
    days = DAYS.index(day.rstrip("2")) + week
    return MONDAY_S + days * 86_400 + int(hours) * 3600 + int(minutes) * 60 + float(second)


def store_of(vector: Vector, version: Version, readings: Readings = BY_THE_TEXT) -> ProfileStore:
    """A store of two connectors with the vector's profiles in it, sent as messages of a version."""
    rules = StoreRules("replace" if version == "1.6" else "reject", ("A", "W"))
    store = ProfileStore(rules, (1, 2), readings)
    for number, profile in enumerate(vector.profiles, 1):
        sent = message(profile, number, version)
        refusal = store.install(profile.on, sent, running_of(vector), seconds(profile.received))
        assert refusal is None, f"{vector.name}: profile {number} refused: {refusal}"
    return store


def running_of(vector: Vector) -> dict[int, Running]:
    """The transactions; their cars came half an hour earlier."""
    return {number: Running("7", seconds(began), seconds(began) - 1800) for number, began in vector.running.items()}


def message(profile: Profile, number: int, version: Version) -> ChargingProfile:
    """The profile as it arrives: written as a version's message, read as a charger of that version reads it."""
    wire: JsonObject = {
        "stackLevel": profile.level,
        "chargingProfilePurpose": PURPOSES[version][profile.purpose],
        "chargingProfileKind": "Relative" if profile.relative else "Recurring" if profile.repeats else "Absolute",
    }
    dates = {"recurrencyKind": profile.repeats, "validFrom": _stamp(profile.valid_from)}
    wire |= {key: value for key, value in (dates | {"validTo": _stamp(profile.valid_to)}).items() if value}
    schedule: JsonObject = {
        "chargingRateUnit": profile.unit,
        "chargingSchedulePeriod": [_period(text) for text in profile.periods.split()],
    }
    schedule |= {"startSchedule": _stamp(profile.start)} if profile.start else {}
    schedule |= {"duration": profile.duration} if profile.duration is not None else {}
    if version == "1.6":
        tx_id = {"transactionId": 7} if profile.purpose == "Tx" else {}
        return read_v16(wire | tx_id | {"chargingProfileId": number, "chargingSchedule": schedule})
    own_id = {"transactionId": "7"} if profile.purpose == "Tx" else {}
    return read_v201(wire | own_id | {"id": number, "chargingSchedule": [schedule | {"id": number}]})


def periods_of(text: str) -> list[tuple[float, float]]:
    """Written periods as starts and limits."""
    return [(period["startPeriod"], period["limit"]) for period in map(_period, text.split())]


def _period(text: str) -> JsonObject:
    start, _, rest = text.partition(":")
    limit, _, phases = rest.partition("/")
    return {"startPeriod": int(start), "limit": float(limit)} | ({"numberPhases": int(phases)} if phases else {})


def _stamp(text: str | None) -> str | None:
    return None if text is None else timestamp(seconds(text))


def _made(profile: Profile, fields: dict[str, object]) -> Profile:
    return replace(profile, **fields)  # type: ignore[arg-type]  # a mistyped field fails at import
