"""How a charge point's local list stands, on its page, and sending it anew."""

from pathlib import Path

from playwright.async_api import expect
from scene import opened, sign_in
from support.system import dc, eventually, site


async def test_a_local_list_is_seen_in_step_and_sent_anew(tmp_path: Path) -> None:
    async with opened(tmp_path, site([dc("CP-1", local_list=True), dc("CP-2")])) as scene:
        system = scene.system
        for token in ("CARD-1", "CARD-2"):
            status, _ = await system.request("POST", "/api/v1/id-tokens", {"id_token": token})
            assert status == 200
        await scene.go("#/charge-points/CP-1")
        card = scene.page.get_by_role("region", name="Local list")
        await expect(card).to_contain_text("It has not been connected since it is to have one.")
        await expect(card.get_by_role("button", name="Send anew")).to_have_count(0)
        await system.charger("CP-1", "2.0.1")
        await expect(card).to_contain_text("In step")
        await expect(card).to_contain_text("2 of 2")
        await expect(card).to_contain_text("Version it has1Version it should have1")
        await card.get_by_text("Which tokens").click()
        await expect(card).to_contain_text("CARD-1, CARD-2")
        await card.get_by_role("button", name="Send anew").click()
        await eventually(lambda: len(system.told("CP-1", "SendLocalList")) == 2, "it is sent again")
        again = system.told("CP-1", "SendLocalList")[-1]
        assert (again["updateType"], len(again["localAuthorizationList"])) == ("Full", 2)
        await expect(card).to_contain_text("Accepted: all of it, 2 tokens, version 2")
        await system.lose("CP-1")
        await expect(card.get_by_role("button", name="Send anew")).to_be_disabled()
        await scene.go("#/charge-points/CP-2")
        await expect(card).to_contain_text("None was ever sent to it")
        reader = await scene.viewer.page()
        await sign_in(reader, scene.url, "read")
        await reader.evaluate("location.hash = '#/charge-points/CP-1'")
        theirs = reader.get_by_role("region", name="Local list")
        await expect(theirs).to_contain_text("In step")
        await expect(theirs.get_by_role("button")).to_have_count(0)
