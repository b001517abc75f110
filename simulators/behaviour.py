"""How a simulated charger departs from the book: one row per knob, all off by default."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Behaviour:
    """Quirks of real chargers. Actions and purposes are the names on the wire.

    - `rejects_profiles`: SetChargingProfile with one of these purposes is answered Rejected.
    - `ignores_profiles`: accepts every profile and charges at its rating all the same.
    - `loses_profiles_on_reconnect`: forgets all its profiles whenever the connection comes back.
    - `never_answers`: CALLs with these actions get no answer and have no effect ...
    - `obeys_unanswered`: ... or do have their effect, unanswered.
    - `call_error_for`: CALLs with these actions are answered CALLERROR InternalError.
    - `answer_delay_s`: shortest and longest time before an answer leaves, in seconds; the effect is immediate.
    - `boots_on_reconnect`: sends BootNotification after every reconnect, not only after a boot.
    - `no_subprotocol`: offers no Sec-WebSocket-Protocol.
    - `omits_clock_zone`: writes timestamps without `Z`.
    - `repeats_start_with_new_id`: sends every transaction start a second time under a new message id.
    """

    rejects_profiles: tuple[str, ...] = ()
    ignores_profiles: bool = False
    loses_profiles_on_reconnect: bool = False
    never_answers: tuple[str, ...] = ()
    obeys_unanswered: bool = False
    call_error_for: tuple[str, ...] = ()
    answer_delay_s: tuple[float, float] = (0.0, 0.0)
    boots_on_reconnect: bool = False
    no_subprotocol: bool = False
    omits_clock_zone: bool = False
    repeats_start_with_new_id: bool = False


BY_THE_BOOK = Behaviour()
