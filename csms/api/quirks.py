"""/api/v1/charge-points/{id}/quirks: what is known of how a charge point takes its limits, and what is pinned."""

from __future__ import annotations

from dataclasses import fields

from csms.api import lookup
from csms.api.fields import KnobValue, knob_value
from csms.api.problems import invalid
from csms.api.table import Answer, Call, NoBody, Query, Route
from csms.domain.capabilities import Capabilities, Knobs, source
from csms.domain.model import ChargePoint, ChargePointSettings
from csms.domain.ports import SiteAccess
from csms.quirks_config import ONE_CONNECTOR, QuirksConfig, quirks_config
from csms.validation import FieldError


class KnobRow(Answer):
    """`value` null: not known. `source`: assumed, told, quirk, learned or pinned."""

    name: str
    value: KnobValue
    source: str


class LearnedAnswer(Answer):
    """Ways of saying a limit that worked and that failed. `given_up`: none is left to try before its next boot."""

    worked: list[str]
    failed: list[str]
    given_up: bool


class QuirksAnswer(Answer):
    """`pinned` is what was pinned over REST; null: nothing, what the file says holds."""

    knobs: list[KnobRow]
    learned: LearnedAnswer
    pinned: QuirksConfig | None


def quirks_answer(point: ChargePoint, settings: ChargePointSettings) -> QuirksAnswer:
    knowledge = point.knowledge
    known = point.capabilities or Capabilities()
    rows = [
        KnobRow(name=knob.name, value=knob_value(getattr(known, knob.name)), source=_source(point, settings, knob.name))
        for knob in fields(Knobs)
    ]
    learned = knowledge.learned
    return QuirksAnswer(
        knobs=rows,
        learned=LearnedAnswer(worked=list(learned.worked), failed=list(learned.failed), given_up=learned.given_up),
        pinned=None if knowledge.pinned is None else quirks_config(knowledge.pinned),
    )


async def put_quirks(call: Call[Query, QuirksConfig]) -> QuirksAnswer:
    site, charge_point_id = _place(call)
    snapshot = site.snapshot()
    if (field := call.body.too_many(len(snapshot.connector_ids(charge_point_id)))) is not None:
        raise invalid([FieldError(field, ONE_CONNECTOR)])
    await site.pin_quirks(charge_point_id, call.body.knobs())
    return _answer(site, charge_point_id)


async def delete_quirks(call: Call[Query, NoBody]) -> QuirksAnswer:
    site, charge_point_id = _place(call)
    await site.pin_quirks(charge_point_id, None)
    return _answer(site, charge_point_id)


async def get_quirks(call: Call[Query, NoBody]) -> QuirksAnswer:
    return _answer(*_place(call))


def _place(call: Call[Query, QuirksConfig] | Call[Query, NoBody]) -> tuple[SiteAccess, str]:
    snapshot = lookup.charge_point_site(call.services, call.path)
    return lookup.site(call.services, {"site_id": snapshot.site.site_id}), call.path["charge_point_id"]


def _answer(site: SiteAccess, charge_point_id: str) -> QuirksAnswer:
    snapshot = site.snapshot()
    return quirks_answer(snapshot.charge_points[charge_point_id], snapshot.settings[charge_point_id])


def _source(point: ChargePoint, settings: ChargePointSettings, name: str) -> str:
    return source(point.knowledge, settings.quirks, name).value


_PATH = "/api/v1/charge-points/{charge_point_id}/quirks"

ROUTES = (
    Route("GET", _PATH, "read", get_quirks, QuirksAnswer, "How a charge point takes its limits", errors=(404,)),
    Route(
        "PUT",
        _PATH,
        "control",
        put_quirks,
        QuirksAnswer,
        "Pin what is known better",
        body=QuirksConfig,
        errors=(404,),
    ),
    Route("DELETE", _PATH, "control", delete_quirks, QuirksAnswer, "Pin nothing any more", errors=(404,)),
)
