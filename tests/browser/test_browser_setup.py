"""What there is: sites, circuits and charge points are created, changed and removed by those who may."""

from pathlib import Path

from playwright.async_api import Page, expect
from scene import opened, sign_in
from support.bare_charger import charger
from support.system import HUNGRY, dc, eventually, site


async def create_a_site(page: Page) -> None:
    dialog = page.get_by_role("dialog")
    await page.get_by_role("button", name="Site", exact=True).click()
    await dialog.get_by_label("Id", exact=True).fill("a b")
    await dialog.get_by_label("Grid connection, in kW").fill("-3")
    await dialog.get_by_label("Time zone").fill("Mars")
    await dialog.get_by_role("button", name="Create").click()
    await expect(dialog.locator(".field.refused")).to_have_count(3)
    await expect(dialog.locator(".field.refused").nth(1)).to_contain_text("Must be a time zone such as Europe/London")
    await dialog.get_by_label("Id", exact=True).fill("yard")
    await dialog.get_by_label("Grid connection, in kW").fill("60")
    await dialog.get_by_label("Time zone").fill("Europe/Berlin")
    await dialog.get_by_label("Name", exact=True).fill("The yard")
    await dialog.get_by_role("button", name="Create").click()
    await expect(page.get_by_role("heading", name="The yard")).to_be_visible()


async def test_a_site_is_created_with_a_circuit_and_a_charge_point_and_removed(tmp_path: Path) -> None:
    async with opened(tmp_path, site([dc("CP-1")]), scope="admin") as scene:
        page, system = scene.page, scene.system
        dialog = page.get_by_role("dialog")
        await create_a_site(page)
        await page.get_by_role("button", name="Charge point", exact=True).click()
        await dialog.get_by_label("Id", exact=True).fill("Y-1")
        await dialog.get_by_label("Rated power, in kW").fill("22")
        await dialog.get_by_label("May draw while offline, in kW").fill("30")
        await dialog.get_by_role("button", name="Add").click()
        await expect(dialog.locator(".field.refused")).to_contain_text("Must be at most max_power_kw")
        await dialog.get_by_label("May draw while offline, in kW").fill("0")
        await dialog.get_by_role("group", name="Current").get_by_role("radio", name="DC").check()
        await dialog.get_by_role("button", name="Add").click()
        points = page.get_by_role("region", name="Charge points")
        await expect(points).to_contain_text("22 kW")
        await page.get_by_role("button", name="Circuit", exact=True).click()
        circuit = page.get_by_role("group", name="Circuit 1")
        await circuit.get_by_label("Id", exact=True).fill("hall")
        await circuit.get_by_label("Charge points").fill("Y-1")
        await page.get_by_role("button", name="Save site and circuits").click()
        await expect(page.locator(".field.refused")).to_contain_text("Is required where max_power_kw is absent")
        circuit = page.get_by_role("group", name="Circuit 1: hall")
        await circuit.get_by_label("At most, in A").fill("63")
        await page.get_by_label("Grid connection, in kW").fill("50")
        await page.get_by_role("button", name="Save site and circuits").click()
        await expect(points).to_contain_text("hall")
        answer = await system.get("/api/v1/sites/yard")
        assert (answer["grid_capacity_kw"], answer["circuits"][0]["charge_point_ids"]) == (50, ["Y-1"])
        await system.charger("Y-1")  # it may connect
        await page.get_by_role("button", name="Remove the site …").click()
        await page.get_by_role("button", name="Remove it").click()
        await expect(page.get_by_role("heading", name="Sites")).to_be_visible()
        assert [one["site_id"] for one in (await system.get("/api/v1/sites"))["items"]] == ["park"]


async def test_a_charge_point_is_changed_and_keeps_its_password_and_one_with_a_session_is_removed_when_asked_twice(
    tmp_path: Path,
) -> None:
    second = dc("CP-2", password_sha256="a" * 64, certificate_name="cp-2")
    async with opened(tmp_path, site([dc("CP-1"), second]), scope="admin") as scene:
        page, system = scene.page, scene.system
        dialog = page.get_by_role("dialog")
        (station,) = await system.chargers({"CP-1": "1.6"})
        station.plug_in(1, HUNGRY, "TAG")
        await scene.go("#/sites/park/setup")
        await page.get_by_role("button", name="Change CP-2").click()
        await dialog.get_by_label("Rated power, in kW").fill("11")
        await dialog.get_by_role("button", name="Save").click()
        await expect(page.get_by_role("region", name="Charge points")).to_contain_text("11 kW")
        settings = (await system.charge_point("CP-2"))["settings"]
        assert (settings["max_power_kw"], settings["password_required"]) == (11, True)
        assert settings["certificate_name"] == "cp-2"
        await system.gives({"CP-1": 22.0})
        await scene.go("#/charge-points/CP-1")
        await page.get_by_role("button", name="Change", exact=True).click()
        await dialog.get_by_role("button", name="Remove").click()
        await dialog.get_by_role("button", name="Remove it").click()
        await expect(dialog).to_contain_text("A session is running there")
        await dialog.get_by_role("button", name="Yes, all the same").click()
        await expect(page.get_by_role("heading", name="Chargers")).to_be_visible()
        await eventually(lambda: not station.connected, "it is disconnected")
        assert (await system.get("/api/v1/sites/park"))["charge_point_ids"] == ["CP-2"]


async def test_what_there_is_is_changed_by_administrators_alone(tmp_path: Path) -> None:
    async with opened(tmp_path, site([dc("CP-1")])) as scene:
        page = scene.page
        await scene.go("#/sites/park/setup")
        await expect(page.get_by_role("heading", name="Chargers")).to_be_visible()
        await expect(page.get_by_role("link", name="Setup")).to_have_count(0)
        await expect(page.get_by_role("button", name="Site", exact=True)).to_have_count(0)
        await scene.go("#/charge-points/CP-1")
        await expect(page.get_by_role("heading", name="Declared")).to_be_visible()
        await expect(page.get_by_role("button", name="Change")).to_have_count(0)


async def test_of_two_who_change_a_site_the_second_is_told(tmp_path: Path) -> None:
    async with opened(tmp_path, site([dc("CP-1")]), scope="admin") as scene:
        page = scene.page
        await scene.go("#/sites/park/setup")
        other = await scene.viewer.page()
        await sign_in(other, scene.url, "admin")
        await other.evaluate("location.hash = '#/sites/park/setup'")
        for who, name in ((page, "One"), (other, "Two")):
            await expect(who.get_by_label("Name", exact=True)).to_have_value("park")
            await who.get_by_label("Name", exact=True).fill(name)
            await expect(who.get_by_role("button", name="Change CP-1")).to_be_disabled()
        await page.get_by_role("button", name="Save site and circuits").click()
        await expect(page.get_by_role("heading", name="One")).to_be_visible()
        await other.get_by_role("button", name="Save site and circuits").click()
        await expect(other.get_by_role("alert")).to_contain_text("It was changed since it was read")
        await other.get_by_role("button", name="Discard").click()
        await expect(other.get_by_role("button", name="Change CP-1")).to_be_enabled()
        assert (await scene.system.get("/api/v1/sites/park"))["name"] == "One"


async def test_a_charge_point_is_given_a_password_that_is_shown_once(tmp_path: Path) -> None:
    async with opened(tmp_path, site([dc("CP-1")]), scope="admin") as scene:
        page = scene.page
        dialog = page.get_by_role("dialog")
        async with charger(scene.system.ws_url, "1.6", None) as point:
            await scene.go("#/charge-points/CP-1")
            await page.get_by_role("button", name="New password").click()
            await dialog.get_by_role("button", name="Make and set it").click()
            await expect(dialog.locator("pre.secret")).to_be_visible()
            assert await dialog.locator("pre.secret").inner_text() == point.password()
            await dialog.get_by_role("button", name="Done").click()
            access = page.get_by_role("region", name="How it gets in")
            await expect(access).to_contain_text("1, not used yet")
            point.status = "Rejected"
            await page.get_by_role("button", name="New password").click()
            await dialog.get_by_role("button", name="Make and set it").click()
            await expect(dialog.get_by_role("alert")).to_contain_text("It was not taken: Rejected.")
