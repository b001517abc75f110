"""The JSON schemas of both versions, from the `ocpp` package, compiled once per message."""

import functools
import importlib.resources
from typing import Any, Literal

import jsonschema_rs
import orjson

from simulators.frames import JsonObject

Version = Literal["v16", "v201"]


def problem(version: Version, message: str, payload: JsonObject) -> str | None:
    """Why a payload breaks its schema, or None; `message` is an action, with `Response` for answers.

    Unknown messages have no problem: whoever dispatches them says that they are unknown.
    """
    validator = _validator(version, message)
    if validator is None:
        return None
    error = next(iter(validator.iter_errors(payload)), None)
    return None if error is None else error.message


@functools.cache
def _validator(version: Version, message: str) -> jsonschema_rs.Validator | None:
    name = message if version == "v16" or message.endswith("Response") else f"{message}Request"
    resource = importlib.resources.files(f"ocpp.{version}") / "schemas" / f"{name}.json"
    if not resource.is_file():
        return None
    schema = orjson.loads(resource.read_bytes().removeprefix(b"\xef\xbb\xbf"))
    return jsonschema_rs.validator_for(_without_steps(schema))


def _without_steps(node: Any) -> Any:
    """The schema without `multipleOf`, which floating point numbers such as 0.3 fail by their last bit."""
    if isinstance(node, dict):
        return {key: _without_steps(value) for key, value in node.items() if key != "multipleOf"}
    if isinstance(node, list):
        return [_without_steps(value) for value in node]
    return node
