"""Every metric there is: its name, its kind, what it means and its labels. Rows are exported in this order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

_SITE = ("site_id",)
_CIRCUIT = ("site_id", "circuit_id")
_REQUEST = ("protocol", "action", "result")


@dataclass(frozen=True, slots=True)
class Metric:
    """`name` as Prometheus shows it; a histogram's has _bucket, _sum and _count behind it."""

    name: str
    kind: Literal["gauge", "counter", "histogram"]
    text: str
    labels: tuple[str, ...] = ()


BUILD = Metric("csms_build_info", "gauge", "Always 1; the version is a label.", ("version",))
READY = Metric("csms_ready", "gauge", "1 while every site runs and the store takes writes.")

CONNECTIONS = Metric("csms_ocpp_connections", "gauge", "Charge points that are connected now.")
CONNECTED = Metric("csms_ocpp_connections_accepted_total", "counter", "Connections that were accepted.")
REFUSED = Metric(
    "csms_ocpp_connections_refused_total", "counter", "Handshakes that were refused, by HTTP status.", ("status",)
)
RECEIVED = Metric(
    "csms_ocpp_requests_received_total",
    "counter",
    "Requests of charge points, by what they were answered with: Answered, the code of an error, or NotStored.",
    _REQUEST,
)
SENT = Metric(
    "csms_ocpp_requests_sent_total",
    "counter",
    "Requests to charge points, by what became of them: Answered, CallErrorAnswered, CallTimeout, ConnectionLost, "
    "AnswerInvalid or QueueFull.",
    _REQUEST,
)
ANSWER_TIMES = Metric(
    "csms_ocpp_answer_duration_seconds",
    "histogram",
    "How long charge points took to answer; those that did not are counted when they were given up.",
    ("action",),
)
WAITING = Metric("csms_ocpp_requests_waiting", "gauge", "Requests to charge points that wait to be sent or answered.")
UNDECODABLE = Metric("csms_ocpp_frames_undecodable_total", "counter", "Frames that are no OCPP-J message.")

CEILING = Metric("csms_site_ceiling_watts", "gauge", "The grid capacity.", _SITE)
BUDGET = Metric("csms_site_budget_watts", "gauge", "What may be divided among the chargers now.", _SITE)
ALLOCATED = Metric("csms_site_allocated_watts", "gauge", "The limits decided, summed.", _SITE)
PERMITTED = Metric("csms_site_permitted_watts", "gauge", "The most the chargers may be drawing at worst.", _SITE)
RESERVED = Metric(
    "csms_site_reserved_watts", "gauge", "The part of it held for idle, offline and refusing connectors.", _SITE
)
DRAWN = Metric("csms_site_drawn_watts", "gauge", "The draws last reported, summed.", _SITE)
LOAD = Metric("csms_site_load_watts", "gauge", "What is counted for everything but the chargers.", _SITE)
EXCESS = Metric("csms_site_excess_watts", "gauge", "By how much the permitted power is above the budget.", _SITE)
OVER_BUDGET = Metric(
    "csms_site_decisions_over_budget_total",
    "counter",
    "Decisions that found the permitted power above the budget.",
    _SITE,
)
CIRCUIT_LIMIT = Metric("csms_circuit_limit_watts", "gauge", "The power limit of a node in force now.", _CIRCUIT)
CIRCUIT_PERMITTED = Metric(
    "csms_circuit_permitted_watts", "gauge", "The most that may be drawn below a node at worst.", _CIRCUIT
)
CIRCUIT_LIMIT_A = Metric("csms_circuit_limit_amperes", "gauge", "The limit of a node on each phase now.", _CIRCUIT)
CIRCUIT_PERMITTED_A = Metric(
    "csms_circuit_permitted_amperes", "gauge", "The most that may flow below a node at worst.", (*_CIRCUIT, "phase")
)
SESSIONS = Metric("csms_site_sessions", "gauge", "Running sessions.", _SITE)
SESSIONS_WAITING = Metric(
    "csms_site_charge_points_waiting", "gauge", "Charge points whose session waits for its turn.", _SITE
)
CHARGE_POINTS = Metric(
    "csms_charge_points", "gauge", "Charge points by status; Unknown have not told any.", ("site_id", "status")
)
LEDGER = Metric(
    "csms_ledger_connectors",
    "gauge",
    "Connectors by what the ledger counts them at; the first state that fits.",
    ("site_id", "state"),
)
ALARMS = Metric("csms_alarms", "gauge", "Alarms that stand, by kind.", ("site_id", "kind"))

DECISIONS = Metric(
    "csms_decision_duration_seconds", "histogram", "How long a site's decision took, limits included.", _SITE
)
LIMITS = Metric(
    "csms_limits_sent_total",
    "counter",
    "Limits that were sent, by what became of them: Confirmed, Rejected or Unanswered.",
    ("site_id", "answer"),
)

STORE_HEALTHY = Metric("csms_store_healthy", "gauge", "0 from a failed commit until the next that succeeds.")
COMMIT_TIMES = Metric("csms_store_commit_duration_seconds", "histogram", "How long a commit took, fsync included.")
COMMIT_ROWS = Metric("csms_store_commit_rows", "histogram", "How many rows a commit wrote.")
COMMITS_FAILED = Metric("csms_store_commits_failed_total", "counter", "Commits that failed, with all they held.")
QUEUE = Metric(
    "csms_store_queue_rows",
    "gauge",
    "Rows that wait for a commit: urgent ones that an answer waits for, and those that may be late.",
    ("queue",),
)
STORE_BYTES = Metric("csms_store_file_bytes", "gauge", "The sizes of the database and of its log.", ("file",))

API_REQUESTS = Metric(
    "csms_api_requests_total", "counter", "Requests to the API by route and status.", ("method", "route", "status")
)
API_TIMES = Metric(
    "csms_api_request_duration_seconds", "histogram", "How long the API took to answer.", ("method", "route")
)
FAILED_LOGINS = Metric(
    "csms_failed_logins_total",
    "counter",
    "Callers who could not prove who they are, at the doors of charge points (ocpp) and of operators (api).",
    ("door",),
)

METRICS: tuple[Metric, ...] = (
    BUILD,
    READY,
    CONNECTIONS,
    CONNECTED,
    REFUSED,
    RECEIVED,
    SENT,
    ANSWER_TIMES,
    WAITING,
    UNDECODABLE,
    CEILING,
    BUDGET,
    ALLOCATED,
    PERMITTED,
    RESERVED,
    DRAWN,
    LOAD,
    EXCESS,
    OVER_BUDGET,
    CIRCUIT_LIMIT,
    CIRCUIT_PERMITTED,
    CIRCUIT_LIMIT_A,
    CIRCUIT_PERMITTED_A,
    SESSIONS,
    SESSIONS_WAITING,
    CHARGE_POINTS,
    LEDGER,
    ALARMS,
    DECISIONS,
    LIMITS,
    STORE_HEALTHY,
    COMMIT_TIMES,
    COMMIT_ROWS,
    COMMITS_FAILED,
    QUEUE,
    STORE_BYTES,
    API_REQUESTS,
    API_TIMES,
    FAILED_LOGINS,
)
