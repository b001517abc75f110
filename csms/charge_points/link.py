"""A live charge point as those who command it see it: commands in, outcomes out, in no version's words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from csms.charge_points.calls import (
    AnswerInvalid,
    CallErrorAnswered,
    CallTimeout,
    ConnectionLost,
    QueueFull,
)
from csms.charge_points.connection import Transport
from csms.charge_points.schemas import JsonObject
from csms.domain.commands import Answer, Command, Outcome, SetLimit


class Caller(Protocol):
    """The part of a connection that sends requests."""

    async def call(self, message: object) -> JsonObject: ...

    async def call_when_quiet(self, message: object) -> JsonObject: ...

    @property
    def idle(self) -> bool: ...

    def when_idle(self, then: Callable[[], None]) -> None: ...


class Translation(Protocol):
    """How one version says a command, and what its answers mean."""

    @property
    def request(self) -> Callable[[Command], object]:
        """The message of the `ocpp` package; raises ValueError for what the version cannot express."""
        ...

    @property
    def outcome(self) -> Callable[[Command, JsonObject], Outcome]: ...


class Link:
    """Implements domain.ports.ChargePointLink."""

    def __init__(self, connection_id: str, caller: Caller, transport: Transport, translation: Translation) -> None:
        self._connection_id = connection_id
        self._caller = caller
        self._transport = transport
        self._translation = translation

    @property
    def connection_id(self) -> str:
        return self._connection_id

    async def send(self, command: Command) -> Outcome:
        """Send the command and wait for its end; never raises but for cancellation."""
        call = self._caller.call if isinstance(command, SetLimit) else self._caller.call_when_quiet
        try:
            payload = await call(self._translation.request(command))
        except CallErrorAnswered as error:
            return _error_outcome(error)
        except CallTimeout:
            return Outcome(Answer.TIMEOUT)
        except ConnectionLost:
            return Outcome(Answer.DISCONNECTED)
        except AnswerInvalid as invalid:
            return Outcome(Answer.CALL_ERROR, str(invalid))
        except (QueueFull, ValueError) as not_sent:
            return Outcome(Answer.NOT_SENT, str(not_sent))
        return self._translation.outcome(command, payload)

    @property
    def idle(self) -> bool:
        return self._caller.idle

    def when_idle(self, then: Callable[[], None]) -> None:
        self._caller.when_idle(then)

    def close(self, code: int, reason: str) -> None:
        self._transport.close(code, reason)


def status_outcome(payload: JsonObject) -> Outcome:
    """The outcome a `status` field tells; `detail` has the charger's reason where it gives one (2.0.1 only)."""
    status: str = payload["status"]
    info: JsonObject = payload.get("statusInfo", {})
    reason = " ".join(filter(None, (info.get("reasonCode"), info.get("additionalInfo"))))
    return _outcome(_ANSWERS.get(status, Answer.REJECTED), reason or status)


_ANSWERS = {
    "Accepted": Answer.ACCEPTED,
    "NotSupported": Answer.NOT_SUPPORTED,
    "NotImplemented": Answer.NOT_SUPPORTED,
    "Unknown": Answer.ACCEPTED,  # ClearChargingProfile: there was nothing to clear
}

# A charger that does not know the request has done nothing about it: a clear answer (2.0.1 K01.FR.29).
_UNKNOWN_REQUEST = frozenset({"NotImplemented", "NotSupported"})


def _error_outcome(error: CallErrorAnswered) -> Outcome:
    if error.code in _UNKNOWN_REQUEST:
        return _outcome(Answer.NOT_SUPPORTED, error.code)
    return Outcome(Answer.CALL_ERROR, f"{error.code}: {error.description}" if error.description else error.code)


def _outcome(answer: Answer, word: str) -> Outcome:
    """The charger's own word is a detail only where it says more than the answer."""
    return Outcome(answer, "" if word == answer else word)
