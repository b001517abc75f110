"""/api/v1/me: whose key this is, and what it may do."""

from __future__ import annotations

from csms.api.auth import SCOPES
from csms.api.problems import Problem
from csms.api.table import Answer, Call, NoBody, Query, Route


class MeAnswer(Answer):
    """`scopes` are those that the key holds and those that these include."""

    name: str
    scopes: list[str]


async def get_me(call: Call[Query, NoBody]) -> MeAnswer:
    if call.key is None:
        raise Problem(401, "An API key is needed: Authorization: Bearer KEY.")
    highest = max(SCOPES.index(scope) for scope in call.key.scopes)
    return MeAnswer(name=call.key.name, scopes=list(SCOPES[: highest + 1]))


ROUTES = (Route("GET", "/api/v1/me", "read", get_me, MeAnswer, "Whose key this is, and what it may do"),)
