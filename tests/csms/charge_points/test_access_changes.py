"""What is recorded around a request that changes how a charge point gets in."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import pytest
from charge_point_fakes import FakeSite, FakeTransport, session

from csms.charge_points.access_changes import AccessChanges
from csms.charge_points.calls import CallErrorAnswered, CallTimeout, QueueFull
from csms.charge_points.link import Link
from csms.charge_points.raw_requests import checked
from csms.charge_points.schemas import JsonObject
from csms.charge_points.versions import VERSIONS
from csms.domain import events as ev
from csms.domain.model import OCPP16
from csms.domain.requests import AccessLowered, LineFull

PASSWORD = {"key": "AuthorizationKey", "value": "f0" * 20}


class Charger:
    """Answers as it is told; `asked` is what it was asked."""

    def __init__(self, answer: JsonObject | Exception) -> None:
        self.idle = True
        self.asked: list[object] = []
        self._answer = answer

    async def quiet(self) -> None: ...

    async def call_when_quiet(self, message: object) -> JsonObject:
        return await self.call(message)

    async def call(self, message: object) -> JsonObject:
        self.asked.append(message)
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer

    def when_idle(self, then: Callable[[], None]) -> None:
        then()


def linked(site: FakeSite, charger: Charger) -> Link:
    version = VERSIONS[OCPP16]
    check = partial(checked, OCPP16, version.outgoing, ())
    return Link("C", charger, FakeTransport(), version.translation, check, AccessChanges(session(site)))


def kinds(site: FakeSite) -> list[str]:
    return [type(event).__name__ for event in site.events]


@pytest.mark.parametrize(
    ("answer", "recorded"),
    [
        ({"status": "Accepted"}, ["PasswordOffered"]),
        ({"status": "RebootRequired"}, ["PasswordOffered"]),
        ({"status": "Rejected"}, ["PasswordOffered", "PasswordRefused"]),
        ({"status": "NotSupported"}, ["PasswordOffered", "PasswordRefused"]),
        (CallErrorAnswered("NotImplemented", "", {}), ["PasswordOffered", "PasswordRefused"]),
        (CallErrorAnswered("InternalError", "", {}), ["PasswordOffered"]),
        (CallTimeout(), ["PasswordOffered"]),
    ],
)
async def test_only_a_clear_no_takes_an_offer_back(answer: JsonObject | Exception, recorded: list[str]) -> None:
    site = FakeSite()
    await linked(site, Charger(answer)).request("ChangeConfiguration", PASSWORD)
    assert kinds(site) == recorded


async def test_what_was_never_sent_is_no_offer_any_more() -> None:
    site = FakeSite()
    with pytest.raises(LineFull):
        await linked(site, Charger(QueueFull())).request("ChangeConfiguration", PASSWORD)
    assert kinds(site) == ["PasswordOffered", "PasswordRefused"]


async def test_an_offer_is_on_disk_before_it_leaves() -> None:
    """A charger that took a password must find it open, whenever we crash."""
    site, charger = FakeSite(), Charger({"status": "Accepted"})
    site.held = []
    asking: Awaitable[object] = asyncio.ensure_future(linked(site, charger).request("ChangeConfiguration", PASSWORD))
    await asyncio.sleep(0.01)
    assert (kinds(site), charger.asked) == (["PasswordOffered"], [])
    site.held[0].set_result(None)
    await asking
    assert len(charger.asked) == 1


@pytest.mark.parametrize(("profile", "lowered"), [("0", True), ("1", True), ("2", False), ("3", False), ("x", False)])
async def test_a_profile_below_the_highest_is_not_even_sent(profile: str, lowered: bool) -> None:
    site, charger = FakeSite(), Charger({"status": "Accepted"})
    at = session(site).now()
    site.state.apply(ev.SecurityProfileOffered(at, "CP-1", 2))
    site.state.apply(ev.CredentialsProved(at, "CP-1", 2))
    asking = linked(site, charger).request("ChangeConfiguration", {"key": "SecurityProfile", "value": profile})
    if lowered:
        with pytest.raises(AccessLowered):
            await asking
    else:
        await asking
    assert len(charger.asked) == (0 if lowered else 1)
    assert kinds(site) == (["SecurityProfileOffered"] if profile == "3" else [])
