"""Implements domain.certificates.Certificates: the authority, and over HTTP whoever else is asked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any

import aiohttp
import structlog

from csms.certificates.authorities import Authorities
from csms.certificates.contracts import Question, concluded, examined
from csms.certificates.ocsp import may_ask, question, result, validity
from csms.certificates.signing import Authority
from csms.domain.certificates import (
    CertificateRefused,
    ContractCertificate,
    Examined,
    Signed,
    SigningRequest,
    Standing,
    StatusRequest,
    Validity,
)

_TIMEOUT_S = 10.0
_MOST_BYTES = 65_536
_EV_FIELDS = ("status", "exiResponse", "statusInfo")

log = structlog.get_logger()


class CertificateDesk:
    """`allowed_ocsp_hosts` and `ev_certificate_url` say whom it may ask; nobody else, and not where they point to.
    `contract_authorities` are believed about contracts; without them nobody is."""

    def __init__(
        self,
        authority: Authority | None,
        *,
        allowed_ocsp_hosts: Sequence[str],
        ev_certificate_url: str | None,
        contract_authorities: Authorities | None = None,
    ) -> None:
        self._authority = authority
        self._contract_authorities = contract_authorities
        self._allowed = tuple(allowed_ocsp_hosts)
        self._ev_certificate_url = ev_certificate_url
        self._http: aiohttp.ClientSession | None = None

    def sign(self, request: SigningRequest, now_s: float) -> Signed:
        """Raises CertificateRefused."""
        if self._authority is None:
            raise CertificateRefused("no authority is configured")
        return self._authority.sign(request, now_s)

    async def status(self, request: StatusRequest) -> str | None:
        answer = await self._asked(request)
        return None if answer is None else result(answer, request)

    def examine(self, contract: ContractCertificate, now_s: float) -> Examined:
        found = examined(contract, self._contract_authorities, now_s)
        if not any(may_ask(each.request.responder_url, self._allowed) for each in found.questions):
            for each in found.questions:
                self._not_allowed(each.request)
            return Examined(found.standing, found.reason)

        async def ask() -> Standing:
            validities = await asyncio.gather(*(self._validity(each, now_s) for each in found.questions))
            return concluded(validities, complete=found.complete)

        return Examined(found.standing, found.reason, ask)

    async def _validity(self, asked: Question, now_s: float) -> Validity:
        answer = await self._asked(asked.request)
        if answer is None:
            return Validity.UNKNOWN
        found = validity(answer, asked.request, asked.issuers, now_s)
        if found in (Validity.UNKNOWN, Validity.DOUBTED):
            reason = "unknown, over, or not its issuer's" if asked.issuers else "no issuer is known"
            url = asked.request.responder_url[:200]
            log.warning("certificates.answer_not_believed", url=url, validity=found.value, reason=reason)
        return found

    async def _asked(self, request: StatusRequest) -> bytes | None:
        """What its responder answers; None where it may not be asked, or does not answer."""
        if not may_ask(request.responder_url, self._allowed):
            self._not_allowed(request)
            return None
        try:
            asked = question(request)
        except ValueError:
            return None
        headers = {"Content-Type": "application/ocsp-request", "Accept": "application/ocsp-response"}
        return await self._post(request.responder_url, asked, headers)

    def _not_allowed(self, request: StatusRequest) -> None:
        log.warning("certificates.responder_not_allowed", url=request.responder_url[:200])

    async def ev_certificate(self, charge_point_id: str, payload: Mapping[str, Any]) -> Mapping[str, Any] | None:
        if self._ev_certificate_url is None:
            return None
        body = json.dumps({**payload, "charge_point_id": charge_point_id}).encode()
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        answer = await self._post(self._ev_certificate_url, body, headers)
        try:
            told = None if answer is None else json.loads(answer)
        except ValueError:
            told = None
        if not isinstance(told, dict):
            return None
        return {name: told[name] for name in _EV_FIELDS if name in told}

    async def close(self) -> None:
        if self._http is not None:
            await self._http.close()

    async def _post(self, url: str, body: bytes, headers: Mapping[str, str]) -> bytes | None:
        """The body of a 200; None, with a line in the log, for everything else."""
        if self._http is None:
            timeout = aiohttp.ClientTimeout(total=_TIMEOUT_S)
            self._http = aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar())
        try:
            async with self._http.post(url, data=body, headers=headers, allow_redirects=False) as answer:
                content = await answer.content.read(_MOST_BYTES + 1)
                while len(content) <= _MOST_BYTES and not answer.content.at_eof():
                    content += await answer.content.read(_MOST_BYTES + 1)
                if answer.status == 200 and len(content) <= _MOST_BYTES:
                    return content
                log.warning("certificates.not_answered", url=url[:200], status=answer.status, bytes=len(content))
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            log.warning("certificates.not_answered", url=url[:200], reason=str(error) or type(error).__name__)
        return None
