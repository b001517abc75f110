"""OCPP-J frames (OCPP-J 1.6 chapter 4, 2.0.1 part 4 chapter 4) and the calls a charge point wants to make."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import orjson

from simulators.connector import Transaction

JsonObject = dict[str, Any]

CALL, CALL_RESULT, CALL_ERROR = 2, 3, 4


@dataclass(slots=True)
class Call:
    """A CALL of the charge point's own.

    One with a `transaction` is kept until it was answered, across lost connections; any other is dropped when the
    connection goes. `triggered` ones were asked for by the central system, which may want them before it accepts us.
    """

    action: str
    payload: JsonObject
    transaction: Transaction | None = None
    triggered: bool = False
    message_id: str = ""
    attempts: int = 0
    connector_id: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """What the charge point answers to a CALL, and what it does once the answer has left."""

    payload: JsonObject = field(default_factory=dict)
    error: str | None = None
    description: str = ""
    then: Callable[[float], Iterable[Call]] | None = None
    reboot: str | None = None
    reconnect: bool = False


@dataclass(frozen=True, slots=True)
class Incoming:
    """A frame from the central system. `payload` is empty for errors, `error` is their code."""

    kind: int
    message_id: str
    action: str = ""
    payload: JsonObject = field(default_factory=dict)
    error: str | None = None


def error_answer(code: str, description: str = "") -> Answer:
    return Answer(error=code, description=description[:255])


def decode(text: str) -> Incoming | None:
    """Read a frame; None for what is none."""
    try:
        frame = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    match frame:
        case [2, str(message_id), str(action), dict(payload)]:
            return Incoming(CALL, message_id, action, payload)
        case [3, str(message_id), dict(payload)]:
            return Incoming(CALL_RESULT, message_id, payload=payload)
        case [4, str(message_id), str(code), *_]:
            return Incoming(CALL_ERROR, message_id, error=code)
        case _:
            return None


def encode_call(message_id: str, action: str, payload: JsonObject) -> str:
    return orjson.dumps([CALL, message_id, action, payload]).decode()


def encode_answer(message_id: str, answer: Answer) -> str:
    if answer.error is None:
        return orjson.dumps([CALL_RESULT, message_id, answer.payload]).decode()
    return orjson.dumps([CALL_ERROR, message_id, answer.error, answer.description, {}]).decode()
