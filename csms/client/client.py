"""The calls. Each returns a model or raises ApiError."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from types import TracebackType
from typing import Any, TypeVar
from urllib.parse import quote

import aiohttp
from pydantic import ValidationError

from csms.client.errors import ApiError, of_answer
from csms.client.models import (
    Alarm,
    Allocation,
    ChargePoint,
    CommandResult,
    Event,
    HistoryBucket,
    LocalList,
    Model,
    Resending,
    Session,
    Site,
)

TIMEOUT_S = 60.0
"""A command waits for its charge point, a rebalance for all of a site: at most about half of this."""

_PAGE = 1000
_SILENCE_S = 45.0
"""The event stream has a heartbeat every 15 s."""

_NO_ANSWER = "no answer"

JsonObject = dict[str, Any]
ModelT = TypeVar("ModelT", bound=Model)


_NO_QUERY: Mapping[str, object] = {}


class Client:
    """Talks to a central system at `url` (http://HOST:8080) with an API key. To be used as a context manager."""

    def __init__(self, url: str, key: str, *, timeout_s: float = TIMEOUT_S) -> None:
        self._base = url.rstrip("/").removesuffix("/api/v1") + "/api/v1"
        self._key = key
        self._timeout_s = timeout_s
        self._http: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Client:
        self._http = aiohttp.ClientSession(
            headers={"Authorization": f"Bearer {self._key}"}, timeout=aiohttp.ClientTimeout(total=self._timeout_s)
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._http is not None:
            await self._http.close()

    async def trouble(self) -> str | None:
        """Why the central system is not ready: it takes no writes, or a site does not run. None: it is ready."""
        try:
            await self._fetch("GET", self._base.removesuffix("/api/v1") + "/readyz")
        except ApiError as error:
            if error.status != 503:
                raise
            return error.detail
        return None

    async def sites(self) -> list[Site]:
        return [site async for site in self._all("/sites", Site)]

    async def charge_points(self, site_id: str | None = None) -> list[ChargePoint]:
        return [point async for point in self._all("/charge-points", ChargePoint, site_id=site_id)]

    async def charge_point(self, charge_point_id: str) -> ChargePoint:
        return _read(ChargePoint, await self.call("GET", f"/charge-points/{_part(charge_point_id)}"))

    async def sessions(
        self,
        *,
        site_id: str | None = None,
        charge_point_id: str | None = None,
        status: str | None = None,
        limit: int = 100,
    ) -> list[Session]:
        """The newest first, at most `limit`."""
        query = {"site_id": site_id, "charge_point_id": charge_point_id, "status": status, "limit": min(limit, _PAGE)}
        found: list[Session] = []
        async for session in self._all("/sessions", Session, **query):
            if len(found) == limit:
                break
            found.append(session)
        return found

    async def alarms(self, *, site_id: str | None = None, standing: bool | None = None) -> list[Alarm]:
        """The newest first; `standing` None: those that stand and those that were cleared."""
        choice = None if standing is None else str(standing).lower()
        return [alarm async for alarm in self._all("/alarms", Alarm, site_id=site_id, standing=choice)]

    async def allocation(self, site_id: str) -> Allocation:
        return _read(Allocation, await self.call("GET", f"{_site(site_id)}/allocation"))

    async def history(
        self, site_id: str, *, granularity: str = "15min", from_: str | None = None, to: str | None = None
    ) -> list[HistoryBucket]:
        """By default the last 24 hours."""
        query = {"granularity": granularity, "from": from_, "to": to}
        answer = await self.call("GET", f"{_site(site_id)}/allocation/history", query=query)
        return [_read(HistoryBucket, bucket) for bucket in answer["buckets"]]

    async def config(self, site_id: str) -> JsonObject:
        """The smart-charging configuration; ApiError 404 while there is none."""
        return await self.call("GET", f"{_site(site_id)}/config")

    async def configure(self, site_id: str, config: Mapping[str, Any]) -> JsonObject:
        """Replace the smart-charging configuration; what is in force now."""
        return await self.call("PUT", f"{_site(site_id)}/config", config)

    async def rebalance(self, site_id: str) -> JsonObject:
        """Say every session its limit again; returns when the chargers have answered."""
        return await self.call("POST", f"{_site(site_id)}/rebalance")

    async def command(self, charge_point_id: str, name: str, fields: Mapping[str, Any]) -> CommandResult:
        """A command in no version's words, such as reset."""
        path = f"/charge-points/{_part(charge_point_id)}/commands"
        return _read(CommandResult, await self.call("POST", path, {**fields, "command": name}))

    async def ocpp(self, charge_point_id: str, action: str, payload: Mapping[str, Any]) -> CommandResult:
        """A request in OCPP's own words, such as Reset."""
        path = f"/charge-points/{_part(charge_point_id)}/ocpp/{_part(action)}"
        return _read(CommandResult, await self.call("POST", path, payload))

    async def local_list(self, charge_point_id: str) -> LocalList:
        """How its local authorization list stands; ApiError 404 where none was ever sent."""
        return _read(LocalList, await self.call("GET", f"/charge-points/{_part(charge_point_id)}/local-list"))

    async def resend_local_list(self, charge_point_id: str) -> Resending:
        """Have all of it sent anew; returns before that has happened."""
        return _read(Resending, await self.call("POST", f"/charge-points/{_part(charge_point_id)}/local-list"))

    async def events(
        self,
        *,
        site_id: str | None = None,
        charge_point_id: str | None = None,
        types: tuple[str, ...] = (),
        after: int | None = None,
    ) -> AsyncIterator[Event]:
        """What happens from now on, or after the event of this number; raises ApiError when the stream ends."""
        query = {
            "site_id": site_id,
            "charge_point_id": charge_point_id,
            "type": ",".join(types) or None,
            "after": after,
        }
        timeout = aiohttp.ClientTimeout(total=None, sock_read=_SILENCE_S)
        try:
            async with self._session.get(self._base + "/events", params=_given(query), timeout=timeout) as answer:
                await _refuse(answer)
                async for line in answer.content:
                    if line.startswith(b"data:"):
                        yield _read(Event, json.loads(line[5:]))
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise _unreachable(self._base, error) from error
        raise ApiError(None, _NO_ANSWER, "the stream of events has ended")

    async def call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        query: Mapping[str, object] | None = None,
    ) -> JsonObject:
        """Any call of the REST interface; `path` begins after /api/v1."""
        return await self._fetch(method, self._base + path, body, query or {})

    async def _fetch(
        self, method: str, url: str, body: Mapping[str, Any] | None = None, query: Mapping[str, object] = _NO_QUERY
    ) -> JsonObject:
        try:
            async with self._session.request(method, url, json=body, params=_given(query)) as answer:
                await _refuse(answer)
                found: JsonObject = await answer.json(content_type=None)
                return found
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise _unreachable(self._base, error) from error

    async def _all(self, path: str, model: type[ModelT], **query: object) -> AsyncIterator[ModelT]:
        """A list, page by page."""
        offset, total = 0, 1
        while offset < total:
            page = await self.call("GET", path, query={"limit": _PAGE, **query, "offset": offset})
            items, total = page["items"], page["total"]
            for item in items:
                yield _read(model, item)
            offset += len(items)
            if not items:
                return

    @property
    def _session(self) -> aiohttp.ClientSession:
        if self._http is None:
            raise RuntimeError("use it as a context manager: async with Client(...) as client")
        return self._http


async def _refuse(answer: aiohttp.ClientResponse) -> None:
    if answer.status < 400:
        return
    try:
        body = await answer.json(content_type=None)
    except ValueError:
        body = None
    raise of_answer(answer.status, answer.reason or "", body)


def _read(model: type[ModelT], body: object) -> ModelT:
    try:
        return model.model_validate(body)
    except ValidationError as unlike:
        raise ApiError(
            None, "unknown answer", f"this is no {model.__name__}: is the server of another version?"
        ) from unlike


def _unreachable(base: str, error: Exception) -> ApiError:
    if isinstance(error, TimeoutError):
        return ApiError(None, _NO_ANSWER, f"{base} took too long")
    return ApiError(None, _NO_ANSWER, f"{base}: {error}")


def _given(query: Mapping[str, object]) -> dict[str, str]:
    return {name: str(value) for name, value in query.items() if value is not None}


def _site(site_id: str) -> str:
    return f"/smart-charging/sites/{_part(site_id)}"


def _part(text: str) -> str:
    return quote(text, safe="")
