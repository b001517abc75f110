"""One charge point: what it is, what it is asked to do, and what became of that."""

from pathlib import Path

from playwright.async_api import expect
from scene import opened
from support.system import HUNGRY, dc, site


async def test_a_command_is_sent_and_its_outcome_told(tmp_path: Path) -> None:
    async with opened(tmp_path, site([dc("CP-1")])) as scene:
        page = scene.page
        await scene.system.charger("CP-1", "1.6")
        await scene.go("#/charge-points/CP-1/commands")
        await expect(page.get_by_text("No commands yet")).to_be_visible()
        await page.get_by_role("radio", name="In OCPP's words").check()
        await page.get_by_label("Command", exact=True).select_option("TriggerMessage")
        await page.get_by_label("Payload").fill('{"requestedMessage": "Heartbeat"}')
        await page.get_by_role("button", name="Send", exact=True).click()
        await expect(page.locator(".outcome")).to_contain_text("Accepted")
        sent = page.get_by_role("region", name="Sent")
        await expect(sent).to_contain_text("TriggerMessage")
        await expect(sent.locator("summary")).to_contain_text("Accepted")
        assert scene.system.told("CP-1", "TriggerMessage")[-1] == {"requestedMessage": "Heartbeat"}


async def test_a_command_that_breaks_its_schema_is_not_sent_and_says_why(tmp_path: Path) -> None:
    async with opened(tmp_path, site([dc("CP-1")])) as scene:
        page = scene.page
        await scene.system.charger("CP-1", "2.0.1")
        await scene.go("#/charge-points/CP-1/commands")
        await page.get_by_role("radio", name="In OCPP's words").check()
        await page.get_by_label("Command", exact=True).select_option("Reset")
        await page.get_by_label("Payload").fill('{"type": "Now"}')
        await page.get_by_role("button", name="Send", exact=True).click()
        await expect(page.locator(".field.refused")).to_contain_text("is not one of the words")
        await page.get_by_label("Payload").fill("{")
        await page.get_by_role("button", name="Send", exact=True).click()
        await expect(page.locator(".field.refused")).to_contain_text("This is not JSON")
        assert scene.system.told("CP-1", "Reset") == []


async def test_a_charge_point_shows_its_session_its_limits_and_what_it_is(tmp_path: Path) -> None:
    async with opened(tmp_path, site([dc("CP-1")])) as scene:
        page = scene.page
        (station,) = await scene.system.chargers({"CP-1": "2.0.1"})
        station.plug_in(1, HUNGRY, "CARD-7")
        await scene.system.gives({"CP-1": 22.0})
        await scene.go("#/charge-points/CP-1")
        connectors = page.get_by_role("region", name="Connectors")
        await expect(connectors).to_contain_text("CARD-7")
        await expect(connectors).to_contain_text("22 kW")
        await expect(page.get_by_text("Sim DC 22").first).to_be_visible()
        await page.get_by_role("link", name="Device").click()
        await expect(page.get_by_role("heading", name="Device model")).to_be_visible()
        await page.get_by_role("link", name="Sessions").last.click()
        await expect(page.get_by_role("table", name="Sessions, newest first")).to_contain_text("CARD-7")
        await page.get_by_role("link", name="Events").last.click()
        await expect(page.get_by_text("session started").first).to_be_visible()
        await scene.go("#/charge-points/nothing")
        await expect(page.get_by_text("There is no charge point with this id.")).to_be_visible()


async def test_messages_are_followed_filtered_and_saved(tmp_path: Path) -> None:
    async with opened(tmp_path, site([dc("CP-1")])) as scene:
        page = scene.page
        station = await scene.system.charger("CP-1", "1.6")
        await scene.go("#/charge-points/CP-1/messages")
        trace = page.get_by_role("region", name="OCPP messages")
        await expect(trace).to_contain_text("BootNotification")
        station.plug_in(1, HUNGRY, "TAG")
        await expect(trace.locator("summary").filter(has_text="StartTransaction").first).to_be_visible()
        await page.get_by_label("Filter messages").fill("starttransaction")
        await expect(trace.locator("li")).to_have_count(2)  # the request and its answer
        await trace.locator("summary").last.click()
        await expect(trace.locator("pre").last).to_contain_text('"connectorId": 1')
        await expect(trace).not_to_contain_text("TAG")  # id tokens are for admins
        async with page.expect_download() as saved:
            await page.get_by_role("button", name="Download").click()
        file = await (await saved.value).path()
        lines = file.read_text().splitlines()
        assert any('"BootNotification"' in line for line in lines)
        assert all(line.startswith('{"number":') for line in lines)


async def test_an_everyday_command_is_said_in_the_words_of_its_version(tmp_path: Path) -> None:
    async with opened(tmp_path, site([dc("CP-1")])) as scene:
        page = scene.page
        (station,) = await scene.system.chargers({"CP-1": "2.0.1"})
        station.plug_in(1, HUNGRY, "TAG")
        await scene.system.gives({"CP-1": 22.0})
        await scene.go("#/charge-points/CP-1/commands")
        await page.get_by_label("Command", exact=True).select_option("Limit the power")
        await page.get_by_label("At most, in kW").fill("9")
        await page.get_by_role("button", name="Send", exact=True).click()
        await expect(page.locator(".outcome")).to_contain_text("Accepted")
        await scene.system.gives({"CP-1": 9.0})
        await scene.go("#/charge-points/CP-1")
        await expect(page.get_by_text("An operator allows at most 9 kW until that is lifted.")).to_be_visible()
        await scene.go("#/charge-points/CP-1/commands")
        await page.get_by_label("Command", exact=True).select_option("Stop a session")
        await page.get_by_role("button", name="Send", exact=True).click()
        await expect(page.locator(".outcome")).to_contain_text("Accepted")
        assert len(scene.system.told("CP-1", "RequestStopTransaction")) == 1
        await page.get_by_label("Command", exact=True).select_option("Start a session")
        await page.get_by_role("button", name="Send", exact=True).click()
        await expect(page.get_by_role("alert").or_(page.locator(".field.refused")).first).to_be_visible()
