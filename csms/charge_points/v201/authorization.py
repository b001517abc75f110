"""2.0.1 block C, authorization: Authorize, and what is said of a token wherever one is answered."""

from __future__ import annotations

import asyncio

from csms.charge_points.connection import Reply
from csms.charge_points.schemas import JsonObject
from csms.charge_points.session import Session
from csms.charge_points.times import rfc3339
from csms.charge_points.v201.certificates import status_request
from csms.domain.authorization import CENTRAL, Decision, Purpose, Status
from csms.domain.certificates import ContractCertificate, Standing


def authorize(session: Session, payload: JsonObject) -> Reply:
    """C01 to C08. A contract certificate is answered with its status (C07)."""
    token = payload["idToken"]
    decision = session.decide(token["idToken"], Purpose.AUTHORIZE, kind=token["type"])
    hashes = tuple(status_request(asked) for asked in payload.get("iso15118CertificateHashData", ()))
    contract = ContractCertificate(token["idToken"], payload.get("certificate"), hashes)
    if contract.chain is None and not hashes:
        return Reply({"idTokenInfo": id_token_info(decision)})
    trusted = session.authorization.rules.trust_contracts
    examined = session.certificates.examine(contract, session.now().utc_s)
    if examined.reason:
        session.log.warning("ocpp.contract_refused", standing=examined.standing.value, reason=examined.reason)
    unasked = _answer(examined.standing, decision, trusted=trusted)
    ask = examined.ask
    if ask is None:
        return Reply(unasked)

    async def answer() -> JsonObject:
        return _answer(await ask(), decision, trusted=trusted)

    return Reply(unasked, later=asyncio.ensure_future(answer()))


def _answer(standing: Standing, decision: Decision, *, trusted: bool) -> JsonObject:
    if standing is Standing.VALID or (standing is Standing.UNCERTAIN and trusted):
        return _of_contract(decision)
    status, certificate_status = _REFUSALS[standing]
    return {"idTokenInfo": {"status": status.value}, "certificateStatus": certificate_status}


def _of_contract(decision: Decision) -> JsonObject:
    """The certificate is valid; is the contract? C07.FR.13 and .14."""
    status = "ContractCancelled" if decision.status in _CANCELLED else "Accepted"
    return {"idTokenInfo": id_token_info(decision), "certificateStatus": status}


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

_REFUSALS = {
    Standing.EXPIRED: (Status.EXPIRED, "CertificateExpired"),  # C07.FR.15
    Standing.REVOKED: (Status.INVALID, "CertificateRevoked"),  # C07.FR.16
    Standing.INVALID: (Status.INVALID, "CertChainError"),  # C07.FR.17
    Standing.UNCERTAIN: (Status.INVALID, "CertChainError"),  # C07.FR.17 too: it cannot be verified
}
