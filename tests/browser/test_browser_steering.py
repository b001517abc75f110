"""What operators know better than a charge point: quirks that are pinned, sessions that it has forgotten."""

from pathlib import Path

from playwright.async_api import expect
from scene import opened, sign_in
from support.bare_charger import charger
from support.system import dc, site


async def test_a_quirk_is_pinned_refused_where_it_is_out_of_range_and_unpinned(tmp_path: Path) -> None:
    async with opened(tmp_path, site([dc("CP-1")])) as scene:
        page = scene.page
        await scene.system.charger("CP-1", "1.6")
        await scene.go("#/charge-points/CP-1/device")
        await page.get_by_role("button", name="Pin …").click()
        dialog = page.get_by_role("dialog")
        await expect(dialog.get_by_role("button", name="Pin")).to_be_disabled()
        await dialog.get_by_label("Step of its currents, in A").fill("99")
        await dialog.get_by_label("The only currents it takes, in A").fill("6, 10, 5")
        await dialog.get_by_role("group", name="Can be told 0").get_by_role("radio", name="No").check()
        await dialog.get_by_role("button", name="Pin").click()
        await expect(dialog.locator(".field.refused").first).to_contain_text("Must be at most 16")
        await expect(dialog.locator(".field.refused").last).to_contain_text("Must be at least 6")
        await dialog.get_by_label("Step of its currents, in A").fill("1")
        await dialog.get_by_label("The only currents it takes, in A").fill("6, 10")
        await dialog.get_by_label("Units it takes limits in").select_option("Both")
        await dialog.get_by_role("button", name="Pin").click()
        await expect(page.locator(".knob .pill.wait")).to_have_count(4)
        pinned = (await scene.system.get("/api/v1/charge-points/CP-1/quirks"))["pinned"]
        assert {name: value for name, value in pinned.items() if value is not None} == {
            "rate_units": ["A", "W"],
            "current_step_a": 1.0,
            "currents_a": [6.0, 10.0],
            "takes_zero": False,
        }
        await page.get_by_role("button", name="Pin …").click()
        await expect(dialog.get_by_label("The only currents it takes, in A")).to_have_value("6, 10")
        await dialog.get_by_role("button", name="Unpin all").click()
        await dialog.get_by_role("button", name="Unpin", exact=True).click()
        await expect(page.locator(".knob .pill.wait")).to_have_count(0)
        assert (await scene.system.get("/api/v1/charge-points/CP-1/quirks"))["pinned"] is None
        reader = await scene.viewer.page()
        await sign_in(reader, scene.url, "read")
        await reader.evaluate("location.hash = '#/charge-points/CP-1/device'")
        await expect(reader.get_by_role("heading", name="How it takes its limits")).to_be_visible()
        await expect(reader.get_by_role("button", name="Pin …")).to_have_count(0)


async def test_a_session_that_its_charger_has_forgotten_is_closed(tmp_path: Path) -> None:
    async with opened(tmp_path, site([dc("CP-1")])) as scene:
        page = scene.page
        async with charger(scene.system.ws_url, "1.6", None) as point:
            status = {"connectorId": 1, "errorCode": "NoError"}
            await point.call("StatusNotification", {**status, "status": "Charging"})
            start = {"connectorId": 1, "idTag": "TAG", "meterStart": 0, "timestamp": "2026-06-01T12:00:00Z"}
            await point.call("StartTransaction", start)
            await scene.go("#/charge-points/CP-1")
            connectors = page.get_by_role("region", name="Connectors")
            await expect(connectors).to_contain_text("TAG")
            close = connectors.get_by_role("button", name="Close …")
            await expect(close).to_have_count(0)  # somebody charges
            await point.call("StatusNotification", {**status, "status": "Unavailable"})
            await close.click()
            await page.get_by_role("button", name="Close the session").click()
            await expect(connectors).not_to_contain_text("TAG")
            assert (await scene.system.sessions("CP-1"))[0]["stop_reason"] == "ClosedByOperator"
