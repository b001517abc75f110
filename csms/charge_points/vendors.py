"""DataTransfer by vendor: the one place where somebody's extension is added, for both versions.

A row maps the `vendorId` to a function that gets the session, the messageId ("" if absent) and the data, and returns
the status and the data of the answer. It records facts and answers, as every handler does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from csms.charge_points.connection import Reply
from csms.charge_points.schemas import JsonObject
from csms.charge_points.session import Session

VendorAnswer = tuple[str, Any]
"""Accepted, Rejected or UnknownMessageId; and data for the answer, None where there is none (1.6: a text)."""

VENDORS: Mapping[str, Callable[[Session, str, Any], VendorAnswer]] = {}


def data_transfer(session: Session, payload: JsonObject) -> Reply:
    """1.6 chapter 4.3, 2.0.1 P02.FR.06: a vendor nobody knows is told so; that is an answer and no error."""
    vendor = VENDORS.get(payload["vendorId"])
    if vendor is None:
        return Reply({"status": "UnknownVendorId"})
    status, data = vendor(session, payload.get("messageId", ""), payload.get("data"))
    return session.promised({"status": status} if data is None else {"status": status, "data": data})
