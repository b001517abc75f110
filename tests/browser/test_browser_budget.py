"""The budget over time: the charts draw it from the record, for times at which nobody had the page open."""

import time
from pathlib import Path

from playwright.async_api import Page, expect
from scene import opened
from support.system import configuration, dc, eventually, site

from csms.domain.history import MinuteRecord
from csms.store import SyncStore

MINUTES = 60
DIPS = range(20, 40)  # minutes ago
HIGH_KW, LOW_KW = 50, 20

LINE = """([from, to]) => {
  const canvas = document.querySelector(".chart canvas");
  const [left, right] = [from, to].map((share) => Math.round(share * canvas.width));
  const probe = document.createElement("canvas").getContext("2d");
  probe.fillStyle = getComputedStyle(document.documentElement).getPropertyValue("--budget");
  probe.fillRect(0, 0, 1, 1);
  const wanted = probe.getImageData(0, 0, 1, 1).data;
  const { data } = canvas.getContext("2d").getImageData(left, 0, right - left, canvas.height);
  let best = { row: null, found: 0 };
  for (let row = 0; row < canvas.height; row += 1) {
    let found = 0;
    for (let x = 0; x < right - left; x += 1) {
      const at = 4 * (row * (right - left) + x);
      const distance = Math.hypot(...[0, 1, 2].map((colour) => data[at + colour] - wanted[colour]));
      if (data[at + 3] > 128 && distance < 40) found += 1;
    }
    if (found > best.found) best = { row, found };
  }
  return best.found > (right - left) * 0.4 ? (best.row * canvas.clientHeight) / canvas.height : null;
}"""
"""How far below the upper edge the dashed line of the budget is, between two shares of the width; null: it is not."""


async def remember_an_hour(folder: Path) -> None:
    """An hour in which 15 kW were drawn; 50 kW might have been, and in 20 of its minutes 20 kW. Its first ten minutes
    were recorded by a version that did not record the budget."""
    store = SyncStore.open(str(configuration(folder, [])["storage"]["url"]).replace("+aiosqlite", ""))
    this_minute = int(time.time() // 60) * 60
    for ago in range(1, MINUTES):
        budget_w = 1000 * (LOW_KW if ago in DIPS else HIGH_KW)
        known = (budget_w * 60.0, budget_w) if ago < 50 else (None, None)
        store.record_minute("park", MinuteRecord(this_minute - 60 * ago, 60.0, 1_000_000.0, 900_000.0, 1, *known))
    await store.flush()
    await store.close()


async def expect_line(page: Page, *, height: int) -> None:
    """The line of that hour: none for 10 minutes, 50 kW, 20 kW for 20 minutes, 50 kW."""

    async def power_kw(share: tuple[float, float]) -> float | None:
        """Where it is in that part of the width. The scale ends at 60 kW, its axis takes 30 px, 12 are free above."""
        row = await page.evaluate(LINE, share)
        return None if row is None else round(60 * (1 - (row - 12) / (height - 42)))

    async def drawn() -> bool:
        shares = [(0.08, 0.15), (0.24, 0.32), (0.42, 0.62), (0.74, 0.93)]
        return [await power_kw(share) for share in shares] == [None, HIGH_KW, LOW_KW, HIGH_KW]

    await expect(page.locator(".chart canvas")).to_be_visible()
    await eventually(drawn, "the budget is a line in the past")


async def test_the_live_chart_has_the_budget_of_the_hour_before_the_page_was_opened(tmp_path: Path) -> None:
    await remember_an_hour(tmp_path)
    async with opened(tmp_path, site([dc("CP-1")], capacity_kw=HIGH_KW)) as scene:
        page = scene.page
        await scene.go("#/sites/park")
        await expect_line(page, height=280)
        await page.locator(".chart .u-over").hover(position={"x": 0.5 * await width(page), "y": 100})
        await expect(page.locator(".tip")).to_contain_text("Budget20.0 kW")


async def test_the_history_draws_the_budget_and_its_lowest_and_gives_both_as_csv(tmp_path: Path) -> None:
    await remember_an_hour(tmp_path)
    async with opened(tmp_path, site([dc("CP-1")], capacity_kw=HIGH_KW)) as scene:
        page = scene.page
        await scene.go("#/sites/park/history?range=1")
        legend = page.locator(".legend")
        await expect(legend.get_by_text("Budget", exact=True)).to_be_visible()
        await expect(legend.get_by_text("Lowest budget of the step")).to_have_count(0)  # every minute had but one
        await expect_line(page, height=320)
        await page.get_by_role("radio", name="1 hour", exact=True).check()
        await expect(legend.get_by_text("Lowest budget of the step")).to_be_visible()
        async with page.expect_download() as downloading:
            await page.get_by_role("button", name="CSV").click()
        heading, *rows = (await (await downloading.value).path()).read_text().splitlines()
        assert heading.endswith(",active_chargers,total_budget_kw,lowest_budget_kw")
        assert {row.rsplit(",", 1)[1] for row in rows} >= {str(LOW_KW)}


async def width(page: Page) -> float:
    measured: float = await page.locator(".chart .u-over").evaluate("over => over.clientWidth")
    return measured
