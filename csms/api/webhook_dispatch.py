"""Webhooks at work: what happens becomes deliveries, on disk before anything is sent, and each is tried until it ends.

A webhook's place in the events and the deliveries made of them are one commit, so that nothing is lost. Nothing here
holds up anything else: one reader, few connections, bounded queues.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any

import structlog

from csms.api.feed import Feed, Wanted
from csms.api.public_events import PublicEvent
from csms.api.webhook_rules import signature, wait_s
from csms.api.webhook_sender import Attempt, Destinations, Sender
from csms.domain.ports import Clock, Store
from csms.domain.records import Delivery, RecordQuery, Webhook

log = structlog.get_logger(__name__)

MOST_PENDING = 10_000
"""Of one webhook; what comes beyond is put on record as failed."""

_LOOK_S = 0.5
_FOLLOW_S = 3600.0
_RETRY_S = 5.0


class Webhooks:
    """Those there are, and their deliveries. `start` after the store is open, `stop` before it closes."""

    def __init__(self, store: Store, feed: Feed, clock: Clock, destinations: Destinations) -> None:
        self._store = store
        self._feed = feed
        self._clock = clock
        self._destinations = destinations
        self._hooks: dict[str, Webhook] = {}
        self._pending: dict[str, dict[int, Delivery]] = {}
        self._followers: dict[str, asyncio.Task[None]] = {}
        self._sending: dict[str, asyncio.Task[None]] = {}
        self._loops: list[asyncio.Task[None]] = []
        self._sender: Sender | None = None
        # A webhook changes in one place at a time: what is being written down of it would undo a change under way.
        self._changing = asyncio.Lock()

    async def start(self) -> None:
        self._sender = Sender(self._destinations)
        for hook in (await self._store.records(RecordQuery(Webhook))).items:
            self._hooks[hook.webhook_id] = hook
            mine = {"webhook_id": hook.webhook_id, "state": "pending"}
            waiting = await self._store.records(RecordQuery(Delivery, where=mine))
            self._pending[hook.webhook_id] = {delivery.delivery_id: delivery for delivery in waiting.items}
            self._follow(hook)
        self._loops = [asyncio.create_task(self._send_due())]

    async def stop(self) -> None:
        """What is under way is broken off; it is pending on disk, and is tried again."""
        tasks = [*self._loops, *self._followers.values(), *self._sending.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._sender is not None:
            await self._sender.close()

    def all(self) -> list[Webhook]:
        return list(self._hooks.values())

    def get(self, webhook_id: str) -> Webhook | None:
        return self._hooks.get(webhook_id)

    def pending(self, webhook_id: str) -> int:
        return len(self._pending.get(webhook_id, ()))

    async def put(self, hook: Webhook) -> None:
        """A new one begins with what happens from now on; a changed one goes on where it is."""
        async with self._changing:
            before = self._hooks.get(hook.webhook_id)
            reached = await self._store.last_event_id() if before is None else before.reached
            hook = replace(hook, reached=reached)
            await self._store.save(hook)
            self._hooks[hook.webhook_id] = hook
            self._pending.setdefault(hook.webhook_id, {})
            await self._unfollow(hook.webhook_id)
            self._follow(hook)

    async def remove(self, webhook_id: str) -> None:
        async with self._changing:
            await self._store.remove(Webhook, (webhook_id,))
            self._hooks.pop(webhook_id, None)  # two may remove it at once
            await self._unfollow(webhook_id)
            await self._store.remove(Delivery, *((number,) for number in self._pending.pop(webhook_id, {})))

    async def test(self, hook: Webhook, event: PublicEvent) -> Attempt:
        """Send it now and once; nothing of it is kept."""
        return await self._attempt(hook, 0, event.type, event.body())

    def _follow(self, hook: Webhook) -> None:
        if hook.enabled:
            self._followers[hook.webhook_id] = asyncio.create_task(self._queue_up(hook))

    async def _unfollow(self, webhook_id: str) -> None:
        task = self._followers.pop(webhook_id, None)
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _queue_up(self, hook: Webhook) -> None:
        wanted = Wanted(frozenset(hook.types) or None, hook.site_id)
        while True:
            try:
                after = self._hooks[hook.webhook_id].reached
                async with contextlib.aclosing(self._feed.follow(wanted, after, _FOLLOW_S)) as following:
                    async for news in following:
                        recorded = [event for event in news.events if event.event_id is not None]
                        await self._keep(hook.webhook_id, recorded, news.reached)
            except Exception:  # a task's boundary: it goes on from what is on disk
                log.exception("webhook.queue_failed", webhook_id=hook.webhook_id)
            await asyncio.sleep(_RETRY_S)

    async def _keep(self, webhook_id: str, events: list[PublicEvent], reached: int) -> None:
        """The place and the deliveries, in one commit."""
        async with self._changing:
            hook, pending = self._hooks[webhook_id], self._pending[webhook_id]
            if reached <= hook.reached:
                return
            made = [self._delivery(webhook_id, event, full=len(pending) >= MOST_PENDING) for event in events]
            hook = replace(hook, reached=reached)
            await self._store.save(*made, hook)
            self._hooks[webhook_id] = hook
            pending.update((delivery.delivery_id, delivery) for delivery in made if delivery.state == "pending")

    def _delivery(self, webhook_id: str, event: PublicEvent, *, full: bool) -> Delivery:
        now_s = self._clock.now().utc_s
        return Delivery(
            delivery_id=self._store.next_id("delivery"),
            webhook_id=webhook_id,
            state="failed" if full else "pending",
            due_at_s=now_s,
            created_at_s=now_s,
            event_id=event.event_id or 0,
            type=event.type,
            body=event.body().decode(),
            error="too many deliveries were waiting" if full else "",
        )

    async def _send_due(self) -> None:
        """Of each webhook one at a time, in their order; one that has to wait is overtaken."""
        while True:
            now_s = self._clock.now().utc_s
            for webhook_id, pending in self._pending.items():
                hook = self._hooks.get(webhook_id)
                if webhook_id in self._sending or hook is None or not hook.enabled:
                    continue
                if any(delivery.due_at_s <= now_s for delivery in pending.values()):
                    self._start(webhook_id, self._send_all(webhook_id, now_s))
            await asyncio.sleep(_LOOK_S)

    def _start(self, webhook_id: str, work: Coroutine[Any, Any, None]) -> None:
        task = self._sending[webhook_id] = asyncio.create_task(work)
        task.add_done_callback(lambda _task: self._sending.pop(webhook_id, None))

    async def _send_all(self, webhook_id: str, now_s: float) -> None:
        due = [delivery for delivery in self._pending[webhook_id].values() if delivery.due_at_s <= now_s]
        for delivery in due:
            hook = self._hooks.get(webhook_id)
            if hook is None or not hook.enabled:
                return
            attempt = await self._attempt(hook, delivery.delivery_id, delivery.type, delivery.body.encode())
            try:
                await self._note(delivery, attempt)
            except Exception:  # a task's boundary: it is pending still, and comes again
                log.exception("webhook.not_noted", webhook_id=webhook_id, delivery_id=delivery.delivery_id)
                return
            if not attempt.delivered:
                return  # whoever does not take one will not take the next either

    async def _attempt(self, hook: Webhook, delivery_id: int, kind: str, body: bytes) -> Attempt:
        if self._sender is None:
            return Attempt(None, "the central system is starting")
        timestamp = int(self._clock.now().utc_s)
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "csms-webhooks",
            "X-Csms-Event": kind,
            "X-Csms-Delivery": str(delivery_id),
            "X-Csms-Timestamp": str(timestamp),
            "X-Csms-Signature": signature(hook.secret, timestamp, body),
        }
        return await self._sender.send(hook.url, body, headers)

    async def _note(self, delivery: Delivery, attempt: Attempt) -> None:
        now_s, attempts = self._clock.now().utc_s, delivery.attempts + 1
        wait = None if attempt.delivered else wait_s(attempts)
        state = "delivered" if attempt.delivered else "failed" if wait is None else "pending"
        noted = replace(
            delivery,
            state=state,
            attempts=attempts,
            status=attempt.status,
            error=attempt.error,
            due_at_s=now_s + (wait or 0.0),
        )
        await self._store.save(noted)
        pending = self._pending.get(delivery.webhook_id, {})
        if state == "pending":
            pending[delivery.delivery_id] = noted
            # Those behind it wait as long: a destination that is down is asked once, not for each of them.
            for number, other in pending.items():
                if other.due_at_s < noted.due_at_s and number != delivery.delivery_id and other.attempts == 0:
                    pending[number] = replace(other, due_at_s=noted.due_at_s)
        else:
            pending.pop(delivery.delivery_id, None)
            if state == "failed":
                log.warning("webhook.failed", webhook_id=delivery.webhook_id, delivery_id=delivery.delivery_id)
