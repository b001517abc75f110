"""2.0.1 block D, local authorization list management, and its component LocalAuthListCtrlr."""

from __future__ import annotations

from csms.charge_points.provisioning import whole_number
from csms.charge_points.schemas import JsonObject
from csms.charge_points.v201.authorization import id_token_info
from csms.domain.local_list import Capacity, Entry, Update

_COMPONENT = "LocalAuthListCtrlr"
_VARIABLES = ("Enabled", "ItemsPerMessage", "BytesPerMessage")
_ASSUMED_TYPE = "ISO14443"
"""Type of a token of which the operator has not said one: a card."""


class LocalList201:
    """Implements local_lists.ListDialect."""

    longest_token = 36

    def ask_capacity(self) -> object:
        return "GetVariables", {
            "getVariableData": [{"component": {"name": _COMPONENT}, "variable": {"name": name}} for name in _VARIABLES]
        }

    def capacity(self, answer: JsonObject) -> Capacity:
        """Without how many it can hold, which GetVariables does not tell (see local_list.SIZE)."""
        told = {
            item["variable"]["name"].lower(): item.get("attributeValue", "")
            for item in answer["getVariableResult"]
            if item["attributeStatus"] == "Accepted"
        }
        return Capacity(
            per_message=whole_number(told.get("itemspermessage", "")) or None,
            bytes_per_message=whole_number(told.get("bytespermessage", "")) or None,
            enabled=told.get("enabled", "").lower() != "false",
        )

    def ask_version(self) -> object:
        return "GetLocalListVersion", {}

    def version(self, answer: JsonObject) -> int:
        return int(answer["versionNumber"])

    def send(self, update: Update) -> object:
        return "SendLocalList", {
            "versionNumber": update.version,
            "updateType": "Full" if update.full else "Differential",
            "localAuthorizationList": [_data(token, entry) for token, entry in update.entries.items()],
        }


def _data(token: str, entry: Entry | None) -> JsonObject:
    """AuthorizationData; without idTokenInfo the token is removed (D01.FR.17), whatever its type."""
    kind = None if entry is None else entry.kind
    data: JsonObject = {"idToken": {"idToken": token, "type": kind or _ASSUMED_TYPE}}
    return data if entry is None else data | {"idTokenInfo": id_token_info(entry.decision)}
