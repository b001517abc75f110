"""Keeps one charge point's local authorization list in step, on one connection. What to send is domain.local_list's."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Protocol

from csms.charge_points.calls import CallErrorAnswered, CallFailed, ConnectionLost
from csms.charge_points.provisioning import Call
from csms.charge_points.schemas import JsonObject
from csms.charge_points.session import Session
from csms.domain.local_list import (
    Capacity,
    Entry,
    Held,
    ListAnswer,
    ListState,
    LocalLists,
    Sent,
    Standing,
    Update,
    answered,
    next_update,
    reported,
    version_after,
)
from csms.domain.ports import Spawn

TOGETHER_S = 0.5
"""Tokens that change in a row go out together."""

AGAIN_S = 600.0
"""After silence it is tried again, unless something changes or the charge point boots before. A refusal waits for that:
it would be the same again."""


class ListDialect(Protocol):
    """How one version asks for and sends lists."""

    @property
    def longest_token(self) -> int: ...

    def ask_capacity(self) -> object: ...

    def capacity(self, answer: JsonObject) -> Capacity: ...

    def ask_version(self) -> object: ...

    def version(self, answer: JsonObject) -> int:
        """Below 0: it has no lists."""
        ...

    def send(self, update: Update) -> object: ...


class ListKeeper:
    """One charge point's, on one connection; `begin` whenever it has booted or is back, `end` with the connection."""

    def __init__(self, session: Session, call: Call, dialect: ListDialect, lists: LocalLists, spawn: Spawn) -> None:
        self._session = session
        self._call = call
        self._dialect = dialect
        self._lists = lists
        self._spawn = spawn
        self._task: asyncio.Task[None] | None = None
        self._news = asyncio.Event()
        self._forget: list[Callable[[], None]] = []
        self._held: Held | None = None
        self._has_version: int | None = None
        self._sent: Sent | None = None
        self._anew = False
        self._capacity = Capacity()
        session.on_list_size = self._resize

    def begin(self) -> None:
        """Its list may be another than it was: it is asked again."""
        self._held = None
        self._news.set()
        if self._task is None and self._lists.wanted(self._session.settings()):
            resend = self._lists.on_resend(self._session.charge_point_id, self._resend)
            self._forget = [self._lists.on_change(self._news.set), resend]
            self._task = self._spawn(self._keep())

    def end(self) -> None:
        for forget in self._forget:
            forget()
        if self._task is not None:
            self._task.cancel()

    def _resend(self) -> None:
        """Whatever it holds, it is asked again and sent everything."""
        self._anew = True
        self._held = None
        self._news.set()

    def _resize(self, most: int) -> None:
        """It has reported how many tokens its list can hold."""
        if self._capacity.most != most:
            self._capacity = replace(self._capacity, most=most)
            self._news.set()

    async def _keep(self) -> None:
        while True:
            try:
                again = await self._bring_in_step()
            except ConnectionLost:
                return
            except Exception:  # the task's boundary: a mistake here must not end the connection
                self._session.log.exception("local_list.failed")
                again = True
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(AGAIN_S if again else None):
                    await self._news.wait()
            await asyncio.sleep(TOGETHER_S)
            self._news.clear()

    async def _bring_in_step(self) -> bool:
        """Send what is to be sent; whether it should be tried again by and by. Raises ConnectionLost."""
        self._news.clear()
        if self._held is None:
            state = await self._ask()
            if state is not None:
                self._note(state, Held() if self._held is None else self._held)
                return state is ListState.UNANSWERED
        refused, state = 0, ListState.BEHIND
        while state is ListState.BEHIND and (held := self._held) is not None:
            update = next_update(self._entries()[0], held, self._capacity)
            if update is None:
                state = ListState.IN_STEP
            else:
                answer = await self._send(update)
                self._sent = Sent(self._session.now().utc_s, update.version, update.full, len(update.entries), answer)
                if self._held is not held:
                    break  # it has booted meanwhile, and is asked anew
                refused = 0 if answer is ListAnswer.ACCEPTED else refused + 1
                state = _state_after(answer, refused)
                self._has_version = version_after(self._has_version, update, answer)
                self._held = held = answered(held, update, answer)
            self._note(state, held)
        if state in (ListState.REFUSED, ListState.UNANSWERED):
            self._held = None  # its version may be any: it is asked first
        return state is ListState.UNANSWERED

    async def _ask(self) -> ListState | None:
        """What it can hold and what it holds; a state that ends it, or None."""
        charge_point_id = self._session.charge_point_id
        known = await self._lists.known(charge_point_id)
        self._sent, self._has_version = self._sent or known.sent, None
        try:
            version = self._dialect.version(await self._call(self._dialect.ask_version()))
        except CallErrorAnswered as error:
            return ListState.NOT_SUPPORTED if error.knows_no_such_request else ListState.UNANSWERED
        except ConnectionLost:
            raise
        except CallFailed:
            return ListState.UNANSWERED
        if version < 0:
            return ListState.NOT_SUPPORTED
        self._has_version = version
        told = await self._ask_capacity()
        self._capacity = told if told.most is not None else replace(told, most=await self._lists.size(charge_point_id))
        if not self._capacity.enabled:
            return ListState.DISABLED
        held = reported(known.held, version)
        self._held, self._anew = Held(held.version) if self._anew else held, False
        return None

    async def _ask_capacity(self) -> Capacity:
        try:
            return self._dialect.capacity(await self._call(self._dialect.ask_capacity()))
        except ConnectionLost:
            raise
        except CallFailed:
            return Capacity()

    async def _send(self, update: Update) -> ListAnswer:
        try:
            answer = await self._call(self._dialect.send(update))
        except CallErrorAnswered as error:
            return ListAnswer.NOT_SUPPORTED if error.knows_no_such_request else ListAnswer.FAILED
        except ConnectionLost:
            raise
        except CallFailed:
            return ListAnswer.UNANSWERED
        return ListAnswer(answer["status"])

    def _entries(self) -> tuple[Mapping[str, Entry], int]:
        return self._lists.entries(self._session.settings(), self._dialect.longest_token, self._capacity.room)

    def _note(self, state: ListState, held: Held) -> None:
        entries, left_out = self._entries()
        standing = Standing(state, held, len(entries), left_out, self._has_version, self._capacity, self._sent)
        self._lists.keep(self._session.charge_point_id, standing)
        log = self._session.log.debug if state is ListState.BEHIND else self._session.log.info
        log("local_list.standing", state=state.value, version=held.version, id_tokens=len(entries), left_out=left_out)


def _state_after(answer: ListAnswer, refused: int) -> ListState:
    """`refused` in a row; after the first refusal everything is sent anew (D01.FR.03)."""
    match answer:
        case ListAnswer.NOT_SUPPORTED:
            return ListState.NOT_SUPPORTED
        case ListAnswer.UNANSWERED:
            return ListState.UNANSWERED
        case _:
            return ListState.REFUSED if refused > 1 else ListState.BEHIND
