"""The configuration of a site: tried out before it is saved, painted, dragged, and refused with its reason."""

from pathlib import Path

from playwright.async_api import Locator, Page, expect
from scene import Scene, opened
from support.system import HUNGRY, JsonObject, dc, site

NAMES = ("CP-1", "CP-2", "CP-3")
CONFIG = "/api/v1/smart-charging/sites/park/config"


async def busy(scene: Scene) -> None:
    """Three cars at 11 kW each of 33."""
    await scene.system.configure(33)
    for station in await scene.system.chargers(dict.fromkeys(NAMES, "1.6")):
        station.plug_in(1, HUNGRY, "TAG")
    await scene.system.gives(dict.fromkeys(NAMES, 11.0))


def cell(page: Page, day: int, half_hour: int) -> Locator:
    return page.locator(f'[data-cell="{day}/{half_hour}"]')


def windows(config: JsonObject) -> list[tuple[str, str, str, float]]:
    return [(" ".join(w["days"]), w["start"], w["end"], w["max_power_kw"]) for w in config["schedule"]]


async def test_a_strategy_is_previewed_then_saved_and_takes_effect(tmp_path: Path) -> None:
    async with opened(tmp_path, site([dc(name) for name in NAMES])) as scene:
        await busy(scene)
        page, preview = scene.page, scene.page.get_by_role("region", name="Preview")
        await scene.go("#/sites/park/config")
        await expect(preview).to_contain_text("Change something")
        await page.get_by_text("Priority", exact=True).click()
        await expect(preview).to_contain_text("Choose who comes first")
        for name in ("CP-3", "CP-1", "CP-2"):
            await page.get_by_role("button", name=f"{name} +").click()
        await expect(preview.get_by_role("listitem").filter(has_text="CP-3")).to_contain_text("11.0 → 22.0 kW")
        await expect(preview.get_by_role("listitem").filter(has_text="CP-2")).to_contain_text("11.0 → 1.4 kW")
        await scene.system.gives(dict.fromkeys(NAMES, 11.0))  # so far nothing was changed
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_text("Saved; in effect now.")).to_be_visible()
        await scene.system.gives({"CP-1": 9.6, "CP-2": 1.4, "CP-3": 22.0})
        assert (await scene.system.get(CONFIG))["priority_order"] == ["CP-3", "CP-1", "CP-2"]


async def test_a_rank_is_moved_by_keyboard_and_by_dragging(tmp_path: Path) -> None:
    async with opened(tmp_path, site([dc(name) for name in NAMES])) as scene:
        page = scene.page
        await scene.system.configure(50, "priority", priority_order=list(NAMES))
        await scene.go("#/sites/park/config")
        grip = page.get_by_role("button", name="CP-1, rank 1 of 3")
        await grip.focus()
        await page.keyboard.press("ArrowDown")
        await expect(page.get_by_role("button", name="CP-1, rank 2 of 3")).to_be_focused()
        await expect(page.get_by_text("CP-1 is now rank 2 of 3.")).to_be_attached()
        await page.keyboard.press("ArrowDown")
        await expect(page.get_by_role("button", name="CP-1, rank 3 of 3")).to_be_focused()

        top = await page.get_by_role("button", name="CP-2, rank 1 of 3").bounding_box()
        grip_box = await page.get_by_role("button", name="CP-1, rank 3 of 3").bounding_box()
        assert top is not None
        assert grip_box is not None
        await page.mouse.move(grip_box["x"] + 10, grip_box["y"] + 10)
        await page.mouse.down()
        await page.mouse.move(top["x"] + 10, top["y"] + 8, steps=8)
        await page.mouse.up()
        await expect(page.get_by_role("button", name="CP-1, rank 1 of 3")).to_be_visible()
        await page.get_by_role("button", name="CP-3: no rank").click()
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_text("Saved; in effect now.")).to_be_visible()
        assert (await scene.system.get(CONFIG))["priority_order"] == ["CP-1", "CP-2"]


async def test_what_is_refused_says_why_at_its_field_and_changes_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path, site([dc(name) for name in NAMES])) as scene:
        page = scene.page
        stored = await scene.system.configure(33)
        await scene.go("#/sites/park/config")
        await page.get_by_label("Ceiling of all chargers").fill("1000")
        refused = page.locator(".field.refused")
        await expect(refused).to_contain_text("Must be at most the site's grid capacity.")
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_role("status").filter(has_text="max_power_kw")).to_be_visible()
        assert await scene.system.get(CONFIG) == stored
        await page.get_by_role("button", name="Discard").click()
        await expect(refused).to_have_count(0)
        await expect(page.get_by_label("Ceiling of all chargers")).to_have_value("33")


async def test_a_schedule_is_painted_with_the_pointer_and_by_keyboard(tmp_path: Path) -> None:
    async with opened(tmp_path, site([dc(name) for name in NAMES])) as scene:
        page = scene.page
        await scene.system.configure(33)
        await scene.go("#/sites/park/config")
        await page.get_by_text("Scheduled", exact=True).click()
        await page.get_by_label("Ceiling of a stroke, in kW").fill("20")
        start, end = await cell(page, 0, 16).bounding_box(), await cell(page, 4, 35).bounding_box()
        assert start is not None
        assert end is not None
        await page.mouse.move(start["x"] + 2, start["y"] + 5)
        await page.mouse.down()
        await page.mouse.move(end["x"] + 2, end["y"] + 5, steps=6)
        await page.mouse.up()
        await expect(page.get_by_text("20 kW Mon–Fri, 08:00–18:00")).to_be_visible()

        await page.get_by_label("Ceiling of a stroke, in kW").fill("10")
        await cell(page, 4, 35).focus()
        for _ in range(2):
            await page.keyboard.press("ArrowDown")
        for _ in range(3):
            await page.keyboard.press("Shift+ArrowLeft")
        await page.keyboard.press("Enter")
        await expect(cell(page, 6, 33)).to_have_attribute("aria-label", "Sun 16:30, at most 10\N{NO-BREAK SPACE}kW")
        await cell(page, 2, 20).focus()
        await page.keyboard.press("Delete")
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_text("Saved; in effect now.")).to_be_visible()
        assert windows(await scene.system.get(CONFIG)) == [
            ("mon tue thu fri", "08:00", "18:00", 20),
            ("wed", "08:00", "10:00", 20),
            ("wed", "10:30", "18:00", 20),
            ("sun", "16:00", "18:00", 10),
        ]


async def test_windows_of_any_minute_and_over_midnight_come_back_as_they_were(tmp_path: Path) -> None:
    stored = [
        {
            "days": ["fri", "sat"],
            "start": "22:10",
            "end": "06:05",
            "max_power_kw": 15,
            "charge_point_limits_kw": {"CP-2": 7},
        },
        {"days": ["sun"], "start": "12:00", "end": "24:00", "max_power_kw": 0, "charge_point_limits_kw": {}},
    ]
    async with opened(tmp_path, site([dc(name) for name in NAMES])) as scene:
        page = scene.page
        await scene.system.configure(33, "scheduled", schedule=stored)
        await scene.go("#/sites/park/config")
        await expect(page.get_by_text("CP-2 7 kW")).to_be_visible()
        await cell(page, 0, 30).focus()  # one more window, so that all of them are written anew
        await page.keyboard.press("Enter")
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_text("Saved; in effect now.")).to_be_visible()
        kept = (await scene.system.get(CONFIG))["schedule"]
        assert [window for window in kept if window["days"] != ["mon"]] == stored
