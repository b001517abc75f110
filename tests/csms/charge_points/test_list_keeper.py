"""A charge point's local list is brought in step at its boot and whenever a token changes, in both versions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from charge_point_fakes import FakeSite, session

from csms.charge_points import local_lists
from csms.charge_points.calls import CallErrorAnswered, CallFailed, CallTimeout, ConnectionLost
from csms.charge_points.local_lists import ListKeeper
from csms.charge_points.schemas import JsonObject, request_schema
from csms.charge_points.versions import VERSIONS
from csms.charge_points.wire import action_of, payload_of
from csms.domain.authorization import Decision, Status
from csms.domain.local_list import NOTHING_KNOWN, Capacity, Entry, ListAnswer, ListState, Standing
from csms.domain.model import OCPP16, OCPP201, ChargePointSettings

BOTH = pytest.mark.parametrize("protocol", [OCPP16, OCPP201])
_VERSION = {OCPP16: "listVersion", OCPP201: "versionNumber"}


@dataclass
class Lists:
    """What is wanted, and what was kept."""

    tokens: dict[str, Status] = field(default_factory=dict)
    kept: Standing = NOTHING_KNOWN
    standing: list[Standing] = field(default_factory=list)
    listeners: list[Callable[[], None]] = field(default_factory=list)
    resend: Callable[[], None] | None = None
    news: asyncio.Event = field(default_factory=asyncio.Event)
    wants: bool = True
    reported: int | None = None

    def wanted(self, settings: ChargePointSettings) -> bool:
        return self.wants

    def entries(self, settings: ChargePointSettings, longest: int, room: int) -> tuple[Mapping[str, Entry], int]:
        found = {token: Entry.of(token, Decision(status, "G")) for token, status in self.tokens.items()}
        return dict(list(found.items())[:room]), max(0, len(found) - room)

    async def known(self, charge_point_id: str) -> Standing:
        return self.kept

    async def size(self, charge_point_id: str) -> int | None:
        return self.reported

    def keep(self, charge_point_id: str, standing: Standing) -> None:
        self.kept = standing
        self.standing.append(standing)
        self.news.set()

    def on_change(self, listener: Callable[[], None]) -> Callable[[], None]:
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)

    def on_resend(self, charge_point_id: str, resend: Callable[[], None]) -> Callable[[], None]:
        self.resend = resend
        return lambda: setattr(self, "resend", None)

    def change(self, **tokens: Status | None) -> None:
        for token, status in tokens.items():
            self.tokens.pop(token, None)
            if status is not None:
                self.tokens[token] = status
        for listener in self.listeners:
            listener()

    async def reach(self, state: ListState) -> Standing:
        """Until it stands like this; what was before is forgotten."""
        async with asyncio.timeout(5):
            while not (found := [standing for standing in self.standing if standing.state is state]):
                self.news.clear()
                await self.news.wait()
        self.standing.clear()
        return found[-1]


@dataclass
class Charger:
    """Answers as the specification says, or as `instead` has it, once for each of its items."""

    protocol: str
    version: int = 0
    tokens: dict[str, JsonObject] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)
    instead: list[str | CallFailed] = field(default_factory=list)
    sent: list[JsonObject] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    afterwards: Callable[[], None] = lambda: None
    """What happens to it right after it has answered the next SendLocalList."""

    async def call(self, message: object) -> JsonObject:
        action, payload = action_of(message), payload_of(message)
        assert request_schema(self.protocol, action).is_valid(payload), payload
        self.asked.append(action)
        await asyncio.sleep(0)
        match action:
            case "GetLocalListVersion":
                return {_VERSION[self.protocol]: self.version}
            case "GetConfiguration":
                rows = [{"key": key, "readonly": True, "value": value} for key, value in self.settings.items()]
                return {"configurationKey": rows}
            case "GetVariables":
                return {"getVariableResult": [self._variable(item) for item in payload["getVariableData"]]}
            case _:
                answer, then, self.afterwards = self._take(payload), self.afterwards, lambda: None
                then()
                return answer

    def _variable(self, item: JsonObject) -> JsonObject:
        value = self.settings.get(item["variable"]["name"])
        found = {"attributeStatus": "Accepted", "attributeValue": value}
        return item | ({"attributeStatus": "UnknownVariable"} if value is None else found)

    def _take(self, payload: JsonObject) -> JsonObject:
        self.sent.append(payload)
        if self.instead:
            answer = self.instead.pop(0)
            if isinstance(answer, CallFailed):
                raise answer
            return {"status": answer}
        version, changes = payload[_VERSION[self.protocol]], payload.get("localAuthorizationList", [])
        if payload["updateType"] == "Full":
            self.tokens.clear()
        elif version <= self.version:
            return {"status": "VersionMismatch"}
        self.version = version
        for item in changes:
            if self.protocol == OCPP16:
                token, info = item["idTag"], item.get("idTagInfo")
            else:
                token, info = item["idToken"]["idToken"], item.get("idTokenInfo")
            self.tokens.pop(token, None)
            if info is not None:
                self.tokens[token] = info
        return {"status": "Accepted"}

    def statuses(self) -> dict[str, str]:
        return {token: info["status"] for token, info in self.tokens.items()}

    def types(self) -> list[tuple[int, str, int]]:
        """Version, type and number of entries of everything sent."""
        return [
            (sent[_VERSION[self.protocol]], sent["updateType"], len(sent.get("localAuthorizationList", ())))
            for sent in self.sent
        ]


@asynccontextmanager
async def keeping(charger: Charger, lists: Lists) -> AsyncIterator[ListKeeper]:
    tasks: list[asyncio.Task[None]] = []

    def spawn(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        tasks.append(asyncio.create_task(work))
        return tasks[-1]

    dialect = VERSIONS[charger.protocol].local_list
    keeper = ListKeeper(session(FakeSite(), charger.protocol), charger.call, dialect, lists, spawn)
    keeper.begin()
    yield keeper
    keeper.end()
    for task in tasks:
        await asyncio.wait([task], timeout=5)
        assert task.done()
        assert task.cancelled() or task.exception() is None
    assert lists.listeners == []
    assert lists.resend is None


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_lists, "TOGETHER_S", 0.0)


ACCEPTED, BLOCKED = Status.ACCEPTED, Status.BLOCKED


@BOTH
async def test_an_empty_charge_point_is_filled_and_every_change_follows(protocol: str) -> None:
    charger, lists = Charger(protocol), Lists({"A": ACCEPTED, "B": BLOCKED})
    async with keeping(charger, lists):
        standing = await lists.reach(ListState.IN_STEP)
        assert charger.statuses() == {"A": "Accepted", "B": "Blocked"}
        assert (standing.wanted, standing.held.version) == (2, charger.version)
        lists.change(A=None, C=ACCEPTED)
        await lists.reach(ListState.IN_STEP)
        assert charger.statuses() == {"B": "Blocked", "C": "Accepted"}
        assert charger.types()[-1] == (2, "Differential", 2)


@BOTH
async def test_a_list_that_nobody_knows_is_replaced_in_parts(protocol: str) -> None:
    name = "SendLocalListMaxLength" if protocol == OCPP16 else "ItemsPerMessage"
    charger = Charger(protocol, version=41, settings={name: "2"}, tokens={"OLD": {"status": "Accepted"}})
    lists = Lists(dict.fromkeys("ABCDE", ACCEPTED))
    async with keeping(charger, lists):
        await lists.reach(ListState.IN_STEP)
    assert charger.types() == [(42, "Full", 2), (43, "Differential", 2), (44, "Differential", 1)]
    assert list(charger.tokens) == list("ABCDE")


@BOTH
async def test_a_list_that_is_in_step_is_left_alone_after_a_boot(protocol: str) -> None:
    charger, lists = Charger(protocol), Lists({"A": ACCEPTED})
    async with keeping(charger, lists) as keeper:
        await lists.reach(ListState.IN_STEP)
        keeper.begin()
        await lists.reach(ListState.IN_STEP)
    assert len(charger.sent) == 1
    assert charger.asked.count("GetLocalListVersion") == 2


@BOTH
async def test_a_list_that_was_lost_in_a_boot_is_sent_again(protocol: str) -> None:
    charger, lists = Charger(protocol), Lists({"A": ACCEPTED})
    async with keeping(charger, lists) as keeper:
        await lists.reach(ListState.IN_STEP)
        charger.version, charger.tokens = 0, {}
        keeper.begin()
        await lists.reach(ListState.IN_STEP)
    assert charger.statuses() == {"A": "Accepted"}
    assert charger.version == 2


@BOTH
async def test_one_that_boots_while_it_is_sent_a_change_is_asked_what_it_holds(protocol: str) -> None:
    charger, lists = Charger(protocol), Lists({"A": ACCEPTED})
    async with keeping(charger, lists) as keeper:
        await lists.reach(ListState.IN_STEP)

        def lose() -> None:
            charger.version, charger.tokens = 0, {}
            keeper.begin()

        charger.afterwards = lose
        lists.change(B=ACCEPTED)
        await lists.reach(ListState.IN_STEP)
    assert list(charger.tokens) == ["A", "B"]
    assert charger.types()[-1][1:] == ("Full", 2)


@BOTH
@pytest.mark.parametrize("answer", ["VersionMismatch", "Failed"])
async def test_a_refused_change_is_followed_by_everything(protocol: str, answer: str) -> None:
    charger, lists = Charger(protocol), Lists({"A": ACCEPTED})
    async with keeping(charger, lists):
        await lists.reach(ListState.IN_STEP)
        charger.instead.append(answer)
        lists.change(B=ACCEPTED)
        await lists.reach(ListState.IN_STEP)
    assert charger.types()[1:] == [(2, "Differential", 1), (3, "Full", 2)]
    assert list(charger.tokens) == ["A", "B"]


@BOTH
async def test_one_that_refuses_everything_is_left_alone_until_something_changes(protocol: str) -> None:
    charger, lists = Charger(protocol, instead=["Failed", "Failed"]), Lists({"A": ACCEPTED})
    async with keeping(charger, lists):
        await lists.reach(ListState.REFUSED)
        assert len(charger.sent) == 2
        lists.change(B=ACCEPTED)
        await lists.reach(ListState.IN_STEP)
    assert list(charger.tokens) == ["A", "B"]


@BOTH
async def test_silence_is_tried_again_after_a_while(protocol: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_lists, "AGAIN_S", 0.01)
    charger, lists = Charger(protocol, instead=[CallTimeout()]), Lists({"A": ACCEPTED})
    async with keeping(charger, lists):
        await lists.reach(ListState.UNANSWERED)
        await lists.reach(ListState.IN_STEP)
    assert charger.types() == [(1, "Full", 1), (2, "Full", 1)]


@BOTH
async def test_one_that_knows_no_lists_is_asked_once(protocol: str) -> None:
    unknown = CallErrorAnswered("NotImplemented", "", {})
    charger, lists = Charger(protocol, instead=[unknown]), Lists({"A": ACCEPTED})
    async with keeping(charger, lists):
        await lists.reach(ListState.NOT_SUPPORTED)
    assert len(charger.sent) == 1


@BOTH
async def test_what_it_has_what_it_takes_and_what_it_said_last_is_told(protocol: str) -> None:
    names = {
        OCPP16: {"SendLocalListMaxLength": "2", "LocalAuthListMaxLength": "9"},
        OCPP201: {"ItemsPerMessage": "2", "BytesPerMessage": "16384"},
    }
    charger, lists = Charger(protocol, version=4, settings=names[protocol]), Lists(dict.fromkeys("ABC", ACCEPTED))
    async with keeping(charger, lists) as keeper:
        standing = await lists.reach(ListState.IN_STEP)
        expected = {OCPP16: Capacity(2, 9), OCPP201: Capacity(2, None, 16_384)}
        assert (standing.has_version, standing.held.version, standing.capacity) == (6, 6, expected[protocol])
        assert standing.sent is not None
        assert (standing.sent.version, standing.sent.full, standing.sent.entries) == (6, False, 1)
        assert standing.sent.answer is ListAnswer.ACCEPTED
        keeper.begin()
        assert (await lists.reach(ListState.IN_STEP)).sent == standing.sent, "nothing was sent since"
        charger.instead += ["Failed", "Failed"]
        lists.change(D=ACCEPTED)
        standing = await lists.reach(ListState.REFUSED)
        assert (standing.has_version, standing.held.version) == (6, 8)
        assert standing.sent is not None
        assert (standing.sent.full, standing.sent.answer) == (True, ListAnswer.FAILED)
        charger.instead.append(CallTimeout())
        lists.change(E=ACCEPTED)
        assert (await lists.reach(ListState.UNANSWERED)).has_version is None


@BOTH
async def test_a_list_that_is_in_step_is_sent_anew_when_an_operator_wants_it(protocol: str) -> None:
    charger, lists = Charger(protocol), Lists({"A": ACCEPTED, "B": BLOCKED})
    async with keeping(charger, lists) as keeper:
        await lists.reach(ListState.IN_STEP)
        charger.tokens.clear()  # whatever has become of it, its version is still the one that was sent
        assert lists.resend is not None
        lists.resend()
        standing = await lists.reach(ListState.IN_STEP)
        assert charger.types() == [(1, "Full", 2), (2, "Full", 2)]
        assert charger.statuses() == {"A": "Accepted", "B": "Blocked"}
        assert standing.sent is not None
        assert standing.sent.full
        lists.change(A=None)
        await lists.reach(ListState.IN_STEP)
        keeper.begin()
        last = (await lists.reach(ListState.IN_STEP)).sent
        assert charger.types()[2:] == [(3, "Differential", 1)], "once is enough"
    async with keeping(charger, lists):
        assert (await lists.reach(ListState.IN_STEP)).sent == last, "on the next connection it is still the last"


@BOTH
async def test_one_that_is_to_be_sent_everything_while_it_is_sent_a_change_gets_everything(protocol: str) -> None:
    charger, lists = Charger(protocol), Lists({"A": ACCEPTED})
    async with keeping(charger, lists):
        await lists.reach(ListState.IN_STEP)
        assert lists.resend is not None
        charger.afterwards = lists.resend
        lists.change(B=ACCEPTED)
        await lists.reach(ListState.IN_STEP)
    assert [kind for _, kind, _ in charger.types()] == ["Full", "Differential", "Full"]


async def test_a_version_of_minus_one_says_that_there_are_no_lists() -> None:
    charger, lists = Charger(OCPP16, version=-1), Lists({"A": ACCEPTED})
    async with keeping(charger, lists):
        await lists.reach(ListState.NOT_SUPPORTED)
    assert charger.sent == []


@pytest.mark.parametrize(("protocol", "name"), [(OCPP16, "LocalAuthListEnabled"), (OCPP201, "Enabled")])
async def test_one_that_ignores_its_list_is_sent_none(protocol: str, name: str) -> None:
    charger, lists = Charger(protocol, settings={name: "false"}), Lists({"A": ACCEPTED})
    async with keeping(charger, lists):
        await lists.reach(ListState.DISABLED)
    assert charger.sent == []


async def test_what_has_no_room_is_left_out_and_told() -> None:
    charger = Charger(OCPP16, settings={"LocalAuthListMaxLength": "2"})
    lists = Lists(dict.fromkeys("ABC", ACCEPTED))
    async with keeping(charger, lists):
        standing = await lists.reach(ListState.IN_STEP)
    assert (standing.wanted, standing.left_out, list(charger.tokens)) == (2, 1, ["A", "B"])


@pytest.mark.parametrize("before", [True, False], ids=["an earlier report", "a report that comes later"])
async def test_what_a_station_has_no_room_for_is_left_out_or_taken_off(before: bool) -> None:
    charger, lists = Charger(OCPP201), Lists(dict.fromkeys("ABC", ACCEPTED), reported=2 if before else None)
    async with keeping(charger, lists) as keeper:
        standing = await lists.reach(ListState.IN_STEP)
        if not before:
            assert list(charger.tokens) == ["A", "B", "C"]
            size = {"component": {"name": "LocalAuthListCtrlr"}, "variable": {"name": "Entries"}}
            limit = {"variableCharacteristics": {"dataType": "integer", "maxLimit": 2, "supportsMonitoring": False}}
            item = {**size, **limit, "variableAttribute": [{"value": "3"}]}
            report = {"requestId": 1, "generatedAt": "2026-01-01T00:00:00Z", "seqNo": 0, "reportData": [item]}
            VERSIONS[OCPP201].handlers["NotifyReport"](keeper._session, report)
            standing = await lists.reach(ListState.IN_STEP)
    assert (standing.wanted, standing.left_out, list(charger.tokens)) == (2, 1, ["A", "B"])


async def test_one_that_is_to_have_no_list_is_asked_nothing() -> None:
    charger, lists = Charger(OCPP16), Lists({"A": ACCEPTED}, wants=False)
    async with keeping(charger, lists):
        await asyncio.sleep(0.01)
    assert charger.asked == []


async def test_a_lost_connection_ends_it() -> None:
    charger, lists = Charger(OCPP16, instead=[ConnectionLost()]), Lists({"A": ACCEPTED})
    async with keeping(charger, lists):
        async with asyncio.timeout(5):
            while not charger.sent:
                await asyncio.sleep(0.001)
    assert lists.standing == []


async def test_the_tokens_of_2_0_1_have_a_type() -> None:
    charger, lists = Charger(OCPP201), Lists({"A": ACCEPTED})
    async with keeping(charger, lists):
        await lists.reach(ListState.IN_STEP)
    (item,) = charger.sent[0]["localAuthorizationList"]
    assert item["idToken"] == {"idToken": "A", "type": "ISO14443"}
    assert item["idTokenInfo"]["groupIdToken"] == {"idToken": "G", "type": "Central"}
