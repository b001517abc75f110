"""/api/v1/charge-points/{charge_point_id}/local-list: how things stand with a charge point's local list."""

from __future__ import annotations

from csms.api import lookup
from csms.api.fields import Time, time
from csms.api.problems import Problem
from csms.api.table import Answer, Call, NoBody, Query, Route
from csms.domain.records import RecordQuery, Told
from csms.domain.told import ToldKind


class LocalListAnswer(Answer):
    """`id_tokens` is what it is known to hold; null: not known. `left_out` found no room."""

    charge_point_id: str
    state: str
    version: int
    id_tokens: list[str] | None
    wanted: int
    left_out: int
    at: Time


async def get_local_list(call: Call[Query, NoBody]) -> LocalListAnswer:
    lookup.charge_point_site(call.services, call.path)
    charge_point_id = call.path["charge_point_id"]
    page = await call.services.store.records(
        RecordQuery(Told, where={"charge_point_id": charge_point_id, "kind": ToldKind.LOCAL_LIST})
    )
    if not page.items:
        raise Problem(404, "No local list was ever sent to this charge point.")
    told = page.items[0]
    entries = told.value["entries"]
    return LocalListAnswer(
        charge_point_id=charge_point_id,
        state=told.value["state"],
        version=told.value["version"],
        id_tokens=None if entries is None else list(entries),
        wanted=told.value["wanted"],
        left_out=told.value["left_out"],
        at=time(told.at_s),
    )


ROUTES = (
    Route(
        "GET",
        "/api/v1/charge-points/{charge_point_id}/local-list",
        "read",
        get_local_list,
        LocalListAnswer,
        "What a charge point's local authorization list holds",
        errors=(404,),
    ),
)
