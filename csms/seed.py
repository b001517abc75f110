"""The file seeds the store; what REST changed later wins over it. Which of the two holds, as a pure function."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from csms.domain import events as ev
from csms.domain.model import ChargePointSettings, Moment, SiteSettings, SmartCharging
from csms.domain.ports import REMOVED
from csms.domain.removal import naming_only
from csms.domain.state import Row

FILE = "file"
API = "api"


@dataclass(frozen=True, slots=True)
class DeclaredSite:
    """A site as the file declares it."""

    settings: SiteSettings
    charge_points: tuple[ChargePointSettings, ...]
    smart_charging: SmartCharging | None


@dataclass(frozen=True, slots=True)
class Seed:
    """What the file changes: `events` to record, charge points it no longer declares, and where the store wins."""

    events: tuple[ev.SiteDeclared | ev.ChargePointDeclared | ev.SmartChargingConfigured, ...]
    forgotten: tuple[str, ...]
    overruled: tuple[str, ...]


def seed(
    declared: DeclaredSite,
    stored: Sequence[Row],
    origins: Mapping[str, str],
    at: Moment,
    elsewhere: frozenset[str] = frozenset(),
) -> Seed:
    """Compare a site of the file with the rows stored of it.

    `origins` says who last wanted each stored thing; `elsewhere` holds the charge points of the file's other sites.
    """
    things: list[tuple[str, object, ev.SiteDeclared | ev.ChargePointDeclared | ev.SmartChargingConfigured]] = [
        ("site", declared.settings, ev.SiteDeclared(at, declared.settings)),
        *((_name(settings), settings, ev.ChargePointDeclared(at, settings)) for settings in declared.charge_points),
    ]
    if declared.smart_charging is not None:
        # The file may still name what was removed over REST; that this is gone is no difference to be told each time.
        named = naming_only(declared.smart_charging, lambda name: origins.get(_CHARGE_POINT + name) != REMOVED)
        configured = replace(named, updated_at_s=at.utc_s)
        things.append(("smart_charging", configured, ev.SmartChargingConfigured(at, configured)))
    held = _held(stored)
    changed = [(name, event) for name, wanted, event in things if not _same(held.get(name), wanted)]
    wins = {name for name, _ in changed if (name in held and origins.get(name) == API) or origins.get(name) == REMOVED}
    known = {_name(settings) for settings in declared.charge_points}
    unknown = [name for name in held if name.startswith(_CHARGE_POINT) and name not in known]
    dropped = [name for name in unknown if origins.get(name) == FILE or name.removeprefix(_CHARGE_POINT) in elsewhere]
    return Seed(
        events=tuple(event for name, event in changed if name not in wins),
        forgotten=tuple(name.removeprefix(_CHARGE_POINT) for name in dropped),
        overruled=tuple(name for name, _ in changed if name in wins),
    )


_CHARGE_POINT = "charge_point/"


def _name(settings: ChargePointSettings) -> str:
    return _CHARGE_POINT + settings.charge_point_id


def _held(stored: Sequence[Row]) -> dict[str, object]:
    held: dict[str, object] = {}
    for row in stored:
        match row:
            case SiteSettings():
                held["site"] = row
            case SmartCharging():
                held["smart_charging"] = row
            case ChargePointSettings():
                held[_name(row)] = row
    return held


def _same(held: object, wanted: object) -> bool:
    if isinstance(held, SmartCharging) and isinstance(wanted, SmartCharging):
        return replace(held, updated_at_s=wanted.updated_at_s) == wanted
    return held == wanted
