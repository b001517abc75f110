"""A charge point is moved to a higher security profile, and one sees how far that is."""

import hashlib
from pathlib import Path

import pytest
from playwright.async_api import expect
from scene import Scene, opened, sign_in
from support.bare_charger import charger
from support.system import dc, eventually, site

PASSWORD = "a-password-of-some-length"
POINT = dc("CP-1", password_sha256=hashlib.sha256(PASSWORD.encode()).hexdigest())


async def _ready(scene: Scene) -> None:
    async def ready() -> bool:
        return bool((await scene.system.charge_point("CP-1"))["connection"]["ready"])

    await eventually(ready, "it may be sent commands")


async def test_it_takes_the_profile_wants_a_restart_and_comes_with_it(tmp_path: Path) -> None:
    async with opened(tmp_path, site([POINT]), scope="admin") as scene:
        access = scene.page.get_by_role("region", name="How it gets in")
        async with charger(scene.system.ws_url, "1.6", PASSWORD) as point:
            await _ready(scene)
            await scene.go("#/charge-points/CP-1")
            await access.get_by_role("button", name="Higher profile").click()
            dialog = access.get_by_role("dialog")
            options = dialog.get_by_label("Security profile").locator("option")
            assert [text[0] for text in await options.all_inner_texts()] == ["1", "2", "3"]
            await expect(dialog).to_contain_text("connects anew by itself")
            await expect(dialog.get_by_text("No listener here")).to_have_count(0)
            point.status = "RebootRequired"
            await dialog.get_by_role("button", name="Move it to profile 1").click()
            await expect(dialog).to_contain_text("Needs a restart")
            assert ("ChangeConfiguration", {"key": "SecurityProfile", "value": "1"}) in point.told
            await dialog.get_by_role("button", name="Done").click()
            await scene.page.reload()
            await expect(access.locator(".move")).to_contain_text("Needs a restart")
            point.status = "Accepted"
            await access.get_by_role("button", name="Restart it").click()
            await expect(access.locator(".move")).to_contain_text("Accepted")
            assert ("Reset", {"type": "Soft"}) in point.told
        async with charger(scene.system.ws_url, "1.6", PASSWORD):
            await expect(access.locator(".move")).to_have_count(0)
            await expect(access).to_contain_text("At least1")
            await access.get_by_role("button", name="Higher profile").click()
            assert [text[0] for text in await options.all_inner_texts()] == ["2", "3"], "never downwards"


async def test_what_it_refuses_is_told_and_stays_on_record(tmp_path: Path) -> None:
    async with opened(tmp_path, site([POINT]), scope="admin") as scene:
        access = scene.page.get_by_role("region", name="How it gets in")
        async with charger(scene.system.ws_url, "1.6", PASSWORD) as point:
            await _ready(scene)
            await scene.go("#/charge-points/CP-1")
            await access.get_by_role("button", name="Higher profile").click()
            dialog = access.get_by_role("dialog")
            await dialog.get_by_label("Security profile").select_option("3")
            await expect(dialog).to_contain_text("must have a certificate")
            await expect(dialog).to_contain_text("No listener here lets in profile 3")
            point.status = "Rejected"
            await dialog.get_by_role("button", name="Move it to profile 3").click()
            await expect(dialog).to_contain_text("It answered Rejected to ChangeConfiguration, and goes on with")
            await dialog.get_by_role("button", name="Done").click()
            await expect(access.locator(".move")).to_contain_text("Refused")
            assert (await scene.system.charge_point("CP-1"))["security"]["offered_profile"] is None


async def test_a_station_is_told_where_to_come_to_and_is_seen_to_come(tmp_path: Path) -> None:
    async with opened(tmp_path, site([POINT]), scope="admin") as scene:
        access = scene.page.get_by_role("region", name="How it gets in")
        await scene.system.charger("CP-1", "2.0.1", password=PASSWORD)
        await scene.go("#/charge-points/CP-1")
        await access.get_by_role("button", name="Higher profile").click()
        dialog = access.get_by_role("dialog")
        move = dialog.get_by_role("button", name="Move it to profile 1")
        await move.click()
        await expect(dialog.get_by_role("alert")).to_contain_text("must be told the url")
        await dialog.get_by_label("Where it has to come to").fill("wss://elsewhere.example/ocpp")
        await move.click()
        await expect(dialog.locator(".field.refused")).to_contain_text("Must be a wss address for profiles 2 and 3")
        await dialog.get_by_label("Where it has to come to").fill(scene.system.ws_url)
        await move.click()
        await expect(dialog).to_contain_text("Connected with it")
        security = (await scene.system.charge_point("CP-1"))["security"]
        assert (security["least_profile"], security["offered_profile"]) == (1, None)


@pytest.mark.parametrize("scope", ["read", "control"])
async def test_who_may_not_move_it_is_not_offered_to(tmp_path: Path, scope: str) -> None:
    async with opened(tmp_path, site([POINT]), scope=None) as scene:
        await sign_in(scene.page, scene.url, scope)
        await scene.go("#/charge-points/CP-1")
        access = scene.page.get_by_role("region", name="How it gets in")
        await expect(access).to_contain_text("Came with profile")
        await expect(access.get_by_role("button")).to_have_count(0)
