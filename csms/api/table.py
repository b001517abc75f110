"""What a row of the route table is. The rows drive routing, authorization, validation and answers alike."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypeVar

import orjson
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr

from csms.api.auth import ApiKey, includes
from csms.api.fields import WholeNumber
from csms.domain.authorization import IdTokenAccess
from csms.domain.local_list import ListDesk
from csms.domain.ports import Clock, Estate, Sites, Store, Traces
from csms.validation import FieldError

if TYPE_CHECKING:
    from csms.api.feed import Feed
    from csms.api.keyring import Keyring
    from csms.api.webhook_dispatch import Webhooks


class Answer(BaseModel):
    """Base of response models: fields are answered in the order of their declaration."""

    content_type: ClassVar[str] = "application/json"
    _body: bytes | None = PrivateAttr(default=None)
    _headers: dict[str, str] = PrivateAttr(default_factory=dict)

    @property
    def headers(self) -> Mapping[str, str]:
        """What the answer says besides its body."""
        return self._headers

    def tagged(self, tag: str) -> Self:
        """The same, as a version that a later change can name."""
        self._headers["ETag"] = tag
        return self

    def body(self) -> bytes:
        """The answer as JSON, encoded once: nobody changes an answer that was given."""
        if self._body is None:
            self._body = orjson.dumps(self.model_dump())
        return self._body


class Query(BaseModel):
    """Base of query models; by itself: no parameters."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class PageQuery(Query):
    """Which part of a list."""

    limit: WholeNumber = Field(default=100, ge=1, le=1000)
    offset: WholeNumber = Field(default=0, ge=0, le=10**12)


class NoBody(BaseModel):
    """A body that says nothing: absent, or {}."""

    model_config = ConfigDict(extra="forbid")


class Text(BaseModel):
    """A body that is no JSON."""

    text: str


Item = TypeVar("Item", bound=BaseModel)
QueryT = TypeVar("QueryT", bound=Query)
BodyT = TypeVar("BodyT", bound=BaseModel)


class Page(Answer, Generic[Item]):
    """A part of a list; `total` counts all that match."""

    items: list[Item]
    total: int
    limit: int
    offset: int


@dataclass(frozen=True, slots=True)
class Stream:
    """An answer without an end; `chunks` is closed when the client is gone."""

    content_type: str
    chunks: AsyncGenerator[bytes, None]


@dataclass(frozen=True, slots=True)
class Download:
    """An answer that is no JSON document, to be saved under a name."""

    content_type: str
    content: bytes
    file_name: str


@dataclass(frozen=True, slots=True)
class Services:
    """What handlers work with. `given` are answers by what they were made from, to be given again while it stands;
    `scrape` is what Prometheus gets; `listener_profiles` are the security profiles that some listener lets in;
    `under_way` is what goes on after its request was answered."""

    sites: Sites
    store: Store
    clock: Clock
    feed: Feed
    traces: Traces
    estate: Estate
    keyring: Keyring
    webhooks: Webhooks
    id_tokens: IdTokenAccess
    local_lists: ListDesk
    given: dict[str, tuple[object, Answer]] = field(default_factory=dict)
    scrape: Callable[[], bytes] = bytes
    listener_profiles: tuple[int, ...] = (0, 1)
    under_way: set[asyncio.Task[Any]] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Call(Generic[QueryT, BodyT]):
    """One authorized, validated request; `key` is the one it came with, None where none is needed."""

    services: Services
    path: Mapping[str, str]
    query: QueryT
    body: BodyT
    headers: Mapping[str, str] = field(default_factory=dict)
    key: ApiKey | None = None

    def may(self, scope: str) -> bool:
        """Whether the key that came with the request includes this scope."""
        return self.key is not None and includes(self.key, scope)


BodyContext = Callable[[Services, Mapping[str, str]], object]


@dataclass(frozen=True, slots=True)
class Route:
    """A row: method and path, the scope needed (None: public), who answers, and with what models.

    `body` None: a body is ignored. `body_context` finds what the body is validated against and raises Problem 404
    where there is no such thing. `text` is the media type of a body that is no JSON: a Text. `errors` are the statuses
    beyond those that follow from the other columns. `streams` and `downloads` are the media types of an answer without
    an end, and of one to be saved, where there is one besides `response`. `named` gives the fields of a body's errors
    the names under which they were written. `audited`: a success of a method other than GET is kept in the audit log.
    """

    method: str
    path: str
    scope: str | None
    handler: Callable[[Call[Any, Any]], Awaitable[BaseModel | Stream | Download]]
    response: Any  # a model class, or a generic one with its argument such as Page[SessionRow]
    summary: str
    query: type[Query] = Query
    body: type[BaseModel] | None = None
    body_required: bool = True
    body_context: BodyContext | None = None
    text: str | None = None
    errors: tuple[int, ...] = ()
    streams: str | None = None
    downloads: str | None = None
    named: Callable[[list[FieldError]], list[FieldError]] = list
    audited: bool = True

    @property
    def statuses(self) -> list[int]:
        """Every status but success that this route may answer, for its documentation."""
        by_scope = [401, 403, 429] if self.scope else []
        by_body = [409, 413, 415] if self.body or self.text else []
        by_method = [] if self.method == "GET" else [503]  # nothing is changed without the store
        return sorted({*by_scope, *by_body, *by_method, *self.errors, 422, 500})
