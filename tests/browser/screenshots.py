"""Pictures of every page in both themes and on a phone: a car park of eight chargers and two minutes of its life.

`PYTHONPATH=tests/lib python tests/browser/screenshots.py FOLDER`; `make screenshots` puts those of the documentation
into docs/images.
"""

from __future__ import annotations

import asyncio
import math
import sys
import tempfile
import time
from pathlib import Path

from playwright.async_api import Page, expect
from scene import Scene, go, opened
from support.system import JsonObject, configuration

from csms.domain.history import MinuteRecord
from csms.store import SyncStore
from simulators.car import Car
from simulators.hardware import AC_ONE_PHASE, AC_THREE_PHASES, DC_50, Hardware
from simulators.protocol import Version

LIFE_S = 100
PHONE = 390
WINDOWS = [
    {"days": ["mon", "tue", "wed", "thu", "fri"], "start": "07:00", "end": "17:30", "max_power_kw": 45},
    {"days": ["mon", "tue", "wed", "thu", "fri"], "start": "17:30", "end": "21:00", "max_power_kw": 20},
    {"days": ["sat", "sun"], "start": "09:00", "end": "20:00", "max_power_kw": 60},
]
PAGES = {
    "sites": "#/sites",
    "site": "#/sites/park",
    "history": "#/sites/park/history",
    "configuration": "#/sites/park/config",
    "decisions": "#/sites/park/decisions",
    "setup": "#/sites/park/setup",
    "charge-point": "#/charge-points/CP-3",
    "commands": "#/charge-points/CP-3/commands",
    "device": "#/charge-points/CP-3/device",
    "messages": "#/charge-points/CP-3/messages",
    "sessions": "#/sessions",
    "id-tokens": "#/id-tokens",
    "events": "#/events?view=events",
    "alarms": "#/events",
    "api-keys": "#/api-keys",
    "webhooks": "#/webhooks",
    "audit": "#/audit",
}
IN_THE_DOCUMENTATION = ("site",)

KINDS: tuple[tuple[Hardware, Version, JsonObject], ...] = (
    (AC_THREE_PHASES, "1.6", {"current": "AC", "phases": 3, "max_power_kw": 22.08}),
    (AC_ONE_PHASE, "2.0.1", {"current": "AC", "phases": 1, "max_power_kw": 7.36}),
    (DC_50, "2.0.1", {"current": "DC", "max_power_kw": 50}),
    (AC_THREE_PHASES, "1.6", {"current": "AC", "phases": 3, "max_power_kw": 22.08}),
)


def kind(number: int) -> tuple[Hardware, Version, JsonObject]:
    return KINDS[(number - 1) % len(KINDS)]


def sites() -> list[JsonObject]:
    circuits = [
        {
            "circuit_id": "garage",
            "max_power_kw": 40,
            "max_current_a": 63,
            "charge_points": [f"CP-{n}" for n in range(1, 5)],
        },
        {"circuit_id": "yard", "max_power_kw": 60, "charge_points": [f"CP-{n}" for n in range(5, 9)]},
    ]
    park = [{"charge_point_id": f"CP-{n}", **kind(n)[2]} for n in range(1, 9)]
    depot = [{"charge_point_id": f"BUS-{n}", "current": "DC", "max_power_kw": 50} for n in (1, 2)]
    return [
        {"site_id": "park", "name": "Car park Harbour Street", "timezone": "Europe/Berlin", "grid_capacity_kw": 80}
        | {"circuits": circuits, "charge_points": park},
        {"site_id": "depot", "name": "Bus depot", "timezone": "Europe/Berlin", "grid_capacity_kw": 120}
        | {"charge_points": depot},
    ]


async def remember_a_day(folder: Path) -> None:
    """Yesterday's history until an hour ago: a morning and an afternoon."""
    url = str(configuration(folder, [])["storage"]["url"]).replace("+aiosqlite", "")
    store = SyncStore.open(url)
    last = int(time.time() // 60) * 60 - 3600
    for minute in range(last - 23 * 3600, last, 60):
        hour = (minute % 86_400) / 3600
        busy = 48 * math.exp(-(((hour - 9) / 2.4) ** 2)) + 62 * math.exp(-(((hour - 17) / 2.1) ** 2))
        budget_w = 45_000 if 7 <= hour < 16 else 20_000 if 16 <= hour < 16.75 else 64_000
        asked_w = 1000 * max(0.0, busy + 5 * math.sin(minute / 700) + 3 * math.sin(minute / 190))
        drawn_w = min(asked_w, budget_w * 0.97)
        allocated_w = min(budget_w, drawn_w * 1.12 + 1500)
        active = round(drawn_w / 9000)
        record = MinuteRecord(minute, 60.0, allocated_w * 60, drawn_w * 60, active, budget_w * 60, budget_w)
        store.record_minute("park", record)
    await store.flush()
    await store.close()


async def live(scene: Scene) -> None:
    """Cars come and go; a charger is lost; somebody must wait."""
    system = scene.system
    await system.configure(64, min_power_per_charger_kw=4.2, schedule=WINDOWS)
    for number in range(1, 9):
        hardware, version, _ = kind(number)
        await system.charger(f"CP-{number}", version, hardware, vendor=("Alfen", "Zaptec", "Kempower")[number % 3])
    await system.charger("BUS-1", "2.0.1", DC_50, vendor="Kempower")
    stations = system.stations
    for step, (number, battery_kwh) in enumerate([(1, 60), (3, 90), (2, 40), (6, 52), (5, 70), (7, 80), (4, 64)]):
        car = Car(
            battery_wh=battery_kwh * 1000.0, soc=0.3, max_current_a=32.0, phases=3, dc_max_w=90_000.0, reaction_s=0.05
        )
        stations[f"CP-{number}"].plug_in(1, car, f"04A2{number:02X}F{battery_kwh}C")
        await asyncio.sleep(LIFE_S / 10)
        if step == 3:
            stations["CP-2"].unplug(1)
        if step == 5:
            system.out_of_reach.add("CP-8")
            stations["CP-8"].drop_connection(0.0)
    bus = Car(battery_wh=300_000.0, soc=0.4, max_current_a=32.0, phases=3, dc_max_w=50_000.0, reaction_s=0.05)
    stations["BUS-1"].plug_in(1, bus, "BUS-17")
    await asyncio.sleep(LIFE_S / 10)
    for token, note, status in (("04A201F60C", "Workshop van", "Accepted"), ("04A203F90C", "Visitor", "Blocked")):
        body = {"id_token": token, "note": note, "status": status, "group_id": "fleet", "sites": ["park"]}
        await system.request("POST", "/api/v1/id-tokens", body)
    await system.request("POST", "/api/v1/charge-points/CP-3/ocpp/ClearCache")
    await asyncio.sleep(LIFE_S / 10)


async def take(page: Page, address: str, file: Path, *, whole: bool) -> None:
    await go(page, address)
    await expect(page.locator(".skeleton")).to_have_count(0)
    await asyncio.sleep(1.5)  # bars and charts come to rest
    await page.screenshot(path=file, full_page=whole)
    print(file)


async def main(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as work:
        await remember_a_day(Path(work))
        async with opened(Path(work), *sites(), scope="admin") as scene:
            dark = await scene.look(theme="dark", scope="admin")
            pages = [scene.page, dark, await scene.look(width=PHONE, height=844, scope="admin")]
            for page in pages:
                await go(page, "#/sites/park")  # its chart begins when it is looked at
            await live(scene)
            for name, address in PAGES.items():
                for page, suffix in zip(pages, ("", "-dark", "-phone"), strict=True):
                    if folder.name != "images":
                        await take(page, address, folder / f"{name}{suffix}.png", whole=True)
                    elif name in IN_THE_DOCUMENTATION and suffix != "-phone":
                        await take(page, address, folder / f"dashboard-{name}{suffix}.png", whole=False)


if __name__ == "__main__":
    FOLDER = Path(sys.argv[1])
    FOLDER.mkdir(parents=True, exist_ok=True)
    asyncio.run(main(FOLDER))
