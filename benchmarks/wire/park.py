"""config.toml of the system under test: sites of chargers that share a scarce connection."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.wire.mix import DEFAULT_KW, RATED_KW

API_KEY = "a-key-of-the-benchmark"
SHARE_KW = 8.0
"""What a site has for each of its chargers: more than they are promised, less than they could take."""


@dataclass(frozen=True, slots=True)
class Park:
    """A site of chargers, three-phase ones where `current` is AC; DC chargers are limited in watts."""

    site_id: str
    identities: Sequence[str]
    share_kw: float = SHARE_KW
    default_kw: float = DEFAULT_KW
    current: str = "AC"

    @property
    def capacity_kw(self) -> float:
        return round(self.share_kw * len(self.identities), 3)


@dataclass(frozen=True, slots=True)
class Layout:
    """What there is besides the ports; `balancer` are lines of its section."""

    parks: Sequence[Park]
    balancer: Mapping[str, float] = field(default_factory=dict)


def parks(identities: Sequence[str], per_site: int, share_kw: float = SHARE_KW) -> list[Park]:
    return [
        Park(f"park-{number:03d}", identities[start : start + per_site], share_kw)
        for number, start in enumerate(range(0, len(identities), per_site))
    ]


def write_config(folder: Path, layout: Layout, ocpp_port: int, api_port: int) -> Path:
    """Write the file, with its database beside it, and return its path."""
    path = folder / "config.toml"
    path.write_text("\n".join(_lines(folder, layout, ocpp_port, api_port)) + "\n")
    return path


def _lines(folder: Path, layout: Layout, ocpp_port: int, api_port: int) -> Iterator[str]:
    # Nobody says or asks as much as these do; whoever measures a server must not be slowed by it.
    unlimited = {"max_messages_per_s": 1_000_000, "max_bytes_per_s": 1_000_000_000}
    yield from _section("[ocpp]", {"port": ocpp_port} | unlimited)
    yield from _section("[api]", {"port": api_port, "max_requests_per_s": 100_000})
    sha256 = hashlib.sha256(API_KEY.encode()).hexdigest()
    yield from _section("[[api.keys]]", {"name": "benchmark", "sha256": sha256, "scopes": ["control"]})
    yield from _section("[storage]", {"url": f"sqlite+aiosqlite:///{folder / 'csms.db'}"})
    yield from _section("[balancer]", layout.balancer)
    for park in layout.parks:
        yield from _section("[[sites]]", {"site_id": park.site_id, "grid_capacity_kw": park.capacity_kw})
        for identity in park.identities:
            yield from _section("[[sites.charge_points]]", _charger(park, identity))


def _charger(park: Park, identity: str) -> Mapping[str, object]:
    return {
        "charge_point_id": identity,
        "max_power_kw": RATED_KW,
        "current": park.current,
        **({"phases": 3} if park.current == "AC" else {}),
        "offline_limit_kw": park.default_kw,
    }


def _section(heading: str, values: Mapping[str, object]) -> Iterable[str]:
    return ["", heading, *(f"{name} = {json.dumps(value)}" for name, value in values.items())]
