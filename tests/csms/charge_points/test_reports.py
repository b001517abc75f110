"""What becomes of what a charge point reports beside its sessions."""

import pytest
from charge_point_fakes import NOW, NOW_S, FakeArchive, FakeSite, charge_point, handle, session

from csms.charge_points.parts import MOST_PARTS, Report, report_of
from csms.charge_points.reporting import keep_answer
from csms.charge_points.schemas import JsonObject
from csms.charge_points.vendors import VENDORS
from csms.domain import events as ev
from csms.domain.grid import ExternalLimit
from csms.domain.model import OCPP16, OCPP201, Capabilities, ConnectorStatus, LimitPurpose, Moment

AMPERES = {"component": {"name": "EVSE", "evse": {"id": 1}}, "variable": {"name": "Power"}}


def variable(name: str, value: str = "1", evse: int | None = None) -> JsonObject:
    component: JsonObject = {"name": "Ctrlr"} if evse is None else {"name": "Ctrlr", "evse": {"id": evse}}
    return {"component": component, "variable": {"name": name}, "variableAttribute": [{"value": value}]}


def report(at_session: object, seq: int, more: bool, *told: JsonObject, request: int = 7) -> None:
    payload = {"requestId": request, "generatedAt": NOW, "seqNo": seq, "tbc": more, "reportData": list(told)}
    assert handle(at_session, "NotifyReport", payload).payload == {}  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("order", "complete"),
    [
        ([0, 1, 2], True),
        ([2, 0, 1], True),
        ([0, 0, 1, 2, 2], True),
        ([0, 2], False),
        ([1, 2], False),
        ([0, 1], False),
    ],
)
def test_a_report_is_complete_once_its_last_part_and_all_before_it_are_there(order: list[int], complete: bool) -> None:
    parts = Report()
    fresh = [parts.received(number, number < 2, items=10) for number in order]
    assert parts.complete is complete
    assert parts.items == 10 * len(set(order)) == 10 * sum(fresh)


def test_parts_without_numbers_come_in_their_order() -> None:
    parts = Report()
    assert [parts.received(None, more, 1) for more in (True, True, False)] == [True] * 3
    assert parts.complete


def test_a_part_with_an_absurd_number_is_no_part() -> None:
    parts = Report()
    assert not parts.received(MOST_PARTS, False, 1)
    assert not parts.received(-1, False, 1)
    assert not parts.complete


def test_of_many_reports_that_were_begun_the_oldest_is_forgotten() -> None:
    reports: dict[str, Report] = {}
    for number in range(100):
        report_of(reports, str(number))
    assert list(reports) == [str(number) for number in range(84, 100)]


async def test_the_device_model_is_kept_variable_by_variable_and_the_report_is_complete_in_any_order() -> None:
    archive = FakeArchive()
    at = session(FakeSite(), OCPP201, archive=archive)
    report(at, 1, False, variable("B", "2", evse=1))
    assert archive.of("report")["NotifyReport/7"]["complete"] is False
    report(at, 0, True, variable("A"), variable("B"))
    assert archive.of("report")["NotifyReport/7"] == {
        "action": "NotifyReport",
        "request_id": 7,
        "complete": True,
        "parts": 2,
        "items": 3,
    }
    assert list(archive.of("variable")) == ["Ctrlr//1//B/", "Ctrlr////A/", "Ctrlr////B/"]
    assert archive.of("variable")["Ctrlr//1//B/"] == variable("B", "2", evse=1)


async def test_a_lost_part_leaves_what_came_and_a_report_that_is_not_complete() -> None:
    archive = FakeArchive()
    at = session(FakeSite(), OCPP201, archive=archive)
    report(at, 0, True, variable("A"))
    report(at, 2, False, variable("C"))
    assert set(archive.of("variable")) == {"Ctrlr////A/", "Ctrlr////C/"}
    assert archive.of("report")["NotifyReport/7"]["complete"] is False


async def test_a_name_with_a_slash_and_custom_data_do_no_harm() -> None:
    archive = FakeArchive()
    odd = variable("A/B") | {"customData": {"vendorId": "x", "deep": [[[1]]]}}
    report(session(FakeSite(), OCPP201, archive=archive), 0, False, odd)
    assert archive.of("variable") == {"Ctrlr////A%2FB/": variable("A/B")}


@pytest.mark.parametrize(
    ("protocol", "action", "status", "task"),
    [
        (OCPP16, "DiagnosticsStatusNotification", "Uploaded", "diagnostics"),
        (OCPP16, "FirmwareStatusNotification", "Installed", "firmware"),
        (OCPP16, "SignedFirmwareStatusNotification", "InvalidSignature", "firmware"),
        (OCPP16, "LogStatusNotification", "Uploading", "log"),
        (OCPP201, "FirmwareStatusNotification", "Installed", "firmware"),
        (OCPP201, "PublishFirmwareStatusNotification", "Published", "published_firmware"),
        (OCPP201, "LogStatusNotification", "AcceptedCanceled", "log"),
    ],
)
async def test_the_last_status_of_a_task_is_kept_and_each_is_an_event(
    protocol: str, action: str, status: str, task: str
) -> None:
    site, archive = FakeSite(), FakeArchive()
    at = session(site, protocol, archive=archive)
    assert handle(at, action, {"status": "Idle"}).payload == {}
    for _ in range(2):
        assert handle(at, action, {"status": status}).payload == {}
    assert archive.of("status") == {task: {"status": status}}
    assert [(event.task, event.status) for event in site.recorded(ev.ProgressReported)] == [
        (task, "Idle"),
        (task, status),
    ]


@pytest.mark.parametrize("protocol", [OCPP16, OCPP201])
@pytest.mark.parametrize(
    ("kind", "critical", "alarm"),
    [
        ("StartupOfTheDevice", True, False),
        ("TamperDetectionActivated", True, True),
        ("InvalidMessages", False, False),
        ("SomethingOfAVendor", False, False),
    ],
)
async def test_critical_security_events_are_events_and_alarms_unless_they_are_a_daily_matter(
    protocol: str, kind: str, critical: bool, alarm: bool
) -> None:
    site, archive = FakeSite(), FakeArchive()
    at = session(site, protocol, archive=archive)
    payload = {"type": kind, "timestamp": NOW, "techInfo": "lid"}
    for _ in range(2):
        assert handle(at, "SecurityEventNotification", payload).payload == {}
    assert len(archive.of("security_event")) == 2
    assert bool(site.recorded(ev.SecurityEventReported)) is critical
    raised = [(event.kind, event.subject, event.text) for event in site.recorded(ev.AlarmRaised)]
    assert raised == ([("security_event", f"CP-1: {kind}", f"CP-1 reports {kind}: lid")] if alarm else [])


async def test_events_and_monitors_and_messages_and_customer_information_are_kept() -> None:
    archive = FakeArchive()
    at = session(FakeSite(), OCPP201, archive=archive)
    told = {
        "eventId": 3,
        "timestamp": NOW,
        "trigger": "Alerting",
        "actualValue": "80",
        "eventNotificationType": "CustomMonitor",
        **AMPERES,
    }
    assert handle(at, "NotifyEvent", {"generatedAt": NOW, "seqNo": 0, "eventData": [told]}).payload == {}
    assert list(archive.of("event").values()) == [told]
    monitor = {"id": 1, "transaction": False, "value": 80.0, "type": "UpperThreshold", "severity": 4}
    monitors = {
        "requestId": 1,
        "seqNo": 0,
        "generatedAt": NOW,
        "monitor": [{**AMPERES, "variableMonitoring": [monitor]}],
    }
    assert handle(at, "NotifyMonitoringReport", monitors).payload == {}
    assert archive.of("monitor")["EVSE//1//Power/"]["variableMonitoring"] == [monitor]
    for number, text in ((0, "one"), (0, "one"), (1, "two")):
        part = {"requestId": 2, "seqNo": number, "generatedAt": NOW, "data": text, "tbc": number == 0}
        assert handle(at, "NotifyCustomerInformation", part).payload == {}
    assert [told["data"] for told in archive.of("customer_information").values()] == ["one", "two"]
    message = {"id": 5, "priority": "NormalCycle", "message": {"format": "UTF8", "content": "hello"}}
    assert handle(at, "NotifyDisplayMessages", {"requestId": 3, "messageInfo": [message]}).payload == {}
    assert archive.of("display_message") == {"5": message}
    complete = {name: value["complete"] for name, value in archive.of("report").items()}
    assert complete == {
        "NotifyMonitoringReport/1": True,
        "NotifyCustomerInformation/2": True,
        "NotifyDisplayMessages/3": True,
    }


async def test_a_connector_state_that_comes_as_an_event_counts_as_a_status() -> None:
    site = FakeSite()
    told = {
        "eventId": 1,
        "timestamp": NOW,
        "trigger": "Delta",
        "actualValue": "Faulted",
        "eventNotificationType": "HardWiredNotification",
        "component": {"name": "Connector", "evse": {"id": 1, "connectorId": 1}},
        "variable": {"name": "AvailabilityState"},
    }
    at = session(site, OCPP201)
    handle(at, "NotifyEvent", {"generatedAt": NOW, "seqNo": 0, "eventData": [told]})
    assert site.connector(1).status is ConnectorStatus.FAULTED
    handle(at, "NotifyEvent", {"generatedAt": NOW, "seqNo": 0, "eventData": [told | {"actualValue": "Nonsense"}]})
    assert site.connector(1).status is ConnectorStatus.FAULTED


async def test_a_reservation_that_expired_is_kept() -> None:
    archive = FakeArchive()
    payload = {"reservationId": 12, "reservationUpdateStatus": "Expired"}
    assert handle(session(FakeSite(), OCPP201, archive=archive), "ReservationStatusUpdate", payload).payload == {}
    assert archive.of("reservation") == {"12": payload}


NEEDS = {"evseId": 1, "chargingNeeds": {"requestedEnergyTransfer": "AC_three_phase"}}


def started(site: FakeSite, limit_w: int | None = None, unit: str = "W") -> None:
    """A session runs, under a limit that was confirmed."""
    site.learned(Capabilities(rate_units=(unit,)))
    at = Moment(NOW_S, 0.0)
    site.record(ev.TransactionStarted(at, "CP-1", 1, "T", 1, NOW_S))
    if limit_w is not None:
        site.record(ev.LimitIssued(at, "CP-1", 1, 9, LimitPurpose.TRANSACTION, limit_w, "c", "T"))
        site.record(ev.LimitConfirmed(at, "CP-1", 1, 9))


async def test_charging_needs_of_a_running_session_are_accepted_and_its_limit_is_wanted_again() -> None:
    site, archive = FakeSite(charge_point(max_power_w=22_000)), FakeArchive()
    at = session(site, OCPP201, archive=archive)
    assert handle(at, "NotifyEVChargingNeeds", NEEDS).payload == {"status": "Processing"}
    started(site)
    assert handle(at, "NotifyEVChargingNeeds", NEEDS).payload == {"status": "Accepted"}
    assert [event.connector_id for event in site.recorded(ev.LimitRequested)] == [1]
    assert archive.of("charging_needs") == {"1": NEEDS}
    assert handle(at, "NotifyEVChargingNeeds", NEEDS | {"evseId": 0}).payload == {"status": "Rejected"}


@pytest.mark.parametrize(
    ("unit", "planned_unit", "planned", "status"),
    [
        ("W", "W", 11_000, "Accepted"),
        ("W", "W", 11_000.9, "Accepted"),
        ("W", "W", 11_002, "Rejected"),
        ("W", "A", 15.9, "Accepted"),
        ("W", "A", 17, "Rejected"),
        ("A", "A", 15.9, "Accepted"),
        ("A", "A", 16.1, "Rejected"),
        ("A", "W", 11_100, "Rejected"),
    ],
)
async def test_a_schedule_above_the_limit_is_rejected_and_the_limit_said_again(
    unit: str, planned_unit: str, planned: float, status: str
) -> None:
    site = FakeSite(charge_point(max_power_w=22_000))
    started(site, 11_000, unit)
    periods = [{"startPeriod": 0, "limit": 0}, {"startPeriod": 60, "limit": planned}]
    schedule = {"id": 1, "chargingRateUnit": planned_unit, "chargingSchedulePeriod": periods}
    payload = {"timeBase": NOW, "evseId": 1, "chargingSchedule": schedule}
    assert handle(session(site, OCPP201), "NotifyEVChargingSchedule", payload).payload == {"status": status}
    assert len(site.recorded(ev.LimitRequested)) == (status == "Rejected")


async def test_a_schedule_where_no_session_runs_is_accepted() -> None:
    schedule = {"id": 1, "chargingRateUnit": "W", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 9e9}]}
    payload = {"timeBase": NOW, "evseId": 1, "chargingSchedule": schedule}
    assert handle(session(FakeSite(), OCPP201), "NotifyEVChargingSchedule", payload).payload == {"status": "Accepted"}


@pytest.mark.parametrize("protocol", [OCPP16, OCPP201])
async def test_a_vendor_is_a_row_of_a_table(protocol: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = {"org.example": lambda _session, message_id, data: ("Accepted", f"{message_id}:{data}")}
    monkeypatch.setattr("csms.charge_points.vendors.VENDORS", {**VENDORS, **rows})
    at = session(FakeSite(), protocol)
    payload = {"vendorId": "org.example", "messageId": "m", "data": "d"}
    assert handle(at, "DataTransfer", payload).payload == {"status": "Accepted", "data": "m:d"}
    assert handle(at, "DataTransfer", {"vendorId": "other"}).payload == {"status": "UnknownVendorId"}


async def test_a_password_that_a_station_tells_is_not_kept() -> None:
    archive = FakeArchive()
    secret = variable("BasicAuthPassword", "0123456789abcdef")
    report(session(FakeSite(), OCPP201, archive=archive), 0, False, secret)
    assert "0123456789abcdef" not in str(archive.told)
    assert archive.of("variable")["Ctrlr////BasicAuthPassword/"]["variableAttribute"] == [{}]


def test_configuration_keys_are_kept_as_they_are_told_but_for_passwords() -> None:
    archive = FakeArchive()
    keys = [
        {"key": "HeartbeatInterval", "readonly": False, "value": "60"},
        {"key": "heartbeatinterval", "readonly": True, "value": "61"},
        {"key": "AuthorizationKey", "readonly": False, "value": "secret"},
    ]
    at = session(FakeSite(), OCPP16, archive=archive)
    keep_answer(at, "GetConfiguration", {"configurationKey": keys, "unknownKey": ["X"]})
    keep_answer(at, "GetConfiguration", {})
    keep_answer(at, "ChangeConfiguration", {"status": "Accepted"})
    assert archive.of("configuration_key") == {
        "heartbeatinterval": keys[1],
        "authorizationkey": {"key": "AuthorizationKey", "readonly": False},
    }


def periods(unit: str, *limits: float, **more: object) -> JsonObject:
    listed = [{"startPeriod": 60 * n, "limit": limit} for n, limit in enumerate(limits)]
    return {"id": 1, "chargingRateUnit": unit, "chargingSchedulePeriod": listed, **more}


def amperes(limit: float, phases: int) -> JsonObject:
    period = {"startPeriod": 0, "limit": limit, "numberPhases": phases}
    return {"id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": [period]}


@pytest.mark.parametrize(
    ("schedules", "limit_w", "until_s"),
    [
        ([periods("W", 11_000.9)], 11_000, None),
        ([periods("A", 16)], 11_040, None),
        ([amperes(16, phases=1)], 3680, None),
        ([amperes(16, phases=0)], 3680, None),
        ([periods("W", 7000, duration=600)], 7000, NOW_S + 600),
        ([periods("W", 7000, duration=600, startSchedule="2026-05-28T20:20:00Z")], 7000, NOW_S + 200),
        ([periods("W", 7000, duration=600), periods("W", 6000)], 6000, None),
        ([periods("W", -5)], 0, None),
        ([periods("W", 1e300)], 1_000_000_000, None),
    ],
)
async def test_a_limit_of_others_is_kept_as_the_lowest_of_its_periods(
    schedules: list[JsonObject], limit_w: int, until_s: float | None
) -> None:
    site, archive = FakeSite(), FakeArchive()
    at = session(site, OCPP201, archive=archive)
    payload = {"chargingLimit": {"chargingLimitSource": "EMS"}, "evseId": 1, "chargingSchedule": schedules}
    assert handle(at, "NotifyChargingLimit", payload).payload == {}
    assert list(site.state.charge_points["CP-1"].external_limits) == [ExternalLimit("EMS", 1, limit_w, until_s)]
    assert archive.of("charging_limit") == {"EMS/1": payload}
    assert handle(at, "ClearedChargingLimit", {"chargingLimitSource": "EMS", "evseId": 1}).payload == {}
    assert not site.state.charge_points["CP-1"].external_limits
    assert archive.of("charging_limit")["EMS/1"]["cleared"] is True


WHILE_IT_LASTS: list[tuple[list[JsonObject], list[tuple[int, float | None]]]] = [
    ([periods("W", 7000, 0, 9000)], [(0, NOW_S + 120), (9000, None)]),
    ([periods("W", 5000, 20_000)], [(5000, NOW_S + 60), (20_000, None)]),
    ([periods("W", 20_000, 5000)], [(5000, None)]),
    ([periods("W", 1, 2, 3, duration=90)], [(1, NOW_S + 60), (2, NOW_S + 90)]),
    ([periods("W", 1, 2, 3, startSchedule="2026-05-28T20:25:00Z")], [(2, NOW_S + 20), (3, None)]),
    ([periods("W", 1, 2, duration=60, startSchedule="2026-05-28T20:20:00Z")], [(1, NOW_S - 340)]),
    (
        [periods("W", 5000, 20_000), periods("W", 6000, duration=600)],
        [(5000, NOW_S + 60), (6000, NOW_S + 600), (20_000, None)],
    ),
    (
        [periods("W", *range(1, 1000))],
        [(1, NOW_S + 60 * 984), *((n, NOW_S + 60 * n) for n in range(985, 999)), (999, None)],
    ),
]


@pytest.mark.parametrize(("schedules", "limits"), WHILE_IT_LASTS)
async def test_a_period_of_a_limit_of_others_counts_until_it_is_over(
    schedules: list[JsonObject], limits: list[tuple[int, float | None]]
) -> None:
    site = FakeSite()
    payload = {"chargingLimit": {"chargingLimitSource": "SO"}, "evseId": 1, "chargingSchedule": schedules}
    for _ in range(2):  # the second takes the place of the first
        assert handle(session(site, OCPP201), "NotifyChargingLimit", payload).payload == {}
    kept = [(limit.max_power_w, limit.valid_until_s) for limit in site.state.charge_points["CP-1"].external_limits]
    assert kept == limits


@pytest.mark.parametrize(
    ("source", "evse_id", "schedules"),
    [("EMS", 1, None), ("CSO", 1, [periods("W", 0)]), ("EMS", 1000, [periods("W", 0)]), ("EMS", -1, [periods("W", 0)])],
)
async def test_a_limit_that_is_ours_or_says_nothing_lowers_nothing(
    source: str, evse_id: int, schedules: list[JsonObject] | None
) -> None:
    site = FakeSite()
    payload: JsonObject = {"chargingLimit": {"chargingLimitSource": source}, "evseId": evse_id}
    if schedules is not None:
        payload["chargingSchedule"] = schedules
    assert handle(session(site, OCPP201), "NotifyChargingLimit", payload).payload == {}
    assert site.state.charge_points["CP-1"].external_limits == ()


async def test_of_a_report_with_one_broken_variable_the_others_are_kept() -> None:
    archive = FakeArchive()
    broken = variable("B") | {"variableAttribute": [{"value": "x" * 3000}]}
    report(session(FakeSite(), OCPP201, archive=archive), 0, False, variable("A"), broken, variable("C"))
    assert "Ctrlr////A/" in archive.of("variable")
    assert "Ctrlr////C/" in archive.of("variable")
