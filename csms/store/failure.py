"""How the store says that something went wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import structlog
from sqlalchemy.exc import DBAPIError

from csms.domain.failures import StoreFailed

log = structlog.get_logger()


def fail(futures: Iterable[asyncio.Future[None]], why: str) -> None:
    """Nobody has to await them: the exception counts as seen."""
    for future in futures:
        if not future.done():
            future.set_exception(StoreFailed(why))
            future.exception()


def report(event: str, error: Exception, **details: object) -> None:
    """Log it without a traceback: statements say nothing to an operator, and their parameters may say too much."""
    log.error(event, error=reason(error), **details)


def reason(error: Exception) -> str:
    """What the database said, without the statement and its parameters."""
    return str(error.orig) if isinstance(error, DBAPIError) else str(error)
