"""1.6 core profile, authorization: Authorize, and what is said of an idTag wherever one is answered."""

from __future__ import annotations

from csms.charge_points.connection import Reply
from csms.charge_points.schemas import JsonObject
from csms.charge_points.session import Session
from csms.charge_points.times import rfc3339
from csms.domain.authorization import Decision, Purpose, Status

LONGEST_ID_TAG = 20  # CiString20


def authorize(session: Session, payload: JsonObject) -> Reply:
    """Chapter 4.1."""
    return Reply({"idTagInfo": id_tag_info(session.decide(payload["idTag"], Purpose.AUTHORIZE))})


def id_tag_info(decision: Decision) -> JsonObject:
    """Chapter 7.27. A group whose name 1.6 cannot hold is left out: cut short it might be another group's name."""
    info: JsonObject = {"status": _STATUSES.get(decision.status, decision.status).value}
    if decision.expires_at_s is not None:
        info["expiryDate"] = rfc3339(decision.expires_at_s)
    if decision.group_id is not None and len(decision.group_id) <= LONGEST_ID_TAG:
        info["parentIdTag"] = decision.group_id
    return info


_STATUSES = {
    Status.UNKNOWN: Status.INVALID,  # chapter 7.2: Invalid is "unknown"
    Status.NOT_AT_THIS_LOCATION: Status.INVALID,
    Status.NOT_ALLOWED_TYPE_EVSE: Status.INVALID,
    Status.NOT_AT_THIS_TIME: Status.INVALID,
    Status.NO_CREDIT: Status.BLOCKED,
}
"""What 2.0.1 tells apart and 1.6 has no word for."""
