"""/api/v1/charge-points/{charge_point_id}/local-list: how things stand with its local list, and sending it anew."""

from __future__ import annotations

from csms.api import commanding, lookup
from csms.api.fields import Time, time
from csms.api.problems import Problem
from csms.api.table import Answer, Call, NoBody, Query, Route
from csms.domain.local_list import Capacity, Sent, from_value
from csms.domain.records import RecordQuery, Told
from csms.domain.told import ToldKind


class ListCapacity(Answer):
    """How many tokens it takes altogether, and of how many tokens and bytes a message; null: it did not say."""

    id_tokens: int | None
    id_tokens_per_message: int | None
    bytes_per_message: int | None


class LastSent(Answer):
    """The last message that had an end: `id_tokens` tokens were in it, and `status` was said to it."""

    at: Time
    version: int
    full: bool
    id_tokens: int
    status: str


class LocalListAnswer(Answer):
    """`version` is the last that was sent or told, `has_version` the one that the charge point has (null: not known).
    `id_tokens` is what it is known to hold; null: not known. `left_out` found no room."""

    charge_point_id: str
    state: str
    version: int
    has_version: int | None
    id_tokens: list[str] | None
    wanted: int
    left_out: int
    capacity: ListCapacity
    last_sent: LastSent | None
    at: Time


class Resending(Answer):
    """A later `last_sent.at` is of what was asked for here."""

    charge_point_id: str
    asked_at: Time


async def get_local_list(call: Call[Query, NoBody]) -> LocalListAnswer:
    lookup.charge_point_site(call.services, call.path)
    charge_point_id = call.path["charge_point_id"]
    page = await call.services.store.records(
        RecordQuery(Told, where={"charge_point_id": charge_point_id, "kind": ToldKind.LOCAL_LIST})
    )
    if not page.items:
        raise Problem(404, "No local list was ever sent to this charge point.")
    told = page.items[0]
    standing = from_value(told.value)
    entries = standing.held.entries
    return LocalListAnswer(
        charge_point_id=charge_point_id,
        state=standing.state.value,
        version=standing.held.version,
        has_version=standing.has_version,
        id_tokens=None if entries is None else list(entries),
        wanted=standing.wanted,
        left_out=standing.left_out,
        capacity=_capacity(standing.capacity),
        last_sent=None if standing.sent is None else _last_sent(standing.sent),
        at=time(told.at_s),
    )


async def post_local_list(call: Call[Query, NoBody]) -> Resending:
    charge_point_id = call.path["charge_point_id"]
    settings = lookup.charge_point_site(call.services, call.path).settings[charge_point_id]
    lists = call.services.local_lists
    if not lists.wanted(settings):
        raise Problem(409, "This charge point is sent no local list: see its local_list, and local_lists of the file.")
    commanding.live(call.services, charge_point_id)
    asked_at_s = call.services.clock.now().utc_s
    if not lists.resend(charge_point_id):
        raise Problem(409, "The charge point has not been asked about its list since it connected: that comes first.")
    return Resending(charge_point_id=charge_point_id, asked_at=time(asked_at_s))


def _capacity(capacity: Capacity) -> ListCapacity:
    return ListCapacity(
        id_tokens=capacity.most,
        id_tokens_per_message=capacity.per_message,
        bytes_per_message=capacity.bytes_per_message,
    )


def _last_sent(sent: Sent) -> LastSent:
    return LastSent(
        at=time(sent.at_s), version=sent.version, full=sent.full, id_tokens=sent.entries, status=sent.answer.value
    )


_PATH = "/api/v1/charge-points/{charge_point_id}/local-list"

ROUTES = (
    Route(
        "GET",
        _PATH,
        "read",
        get_local_list,
        LocalListAnswer,
        "What a charge point's local authorization list holds",
        errors=(404,),
    ),
    Route(
        "POST",
        _PATH,
        "control",
        post_local_list,
        Resending,
        "Send a charge point its whole local authorization list anew",
        errors=(404, 409),
    ),
)
