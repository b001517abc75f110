"""What a command is to its caller and on record, whatever becomes of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from api_fakes import ADMIN, CONTROL, READ, Api, running

from csms.domain import events as ev
from csms.domain.commands import Answer, Command, Outcome
from csms.domain.grid import OperatorLimit
from csms.domain.model import ChargePointSettings, Current, Moment
from csms.domain.operator_commands import OperatorCommand, Reset
from csms.domain.records import CommandRecord, RecordQuery
from csms.domain.requests import (
    ActionUnknown,
    AgainstTheLedger,
    LineFull,
    Payload,
    PayloadBroken,
    RawOutcome,
)

POINT = "/api/v1/charge-points/CP-1"


class FakeLink:
    """Ends every request the same way; keeps what was asked."""

    connection_id = "c1"
    idle = True

    def __init__(self, end: RawOutcome | Exception) -> None:
        self.end = end
        self.asked: list[tuple[str, Payload] | OperatorCommand] = []
        self.release = asyncio.Event()
        self.release.set()

    async def send(self, _command: Command) -> Outcome:
        return Outcome(Answer.NOT_SUPPORTED)

    async def request(self, action: str, payload: Payload) -> RawOutcome:
        self.asked.append((action, payload))
        return await self._ended()

    async def perform(self, command: OperatorCommand, _items_per_message: Mapping[str, int]) -> RawOutcome:
        self.asked.append(command)
        return await self._ended()

    async def _ended(self) -> RawOutcome:
        await self.release.wait()
        if isinstance(self.end, Exception):
            raise self.end
        return self.end

    def when_idle(self, then: Callable[[], None]) -> None:
        then()

    def close(self, _code: int, _reason: str) -> None:
        return


def with_link(api: Api, end: RawOutcome | Exception) -> FakeLink:
    link = FakeLink(end)
    api.sites.links["CP-1"] = link
    return link


async def records(api: Api) -> list[CommandRecord]:
    return list((await api.store.records(RecordQuery(CommandRecord))).items)


async def test_a_request_is_on_record_with_who_asked_and_without_its_secrets() -> None:
    async with running() as api:
        link = with_link(api, RawOutcome(Answer.REJECTED, {"status": "Occupied", "idTag": "SECRET"}))
        reply = await api.call("POST", f"{POINT}/ocpp/ReserveNow", {"idTag": "SECRET", "reservationId": 1}, key=CONTROL)
        assert link.asked == [("ReserveNow", {"idTag": "SECRET", "reservationId": 1})]
        assert (reply.status, reply.json["status"], reply.json["response"]["status"]) == (200, "Rejected", "Occupied")
        (record,) = await records(api)
        assert (record.asked_by, record.command, record.raw) == ("controller", "ReserveNow", True)
        assert record.parameters == {"idTag": "***", "reservationId": 1}
        listed = await api.get(f"{POINT}/commands", key=READ)
        assert listed.json["total"] == 1
        assert b"SECRET" not in listed.content


async def test_of_a_request_that_ended_with_an_error_is_kept_what_can_be_told() -> None:
    deep: list[Any] = []
    for _ in range(300):
        deep = [deep]
    async with running() as api:
        details = {"idTag": "SECRET", "data": "shown", "deep": deep}
        with_link(api, RawOutcome(Answer.CALL_ERROR, None, "InternalError", "no way to ftp://me:SECRET@host", details))
        reply = await api.call("POST", f"{POINT}/ocpp/Reset", {"type": "Soft"}, key=CONTROL)
        error = reply.json["error"]
        assert (reply.status, error["description"]) == (200, "no way to ftp://***@host")
        assert (error["details"]["idTag"], error["details"]["data"]) == ("***", "shown")
        assert b"***" in (await api.get(f"{POINT}/commands", key=READ)).content


@pytest.mark.parametrize(
    ("refused", "status", "fields"),
    [
        (ActionUnknown("no"), 404, []),
        (AgainstTheLedger("this is the balancer's"), 409, []),
        (LineFull("100 are waiting"), 503, []),
        (PayloadBroken((("log.remoteLocation", "no"), ("list.0.idTag", "is too long"), ("", "is too much"))), 422,
         [("log.remoteLocation", "no"), ("list[0].idTag", "is too long"), ("", "is too much")]),
    ],
)  # fmt: skip
async def test_what_is_not_sent_leaves_no_record(
    refused: Exception, status: int, fields: list[tuple[str, str]]
) -> None:
    async with running() as api:
        with_link(api, refused)
        for path, body in ((f"{POINT}/ocpp/Reset", {}), (f"{POINT}/commands", {"command": "reset"})):
            reply = await api.call("POST", path, body)
            assert (reply.status, reply.fields) == (status, fields)
            assert ("Retry-After" in reply.headers) == (status == 503)
        assert await records(api) == []


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1" + "0" * 30])
async def test_numbers_that_not_every_reader_understands_are_refused(number: str) -> None:
    async with running() as api:
        link = with_link(api, RawOutcome(Answer.ACCEPTED, {}))
        reply = await api.call("POST", f"{POINT}/ocpp/DataTransfer", b'{"data": [' + number.encode() + b"]}")
        assert reply.status == 422
        assert link.asked == []


async def test_a_request_without_a_payload_is_one_with_an_empty_payload() -> None:
    async with running() as api:
        link = with_link(api, RawOutcome(Answer.ACCEPTED, {"status": "Accepted"}))
        assert (await api.call("POST", f"{POINT}/ocpp/ClearCache")).status == 200
        assert link.asked == [("ClearCache", {})]


async def test_a_command_under_way_is_on_record_before_it_ends() -> None:
    async with running() as api:
        link = with_link(api, RawOutcome(Answer.ACCEPTED, {"status": "Accepted"}))
        link.release.clear()
        asking = asyncio.create_task(api.call("POST", f"{POINT}/commands", {"command": "reset", "type": "hard"}))
        while not link.asked:
            await asyncio.sleep(0.01)
        (record,) = await records(api)
        assert (record.command, record.status, record.parameters) == ("reset", None, {"type": "hard"})
        link.release.set()
        assert (await asking).json["status"] == "Accepted"
        (record,) = await records(api)
        assert record.status == "Accepted"
        assert link.asked == [Reset("hard")]


@pytest.mark.parametrize(
    ("body", "numbers"),
    [
        ({"command": "start_session", "id_token": "T"}, ["remote_start_id"]),
        ({"command": "get_configuration"}, ["request_id"]),
        ({"command": "get_configuration", "keys": ["A.B"]}, ["keys"]),
        ({"command": "set_display_message", "text": "Hello"}, ["message_id", "text"]),
        ({"command": "data_transfer", "vendor_id": "V"}, ["vendor_id"]),
        ({"command": "data_transfer", "vendor_id": "V", "message_id": "M"}, ["message_id", "vendor_id"]),
    ],
)
async def test_the_numbers_that_were_chosen_are_told(body: dict[str, Any], numbers: list[str]) -> None:
    async with running() as api:
        with_link(api, RawOutcome(Answer.ACCEPTED, {}))
        reply = await api.call("POST", f"{POINT}/commands", body)
        assert (reply.status, sorted(set(reply.json["parameters"]) - {"id_token"})) == (200, numbers)


async def test_where_cars_must_not_pause_no_limit_may_pause_them() -> None:
    async with running() as api:
        now = Moment(api.clock.now().utc_s, 0.0)
        settings = ChargePointSettings("CP-2", "depot", 2, 22_000, Current.AC, 3, never_pause=True)
        api.depot.state.apply(ev.ChargePointDeclared(now, settings))
        path = "/api/v1/charge-points/CP-2/commands"
        body = {"command": "set_power_limit", "max_power_kw": 4, "connector_id": 1}
        reply = await api.call("POST", path, body)
        rule = "must be at least 4.14 at a charge point that never pauses"
        assert (reply.status, reply.fields) == (422, [("max_power_kw", rule)])
        reply = await api.call("POST", path, {"command": "set_power_limit", "max_power_kw": 8})
        assert reply.fields == [("max_power_kw", "must be at least 8.28 at a charge point that never pauses")]
        assert (await api.call("POST", path, {**body, "max_power_kw": 5})).status == 200
        assert api.depot.state.charge_points["CP-2"].operator_limits == (OperatorLimit(1, 5000),)


async def test_what_goes_on_after_a_bulk_command_ends_with_the_server() -> None:
    body: dict[str, Any] = {"charge_point_ids": ["CP-1"], "command": {"command": "clear_cache"}, "timeout_s": 0.1}
    async with running() as api:
        link = with_link(api, RawOutcome(Answer.ACCEPTED, {}))
        link.release.clear()
        reply = await api.call("POST", "/api/v1/commands/bulk", body)
        assert (reply.status, reply.json["open"]) == (200, 1)
    # pytest would complain of a task that was destroyed while it was pending.


BULK = "/api/v1/commands/bulk"


def set_configuration(key: str) -> dict[str, Any]:
    return {"command": "set_configuration", "values": {"A.B": "1", key: "S3CRET"}}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (f"{POINT}/ocpp/ChangeConfiguration", {"key": "AuthorizationKey", "value": "S3CRET"}),
        (f"{POINT}/ocpp/ChangeConfiguration", {"key": "SecurityProfile", "value": "2"}),
        (f"{POINT}/ocpp/SetVariables", {"setVariableData": [{"variable": {"name": "BasicAuthPassword"}}]}),
        (f"{POINT}/ocpp/SetNetworkProfile", {"configurationSlot": 1}),
        (f"{POINT}/commands", set_configuration("SecurityCtrlr.BasicAuthPassword")),
        (f"{POINT}/commands", set_configuration("SecurityCtrlr.BasicAuthPassword[1]")),
        (BULK, {"charge_point_ids": ["CP-1"], "command": set_configuration("authorizationkey")}),
    ],
)
async def test_how_a_charge_point_gets_in_is_changed_with_the_scope_admin_and_shown_to_nobody(
    path: str, body: dict[str, Any]
) -> None:
    async with running() as api:
        link = with_link(api, RawOutcome(Answer.ACCEPTED, {"status": "Accepted"}))
        refused = await api.call("POST", path, body, key=CONTROL)
        assert (refused.status, link.asked) == (403, [])
        assert (await api.call("POST", path, body, key=ADMIN)).status == 200
        assert len(link.asked) == 1
        assert b"S3CRET" not in (await api.get(f"{POINT}/commands", key=ADMIN)).content


async def test_free_text_on_record_is_for_those_who_may_ask_for_it() -> None:
    async with running() as api:
        end = RawOutcome(Answer.CALL_ERROR, {"data": "SAID"}, "GenericError", "no", {"data": "SAID"})
        with_link(api, end)
        await api.call("POST", f"{POINT}/ocpp/DataTransfer", {"vendorId": "v", "data": "SAID"}, key=CONTROL)
        assert (await api.get(f"{POINT}/commands", key=CONTROL)).content.count(b"SAID") == 3
        read = await api.get(f"{POINT}/commands", key=READ)
        assert b"SAID" not in read.content
        assert read.json["items"][0]["parameters"] == {"vendorId": "v", "data": "***"}
