"""/metrics, for Prometheus."""

from __future__ import annotations

from typing import ClassVar

from pydantic import PrivateAttr

from csms.api.table import Answer, Call, NoBody, Query, Route

PATH = "/metrics"


class MetricsAnswer(Answer):
    """Text, not JSON: the format that Prometheus reads."""

    content_type: ClassVar[str] = "text/plain; version=0.0.4; charset=utf-8"
    _text: bytes = PrivateAttr(default=b"")

    @classmethod
    def of(cls, text: bytes) -> MetricsAnswer:
        answer = cls()
        answer._text = text
        return answer

    def body(self) -> bytes:
        return self._text


async def get_metrics(call: Call[Query, NoBody]) -> MetricsAnswer:
    return MetricsAnswer.of(call.services.scrape())


ROUTES = (Route("GET", PATH, "read", get_metrics, MetricsAnswer, "Figures for Prometheus, in its text format"),)
