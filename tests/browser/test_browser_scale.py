"""Two hundred chargers on one page: it stays smooth. Figures are reported; how fast this machine is, is no test."""

from pathlib import Path

from playwright.async_api import expect
from scene import opened
from support.system import DC_22, HUNGRY, dc, site

MANY = 200

FRAMES = """async seconds => {
  const times = [];
  const end = performance.now() + seconds * 1000;
  for (let last = performance.now(); last < end; ) {
    const now = await new Promise(requestAnimationFrame);
    times.push(now - last);
    last = now;
  }
  times.sort((a, b) => a - b);
  return { frames: times.length, median: times[times.length >> 1], worst: times.at(-1),
           slow: times.filter(time => time > 50).length };
}"""


async def test_two_hundred_chargers_are_shown_and_the_page_stays_smooth(tmp_path: Path) -> None:
    names = [f"CP-{number:03d}" for number in range(MANY)]
    async with opened(tmp_path, site([dc(name) for name in names], capacity_kw=1200), metering_interval_s=5) as scene:
        page, system = scene.page, scene.system
        for number, name in enumerate(names[:40]):  # a machine of tests has no room for two hundred busy ones
            station = await system.charger(name, "1.6" if number % 2 else "2.0.1", DC_22)
            station.plug_in(1, HUNGRY, f"TAG-{number}")
        await scene.go("#/sites/park")
        await expect(page.locator("tbody tr")).to_have_count(MANY)
        await expect(page.get_by_role("heading", name="40 cars charge at")).to_be_visible(timeout=60_000)
        figures = await page.evaluate(FRAMES, 8)
        print(
            f"\n{MANY} chargers, 40 of them charging: {figures['frames']} frames in 8 s, median"
            f" {figures['median']:.1f} ms, worst {figures['worst']:.0f} ms, {figures['slow']} above 50 ms"
        )
        assert figures["frames"] > 0
        await page.get_by_role("button", name="Charging 40").click()
        await expect(page.locator("tbody tr")).to_have_count(40)
