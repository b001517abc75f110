"""OCPP-J frames to messages and back (OCPP-J 1.6 and OCPP 2.0.1 part 4, section 4). No I/O, no state.

Whatever a charge point sends comes back as a value; only our own mistakes raise `ValueError`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import orjson

from csms.charge_points.normalise import PRUNED_REQUESTS, normalise, prune
from csms.charge_points.schemas import (
    OCPP16,
    OCPP201,
    Fault,
    JsonObject,
    MessageSchema,
    actions,
    request_schema,
    response_schema,
)
from csms.charge_points.wire import action_of, payload_of, wire_object

__all__ = [
    "OCPP16",
    "OCPP201",
    "ActionUnknown",
    "Call",
    "CallError",
    "CallResult",
    "Codec",
    "Fault",
    "JsonObject",
    "PayloadInvalid",
    "Undecodable",
    "codec_for",
]


class Call(NamedTuple):
    message_id: str
    action: str
    payload: JsonObject


class CallResult(NamedTuple):
    message_id: str
    payload: JsonObject


class CallError(NamedTuple):
    message_id: str
    code: str
    description: str
    details: JsonObject


class Undecodable(NamedTuple):
    """A frame that is no message.

    `code` is the CALLERROR to answer with, None where no answer is due; `message_id` is None if it cannot be read;
    `is_answer` says that it was meant to answer our call of that id.
    """

    reason: str
    message_id: str | None
    is_call: bool
    code: str | None
    is_answer: bool = False


class ActionUnknown(Exception):
    """The version has no such action."""


class PayloadInvalid(Exception):
    """The payload breaks its schema beyond repair.

    `code` is the CALLERROR code in the version's spelling, `field_path` like `meterValue.0.timestamp`, `rule` the
    schema keyword that refused it.
    """

    def __init__(self, code: str, field_path: str, rule: str) -> None:
        super().__init__(f"{field_path or 'payload'}: {rule}")
        self.code = code
        self.field_path = field_path
        self.rule = rule


@functools.cache
def codec_for(subprotocol: str) -> Codec:
    """The shared codec of a subprotocol; KeyError for one we do not speak."""
    return Codec(subprotocol)


class Codec:
    """Frames of one OCPP version. Stateless but for its compiled schemas, so one instance serves every connection."""

    def __init__(self, subprotocol: str) -> None:
        self.subprotocol = subprotocol
        self._codes = _CODES[subprotocol]
        self._actions = actions(subprotocol)
        self._requests: dict[str, MessageSchema] = {}

    def decode(self, frame: str | bytes) -> Call | CallResult | CallError | Undecodable:
        """Reads one frame. Never raises."""
        try:
            message = orjson.loads(frame)
        except orjson.JSONDecodeError:
            return self._unreadable("the frame is not valid JSON")
        if not isinstance(message, list) or not message:
            return self._unreadable("the frame is not a JSON array with a message type")
        kind = None if isinstance(message[0], bool) else message[0]
        if kind == 2:
            return self._decode_call(message)
        if kind == 3:
            return _decode_result(message)
        if kind == 4:
            return _decode_error(message)
        # Part 4 section 4.4 asks for an answer; 1.6 section 4.1.3 says to ignore such a message.
        code = "MessageTypeNotSupported" if self.subprotocol != OCPP16 else None
        return Undecodable("the message type is unknown", _message_id(message), is_call=False, code=code)

    def validate_request(
        self, action: str, payload: JsonObject, on_pruned: Callable[[Fault], None] | None = None
    ) -> JsonObject:
        """The payload of a charge point's request, repaired where that was needed.

        `on_pruned` hears of every optional part that had to be left out. Raises ActionUnknown or PayloadInvalid.
        """
        schema = self._requests.get(action) or self._request_schema(action)
        if schema.is_valid(payload):
            return payload
        repaired = normalise(self.subprotocol, action, payload)
        self._accept(schema, repaired, action in PRUNED_REQUESTS, on_pruned)
        return repaired

    def validate_response(
        self, action: str, payload: JsonObject, on_pruned: Callable[[Fault], None] | None = None
    ) -> JsonObject:
        """The payload of a charge point's answer to our request; otherwise like `validate_request`."""
        if action not in self._actions:
            raise ActionUnknown(action)
        schema = response_schema(self.subprotocol, action)
        if schema.is_valid(payload):
            return payload
        repaired = normalise(self.subprotocol, action, payload, response=True)
        self._accept(schema, repaired, True, on_pruned)
        return repaired

    def encode_call(self, message_id: str, message: object) -> str:
        """The frame of a request: a message class of the `ocpp` package, or a pair of action and payload.

        Raises ValueError, naming the field, for what the schema refuses: that is our mistake.
        """
        action = action_of(message)
        if action not in self._actions:
            raise ValueError(f"{self.subprotocol} has no action {action}")
        payload = payload_of(message)
        schema = request_schema(self.subprotocol, action)
        if not schema.is_valid(payload):
            fault = schema.first_fault(payload)
            raise ValueError(f"{action}: {fault.field_path or 'payload'} breaks the schema ({fault.rule})")
        return orjson.dumps([2, message_id, action, payload]).decode()

    def encode_result(self, message_id: str, payload: JsonObject) -> str:
        return orjson.dumps([3, message_id, wire_object(payload)]).decode()

    def encode_error(self, message_id: str, code: str, description: str) -> str:
        """The description is cut to the 255 characters of part 4 section 4.2.3."""
        return orjson.dumps([4, message_id, code, description[:255], {}]).decode()

    def _decode_call(self, message: list[object]) -> Call | Undecodable:
        message_id = _message_id(message)
        if message_id is None:
            return Undecodable("the message id is not a string", None, is_call=True, code=self._codes.frame)
        if len(message_id) > _LONGEST_MESSAGE_ID:
            return self._bad_call(message_id, "the message id is longer than 36 characters", self._codes.frame)
        if len(message) != 4 or not isinstance(message[2], str):
            return self._bad_call(message_id, "a CALL is [2, message id, action, payload]", self._codes.frame)
        payload = {} if message[3] is None else message[3]
        if not isinstance(payload, dict):
            return self._bad_call(message_id, "the payload is not an object", self._codes.format)
        return Call(message_id, message[2], payload)

    def _bad_call(self, message_id: str, reason: str, code: str) -> Undecodable:
        return Undecodable(reason, message_id, is_call=True, code=code)

    def _unreadable(self, reason: str) -> Undecodable:
        # Only 2.0.1 knows the message id "-1" for this (part 4 section 4.2.3).
        code = None if self.subprotocol == OCPP16 else self._codes.frame
        return Undecodable(reason, None, is_call=False, code=code)

    def _request_schema(self, action: str) -> MessageSchema:
        if action not in self._actions:
            raise ActionUnknown(action)
        schema = self._requests[action] = request_schema(self.subprotocol, action)
        return schema

    def _accept(
        self,
        schema: MessageSchema,
        payload: JsonObject,
        may_prune: bool,
        on_pruned: Callable[[Fault], None] | None,
    ) -> None:
        if schema.is_valid(payload):
            return
        try:
            pruned = prune(schema, payload) if may_prune else []
        except ValueError:
            pruned = []  # nested too deeply to be looked at
        if not schema.is_valid(payload):
            fault = schema.first_fault(payload)
            raise PayloadInvalid(self._codes.of(fault.rule), fault.field_path, fault.rule)
        if on_pruned:
            for fault in pruned:
                on_pruned(fault)


@dataclass(frozen=True, slots=True)
class _Codes:
    """The CALLERROR codes whose names differ between the versions, and which schema rule leads to which."""

    frame: str
    format: str
    occurrence: str

    def of(self, rule: str) -> str:
        if rule in {"required", "minItems", "maxItems"}:
            return self.occurrence
        if rule == "type":
            return "TypeConstraintViolation"
        return self.format if rule in {"additionalProperties", "depth"} else "PropertyConstraintViolation"


_CODES = {
    # Both misspellings are 1.6's own (errata of OCPP-J 1.6, sections 5.1 and 5.2).
    OCPP16: _Codes("FormationViolation", "FormationViolation", "OccurenceConstraintViolation"),
    OCPP201: _Codes("RpcFrameworkError", "FormatViolation", "OccurrenceConstraintViolation"),
}
_LONGEST_MESSAGE_ID = 36


def _message_id(message: list[object]) -> str | None:
    return message[1] if len(message) > 1 and isinstance(message[1], str) else None


def _decode_result(message: list[object]) -> CallResult | Undecodable:
    message_id = _message_id(message)
    payload = message[2] if len(message) > 2 and message[2] is not None else {}
    if message_id is None or not isinstance(payload, dict):
        return Undecodable("a CALLRESULT is [3, message id, payload]", message_id, False, None, is_answer=True)
    return CallResult(message_id, payload)


def _decode_error(message: list[object]) -> CallError | Undecodable:
    message_id = _message_id(message)
    if message_id is None:
        return Undecodable("a CALLERROR starts with [4, message id, code]", None, False, None, is_answer=True)
    code, description, details = (*message[2:5], None, None, None)[:3]
    return CallError(
        message_id,
        code if isinstance(code, str) and code else "GenericError",
        description if isinstance(description, str) else "",
        details if isinstance(details, dict) else {},
    )
