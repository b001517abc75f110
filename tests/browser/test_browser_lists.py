"""Lists: ten thousand sessions, id tokens, alarms and events."""

import re
import time
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from playwright.async_api import expect
from scene import go, opened, sign_in
from support.bare_charger import charger
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


async def test_what_is_of_a_site_is_told_in_its_time_and_a_zone_that_is_another_is_named(
    tmp_path: Path,
) -> None:
    sites = [
        site([dc("CP-1"), dc("CP-3")], timezone="Asia/Kolkata"),
        site([dc("CP-2")], site_id="home", timezone="UTC"),
    ]
    async with opened(tmp_path, *sites, scope=None) as scene:
        first, second = await scene.system.chargers({"CP-1": "1.6", "CP-2": "2.0.1"})
        first.plug_in(1, HUNGRY, "EAST")
        second.plug_in(1, HUNGRY, "WEST")
        await scene.system.gives({"CP-1": 22.0})
        (began,) = [row["started_at"] for row in await scene.system.sessions("CP-1")]
        east = datetime.fromisoformat(began).astimezone(ZoneInfo("Asia/Kolkata")).strftime("%H:%M")
        context = await scene.viewer.browser.new_context(timezone_id="UTC", viewport={"width": 1280, "height": 900})
        page = await context.new_page()
        await sign_in(page, scene.url, "admin")
        await go(page, "#/sessions")
        rows = page.get_by_role("table", name="Sessions, newest first").get_by_role("row")
        await expect(rows.filter(has_text="EAST").locator("time")).to_have_text(f"{east} GMT+5:30")
        await expect(rows.filter(has_text="WEST").locator("time")).to_have_text(re.compile(r"^\d\d:\d\d$"))
        title = await rows.filter(has_text="EAST").locator("time").get_attribute("title")
        assert title is not None
        assert title.startswith("Asia/Kolkata; here it is ")
        async with page.expect_download() as saved:
            await page.get_by_role("button", name="CSV").click()
        assert f",{began}," in (await (await saved.value).path()).read_text(), "a file has UTC"
        await go(page, "#/events?view=events")
        lines = page.locator(".feed li")
        await expect(lines.filter(has_text="CP-1").first.locator("time")).to_contain_text("GMT+5:30")
        await expect(lines.filter(has_text="CP-2").first).to_be_visible()
        await expect(lines.filter(has_text="CP-2").first.locator(".zone")).to_have_count(0)
        async with charger(scene.system.ws_url, "2.0.1", None, identity="CP-3") as third:
            at = {"timestamp": "2026-06-01T12:00:00Z"}
            await third.call("SecurityEventNotification", {"type": "TamperDetectionActivated", **at})
            await go(page, "#/events")
            alarm = page.locator(".alarms li").filter(has_text="CP-3")
            await expect(alarm.locator(".zone")).to_have_text("GMT+5:30")
            await alarm.get_by_role("button", name="Clear").click()
            await page.get_by_role("radio", name="Cleared").check()
            await expect(alarm.locator(".zone")).to_have_text("GMT+5:30")
        await scene.system.request("POST", "/api/v1/charge-points/CP-1/commands", {"command": "clear_cache"})
        await scene.system.request("POST", "/api/v1/charge-points/CP-2/commands", {"command": "clear_cache"})
        await go(page, "#/audit")
        changes = page.get_by_role("table", name="Changes, newest first").get_by_role("row")
        await expect(changes.filter(has_text="CP-1").locator(".zone")).to_have_text("GMT+5:30")
        await expect(changes.filter(has_text="CP-2").locator(".zone")).to_have_count(0)


async def test_the_days_of_a_filter_are_those_of_the_site(tmp_path: Path) -> None:
    await remember(tmp_path, 1)
    began = datetime.fromtimestamp(NOW_S, ZoneInfo("Pacific/Kiritimati"))  # fourteen hours ahead: the next day there
    async with opened(tmp_path, site([dc("CP-1")], timezone="Pacific/Kiritimati"), scope=None) as scene:
        context = await scene.viewer.browser.new_context(timezone_id="UTC")
        page = await context.new_page()
        await sign_in(page, scene.url)
        day = began.strftime("%Y-%m-%d")
        assert day != datetime.fromtimestamp(NOW_S, ZoneInfo("UTC")).strftime("%Y-%m-%d")
        await go(page, f"#/sessions?site_id=park&from={day}&to={day}")
        await expect(page.get_by_text("CARD-1", exact=True)).to_be_visible()
