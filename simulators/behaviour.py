"""How a simulated charger departs from the book: one row per knob, all off by default."""

import math
from dataclasses import dataclass
from typing import Literal, get_args

from simulators.charging_profile import Unit
from simulators.composite import CompositeSupport
from simulators.profiles import Installed

Span = tuple[float, float]
"""The shortest and the longest of a time in seconds; each time is drawn between them."""

Places = Literal["any", "station", "connectors"]
Slots = Literal["each", "one", "shared"]
Flaw = Literal["none", "decimals", "endless"]
Freely = Literal["no", "under_default", "at_rating"]
FreeMetering = Literal["none", "bare", "zero"]
Metering = Literal[
    "by the book",
    "energy alone",
    "kWh as Wh",
    "Wh as kWh",
    "0 W",
    "L1-N",
    "power per phase",
    "power twice",
    "energy per phase",
    "register resets",
    "current of all phases",
]

CHOICES = {
    "default_places": Places,
    "default_slots": Slots,
    "composite_schedule": CompositeSupport,
    "composite_flaw": Flaw,
    "charges_freely": Freely,
    "free_metering": FreeMetering,
    "metering": Metering,
}
"""The knobs that are one of a few words: a word nobody knows would go unnoticed."""

AT_ONCE: Span = (0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Behaviour:
    """Quirks of real chargers. Actions, purposes and kinds are the names on the wire; a chance is 0 to 1 per CALL.

    Some count from the beginning only: `takes_units`, `highest_stack_level`, `most_periods`, `foreign_profiles`,
    `divides_maximum`, `no_subprotocol` and `clock_ahead_s`. All others may change while it runs.

    Which profiles it takes:
    - `rejects_profiles`: SetChargingProfile with one of these purposes is answered Rejected.
    - `rejects_profile_chance`: any SetChargingProfile is answered Rejected with this chance.
    - `honours_only`: only profiles of these purposes count (empty: all) ...
    - `accepts_the_rest`: ... the others are accepted without effect, instead of Rejected.
    - `takes_kinds`: profiles of other kinds (Absolute, Recurring, Relative) are Rejected (empty: takes all).
    - `takes_units`: units of limits it takes, and says it takes (empty: amperes for AC, watts for DC).
    - `default_places`: it takes TxDefaultProfile anywhere, on connector 0 (`station`), or on 1..n (`connectors`).
    - `highest_stack_level`, `most_periods`: the largest it takes, and says it takes.
    - `ignores_profiles`: accepts every profile from now on, without effect; what it has already stays.
    - `charges_at_rating`: offers its rating whatever its profiles say.

    How it wants them written, whatever it says of itself; those that are not are Rejected:
    - `not_supported`: profiles of these purposes are answered NotSupported (1.6; 2.0.1 knows only Rejected).
    - `refuses_units`, `refuses_levels_above`, `refuses_periods_above`, `refuses_number_phases`: with this in them.
    - `takes_currents_a`: limits in amperes are one of these, or 0 (empty: any); `takes_whole_amperes`: whole ones.
    - `refuses_defaults_a`: a TxDefaultProfile with one of these currents.
    - `needs_transaction_id`: a TxProfile without it. `needs_start_schedule`: an Absolute one without it.

    What becomes of the profiles it took:
    - `applies_after_s`: they, and their clearing, take effect so long after the answer has left, in the order they
      came, also after the connection was lost.
    - `default_slots`: `one` holds a single place per purpose for connectors 1..n: the profile for one connector throws
      out the others', which then have none; `shared` likewise, and the last one counts for every connector.
    - `loses_profiles_on_reconnect`, `loses_profiles_on_reboot`: forgets all its profiles then.
    - `zero_sticks`: once it has a limit of 0, later profiles of that purpose are accepted without effect.
    - `foreign_profiles`: installed before the first contact, whatever it takes itself; see `foreign.py`.
    - `begins_at_zero`: every transaction begins at 0, whatever is installed, until a profile is taken during it.
    - `divides_maximum`: its connectors have the rating of one of them together, or its maximum where that is less,
      and each of them an equal part of it, whether the others charge or not.

    How it answers:
    - `never_answers`: CALLs with these actions get no answer and have no effect ...
    - `obeys_unanswered`: ... or do have their effect, unanswered.
    - `call_error_for`: CALLs with these actions are answered CALLERROR InternalError.
    - `answer_delay_s`: the time before an answer leaves; the effect is immediate, the next CALL waits.
    - `chance_call_lost`: no answer, no effect. `chance_answer_lost`: no answer, but the effect.
    - `chance_call_error`: CALLERROR InternalError, no effect. `chance_answered_twice`: the same answer two times.
    - `chance_answered_late`: the answer leaves after `late_answer_s`, other CALLs are answered meanwhile. At most one
      of these five befalls a CALL, so together they are at most 1; they concern `chances_for` (empty: all actions).
    - `lacks`: CALLs with these actions are answered CALLERROR NotImplemented.
    - `composite_schedule`: how much of GetCompositeSchedule it has, see `composite.py`; `not supported` is CALLERROR
      NotSupported. `composite_flaw`: its limits have endless `decimals`, or its duration is 5000 years (`endless`).

    - `restarts_when_asked`: restarts after it was asked about, or told, one of these keys or variables.
    - `finishing_until_unplugged`: after a transaction it takes no remote start before the car was unplugged.
    - `queues_remote_starts`: accepts a remote start while a transaction runs, and acts on it after that has ended.
    - `remote_start_after_s`: acts on a remote start so long after it was accepted, or after that end.

    How it connects and keeps time:
    - `boots_on_reconnect`: sends BootNotification after every reconnect, not only after a boot.
    - `reports_security_events`: sends SecurityEventNotification StartupOfTheDevice whenever its boot was accepted.
    - `no_subprotocol`: offers no Sec-WebSocket-Protocol.
    - `omits_clock_zone`: writes timestamps without `Z`.
    - `bare_events`: numbers all transaction events 0, and names the EVSE in the first alone (2.0.1).
    - `repeats_start_with_new_id`: sends every transaction start a second time under a new message id.
    - `call_timeout_s`: how long it waits for answers to its own CALLs.
    - `clock_ahead_s`: its clock is so far ahead from the beginning (below 0: behind).
    - `clock_after_reboot_s`: epoch seconds its clock starts from at a reboot (0: 1970), until an answer to
      BootNotification or Heartbeat tells the time; None: it keeps the time. Schedules are read by its clock.

    How it charges:
    - `charges_freely`: a car draws without a transaction, under what an idle connector permits (`under_default`) or at
      the rating whatever the profiles say (`at_rating`); with a transaction, as always.
    - `free_metering`: no MeterValues then, or without transactionId (`bare`), or in 1.6 with transactionId 0 (`zero`).
    - `overdraw`: a car draws this share above what the charger permits, up to its rating (0.1: ten per cent).
    - `keeps_a`: offers at least this current, whatever its profiles say, unless they say 0.
    - `opens_after_s`: the contactor opens so long after a transaction has ended; until then the car draws what it drew,
      unless it is unplugged (IEC 61851-1 leaves a car three seconds to come down first).
    - `cars_sleep_after_s`: cars that come here draw nothing any more once they were offered less than 6 A for so long.
    - `metering`: what it sends instead of what it measured, see `metering_flaws.py`.
    """

    rejects_profiles: tuple[str, ...] = ()
    rejects_profile_chance: float = 0.0
    honours_only: tuple[str, ...] = ()
    accepts_the_rest: bool = False
    takes_kinds: tuple[str, ...] = ()
    takes_units: tuple[Unit, ...] = ()
    default_places: Places = "any"
    highest_stack_level: int = 10
    most_periods: int = 24
    ignores_profiles: bool = False
    charges_at_rating: bool = False

    not_supported: tuple[str, ...] = ()
    refuses_units: tuple[Unit, ...] = ()
    refuses_levels_above: int | None = None
    refuses_periods_above: int | None = None
    refuses_number_phases: bool = False
    takes_currents_a: tuple[float, ...] = ()
    takes_whole_amperes: bool = False
    refuses_defaults_a: tuple[float, ...] = ()
    needs_transaction_id: bool = False
    needs_start_schedule: bool = False

    applies_after_s: Span = AT_ONCE
    default_slots: Slots = "each"
    loses_profiles_on_reconnect: bool = False
    loses_profiles_on_reboot: bool = False
    zero_sticks: bool = False
    begins_at_zero: bool = False
    divides_maximum: bool = False
    foreign_profiles: tuple[Installed, ...] = ()

    never_answers: tuple[str, ...] = ()
    obeys_unanswered: bool = False
    call_error_for: tuple[str, ...] = ()
    answer_delay_s: Span = AT_ONCE
    chance_call_lost: float = 0.0
    chance_answer_lost: float = 0.0
    chance_call_error: float = 0.0
    chance_answered_twice: float = 0.0
    chance_answered_late: float = 0.0
    late_answer_s: Span = (31.0, 60.0)
    chances_for: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    composite_schedule: CompositeSupport = "full"
    composite_flaw: Flaw = "none"
    restarts_when_asked: tuple[str, ...] = ()
    finishing_until_unplugged: bool = False
    queues_remote_starts: bool = False
    remote_start_after_s: Span = AT_ONCE

    boots_on_reconnect: bool = False
    reports_security_events: bool = False
    no_subprotocol: bool = False
    omits_clock_zone: bool = False
    bare_events: bool = False
    repeats_start_with_new_id: bool = False
    call_timeout_s: float = 30.0
    clock_ahead_s: float = 0.0
    clock_after_reboot_s: float | None = None

    charges_freely: Freely = "no"
    free_metering: FreeMetering = "none"
    overdraw: float = 0.0
    keeps_a: float = 0.0
    opens_after_s: float = 0.0
    cars_sleep_after_s: float = math.inf
    metering: Metering = "by the book"

    def __post_init__(self) -> None:
        chances = (
            self.chance_call_lost,
            self.chance_answer_lost,
            self.chance_call_error,
            self.chance_answered_twice,
            self.chance_answered_late,
        )
        if min(chances) < 0 or math.fsum(chances) > 1 or not 0 <= self.rejects_profile_chance <= 1:
            raise ValueError("chances are 0 to 1, and the five of an answer together at most 1")
        spans = (self.applies_after_s, self.answer_delay_s, self.late_answer_s, self.remote_start_after_s)
        if any(not 0 <= shortest <= longest for shortest, longest in spans) or self.overdraw < 0:
            raise ValueError("times and overdraw are not below 0, and no span ends before it begins")
        for name, known in CHOICES.items():
            if getattr(self, name) not in get_args(known):
                raise ValueError(f"{name} is one of {', '.join(get_args(known))}")


BY_THE_BOOK = Behaviour()
