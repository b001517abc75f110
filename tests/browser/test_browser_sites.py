"""Signing in, and what one sees of sites: live, with chargers that come, charge, wait and go."""

from pathlib import Path

from playwright.async_api import expect
from scene import opened
from support.system import HUNGRY, KEYS, dc, site

NAMES = ("CP-1", "CP-2", "CP-3", "CP-4")


async def test_an_unknown_key_is_refused_with_a_reason_and_a_known_one_lets_in(tmp_path: Path) -> None:
    async with opened(tmp_path, site([dc("CP-1")], name="Car park"), scope=None) as scene:
        page = scene.page
        await page.goto(scene.url)
        await page.get_by_label("API key").fill("nonsense")
        await page.get_by_role("button", name="Sign in").click()
        await expect(page.get_by_text("The API key is not known.")).to_be_visible()
        await page.get_by_label("API key").fill(KEYS["control"])
        await page.get_by_role("button", name="Sign in").click()
        await expect(page.get_by_role("heading", name="Car park")).to_be_visible()
        await page.reload()
        await expect(page.get_by_role("heading", name="Car park")).to_be_visible()  # the tab keeps the key
        await page.get_by_role("button", name="Sign out").click()
        await expect(page.get_by_label("API key")).to_be_visible()
        assert await page.evaluate("sessionStorage.length + localStorage.length") == 0


async def test_a_link_with_a_key_signs_in_and_the_key_does_not_stay_in_the_address(tmp_path: Path) -> None:
    async with opened(tmp_path, site([dc("CP-1")], name="Car park")) as scene:
        await expect(scene.page.get_by_role("heading", name="Car park")).to_be_visible()
        assert KEYS["control"] not in scene.page.url


async def test_what_a_key_may_not_do_is_not_offered(tmp_path: Path) -> None:
    async with opened(tmp_path, site([dc("CP-1")]), scope="read") as scene:
        page = scene.page
        await scene.go("#/sites/park")
        await expect(page.get_by_role("heading", name="Power", exact=True)).to_be_visible()
        assert await page.get_by_role("button", name="Rebalance").count() == 0
        assert await page.get_by_role("button", name="Temporary limit").count() == 0
        await scene.go("#/sites/park/config")
        await expect(page.get_by_text("This key may look, not change.")).to_be_visible()
        await expect(page.get_by_label("Ceiling of all chargers")).to_be_disabled()
        assert await page.get_by_role("button", name="Save").count() == 0


async def test_a_site_moves_while_cars_come_and_go(tmp_path: Path) -> None:
    async with opened(tmp_path, site([dc(name) for name in NAMES])) as scene:
        page, system = scene.page, scene.system
        await system.configure(44)
        stations = await system.chargers(dict.fromkeys(NAMES, "1.6"))
        await scene.go("#/sites/park")
        await expect(page.get_by_role("heading", name="Nobody is charging")).to_be_visible()
        await expect(page.get_by_text("All well")).to_be_visible()
        before = await page.locator("canvas").first.evaluate("canvas => canvas.toDataURL()")

        for station in stations[:3]:
            station.plug_in(1, HUNGRY, "TAG")
        await system.gives(dict.fromkeys(NAMES[:3], 14.666))
        await expect(page.get_by_role("heading", name="3 cars charge at 44.0 kW")).to_be_visible()
        row = page.get_by_role("row", name="CP-2")
        await expect(row).to_contain_text("Charging")
        await expect(row).to_contain_text("14.7 / 14.7 kW")
        await expect(row).to_contain_text("shares 44 kW equally with 2 others")
        after = await page.locator("canvas").first.evaluate("canvas => canvas.toDataURL()")
        assert before != after, "the chart shows what is drawn"

        stations[0].unplug(1)
        await expect(page.get_by_role("heading", name="2 cars charge at 44.0 kW")).to_be_visible()
        await expect(page.get_by_role("row", name="CP-1")).to_contain_text("Free")

        await system.lose("CP-2")
        await expect(page.get_by_text("CP-2 is offline: 22 kW reserved.")).to_be_visible()
        await page.get_by_role("button", name="Offline 1").click()
        await expect(page.locator("tbody tr")).to_have_count(1)

        await scene.go("#/sites")
        card = page.get_by_role("link", name="park")
        await expect(card).to_contain_text("Look here")
        await expect(card).to_contain_text("of 44 kW")


async def test_who_waits_is_told_with_the_time_of_its_turn(tmp_path: Path) -> None:
    async with opened(tmp_path, site([dc(name) for name in NAMES])) as scene:
        await scene.system.configure(12, min_power_per_charger_kw=6)
        for station in await scene.system.chargers(dict.fromkeys(NAMES, "1.6")):
            station.plug_in(1, HUNGRY, "TAG")
        await scene.go("#/sites/park")
        await expect(scene.page.get_by_text("waits, turn at about").first).to_be_visible()
        await expect(scene.page.get_by_text("for everybody at once. Next turn at about")).to_be_visible()
        await expect(scene.page.get_by_role("button", name="Waiting 2")).to_be_visible()


async def test_a_temporary_limit_is_set_seen_and_withdrawn(tmp_path: Path) -> None:
    async with opened(tmp_path, site([dc("CP-1"), dc("CP-2")])) as scene:
        page = scene.page
        await scene.go("#/sites/park")
        await page.get_by_role("button", name="Temporary limit").click()
        await page.get_by_label("At most").fill("-1")
        await page.get_by_role("button", name="Set the limit").click()
        await expect(page.locator(".field.refused")).to_contain_text("Must be")
        await page.get_by_label("At most").fill("17.5")
        await page.get_by_role("button", name="Set the limit").click()
        await expect(page.get_by_text("All chargers stay below 17.5 kW now.")).to_be_visible()
        await expect(page.get_by_text("the budget of 17.5 kW is set by")).to_be_visible()
        await page.get_by_role("button", name="Temporary limit").click()
        await page.get_by_role("button", name="Withdraw").click()
        await expect(page.get_by_text("the budget of 100 kW is set by")).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("dialog")).not_to_be_visible()
        await page.get_by_role("button", name="Rebalance").click()
        await expect(page.get_by_text("Calculated again; 0 limits sent.")).to_be_visible()


async def test_text_of_a_charger_is_text(tmp_path: Path) -> None:
    evil = "<img src=x onerror=alert(1)>"
    async with opened(tmp_path, site([dc("CP-1")])) as scene:
        page = scene.page
        asked: list[str] = []
        page.on("dialog", lambda dialog: asked.append(dialog.message))
        station = await scene.system.charger("CP-1", "2.0.1", vendor=evil)
        station.plug_in(1, HUNGRY, "<b>card</b>")
        await scene.go("#/sites/park")
        await expect(page.get_by_text(evil)).to_be_visible()
        await scene.go("#/charge-points/CP-1")
        await expect(page.get_by_text(evil).first).to_be_visible()
        await scene.go("#/sessions")
        await expect(page.get_by_text("<b>card</b>")).to_be_visible()
        assert await page.locator("img, b b, [onerror]").count() == 0
        assert asked == []
