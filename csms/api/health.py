"""/healthz and /readyz, for whoever supervises the process."""

from __future__ import annotations

from typing import Literal

from csms.api.problems import Problem
from csms.api.table import Answer, Call, NoBody, Query, Route


class HealthAnswer(Answer):
    status: Literal["ok"]


class ReadyAnswer(Answer):
    status: Literal["ready"]


async def healthz(_call: Call[Query, NoBody]) -> HealthAnswer:
    return HealthAnswer(status="ok")


async def readyz(call: Call[Query, NoBody]) -> ReadyAnswer:
    if not call.services.store.healthy:
        raise Problem(503, "The store does not take writes.")
    if not call.services.sites.ready():
        raise Problem(503, "Not every site is running.")
    return ReadyAnswer(status="ready")


ROUTES = (
    Route("GET", "/healthz", None, healthz, HealthAnswer, "Whether the process answers"),
    Route("GET", "/readyz", None, readyz, ReadyAnswer, "Whether every site runs and the store works", errors=(503,)),
)
