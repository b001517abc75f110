"""The JSON schemas of both OCPP versions, each loaded and compiled once, when its message is first seen."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from importlib import resources
from importlib.abc import Traversable
from itertools import islice
from typing import Any

import jsonschema_rs
import orjson

JsonObject = dict[str, Any]

OCPP16 = "ocpp1.6"
OCPP201 = "ocpp2.0.1"


@dataclass(frozen=True, slots=True)
class Fault:
    """A part of a payload that breaks the schema.

    `field_path` is like `meterValue.0.timestamp`, empty for the whole; `rule` is the schema keyword it breaks.
    """

    field_path: str
    rule: str


@dataclass(frozen=True, slots=True)
class MessageSchema:
    """One message's schema: compiled, and as a tree without references for whoever repairs a payload."""

    validator: jsonschema_rs.Validator
    tree: JsonObject

    def is_valid(self, payload: JsonObject) -> bool:
        try:
            return self.validator.is_valid(payload)
        except ValueError:
            return False  # the validator does not descend more than some 250 levels

    def faults(self, payload: JsonObject, most: int = 20) -> list[Fault]:
        """What is wrong with a payload, as far as `most` of it; empty if it is valid."""
        try:
            return [_named(error) for error in islice(self.validator.iter_errors(payload), most)]
        except ValueError:
            return [Fault("", "depth")]

    def first_fault(self, payload: JsonObject) -> Fault:
        """What is wrong with an invalid payload; the rule is `depth` where it is nested too deeply to tell."""
        try:
            return next(map(fault_of, self.validator.iter_errors(payload)))
        except ValueError:
            return Fault("", "depth")


def words_of(rule: str) -> str:
    """A schema keyword as a rule for people."""
    return _WORDS.get(rule, f"breaks the schema ({rule})")


_WORDS = {
    "required": "is required",
    "type": "has the wrong type",
    "enum": "is not one of the words that the schema lists",
    "additionalProperties": "is not a known field",
    "maxLength": "is too long",
    "minLength": "is too short",
    "minItems": "has too few entries",
    "maxItems": "has too many entries",
    "minimum": "is too small",
    "maximum": "is too large",
    "format": "is not in the format that the schema demands",
    "depth": "is nested too deeply",
}


def fault_of(error: jsonschema_rs.ValidationError) -> Fault:
    path = [*error.instance_path]
    if isinstance(error.kind, jsonschema_rs.ValidationErrorKind.Required):
        path.append(error.kind.property)
    return Fault(".".join(map(str, path)), error.kind.name)


def _named(error: jsonschema_rs.ValidationError) -> Fault:
    """With the name of an unknown field: whoever wrote it looks for it."""
    fault = fault_of(error)
    if not isinstance(error.kind, jsonschema_rs.ValidationErrorKind.AdditionalProperties):
        return fault
    unknown = str(error.kind.unexpected[0])
    return Fault(f"{fault.field_path}.{unknown}" if fault.field_path else unknown, fault.rule)


@functools.cache
def actions(subprotocol: str) -> frozenset[str]:
    """Every action the version knows, sent by whichever side."""
    return frozenset(
        name.removesuffix("Response.json")
        for name in (entry.name for entry in _folder(subprotocol).iterdir())
        if name.endswith("Response.json")
    )


@functools.cache
def request_schema(subprotocol: str, action: str) -> MessageSchema:
    """The schema of a request; the action must be one of `actions`."""
    return _load(subprotocol, action, _REQUEST_FILES[subprotocol].format(action))


@functools.cache
def response_schema(subprotocol: str, action: str) -> MessageSchema:
    """The schema of a response; the action must be one of `actions`."""
    return _load(subprotocol, action, f"{action}Response.json")


_PACKAGES = {OCPP16: "ocpp.v16", OCPP201: "ocpp.v201"}
_REQUEST_FILES = {OCPP16: "{}.json", OCPP201: "{}Request.json"}

# OCPP calls its integers 32 bit, but energy registers in Wh outgrow that. What no JSON implementation keeps
# exactly (RFC 8259 section 6) is refused here, so that nothing behind this layer meets it.
_LARGEST_INTEGER = 2**53 - 1


def _folder(subprotocol: str) -> Traversable:
    return resources.files(_PACKAGES[subprotocol]) / "schemas"


def _load(subprotocol: str, action: str, file_name: str) -> MessageSchema:
    text = (_folder(subprotocol) / file_name).read_bytes().removeprefix(b"\xef\xbb\xbf")
    tree = jsonschema_rs.dereference(orjson.loads(text))
    _relax(tree)
    _tolerate(action, tree.get("properties", {}))
    # Draft 4 for both versions: from draft 6 on 12.0 is an integer, and handlers would get floats.
    return MessageSchema(jsonschema_rs.Draft4Validator(tree, validate_formats=True), tree)


def _tolerate(action: str, properties: JsonObject) -> None:
    if action == "MeterValues" and "meterValue" in properties:
        # Chargers send empty readings; they are answered like any other, and carry nothing.
        del properties["meterValue"]["minItems"]
    if action == "GetCompositeSchedule" and "status" in properties:
        # Chargers refuse it in the words of other messages, and leave out what nobody needs.
        properties["status"]["enum"] += ["NotSupported", "NotImplemented"]
        schedule: JsonObject = properties.get("schedule") or properties["chargingSchedule"]
        schedule["required"] = ["chargingRateUnit", "chargingSchedulePeriod"]


def _relax(node: object) -> None:
    if isinstance(node, list):
        for item in node:
            _relax(item)
    if not isinstance(node, dict):
        return
    for keyword in ("$schema", "$id", "definitions", "description", "multipleOf"):
        # multipleOf 0.1 in binary arithmetic refuses a third of all one-decimal numbers. A property of one
        # of these names is a schema, an object, and stays.
        if keyword == "definitions" or not isinstance(node.get(keyword), dict):
            node.pop(keyword, None)
    if node.get("type") == "integer":
        node.setdefault("minimum", -_LARGEST_INTEGER)
        node.setdefault("maximum", _LARGEST_INTEGER)
    for item in node.values():
        _relax(item)
