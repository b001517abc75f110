"""2.0.1 block C, authorization: Authorize, and what is said of a token wherever one is answered."""

from __future__ import annotations

import asyncio

from csms.charge_points.connection import Reply
from csms.charge_points.schemas import JsonObject
from csms.charge_points.session import Session
from csms.charge_points.times import rfc3339
from csms.charge_points.v201.certificates import status_request
from csms.domain.authorization import CENTRAL, Decision, Purpose, Status
from csms.domain.certificates import Validity


def authorize(session: Session, payload: JsonObject) -> Reply:
    """C01 to C08. A contract certificate is answered with its status (C07): what the responders say of its chain, where
    they may be asked. If one of them says nothing, it is as if none had been asked."""
    token = payload["idToken"]
    decision = session.decide(token["idToken"], Purpose.AUTHORIZE, kind=token["type"])
    if "certificate" not in payload and "iso15118CertificateHashData" not in payload:
        return Reply({"idTokenInfo": id_token_info(decision)})
    # C07.FR.17: nobody here can verify the chain, nor is anybody to be asked.
    trusted = session.authorization.rules.trust_contracts
    unasked = _of_contract(decision) if trusted else _refused("CertChainError")
    requests = [status_request(asked) for asked in payload.get("iso15118CertificateHashData", ())]
    if not any(session.certificates.may_ask(request.responder_url) for request in requests):
        return Reply(unasked)

    async def answer() -> JsonObject:
        now_s = session.now().utc_s
        found = await asyncio.gather(*(session.certificates.validity(request, now_s) for request in requests))
        if Validity.REVOKED in found:
            return _refused("CertificateRevoked")  # C07.FR.16
        return _of_contract(decision) if set(found) == {Validity.GOOD} else unasked

    return Reply(unasked, later=asyncio.ensure_future(answer()))


def _of_contract(decision: Decision) -> JsonObject:
    """The certificate is valid; is the contract? C07.FR.13 and .14."""
    status = "ContractCancelled" if decision.status in _CANCELLED else "Accepted"
    return {"idTokenInfo": id_token_info(decision), "certificateStatus": status}


def _refused(status: str) -> JsonObject:
    return {"idTokenInfo": {"status": Status.INVALID.value}, "certificateStatus": status}


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
