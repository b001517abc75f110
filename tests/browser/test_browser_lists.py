"""Lists: ten thousand sessions, id tokens, alarms and events."""

import time
from pathlib import Path

from playwright.async_api import expect
from scene import opened
from support.system import HUNGRY, configuration, dc, site

from csms.domain import events as ev
from csms.domain.model import Moment, Transaction
from csms.store import SyncStore

MANY = 10_000
NOW_S = 1_780_000_000.0


async def remember(folder: Path, number: int) -> None:
    """A store that holds so many sessions of CP-1, a minute apart."""
    url = str(configuration(folder, [])["storage"]["url"]).replace("+aiosqlite", "")
    store = SyncStore.open(url)
    for session in range(1, number + 1):
        began_s = NOW_S - (number - session) * 60.0
        row = Transaction(
            session_id=session,
            transaction_id=str(session),
            charge_point_id="CP-1",
            connector_id=1,
            id_token=f"CARD-{session}",
            started_at_s=began_s,
            start_key=str(session),
            ended_at_s=began_s + 50,
            energy_wh=float(session),
            stop_reason="Local",
        )
        store.append("park", ev.SiteRestarted(Moment(began_s, 0.0), ""), [row])
    await store.flush()
    await store.close()


async def test_ten_thousand_sessions_are_listed_at_once_and_scrolled_to_the_last(tmp_path: Path) -> None:
    await remember(tmp_path, MANY)
    async with opened(tmp_path, site([dc("CP-1")])) as scene:
        page = scene.page
        began_s = time.monotonic()
        await scene.go("#/sessions")
        await expect(page.get_by_text(f"CARD-{MANY}", exact=True)).to_be_visible()
        print(f"\n{MANY} sessions are there after {time.monotonic() - began_s:.2f} s")
        table = page.get_by_role("table", name="Sessions, newest first")
        assert await table.get_attribute("aria-rowcount") == str(MANY + 1)
        assert await table.get_by_role("row").count() < 60, "only what is seen is drawn"
        await page.evaluate("scrollTo(0, document.body.scrollHeight)")
        await expect(page.get_by_text("CARD-1", exact=True)).to_be_visible()
        async with page.expect_download() as saved:
            await page.get_by_role("button", name="CSV").click()
        lines = (await (await saved.value).path()).read_text().splitlines()
        assert len(lines) == MANY + 1
        assert lines[1].split(",")[4] == f"CARD-{MANY}"


async def test_sessions_are_filtered_and_the_address_keeps_the_filter(tmp_path: Path) -> None:
    async with opened(tmp_path, site([dc("CP-1"), dc("CP-2")])) as scene:
        page = scene.page
        first, second = await scene.system.chargers({"CP-1": "1.6", "CP-2": "2.0.1"})
        first.plug_in(1, HUNGRY, "=1+1")
        second.plug_in(1, HUNGRY, "SECOND")
        await scene.system.gives({"CP-1": 22.0, "CP-2": 22.0})
        second.unplug(1)
        await scene.go("#/sessions")
        await expect(page.get_by_text("SECOND")).to_be_visible()
        await page.get_by_role("radio", name="Charging now").check()
        await expect(page.get_by_text("SECOND")).to_have_count(0)
        await expect(page.get_by_text("=1+1")).to_be_visible()
        await page.reload()
        await expect(page.get_by_text("=1+1")).to_be_visible()
        await expect(page.get_by_text("SECOND")).to_have_count(0)
        async with page.expect_download() as saved:
            await page.get_by_role("button", name="CSV").click()
        text = (await (await saved.value).path()).read_text()
        assert ",'=1+1," in text, "a spreadsheet must not take it for a formula"
        await page.get_by_role("radio", name="Ended").check()
        await page.get_by_label("Charge point").fill("CP-1")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", name="No sessions")).to_be_visible()


async def test_an_id_token_is_made_changed_and_forgotten(tmp_path: Path) -> None:
    async with opened(tmp_path, site([dc("CP-1")])) as scene:
        page = scene.page
        await scene.go("#/id-tokens")
        await expect(page.get_by_role("heading", name="No id tokens")).to_be_visible()
        await page.get_by_role("button", name="New").click()
        await page.get_by_role("textbox", name="Id token").fill("CARD-1")
        await page.get_by_label("Charge points").fill("CP-1:99")
        await page.get_by_role("button", name="Create").click()
        await expect(page.locator(".field.refused")).to_contain_text("Must be a charge point")
        await page.get_by_label("Charge points").fill("CP-1")
        await page.get_by_role("button", name="Create").click()
        await page.get_by_role("button", name="CARD-1").click()
        await page.get_by_role("dialog").get_by_role("radio", name="Blocked").check()
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_role("table", name="Id tokens")).to_contain_text("Blocked")
        assert (await scene.system.get("/api/v1/id-tokens/CARD-1"))["charge_points"] == ["CP-1"]
        await page.get_by_role("button", name="CARD-1").click()
        await page.get_by_role("button", name="Forget").click()
        await page.get_by_role("button", name="Forget").click()
        await expect(page.get_by_role("heading", name="No id tokens")).to_be_visible()


async def test_events_show_as_they_happen(tmp_path: Path) -> None:
    async with opened(tmp_path, site([dc("CP-1")])) as scene:
        page = scene.page
        await scene.go("#/events?view=events")
        await expect(page.get_by_text("live", exact=True)).to_be_visible()
        (station,) = await scene.system.chargers({"CP-1": "1.6"})
        await expect(page.get_by_text("charge point connected").first).to_be_visible()
        await page.get_by_role("radio", name="Sessions").check()
        await expect(page.get_by_role("heading", name="Nothing yet")).to_be_visible()
        station.plug_in(1, HUNGRY, "TAG")
        await expect(page.get_by_text("session started")).to_be_visible()
        await scene.go("#/events")
        await expect(page.get_by_role("heading", name="No alarm stands")).to_be_visible()


async def test_an_api_key_is_made_shown_once_used_and_revoked(tmp_path: Path) -> None:
    async with opened(tmp_path, site([dc("CP-1")], name="Car park"), scope="admin") as scene:
        page = scene.page
        await scene.go("#/api-keys")
        await page.get_by_role("button", name="New").click()
        await page.get_by_role("textbox", name="Name").fill("meter")
        await page.get_by_role("button", name="Make the key").click()
        key = await page.locator("pre.secret").inner_text()
        await page.keyboard.press("Escape")
        row = page.get_by_role("row", name="meter")
        await expect(row).to_contain_text("read")
        assert key not in await page.content()
        other = await scene.viewer.page()
        await other.goto(f"{scene.url}/#key={key}")
        await expect(other.get_by_role("heading", name="Car park")).to_be_visible()
        await expect(other.get_by_role("link", name="API keys")).to_have_count(0)
        await row.get_by_role("button", name="Revoke").click()
        await row.get_by_role("button", name="Revoke for good").click()
        await expect(other.get_by_text("The key is not known any more. Sign in again.")).to_be_visible()
