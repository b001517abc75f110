"""A `csms serve` of its own process, simulated chargers around it, and somebody who looks at it in a browser."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright, expect
from support.program import served, write_config
from support.system import KEYS, JsonObject, System, configuration, neighbours

CHROMIUM = "/usr/bin/chromium"
PATIENCE_MS = 12_000
QUICK = {"call_timeout_s": 5.0, "metering_interval_s": 1}

expect.set_options(timeout=PATIENCE_MS)


@dataclass
class Viewer:
    """`complaints` are what the browser said was wrong: errors of scripts, and breaches of the content policy."""

    browser: Browser
    complaints: list[str] = field(default_factory=list)

    async def page(self, *, width: int = 1280, height: int = 900, theme: str = "light") -> Page:
        """A screen of this size, on a system with this theme."""
        context = await self.browser.new_context(
            viewport={"width": width, "height": height}, color_scheme="dark" if theme == "dark" else "light"
        )
        page = await context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        return page

    def _heard(self, message: ConsoleMessage) -> None:
        # What the API refuses, the browser reports as a resource that failed; the page says that in its own words.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            self.complaints.append(message.text)


@dataclass
class Scene:
    """A central system, and one who looks at it."""

    system: System
    viewer: Viewer
    page: Page

    @property
    def url(self) -> str:
        return self.system.http_url

    async def go(self, address: str) -> None:
        """To a page of the dashboard, as a click would go there."""
        await go(self.page, address)

    async def look(self, *, width: int = 1280, height: int = 900, theme: str = "light", scope: str = "control") -> Page:
        """Somebody else, signed in, on a screen of this size and a system of this theme."""
        page = await self.viewer.page(width=width, height=height, theme=theme)
        await sign_in(page, self.url, scope)
        return page


async def go(page: Page, address: str) -> None:
    await page.evaluate("address => { location.hash = address; }", address)


async def sign_in(page: Page, url: str, scope: str = "control") -> None:
    await page.goto(f"{url}/#key={KEYS[scope]}")
    await expect(page.get_by_role("navigation", name="Pages")).to_be_visible()


@contextlib.asynccontextmanager
async def viewing() -> AsyncIterator[Viewer]:
    """A browser; at the end it must have had no complaints."""
    async with async_playwright() as playwright:
        # Without a sandbox of its own: continuous integration runs as root in a container.
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        viewer = Viewer(browser)
        try:
            yield viewer
        finally:
            await browser.close()
        assert viewer.complaints == []


@contextlib.asynccontextmanager
async def opened(
    folder: Path, *sites: JsonObject, scope: str | None = "control", **ocpp: object
) -> AsyncIterator[Scene]:
    """A central system of these sites, looked at with a key of this scope; None: not signed in."""
    path, ocpp_port, api_port = write_config(folder, configuration(folder, sites, **{**QUICK, **ocpp}))
    async with served(path, api_port), neighbours(ocpp_port, api_port) as system, viewing() as viewer:
        scene = Scene(system, viewer, await viewer.page())
        if scope is not None:
            await sign_in(scene.page, scene.url, scope)
        yield scene
