"""What a charge point is asked after a boot, what is set, and what is known of it at the end."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import orjson
import pytest

from csms.charge_points.calls import AnswerInvalid, CallErrorAnswered, CallTimeout, ConnectionLost
from csms.charge_points.codec import codec_for
from csms.charge_points.profile_reports import ProfileReports
from csms.charge_points.provisioning import Change, Setting, Value, capabilities, metering_changes, provision
from csms.charge_points.schemas import JsonObject
from csms.charge_points.versions import VERSIONS
from csms.domain.capabilities import Knobs, Knowledge
from csms.domain.model import OCPP16, OCPP201, Capabilities, ChargePoint

ALL = "Power.Active.Import,Energy.Active.Import.Register,Current.Import"
POWER_AND_ENERGY = "Power.Active.Import,Energy.Active.Import.Register"
ACCEPTED, REJECTED = {"status": "Accepted"}, {"status": "Rejected"}
KNOWN = Capabilities(rate_units=("A",), max_stack_level=3, meter_interval_s=30.0)
NEW = ChargePoint("CP-1", vendor="Acme")
SEEN = ChargePoint("CP-1", vendor="Acme", capabilities=KNOWN)


class Script:
    """Answers calls in turn, through the codec both ways; keeps what was asked."""

    def __init__(self, protocol: str, answers: Sequence[JsonObject | Exception]) -> None:
        self.asked: list[tuple[str, Any]] = []
        self.noted: list[tuple[str, str, str]] = []
        self._protocol = protocol
        self._answers = list(answers)

    async def call(self, message: object) -> JsonObject:
        codec = codec_for(self._protocol)
        _, _, action, payload = orjson.loads(codec.encode_call("m", message))
        self.asked.append((action, payload))
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return codec.validate_response(action, answer)

    def note(self, setting: Setting, value: str, verdict: str) -> None:
        self.noted.append((setting, value, verdict))

    async def provision(self, charge_point: ChargePoint, unasked: Sequence[str] = ()) -> Capabilities:
        version = VERSIONS[self._protocol]
        clear_foreign = partial(version.clear_foreign, self.call, ProfileReports(), 5.0)
        learned = await provision(self.call, version.dialect, charge_point, unasked, 10, clear_foreign, self.note)
        assert self._answers == []
        return learned


def configuration(**keys: str) -> JsonObject:
    return {"configurationKey": [{"key": key, "readonly": False, "value": value} for key, value in keys.items()]}


def variables(**values: str) -> JsonObject:
    """Results by variable name; an empty value is an unknown variable."""
    return {
        "getVariableResult": [
            {
                "attributeStatus": "Accepted" if value else "UnknownVariable",
                **({"attributeValue": value} if value else {}),
                "component": {"name": "SampledDataCtrlr" if name.startswith("Tx") else "SmartChargingCtrlr"},
                "variable": {"name": name},
            }
            for name, value in values.items()
        ]
    }


def set_result(status: str) -> JsonObject:
    return {
        "setVariableResult": [
            {"attributeStatus": status, "component": {"name": "C"}, "variable": {"name": "V"}},
        ]
    }


ANSWERED_16 = configuration(
    ChargeProfileMaxStackLevel="8",
    ChargingScheduleAllowedChargingRateUnit="Current,Power",
    ChargingScheduleMaxPeriods="24",
    MaxChargingProfilesInstalled="10",
    ConnectorSwitch3to1PhaseSupported="false",
    MeterValueSampleInterval="60",
    MeterValuesSampledData="Energy.Active.Import.Register",
)
LEARNED_16 = Capabilities(("A", "W"), 8, 24, 10, switches_phases=False, meter_interval_s=10.0)


async def test_a_new_1_6_charger_is_asked_set_and_rid_of_foreign_profiles() -> None:
    script = Script(OCPP16, [ANSWERED_16, ACCEPTED, ACCEPTED, ACCEPTED, {"status": "Unknown"}])
    assert await script.provision(NEW) == LEARNED_16
    assert [action for action, _ in script.asked] == [
        "GetConfiguration",
        "ChangeConfiguration",
        "ChangeConfiguration",
        "ClearChargingProfile",
        "ClearChargingProfile",
    ]
    assert script.asked[0][1]["key"][:2] == ["ChargeProfileMaxStackLevel", "ChargingScheduleAllowedChargingRateUnit"]
    assert script.asked[1][1] == {"key": "MeterValueSampleInterval", "value": "10"}
    assert script.asked[2][1] == {"key": "MeterValuesSampledData", "value": ALL}
    assert script.asked[3][1] == {"chargingProfilePurpose": "TxDefaultProfile"}
    assert script.asked[4][1] == {"chargingProfilePurpose": "ChargePointMaxProfile"}


async def test_a_new_2_0_1_station_is_asked_set_and_rid_of_foreign_profiles() -> None:
    first = variables(ProfileStackLevel="4", RateUnit="A", PeriodsPerSchedule="12", Phases3to1="true")
    second = variables(TxUpdatedInterval="30", TxUpdatedMeasurands="")
    accepted = set_result("Accepted")
    script = Script(OCPP201, [first, second, accepted, accepted, {"status": "NoProfiles"}])
    assert await script.provision(NEW) == Capabilities(("A",), 4, 12, switches_phases=True, meter_interval_s=10.0)
    assert [len(payload["getVariableData"]) for _, payload in script.asked[:2]] == [4, 2]
    assert script.asked[2][1]["setVariableData"] == [
        {
            "attributeValue": "10",
            "component": {"name": "SampledDataCtrlr"},
            "variable": {"name": "TxUpdatedInterval"},
        }
    ]
    assert script.asked[4] == (
        "GetChargingProfiles",
        {"requestId": 1, "chargingProfile": {"chargingLimitSource": ["CSO"]}},
    )


@pytest.mark.parametrize(
    ("protocol", "answers"),
    [
        (OCPP16, [ANSWERED_16, ACCEPTED, ACCEPTED]),
        (OCPP201, [variables(Phases3to1="false"), variables(TxUpdatedInterval="10"), set_result("Accepted")]),
    ],
)
async def test_a_known_charger_keeps_its_profiles(protocol: str, answers: list[JsonObject]) -> None:
    script = Script(protocol, answers)
    await script.provision(SEEN)
    assert not {"ClearChargingProfile", "GetChargingProfiles"} & {action for action, _ in script.asked}


async def test_a_known_charger_that_is_set_already_is_only_asked() -> None:
    script = Script(OCPP16, [configuration(MeterValueSampleInterval="10", MeterValuesSampledData=f"Voltage, {ALL}")])
    assert await script.provision(SEEN) == Capabilities(("A",), 3, meter_interval_s=10.0)


@pytest.mark.parametrize(
    ("answers", "learned"),
    [
        # silence: nothing more is asked
        ([CallTimeout("GetConfiguration")], Capabilities()),
        ([ANSWERED_16, CallTimeout("ChangeConfiguration")], Capabilities(("A", "W"), 8, 24, 10, False, 60.0)),
        # refusals: the rest is tried
        (
            [CallErrorAnswered("NotSupported", "", {}), *[REJECTED] * 4, {"status": "Unknown"}, {"status": "Unknown"}],
            Capabilities(),
        ),
        (
            [
                AnswerInvalid("readonly: required"),
                CallErrorAnswered("X", "", {}),
                AnswerInvalid("status"),
                *[ACCEPTED] * 2,
            ],
            Capabilities(),
        ),
        # a new interval that holds only after a reboot does not hold yet
        (
            [ANSWERED_16, {"status": "RebootRequired"}, ACCEPTED, *[CallErrorAnswered("X", "", {})] * 2],
            Capabilities(("A", "W"), 8, 24, 10, False, 60.0),
        ),
    ],
)
async def test_however_a_charger_answers_there_are_capabilities_in_the_end(
    answers: list[JsonObject | Exception], learned: Capabilities
) -> None:
    assert await Script(OCPP16, answers).provision(NEW) == learned


async def test_a_charger_that_takes_one_key_at_a_time_is_asked_so() -> None:
    singly = [{"unknownKey": ["x"]}] * 6 + [configuration(MeterValuesSampledData=ALL)]
    script = Script(OCPP16, [CallErrorAnswered("OccurenceConstraintViolation", "", {}), *singly, ACCEPTED])
    assert await script.provision(SEEN) == Capabilities(("A",), 3, meter_interval_s=10.0)
    assert [payload["key"] for _, payload in script.asked[1:3]] == [
        ["ChargeProfileMaxStackLevel"],
        ["ChargingScheduleAllowedChargingRateUnit"],
    ]


async def test_a_refused_measurand_is_left_out() -> None:
    script = Script(OCPP16, [configuration(MeterValueSampleInterval="10"), REJECTED, ACCEPTED])
    await script.provision(SEEN)
    assert [payload["value"] for _, payload in script.asked[1:]] == [ALL, POWER_AND_ENERGY]


async def test_a_lost_connection_ends_it_without_a_result() -> None:
    with pytest.raises(ConnectionLost):
        await Script(OCPP16, [ConnectionLost("gone")]).provision(NEW)


async def test_what_a_charger_told_before_stands_while_it_is_silent() -> None:
    knowledge = Knowledge(told=Capabilities(max_stack_level=7), quirk=Knobs(max_stack_level=0))
    seen = ChargePoint("CP-1", capabilities=Capabilities(max_stack_level=0), knowledge=knowledge)
    assert await Script(OCPP16, [CallTimeout("GetConfiguration")]).provision(seen) == Capabilities(max_stack_level=7)


@pytest.mark.parametrize("protocol", [OCPP16, OCPP201])
async def test_what_makes_a_charger_restart_is_neither_asked_nor_set(protocol: str) -> None:
    asked = {OCPP16: [ANSWERED_16, ACCEPTED], OCPP201: [variables(RateUnit="A"), variables(TxUpdatedInterval="10")]}
    script = Script(protocol, asked[protocol])
    await script.provision(SEEN, unasked=("measurands",))
    assert not any("easurands" in str(told) or "SampledData" in str(told.get("key")) for _, told in script.asked)


async def test_a_question_of_which_nothing_may_be_asked_is_left_out() -> None:
    script = Script(OCPP201, [variables(RateUnit="A")])
    await script.provision(SEEN, unasked=("measurands", "meter_interval"))
    assert [len(payload["getVariableData"]) for _, payload in script.asked] == [4]


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("Current", ("A",)),
        ("Power", ("W",)),
        ("Power, Current", ("A", "W")),
        ("A,W", ("A", "W")),
        ("w", ("W",)),
        ("", ("A",)),  # what was known before
        ("Amps", ("A",)),
    ],
)
def test_rate_units_are_read_in_both_spellings(text: str, units: tuple[str, ...]) -> None:
    assert capabilities({Setting.RATE_UNITS: Value(text)}, KNOWN).rate_units == units


@pytest.mark.parametrize("text", ["", "none", "-1", "1.5", "99999999999"])
def test_a_number_that_is_none_tells_nothing(text: str) -> None:
    assert capabilities({Setting.STACK_LEVEL: Value(text)}, KNOWN).max_stack_level == 3


@pytest.mark.parametrize(
    ("interval", "measurands", "changes"),
    [
        (Value("10"), Value(ALL), []),
        (Value("10"), Value("Current.Import," + POWER_AND_ENERGY + ",SoC"), []),
        (Value("900"), Value(ALL), [Setting.METER_INTERVAL]),
        (Value("0"), Value("SoC"), [Setting.METER_INTERVAL, Setting.MEASURANDS]),
        (Value("900", read_only=True), Value("SoC", read_only=True), []),
        (None, None, [Setting.METER_INTERVAL, Setting.MEASURANDS]),
    ],
)
def test_only_what_differs_is_changed(interval: Value | None, measurands: Value | None, changes: list[Setting]) -> None:
    told = {Setting.METER_INTERVAL: interval, Setting.MEASURANDS: measurands}
    values = {setting: value for setting, value in told.items() if value is not None}
    assert [change.setting for change in metering_changes(values, 10)] == changes


def test_the_interval_set_is_the_one_the_operator_wants() -> None:
    values = {Setting.METER_INTERVAL: Value("10"), Setting.MEASURANDS: Value(ALL)}
    assert metering_changes(values, 60) == [Change(Setting.METER_INTERVAL, ("60",))]


def test_the_measurands_fall_back_to_fewer() -> None:
    change = metering_changes({Setting.METER_INTERVAL: Value("10")}, 10)
    assert change == [
        Change(Setting.MEASURANDS, (ALL, POWER_AND_ENERGY, "Energy.Active.Import.Register,Current.Import"))
    ]


async def test_what_a_charger_says_to_a_setting_is_noted() -> None:
    answers: list[JsonObject | Exception] = [
        configuration(MeterValueSampleInterval="60", MeterValuesSampledData="SoC"),
        {"status": "RebootRequired"},
        {"status": "Rejected"},
        {"status": "Accepted"},
    ]
    script = Script(OCPP16, answers)
    await script.provision(SEEN)
    assert script.noted == [
        ("meter_interval", "10", "RebootRequired"),
        ("measurands", ALL, "Rejected"),
        ("measurands", POWER_AND_ENERGY, "Accepted"),
    ]
