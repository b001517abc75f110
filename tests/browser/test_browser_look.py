"""How it looks: both themes with enough contrast, a phone, the keyboard, the weight, and a server that is gone."""

import re
from pathlib import Path

import pytest
from playwright.async_api import Page, expect
from scene import go, opened, sign_in, viewing
from support.program import served, write_config
from support.system import HUNGRY, configuration, dc, site

ADDRESSES = (
    "#/sites",
    "#/sites/park",
    "#/sites/park/history",
    "#/sites/park/config",
    "#/sites/park/decisions",
    "#/sites/park/setup",
    "#/charge-points/CP-1",
    "#/charge-points/CP-1/sessions",
    "#/charge-points/CP-1/commands",
    "#/charge-points/CP-1/device",
    "#/charge-points/CP-1/events",
    "#/sessions",
    "#/events",
    "#/events?view=events",
    "#/id-tokens",
    "#/api-keys",
    "#/webhooks",
    "#/audit",
)
# Where a button opens a form.
FORMS = (
    ("#/sites", "Site"),
    ("#/sites/park", "Temporary limit"),
    ("#/sites/park/setup", "Change CP-1"),
    ("#/charge-points/CP-1", "Higher profile"),
    ("#/charge-points/CP-1/device", "Pin …"),
    ("#/id-tokens", "New"),
    ("#/api-keys", "New"),
    ("#/webhooks", "New"),
)
NAMELESS = """() => [...document.querySelectorAll("a[href], button, input:not([hidden]), select, textarea")]
  .filter((one) => !one.labels?.length && !one.ariaLabel && !one.title
    && (one.matches("input, select, textarea") || !one.textContent.trim()))
  .map((one) => one.outerHTML)"""
TEXT_PAIRS = (
    *[("ink", surface) for surface in ("bg", "card", "sunken", "accent-soft")],
    *[("muted", surface) for surface in ("bg", "card", "sunken")],
    *[(tone, f"{tone}-soft") for tone in ("good", "wait", "warn", "bad", "calm")],
    *[(tone, "card") for tone in ("good", "wait", "warn", "bad", "calm", "accent")],
    ("accent-ink", "accent"),
    ("card", "ink"),
)

COLOURS = """() => {
  const probe = document.body.appendChild(document.createElement("i"));
  const out = {};
  for (const name of new Set(%s)) {
    probe.style.color = `var(--${name})`;
    out[name] = getComputedStyle(probe).color;
  }
  probe.remove();
  return out;
}"""


def luminance(colour: str) -> float:
    channels = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


async def visit(page: Page, address: str) -> None:
    await go(page, address)
    await expect(page.locator("h1")).to_be_visible()
    await expect(page.locator(".skeleton")).to_have_count(0)


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_text_stands_out_from_what_it_stands_on_as_wcag_aa_asks(tmp_path: Path, theme: str) -> None:
    async with opened(tmp_path, site([dc("CP-1")])) as scene:
        page = await scene.look(theme=theme)
        assert await page.evaluate("document.documentElement.dataset.theme") == theme
        names = sorted({name for pair in TEXT_PAIRS for name in pair})
        colours = await page.evaluate(COLOURS % names)
        ratios = {pair: contrast(colours[pair[0]], colours[pair[1]]) for pair in TEXT_PAIRS}
        assert {pair: round(ratio, 2) for pair, ratio in ratios.items() if ratio < 4.5} == {}
        assert max(ratios.values()) < 21, "the colours were read, or all would be black on white"


async def test_the_theme_is_that_of_the_system_until_it_is_chosen(tmp_path: Path) -> None:
    async with opened(tmp_path, site([dc("CP-1")])) as scene:
        page = await scene.look(theme="dark")
        dark = await page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        await page.get_by_role("button", name="Theme: as the system").click()
        light = await page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        assert luminance(dark) < 0.05
        assert luminance(light) > 0.8
        await page.reload()
        await expect(page.get_by_role("button", name="Theme: light")).to_be_visible()
        assert await page.evaluate("document.documentElement.dataset.theme") == "light"


async def test_every_page_fits_a_phone_and_no_script_complains(tmp_path: Path) -> None:
    long_id = "a-charge-point-with-a-rather-long-name-0001"
    async with opened(tmp_path, site([dc("CP-1"), dc(long_id)])) as scene:
        for station in await scene.system.chargers({"CP-1": "2.0.1", long_id: "1.6"}):
            station.plug_in(1, HUNGRY, "TAG")
        await scene.system.gives({"CP-1": 22.0, long_id: 22.0})
        page = await scene.look(width=360, height=740, scope="admin")
        for address in ADDRESSES:
            await visit(page, address)
            width = await page.evaluate("document.documentElement.scrollWidth")
            assert width <= 360, f"{address} is {width} px wide"
            assert await page.evaluate(NAMELESS) == [], address
        await expect(page.get_by_role("link", name="Sites", exact=True)).to_be_in_viewport()


async def test_every_form_has_names_for_its_fields_fits_a_phone_and_is_left_by_keyboard(tmp_path: Path) -> None:
    async with opened(tmp_path, site([dc("CP-1")])) as scene:
        await scene.system.charger("CP-1", "2.0.1")
        page = await scene.look(width=360, height=740, scope="admin")
        dialog = page.get_by_role("dialog")
        for address, button in FORMS:
            await visit(page, address)
            await page.get_by_role("button", name=button, exact=True).click()
            await expect(dialog.get_by_role("button", name="Close")).to_be_visible()
            await expect(dialog.locator(".skeleton")).to_have_count(0)
            assert await page.evaluate(NAMELESS) == [], address
            for _ in range(60):
                width = await dialog.evaluate("dialog => dialog.scrollWidth - dialog.clientWidth")
                assert width <= 0, f"{address} scrolls sideways"
                await page.keyboard.press("Tab")
                inside = "document.activeElement === document.body || document.activeElement.closest('dialog') !== null"
                assert await page.evaluate(inside), "the focus stays in the form"
            await page.keyboard.press("Escape")
            await expect(dialog).to_have_count(0)


async def test_a_first_visit_moves_less_than_300_kb(tmp_path: Path) -> None:
    names = [f"CP-{number}" for number in range(6)]
    async with opened(tmp_path, site([dc(name) for name in names])) as scene:
        page = await scene.viewer.page()
        meter = await page.context.new_cdp_session(page)
        await meter.send("Network.enable")
        loaded: list[float] = []
        meter.on("Network.loadingFinished", lambda event: loaded.append(event["encodedDataLength"]))
        await sign_in(page, scene.url)
        await visit(page, "#/sites/park")
        await expect(page.locator("tbody tr")).to_have_count(6)
        first = sum(loaded)
        print(f"\na first visit and a site of six: {first / 1000:.0f} kB in {len(loaded)} answers")
        assert 50_000 < first < 300_000
        loaded.clear()
        await page.reload()
        await expect(page.locator("tbody tr")).to_have_count(6)
        print(f"again: {sum(loaded) / 1000:.0f} kB")
        assert sum(loaded) < first / 3, "what the browser has is not sent again"


async def test_everything_is_in_reach_of_the_keyboard_and_the_focus_is_seen(tmp_path: Path) -> None:
    async with opened(tmp_path, site([dc("CP-1")], name="Car park")) as scene:
        page = scene.page
        await expect(page.get_by_role("heading", name="Car park")).to_be_visible()
        reached: list[str] = []
        for _ in range(10):
            await page.keyboard.press("Tab")
            outline, name = await page.evaluate(
                "() => [getComputedStyle(document.activeElement).outlineStyle, document.activeElement.textContent"
                " || document.activeElement.ariaLabel]"
            )
            assert outline == "solid", f"the focus is not seen on {name}"
            reached.append(name.strip())
            if "Car park" in name:
                break
        assert reached[0] == "To the content"
        assert "Car park" in reached[-1]
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", name="Power", exact=True)).to_be_visible()


async def test_when_the_server_is_gone_a_banner_says_how_old_the_figures_are(tmp_path: Path) -> None:
    path, _, api_port = write_config(tmp_path, configuration(tmp_path, [site([dc("CP-1")], name="Car park")]))
    async with viewing() as viewer:
        page = await viewer.page()
        async with served(path, api_port):
            await sign_in(page, f"http://127.0.0.1:{api_port}", "read")
            await expect(page.get_by_role("heading", name="Car park")).to_be_visible()
        await expect(page.get_by_text("The server does not answer. What you see is")).to_be_visible()
        await expect(page.get_by_role("heading", name="Car park")).to_be_visible()  # what is known stays
        async with served(path, api_port):
            await expect(page.get_by_text("The server does not answer.")).to_have_count(0)
