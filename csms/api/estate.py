"""Which sites and charge points there are: created, changed and removed with the models and the rules of the file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

from csms.api import charge_points, etags, lookup, sites
from csms.api.problems import Problem, invalid
from csms.api.table import Answer, Call, NoBody, Query, Route, Services
from csms.domain.model import ChargePointSettings
from csms.domain.snapshot import Snapshot
from csms.site_config import ChargePointConfig, ChargePointFields, SiteConfig, SiteFields
from csms.site_documents import Document, SiteInvalid, checked, site_document
from csms.validation import FieldError, Key


class NewChargePoint(ChargePointConfig):
    """`circuit_id`: on which circuit of the site it hangs; null: on the grid connection itself."""

    circuit_id: Key | None = None


class ChargePointBody(ChargePointFields):
    circuit_id: Key | None = None


class RemoveQuery(Query):
    """`force` "true": sessions that run there end."""

    force: Literal["true", "false"] = "false"


class RemovedAnswer(Answer):
    removed: Literal[True]


async def post_site(call: Call[Query, SiteConfig]) -> sites.SiteAnswer:
    config = call.body
    if call.services.sites.get(config.site_id) is not None:
        raise Problem(409, "There is a site with this id.")
    _check(config.model_dump())
    for place, point in enumerate(config.charge_points):
        _refuse_known(call.services, point.charge_point_id, f"charge_points[{place}].charge_point_id")
    now_s = call.services.clock.now().utc_s
    configured = config.smart_charging_settings(now_s)
    await call.services.estate.create_site(config.settings(), config.charge_point_settings(), configured)
    return sites.site_answer(lookup.site(call.services, {"site_id": config.site_id}))


async def put_site(call: Call[Query, SiteFields]) -> sites.SiteAnswer:
    site = lookup.site(call.services, call.path)
    snapshot = site.snapshot()
    etags.check(call.headers, sites.site_tag(snapshot))
    wanted = _check({**site_document(snapshot), **call.body.model_dump()})
    places = {declared.charge_point_id: declared.circuit_id for declared in wanted.charge_point_settings()}
    moved = [
        replace(settings, circuit_id=places[name])
        for name, settings in snapshot.settings.items()
        if settings.circuit_id != places[name]
    ]
    await call.services.estate.change_site(wanted.settings(), moved)
    return sites.site_answer(site)


async def delete_site(call: Call[RemoveQuery, NoBody]) -> RemovedAnswer:
    snapshot = lookup.site(call.services, call.path).snapshot()
    etags.check(call.headers, sites.site_tag(snapshot))
    _refuse_running(snapshot, list(snapshot.settings), call.query)
    await call.services.estate.remove_site(snapshot.site.site_id, force=call.query.force == "true")
    return RemovedAnswer(removed=True)


async def post_charge_point(call: Call[Query, NewChargePoint]) -> charge_points.OneChargePointAnswer:
    snapshot, body = lookup.site(call.services, call.path).snapshot(), call.body
    _refuse_known(call.services, body.charge_point_id)
    document = site_document(snapshot)
    fields = body.model_dump(exclude={"circuit_id"})
    document["charge_points"].append(fields)
    settings = _placed(document, fields, body.circuit_id)
    await call.services.estate.declare_charge_point(settings)
    return await charge_points.charge_point_answer(call.services, body.charge_point_id)


async def put_charge_point(call: Call[Query, ChargePointBody]) -> charge_points.OneChargePointAnswer:
    snapshot, name = lookup.charge_point_site(call.services, call.path), call.path["charge_point_id"]
    before = snapshot.settings[name]
    etags.check(call.headers, etags.etag(before))
    document = site_document(snapshot)
    place = list(snapshot.settings).index(name)
    fields = {"charge_point_id": name, **call.body.model_dump(exclude={"circuit_id"})}
    if "password_sha256" not in call.body.model_fields_set:  # no answer shows it, so nobody could send it back
        fields["password_sha256"] = before.password_sha256
    document["charge_points"][place] = fields
    settings = _placed(document, fields, call.body.circuit_id)
    if "quirks" not in call.body.model_fields_set:  # what an operator has pinned is not lost with an edit of the rest
        settings = replace(settings, quirks=before.quirks)
    await call.services.estate.declare_charge_point(settings)
    return await charge_points.charge_point_answer(call.services, name)


async def delete_charge_point(call: Call[RemoveQuery, NoBody]) -> RemovedAnswer:
    snapshot, name = lookup.charge_point_site(call.services, call.path), call.path["charge_point_id"]
    etags.check(call.headers, etags.etag(snapshot.settings[name]))
    _refuse_running(snapshot, [name], call.query)
    await call.services.estate.remove_charge_point(name, force=call.query.force == "true")
    return RemovedAnswer(removed=True)


def _placed(document: Document, fields: Mapping[str, Any], circuit_id: str | None) -> ChargePointSettings:
    """The settings of a charge point of this site document, hung where it belongs. Raises Problem 422."""
    name = fields["charge_point_id"]
    for circuit in document["circuits"]:
        members = [member for member in circuit["charge_points"] if member != name]
        circuit["charge_points"] = [*members, name] if circuit["circuit_id"] == circuit_id else members
    if circuit_id is not None and all(circuit["circuit_id"] != circuit_id for circuit in document["circuits"]):
        raise invalid([FieldError("circuit_id", "must be a circuit of the site")])
    place = next(n for n, row in enumerate(document["charge_points"]) if row["charge_point_id"] == name)
    return _check(document, own=f"charge_points[{place}].").charge_point_settings()[place]


def _check(document: Mapping[str, Any], own: str = "") -> SiteConfig:
    """`own` is where in the document the body stands. Raises Problem 422."""
    try:
        return checked(document)
    except SiteInvalid as broken:
        raise invalid([FieldError(error.field.removeprefix(own), error.rule) for error in broken.errors]) from None


def _refuse_known(services: Services, charge_point_id: str, field: str = "charge_point_id") -> None:
    if any(charge_point_id in snapshot.settings for _, snapshot in lookup.snapshots(services)):
        errors = [FieldError(field, "must not be that of another charge point")]
        raise Problem(409, "There is a charge point with this id.", errors)


def _refuse_running(snapshot: Snapshot, names: list[str], query: RemoveQuery) -> None:
    if query.force != "true" and any(key.charge_point_id in names for key in snapshot.active):
        raise Problem(409, "A session is running there; it ends with force=true.")


def _known_site(services: Services, path: Mapping[str, str]) -> None:
    lookup.site(services, path)


def _known_charge_point(services: Services, path: Mapping[str, str]) -> None:
    lookup.charge_point_site(services, path)


_SITE, _POINT = "/api/v1/sites/{site_id}", "/api/v1/charge-points/{charge_point_id}"

ROUTES = (
    Route("POST", "/api/v1/sites", "admin", post_site, sites.SiteAnswer, "Create a site", body=SiteConfig),
    Route(
        "PUT",
        _SITE,
        "admin",
        put_site,
        sites.SiteAnswer,
        "Replace what is declared of a site and its circuits",
        body=SiteFields,
        body_context=_known_site,
        errors=(404, 412),
    ),
    Route(
        "DELETE",
        _SITE,
        "admin",
        delete_site,
        RemovedAnswer,
        "Remove a site with its charge points",
        query=RemoveQuery,
        errors=(404, 409, 412),
    ),
    Route(
        "POST",
        f"{_SITE}/charge-points",
        "admin",
        post_charge_point,
        charge_points.OneChargePointAnswer,
        "Declare another charge point of a site",
        body=NewChargePoint,
        body_context=_known_site,
        errors=(404,),
    ),
    Route(
        "PUT",
        _POINT,
        "admin",
        put_charge_point,
        charge_points.OneChargePointAnswer,
        "Replace what is declared of a charge point",
        body=ChargePointBody,
        body_context=_known_charge_point,
        errors=(404, 412),
    ),
    Route(
        "DELETE",
        _POINT,
        "admin",
        delete_charge_point,
        RemovedAnswer,
        "Remove a charge point",
        query=RemoveQuery,
        errors=(404, 409, 412),
    ),
)
