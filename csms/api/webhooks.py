"""/api/v1/webhooks: who is told of what happens, and what became of each delivery."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from yarl import URL

from csms.api.fields import Time, time
from csms.api.problems import Problem
from csms.api.public_events import PAYLOADS, SESSION_UPDATED, PublicEvent
from csms.api.table import Answer, Call, NoBody, Page, PageQuery, Query, Route, Services
from csms.domain.records import Delivery, RecordQuery, Webhook
from csms.keys import new_api_key
from csms.validation import Key, broken_rule

TYPES = tuple(name for name in PAYLOADS if name != SESSION_UPDATED)
"""What is not recorded cannot be delivered for certain."""

TEST_EVENT = "test"
_MOST_WEBHOOKS = 100


def _address(text: str) -> str:
    try:
        url = URL(text)
    except ValueError as broken:
        raise broken_rule("must be an https URL") from broken
    if url.scheme != "https" or not url.host or url.user is not None or url.fragment:
        raise broken_rule("must be an https URL without a user")
    return text


def _known(name: str) -> str:
    if name not in TYPES:
        raise broken_rule("must be a type of event that is recorded")
    return name


class WebhookBody(BaseModel):
    """`types` empty: all. `secret` signs the deliveries; without one it is made, or stays as it is."""

    model_config = ConfigDict(extra="forbid", strict=True)

    url: Annotated[str, Field(max_length=2000), AfterValidator(_address)]
    types: list[Annotated[str, AfterValidator(_known)]] = Field(default_factory=list, max_length=100)
    site_id: Key | None = None
    secret: Annotated[str, Field(min_length=16, max_length=200)] | None = None
    enabled: bool = True


class WebhookRow(Answer):
    """`pending` is how many deliveries wait."""

    webhook_id: str
    url: str
    types: list[str]
    site_id: str | None
    enabled: bool
    created_at: Time
    created_by: str
    pending: int


class NewWebhookAnswer(WebhookRow):
    """`secret` is shown this once."""

    secret: str


class DeliveryRow(Answer):
    """`state` is pending, delivered or failed; `status` and `error` are of the last attempt, `due_at` when it was, or
    of the next one."""

    delivery_id: int
    event_id: int
    type: str
    state: str
    attempts: int
    status: int | None
    error: str
    created_at: Time
    due_at: Time


class TestAnswer(Answer):
    """`delivered`: it was answered with a 2xx status."""

    delivered: bool
    status: int | None
    error: str


class RemovedAnswer(Answer):
    removed: Literal[True]


async def list_webhooks(call: Call[PageQuery, NoBody]) -> Page[WebhookRow]:
    hooks, query = call.services.webhooks.all(), call.query
    items = [_row(call.services, hook) for hook in hooks[query.offset : query.offset + query.limit]]
    return Page(items=items, total=len(hooks), limit=query.limit, offset=query.offset)


async def post_webhook(call: Call[Query, WebhookBody]) -> NewWebhookAnswer:
    if len(call.services.webhooks.all()) >= _MOST_WEBHOOKS:
        raise Problem(409, f"There are {_MOST_WEBHOOKS} webhooks already; remove one first.")
    body = call.body
    secret = body.secret or new_api_key()[0]
    hook = Webhook(
        webhook_id=str(call.services.store.next_id("webhook")),
        url=body.url,
        types=tuple(body.types),
        site_id=body.site_id,
        secret=secret,
        enabled=body.enabled,
        created_at_s=call.services.clock.now().utc_s,
        created_by=call.key.name if call.key else "",
    )
    await call.services.webhooks.put(hook)
    return NewWebhookAnswer(**dict(_row(call.services, hook)), secret=secret)


async def put_webhook(call: Call[Query, WebhookBody]) -> WebhookRow:
    before, body = _find(call.services, call.path["webhook_id"]), call.body
    hook = Webhook(
        webhook_id=before.webhook_id,
        url=body.url,
        types=tuple(body.types),
        site_id=body.site_id,
        secret=body.secret or before.secret,
        enabled=body.enabled,
        created_at_s=before.created_at_s,
        created_by=before.created_by,
    )
    await call.services.webhooks.put(hook)
    return _row(call.services, hook)


async def delete_webhook(call: Call[Query, NoBody]) -> RemovedAnswer:
    await call.services.webhooks.remove(_find(call.services, call.path["webhook_id"]).webhook_id)
    return RemovedAnswer(removed=True)


async def list_deliveries(call: Call[PageQuery, NoBody]) -> Page[DeliveryRow]:
    hook, query = _find(call.services, call.path["webhook_id"]), call.query
    page = await call.services.store.records(
        RecordQuery(
            Delivery,
            where={"webhook_id": hook.webhook_id},
            newest_first=True,
            limit=query.limit,
            offset=query.offset,
        )
    )
    items = [_delivery(delivery) for delivery in page.items]
    return Page(items=items, total=page.total, limit=query.limit, offset=query.offset)


async def post_test(call: Call[Query, NoBody]) -> TestAnswer:
    hook = _find(call.services, call.path["webhook_id"])
    now_s = call.services.clock.now().utc_s
    event = PublicEvent(
        event_id=None, type=TEST_EVENT, at=time(now_s), site_id=hook.site_id or "", charge_point_id=None, data={}
    )
    attempt = await call.services.webhooks.test(hook, event)
    return TestAnswer(delivered=attempt.delivered, status=attempt.status, error=attempt.error)


def _find(services: Services, webhook_id: str) -> Webhook:
    hook = services.webhooks.get(webhook_id)
    if hook is None:
        raise Problem(404, "There is no webhook with this id.")
    return hook


def _row(services: Services, hook: Webhook) -> WebhookRow:
    return WebhookRow(
        webhook_id=hook.webhook_id,
        url=hook.url,
        types=list(hook.types),
        site_id=hook.site_id,
        enabled=hook.enabled,
        created_at=time(hook.created_at_s),
        created_by=hook.created_by,
        pending=services.webhooks.pending(hook.webhook_id),
    )


def _delivery(delivery: Delivery) -> DeliveryRow:
    return DeliveryRow(
        delivery_id=delivery.delivery_id,
        event_id=delivery.event_id,
        type=delivery.type,
        state=delivery.state,
        attempts=delivery.attempts,
        status=delivery.status,
        error=delivery.error,
        created_at=time(delivery.created_at_s),
        due_at=time(delivery.due_at_s),
    )


_PATH = "/api/v1/webhooks"
_ONE = f"{_PATH}/{{webhook_id}}"

ROUTES = (
    Route("GET", _PATH, "admin", list_webhooks, Page[WebhookRow], "Who is told of what happens", query=PageQuery),
    Route("POST", _PATH, "admin", post_webhook, NewWebhookAnswer, "Tell another program", body=WebhookBody),
    Route("PUT", _ONE, "admin", put_webhook, WebhookRow, "Change a webhook", body=WebhookBody, errors=(404,)),
    Route("DELETE", _ONE, "admin", delete_webhook, RemovedAnswer, "Remove it and what waits for it", errors=(404,)),
    Route(
        "GET",
        f"{_ONE}/deliveries",
        "admin",
        list_deliveries,
        Page[DeliveryRow],
        "What became of its deliveries, newest first",
        query=PageQuery,
        errors=(404,),
    ),
    Route("POST", f"{_ONE}/test", "admin", post_test, TestAnswer, "Send it a test event now", errors=(404,)),
)
