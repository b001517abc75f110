"""First contact: charging profiles that another central system left behind are cleared, ours and the grid's are not."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import orjson
import pytest
from charge_point_fakes import FakeSite, handle, session

from csms.charge_points.calls import AnswerInvalid, CallErrorAnswered, CallTimeout, ConnectionLost, QueueFull
from csms.charge_points.codec import codec_for
from csms.charge_points.profiles import profile_id
from csms.charge_points.schemas import JsonObject
from csms.charge_points.versions import VERSIONS
from csms.domain.model import OCPP16, OCPP201, LimitPurpose

ACCEPTED, UNKNOWN = {"status": "Accepted"}, {"status": "Unknown"}
BY_PURPOSE_16: list[JsonObject] = [
    {"chargingProfilePurpose": "TxDefaultProfile"},
    {"chargingProfilePurpose": "ChargePointMaxProfile"},
]
BY_PURPOSE_201: list[JsonObject] = [
    {"chargingProfileCriteria": {"chargingProfilePurpose": "TxDefaultProfile"}},
    {"chargingProfileCriteria": {"chargingProfilePurpose": "ChargingStationMaxProfile"}},
]
TX_DEFAULT, TX, STATION_MAX = "TxDefaultProfile", "TxProfile", "ChargingStationMaxProfile"
EXTERNAL = "ChargingStationExternalConstraints"
OUR_DEFAULT, OUR_TX = profile_id(1, LimitPurpose.DEFAULT), profile_id(1, LimitPurpose.TRANSACTION)

Profile = tuple[int, str]
Part = tuple[int, str, bool | None, list[Profile]]  # EVSE, source, tbc, profiles


def part(evse_id: int, *profiles: Profile, source: str = "CSO", tbc: bool | None = False) -> Part:
    return evse_id, source, tbc, list(profiles)


class Station:
    """Answers GetChargingProfiles, reports these parts, and clears whatever it is told to."""

    def __init__(
        self,
        *parts: Part,
        answer: JsonObject | Exception | None = None,
        early: bool = False,
        cleared: JsonObject | Exception = ACCEPTED,
        request_id: int | None = None,
    ) -> None:
        self.asked: list[JsonObject] = []
        self.cleared: list[JsonObject] = []
        self._session = session(FakeSite(), OCPP201)
        self._parts, self._early, self._request_id = parts, early, request_id
        self._answer = answer or ACCEPTED
        self._clearing = cleared
        self._reporting: asyncio.Task[None] | None = None

    async def clear_foreign(self, timeout_s: float = 5.0) -> list[JsonObject]:
        """What was cleared."""
        await VERSIONS[OCPP201].clear_foreign(self._call, self._session.profile_reports, timeout_s)
        return self.cleared

    async def _call(self, message: object) -> JsonObject:
        codec = codec_for(OCPP201)
        _, _, action, payload = orjson.loads(codec.encode_call("m", message))
        if action == "ClearChargingProfile":
            self.cleared.append(payload)
            return answered(codec.validate_response, action, self._clearing)
        assert action == "GetChargingProfiles"
        self.asked.append(payload)
        if self._early:
            self._report(payload["requestId"])
        else:
            self._reporting = asyncio.create_task(self._report_later(payload["requestId"]))
        return answered(codec.validate_response, action, self._answer)

    async def _report_later(self, request_id: int) -> None:
        await asyncio.sleep(0)
        self._report(request_id)

    def _report(self, request_id: int) -> None:
        for evse_id, source, tbc, profiles in self._parts:
            payload: JsonObject = {
                "requestId": self._request_id or request_id,
                "chargingLimitSource": source,
                "evseId": evse_id,
                "chargingProfile": [installed(number, purpose) for number, purpose in profiles],
            }
            if tbc is not None:
                payload["tbc"] = tbc
            assert handle(self._session, "ReportChargingProfiles", payload).payload == {}


def answered(validate: Callable[..., JsonObject], action: str, answer: JsonObject | Exception) -> JsonObject:
    if isinstance(answer, Exception):
        raise answer
    return validate(action, answer)


def installed(number: int, purpose: str) -> JsonObject:
    period = {"startPeriod": 0, "limit": 16.0}
    return {
        "id": number,
        "stackLevel": 0,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": "Absolute",
        "chargingSchedule": [{"id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": [period]}],
    }


def by_id(*numbers: int) -> list[JsonObject]:
    return [{"chargingProfileId": number} for number in numbers]


async def test_a_station_is_asked_for_what_central_systems_have_set() -> None:
    station = Station(answer={"status": "NoProfiles"})
    assert await station.clear_foreign() == []
    assert station.asked == [{"requestId": 1, "chargingProfile": {"chargingLimitSource": ["CSO"]}}]


@pytest.mark.parametrize(
    ("parts", "cleared"),
    [
        ([part(1, (500, TX_DEFAULT))], by_id(500)),
        # in several parts, the last without a flag
        (
            [part(0, (3, STATION_MAX), tbc=True), part(1, (500, TX_DEFAULT), tbc=True), part(2, (7, TX), tbc=None)],
            by_id(3, 500, 7),
        ),
        # ours, in our place, stays; elsewhere it is none of ours
        ([part(1, (OUR_DEFAULT, TX_DEFAULT), (OUR_TX, TX))], []),
        ([part(1, (OUR_DEFAULT, TX_DEFAULT), (500, TX_DEFAULT))], by_id(500)),
        ([part(2, (OUR_DEFAULT, TX_DEFAULT))], by_id(OUR_DEFAULT)),
        ([part(1, (OUR_DEFAULT, TX))], by_id(OUR_DEFAULT)),
        ([part(0, (1, TX_DEFAULT), (2, TX_DEFAULT))], by_id(1, 2)),
        # what the grid or the building imposes is not ours to clear, even if the station tells it unasked
        ([part(0, (9, EXTERNAL))], []),
        ([part(0, (9, EXTERNAL), source="SO", tbc=True), part(1, (500, TX_DEFAULT))], by_id(500)),
        ([part(1, (9, TX_DEFAULT), source="EMS", tbc=True), part(1, (500, TX_DEFAULT))], by_id(500)),
        # once each
        ([part(1, (500, TX_DEFAULT), tbc=True), part(2, (500, TX_DEFAULT))], by_id(500)),
        # ten are cleared by id, more by purpose
        ([part(0, *((number, TX_DEFAULT) for number in range(100, 110)))], by_id(*range(100, 110))),
        ([part(0, *((number, TX_DEFAULT) for number in range(100, 111)))], BY_PURPOSE_201),
    ],
)
@pytest.mark.parametrize("early", [False, True], ids=["after the answer", "before the answer"])
async def test_reported_profiles_that_are_not_ours_are_cleared_by_id(
    parts: Sequence[Part], cleared: list[JsonObject], early: bool
) -> None:
    assert await Station(*parts, early=early).clear_foreign() == cleared


@pytest.mark.parametrize(
    "answer",
    [
        CallErrorAnswered("NotImplemented", "", {}),
        CallErrorAnswered("InternalError", "", {}),
        AnswerInvalid("status: enum"),
        QueueFull("100 calls are waiting"),
    ],
)
async def test_a_station_that_cannot_tell_is_cleared_by_purpose(answer: Exception) -> None:
    assert await Station(answer=answer).clear_foreign() == BY_PURPOSE_201


@pytest.mark.parametrize(
    "station",
    [
        Station(),
        Station(part(1, (500, TX_DEFAULT), tbc=True)),
        Station(part(1, (500, TX_DEFAULT)), request_id=99),
    ],
    ids=["no report", "no last part", "another request"],
)
async def test_a_report_that_does_not_end_is_waited_for_only_so_long(station: Station) -> None:
    assert await station.clear_foreign(timeout_s=0.02) == BY_PURPOSE_201


@pytest.mark.parametrize("refusal", [UNKNOWN, CallErrorAnswered("NotSupported", "", {}), AnswerInvalid("status")])
async def test_a_refused_clearing_does_not_stop_the_others(refusal: JsonObject | Exception) -> None:
    station = Station(part(1, (500, TX_DEFAULT), (501, TX_DEFAULT)), cleared=refusal)
    assert await station.clear_foreign() == by_id(500, 501)


@pytest.mark.parametrize("end", [CallTimeout("x"), ConnectionLost("gone")])
async def test_silence_and_a_lost_connection_end_it(end: Exception) -> None:
    asked = Station(answer=end)
    with pytest.raises(type(end)):
        await asked.clear_foreign()
    assert asked.cleared == []
    clearing = Station(part(1, (500, TX_DEFAULT), (501, TX_DEFAULT)), cleared=end)
    with pytest.raises(type(end)):
        await clearing.clear_foreign()
    assert clearing.cleared == by_id(500)


async def test_a_second_request_does_not_take_the_parts_of_the_first() -> None:
    late = part(1, (500, TX_DEFAULT))
    station = Station(late, request_id=1)
    assert await station.clear_foreign() == by_id(500)
    assert await station.clear_foreign(timeout_s=0.02) == [*by_id(500), *BY_PURPOSE_201]
    assert [asked["requestId"] for asked in station.asked] == [1, 2]


async def test_a_report_that_nobody_asked_for_is_acknowledged() -> None:
    payload = {
        "requestId": 4,
        "chargingLimitSource": "EMS",
        "evseId": 0,
        "chargingProfile": [installed(1, EXTERNAL)],
    }
    assert handle(session(FakeSite(), OCPP201), "ReportChargingProfiles", payload).payload == {}


@pytest.mark.parametrize("answer", [ACCEPTED, UNKNOWN, CallErrorAnswered("NotSupported", "", {})])
async def test_1_6_is_cleared_by_purpose_on_every_connector(answer: JsonObject | Exception) -> None:
    cleared: list[Any] = []

    async def call(message: object) -> JsonObject:
        _, _, action, payload = orjson.loads(codec_for(OCPP16).encode_call("m", message))
        cleared.append(payload)
        return answered(codec_for(OCPP16).validate_response, action, answer)

    clear: Awaitable[None] = VERSIONS[OCPP16].clear_foreign(call, session(FakeSite()).profile_reports, 5.0)
    await clear
    assert cleared == BY_PURPOSE_16
