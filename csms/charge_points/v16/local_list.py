"""1.6 local authorization list management (chapters 5.10, 5.15, 9.2)."""

from __future__ import annotations

from csms.charge_points.provisioning import whole_number
from csms.charge_points.schemas import JsonObject
from csms.charge_points.v16.authorization import LONGEST_ID_TAG, id_tag_info
from csms.domain.local_list import Capacity, Entry, Update

_ENABLED, _MOST, _PER_MESSAGE = "LocalAuthListEnabled", "LocalAuthListMaxLength", "SendLocalListMaxLength"


class LocalList16:
    """Implements local_lists.ListDialect."""

    longest_token = LONGEST_ID_TAG

    def ask_capacity(self) -> object:
        return "GetConfiguration", {"key": [_ENABLED, _MOST, _PER_MESSAGE]}

    def capacity(self, answer: JsonObject) -> Capacity:
        told = {item["key"].lower(): item.get("value", "") for item in answer.get("configurationKey", ())}
        return Capacity(
            per_message=whole_number(told.get(_PER_MESSAGE.lower(), "")) or None,
            most=whole_number(told.get(_MOST.lower(), "")) or None,
            enabled=told.get(_ENABLED.lower(), "").lower() != "false",
        )

    def ask_version(self) -> object:
        return "GetLocalListVersion", {}

    def version(self, answer: JsonObject) -> int:
        """-1: it has no lists (chapter 5.10)."""
        return int(answer["listVersion"])

    def send(self, update: Update) -> object:
        return "SendLocalList", {
            "listVersion": update.version,
            "updateType": "Full" if update.full else "Differential",
            "localAuthorizationList": [_data(token, entry) for token, entry in update.entries.items()],
        }


def _data(token: str, entry: Entry | None) -> JsonObject:
    """AuthorizationData; without idTagInfo the token is removed (chapter 7.1)."""
    return {"idTag": token} if entry is None else {"idTag": token, "idTagInfo": id_tag_info(entry.decision)}
