"""How a charge point gets in: /api/v1/charge-points/{charge_point_id}/password and .../security-profile."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic import ValidationInfo as Info

from csms.api import commanding, lookup
from csms.api.commands import CommandAnswer, answer, asked_by
from csms.api.problems import Problem
from csms.api.table import Answer, Call, NoBody, Query, Route
from csms.domain import access_requests as requests
from csms.domain.commands import Answer as Word
from csms.domain.credentials import Access, access
from csms.domain.model import OCPP16, OCPP201, ChargePoint
from csms.domain.ports import ChargePointLink
from csms.domain.records import CommandRecord
from csms.domain.requests import RawOutcome
from csms.keys import new_password
from csms.validation import broken_rule, matching


class PasswordAnswer(CommandAnswer):
    """`password` is shown this once; null where the charge point clearly did not take it."""

    password: str | None


WebSocketUrl = Annotated[
    str, Field(max_length=512), matching(r"wss?://[^\s/?#@]+(/[^\s?#]*)?", "must be a ws or wss address")
]


class ProfileBody(BaseModel):
    """`url`, `configuration_slot` and `interface` are for OCPP 2.0.1, which must be told where to go."""

    model_config = ConfigDict(extra="forbid", strict=True)

    security_profile: Annotated[int, Field(ge=1, le=3)]
    url: WebSocketUrl | None = None
    configuration_slot: Annotated[int, Field(ge=0, le=100)] | None = None
    interface: Literal["Wired0", "Wired1", "Wired2", "Wired3", "Wireless0", "Wireless1", "Wireless2", "Wireless3"] = (
        "Wired0"
    )
    reset: bool = True

    @field_validator("url")
    @classmethod
    def _as_the_profile_is(cls, url: str | None, info: Info) -> str | None:
        profile = info.data.get("security_profile")
        if url is not None and profile is not None and url.startswith("wss:") is not (profile >= 2):
            raise broken_rule("must be a wss address for profiles 2 and 3, and a ws address for 1")
        return url


class Step(Answer):
    """One request that was sent."""

    action: str
    command_id: int
    status: str
    response: dict[str, Any] | None


class ProfileAnswer(Answer):
    """`status` is that of the last step, which is the first that was not Accepted. The old profile goes on until the
    charge point has come over the new one."""

    status: str
    security_profile: int
    steps: list[Step]


async def post_password(call: Call[Query, NoBody]) -> PasswordAnswer:
    point, link = _live(call, commanding.Early.PENDING)
    password = new_password()
    kept: dict[str, RawOutcome] = {}
    record = await _ask(call, link, requests.set_password(point.protocol or OCPP16, password), kept)
    change = requests.AccessChange("any")
    taken = not requests.was_refused(change, kept["outcome"])
    return PasswordAnswer(**answer(record).model_dump(), password=password if taken else None)


async def post_security_profile(call: Call[Query, ProfileBody]) -> ProfileAnswer:
    point, link = _live(call)
    profile, allowed = call.body.security_profile, _access(call)
    if profile <= allowed.least_profile:
        raise Problem(409, f"Its security profile is {allowed.least_profile} already, and never goes down.")
    if profile < 3 and not allowed.passwords:
        raise Problem(409, "This profile needs a password, and the charge point has none: set one first.")
    if point.protocol == OCPP201:
        return await _by_network_profile(call, link)
    step = await _step(call, link, requests.set_security_profile(profile), {})
    return ProfileAnswer(status=step.status, security_profile=profile, steps=[step])


async def _by_network_profile(call: Call[Query, ProfileBody], link: ChargePointLink) -> ProfileAnswer:
    """A05 of 2.0.1: a network profile in another slot, that slot first, and a reset."""
    body, kept = call.body, dict[str, RawOutcome]()
    if body.url is None:
        raise Problem(409, "An OCPP 2.0.1 charge point must be told the url it has to come to.")
    steps = [await _step(call, link, requests.ask_priority(), kept)]
    slots = requests.slots_in(kept["outcome"])
    slot = requests.free_slot(slots) if body.configuration_slot is None else body.configuration_slot
    order = [slot, *(other for other in slots[:1] if other != slot)]
    todo = [
        requests.set_network_profile(slot, body.security_profile, body.url, body.interface),
        requests.set_priority(order),
        *([("Reset", {"type": "OnIdle"})] if body.reset else []),
    ]
    for request in todo:
        steps.append(await _step(call, link, request, kept))
        if steps[-1].status != Word.ACCEPTED:
            break
    return ProfileAnswer(status=steps[-1].status, security_profile=body.security_profile, steps=steps)


async def _step(
    call: Call[Query, Any], link: ChargePointLink, request: requests.Request, kept: dict[str, RawOutcome]
) -> Step:
    record = answer(await _ask(call, link, request, kept))
    return Step(action=request[0], command_id=record.command_id, status=record.status, response=record.response)


async def _ask(
    call: Call[Query, Any], link: ChargePointLink, request: requests.Request, kept: dict[str, RawOutcome]
) -> CommandRecord:
    """Send it and return its record; `kept` gets the outcome, of which the record keeps no secrets."""
    action, payload = request

    async def sent() -> RawOutcome:
        kept["outcome"] = await link.request(action, payload)
        return kept["outcome"]

    order = commanding.Order(call.path["charge_point_id"], action, payload, asked_by(call), raw=True)
    return await commanding.carry_out(call.services, order, sent)


def _live(
    call: Call[Query, Any], early: commanding.Early = commanding.Early.NEVER
) -> tuple[ChargePoint, ChargePointLink]:
    link = commanding.live(call.services, call.path["charge_point_id"], early)
    snapshot = lookup.charge_point_site(call.services, call.path)
    return snapshot.charge_points[call.path["charge_point_id"]], link


def _access(call: Call[Query, Any]) -> Access:
    snapshot, charge_point_id = lookup.charge_point_site(call.services, call.path), call.path["charge_point_id"]
    return access(snapshot.settings[charge_point_id], snapshot.charge_points[charge_point_id].credentials)


_PATH = "/api/v1/charge-points/{charge_point_id}"

ROUTES = (
    Route(
        "POST",
        f"{_PATH}/password",
        "admin",
        post_password,
        PasswordAnswer,
        "Give the charge point a new password",
        body=NoBody,
        body_required=False,
        errors=(404, 409, 503),
    ),
    Route(
        "POST",
        f"{_PATH}/security-profile",
        "admin",
        post_security_profile,
        ProfileAnswer,
        "Move the charge point to a higher security profile",
        body=ProfileBody,
        errors=(404, 409, 503),
    ),
)
