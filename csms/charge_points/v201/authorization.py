"""2.0.1 block C, authorization: Authorize, and what is said of a token wherever one is answered."""

from __future__ import annotations

from csms.charge_points.connection import Reply
from csms.charge_points.schemas import JsonObject
from csms.charge_points.session import Session
from csms.charge_points.times import rfc3339
from csms.domain.authorization import CENTRAL, Decision, Purpose, Status


def authorize(session: Session, payload: JsonObject) -> Reply:
    """C01 to C08. A contract certificate is answered with its status (C07)."""
    token = payload["idToken"]
    decision = session.decide(token["idToken"], Purpose.AUTHORIZE, kind=token["type"])
    if "certificate" not in payload and "iso15118CertificateHashData" not in payload:
        return Reply({"idTokenInfo": id_token_info(decision)})
    if not session.authorization.rules.trust_contracts:
        # C07.FR.17: nobody here can verify the chain or ask for its revocation.
        refused = {"status": Status.INVALID.value}
        return Reply({"idTokenInfo": refused, "certificateStatus": "CertChainError"})
    cancelled = decision.status in _CANCELLED
    status = "ContractCancelled" if cancelled else "Accepted"  # C07.FR.13 and .14
    return Reply({"idTokenInfo": id_token_info(decision), "certificateStatus": status})


def id_token_info(decision: Decision) -> JsonObject:
    """IdTokenInfoType. The type of a group is ours to choose: nobody shows one to a reader."""
    info: JsonObject = {"status": decision.status.value}
    if decision.expires_at_s is not None:
        info["cacheExpiryDateTime"] = rfc3339(decision.expires_at_s)
    if decision.priority:
        info["chargingPriority"] = decision.priority
    if decision.evse_ids:
        info["evseId"] = list(decision.evse_ids)
    if decision.group_id is not None:
        info["groupIdToken"] = {"idToken": decision.group_id, "type": CENTRAL}
    return info


_CANCELLED = frozenset({Status.BLOCKED, Status.EXPIRED, Status.INVALID, Status.UNKNOWN})
