"""Logging: structlog everywhere, readable on a terminal, JSON lines otherwise."""

from __future__ import annotations

import logging
import sys
from typing import TextIO

import orjson
import structlog


def configure(stream: TextIO = sys.stderr, *, level: int = logging.INFO) -> None:
    """Send every event to `stream`: coloured columns where it is a terminal, else one JSON object per line."""
    readable = stream.isatty()
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if readable:
        renderer: list[structlog.typing.Processor] = [structlog.dev.ConsoleRenderer(colors=True)]
    else:
        renderer = [structlog.processors.dict_tracebacks, structlog.processors.JSONRenderer(serializer=_json)]
    structlog.configure(
        processors=[*shared, *renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )
    # Libraries that use the standard library's logging speak up only when something is wrong.
    logging.basicConfig(stream=stream, level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s", force=True)


def _json(event: object, **_options: object) -> str:
    return orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
