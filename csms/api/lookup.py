"""From the ids in a path to what they name, or Problem 404."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from csms.api.problems import Problem
from csms.api.table import Services
from csms.domain.ports import SiteAccess
from csms.domain.snapshot import Snapshot


def site(services: Services, path: Mapping[str, str]) -> SiteAccess:
    found = services.sites.get(path["site_id"])
    if found is None:
        raise Problem(404, "There is no site with this id.")
    return found


@dataclass(frozen=True, slots=True)
class Now:
    """What a body with times in it is validated against."""

    utc_s: float


def now_at_site(services: Services, path: Mapping[str, str]) -> Now:
    """A body context: the site must exist."""
    site(services, path)
    return Now(services.clock.now().utc_s)


def charge_point_site(services: Services, path: Mapping[str, str]) -> Snapshot:
    """The site that the charge point belongs to, as it is now."""
    for _, snapshot in snapshots(services):
        if path["charge_point_id"] in snapshot.settings:
            return snapshot
    raise Problem(404, "There is no charge point with this id.")


def snapshots(services: Services) -> Iterator[tuple[str, Snapshot]]:
    for site_id in services.sites.site_ids():
        found = services.sites.get(site_id)
        if found is not None:
            yield site_id, found.snapshot()
