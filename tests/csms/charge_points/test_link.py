"""How a command ends, whatever the connection does."""

import asyncio
from collections.abc import Callable
from functools import partial

import pytest
from charge_point_fakes import FakeTransport

from csms.charge_points.calls import AnswerInvalid, CallErrorAnswered, CallTimeout, ConnectionLost, QueueFull
from csms.charge_points.link import MAX_WAITING_REQUESTS, Link, raw_outcome
from csms.charge_points.raw_requests import checked
from csms.charge_points.schemas import JsonObject
from csms.charge_points.versions import VERSIONS
from csms.domain.access_requests import AccessChange
from csms.domain.commands import Answer, Command, Outcome, ReadSchedule, SetLimit, Trigger
from csms.domain.electrical import LimitForm
from csms.domain.model import OCPP16, LimitPurpose
from csms.domain.operator_commands import SetConfiguration, SetDisplayMessage
from csms.domain.requests import AccessLowered, LineFull, PayloadBroken, RawOutcome, RequestRefused

CHECK = partial(checked, OCPP16, VERSIONS[OCPP16].outgoing, ())
FORM = LimitForm("A", phases=3, voltage_v=230.0, step_a=0.1, stack_level=0)
LIMIT = SetLimit(1, LimitPurpose.TRANSACTION, 6900, FORM, 1_780_000_000.0, transaction_id="1")
NOT_IN_16 = SetLimit(1, LimitPurpose.TRANSACTION, 6900, FORM, 1_780_000_000.0, transaction_id="not a number")


class ScriptedCaller:
    """Answers every call the same way; `waited` counts those that could wait."""

    def __init__(self, answer: JsonObject | Exception) -> None:
        self.idle = True
        self.waited = 0
        self._answer = answer

    async def quiet(self) -> None:
        self.waited += 1

    async def call_when_quiet(self, message: object) -> JsonObject:
        self.waited += 1
        return await self.call(message)

    def when_idle(self, then: Callable[[], None]) -> None:
        then()

    async def call(self, _message: object) -> JsonObject:
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


def link(answer: JsonObject | Exception, transport: FakeTransport | None = None) -> Link:
    return Link("c-1", ScriptedCaller(answer), transport or FakeTransport(), VERSIONS[OCPP16].translation, CHECK)


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ({"status": "Accepted"}, Outcome(Answer.ACCEPTED)),
        (
            CallErrorAnswered("InternalError", "out of memory", {}),
            Outcome(Answer.CALL_ERROR, "InternalError: out of memory"),
        ),
        (CallErrorAnswered("GenericError", "", {}), Outcome(Answer.CALL_ERROR, "GenericError")),
        (CallErrorAnswered("NotImplemented", "", {}), Outcome(Answer.NOT_SUPPORTED, "NotImplemented")),
        (CallErrorAnswered("NotSupported", "", {}), Outcome(Answer.NOT_SUPPORTED)),
        (CallTimeout("SetChargingProfile"), Outcome(Answer.TIMEOUT)),
        (ConnectionLost("gone"), Outcome(Answer.DISCONNECTED)),
        (QueueFull("100 calls are waiting"), Outcome(Answer.NOT_SENT, "100 calls are waiting")),
        (AnswerInvalid("status: required"), Outcome(Answer.CALL_ERROR, "status: required")),
        (ValueError("breaks the schema"), Outcome(Answer.NOT_SENT, "breaks the schema")),
    ],
)
async def test_every_end_of_a_call_is_an_outcome(answer: JsonObject | Exception, outcome: Outcome) -> None:
    assert await link(answer).send(LIMIT) == outcome


async def test_what_the_version_cannot_say_is_not_sent() -> None:
    assert (await link({"status": "Accepted"}).send(NOT_IN_16)).answer is Answer.NOT_SENT


@pytest.mark.parametrize(("command", "waits"), [(LIMIT, 0), (ReadSchedule(1, 60), 1), (Trigger("Heartbeat"), 1)])
async def test_everything_but_a_limit_can_wait(command: Command, waits: int) -> None:
    caller = ScriptedCaller({"status": "Accepted"})
    await Link("c-1", caller, FakeTransport(), VERSIONS[OCPP16].translation, CHECK).send(command)
    assert caller.waited == waits


async def test_closing_a_link_closes_its_socket() -> None:
    transport = FakeTransport()
    link({}, transport).close(1008, "replaced")
    assert transport.closed == (1008, "replaced")


async def test_a_request_of_an_operator_leaves_when_it_is_quiet_and_what_is_refused_waits_for_nothing() -> None:
    caller = ScriptedCaller({"status": "Accepted"})
    point = Link("c-1", caller, FakeTransport(), VERSIONS[OCPP16].translation, CHECK)
    assert (await point.request("ClearCache", {})).answer is Answer.ACCEPTED
    assert caller.waited == 1
    with pytest.raises(RequestRefused):
        await point.request("ClearChargingProfile", {})
    assert caller.waited == 1


async def test_nothing_of_a_command_is_sent_if_a_part_of_it_may_not_be() -> None:
    caller = ScriptedCaller({"status": "Accepted"})
    requests = VERSIONS[OCPP16].operator_requests
    point = Link("c-1", caller, FakeTransport(), VERSIONS[OCPP16].translation, CHECK, operator_requests=requests)
    with pytest.raises(PayloadBroken):
        await point.perform(SetConfiguration({"Fine": "1", "A" * 51: "2"}), {})
    assert caller.waited == 0
    assert (await point.perform(SetDisplayMessage(1, "Hello"), {})).answer is Answer.NOT_SUPPORTED
    assert caller.waited == 0


async def test_nothing_of_a_command_is_sent_if_a_part_of_it_would_let_the_charge_point_in_less_safely() -> None:
    class Guarded:
        def check(self, change: AccessChange) -> None:
            raise AccessLowered("never")

        async def offered(self, change: AccessChange) -> None:
            raise AssertionError

        def refused(self, change: AccessChange) -> None:
            raise AssertionError

    caller = ScriptedCaller({"status": "Accepted"})
    requests = VERSIONS[OCPP16].operator_requests
    point = Link("c-1", caller, FakeTransport(), VERSIONS[OCPP16].translation, CHECK, Guarded(), requests)
    with pytest.raises(AccessLowered):
        await point.perform(SetConfiguration({"Fine": "1", "SecurityProfile": "0"}), {})
    assert caller.waited == 0


async def test_a_command_of_several_requests_ends_with_the_first_that_nobody_answers() -> None:
    caller = ScriptedCaller(CallTimeout("ChangeConfiguration"))
    requests = VERSIONS[OCPP16].operator_requests
    point = Link("c-1", caller, FakeTransport(), VERSIONS[OCPP16].translation, CHECK, operator_requests=requests)
    assert (await point.perform(SetConfiguration({"A": "1", "B": "2"}), {})).answer is Answer.TIMEOUT
    assert caller.waited == 1


async def test_a_request_too_many_is_refused_and_the_line_goes_on() -> None:
    release = asyncio.Event()

    class Slow(ScriptedCaller):
        async def call(self, _message: object) -> JsonObject:
            await release.wait()
            return {"listVersion": 1}

    point = Link("c-1", Slow({}), FakeTransport(), VERSIONS[OCPP16].translation, CHECK)
    asked = [asyncio.create_task(point.request("GetLocalListVersion", {})) for _ in range(MAX_WAITING_REQUESTS)]
    await asyncio.sleep(0)
    with pytest.raises(LineFull):
        await point.request("GetLocalListVersion", {})
    release.set()
    assert {end.answer for end in await asyncio.gather(*asked)} == {Answer.ACCEPTED}
    assert (await point.request("GetLocalListVersion", {})).response == {"listVersion": 1}


@pytest.mark.parametrize(
    ("response", "answer"),
    [
        ({}, Answer.ACCEPTED),
        ({"status": "Scheduled"}, Answer.ACCEPTED),
        ({"status": "Occupied"}, Answer.REJECTED),
        ({"status": "NotSupported"}, Answer.NOT_SUPPORTED),
        (
            {"setVariableResult": [{"attributeStatus": "Accepted"}, {"attributeStatus": "RebootRequired"}]},
            Answer.ACCEPTED,
        ),
        (
            {"setVariableResult": [{"attributeStatus": "Accepted"}, {"attributeStatus": "UnknownVariable"}]},
            Answer.REJECTED,
        ),
        ({"clearMonitoringResult": [{"status": "NotFound"}]}, Answer.REJECTED),
    ],
)
def test_an_answer_is_as_good_as_its_worst_part(response: JsonObject, answer: Answer) -> None:
    assert raw_outcome(response) == RawOutcome(answer, response)
