"""A live charge point as those who command it see it: commands in, outcomes out, in no version's words."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import NamedTuple, Protocol

from csms.charge_points.calls import (
    AnswerInvalid,
    CallErrorAnswered,
    CallTimeout,
    ConnectionLost,
    QueueFull,
)
from csms.charge_points.connection import Transport
from csms.charge_points.operator_requests import Known, Request, Requests, as_one, requests_of
from csms.charge_points.schemas import JsonObject
from csms.domain.access_requests import AccessChange, change_in, was_refused
from csms.domain.commands import Answer, Command, Outcome, SetLimit
from csms.domain.operator_commands import NotInVersion, OperatorCommand, ValueImpossible
from csms.domain.requests import LineFull, Payload, PayloadBroken, RawOutcome


class Caller(Protocol):
    """The part of a connection that sends requests."""

    async def call(self, message: object) -> JsonObject: ...

    async def call_when_quiet(self, message: object) -> JsonObject: ...

    async def quiet(self) -> None: ...

    @property
    def idle(self) -> bool: ...

    def when_idle(self, then: Callable[[], None]) -> None: ...


class Translation(Protocol):
    """How one version says a command, and what its answers mean."""

    @property
    def request(self) -> Callable[[Command], object]:
        """The message of the `ocpp` package; raises ValueError for what the version cannot express."""
        ...

    @property
    def outcome(self) -> Callable[[Command, JsonObject], Outcome]: ...


Check = Callable[[str, Payload], JsonObject]
"""The payload of a raw request as it may leave; raises a RequestRefused (see raw_requests)."""


class AccessLog(Protocol):
    """Who is told of requests that change how the charge point gets in."""

    def check(self, change: AccessChange) -> None:
        """Raises a RequestRefused for what must not be sent."""
        ...

    async def offered(self, change: AccessChange) -> None:
        """It is about to be sent."""
        ...

    def refused(self, change: AccessChange) -> None:
        """The charge point clearly did not take it."""
        ...


class _Checked(NamedTuple):
    """A request that may leave, and what it changes of how the charge point gets in."""

    action: str
    wired: JsonObject
    change: AccessChange | None


MAX_WAITING_REQUESTS = 100
"""Of operators, for one charge point."""


class Link:
    """Implements domain.ports.ChargePointLink."""

    def __init__(
        self,
        connection_id: str,
        caller: Caller,
        transport: Transport,
        translation: Translation,
        check: Check,
        access: AccessLog | None = None,
        operator_requests: Requests | None = None,
    ) -> None:
        self._connection_id = connection_id
        self._caller = caller
        self._transport = transport
        self._translation = translation
        self._check = check
        self._access = access
        self._operator_requests = operator_requests or {}
        self._turn = asyncio.Lock()
        self._waiting = 0

    @property
    def connection_id(self) -> str:
        return self._connection_id

    async def send(self, command: Command) -> Outcome:
        """Send the command and wait for its end; never raises but for cancellation."""
        call = self._caller.call if isinstance(command, SetLimit) else self._caller.call_when_quiet
        try:
            payload = await call(self._translation.request(command))
        except CallErrorAnswered as error:
            return _error_outcome(error)
        except CallTimeout:
            return Outcome(Answer.TIMEOUT)
        except ConnectionLost:
            return Outcome(Answer.DISCONNECTED)
        except AnswerInvalid as invalid:
            return Outcome(Answer.CALL_ERROR, str(invalid))
        except (QueueFull, ValueError) as not_sent:
            return Outcome(Answer.NOT_SENT, str(not_sent))
        return self._translation.outcome(command, payload)

    async def request(self, action: str, payload: Payload) -> RawOutcome:
        """Send an operator's request in OCPP's own words; raises RequestRefused for what is not sent.

        Operators' requests wait in a line of their own, and each leaves only when it is quiet: however many there are,
        a limit waits for one of them at most.
        """
        checked = self._checked(action, payload)
        async with self._place_in_line():
            return await self._requested_when_quiet(checked)

    def _checked(self, action: str, payload: Payload) -> _Checked:
        wired = self._check(action, payload)
        change = None if self._access is None else change_in(action, wired)
        if change is not None and self._access is not None:
            self._access.check(change)
        return _Checked(action, wired, change)

    @contextlib.asynccontextmanager
    async def _place_in_line(self) -> AsyncIterator[None]:
        """Of one request or one command of several. Raises LineFull."""
        if self._waiting >= MAX_WAITING_REQUESTS:
            raise LineFull(f"{self._waiting} requests are waiting for this charge point")
        self._waiting += 1
        try:
            async with self._turn:
                yield
        finally:
            self._waiting -= 1

    async def _requested_when_quiet(self, checked: _Checked) -> RawOutcome:
        await self._caller.quiet()
        try:
            if checked.change is None or self._access is None:
                return await self._requested(checked)
            return await self._changed(checked, checked.change, self._access)
        except QueueFull as full:
            raise LineFull(str(full)) from None

    async def _changed(self, checked: _Checked, change: AccessChange, access: AccessLog) -> RawOutcome:
        await access.offered(change)
        try:
            outcome = await self._requested(checked)
        except QueueFull:
            access.refused(change)
            raise
        if was_refused(change, outcome):
            access.refused(change)
        return outcome

    async def _requested(self, checked: _Checked) -> RawOutcome:
        """Raises QueueFull."""
        try:
            return raw_outcome(await self._caller.call((checked.action, checked.wired)))
        except CallErrorAnswered as error:
            answer = Answer.NOT_SUPPORTED if error.knows_no_such_request else Answer.CALL_ERROR
            return RawOutcome(answer, None, error.code, error.description, error.details)
        except CallTimeout:
            return RawOutcome(Answer.TIMEOUT, description="no answer in time; it may have acted all the same")
        except ConnectionLost:
            return RawOutcome(Answer.DISCONNECTED, description="the connection ended before the answer")
        except AnswerInvalid as invalid:
            return RawOutcome(Answer.CALL_ERROR, description=f"its answer is not valid: {invalid}")

    async def perform(self, command: OperatorCommand, items_per_message: Mapping[str, int]) -> RawOutcome:
        """Carry out an operator's command with as many requests as it takes; raises RequestRefused, with nothing sent.

        What the version cannot say is not supported. It ends with the first request that nobody answers.
        """
        try:
            requests = requests_of(self._operator_requests, command, Known(items_per_message))
        except NotInVersion as missing:
            return RawOutcome(Answer.NOT_SUPPORTED, description=str(missing))
        except ValueImpossible as impossible:
            raise PayloadBroken(((impossible.name, impossible.rule),)) from None
        checked = [(request, self._checked(request.action, request.payload)) for request in requests]
        ends: list[tuple[Request, RawOutcome]] = []
        async with self._place_in_line():
            for request, wanted in checked:
                ends.append((request, await self._requested_when_quiet(wanted)))
                if ends[-1][1].answer in (Answer.TIMEOUT, Answer.DISCONNECTED):
                    break
        return as_one(ends)

    @property
    def idle(self) -> bool:
        return self._caller.idle

    def when_idle(self, then: Callable[[], None]) -> None:
        self._caller.when_idle(then)

    def close(self, code: int, reason: str) -> None:
        self._transport.close(code, reason)


def status_outcome(payload: JsonObject) -> Outcome:
    """The outcome a `status` field tells; `detail` has the charger's reason where it gives one (2.0.1 only)."""
    status: str = payload["status"]
    info: JsonObject = payload.get("statusInfo", {})
    reason = " ".join(filter(None, (info.get("reasonCode"), info.get("additionalInfo"))))
    return _outcome(_ANSWERS.get(status, Answer.REJECTED), reason or status)


def raw_outcome(payload: JsonObject) -> RawOutcome:
    """What an answer says as a whole: the word of its `status`, or of each of its parts, where it has one."""
    words = [payload["status"]] if "status" in payload else [*_words_of_parts(payload)]
    answers = {_RAW_ANSWERS.get(word, Answer.REJECTED) for word in words} or {Answer.ACCEPTED}
    refused = answers - {Answer.ACCEPTED}
    answer = refused.pop() if len(refused) == 1 else Answer.REJECTED if refused else Answer.ACCEPTED
    return RawOutcome(answer, payload)


def _words_of_parts(payload: JsonObject) -> Iterator[str]:
    """2.0.1 answers for each variable and each monitor."""
    for name in ("getVariableResult", "setVariableResult"):
        yield from (part["attributeStatus"] for part in payload.get(name, ()))
    for name in ("setMonitoringResult", "clearMonitoringResult"):
        yield from (part["status"] for part in payload.get(name, ()))


# A word that says that the charge point did, or will do, what it was asked for.
_RAW_ANSWERS = {
    "Accepted": Answer.ACCEPTED,
    "AcceptedCanceled": Answer.ACCEPTED,
    "RebootRequired": Answer.ACCEPTED,
    "Scheduled": Answer.ACCEPTED,
    "Unlocked": Answer.ACCEPTED,
    "Unpublished": Answer.ACCEPTED,
    "NotSupported": Answer.NOT_SUPPORTED,
    "NotImplemented": Answer.NOT_SUPPORTED,
}

_ANSWERS = {
    "Accepted": Answer.ACCEPTED,
    "NotSupported": Answer.NOT_SUPPORTED,
    "NotImplemented": Answer.NOT_SUPPORTED,
    "Unknown": Answer.ACCEPTED,  # ClearChargingProfile: there was nothing to clear
}


def _error_outcome(error: CallErrorAnswered) -> Outcome:
    if error.knows_no_such_request:
        return _outcome(Answer.NOT_SUPPORTED, error.code)
    return Outcome(Answer.CALL_ERROR, f"{error.code}: {error.description}" if error.description else error.code)


def _outcome(answer: Answer, word: str) -> Outcome:
    """The charger's own word is a detail only where it says more than the answer."""
    return Outcome(answer, "" if word == answer else word)
