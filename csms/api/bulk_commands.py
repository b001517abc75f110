"""/api/v1/commands/bulk: one command for many charge points at once."""

from __future__ import annotations

import asyncio

from csms.api.command_bodies import BulkBody, fields_of
from csms.api.command_posts import give, sets_access
from csms.api.commanding import check_scope
from csms.api.commands import CommandAnswer, answer, asked_by
from csms.api.problems import Problem
from csms.api.table import Answer, Call, Query, Route
from csms.domain.records import CommandRecord

AT_ONCE = 200
"""So many charge points are asked at the same time: one that does not answer holds up no other, and a fleet is not
asked in the same instant."""


class BulkProblem(Answer):
    """Why nothing was sent: what the answer to the command alone would have been."""

    status: int
    detail: str
    errors: list[dict[str, str]]


class BulkResult(Answer):
    """One of `outcome` and `problem`, or neither: it goes on, and its end will be in the list of commands."""

    charge_point_id: str
    outcome: CommandAnswer | None
    problem: BulkProblem | None


class BulkAnswer(Answer):
    """In the order of the charge points as they were named. `open` counts those that go on."""

    results: list[BulkResult]
    open: int


async def post_bulk(call: Call[Query, BulkBody]) -> BulkAnswer:
    check_scope(call, touches_access=sets_access(call.body.command))
    slots = asyncio.Semaphore(AT_ONCE)

    async def one(charge_point_id: str) -> CommandRecord:
        async with slots:
            return await give(call.services, charge_point_id, call.body.command, asked_by(call))

    tasks = {name: asyncio.create_task(one(name)) for name in call.body.charge_point_ids}
    for task in tasks.values():
        call.services.under_way.add(task)
        task.add_done_callback(call.services.under_way.discard)
    await asyncio.wait(tasks.values(), timeout=call.body.timeout_s)
    results = [_result(charge_point_id, task) for charge_point_id, task in tasks.items()]
    return BulkAnswer(results=results, open=sum(not task.done() for task in tasks.values()))


def _result(charge_point_id: str, task: asyncio.Task[CommandRecord]) -> BulkResult:
    if not task.done():
        return BulkResult(charge_point_id=charge_point_id, outcome=None, problem=None)
    try:
        return BulkResult(charge_point_id=charge_point_id, outcome=answer(task.result()), problem=None)
    except Problem as problem:
        errors = [{"field": error.field, "rule": error.rule} for error in problem.errors]
        told = BulkProblem(status=problem.status, detail=problem.detail, errors=errors)
        return BulkResult(charge_point_id=charge_point_id, outcome=None, problem=told)


ROUTES = (
    Route(
        "POST",
        "/api/v1/commands/bulk",
        "control",
        post_bulk,
        BulkAnswer,
        "Give a command to many charge points",
        body=BulkBody,
        named=fields_of,
    ),
)
