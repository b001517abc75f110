"""A site that runs, as the file would declare it, so that changes over REST are checked by the rules of the file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from csms.config_ids import identity_errors
from csms.domain.grid import Circuit
from csms.domain.model import ChargePointSettings, SiteSettings
from csms.domain.snapshot import Snapshot
from csms.quirks_config import quirks_config
from csms.site_config import SiteConfig
from csms.smart_charging import from_domain
from csms.validation import FieldError, field_errors, field_path, kw

Document = dict[str, Any]


class SiteInvalid(Exception):
    """What is wrong with a site as a whole."""

    def __init__(self, errors: list[FieldError]) -> None:
        super().__init__()
        self.errors = errors


def checked(document: Mapping[str, Any]) -> SiteConfig:
    """A site that keeps every rule of the file. Raises SiteInvalid."""
    ids = [FieldError(field_path(place[2:]), rule) for place, rule in identity_errors({"sites": [document]})]
    try:
        site = SiteConfig.model_validate(document)
    except ValidationError as invalid:
        raise SiteInvalid(field_errors(invalid) + ids) from None
    if ids:
        raise SiteInvalid(ids)
    return site


def site_document(snapshot: Snapshot) -> Document:
    """The whole site, with its charge points in their order and its smart charging."""
    site = snapshot.site
    return {
        **settings_document(site),
        "site_id": site.site_id,
        "circuits": [circuit_document(snapshot, circuit) for circuit in site.circuits],
        "charge_points": [charge_point_document(settings) for settings in snapshot.settings.values()],
        "smart_charging": None
        if snapshot.smart_charging is None
        else from_domain(snapshot.smart_charging).model_dump(),
    }


def settings_document(site: SiteSettings) -> Document:
    """Without circuits."""
    return {
        "name": site.name,
        "timezone": site.timezone,
        "grid_capacity_kw": kw(site.grid_capacity_w),
        "grid_max_current_a": site.grid_max_current_a,
        "voltage_v": site.voltage_v,
        "voltage_min_v": site.voltage_min_v,
        "voltage_max_v": site.voltage_max_v,
        "reserve_kw": kw(site.reserve_w),
        "site_load_max_age_s": site.site_load_max_age_s,
        "site_load_max_kw": _optional_kw(site.site_load_max_w),
        "site_load_max_current_a": site.site_load_max_current_a,
        "price_per_kwh": site.price_per_kwh,
        "currency": site.currency,
    }


def circuit_document(snapshot: Snapshot, circuit: Circuit) -> Document:
    members = [name for name, settings in snapshot.settings.items() if settings.circuit_id == circuit.circuit_id]
    return {
        "circuit_id": circuit.circuit_id,
        "parent": circuit.parent,
        "max_power_kw": _optional_kw(circuit.max_power_w),
        "max_current_a": circuit.max_current_a,
        "charge_points": members,
    }


def charge_point_document(settings: ChargePointSettings) -> Document:
    return {
        "charge_point_id": settings.charge_point_id,
        "connectors": settings.connectors,
        "max_power_kw": _optional_kw(settings.max_power_w),
        "current": None if settings.current is None else settings.current.value,
        "phases": settings.phases,
        "phase_rotation": rotation(settings.phase_map),
        "phase": phase(settings.phase_map),
        "grid_factor": settings.grid_factor,
        "in_service": settings.in_service,
        "never_pause": settings.never_pause,
        "offline_limit_kw": kw(settings.offline_limit_w),
        "protocol": settings.protocol,
        "registration": settings.registration,
        "password_sha256": settings.password_sha256,
        "local_list": settings.local_list,
        "security_profile": settings.security_profile,
        "certificate_name": settings.certificate_name,
        "quirks": None if settings.quirks is None else quirks_config(settings.quirks).model_dump(exclude_none=True),
    }


def rotation(phase_map: tuple[int, ...] | None) -> str | None:
    """OCPP's word for it; a conductor that is not connected stands last. None: not known, or a single phase."""
    if phase_map is None or len(phase_map) < 2:
        return None
    return "".join("RST"[phase] for phase in (*phase_map, *(phase for phase in range(3) if phase not in phase_map)))


def phase(phase_map: tuple[int, ...] | None) -> str | None:
    """The one phase that feeds it; None: not known, or several."""
    return f"L{phase_map[0] + 1}" if phase_map is not None and len(phase_map) == 1 else None


def _optional_kw(power_w: int | None) -> float | None:
    return None if power_w is None else kw(power_w)
