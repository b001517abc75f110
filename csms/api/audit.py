"""/api/v1/audit: who changed what, when, and from where."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from urllib.parse import unquote

import structlog
from aiohttp import web

from csms.api import lookup
from csms.api.auth import ApiKey
from csms.api.fields import FromTime, Id, Time, UtcSeconds, time
from csms.api.periods import check_order
from csms.api.table import Answer, Call, NoBody, Page, PageQuery, Route, Services
from csms.domain.records import AuditEntry, RecordQuery

log = structlog.get_logger(__name__)

_LONGEST_SUBJECT = 500


class AuditQuery(PageQuery):
    """`subject` is a path as it stands in an entry."""

    subject: Id | None = None
    from_: FromTime = None
    to: UtcSeconds | None = None


class AuditRow(Answer):
    """`subject` is the path that was asked for, `key` the name of the key, `address` where the request came from.
    `site_id` is the site that the subject is of; null: it is of none, or is gone."""

    audit_id: int
    at: Time
    key: str
    method: str
    subject: str
    site_id: str | None
    address: str
    status: int
    request_id: str


async def list_audit(call: Call[AuditQuery, NoBody]) -> Page[AuditRow]:
    query = call.query
    check_order(query.from_, query.to)
    page = await call.services.store.records(
        RecordQuery(
            AuditEntry,
            where={} if query.subject is None else {"subject": query.subject},
            below={} if query.to is None else {"at_s": query.to},
            above={} if query.from_ is None else {"at_s": math.nextafter(query.from_, -math.inf)},
            newest_first=True,
            limit=query.limit,
            offset=query.offset,
        )
    )
    sites = {name: site_id for site_id, snapshot in lookup.snapshots(call.services) for name in snapshot.settings}
    known = frozenset(call.services.sites.site_ids())
    items = [_row(entry, _site(entry.subject, sites, known)) for entry in page.items]
    return Page(items=items, total=page.total, limit=query.limit, offset=query.offset)


async def note(services: Services, request: web.Request, key: ApiKey | None, subject: str, request_id: str) -> None:
    """A change that succeeded; what was sent is not kept, it may hold secrets. Never fails: the change was made."""
    try:
        entry = AuditEntry(
            audit_id=services.store.next_id("audit"),
            at_s=services.clock.now().utc_s,
            subject=subject[:_LONGEST_SUBJECT],
            key=key.name if key is not None else "",
            method=request.method,
            address=request.remote or "",
            status=200,
            request_id=request_id,
        )
        await services.store.save(entry)
    except Exception:  # a boundary: what was done cannot be undone here, and whoever asked must know that it was done
        log.exception("api_audit_failed", request_id=request_id)


def _site(subject: str, sites: Mapping[str, str], known: Collection[str]) -> str | None:
    """The site of what a path names: a site, or a charge point, of which `sites` says where it is."""
    names = [unquote(part) for part in subject.removeprefix("/api/v1/").removeprefix("smart-charging/").split("/")]
    match names:
        case ["sites", site_id, *_] if site_id in known:
            return site_id
        case ["charge-points", charge_point_id, *_]:
            return sites.get(charge_point_id)
        case _:
            return None


def _row(entry: AuditEntry, site_id: str | None) -> AuditRow:
    return AuditRow(
        audit_id=entry.audit_id,
        at=time(entry.at_s),
        key=entry.key,
        method=entry.method,
        subject=entry.subject,
        site_id=site_id,
        address=entry.address,
        status=entry.status,
        request_id=entry.request_id,
    )


ROUTES = (
    Route(
        "GET",
        "/api/v1/audit",
        "admin",
        list_audit,
        Page[AuditRow],
        "Who changed what over REST, newest first",
        query=AuditQuery,
    ),
)
