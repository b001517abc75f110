"""check-config: where the store overrules the file, and what of it does not fit the file any more."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from typer.testing import CliRunner

from csms.cli import app
from csms.domain import events as ev
from csms.domain.authorization import IdToken, Status
from csms.domain.model import Moment, SiteSettings, SmartCharging
from csms.store.async_store import AsyncStore

AT = Moment(1_790_000_000.0, 5.0)
SITE = SiteSettings("a", "a", "Europe/London", 50_000)
SET_OVER_REST = SmartCharging(50_000, "priority", priority_order=("CP-1",))
FILE = """
[storage]
url = "sqlite+aiosqlite:///{folder}/csms.db"
[[sites]]
site_id = "a"
grid_capacity_kw = {capacity_kw}
[[sites.charge_points]]
charge_point_id = "{charge_point_id}"
"""
SECTION = '[sites.smart_charging]\nmax_power_kw = 5\nstrategy = "equal"\n'
WINS = "site a: smart_charging was changed over REST; the store wins"


def _lines(folder: Path, text: str) -> list[str]:
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    result = CliRunner().invoke(app, ("check-config", str(path)))
    assert result.exit_code == 0
    first, *lines = result.stdout.splitlines()
    assert first == f"{path}: 1 site(s), no errors"
    return lines


def _store(folder: Path) -> None:
    async def fill() -> None:
        store = await AsyncStore.open(f"sqlite+aiosqlite:///{folder}/csms.db")
        await store.append("a", ev.SiteDeclared(AT, SITE), [SITE], origin="file")
        await store.append("a", ev.SmartChargingConfigured(AT, SET_OVER_REST), [SET_OVER_REST], origin="api")
        await store.close()

    asyncio.run(fill())


def test_a_store_that_does_not_exist_has_nothing_to_say(tmp_path: Path) -> None:
    assert _lines(tmp_path, FILE.format(folder=tmp_path, capacity_kw=50, charge_point_id="CP-1") + SECTION) == []
    assert not (tmp_path / "csms.db").exists()


@pytest.mark.parametrize(
    ("section", "capacity_kw", "charge_point_id", "lines"),
    [
        ("", 50, "CP-1", []),
        (SECTION, 50, "CP-1", [WINS]),
        (
            SECTION,
            40,
            "CP-2",
            [
                WINS,
                "site a: smart_charging as stored: max_power_kw must be at most the site's grid capacity",
                "site a: smart_charging as stored: priority_order[0] must be a charge point of the site",
            ],
        ),
        (
            "",
            40,
            "CP-1",
            ["site a: smart_charging as stored: max_power_kw must be at most the site's grid capacity"],
        ),
    ],
)
def test_what_rest_set_is_held_against_the_file(
    tmp_path: Path, section: str, capacity_kw: int, charge_point_id: str, lines: list[str]
) -> None:
    _store(tmp_path)
    text = FILE.format(folder=tmp_path, capacity_kw=capacity_kw, charge_point_id=charge_point_id)
    assert _lines(tmp_path, text + section) == lines


def test_id_tokens_that_were_changed_over_rest_are_counted(tmp_path: Path) -> None:
    async def fill() -> None:
        store = await AsyncStore.open(f"sqlite+aiosqlite:///{tmp_path}/csms.db")
        await store.save(IdToken("SAME"), IdToken("tag", status=Status.BLOCKED), IdToken("OTHER", note="not there"))
        await store.close()

    asyncio.run(fill())
    text = FILE.format(folder=tmp_path, capacity_kw=50, charge_point_id="CP-1")
    tokens = '[[id_tokens]]\nid_token = "SAME"\n[[id_tokens]]\nid_token = "TAG"\n[[id_tokens]]\nid_token = "NEW"\n'
    assert _lines(tmp_path, text + tokens) == ["id_tokens: 1 of the file were changed over REST; the store wins"]
