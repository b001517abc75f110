"""Logging: structlog everywhere, readable on a terminal, JSON lines otherwise, or as the configuration says."""

from __future__ import annotations

import contextlib
import logging
import sys
from typing import Literal, TextIO

import orjson
import structlog
from structlog.typing import EventDict, Processor

Format = Literal["auto", "console", "json"]


def configure(stream: TextIO = sys.stderr, *, level: int = logging.INFO, form: Format = "auto") -> None:
    """Send every event to `stream`: readable columns (console) or one JSON object per line (json); auto decides by
    whether it is a terminal. Columns are coloured on a terminal only."""
    readable = form == "console" or (form == "auto" and stream.isatty())
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if readable:
        plain = structlog.dev.RichTracebackFormatter(show_locals=False)
        renderer: list[Processor] = [
            _visible,
            structlog.dev.ConsoleRenderer(colors=stream.isatty(), exception_formatter=plain),
        ]
    else:
        renderer = [_tracebacks(), structlog.processors.JSONRenderer(serializer=_json)]
    structlog.configure(
        processors=[*shared, *renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: _Printer(stream),
        cache_logger_on_first_use=False,
    )
    _take_over_standard_logging(stream, shared, renderer)


class _Printer:
    """Prints lines. A stream that was closed or is full (a pipe nobody reads) costs the line, and ends no task."""

    def __init__(self, stream: TextIO) -> None:
        self._print = structlog.PrintLogger(stream).msg

    def msg(self, message: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._print(message)

    log = debug = info = warn = warning = err = error = critical = exception = fatal = failure = msg


def _take_over_standard_logging(stream: TextIO, shared: list[Processor], renderer: list[Processor]) -> None:
    """Libraries log through the standard library: in the same form, and only when something is wrong."""
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderer],
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter)
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)


def _visible(_logger: object, _method: str, event: EventDict) -> EventDict:
    """What charge points say may hold control characters: on a terminal they would clear it, or forge a line."""
    for name, value in event.items():
        if isinstance(value, str) and name != "exception" and not value.isprintable():
            event[name] = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in value)
    return event


def _tracebacks() -> Processor:
    """Exceptions as data, without the local variables of their frames: those may hold keys and id tokens."""
    return structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False))


def _json(event: object, **_options: object) -> str:
    return orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
