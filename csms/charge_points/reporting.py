"""What both versions do with what a charge point reports beside its sessions: one function per kind of fact."""

from __future__ import annotations

from csms.charge_points.connection import Reply
from csms.charge_points.parts import report_of, summary
from csms.charge_points.schemas import JsonObject
from csms.charge_points.session import Session
from csms.charge_points.times import charger_time
from csms.domain import events as ev
from csms.domain.alarms import SECURITY_EVENT
from csms.domain.masking import is_secret
from csms.domain.told import MOST_KEPT, ToldKind


def progress(session: Session, task: str, payload: JsonObject) -> Reply:
    """Every status is answered, whether anything was asked for or not; one that says nothing new is no event."""
    status, request_id = payload["status"], payload.get("requestId")
    value = {name: item for name, item in payload.items() if name != "customData"}
    if session.progress.get(task) == value:
        return Reply({})
    session.progress[task] = value
    session.keep(ToldKind.STATUS, value, task)
    session.record(ev.ProgressReported(session.now(), session.charge_point_id, task, status, request_id))
    return session.promised({})


def security_event(session: Session, payload: JsonObject) -> Reply:
    """Security whitepaper and 2.0.1 A04. Critical ones are events of the site, and alarms unless they are a daily
    matter."""
    kind, detail = payload["type"], payload.get("techInfo", "")
    at = session.now()
    reported_at_s = charger_time(payload["timestamp"], at.utc_s)
    session.keep(ToldKind.SECURITY_EVENT, {"type": kind, "timestamp": payload["timestamp"], "techInfo": detail})
    if kind not in _CRITICAL or kind in session.alarmed:
        return Reply({})
    session.record(ev.SecurityEventReported(at, session.charge_point_id, kind, reported_at_s, detail))
    if kind not in _DAILY:
        session.alarmed.add(kind)  # on one connection it is raised once, however often it is said
        text = f"{session.charge_point_id} reports {kind}" + (f": {detail}" if detail else "")
        alarm_id = session.archive.next_id("alarm")
        session.record(ev.AlarmRaised(at, alarm_id, SECURITY_EVENT, f"{session.charge_point_id}: {kind}", text))
    return session.promised({})


def keep_answer(session: Session, action: str, payload: JsonObject) -> None:
    """What is kept of answers to requests, whoever made them: the configuration keys of 1.6."""
    if action != "GetConfiguration":
        return
    for told in payload.get("configurationKey", ())[:_MOST_KEYS]:
        value = {name: item for name, item in told.items() if name != "value" or not is_secret(told["key"])}
        session.keep(ToldKind.CONFIGURATION_KEY, value, told["key"].lower())  # CiString50Type: case means nothing


def note_setting(session: Session, setting: str, value: str, verdict: str) -> None:
    """What a charger said to a setting of ours; the last word on each counts."""
    session.keep(ToldKind.SETTING, {"setting": setting, "value": value, "answer": verdict}, setting)


def part_of_report(session: Session, action: str, payload: JsonObject, items: int) -> bool:
    """Note a part of a report that comes in several messages; False for a part that was here before."""
    request_id = payload.get("requestId")
    name = action if request_id is None else f"{action}/{request_id}"
    report = report_of(session.reports, name)
    fresh = report.received(payload.get("seqNo"), payload.get("tbc", False), items)
    session.keep(ToldKind.REPORT, dict(summary(report, action, request_id)), name)
    if report.complete:
        session.reports.pop(name, None)
    return fresh


_MOST_KEYS = MOST_KEPT[ToldKind.CONFIGURATION_KEY]

_DAILY = frozenset({"FirmwareUpdated", "SettingSystemTime", "StartupOfTheDevice", "ResetOrReboot"})
"""Critical by the list, and what every charger reports on an ordinary day: no reason to alarm anybody."""

# Security whitepaper chapter 8 and 2.0.1 part 2 appendix 1: the names of both.
_CRITICAL = _DAILY | {
    "SecurityLogWasCleared",
    "MemoryExhaustion",
    "TamperDetectionActivated",
    "InvalidFirmwareSignature",
    "InvalidFirmwareSigningCertificate",
    "InvalidCentralSystemCertificate",
    "InvalidCsmsCertificate",
    "InvalidChargePointCertificate",
    "InvalidChargingStationCertificate",
    "InvalidTLSVersion",
    "InvalidTLSCipherSuite",
    "MaintenanceLoginAccepted",
    "MaintenanceLoginFailed",
}
