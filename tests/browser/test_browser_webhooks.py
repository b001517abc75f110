"""Whom the central system tells of what happens, and who changed what: for administrators."""

from pathlib import Path

from playwright.async_api import expect
from scene import opened, sign_in
from support.system import dc, site


async def test_a_webhook_is_made_tested_switched_off_and_removed(tmp_path: Path) -> None:
    async with opened(tmp_path, site([dc("CP-1")]), scope="admin") as scene:
        page, system = scene.page, scene.system
        dialog = page.get_by_role("dialog")
        await page.get_by_role("link", name="API keys").click()
        await page.get_by_role("link", name="Webhooks").click()
        await expect(page.get_by_role("heading", name="No webhooks")).to_be_visible()
        await page.get_by_role("button", name="New").click()
        await dialog.get_by_label("Address").fill("http://127.0.0.1/hook")
        await dialog.get_by_label("Secret").fill("short")
        await dialog.get_by_role("button", name="Create").click()
        await expect(dialog.locator(".field.refused").first).to_contain_text("Must be an https URL")
        await expect(dialog.locator(".field.refused").last).to_contain_text("16 characters")
        await dialog.get_by_label("Address").fill("https://127.0.0.1/hook")
        await dialog.get_by_label("Secret").fill("")
        await dialog.get_by_label("charge point connected").check()
        await dialog.get_by_role("button", name="Create").click()
        await expect(dialog.locator("pre.secret")).to_contain_text("csms_")
        await dialog.get_by_role("button", name="Done").click()
        row = page.get_by_role("row", name="127.0.0.1")
        await expect(row).to_contain_text("charge point connected")
        await row.get_by_role("button", name="Test").click()
        await expect(page.locator(".toast.bad")).to_contain_text("the address is not public")
        await system.charger("CP-1")
        await row.get_by_role("button", name="Deliveries").click()
        await expect(dialog).to_contain_text("the address is not public")
        await dialog.get_by_role("button", name="Close").click()
        await row.get_by_role("button", name="https").click()
        await dialog.get_by_role("radio", name="Not sent").check()
        await dialog.get_by_role("button", name="Save").click()
        await expect(row).to_contain_text("switched off")
        await row.get_by_role("button", name="https").click()
        await dialog.get_by_role("button", name="Remove").click()
        await dialog.get_by_role("button", name="Remove it").click()
        await expect(page.get_by_role("heading", name="No webhooks")).to_be_visible()
        await page.get_by_role("link", name="Changes").click()
        changes = page.get_by_role("table", name="Changes, newest first")
        await expect(changes.get_by_role("row").nth(1)).to_contain_text("DELETE")
        await expect(changes.get_by_role("row").nth(1)).to_contain_text("webhooks/1")


async def test_whoever_is_no_administrator_is_offered_neither(tmp_path: Path) -> None:
    async with opened(tmp_path, site([dc("CP-1")])) as scene:
        page = await scene.viewer.page()
        await sign_in(page, scene.url, "control")
        for address in ("webhooks", "audit", "api-keys"):
            await page.evaluate("address => { location.hash = address; }", f"#/{address}")
            await expect(page.get_by_role("heading", name="There is no such page")).to_be_visible()
